//! Unit names of paths against systemd's own `systemd-escape`.

#![allow(clippy::unwrap_used, reason = "helpers of tests are not tests to clippy")]

use std::process::Command;

use proptest::prelude::*;
use rackwright_render::systemd;

/// What systemd prints; none where it refuses the path.
fn oracle(path: &str) -> Option<String> {
    let output = Command::new("systemd-escape")
        .args(["--path", "--suffix=mount", "--", path])
        .output()
        .unwrap();
    let name = String::from_utf8(output.stdout).unwrap();
    output
        .status
        .success()
        .then(|| name.trim_end_matches('\n').to_owned())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn names_are_systemds(path in r"(/(\.{1,3}|[ -~é]{0,12}|[a-z0-9._-]{1,20})){1,6}/?") {
        let ours = systemd::mount_unit(&path);
        match oracle(&path) {
            // systemd prints names that are too long for a unit; nothing can be mounted under them.
            Some(name) if name.len() > 255 => prop_assert_eq!(ours, None),
            name => prop_assert_eq!(ours, name, "{}", path),
        }
    }
}
