//! The schemas of our kinds, each compiled when the first object of it is judged: most runs meet a few of the kinds, and
//! making and compiling all of them takes longer than reading a small site.

use std::sync::OnceLock;

use rackwright_api::crds;
use rackwright_api::labels::API_VERSION;
use rackwright_manifest::schema::{Schema, SchemaError, Schemas};

use crate::object::ObjectKind;

/// The schemas of our kinds, and those of others that were given.
#[derive(Debug, Default)]
pub struct OwnSchemas {
    compiled: [OnceLock<Result<Schemas, SchemaError>>; ObjectKind::ALL.len()],
    third_party: Vec<Schemas>,
}

impl OwnSchemas {
    /// The schema of a kind; none where it is at fault, which [`Self::error`] then tells.
    pub fn get(&self, kind: ObjectKind) -> Option<&Schema> {
        let at = ObjectKind::ALL.iter().position(|known| *known == kind)?;
        let compiled =
            self.compiled[at].get_or_init(|| Schemas::from_known_crd(&crds::generated(kind.as_str())));
        compiled.as_ref().ok()?.get(API_VERSION, kind.as_str())
    }

    /// The same, and those of others.
    pub fn with(third_party: Vec<Schemas>) -> Self {
        Self {
            third_party,
            ..Self::default()
        }
    }

    /// The schema of a kind of another group, where it was given.
    pub fn third_party(&self, api_version: &str, kind: &str) -> Option<&Schema> {
        let mut given = self.third_party.iter();
        given.find_map(|schemas| schemas.get(api_version, kind))
    }

    /// The versions in which a kind of another group is served, where a definition of it was given.
    pub fn served(&self, api_version: &str, kind: &str) -> Option<Vec<&str>> {
        let (group, _) = api_version.split_once('/')?;
        self.third_party
            .iter()
            .find_map(|schemas| schemas.served(group, kind))
    }

    /// Why a schema that was asked for could not be compiled.
    pub fn error(&self) -> Option<&SchemaError> {
        let mut compiled = self.compiled.iter().filter_map(OnceLock::get);
        compiled.find_map(|schemas| schemas.as_ref().err())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_schema() {
        let schemas = OwnSchemas::default();
        for kind in ObjectKind::ALL {
            assert_eq!(schemas.get(kind).map(Schema::kind), Some(kind.as_str()));
            // What is compiled late must not fail then.
            assert!(Schemas::from_crds([crds::generated(kind.as_str())]).is_ok());
        }
        assert_eq!(schemas.error(), None);
    }
}
