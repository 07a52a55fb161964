//! Server-side apply, and the tracking of plain writes.

use std::sync::Arc;

use serde_json::Value;

use super::compare::{Comparison, compare, fields_of};
use super::managers::{Managers, Who};
use super::merge::{emptied, merge, without};
use super::set::Set;
use super::types::Type;

/// Fields of `metadata` that the server owns; no manager does.
const SERVER_METADATA: [&str; 9] = [
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "clusterName",
    "generation",
    "managedFields",
    "resourceVersion",
];

/// Which part of an object a write may own.
fn restrict(set: &mut Set, who: &Who, has_status: bool) {
    set.forget(&["apiVersion"]);
    set.forget(&["kind"]);
    set.forget_member("metadata");
    for name in SERVER_METADATA {
        set.forget(&["metadata", name]);
    }
    if who.subresource == "status" {
        set.keep_only("status");
    } else if has_status {
        set.forget(&["status"]);
    }
}

/// Another manager owns a field that the configuration would change.
#[derive(Debug)]
pub(crate) struct Conflict {
    pub(crate) who: Who,
    pub(crate) path: String,
}

/// Why a configuration was not applied.
#[derive(Debug)]
pub(crate) enum ApplyError {
    /// Fields that the schema does not declare.
    Undeclared(Vec<String>),
    /// Fields that others own, in the order of the server's message.
    Conflicts(Vec<Conflict>),
}

/// The outcome of an apply.
#[derive(Debug)]
pub(crate) struct Applied {
    /// The merged object, with the new `managedFields` not yet written into it.
    pub(crate) object: Value,
    /// Who owns what now.
    pub(crate) managers: Managers,
    /// Maps and lists that lost their last item to this apply though it still names them: path and type.
    pub(crate) emptied: Vec<(String, &'static str)>,
}

/// Applies `config` to `live` on behalf of `who`.
pub(crate) fn apply(
    kind: &Arc<Type>,
    live: &Value,
    config: &Value,
    who: &Who,
    force: bool,
    has_status: bool,
    now: &str,
) -> Result<Applied, ApplyError> {
    let mut before = Managers::of(live);
    if before.0.is_empty() {
        // Nobody is known to own what is there: it gets an owner of its own.
        let first = Who {
            operation: "Update",
            manager: "before-first-apply".to_owned(),
            api_version: who.api_version.clone(),
            subresource: String::new(),
        };
        before = track_update(kind, None, live, &first, has_status, now);
    }
    let last = before.get(who).cloned().unwrap_or_default();
    let mut fields = fields_of(kind, config).map_err(ApplyError::Undeclared)?;
    restrict(&mut fields, who, has_status);

    let mut managers = before.clone();
    managers.put(who, fields, now);
    let merged = merge(kind, live, &only_ownable(config, who, has_status));
    let object = prune(kind, merged, &managers, &last);

    let mut difference = compare(kind, Some(live), Some(&object));
    difference.each(|set| restrict(set, who, has_status));
    disown(&mut managers, who, &difference, force)?;
    if difference.is_same() {
        managers.keep_time(who, &before);
    }
    let mut hollow = Vec::new();
    emptied(kind, &object, "", &mut hollow);
    hollow.retain(|(path, _)| !path.starts_with("metadata"));
    Ok(Applied {
        object,
        managers,
        emptied: hollow,
    })
}

/// The part of a configuration that this endpoint writes.
fn only_ownable(config: &Value, who: &Who, has_status: bool) -> Value {
    let mut out = config.clone();
    if let Some(map) = out.as_object_mut() {
        if who.subresource == "status" {
            map.retain(|name, _| name == "status");
        } else if has_status {
            map.remove("status");
        }
    }
    if let Some(metadata) = out.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|name, _| !SERVER_METADATA.contains(&name.as_str()));
    }
    out
}

/// Takes out what the manager applied last time, does not apply now, and nobody else owns.
fn prune(kind: &Arc<Type>, merged: Value, managers: &Managers, last: &Set) -> Value {
    if last.is_empty() {
        return merged;
    }
    let last = last.with_parents();
    let Ok(all) = fields_of(kind, &merged) else {
        return merged;
    };
    let all = all.with_parents();
    let stripped = without(kind, &merged, &last);
    let Ok(kept) = fields_of(kind, &stripped) else {
        return merged;
    };
    let mut gone = all.difference(&kept.with_parents());
    for entry in &managers.0 {
        gone = gone.difference(&entry.fields.with_parents());
    }
    // The name is always applied, so that the metadata around it is never without an owner.
    gone.forget_member("metadata");
    without(kind, &merged, &gone.intersection(&last))
}

/// Takes changed fields from the other managers, or reports them as conflicts.
fn disown(
    managers: &mut Managers,
    who: &Who,
    difference: &Comparison,
    force: bool,
) -> Result<(), ApplyError> {
    let changed = difference.modified.union(&difference.added);
    let mut conflicts = Vec::new();
    for entry in &mut managers.0 {
        if entry.who == *who {
            continue;
        }
        let taken = entry.fields.intersection(&changed);
        if !taken.is_empty() && !force {
            conflicts.extend(taken.paths().into_iter().map(|path| Conflict {
                who: entry.who.clone(),
                path,
            }));
        }
        entry.fields = entry.fields.difference(&taken).difference(&difference.removed);
    }
    if !conflicts.is_empty() {
        return Err(ApplyError::Conflicts(conflicts));
    }
    managers.0.retain(|entry| !entry.fields.is_empty());
    Ok(())
}

