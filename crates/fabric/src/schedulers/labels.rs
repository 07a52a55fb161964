//! Labels of Kubernetes nodes: keys, values, and who gets which.

use std::collections::{BTreeMap, BTreeSet};

use super::hierarchy::{Hierarchy, Level};

/// The key that the kubelet itself sets.
pub(super) const HOSTNAME: &str = "kubernetes.io/hostname";
/// The longest value of a label (Kubernetes, `apimachinery/pkg/util/validation`, `LabelValueMaxLength`).
const MAX_VALUE: usize = 63;

/// The label key of each level, the widest first. A level without a key is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys(BTreeMap<Level, String>);

/// What cannot be a label.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// A key that Kubernetes refuses.
    #[error(
        "{0:?} cannot be the key of a label: a DNS name and a slash where it has one, then 63 letters, digits, \"-\", \"_\" \
         and \".\" at most, beginning and ending with a letter or digit"
    )]
    Key(String),
    /// One key for two levels.
    #[error("{0} is the key of two levels")]
    SameKey(String),
    /// The kubelet's key.
    #[error("{HOSTNAME} is the kubelet's: it cannot name a level")]
    Hostname,
    /// A key for a level that the hierarchy does not have: nodes without the label would be left out silently.
    #[error("the hierarchy has no level {0:?}, and {1} is its key")]
    NoLevel(Level, String),
    /// A value that Kubernetes refuses.
    #[error(
        "{domain:?} of node {node} cannot be the value of {key}: letters, digits, \"-\", \"_\" and \".\", beginning and \
         ending with a letter or digit"
    )]
    Value {
        /// The node.
        node: Box<str>,
        /// The key.
        key: String,
        /// The domain.
        domain: Box<str>,
    },
}

impl Keys {
    /// Keys of your own.
    ///
    /// # Errors
    /// Where one of them cannot be a key, or is there twice.
    pub fn new(keys: BTreeMap<Level, String>) -> Result<Self, LabelError> {
        let mut seen = BTreeSet::new();
        for key in keys.values() {
            if !is_key(key) {
                return Err(LabelError::Key(key.clone()));
            }
            if key == HOSTNAME {
                return Err(LabelError::Hostname);
            }
            if !seen.insert(key) {
                return Err(LabelError::SameKey(key.clone()));
            }
        }
        Ok(Self(keys))
    }

    /// Our own keys: `topology.rackwright.dev/unit` and the like.
    pub fn plain(levels: &[Level]) -> Self {
        let name = |level: &Level| match level {
            Level::Fabric => "fabric",
            Level::Pod => "pod",
            Level::Unit => "unit",
            Level::Rack => "rack",
        };
        let keys = levels
            .iter()
            .map(|level| (*level, format!("topology.rackwright.dev/{}", name(level))));
        Self(keys.collect())
    }

    /// The keys of topograph 1.0: `fabric.topograph.run/tier-N`, where tier 0 is the closest switch, and
    /// `accelerator.topograph.run/domain` for the level that is the NVLink domain, if one is
    /// (NVIDIA/topograph e2b6250, `pkg/topology/topology.go` and `instances.go`).
    pub fn topograph(levels: &[Level], accelerator: Option<Level>) -> Self {
        let fabric: BTreeSet<Level> = levels
            .iter()
            .copied()
            .filter(|level| Some(*level) != accelerator)
            .collect();
        let tiers = fabric.into_iter().rev().enumerate();
        let mut keys: BTreeMap<Level, String> = tiers
            .map(|(tier, level)| (level, format!("fabric.topograph.run/tier-{tier}")))
            .collect();
        if let Some(level) = accelerator {
            keys.insert(level, "accelerator.topograph.run/domain".to_owned());
        }
        Self(keys)
    }

    /// The keys, the widest level first.
    pub fn iter(&self) -> impl Iterator<Item = (Level, &str)> {
        self.0.iter().map(|(level, key)| (*level, key.as_str()))
    }
}

