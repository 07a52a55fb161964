//! Canonical JSON and content hashes, written from their definition (`rackwright_api::hash`), not called from there.
//!
//! Object keys sorted by their bytes, no white space, no absent optional fields, numbers only as integers. The hash is
//! BLAKE3 over `rackwright/<domain>/<schema>\n<canonical JSON>`, its first 128 bits in lower-case hexadecimal.

use std::fmt::{self, Write as _};

use rackwright_api::{DeviceConsent, Facts, NodeProfileSpec, Rail};
use serde_json::Value;

/// The layout of the hash input that this check knows. On purpose not the API's own constant: who raises that one has
/// to come by here.
pub(crate) const SCHEMA: u32 = 1;

/// The hash of a profile; none where it cannot be serialised.
pub(crate) fn profile_hash(spec: &NodeProfileSpec) -> Option<String> {
    let mut input = "rackwright/profile/1\n".to_owned();
    write_sorted(&serde_json::to_value(spec).ok()?, &mut input);
    Some(digest(&input).to_string())
}

/// The hash of a node under a profile's hash. `buffer` is scratch space.
pub(crate) fn node_hash(facts: &Facts, profile_hash: &str, buffer: &mut String) -> Digest {
    buffer.clear();
    buffer.push_str("rackwright/node/1\n");
    write_node(facts, profile_hash, buffer);
    digest(buffer)
}

/// The first 128 bits of a hash; shown as lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digest(u128);

impl Digest {
    /// Whether a text spells it.
    pub fn is(self, text: &str) -> bool {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let value = text
            .bytes()
            .try_fold(0u128, |value, byte| Some(value << 4 | u128::from(digit(byte)?)));
        text.len() == 32 && value == Some(self.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

fn digest(input: &str) -> Digest {
    let bytes = *blake3::hash(input.as_bytes()).as_bytes();
    Digest(
        bytes[..16]
            .iter()
            .fold(0, |value, byte| value << 8 | u128::from(*byte)),
    )
}

fn write_sorted(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut members: Vec<_> = map.iter().filter(|(_, value)| !value.is_null()).collect();
            members.sort_unstable_by(|(a, _), (b, _)| a.as_bytes().cmp(b.as_bytes()));
            separated(out, ('{', '}'), members, |(key, value), out| {
                put(out, format_args!("{}:", Value::from(key.as_str())));
                write_sorted(value, out);
            });
        }
        Value::Array(items) => separated(out, ('[', ']'), items, write_sorted),
        scalar => put(out, format_args!("{scalar}")),
    }
}

/// The node's hash input. Spelled out because there is one for each node, and `Value`s cost ten times as much; the
/// patterns without `..` make a new field of the API an error here. None of these texts can hold a character that JSON
/// escapes, but for those of a consent, which few nodes have.
fn write_node(facts: &Facts, profile_hash: &str, out: &mut String) {
    let Facts {
        imex_peers,
        rack,
        rails,
        wipe_consents,
    } = facts;
    out.push_str("{\"facts\":");
    let mut open = "{\"";
    let mut field = |out: &mut String, name: &str| {
        out.extend([open, name, "\":"]);
        open = ",\"";
    };
    if let Some(peers) = imex_peers {
        field(out, "imexPeers");
        quoted(out, "\"", peers.as_str(), "\"");
    }
    if let Some(rack) = rack {
        field(out, "rack");
        quoted(out, "\"", rack.as_str(), "\"");
    }
    if !rails.is_empty() {
        field(out, "rails");
        separated(out, ('[', ']'), rails, write_rail);
    }
    if !wipe_consents.is_empty() {
        field(out, "wipeConsents");
        separated(out, ('[', ']'), wipe_consents, |consent, out| {
            let DeviceConsent {
                serial,
                signature,
                tier,
            } = consent;
            let (serial, signature) = (Value::from(serial.as_str()), Value::from(signature.as_str()));
            put(
                out,
                format_args!("{{\"serial\":{serial},\"signature\":{signature},\"tier\":\"{tier}\"}}"),
            );
        });
    }
    out.push_str(if open == "{\"" { "{}" } else { "}" });
    quoted(out, ",\"profileHash\":\"", profile_hash, "\"}");
}

fn write_rail(rail: &Rail, out: &mut String) {
    let Rail { guid, ipv4, rail } = rail;
    out.push('{');
    if let Some(guid) = guid {
        quoted(out, "\"guid\":\"", guid.as_str(), "\",");
    }
    if let Some(ipv4) = ipv4 {
        quoted(out, "\"ipv4\":\"", ipv4.as_str(), "\",");
    }
    out.push_str("\"rail\":");
    // Nearly every rail has one digit, which need not be formatted.
    match char::from_digit((*rail).into(), 10) {
        Some(digit) => out.push(digit),
        None => put(out, format_args!("{rail}")),
    }
    out.push('}');
}

/// A text that needs no escapes, between quotes and what else comes before and after.
fn quoted(out: &mut String, before: &str, text: &str, after: &str) {
    out.push_str(before);
    out.push_str(text);
    out.push_str(after);
}

fn separated<T>(
    out: &mut String,
    (open, close): (char, char),
    items: impl IntoIterator<Item = T>,
    write: impl Fn(T, &mut String),
) {
    out.push(open);
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        write(item, out);
    }
    out.push(close);
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rackwright_api::{Guid, Hostlist, InterfaceAddress, Line, Name};
    use serde_json::json;

