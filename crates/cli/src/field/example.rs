//! An example of a field: from the accepted examples of the rules' pages, which are tested, and from a file of samples.

use std::sync::LazyLock;

use rackwright_manifest::{Document, Limits, Sources, read};
use serde_json::{Map, Value, json};

use super::Field;

/// Documents for the fields that no rule's page has.
const SAMPLES: &str = include_str!("samples.yaml");

/// The shortest example of a field, with what is above it; none where it has none.
pub fn of(field: &Field) -> Option<Value> {
    let ours = DOCUMENTS
        .iter()
        .filter(|document| document.kind() == Some(field.kind));
    let mut found: Vec<Value> = ours
        .filter_map(|document| cut(&document.value, &field.steps))
        .collect();
    // The first of the shortest, so that the answer stays when documents are added behind.
    let length = |value: &Value| value.to_string().len();
    let at = (0..found.len()).min_by_key(|at| length(&found[*at]))?;
    Some(found.swap_remove(at))
}

/// All documents, read once.
static DOCUMENTS: LazyLock<Vec<Document>> = LazyLock::new(|| {
    let rules = crate::verbs::explain::all_rules();
    let accepted = rules.iter().filter_map(|rule| accepted(rule.doc));
    let mut sources = Sources::new();
    let read = accepted.chain([SAMPLES]).flat_map(|text| {
        let bytes = text.as_bytes().to_vec();
        read(&mut sources, "example", bytes, &Limits::default()).documents
    });
    read.collect()
});

/// The example that a page shows as right.
fn accepted(doc: &str) -> Option<&str> {
    let (_, behind) = doc.split_once("## Accepted")?;
    let (_, block) = behind.split_once("```yaml\n")?;
    block.split_once("```").map(|(block, _)| block)
}

/// What a value has at these keys, with what is above it and nothing else. An item of a list is shown whole: without its
/// other fields it could not stand there.
fn cut(value: &Value, keys: &[String]) -> Option<Value> {
    if let (Value::Array(items), [_, ..]) = (value, keys) {
        let has = |item: &&Value| cut(item, keys).is_some();
        return Some(json!([items
            .iter()
            .filter(has)
            .min_by_key(|item| item.to_string().len())?]));
    }
    let Some((first, rest)) = keys.split_first() else {
        return Some(value.clone());
    };
    let below = cut(value.get(first)?, rest)?;
    Some(Value::Object(Map::from_iter([(first.clone(), below)])))
}

#[cfg(test)]
mod tests {
    use super::super::{collect, find, kind_names};
    use super::*;

    #[test]
    fn every_field_that_people_and_agents_write_has_an_example() {
        let mut without = Vec::new();
        for kind in kind_names() {
            // What the operator writes is seen in `rackwright plan --node`.
            if matches!(kind.as_str(), "nodeprofile" | "nodeconfig") {
                continue;
            }
            let spec = find(&format!("{kind}.spec")).unwrap().unwrap();
            let mut all = Vec::new();
            collect(spec.schema(), &format!("{kind}.spec"), &mut all);
            assert!(all.len() > 10, "{kind}");
            without.extend(
                all.into_iter()
                    .filter(|path| of(&find(path).unwrap().unwrap()).is_none()),
            );
        }
        assert_eq!(without, Vec::<String>::new(), "add them to samples.yaml");
    }

    #[test]
    fn samples_are_what_the_api_server_takes() {
        let schemas = rackwright_manifest::schema::Schemas::from_crds(rackwright_api::crds::all()).unwrap();
        let mut sources = Sources::new();
        let read = read(&mut sources, "samples.yaml", SAMPLES.into(), &Limits::default());
        assert!(read.diagnostics.is_empty(), "{:?}", read.diagnostics);
        assert!(read.documents.len() >= 5);
        for document in read.documents {
            let schema = schemas
                .get(document.api_version().unwrap(), document.kind().unwrap())
                .unwrap();
            let violations = schema.validate(&document.value);
            assert!(violations.is_empty(), "{:?}: {violations:?}", document.object());
        }
    }

    #[test]
    fn an_item_of_a_list_is_shown_whole() {
        let value = json!({"spec": {"racks": [{"names": "a1", "nodes": "n1"}], "other": 1}});
        let keys = ["spec", "racks", "names"].map(str::to_owned);
        assert_eq!(
            cut(&value, &keys),
            Some(json!({"spec": {"racks": [{"names": "a1", "nodes": "n1"}]}}))
        );
        assert_eq!(cut(&value, &["spec".to_owned(), "none".to_owned()]), None);
    }
}
