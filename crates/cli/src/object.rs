//! The kinds of the group, as the command line meets them.

use rackwright_api::labels::{GROUP, VERSION};
use rackwright_planner::Kind;

/// A kind of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKind {
    /// What a plan is compiled from.
    Input(Kind),
    /// A result: a shared profile.
    NodeProfile,
    /// A result: one node.
    NodeConfig,
}

impl ObjectKind {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::Input(Kind::Supercluster),
        Self::Input(Kind::GPUPool),
        Self::Input(Kind::InfiniBandFabric),
        Self::Input(Kind::StorageTier),
        Self::Input(Kind::NodeInventory),
        Self::NodeProfile,
        Self::NodeConfig,
    ];

    /// The kind as manifests spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Input(kind) => kind.as_str(),
            Self::NodeProfile => "NodeProfile",
            Self::NodeConfig => "NodeConfig",
        }
    }

    /// The names of all kinds.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().map(Self::as_str)
    }
}

/// Whose an object is, by its `apiVersion` and `kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// Ours.
    Ours(ObjectKind),
    /// Of our group, and no version or kind of it.
    Unknown,
    /// Of another group.
    Foreign,
}

/// Says whose an object is.
pub fn owner(api_version: &str, kind: &str) -> Owner {
    match api_version.split_once('/') {
        Some((group, version)) if group == GROUP => {
            let known = ObjectKind::ALL.into_iter().find(|ours| ours.as_str() == kind);
            match known {
                Some(known) if version == VERSION => Owner::Ours(known),
                _ => Owner::Unknown,
            }
        }
        None if api_version == GROUP => Owner::Unknown,
        _ => Owner::Foreign,
    }
}
