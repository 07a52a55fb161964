//! Scalars as kubectl reads them, with kubectl itself as the oracle.
//!
//! `kubectl annotate --local` reads a file without a cluster and prints the object as JSON. Set `RACKWRIGHT_KUBECTL` to use
//! another binary than the `kubectl` on the path.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::float_cmp,
    reason = "a test fails by panicking, and compares exactly"
)]

use rackwright_manifest::{Limits, Sources, read};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::Command;

/// What kubectl prints for a file, or its complaint.
fn kubectl(yaml: &str) -> Result<Value, String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("probe.yaml");
    std::fs::write(&file, yaml).expect("the temporary folder is writable");
    let program = std::env::var_os("RACKWRIGHT_KUBECTL").unwrap_or_else(|| "kubectl".into());
    let output = Command::new(&program)
        .args(["annotate", "--local", "-o", "json", "probe=1", "-f"])
        .arg(&file)
        // No file of the user's may point it at a cluster.
        .env("KUBECONFIG", folder.path().join("none"))
        .output()
        .unwrap_or_else(|error| {
            panic!(
                "this test needs kubectl: cannot run {}: {error}. Install Kubernetes' kubectl 1.32 or newer on the path, or \
                 set RACKWRIGHT_KUBECTL to the binary",
                program.display()
            )
        });
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(serde_json::from_slice(&output.stdout).expect("kubectl prints JSON"))
}

/// Our reading, and the codes of what we refuse.
fn ours(yaml: &str) -> (Value, Vec<(String, u32)>) {
    let mut sources = Sources::new();
    let limits = Limits {
        max_diagnostics: 1_000_000,
        ..Limits::default()
    };
    let read = read(&mut sources, "probe.yaml", yaml.as_bytes().to_vec(), &limits);
    assert_eq!(read.documents.len(), 1, "{:?}", read.diagnostics.first());
    let place = |finding: &rackwright_manifest::Diagnostic| {
        let span = finding.primary().expect("a place");
        (finding.code.to_string(), sources.position(span).line)
    };
    (
        read.documents[0].value.clone(),
        read.diagnostics.iter().map(place).collect(),
    )
}

const HEAD: &str = "apiVersion: probe.dev/v1\nkind: Probe\nmetadata: { name: probe }\nspec:\n";
const HEAD_LINES: usize = 4;

/// Equal as JSON values; a float that happens to be whole equals the integer.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let (Some(a), Some(b)) = (a.as_f64(), b.as_f64()) else {
                return a == b;
            };
            // serde_json, which reads kubectl's answer here, may miss the last bit.
            a == b || (a - b).abs() <= a.abs() * 1e-15
        }
        _ => a == b,
    }
}

/// Scalars that mean the same to everybody, with ` | ` between them; the first one is empty.
const AGREED: &str = " | ~ | null | Null | NULL | nULL | true | True | TRUE | false | False | FALSE | tRue | 0 | 1 | -1 | \
+1 | 12345 | 9223372036854775807 | -9223372036854775808 | 0x0 | 0x1f | 0xABCDEF | \
0x7fffffffffffffff | 0x | 0xg | 1.0 | 1.5 | -1.5 | +1.5 | .5 | -.5 | +.5 | 1. | 0.1 | \
3.141592653589793 | 1.5e+3 | 1.5e-3 | 1.E+2 | .5e+1 | . | .. | + | 1.2.3 | 1.2.3.4 | 10.64.0.0/12 | \
fd00::/64 | 0x1p-2 | nan | inf | NaN | +inf | infinity | -infinity | .Infinity | .inF | yEs | nO | \
oN | oFf | yes please | no. | on-call | off1 | y1 | n01 | Yn | team-a | 1000W | 132kW | 1020MW | \
700 W | 1g.23gb | 4x8 | a001-n01 | a[001-512] | dgx-b200 | 2026-06-30 | 2026-6-3 | \
2026-06-30T10:00:00Z | 2026-06-30 10:00:00 | 2026-13-45 | 0.0.1 | 00 | 007 | v1 | 580.95.05 | _1 | \
1a | 0a | 00a | 0b | 0b2 | 0o | 0o8 | 0o9x | --1 | ++1 | +-1 | 1-2 | 1+1 | e3 | .e3 | 1e | 1e+ | \
1.5e | 0xffffp | 1:a | a:1 | 1::2 | 99:61 | 1:99 | 00:1a:2b:3c:4d:5e | \
net.ipv4.conf.all.arp_announce | /scratch | http://example.com:80/x | = | << | 1 2 | 0 1 | $1 | \
(1) | 1% | 0x0011 # note | text # note";

