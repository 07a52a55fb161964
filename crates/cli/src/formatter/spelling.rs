//! One spelling for a value that has several.

use rackwright_api::{Capacity, Hostlist, Power, Span, Throughput};
use rackwright_hostset::{HostSet, Limits, natural_cmp};
use rackwright_manifest::yaml::is_plain_text;
use rackwright_planner::Kind;
use serde_json::Value;

/// Names beyond which a hostlist is not folded again: it would take longer than anybody waits for an editor.
const MAX_NAMES: u64 = 200_000;

/// A type whose texts can say one thing in several ways.
struct Type {
    /// The pattern by which its fields are known in a CRD.
    pattern: &'static str,
    is_valid: fn(&str) -> bool,
    spell: fn(&str) -> Option<String>,
    /// Whether a pool's texts of this type reach hosts as they are: another text would be another profile, which is rolled
    /// out, so they stay.
    reaches_hosts: bool,
}

/// All other types of the API have one spelling for one meaning, which their patterns demand.
const TYPES: &[Type] = &[
    Type {
        pattern: Hostlist::PATTERN,
        is_valid: Hostlist::is_valid,
        spell: hostlist,
        reaches_hosts: false,
    },
    Type {
        pattern: Power::PATTERN,
        is_valid: Power::is_valid,
        spell: |text| coarsest(text, &[("GW", 9), ("MW", 6), ("kW", 3), ("W", 0)]),
        reaches_hosts: true,
    },
    Type {
        pattern: Capacity::PATTERN,
        is_valid: Capacity::is_valid,
        spell: |text| coarsest(text, &[("PB", 9), ("TB", 6), ("GB", 3), ("MB", 0)]),
        reaches_hosts: false,
    },
    Type {
        pattern: Throughput::PATTERN,
        is_valid: Throughput::is_valid,
        spell: |text| coarsest(text, &[("TB/s", 6), ("GB/s", 3), ("MB/s", 0)]),
        reaches_hosts: false,
    },
    Type {
        pattern: Span::PATTERN,
        is_valid: Span::is_valid,
        spell: span,
        reaches_hosts: false,
    },
];

/// The spelling of a text in a field of this schema; none where it is spelt so already, or is left alone.
pub fn canonical(kind: Kind, schema: &Value, text: &str) -> Option<String> {
    let pattern = schema["pattern"].as_str()?;
    let of = TYPES.iter().find(|of| of.pattern == pattern)?;
    if of.reaches_hosts && kind == Kind::GPUPool || !(of.is_valid)(text) {
        return None;
    }
    let fits = |spelt: &String| {
        let max = schema["maxLength"].as_u64().unwrap_or(u64::MAX);
        spelt.len() as u64 <= max && (of.is_valid)(spelt)
    };
    (of.spell)(text).filter(|spelt| spelt != text && fits(spelt))
}

