//! Setting a difference's path back removes it, and setting all back gives the old profile: paths are exact, and nothing
//! that differs is left out.

use std::borrow::Cow;

use proptest::prelude::*;
use rackwright_api::{Facts, NodeProfileSpec};
use rackwright_planner::change::{Difference, FactsOf, NodeState, State, diff};
use serde_json::{Value, json};

use super::profiles::profile;

/// One step of a path.
enum Step<'a> {
    Field(&'a str),
    Key(&'a str),
}

fn steps(path: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("[\"") {
            let (key, after) = after.split_once("\"]").unwrap();
            steps.push(Step::Key(key));
            rest = after;
        } else if let Some(after) = rest.strip_prefix('[') {
            let (key, after) = after.split_once(']').unwrap();
            steps.push(Step::Key(key));
            rest = after;
        } else {
            rest = rest.strip_prefix('.').unwrap_or(rest);
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            steps.push(Step::Field(&rest[..end]));
            rest = &rest[end..];
        }
    }
    steps
}

/// The fields that are the key of a list's items; none for lists of plain values.
fn keys_of(list: &str) -> &'static [&'static str] {
    match list {
        "mounts" => &["mountPoint"],
        "rails" => &["rail"],
        "taints" => &["key", "effect"],
        "hugePages" => &["size"],
        "moduleOptions" => &["module"],
        "serviceLimits" => &["service"],
        "layout" => &["profile"],
        _ => &[],
    }
}

fn key_of(list: &str, item: &Value) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let keys = keys_of(list);
    if keys.is_empty() {
        return text(item);
    }
    keys.iter()
        .map(|key| text(&item[key]))
        .collect::<Vec<_>>()
        .join(":")
}

/// Sets what stands at a path, or removes it.
fn set(root: &mut Value, path: &str, value: Option<Value>) {
    let mut at = root;
    let mut list = "";
    let steps = steps(path);
    let (end, before) = steps.split_last().unwrap();
    for step in before {
        at = match step {
            Step::Field(name) => {
                list = name;
                let empty = if keys_of(name).is_empty() && *name != "modules" {
                    json!({})
                } else {
                    json!([])
                };
                at.as_object_mut().unwrap().entry(*name).or_insert(empty)
            }
            Step::Key(key) if at.is_array() => {
                let items = at.as_array_mut().unwrap();
                let found = items
                    .iter()
                    .position(|item| key_of(list, item) == *key)
                    .unwrap_or_else(|| {
                        let parts = key
                            .split(':')
                            .map(|part| part.parse::<u8>().map_or(json!(part), |n| json!(n)));
                        items.push(
                            keys_of(list)
                                .iter()
                                .map(|key| (*key).to_owned())
                                .zip(parts)
                                .collect(),
                        );
                        items.len() - 1
                    });
                &mut items[found]
            }
            Step::Key(key) => at.as_object_mut().unwrap().entry(*key).or_insert(json!({})),
        };
    }
    match (end, value) {
        (Step::Key(key), value) if at.is_array() => {
            let items = at.as_array_mut().unwrap();
            items.retain(|item| key_of(list, item) != *key);
            items.extend(value);
        }
        (Step::Field(key) | Step::Key(key), Some(value)) => {
            at.as_object_mut().unwrap().insert((*key).to_owned(), value);
        }
        (Step::Field(key) | Step::Key(key), None) => {
            at.as_object_mut().unwrap().remove(*key);
        }
    }
}

/// Without sections that say nothing, and with lists in the order of their keys.
fn plain(name: &str, value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let fields = map
                .into_iter()
                .map(|(name, value)| (name.clone(), plain(&name, value)));
            let map: serde_json::Map<String, Value> = fields.filter(|(_, value)| !value.is_null()).collect();
            let only_keys = map.keys().all(|key| keys_of(name).contains(&key.as_str()));
            if only_keys {
                Value::Null
            } else {
                Value::Object(map)
            }
        }
        // Of these the order says something.
        Value::Array(items) if ["kernelArguments", "options"].contains(&name) => Value::Array(items),
        Value::Array(items) => {
            let mut items: Vec<Value> = items
                .into_iter()
                .map(|item| plain(name, item))
                .filter(|item| !item.is_null())
                .collect();
            items.sort_by_key(|item| key_of(name, item));
            if items.is_empty() {
                Value::Null
            } else {
                Value::Array(items)
            }
        }
        other => other,
    }
}

fn differences(old: &NodeProfileSpec, new: &NodeProfileSpec) -> Vec<Difference> {
    let facts = Facts::default();
    let state = |profile, hash, spec| {
        let node = NodeState {
            name: "n",
            hash,
            profile,
            applied: None,
            managed: true,
            facts: FactsOf::Known(&facts),
        };
        State::new([node], [(profile, Cow::Borrowed(spec))])
    };
    let found = diff(&state("p-0", 0, old), &state("p-1", 1, new));
    // What becomes of devices stands beside the fields.
    let fields = found.pairs[0].differences.iter();
    fields
        .filter(|difference| !difference.path.starts_with("devices["))
        .cloned()
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn setting_all_back_gives_the_old_profile(old in profile(), new in profile()) {
        let mut value = serde_json::to_value(&new).unwrap();
        for difference in differences(&old, &new) {
            set(&mut value, &difference.path, difference.old);
        }
        prop_assert_eq!(plain("", value), plain("", serde_json::to_value(&old).unwrap()));
    }

    #[test]
    fn setting_one_back_removes_it_alone(old in profile(), new in profile()) {
        let found = differences(&old, &new);
        for difference in &found {
            let mut value = serde_json::to_value(&new).unwrap();
            set(&mut value, &difference.path, difference.old.clone());
            // A required field beside it may be missing now: the two were set together.
            let Ok(back) = serde_json::from_value::<NodeProfileSpec>(value) else { continue };
            let left: Vec<String> = differences(&old, &back).into_iter().map(|left| left.path).collect();
            let others: Vec<String> =
                found.iter().filter(|other| other.path != difference.path).map(|other| other.path.clone()).collect();
            prop_assert_eq!(left, others);
        }
    }

    #[test]
    fn a_profile_does_not_differ_from_itself(profile in profile()) {
        prop_assert_eq!(differences(&profile, &profile.clone()), vec![]);
    }
}
