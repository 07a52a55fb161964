//! `ClusterShell` as an oracle: it reads the same texts, and each side reads what the other folds.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "allowed in tests; clippy sees only the test functions themselves as such"
)]

use rackwright_hostset::{HostSet, Limits, expand};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// One Python process for the whole request.
fn ask(request: &Value) -> Value {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = here.join("../../target/python/bin/python");
    assert!(
        python.exists(),
        "{} is missing: run e2e/python/venv.sh (make test does)",
        python.display()
    );
    let mut child = Command::new(python)
        .arg(here.join("tests/oracle.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python starts");
    child
        .stdin
        .take()
        .unwrap()
        .write_all(request.to_string().as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "oracle.py failed; if ClusterShell is what it lacks, run e2e/python/venv.sh (make test does)"
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn strings(value: &Value) -> Vec<String> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap().to_owned())
        .collect()
}

fn sorted(names: &Value) -> BTreeSet<String> {
    strings(names).into_iter().collect()
}

fn set(text: &str) -> HostSet {
    text.parse().unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn names(set: &HostSet) -> BTreeSet<String> {
    set.iter().map(str::to_owned).collect()
}

/// Repeatable pseudo-random numbers (`SplitMix64`).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % bound as u64).unwrap()
    }

    fn one_of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }

    /// Ranges that are valid or nearly so: widths and order are left to chance now and then.
    fn bracket(&mut self) -> String {
        let ranges: Vec<String> = (0..=self.below(3))
            .map(|_| {
                let (low, span) = (self.below(120), self.below(15));
                let width = [0, 0, 2, 3, 4][self.below(5)];
                match self.below(5) {
                    0 => format!("{low:0width$}"),
                    1 => format!("{low:0width$}-{:0width$}/{}", low + span, 1 + self.below(4)),
                    _ => format!("{low:0width$}-{:0width$}", low + span),
                }
            })
            .collect();
        format!("[{}]", ranges.join(","))
    }

    fn item(&mut self) -> String {
        let mut item = self
            .one_of(&["n", "n", "r", "n-", "x.y", "", "0n", "n1", "n0", "_n-"])
            .to_owned();
        for _ in 0..[0, 1, 1, 1, 2, 2, 3][self.below(7)] {
            item += &self.bracket();
            item += self.one_of(&["n", "-ib", "x", ".", "_", "", "7", "03", "-1", "b5", "n-0"]);
        }
        if item.is_empty() { "login".to_owned() } else { item }
    }

    fn text(&mut self) -> String {
        let items: Vec<String> = (0..=self.below(3)).map(|_| self.item()).collect();
        items.join(self.one_of(&[",", ",", ", ", " ,"]))
    }
}

/// Texts that are read here. At most 3000 names each: `ClusterShell` folds several numbers in quadratic time.
fn readable(seed: u64, count: usize) -> Vec<String> {
    let (mut random, limits) = (
        Random(seed),
        Limits {
            max_names: 3000,
            ..Limits::default()
        },
    );
    std::iter::repeat_with(|| random.text())
        .filter(|text| HostSet::parse(text, &limits).is_ok())
        .take(count)
        .collect()
}