/// A value with each text in its canonical spelling: what two spellings of one thing have in common.
pub fn meaning(kind: Kind, value: &Value, schema: &Value) -> Value {
    match value {
        Value::String(text) => canonical(kind, schema, text).map_or_else(|| value.clone(), Value::String),
        Value::Array(items) => items
            .iter()
            .map(|item| meaning(kind, item, &schema["items"]))
            .collect(),
        Value::Object(map) => {
            let inside =
                |(key, value): (&String, &Value)| (key.clone(), meaning(kind, value, field(schema, key)));
            Value::Object(map.iter().map(inside).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// What a schema says of the value behind a key; null where it says nothing.
pub fn field<'s>(schema: &'s Value, key: &str) -> &'s Value {
    let named = &schema["properties"][key];
    if named.is_null() {
        &schema["additionalProperties"]
    } else {
        named
    }
}

/// A whole number with the largest decimal unit that leaves it whole, as Kubernetes spells its quantities. `units` have the
/// largest first, each with the zeros that it stands for.
fn coarsest(text: &str, units: &[(&str, u32)]) -> Option<String> {
    let number = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let (_, zeros) = units.iter().find(|(unit, _)| *unit == &text[number.len()..])?;
    let value = number.parse::<u128>().ok()?.checked_mul(10_u128.pow(*zeros))?;
    let (unit, whole) = units.iter().find_map(|(unit, zeros)| {
        let factor = 10_u128.pow(*zeros);
        (value % factor == 0).then(|| (*unit, value / factor))
    })?;
    Some(format!("{whole}{unit}"))
}

/// A span of time with the largest unit that leaves it whole.
fn span(text: &str) -> Option<String> {
    let seconds = Span::new(text).ok()?.seconds();
    let (unit, number) = [("h", 3600), ("m", 60), ("s", 1)]
        .into_iter()
        .find_map(|(unit, factor)| (seconds % factor == 0).then(|| (unit, seconds / factor)))?;
    Some(format!("{number}{unit}"))
}

/// A hostlist folded, its names in the order in which they were: the first subnet manager is the preferred one, and hosts fill
/// racks one after the other. Steps stay where the list is shorter with them.
fn hostlist(text: &str) -> Option<String> {
    let list = rackwright_hostset::Hostlist::parse(text, &Limits::default()).ok()?;
    let plain = list.to_string();
    if list.count() > MAX_NAMES || is_folded(&plain) {
        return Some(plain);
    }
    let names: Vec<String> = list.iter().collect();
    let runs = names.chunk_by(|a, b| natural_cmp(a, b).is_lt());
    let folded: Option<Vec<String>> = runs.map(run).collect();
    let folded = folded.map(|runs| runs.join(","));
    let is_better = |folded: &String| !plain.contains('/') || folded.len() <= plain.len();
    Some(folded.filter(is_better).unwrap_or(plain))
}

/// The usual hostlist, one item of one range, which need not be taken apart.
fn is_folded(text: &str) -> bool {
    let is_digit = |c: char| c.is_ascii_digit();
    let Some((head, (range, tail))) = text
        .split_once('[')
        .and_then(|(head, rest)| Some((head, rest.split_once(']')?)))
    else {
        return !text.contains(',');
    };
    let rest_is_plain = !head.contains(',') && !tail.contains([',', '[']);
    range.contains('-')
        && !range.contains([',', '/'])
        && rest_is_plain
        && !head.ends_with(is_digit)
        && !tail.starts_with(is_digit)
}

/// Names in natural order, folded; none where that would change their order.
fn run(names: &[String]) -> Option<String> {
    let folded = HostSet::from_names(names).ok()?.fold();
    folded
        .iter()
        .eq(names.iter().cloned())
        .then(|| folded.to_string())
}

/// Whether a text needs no quotes, for any reader, and does not look as if it might: words, paths, and numbers with a unit. What
/// begins as a number otherwise, as versions and addresses do, keeps its quotes, since the next edit may make it one.
pub fn is_word(text: &str, in_flow: bool) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    let allowed = |byte: &u8| {
        byte.is_ascii_alphanumeric() || b"_./-@+=:".contains(byte) || !in_flow && b",[]".contains(byte)
    };
    let quantity = || {
        let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
        let unit = unit.strip_suffix("/s").unwrap_or(unit);
        !unit.is_empty() && unit.bytes().all(|byte| byte.is_ascii_alphabetic())
    };
    let begins = first.is_ascii_alphabetic() || *first == b'/' || first.is_ascii_digit() && quantity();
    bytes.len() > 1 && begins && *last != b':' && bytes.iter().all(allowed) && is_plain_text(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rackwright_hostset::expand;

    use super::*;

    fn schema(pattern: &str) -> Value {
        serde_json::json!({ "pattern": pattern, "maxLength": 4096 })
    }

    fn spelt(pattern: &str, text: &str) -> String {
        canonical(Kind::Supercluster, &schema(pattern), text).unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn quantities_have_the_largest_unit_that_leaves_them_whole() {
        for (pattern, text, canonical) in [
            (Power::PATTERN, "1000W", "1kW"),
            (Power::PATTERN, "1100W", "1100W"),
            (Power::PATTERN, "1000000kW", "1GW"),
            (Power::PATTERN, "1000GW", "1000GW"),
            (Capacity::PATTERN, "3840GB", "3840GB"),
            (Capacity::PATTERN, "2000TB", "2PB"),
            (Throughput::PATTERN, "1000MB/s", "1GB/s"),
            (Span::PATTERN, "3600s", "1h"),
            (Span::PATTERN, "90m", "90m"),
            (Span::PATTERN, "30m", "30m"),
            // What the API refuses is not ours to spell.
            (Power::PATTERN, "01000W", "01000W"),
            (Span::PATTERN, "60", "60"),
        ] {
            assert_eq!(spelt(pattern, text), canonical, "{text}");
        }
    }

    #[test]
    fn what_reaches_hosts_stays() {
        assert_eq!(canonical(Kind::GPUPool, &schema(Power::PATTERN), "1000W"), None);
        assert!(canonical(Kind::GPUPool, &schema(Span::PATTERN), "60m").is_some());
    }

    #[test]
    fn hostlists_are_folded_in_their_order() {
        for (text, canonical) in [
            ("a1,a2,a3", "a[1-3]"),
            ("a[1-2], a3", "a[1-3]"),
            ("a3,a2,a1", "a3,a2,a1"),
            ("r1,r2,a1,a2", "r[1-2],a[1-2]"),
            ("a[1]", "a1"),
            ("a[0-8/2]", "a[0-8/2]"),
            ("a[0-2/2]", "a[0,2]"),
            ("r1n1,r1n2,r2n1,r2n2", "r[1-2]n[1-2]"),
            ("a1,a1", "a1,a1"),
            ("a[", "a["),
        ] {
            assert_eq!(spelt(Hostlist::PATTERN, text), canonical, "{text}");
        }
    }

    #[test]
    fn words_need_no_quotes_and_numbers_might() {
        for word in ["dgx-b200", "/mnt/scratch", "1000W", "40GB/s", "iommu=pt", "a.b/c"] {
            assert!(is_word(word, true), "{word}");
        }
        for other in [
            "580.95.05",
            "1:1",
            "0x0011",
            "true",
            "no",
            "n",
            "1e3",
            "a: b",
            "a #b",
            "",
            "2026-06-30",
            "0000:1b:00.0",
            "a:",
            "~",
            "*a",
            "a b",
            "2",
        ] {
            assert!(!is_word(other, false), "{other}");
        }
        assert!(is_word("a[1-2],b", false) && !is_word("a[1-2],b", true));
    }

    proptest! {
        #[test]
        fn a_folded_hostlist_has_its_names_in_their_order(text in "([ab][1-9]?(\\[0?[1-4]-0?[5-9](/[1-3])?\\])?(n[1-3])?,? ?){1,6}") {
            let text = text.trim_end_matches([',', ' ']);
            let spelt = spelt(Hostlist::PATTERN, text);
            prop_assert_eq!(expand(&spelt, &Limits::default()).ok(), expand(text, &Limits::default()).ok());
            prop_assert_eq!(self::spelt(Hostlist::PATTERN, &spelt), spelt.clone());
        }
    }
}
