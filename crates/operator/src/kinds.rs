//! The seven kinds that the operator watches.

use kube::core::{ApiResource, Resource};
use rackwright_api::{
    GPUPool, InfiniBandFabric, NodeConfig, NodeInventory, NodeProfile, StorageTier, Supercluster,
};
use rackwright_planner::Kind;

/// A kind of our API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Watched {
    Supercluster,
    GPUPool,
    InfiniBandFabric,
    StorageTier,
    NodeProfile,
    NodeConfig,
    NodeInventory,
}

impl Watched {
    pub(crate) const ALL: [Self; 7] = [
        Self::Supercluster,
        Self::GPUPool,
        Self::InfiniBandFabric,
        Self::StorageTier,
        Self::NodeProfile,
        Self::NodeConfig,
        Self::NodeInventory,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Supercluster => "Supercluster",
            Self::GPUPool => "GPUPool",
            Self::InfiniBandFabric => "InfiniBandFabric",
            Self::StorageTier => "StorageTier",
            Self::NodeProfile => "NodeProfile",
            Self::NodeConfig => "NodeConfig",
            Self::NodeInventory => "NodeInventory",
        }
    }

    pub(crate) fn api_resource(self) -> ApiResource {
        match self {
            Self::Supercluster => ApiResource::erase::<Supercluster>(&()),
            Self::GPUPool => ApiResource::erase::<GPUPool>(&()),
            Self::InfiniBandFabric => ApiResource::erase::<InfiniBandFabric>(&()),
            Self::StorageTier => ApiResource::erase::<StorageTier>(&()),
            Self::NodeProfile => ApiResource::erase::<NodeProfile>(&()),
            Self::NodeConfig => ApiResource::erase::<NodeConfig>(&()),
            Self::NodeInventory => ApiResource::erase::<NodeInventory>(&()),
        }
    }

    /// The name of the kind's CRD.
    pub(crate) fn crd(self) -> String {
        let resource = self.api_resource();
        format!("{}.{}", resource.plural, resource.group)
    }
}

/// Kinds that people write.
pub(crate) const INTENTS: [Kind; 4] = [
    Kind::Supercluster,
    Kind::GPUPool,
    Kind::InfiniBandFabric,
    Kind::StorageTier,
];

/// The watched kind of an object that a finding can be about.
pub(crate) const fn watched(kind: Kind) -> Watched {
    match kind {
        Kind::Supercluster => Watched::Supercluster,
        Kind::GPUPool => Watched::GPUPool,
        Kind::InfiniBandFabric => Watched::InfiniBandFabric,
        Kind::StorageTier => Watched::StorageTier,
        Kind::NodeInventory => Watched::NodeInventory,
    }
}

/// The API version of every kind of ours.
pub(crate) fn api_version() -> String {
    Supercluster::api_version(&()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_api() {
        for kind in Watched::ALL {
            assert_eq!(kind.api_resource().kind, kind.as_str());
        }
        assert_eq!(Watched::GPUPool.crd(), "gpupools.rackwright.dev");
        for kind in INTENTS {
            assert_eq!(watched(kind).as_str(), kind.as_str());
        }
    }
}
