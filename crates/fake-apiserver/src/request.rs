//! What a request asks for: its path, its query, and what observers see of it.

use std::collections::BTreeMap;
use std::fmt;

use http::Method;

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// One object.
    Get,
    /// Many objects.
    List,
    /// Changes, as they come.
    Watch,
    /// POST of a new object.
    Create,
    /// PUT of a whole object.
    Update,
    /// A JSON, merge or strategic merge patch.
    Patch,
    /// A server-side apply.
    Apply,
    /// One object goes.
    Delete,
    /// Many objects go.
    DeleteCollection,
    /// Discovery, version and health.
    Discover,
}

impl Verb {
    /// Whether the request may change an object (with `dryRun` it does not).
    pub fn is_mutating(self) -> bool {
        !matches!(self, Self::Get | Self::List | Self::Watch | Self::Discover)
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Watch => "watch",
            Self::Create => "create",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Apply => "apply",
            Self::Delete => "delete",
            Self::DeleteCollection => "deletecollection",
            Self::Discover => "discover",
        })
    }
}

/// A request, as the log and the fault hook see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestInfo {
    /// Number of the request since the server started, from 0.
    pub index: u64,
    /// What it does.
    pub verb: Verb,
    /// API group, empty for the core group.
    pub group: String,
    /// API version.
    pub version: String,
    /// Plural name of the resource, empty for discovery.
    pub resource: String,
    /// Subresource such as `status`, or empty.
    pub subresource: String,
    /// Namespace, or empty.
    pub namespace: String,
    /// Name in the path; empty for a collection and for a create.
    pub name: String,
    /// The query string, undecoded.
    pub query: String,
    /// The `User-Agent` header.
    pub user_agent: String,
}

impl RequestInfo {
    /// Whether the request can change something: a mutating verb without `dryRun`.
    pub fn is_mutating(&self) -> bool {
        self.verb.is_mutating() && !self.query.contains("dryRun=")
    }
}

/// Query parameters; the last of equal names counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(BTreeMap<String, String>);

impl Query {
    pub(crate) fn parse(query: &str) -> Self {
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// A parameter, empty if absent.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        matches!(self.text(name), "true" | "1")
    }

    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name).and_then(|value| value.parse().ok())
    }
}

/// A path of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Path {
    /// `/version`
    Version,
    /// `/healthz`, `/livez`, `/readyz`
    Health,
    /// `/api`
    Core,
    /// `/apis`
    Groups,
    /// `/apis/G`
    Group(String),
    /// `/api/v1`, `/apis/G/V`
    Resources { group: String, version: String },
    /// Objects.
    Objects(ObjectPath),
    /// Not one of the API's.
    Unknown,
}

/// A path to a collection, an object or a subresource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ObjectPath {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) resource: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) subresource: String,
}

impl Path {
    pub(crate) fn parse(path: &str) -> Self {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let (group, version, rest) = match parts.as_slice() {
            ["version"] => return Self::Version,
            ["healthz" | "livez" | "readyz"] => return Self::Health,
            ["api"] => return Self::Core,
            ["apis"] => return Self::Groups,
            ["apis", group] => return Self::Group((*group).to_owned()),
            ["api", version, rest @ ..] => ("", *version, rest),
            ["apis", group, version, rest @ ..] => (*group, *version, rest),
            _ => return Self::Unknown,
        };
        let mut out = ObjectPath {
            group: group.to_owned(),
            version: version.to_owned(),
            ..Default::default()
        };
        let (namespace, tail) = match rest {
            [] => {
                return Self::Resources {
                    group: out.group,
                    version: out.version,
                };
            }
            // `status` and `finalize` are the subresources of a namespace; anything else there is a collection in it.
            ["namespaces", _, "status" | "finalize"] => ("", rest),
            ["namespaces", namespace, tail @ ..] if !tail.is_empty() => (*namespace, tail),
            _ => ("", rest),
        };
        namespace.clone_into(&mut out.namespace);
        match tail {
            [resource] => (*resource).clone_into(&mut out.resource),
            [resource, name] => {
                (*resource).clone_into(&mut out.resource);
                (*name).clone_into(&mut out.name);
            }
            [resource, name, subresource] => {
                (*resource).clone_into(&mut out.resource);
                (*name).clone_into(&mut out.name);
                (*subresource).clone_into(&mut out.subresource);
            }
            _ => return Self::Unknown,
        }
        Self::Objects(out)
    }
}

/// The verb of a request to objects; none if the method does not fit the path.
pub(crate) fn verb(method: &Method, path: &ObjectPath, query: &Query, content_type: &str) -> Option<Verb> {
    let named = !path.name.is_empty();
    Some(match (method, named) {
        (&Method::GET, _) if query.flag("watch") => Verb::Watch,
        (&Method::GET, true) => Verb::Get,
        (&Method::GET, false) => Verb::List,
        (&Method::POST, false) => Verb::Create,
        (&Method::PUT, true) => Verb::Update,
        (&Method::PATCH, true) if content_type.starts_with("application/apply-patch") => Verb::Apply,
        (&Method::PATCH, true) => Verb::Patch,
        (&Method::DELETE, true) => Verb::Delete,
        (&Method::DELETE, false) => Verb::DeleteCollection,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(path: &str) -> ObjectPath {
        match Path::parse(path) {
            Path::Objects(path) => path,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn paths_name_resource_namespace_and_subresource() {
        let path = objects("/apis/g.io/v1/namespaces/ns/things/a/status");
        assert_eq!(
            (path.group.as_str(), path.version.as_str(), path.resource.as_str()),
            ("g.io", "v1", "things")
        );
        assert_eq!(
            (
                path.namespace.as_str(),
                path.name.as_str(),
                path.subresource.as_str()
            ),
            ("ns", "a", "status")
        );
        let path = objects("/api/v1/namespaces/ns");
        assert_eq!(
            (
                path.resource.as_str(),
                path.name.as_str(),
                path.namespace.as_str()
            ),
            ("namespaces", "ns", "")
        );
        let path = objects("/api/v1/namespaces/ns/status");
        assert_eq!(
            (path.resource.as_str(), path.subresource.as_str()),
            ("namespaces", "status")
        );
        let path = objects("/api/v1/namespaces/ns/secrets");
        assert_eq!(
            (path.resource.as_str(), path.namespace.as_str()),
            ("secrets", "ns")
        );
        assert_eq!(Path::parse("/metrics"), Path::Unknown);
    }
}
