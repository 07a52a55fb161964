//! Our CRDs as the JSON schemas that kubeconform reads, made as its own script `openapi2jsonschema.py` makes them: an
//! object with `properties` has no others, except at the root.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::Value;

/// Writes `<kind>.json` for each kind; returns the folder.
pub fn write(folder: &Path) -> anyhow::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    for mut crd in rackwright_api::crds::all() {
        let kind = crd["spec"]["names"]["kind"]
            .as_str()
            .context("a CRD without kind")?;
        let file = folder.join(kind.to_lowercase()).with_extension("json");
        let schema = &mut crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
        for part in schema
            .as_object_mut()
            .into_iter()
            .flat_map(|root| root.values_mut())
        {
            close(part);
        }
        std::fs::write(file, schema.to_string())?;
    }
    Ok(folder.to_owned())
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.contains_key("properties") && !fields.contains_key("additionalProperties") {
                fields.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            fields.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn objects_with_properties_are_closed() {
        let mut schema = json!({ "a": { "properties": { "b": { "properties": {} } } }, "map": { "additionalProperties": {} } });
        close(&mut schema);
        assert_eq!(
            schema,
            json!({
                "a": { "additionalProperties": false, "properties": { "b": { "additionalProperties": false, "properties": {} } } },
                "map": { "additionalProperties": {} },
            })
        );
    }
}