/// Scalars on which YAML 1.1 (with its types), YAML 1.2 and kubectl do not agree.
const AMBIGUOUS: &str = "y | Y | yes | Yes | YES | n | N | no | No | NO | on | On | ON | off | Off | OFF | 010 | -010 | \
+010 | 08 | 09 | 0123456789 | 0o17 | 0o0 | -0o17 | 0O17 | 0b1 | 0b101 | -0b1 | 0B1 | 0X1F | -0x10 | \
+0x1f | 0x7fff_ffff | 1_000 | 1__0 | 1_ | -1_0 | 1_0.5 | 1.5_0 | 0_1 | 1e3 | 1E3 | -1e3 | 12e03 | \
1e+3 | 1e-3 | 1.5e3 | .5e3 | 1:30 | 12:30:45 | 190:20:30 | -1:30 | 1:30.5 | 0000:18:00.0 | \
685_230.15 | 1_1:30 | 0xffffffffffffffffffff";

/// Numbers that lose digits on their way.
const OUT_OF_RANGE: &str = "9223372036854775808 | 18446744073709551615 | -9223372036854775809 | 99999999999999999999999 | \
1e400 | -1e400 | 1.5e+400 | +18446744073709551615";

#[test]
fn fixed_scalars_read_as_kubectl_reads_them() {
    let groups = [
        (AGREED, None),
        (AMBIGUOUS, Some("RW0007")),
        (OUT_OF_RANGE, Some("RW0015")),
    ];
    let mut yaml = format!("{HEAD}  values:\n");
    let mut expected = Vec::new();
    for (scalars, code) in groups {
        for scalar in scalars.split(" | ") {
            writeln!(yaml, "  - {scalar}").unwrap();
            expected.push((scalar, code));
        }
    }
    assert!(expected.len() >= 150, "{} scalars", expected.len());
    let theirs = kubectl(&yaml).expect("kubectl takes all of these");
    let (mine, findings) = ours(&yaml);
    let values = |value: &Value| value["spec"]["values"].as_array().expect("a list").clone();
    let (theirs, mine) = (values(&theirs), values(&mine));
    assert_eq!(mine.len(), expected.len());
    for (at, (scalar, code)) in expected.iter().enumerate() {
        let line = (HEAD_LINES + 2 + at) as u32;
        let found: Vec<_> = findings
            .iter()
            .filter(|(_, at)| *at == line)
            .map(|(code, _)| code.as_str())
            .collect();
        assert_eq!(
            found,
            code.iter().copied().collect::<Vec<_>>(),
            "findings for `{scalar}`"
        );
        assert!(
            same(&theirs[at], &mine[at]),
            "`{scalar}`: kubectl {} ours {}",
            theirs[at],
            mine[at]
        );
    }
}