/// The labels of each node.
///
/// # Errors
/// Where a name cannot be a value, or a key is for a level that is not there.
pub fn labels<'a>(
    hierarchy: &'a Hierarchy,
    keys: &Keys,
) -> Result<BTreeMap<&'a str, BTreeMap<String, String>>, LabelError> {
    let mut columns = Vec::new();
    for (level, key) in keys.iter() {
        let place = hierarchy.levels().iter().position(|other| *other == level);
        columns.push((
            place.ok_or_else(|| LabelError::NoLevel(level, key.to_owned()))?,
            key,
        ));
    }
    let mut all = BTreeMap::new();
    for node in hierarchy.nodes() {
        let mut of_node = BTreeMap::new();
        for (place, key) in &columns {
            let domain = &node.domains[*place];
            let value = shortened(domain);
            if !is_value(&value) || value.is_empty() {
                return Err(LabelError::Value {
                    node: node.name.clone(),
                    key: (*key).to_owned(),
                    domain: domain.clone(),
                });
            }
            of_node.insert((*key).to_owned(), value);
        }
        all.insert(&*node.name, of_node);
    }
    Ok(all)
}

/// A value as it is, or where it is too long a hash of it, as topograph makes it, so that both write the same
/// (NVIDIA/topograph e2b6250, `pkg/engines/k8s/labeler.go`, `checkLabel`: `x` and the FNV-1a of 64 bits).
fn shortened(value: &str) -> String {
    if value.len() <= MAX_VALUE {
        return value.to_owned();
    }
    let hash = value.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("x{hash:x}")
}

/// Kubernetes' qualified name: a prefix of 253 characters, a name of 63 (`apimachinery/pkg/util/validation`,
/// `IsQualifiedName`).
pub(super) fn is_key(key: &str) -> bool {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    prefix.is_none_or(is_dns_name) && !name.is_empty() && is_value(name)
}

/// `IsValidLabelValue` of the same place; a value may be empty.
pub(super) fn is_value(value: &str) -> bool {
    let bytes = value.as_bytes();
    let ends = [bytes.first(), bytes.last()];
    value.len() <= MAX_VALUE
        && ends.into_iter().flatten().all(u8::is_ascii_alphanumeric)
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

/// `IsDNS1123Subdomain` of the same place.
pub(super) fn is_dns_name(name: &str) -> bool {
    let label = |label: &str| {
        let bytes = label.as_bytes();
        let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        !bytes.is_empty()
            && [bytes.first(), bytes.last()].into_iter().flatten().all(plain)
            && bytes.iter().all(|byte| plain(byte) || *byte == b'-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value of topograph's own test (`pkg/translate/output.go`, `pkg/engines/k8s/labeler_test.go`).
    #[test]
    fn long_values_are_hashed_as_topograph_does() {
        let long = "S3very-very-long-id-to-check-label-value-limits-of-63-characters";
        assert_eq!(long.len(), MAX_VALUE + 1);
        assert_eq!(shortened(long), "xf946c4acef2d5939");
        assert_eq!(shortened(&long[1..]), long[1..]);
    }

    #[test]
    fn keys_and_values_are_those_of_kubernetes() {
        let long = "a".repeat(64);
        for key in [
            "a",
            "a.b/c",
            "topology.rackwright.dev/unit",
            "A_b.c-9",
            &"a".repeat(63),
        ] {
            assert!(is_key(key), "{key}");
        }
        for key in [
            "", "/a", "a/", "A.b/c", "a/b/c", "-a", "a b", "ä", &long, "a..b/c", "a/\n",
        ] {
            assert!(!is_key(key), "{key:?}");
        }
        for value in ["", "a", "A.b_c-9"] {
            assert!(is_value(value), "{value}");
        }
        for value in ["-", "a-", " a", "a/b", "ü", &long] {
            assert!(!is_value(value), "{value:?}");
        }
    }
}