/// The managers after a plain write (create, update, patch) by `who`.
pub(crate) fn track_update(
    kind: &Arc<Type>,
    old: Option<&Value>,
    new: &Value,
    who: &Who,
    has_status: bool,
    now: &str,
) -> Managers {
    let mut managers = old.map(Managers::of).unwrap_or_default();
    if old.is_some() && managers.0.is_empty() {
        // The server starts to track an object when it is created or applied, not between.
        return managers;
    }
    let nothing = Value::Object(serde_json::Map::new());
    let mut difference = compare(kind, Some(old.unwrap_or(&nothing)), Some(new));
    difference.each(|set| restrict(set, who, has_status));
    if difference.is_same() {
        return managers;
    }
    // A plain write always takes what it changes.
    let _ = disown(&mut managers, who, &difference, true);
    let mine = managers.get(who).cloned().unwrap_or_default();
    let mine = mine
        .difference(&difference.removed)
        .union(&difference.modified)
        .union(&difference.added);
    managers.put(who, mine, now);
    managers
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kind() -> Arc<Type> {
        Arc::new(Type::of_object(&json!({
            "type": "object",
            "properties": {
                "spec": { "type": "object", "properties": {
                    "size": { "type": "integer" },
                    "plain": { "type": "array", "items": { "type": "string" } },
                    "tags": { "type": "array", "x-kubernetes-list-type": "set", "items": { "type": "string" } },
                    "ports": {
                        "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
                        "items": { "type": "object", "properties": { "name": { "type": "string" }, "port": { "type": "integer" } } }
                    }
                } },
                "status": { "type": "object", "properties": { "phase": { "type": "string" } } }
            }
        })))
    }

    fn who(name: &str) -> Who {
        Who {
            operation: "Apply",
            manager: name.to_owned(),
            api_version: "g/v1".to_owned(),
            subresource: String::new(),
        }
    }

    fn run(live: &Value, config: &Value, name: &str, force: bool) -> Result<Value, ApplyError> {
        let applied = apply(&kind(), live, config, &who(name), force, true, "t")?;
        let mut object = applied.object;
        applied.managers.write(&mut object);
        Ok(object)
    }

    #[test]
    fn two_appliers_share_a_list_map_and_each_removes_only_its_own_item() {
        let live = json!({ "metadata": { "name": "a" } });
        let one = run(
            &live,
            &json!({ "spec": { "ports": [{ "name": "x", "port": 1 }] } }),
            "one",
            false,
        )
        .unwrap();
        let two = run(
            &one,
            &json!({ "spec": { "ports": [{ "name": "y", "port": 2 }] } }),
            "two",
            false,
        )
        .unwrap();
        assert_eq!(two["spec"]["ports"].as_array().unwrap().len(), 2);
        let gone = run(&two, &json!({ "spec": { "size": 1 } }), "one", false).unwrap();
        assert_eq!(
            gone["spec"],
            json!({ "size": 1, "ports": [{ "name": "y", "port": 2 }] })
        );
    }

    #[test]
    fn a_shared_value_stays_until_its_last_owner_lets_go() {
        let live = json!({ "metadata": { "name": "a" } });
        let one = run(
            &live,
            &json!({ "spec": { "size": 1, "tags": ["p"] } }),
            "one",
            false,
        )
        .unwrap();
        let two = run(&one, &json!({ "spec": { "size": 1 } }), "two", false).unwrap();
        let one_left = run(&two, &json!({ "spec": { "tags": ["p"] } }), "one", false).unwrap();
        assert_eq!(one_left["spec"]["size"], json!(1));
        let none_left = run(&one_left, &json!({}), "two", false).unwrap();
        assert_eq!(none_left["spec"], json!({ "tags": ["p"] }));
    }

    #[test]
    fn a_foreign_field_conflicts_unless_forced() {
        let live = json!({ "metadata": { "name": "a" } });
        let one = run(
            &live,
            &json!({ "spec": { "size": 1, "plain": ["a"] } }),
            "one",
            false,
        )
        .unwrap();
        let config = json!({ "spec": { "size": 2, "plain": ["b"] } });
        let Err(ApplyError::Conflicts(conflicts)) = run(&one, &config, "two", false) else {
            panic!("no conflict")
        };
        let paths: Vec<&str> = conflicts.iter().map(|conflict| conflict.path.as_str()).collect();
        assert_eq!(paths, [".spec.plain", ".spec.size"]);
        let forced = run(&one, &config, "two", true).unwrap();
        assert_eq!(forced["spec"], config["spec"]);
        assert_eq!(
            Managers::of(&forced).0.len(),
            1,
            "the first manager owns nothing any more"
        );
    }

    #[test]
    fn an_undeclared_field_is_named() {
        let live = json!({ "metadata": { "name": "a" } });
        let Err(ApplyError::Undeclared(paths)) = run(&live, &json!({ "spec": { "zip": 1 } }), "one", false)
        else {
            panic!("accepted")
        };
        assert_eq!(paths, [".spec.zip"]);
    }
}