/// Every text of up to three characters, and many of four, from those that numbers are made of.
#[test]
fn short_scalars_read_as_kubectl_reads_them() {
    let alphabet = [
        "0", "1", "7", "9", "_", ".", "+", "-", "e", "x", "o", "b", ":", "f",
    ];
    let mut texts: BTreeSet<String> = alphabet.iter().map(|letter| (*letter).to_owned()).collect();
    for _ in 0..2 {
        let longer = texts
            .iter()
            .flat_map(|text| alphabet.iter().map(move |letter| format!("{text}{letter}")));
        texts.extend(longer.collect::<Vec<_>>());
    }
    let four: Vec<String> = texts
        .iter()
        .filter(|text| text.len() == 3)
        .flat_map(|text| ["1", "_", "e", "."].map(|letter| format!("{text}{letter}")))
        .collect();
    texts.extend(four);
    // Not plain scalars: a colon at the end makes a map, a lone hyphen a list, three hyphens or dots a document.
    let plain = |text: &&String| !text.ends_with(':') && !text.starts_with(':') && *text != "-";
    let texts: Vec<&String> = texts.iter().filter(plain).collect();
    let mut yaml = format!("{HEAD}  values:\n");
    for text in &texts {
        writeln!(yaml, "  - {text}").unwrap();
    }
    let theirs = kubectl(&yaml).expect("kubectl takes all of these");
    let (mine, findings) = ours(&yaml);
    let refused: BTreeSet<u32> = findings.iter().map(|(_, line)| *line).collect();
    let mut compared = 0;
    for (at, text) in texts.iter().enumerate() {
        let (theirs, mine) = (&theirs["spec"]["values"][at], &mine["spec"]["values"][at]);
        assert!(same(theirs, mine), "`{text}`: kubectl {theirs} ours {mine}");
        let is_refused = refused.contains(&((HEAD_LINES + 2 + at) as u32));
        if is_refused {
            let looks_like_number = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
            assert!(
                looks_like_number || *text == "off",
                "`{text}` is text to everybody and refused"
            );
        } else {
            compared += 1;
        }
    }
    assert!(compared > 2000, "only {compared} of {} compared", texts.len());
    // A number that is not what its digits say in decimal, nor plain hexadecimal, is refused.
    for (at, text) in texts.iter().enumerate() {
        let theirs = &theirs["spec"]["values"][at];
        let decimal = text.parse::<f64>().ok();
        let hexadecimal = text.starts_with("0x") && !text.contains('_');
        if theirs.is_number() && theirs.as_f64() != decimal && !hexadecimal {
            assert!(
                refused.contains(&((HEAD_LINES + 2 + at) as u32)),
                "`{text}` is {theirs} to kubectl only"
            );
        }
    }
}

#[test]
fn keys_are_what_kubectl_makes_of_them() {
    // Text, what kubectl makes of it, and whether we take it.
    let keys: &[(&str, bool)] = &[
        ("a", true),
        ("a.b/c", true),
        ("1", true),
        ("-7", true),
        ("true", true),
        ("false", true),
        ("1.5", true),
        ("0.25", true),
        ("2026-06-30", true),
        ("10.0.0.1", true),
        ("nO", true),
        ("\"y\"", true),
        ("'010'", true),
        ("\"<<\"", true),
        ("y", false),
        ("n", false),
        ("Yes", false),
        ("no", false),
        ("on", false),
        ("Off", false),
        ("True", false),
        ("FALSE", false),
        ("010", false),
        ("0x1f", false),
        ("1_000", false),
        ("+1", false),
        ("1.0", false),
        ("1.50", false),
        ("1e3", false),
        ("0b11", false),
        ("12:30", false),
        ("1234567.5", false),
        ("0.00001", false),
        ("1.1234567890123", false),
    ];
    let mut yaml = format!("{HEAD}  values:\n");
    for (key, _) in keys {
        writeln!(yaml, "  - {key}: here").unwrap();
    }
    let theirs = kubectl(&yaml).expect("kubectl takes all of these");
    let (mine, findings) = ours(&yaml);
    for (at, (key, taken)) in keys.iter().enumerate() {
        let line = (HEAD_LINES + 2 + at) as u32;
        let found: Vec<_> = findings
            .iter()
            .filter(|(_, at)| *at == line)
            .map(|(code, _)| code.as_str())
            .collect();
        let wanted: &[&str] = if *taken { &[] } else { &["RW0006"] };
        assert_eq!(found, wanted, "findings for the key `{key}`");
        assert_eq!(
            theirs["spec"]["values"][at], mine["spec"]["values"][at],
            "the key `{key}`"
        );
    }
}