/// Whether no name has more than one number, and no number leading zeros unless all have one width. Both programs
/// then fold to the same items. With several numbers there are different exact folds of one set; with mixed padding
/// `ClusterShell` may leave `97-99,100` in two.
fn one_fold(set: &HostSet) -> bool {
    let numbers = |name: &str| -> Vec<String> {
        name.split(|c: char| !c.is_ascii_digit())
            .filter(|run| !run.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let all: Vec<String> = set.iter().flat_map(numbers).collect();
    let widths: BTreeSet<usize> = all.iter().map(String::len).collect();
    let padded = all
        .iter()
        .any(|number| number.len() > 1 && number.starts_with('0'));
    set.iter().all(|name| numbers(name).len() <= 1) && (widths.len() <= 1 || !padded)
}

/// The items of a folded text, whatever their order: brackets hold commas, so the cut is at those outside.
fn items(folded: &str) -> BTreeSet<&str> {
    let mut depth = 0;
    let outside = |c: char| {
        depth += i32::from(c == '[') - i32::from(c == ']');
        c == ',' && depth == 0
    };
    folded.split(outside).collect()
}

/// That both programs fold `set` well: each reads what the other prints.
fn compare_folds(set: &HostSet, ours: &str, read_back: &Value, theirs: &str) {
    assert!(
        read_back["refused"].is_null(),
        "{ours:?}: ClusterShell refuses: {read_back}"
    );
    assert_eq!(strings(&read_back["names"]).len(), set.len(), "{ours:?}");
    assert_eq!(sorted(&read_back["names"]), names(set), "{ours:?}");
    assert_eq!(&self::set(theirs), set, "ClusterShell folds {theirs:?}");
    if one_fold(set) {
        assert_eq!(items(ours), items(theirs));
    }
}

#[test]
fn reads_and_folds_as_clustershell() {
    let table = [
        "",
        "login",
        "n[01-18,20]",
        "n[1-10]",
        "n[01-10]",
        "n[1,01]",
        "n[0-10/2]",
        "n[0-10/20]",
        "n[00-10/05]",
        "r[1-2]n[01-03]-ib[0-1]",
        "a[1-2],b3",
        " a[1-2] , b3 ",
        "a1,a1",
        "n[1-2]3",
        "n[1-2]03",
        "n[8-9]0",
        "n5[1-2]",
        "n05[1-2]",
        "n0[01-02]",
        "n1[9,1]",
        "n1[10-12,98]",
        "n1[0-8/4]",
        "[1-3]",
        "[1-3]a",
        "n[099-101]",
        "n[1-10],n[01-09]",
        "n[01-99],n[100-150]",
        "n[001-100,9-12,09]",
        "a.b-c_d[1-2].e",
        "n-[1-3]",
        "-[1-3]",
        "n[1-2]-3",
        "a[3,1,2]",
        "n[1-3],n[2-5]",
        "0,00,n0,n00",
        "n[999999999999999998-999999999999999999]",
        "n[1-2]x12345678901234567890",
        "n12345678901234567890",
    ];
    let texts: Vec<String> = table
        .into_iter()
        .map(str::to_owned)
        .chain(readable(1, 300))
        .collect();
    let sets: Vec<HostSet> = texts.iter().map(|text| set(text)).collect();
    let folded: Vec<String> = sets.iter().map(HostSet::to_string).collect();
    let both = [&texts[..], &folded[..]].concat();
    let answer = ask(&json!({ "expand": both, "fold": [], "algebra": [] }));
    let (read, read_back) = answer["expand"].as_array().unwrap().split_at(texts.len());
    for (i, text) in texts.iter().enumerate() {
        assert!(
            read[i]["refused"].is_null(),
            "{text:?}: ClusterShell refuses: {}",
            read[i]
        );
        assert_eq!(strings(&read[i]["names"]).len(), sets[i].len(), "{text:?}");
        assert_eq!(sorted(&read[i]["names"]), names(&sets[i]), "{text:?}");
        compare_folds(
            &sets[i],
            &folded[i],
            &read_back[i],
            read[i]["folded"].as_str().unwrap(),
        );
    }
}

#[test]
fn folds_any_names_as_clustershell() {
    let mut random = Random(2);
    let mut sets = vec![];
    for _ in 0..200 {
        let sparse = 1 + random.below(4);
        let (rooms, racks, nodes) = (random.below(3), 1 + random.below(12), 1 + random.below(12));
        let mut chosen = Vec::new();
        for room in 0..=rooms {
            for rack in 0..racks {
                for node in 0..nodes {
                    if random.below(4) < sparse {
                        let width = if random.below(10) == 0 { 2 } else { 1 };
                        chosen.push(if rooms == 0 {
                            format!("r{rack}n{node:0width$}")
                        } else {
                            format!("h{room}-r{rack:02}n{node}")
                        });
                        chosen.push(format!("n{:0width$}", rack * nodes + node));
                    }
                }
            }
        }
        if !chosen.is_empty() {
            sets.push(HostSet::from_names(chosen).unwrap());
        }
    }
    let folded: Vec<String> = sets.iter().map(HostSet::to_string).collect();
    let written_out: Vec<Vec<&str>> = sets.iter().map(|set| set.iter().collect()).collect();
    let answer = ask(&json!({ "expand": folded, "fold": written_out, "algebra": [] }));
    for (i, theirs) in strings(&answer["fold"]).iter().enumerate() {
        compare_folds(&sets[i], &folded[i], &answer["expand"][i], theirs);
    }
}

#[test]
fn set_algebra_as_clustershell() {
    let pairs: Vec<(String, String)> = readable(3, 200).into_iter().zip(readable(4, 200)).collect();
    // Chance alone seldom makes one set part of another.
    let pairs: Vec<(String, String)> = pairs
        .into_iter()
        .enumerate()
        .map(|(i, (a, b))| {
            if i % 4 == 0 {
                (a.clone(), format!("{a},{b}"))
            } else {
                (a, b)
            }
        })
        .collect();
    let answer = ask(&json!({ "expand": [], "fold": [], "algebra": pairs }));
    for ((left, right), theirs) in pairs.iter().zip(answer["algebra"].as_array().unwrap()) {
        let (a, b) = (set(left), set(right));
        let ours = [
            ("union", a.union(&b)),
            ("intersection", a.intersection(&b)),
            ("difference", a.difference(&b)),
            ("symmetric_difference", a.symmetric_difference(&b)),
        ];
        for (operation, result) in ours {
            assert_eq!(
                names(&result),
                sorted(&theirs[operation]),
                "{operation} of {left:?} and {right:?}"
            );
        }
        assert_eq!(a.is_subset(&b), theirs["subset"], "{left:?} in {right:?}");
    }
}

/// The `ClusterShell` column of the table in the crate's documentation.
#[test]
fn differs_from_clustershell_where_documented() {
    const REFUSES: Option<usize> = None;
    let table = [
        ("n[01-100]", REFUSES),
        ("n[1-010]", REFUSES),
        ("n1[9-10]", Some(92)),
        ("n1[9,10]", Some(92)),
        ("n[1, 5]", Some(2)),
        ("a b", Some(1)),
        ("n[10-1]", REFUSES),
        ("n[1-]", REFUSES),
        ("n[-1]", Some(1)),
        ("n[1-2-3]", Some(6)),
        ("a,,b", REFUSES),
        ("a,", REFUSES),
        ("a[1-2][3-4]", REFUSES),
        ("a[1-2]5[3-4]", REFUSES),
        ("a!b", Some(1)),
        ("a&b", Some(0)),
        ("a^b", Some(2)),
        ("n[1-2", REFUSES),
        ("n[0-8/2]7", REFUSES),
        ("n[0-10]7", REFUSES),
        ("n[9-10]7", Some(2)),
        ("a1,a1", Some(1)),
    ];
    let texts: Vec<&str> = table.iter().map(|(text, _)| *text).collect();
    let answer = ask(&json!({ "expand": texts, "fold": [], "algebra": [] }));
    for ((text, expected), read) in table.iter().zip(answer["expand"].as_array().unwrap()) {
        assert!(expand(text, &Limits::default()).is_err(), "{text:?} is read here");
        let count = read["names"].as_array().map(Vec::len);
        assert_eq!(count, *expected, "{text:?}: {read}");
    }
}
