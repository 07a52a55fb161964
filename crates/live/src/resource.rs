//! What can be listed.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use k8s_openapi::api::core::v1::Node;
use kube::Resource as _;
use rackwright_api as api;

/// A kind of objects, all of which can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// Our sites.
    Supercluster,
    /// Our pools.
    GPUPool,
    /// Our fabrics.
    InfiniBandFabric,
    /// Our tiers.
    StorageTier,
    /// What agents found.
    NodeInventory,
    /// What is shared by nodes, as it is written.
    NodeProfile,
    /// What a node becomes, as it is written, and what its agent says of it.
    NodeConfig,
    /// Kubernetes' own Nodes.
    Node,
}

/// An expression about the type that a resource has in the API.
macro_rules! of {
    ($resource:expr, $type:ident => $value:expr) => {
        match $resource {
            Resource::Supercluster => of!(api::Supercluster, $type, $value),
            Resource::GPUPool => of!(api::GPUPool, $type, $value),
            Resource::InfiniBandFabric => of!(api::InfiniBandFabric, $type, $value),
            Resource::StorageTier => of!(api::StorageTier, $type, $value),
            Resource::NodeInventory => of!(api::NodeInventory, $type, $value),
            Resource::NodeProfile => of!(api::NodeProfile, $type, $value),
            Resource::NodeConfig => of!(api::NodeConfig, $type, $value),
            Resource::Node => of!(Node, $type, $value),
        }
    };
    ($known:ty, $type:ident, $value:expr) => {{
        type $type = $known;
        $value
    }};
}

impl Resource {
    /// The kind, as manifests spell it.
    pub fn kind(self) -> Cow<'static, str> {
        of!(self, Type => Type::kind(&()))
    }

    /// The kind's `apiVersion`.
    pub fn api_version(self) -> Cow<'static, str> {
        of!(self, Type => Type::api_version(&()))
    }

    /// Where the API server serves it.
    fn path(self) -> String {
        of!(self, Type => Type::url_path(&(), None))
    }

    /// The path of one page: at most so many objects, from where the page before ended.
    pub(crate) fn page(self, limit: Option<u32>, token: Option<&str>) -> String {
        let mut path = self.path();
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Some(limit) = limit {
            query.append_pair("limit", &limit.to_string());
        }
        if let Some(token) = token {
            query.append_pair("continue", token);
        }
        let query = query.finish();
        if !query.is_empty() {
            path.push('?');
            path.push_str(&query);
        }
        path
    }
}

impl fmt::Display for Resource {
    /// As roles and kubectl name it: `gpupools.rackwright.dev`, and of Kubernetes' own `nodes`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, version) = (self.path(), self.api_version());
        f.write_str(path.rsplit('/').next().unwrap_or_default())?;
        match version.split_once('/') {
            Some((group, _)) => {
                f.write_char('.')?;
                f.write_str(group)
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_names_are_those_of_the_server() {
        let page = Resource::GPUPool.page(Some(500), Some("a b=&"));
        assert_eq!(
            page,
            "/apis/rackwright.dev/v1alpha1/gpupools?limit=500&continue=a+b%3D%26"
        );
        assert_eq!(Resource::Node.page(None, None), "/api/v1/nodes");
        assert_eq!(
            Resource::InfiniBandFabric.to_string(),
            "infinibandfabrics.rackwright.dev"
        );
        assert_eq!(Resource::Node.to_string(), "nodes");
        assert_eq!(Resource::NodeConfig.kind(), "NodeConfig");
        assert_eq!(Resource::NodeConfig.api_version(), "rackwright.dev/v1alpha1");
    }
}
