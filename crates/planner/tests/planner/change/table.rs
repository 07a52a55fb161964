//! The action-class table is about the fields that the CRDs have, each of them.

use std::collections::BTreeSet;

use rackwright_planner::change::FIELDS;
use serde_json::Value;

/// Rows about what is not a field of a profile or of facts.
const BESIDE: &[&str] = &[
    "management",
    "profile",
    "facts",
    "hash",
    "applied",
    "devices[\"*\"]",
    "devices[\"*\"].before",
    "devices[\"*\"].wipeConsents",
];

fn schema(plural: &str) -> Value {
    let crds = rackwright_api::crds::all();
    let crd = crds
        .into_iter()
        .find(|crd| crd["spec"]["names"]["plural"] == plural)
        .unwrap();
    crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"].clone()
}

/// Paths of all fields without the keys of lists and maps: `mounts.nfs.server`; `true` for those without fields below.
fn fields(schema: &Value, path: &str, out: &mut BTreeSet<(String, bool)>) {
    let items = schema
        .get("items")
        .filter(|items| items.get("properties").is_some());
    let Some(properties) = items
        .unwrap_or(schema)
        .get("properties")
        .and_then(Value::as_object)
    else {
        out.insert((path.to_owned(), true));
        return;
    };
    out.insert((path.to_owned(), false));
    let keys = schema["x-kubernetes-list-map-keys"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    for (name, below) in properties
        .iter()
        .filter(|(name, _)| !keys.contains(&Value::from(name.as_str())))
    {
        let path = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        fields(below, &path, out);
    }
}

fn bare(path: &str) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('[') {
        out.push_str(before);
        rest = after.split_once(']').unwrap().1;
    }
    out + rest
}

#[test]
fn the_table_and_the_schemas_have_the_same_fields() {
    let mut known = BTreeSet::new();
    fields(&schema("nodeprofiles"), "", &mut known);
    fields(&schema("nodeconfigs")["properties"]["facts"], "facts", &mut known);
    let rows: BTreeSet<String> = FIELDS
        .iter()
        .map(|field| field.path)
        .filter(|path| !BESIDE.contains(path))
        .map(bare)
        .collect();
    let strange: Vec<&String> = rows
        .iter()
        .filter(|row| known.iter().all(|(path, _)| path != *row))
        .collect();
    assert_eq!(
        strange,
        Vec::<&String>::new(),
        "rows about fields that no schema has"
    );
    let below = |path: &str, row: &String| path == row || path.starts_with(&format!("{row}."));
    let forgotten: Vec<&String> = known
        .iter()
        .filter(|(path, leaf)| *leaf && !rows.iter().any(|row| below(path, row)))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(forgotten, Vec::<&String>::new(), "fields without a row");
    assert!(
        known.len() > 80 && rows.len() > 70,
        "{} {}",
        known.len(),
        rows.len()
    );
}

#[test]
fn each_row_stands_once_and_says_why() {
    let paths: BTreeSet<&str> = FIELDS.iter().map(|field| field.path).collect();
    assert_eq!(paths.len(), FIELDS.len());
    assert!(
        FIELDS
            .iter()
            .all(|field| !field.reason.is_empty() && !field.source.is_empty())
    );
}
