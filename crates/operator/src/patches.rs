//! The bodies of our patches: JSON merge patches that touch what is ours and name the version they are for.

use rackwright_api::{IntentStatus, NodeConfigSpec, labels};
use serde_json::{Value, json};

/// What the operator owns of a NodeConfig; the grant is not among it.
pub(crate) fn update(version: u64, pool: &str, spec: &NodeConfigSpec) -> Result<Value, serde_json::Error> {
    let mut facts = serde_json::to_value(&spec.facts)?;
    // A merge patch removes only what it names.
    clear_absent(&mut facts, &["rack", "rails", "wipeConsents"]);
    let quarantined = (!spec.quarantined.is_empty()).then_some(&spec.quarantined);
    Ok(json!({
        "metadata": {"resourceVersion": version.to_string(), "labels": {labels::POOL: pool}},
        "spec": {
            "facts": facts,
            "hash": spec.hash,
            "management": spec.management,
            "profile": spec.profile,
            "quarantined": quarantined,
        },
    }))
}

/// Stops managing a node and leaves all else as it is.
pub(crate) fn detach(version: u64) -> Value {
    json!({
        "metadata": {"resourceVersion": version.to_string()},
        "spec": {"management": rackwright_api::Management::Detached},
    })
}

/// Replaces the finalizers.
pub(crate) fn finalizers(version: u64, finalizers: &[String]) -> Value {
    json!({"metadata": {"resourceVersion": version.to_string(), "finalizers": finalizers}})
}

/// Replaces the status.
pub(crate) fn status(version: u64, status: &IntentStatus) -> Result<Value, serde_json::Error> {
    let mut status = serde_json::to_value(status)?;
    clear_absent(&mut status, &["conditions", "findings", "profile"]);
    Ok(json!({"metadata": {"resourceVersion": version.to_string()}, "status": status}))
}

fn clear_absent(object: &mut Value, fields: &[&str]) {
    if let Value::Object(map) = object {
        for field in fields {
            map.entry(*field).or_insert(Value::Null);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rackwright_api::{Facts, Grant, Hash, Ipv4Address, Management, Name};

    fn spec() -> NodeConfigSpec {
        let hash = Hash::new("0".repeat(32)).unwrap();
        NodeConfigSpec {
            facts: Facts {
                imex_peers: None,
                rack: Some(Name::new("a1").unwrap()),
                rails: Vec::new(),
                wipe_consents: Vec::new(),
            },
            grant: Some(Grant {
                hash: hash.clone(),
                wave: 1,
            }),
            hash,
            management: Management::Managed,
            profile: "p-0".to_owned(),
            quarantined: vec![Ipv4Address::new("10.64.0.1").unwrap()],
        }
    }

    #[test]
    fn an_update_never_names_the_grant_and_removes_what_is_not_there() {
        let spec = NodeConfigSpec {
            quarantined: Vec::new(),
            ..spec()
        };
        let patch = update(7, "p", &spec).unwrap();
        assert_eq!(
            patch,
            json!({
                "metadata": {"resourceVersion": "7", "labels": {"rackwright.dev/pool": "p"}},
                "spec": {"facts": {"rack": "a1", "rails": null, "wipeConsents": null}, "hash": "0".repeat(32), "management": "Managed", "profile": "p-0", "quarantined": null},
            })
        );
    }

    /// A new field of the API must get into the patch, or updates would lose it.
    #[test]
    fn an_update_covers_every_field_but_the_grant() {
        let mut whole = serde_json::to_value(spec()).unwrap();
        whole.as_object_mut().unwrap().remove("grant").unwrap();
        let patch = update(7, "p", &spec()).unwrap();
        let fields = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(fields(&patch["spec"]), fields(&whole));
    }

    #[test]
    fn detaching_names_nothing_but_the_management() {
        assert_eq!(
            detach(7),
            json!({"metadata": {"resourceVersion": "7"}, "spec": {"management": "Detached"}})
        );
    }
}
