//! What every CRD promises.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use rackwright_api::crds;
use serde_json::Value;

/// Walks a schema; `visit` gets each node with its path.
fn walk(schema: &Value, path: &str, visit: &mut dyn FnMut(&str, &Value)) {
    visit(path, schema);
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        walk(inner, &format!("{path}.{name}"), visit);
    }
    for (name, mark) in [("items", "[]"), ("additionalProperties", "{}")] {
        if schema[name].is_object() {
            walk(&schema[name], &format!("{path}{mark}"), visit);
        }
    }
}

fn schemas() -> Vec<(String, Value, Value)> {
    crds::all()
        .into_iter()
        .map(|crd| {
            let kind = crd["spec"]["names"]["kind"].as_str().unwrap().to_owned();
            let schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone();
            (kind, schema, crd)
        })
        .collect()
}

#[test]
fn generated_files_are_what_the_types_say() {
    for (kind, _, crd) in schemas() {
        assert_eq!(crds::generated(&kind), crd, "{kind}: run `cargo xtask generate`");
    }
    assert_eq!(crds::generated("Pod"), Value::Null);
}

#[test]
fn seven_kinds_cluster_scoped_in_our_category() {
    let kinds: Vec<String> = schemas()
        .into_iter()
        .map(|(kind, _, crd)| {
            assert_eq!(crd["spec"]["scope"], "Cluster", "{kind}");
            assert_eq!(
                crd["spec"]["names"]["categories"],
                serde_json::json!(["rackwright"]),
                "{kind}"
            );
            assert_eq!(
                crd["spec"]["names"]["shortNames"].as_array().map(Vec::len),
                Some(1),
                "{kind}"
            );
            kind
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "Supercluster",
            "GPUPool",
            "InfiniBandFabric",
            "StorageTier",
            "NodeProfile",
            "NodeConfig",
            "NodeInventory"
        ]
    );
}

/// The API server multiplies bounds into the cost of CEL rules, and an unbounded list grows with the fleet.
#[test]
fn every_list_map_and_string_is_bounded() {
    let mut unbounded = Vec::new();
    for (kind, schema, _) in schemas() {
        walk(&schema, &kind, &mut |path, node| {
            let has = |key: &str| !node[key].is_null();
            let bounded = match node["type"].as_str() {
                Some("string") => has("maxLength") || has("enum") || node["format"] == "date-time",
                Some("array") => has("maxItems"),
                Some("object") => !has("additionalProperties") || has("maxProperties"),
                _ => true,
            };
            if !bounded && !path.ends_with(".metadata") {
                unbounded.push(path.to_owned());
            }
        });
    }
    assert_eq!(unbounded, Vec::<String>::new());
}

#[test]
fn the_only_default_is_the_status_of_an_object_nobody_looked_at() {
    let mut defaults = Vec::new();
    for (kind, schema, _) in schemas() {
        walk(&schema, &kind, &mut |path, node| {
            if !node["default"].is_null() {
                defaults.push(format!("{path} = {}", node["default"]));
            }
        });
    }
    let expected: Vec<String> = [
        "Supercluster",
        "GPUPool",
        "InfiniBandFabric",
        "StorageTier",
        "NodeConfig",
    ]
    .iter()
    .map(|kind| format!("{kind}.status = {{\"observedGeneration\":-1}}"))
    .collect();
    assert_eq!(defaults, expected);
}

#[test]
fn every_list_of_objects_says_how_it_merges() {
    for (kind, schema, _) in schemas() {
        walk(&schema, &kind, &mut |path, node| {
            if node["type"] == "array" && node["items"]["type"] == "object" {
                let list_type = node["x-kubernetes-list-type"].as_str();
                assert!(
                    matches!(list_type, Some("map" | "atomic")),
                    "{path}: {list_type:?}"
                );
                for key in node["x-kubernetes-list-map-keys"]
                    .as_array()
                    .into_iter()
                    .flatten()
                {
                    let required = node["items"]["required"].as_array().unwrap();
                    assert!(required.contains(key), "{path}: key {key} must be required");
                }
            }
        });
    }
}

/// `kubectl apply` without `--server-side` stores the object once more in an annotation of at most 256 KiB.
#[test]
fn each_crd_stays_below_256_kib() {
    for (kind, _, crd) in schemas() {
        assert!(serde_json::to_vec(&crd).unwrap().len() < 200 * 1024, "{kind}");
    }
}

#[test]
fn no_unknown_format_and_nothing_nullable() {
    for (kind, schema, _) in schemas() {
        walk(&schema, &kind, &mut |path, node| {
            assert!(node["nullable"].is_null(), "{path}");
            if let Some(format) = node["format"].as_str() {
                assert!(
                    ["int32", "int64", "date", "date-time"].contains(&format),
                    "{path}: {format}"
                );
            }
        });
    }
}
