//! Canonical JSON and content hashes.
//!
//! Canonical JSON here: object keys sorted by their bytes, no white space, no absent optional fields, numbers only as
//! integers. The result kinds declare their fields in that order, so that serialising them directly is canonical;
//! [`canonical_json`] sorts whatever it is given.

use serde::Serialize;
use serde_json::Value;

use crate::Hash;
use crate::net::{ascii, hex};

/// The number of the hash input's layout. It is part of every hash: a new version of the tool changes hashes, and with
/// them the fleet, only when this number is raised on purpose.
pub const HASH_SCHEMA: u32 = 1;

/// The same as text. A hash is made for each node, so it is not spelled each time.
const HASH_SCHEMA_TEXT: &[u8] = b"1";

/// Canonical JSON of a value.
pub fn canonical_json(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut out = String::new();
    write_sorted(&serde_json::to_value(value)?, &mut out)?;
    Ok(out)
}

fn write_sorted(value: &Value, out: &mut String) -> Result<(), serde_json::Error> {
    match value {
        Value::Object(map) => {
            // serde_json's map keeps insertion order when any crate of the build asks for it.
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_bytes());
            out.push('{');
            for (i, (key, value)) in entries.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                out.push_str(&serde_json::to_string(key)?);
                out.push(':');
                write_sorted(value, out)?;
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_sorted(item, out)?;
            }
            out.push(']');
        }
        scalar => out.push_str(&serde_json::to_string(scalar)?),
    }
    Ok(())
}

/// The hash of canonical bytes, for one domain (`profile`, `node`): BLAKE3 over
/// `rackwright/<domain>/<schema>\n<bytes>`, cut to 128 bits.
pub fn content_hash(domain: &str, canonical: &[u8]) -> Hash {
    Hash::from_value(content_hash_value(domain, canonical))
}

/// The same as a number.
pub fn content_hash_value(domain: &str, canonical: &[u8]) -> u128 {
    let mut input = Vec::new();
    begin(domain, &mut input);
    input.extend_from_slice(canonical);
    digest(&input)
}

/// Begins the input of a hash.
pub(crate) fn begin(domain: &str, input: &mut Vec<u8>) {
    input.extend_from_slice(b"rackwright/");
    input.extend_from_slice(domain.as_bytes());
    input.extend_from_slice(b"/");
    input.extend_from_slice(HASH_SCHEMA_TEXT);
    input.extend_from_slice(b"\n");
}

/// The hash of an input. In one piece: BLAKE3's incremental state is larger than what is hashed of a node.
pub(crate) fn digest(input: &[u8]) -> u128 {
    let hash = blake3::hash(input);
    let first = hash.as_bytes().first_chunk();
    first.map_or(0, |bytes| u128::from_be_bytes(*bytes))
}

impl Hash {
    /// The hash as a number: 16 bytes instead of a text, for tables of many.
    pub fn value(&self) -> u128 {
        u128::from_str_radix(self.as_str(), 16).unwrap_or_default()
    }

    /// The hash of a number.
    pub fn from_value(value: u128) -> Self {
        let [high, low] = [hex((value >> 64) as u64), hex(value as u64)];
        Self::trusted(ascii([high, low].as_flattened()))
    }

    /// Spells a number as a hash.
    pub fn spell(value: u128, out: &mut Vec<u8>) {
        out.extend_from_slice(&hex((value >> 64) as u64));
        out.extend_from_slice(&hex(value as u64));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_sorted_at_every_depth() {
        let value = json!({"b": [{"z": 1, "a": "x\"y"}], "a": null});
        assert_eq!(
            canonical_json(&value).unwrap(),
            r#"{"a":null,"b":[{"a":"x\"y","z":1}]}"#
        );
    }

    #[test]
    fn hashes_as_numbers() {
        for text in [
            "00000000000000000000000000000001",
            "fdf33c0d7bc712f069717d1cd1eb8113",
        ] {
            assert_eq!(Hash::from_value(Hash::new(text).unwrap().value()).as_str(), text);
        }
    }

    #[test]
    fn the_domain_is_part_of_the_hash() {
        assert_ne!(content_hash("node", b"{}"), content_hash("profile", b"{}"));
    }

    #[test]
    fn the_layout_has_one_number() {
        assert_eq!(HASH_SCHEMA_TEXT, HASH_SCHEMA.to_string().as_bytes());
    }

    /// The value is fixed: a change of the layout must raise `HASH_SCHEMA` and this line together.
    #[test]
    fn the_hash_of_the_empty_object_is_stable() {
        assert_eq!(
            content_hash("node", b"{}").as_str(),
            "fdf33c0d7bc712f069717d1cd1eb8113"
        );
    }
}