#[test]
fn structure_reads_as_kubectl_reads_it() {
    let bodies = [
        "  base: &b { a: 2, c: 3 }\n  merged: { <<: *b, a: 1 }\n  list: { <<: [*b, { c: 9, d: 1 }] }\n  alias: *b\n",
        "  folded: >\n    one\n    two\n\n    three\n  literal: |\n    one\n      two\n  strip: |-\n    x\n  keep: |+\n    y\n\n  end: 1\n",
        "  multi: plain text\n    goes on\n  quoted: \"a\\tb\\u00e4 \\\n    c\"\n  single: 'it''s'\n",
        "  tagged: !!str 10\n  number: !!float 1\n  empty: !!str\n  list: !!seq [1]\n",
        "  flow: {a: [1, {b: c}], \"d\": 'e', f: , g}\n",
        "  list:\n  - 1\n  - - 2\n    - 3\n  -\n  - a: 1\n    b: 2\n",
        "  ? long\n  : value\n  \"quoted key\": 1\n  'single': 2\n",
        "  last: |\n    no line feed at the end",
        "  crlf: 1\r\n  text: |\r\n    a\r\n    b\r\n",
        "  nothing:\n  # a comment\n  other: # another\n    deep: 1 # and one more\n",
        "  tabs: [ 1,\n    \t2 ]\n  literal: |\n    x\n    \ty\n  quoted: \"a\n    \tb\"\n  q: a?b\n  ?a: 1\n",
        "  colon: a:b\n  hash: a#b\n  url: http://x/y?z=1#f\n  star: \"*x\"\n  tab: \"a\tb\"\n",
    ];
    for body in bodies {
        let yaml = format!("{HEAD}{body}");
        let theirs = kubectl(&yaml).unwrap_or_else(|error| panic!("{body}\n{error}"));
        let (mine, findings) = ours(&yaml);
        assert_eq!(findings, [], "{body}");
        assert_eq!(theirs["spec"], mine["spec"], "{body}");
    }
}

#[test]
fn what_kubectl_refuses_is_refused() {
    let bodies = [
        ("  v: .inf\n", "RW0014"),
        ("  v: -.INF\n", "RW0014"),
        ("  v: .nan\n", "RW0014"),
        ("  ~: 1\n", "RW0016"),
        ("  [a]: 1\n", "RW0016"),
        ("  v: *gone\n", "RW0008"),
        ("  v: &a [*a]\n", "RW0009"),
        ("  <<: 1\n", "RW0017"),
        ("  v:\n\t- 1\n", "RW0004"),
        ("  v: 1\n\t\n  w: 2\n", "RW0004"),
        ("  v: 1\n \t# note\n  w: 2\n", "RW0004"),
        ("  v: { a: b?c }\n", "RW0007"),
        ("  l: &l [{ a: 1 }]\n  v: { <<: *l }\n", "RW0017"),
        ("  v: [1, 2\n", "RW0001"),
        ("  v: \"open\n", "RW0001"),
        ("  v: a: b\n", "RW0001"),
        ("   v: 1\n  w: 2\n", "RW0001"),
        ("  v: @x\n", "RW0001"),
        ("  v: `x`\n", "RW0001"),
        ("  v: %x\n", "RW0001"),
    ];
    for (body, code) in bodies {
        let yaml = format!("{HEAD}{body}");
        assert!(kubectl(&yaml).is_err(), "kubectl takes {body}");
        let mut sources = Sources::new();
        let read = read(&mut sources, "probe.yaml", yaml.into_bytes(), &Limits::default());
        let codes: Vec<_> = read
            .diagnostics
            .iter()
            .map(|finding| finding.code.as_str())
            .collect();
        assert_eq!(codes, [code], "{body}");
    }
}
