//! OpenSM's log as a gate: it goes on after every mistake and exits with 0, so its words decide.

/// What must not stand in a log.
const BAD: &[&str] = &[
    "ERR ",
    "PARSE ERROR",
    "retrying with default",
    "Unrecognized token",
    "Invalid Cached Option Value",
    "Failed to setup routing engine",
    "cannot find or setup routing engine",
    "cannot build lid matrices",
    "No routing engine able",
    "is not supported by fat-tree routing",
];

/// OpenSM takes the word for an engine, says so, and honours it all the same: without this line it was not told.
const HARMLESS: &str = "Failed to setup routing engine 'no_fallback'";

/// The lines that forbid to go on.
pub fn bad_lines(log: &str) -> Vec<&str> {
    let lines = log.lines().filter(|line| !line.contains(HARMLESS));
    lines
        .filter(|line| BAD.iter().any(|bad| line.contains(bad)))
        .collect()
}

/// Fails where the log of a run that must be clean is not, or the wrong engine routed.
pub fn pass(log: &str, engine: &str) {
    assert_eq!(bad_lines(log), Vec::<&str>::new());
    assert!(log.contains(HARMLESS), "free to fall back: {log}");
    let routed = format!("{engine} tables configured on all switches");
    assert!(log.contains(&routed), "not routed by {engine}: {log}");
    assert!(log.contains("SUBNET UP"), "{log}");
}

/// The number before a text in a log.
pub fn count(log: &str, after: &str) -> u32 {
    let at = log
        .find(after)
        .unwrap_or_else(|| panic!("{after:?} is not in the log: {log}"));
    let digits = log[..at]
        .trim_end()
        .rsplit(|c: char| !c.is_ascii_digit())
        .next()
        .unwrap();
    digits
        .parse()
        .unwrap_or_else(|_| panic!("no number before {after:?}: {log}"))
}