    fn sorted(value: &Value) -> String {
        let mut out = String::new();
        write_sorted(value, &mut out);
        out
    }

    #[test]
    fn canonical_json_sorts_escapes_and_drops_what_is_absent() {
        let value = json!({"b": [{"z": 1, "a": "x\"y"}, null], "a": null, "ä": true, "Z": {}});
        assert_eq!(
            sorted(&value),
            r#"{"Z":{},"b":[{"a":"x\"y","z":1},null],"ä":true}"#
        );
    }

    /// The number is that of the API's documentation of the hash.
    #[test]
    fn the_hash_of_the_empty_object_is_the_documented_one() {
        let documented = "fdf33c0d7bc712f069717d1cd1eb8113";
        let hash = digest("rackwright/node/1\n{}");
        assert_eq!(hash.to_string(), documented);
        assert!(hash.is(documented));
        for other in [
            "",
            "fdf33c0d7bc712f069717d1cd1eb8114",
            "0fdf33c0d7bc712f069717d1cd1eb8113",
            "FDF33C0D7BC712F069717D1CD1EB8113",
        ] {
            assert!(!hash.is(other), "{other}");
        }
    }

    fn facts() -> impl Strategy<Value = Facts> {
        let rail = (
            prop::option::of("0x[0-9a-f]{16}"),
            prop::option::of(any::<(u32, u8)>()),
            any::<u8>(),
        )
            .prop_map(|(guid, ipv4, rail)| Rail {
                guid: guid.map(|g| Guid::new(g).unwrap()),
                ipv4: ipv4.map(|(a, l)| InterfaceAddress::from_parts(a.into(), l % 33)),
                rail,
            });
        (
            prop::option::of("[a-z][a-z0-9,]{0,8}"),
            prop::option::of("[a-z][a-z0-9]{0,8}"),
            prop::collection::vec(rail, 0..5),
            prop::collection::vec(("[!-~]{1,9}", "[a-z]:\"[a-f]{1,9}", "[a-z]{1,9}"), 0..3),
        )
            .prop_map(|(peers, rack, rails, consents)| Facts {
                imex_peers: peers.map(|p| Hostlist::new(p).unwrap()),
                rack: rack.map(|r| Name::new(r).unwrap()),
                rails,
                wipe_consents: consents
                    .into_iter()
                    .map(|(serial, signature, tier)| DeviceConsent {
                        serial: Line::new(serial).unwrap(),
                        signature: Line::new(signature).unwrap(),
                        tier: Name::new(tier).unwrap(),
                    })
                    .collect(),
            })
    }

    proptest! {
        #[test]
        fn the_spelled_out_writer_equals_the_sorting_one(facts in facts()) {
            let mut spelled = String::new();
            write_node(&facts, "00", &mut spelled);
            prop_assert_eq!(spelled, sorted(&json!({"profileHash": "00", "facts": facts})));
        }

        #[test]
        fn the_api_and_this_check_agree_on_node_hashes(facts in facts()) {
            let profile = "0123456789abcdef0123456789abcdef";
            let theirs = facts.hash(&rackwright_api::Hash::new(profile).unwrap()).unwrap();
            prop_assert!(node_hash(&facts, profile, &mut String::new()).is(theirs.as_str()));
        }
    }
}
