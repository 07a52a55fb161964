//! Kueue's Topology and ResourceFlavor, for topology-aware scheduling.
//!
//! Limits are those of kubernetes-sigs/kueue ff69552, `apis/kueue/{v1beta1,v1beta2}/topology_types.go` and
//! `resourceflavor_types.go`; both versions have the same fields, and v1beta1 is deprecated there. Kueue leaves a node out
//! that lacks the label of one level.

use std::collections::BTreeMap;

use serde::Serialize;

use super::labels::{HOSTNAME, Keys, is_dns_name, is_key, is_value};

/// `TopologySpec.levels`: MaxItems.
const MAX_LEVELS: usize = 16;
/// `ResourceFlavorSpec.nodeLabels`: MaxProperties.
const MAX_NODE_LABELS: usize = 8;

/// A served version of Kueue's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// Deprecated.
    V1Beta1,
    /// The storage version.
    V1Beta2,
}

/// A Topology. Its levels cannot be changed later, unless the host name is the last of them before and after (v1beta2), or
/// not at all (v1beta1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Topology {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata,
    spec: TopologySpec,
}

/// A ResourceFlavor: the nodes that have its labels. Its topology cannot be changed later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceFlavor {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata,
    spec: ResourceFlavorSpec,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Metadata {
    name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct TopologySpec {
    levels: Vec<TopologyLevel>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct TopologyLevel {
    node_label: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceFlavorSpec {
    node_labels: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    topology_name: Option<String>,
}

/// What Kueue refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KueueError {
    /// An object's name.
    #[error(
        "{0:?} cannot be the name of an object: a DNS name of lower-case letters, digits, \"-\" and \".\""
    )]
    Name(String),
    /// No level.
    #[error("a Topology has one level at least")]
    NoLevel,
    /// Too many levels.
    #[error("a Topology has {MAX_LEVELS} levels at most, not {0}")]
    TooManyLevels(usize),
    /// A flavour with a topology, and no label: Kueue would not know whose nodes to look at.
    #[error("a ResourceFlavor with a topology has one node label at least")]
    NoLabel,
    /// Too many labels.
    #[error("a ResourceFlavor has {MAX_NODE_LABELS} node labels at most, not {0}")]
    TooManyLabels(usize),
    /// A label that Kubernetes refuses.
    #[error("{0:?}: {1:?} cannot be the label of a node")]
    Label(String, String),
}

impl Version {
    fn name(self) -> &'static str {
        match self {
            Self::V1Beta1 => "kueue.x-k8s.io/v1beta1",
            Self::V1Beta2 => "kueue.x-k8s.io/v1beta2",
        }
    }
}

impl Topology {
    /// The Topology of the levels that have a key, and, where `hosts` says so, of single hosts below them.
    ///
    /// # Errors
    /// Where Kueue would refuse it.
    pub fn new(version: Version, name: &str, keys: &Keys, hosts: bool) -> Result<Self, KueueError> {
        let of_keys = keys.iter().map(|(_, key)| key);
        // Only the lowest level may be the host name; `Keys` hold it nowhere, nor one key twice.
        let levels: Vec<TopologyLevel> = of_keys
            .chain(hosts.then_some(HOSTNAME))
            .map(|key| TopologyLevel {
                node_label: key.to_owned(),
            })
            .collect();
        match levels.len() {
            0 => return Err(KueueError::NoLevel),
            1..=MAX_LEVELS => {}
            many => return Err(KueueError::TooManyLevels(many)),
        }
        Ok(Self {
            api_version: version.name(),
            kind: "Topology",
            metadata: Metadata::new(name)?,
            spec: TopologySpec { levels },
        })
    }
}

impl ResourceFlavor {
    /// The flavour of the nodes that have these labels.
    ///
    /// # Errors
    /// Where Kueue would refuse it.
    pub fn new(
        version: Version,
        name: &str,
        topology: Option<&Topology>,
        node_labels: BTreeMap<String, String>,
    ) -> Result<Self, KueueError> {
        if topology.is_some() && node_labels.is_empty() {
            return Err(KueueError::NoLabel);
        }
        if node_labels.len() > MAX_NODE_LABELS {
            return Err(KueueError::TooManyLabels(node_labels.len()));
        }
        if let Some((key, value)) = node_labels
            .iter()
            .find(|(key, value)| !is_key(key) || !is_value(value))
        {
            return Err(KueueError::Label(key.clone(), value.clone()));
        }
        Ok(Self {
            api_version: version.name(),
            kind: "ResourceFlavor",
            metadata: Metadata::new(name)?,
            spec: ResourceFlavorSpec {
                node_labels,
                topology_name: topology.map(|topology| topology.metadata.name.clone()),
            },
        })
    }
}

impl Metadata {
    fn new(name: &str) -> Result<Self, KueueError> {
        if !is_dns_name(name) {
            return Err(KueueError::Name(name.to_owned()));
        }
        Ok(Self {
            name: name.to_owned(),
        })
    }
}
