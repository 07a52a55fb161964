//! Names that we put on objects: labels, finalizers, field managers.

/// The API group of every kind.
pub const GROUP: &str = "rackwright.dev";
/// The version that is served and stored.
pub const VERSION: &str = "v1alpha1";
/// `group/version` of all kinds.
pub const API_VERSION: &str = "rackwright.dev/v1alpha1";
/// Label of NodeConfig and NodeProfile: the pool that they were compiled for.
pub const POOL: &str = "rackwright.dev/pool";
/// Finalizer on intents. On a pool it makes deletion an explicit order to detach; on the other intents it holds
/// the object while a pool refers to it.
pub const FINALIZER: &str = "rackwright.dev/in-use";
/// Field manager of what the operator compiles.
pub const MANAGER: &str = "rackwright-operator";
/// Annotation of each CRD: the number of the API's revision, so that an operator can refuse to act on older CRDs.
pub const API_REVISION_ANNOTATION: &str = "rackwright.dev/api-revision";
/// Annotation of intents: warnings that their author knows, one a line as `CODE: reason`.
pub const IGNORE_ANNOTATION: &str = "rackwright.dev/ignore";
/// Raised with every change of a CRD that the operator relies on.
pub const API_REVISION: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_of_the_group() {
        assert_eq!(API_VERSION, format!("{GROUP}/{VERSION}"));
    }
}
