//! `rackwright explain gpupool.spec.gpu.mig`: a field of a kind, as its CRD has it.
//!
//! Everything is read from the CRD: type, bounds, values, rules. What a change does to a node is the planner's table of action
//! classes; examples are those of the rules' pages, and of one file of samples for what no rule is about.

mod example;
mod page;
mod rules;
pub mod words;

use std::fmt::Write as _;

use rackwright_api::crds;
use serde_json::Value;

use crate::args::TextOrJson;
use crate::object::ObjectKind;
use crate::suggest::nearest;
use crate::verbs::VerbError;

/// A field that was found.
#[derive(Debug)]
pub struct Field {
    /// The kind, as manifests spell it.
    pub kind: &'static str,
    /// The keys down to it, lists passed over.
    pub steps: Vec<String>,
    /// The schemas from the kind's own to the field's: one more than steps. A list's is that of the list.
    schemas: Vec<Value>,
}

impl Field {
    /// The keys with dots between them; empty for the kind itself.
    pub fn path(&self) -> String {
        self.steps.join(".")
    }

    /// Its page, for people.
    pub fn page(&self) -> Result<String, VerbError> {
        page::text(self, false)
    }

    /// Its schema.
    fn schema(&self) -> &Value {
        self.schemas.last().unwrap_or(&Value::Null)
    }

    /// Whether its parent must have it.
    fn is_required(&self) -> bool {
        let parent = self
            .schemas
            .len()
            .checked_sub(2)
            .and_then(|at| self.schemas.get(at));
        let name = self.steps.last();
        parent
            .zip(name)
            .is_some_and(|(parent, name)| requires(parent, name))
    }
}

/// What holds the fields of a schema: that of an item, or of a value of a map.
fn inner(schema: &Value) -> &Value {
    match schema.get("items").or(schema.get("additionalProperties")) {
        Some(below) if below.is_object() => inner(below),
        _ => schema,
    }
}

/// The fields of a schema, by name.
fn fields(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let properties = inner(schema).get("properties").and_then(Value::as_object);
    properties.into_iter().flatten()
}

fn requires(schema: &Value, name: &str) -> bool {
    let required = inner(schema).get("required").and_then(Value::as_array);
    required.is_some_and(|all| all.iter().any(|one| one == name))
}

/// The type in short: `string`, `[]object`, `map[string]string`.
fn type_of(schema: &Value) -> String {
    if let Some(items) = schema.get("items") {
        return format!("[]{}", type_of(items));
    }
    if let Some(values) = schema
        .get("additionalProperties")
        .filter(|values| values.is_object())
    {
        return format!("map[string]{}", type_of(values));
    }
    let any = || {
        let int_or_string = schema.get("x-kubernetes-int-or-string").is_some();
        if int_or_string { "int or string" } else { "any" }
    };
    schema
        .get("type")
        .and_then(Value::as_str)
        .map_or_else(|| any().to_owned(), str::to_owned)
}

/// Prints a field, or none where the text is not of the form of one.
pub fn explain(text: &str, recursive: bool, output: TextOrJson) -> Result<Option<String>, VerbError> {
    let Some(field) = find(text)? else {
        return Ok(None);
    };
    Ok(Some(match output {
        TextOrJson::Text => page::text(&field, recursive)?,
        TextOrJson::Json => page::json(&field, recursive)?,
    }))
}

/// A kind by what kubectl takes for it, in any case: its name, its plural, its short name.
fn kind_of(text: &str) -> Option<(&'static str, Value)> {
    // An editor asks by the kind's own name at each key, and the other names stand in the definitions, which take time to read.
    let exact = ObjectKind::names().find(|kind| kind.eq_ignore_ascii_case(text));
    if let Some(kind) = exact {
        return Some((kind, crds::generated(kind)));
    }
    ObjectKind::names().find_map(|kind| {
        let crd = crds::generated(kind);
        let names = &crd["spec"]["names"];
        let is_it = |name: &Value| name.as_str().is_some_and(|name| name.eq_ignore_ascii_case(text));
        let is_it = is_it(&names["plural"])
            || names["shortNames"]
                .as_array()
                .is_some_and(|short| short.iter().any(is_it));
        is_it.then_some((kind, crd))
    })
}

/// The names of kinds as people type them.
pub fn kind_names() -> Vec<String> {
    ObjectKind::names().map(str::to_lowercase).collect()
}

/// The kind that a text was most likely meant to be.
fn nearest_kind(text: &str) -> Option<String> {
    let names = kind_names();
    nearest(text, names.iter().map(String::as_str)).map(str::to_owned)
}

/// The field of a path such as `gpupool.spec.gpu.mig`; places in lists (`[0]`) are passed over. None where the text
/// neither begins with a kind nor has a dot.
pub fn find(text: &str) -> Result<Option<Field>, VerbError> {
    let bare = crate::origin::bare(text.trim());
    let mut steps = bare.split('.');
    let first = steps.next().unwrap_or_default();
    let Some((kind, crd)) = kind_of(first) else {
        if !bare.contains('.') {
            return Ok(None);
        }
        let kinds = kind_names().join(", ");
        return Err(VerbError::Unknown(match nearest_kind(first) {
            Some(near) => {
                let meant = bare.replacen(first, &near, 1);
                format!("there is no kind `{first}`; did you mean `{meant}`?")
            }
            None => format!("there is no kind `{first}`; the kinds are {kinds}"),
        }));
    };
    let root = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone();
    let mut field = Field {
        kind,
        steps: Vec::new(),
        schemas: vec![root],
    };
    for step in steps {
        let here = field.schema().clone();
        let known: Vec<&str> = fields(&here).map(|(name, _)| name.as_str()).collect();
        let exact = known.iter().find(|name| **name == step);
        let found = exact.or_else(|| known.iter().find(|name| name.eq_ignore_ascii_case(step)));
        if let Some(name) = found {
            let below = inner(&here)["properties"][*name].clone();
            field.steps.push((*name).to_owned());
            field.schemas.push(below);
        } else if known.is_empty() && here.get("additionalProperties").is_some_and(Value::is_object) {
            // The key of a map: its value is what the map's page shows.
        } else {
            return Err(unknown(&field, step, &known));
        }
    }
    Ok(Some(field))
}

/// There is no such field: the nearest beside it, or one of that name further down.
fn unknown(field: &Field, step: &str, known: &[&str]) -> VerbError {
    let mut at = field.kind.to_lowercase();
    for above in &field.steps {
        let _ = write!(at, ".{above}");
    }
    let near = nearest(step, known.iter().copied()).map(|near| format!("{at}.{near}"));
    let deeper = || {
        let mut all = Vec::new();
        collect(field.schema(), &at, &mut all);
        let named = |path: &&String| {
            let last = path.rsplit('.').next();
            last.is_some_and(|last| last.eq_ignore_ascii_case(step))
        };
        all.iter().filter(named).min_by_key(|path| path.len()).cloned()
    };
    let hint = match near.or_else(deeper) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => format!("it is {} and has no fields", type_of(field.schema())),
        None => format!("its fields are {}", known.join(", ")),
    };
    VerbError::Unknown(format!("{at} has no field `{step}`; {hint}"))
}

/// The paths that a path which is not whole yet may become: the fields beside its last step.
pub fn below(text: &str) -> Vec<String> {
    let above = text.rsplit_once('.').map_or(text, |(above, _)| above);
    let Ok(Some(field)) = find(above) else {
        return Vec::new();
    };
    fields(field.schema())
        .map(|(name, _)| format!("{above}.{name}"))
        .collect()
}

/// All paths below a schema.
fn collect(schema: &Value, at: &str, out: &mut Vec<String>) {
    for (name, below) in fields(schema) {
        let path = format!("{at}.{name}");
        collect(below, &path, out);
        out.push(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Option<String> {
        find(text)
            .unwrap()
            .map(|field| format!("{}.{}", field.kind, field.path()))
    }

    #[test]
    fn kinds_and_fields_are_found_in_any_case_and_with_places_in_lists() {
        let mig = Some("GPUPool.spec.gpu.mig".to_owned());
        for text in [
            "gpupool.spec.gpu.mig",
            "gpupools.spec.gpu.mig",
            "gp.spec.GPU.MIG",
            "GPUPool.spec.gpu.mig",
        ] {
            assert_eq!(path(text), mig, "{text}");
        }
        assert_eq!(
            path("gpupool.spec.gpu.mig.layout[0].count"),
            Some("GPUPool.spec.gpu.mig.layout.count".to_owned())
        );
        assert_eq!(path("gpupool"), Some("GPUPool.".to_owned()));
        assert_eq!(
            path("gpupool.spec.host.sysctls.vm"),
            Some("GPUPool.spec.host.sysctls".to_owned())
        );
        assert_eq!(path("node-claimed-twice"), None);
    }

    #[test]
    fn a_misspelt_path_has_a_hint() {
        let told = |text: &str| find(text).unwrap_err().to_string();
        assert!(told("gpupol.spec").contains("did you mean `gpupool.spec`?"));
        assert!(told("gpupool.spec.gpu.mgi").contains("did you mean `gpupool.spec.gpu.mig`?"));
        assert!(told("gpupool.mig").contains("did you mean `gpupool.spec.gpu.mig`?"));
        assert!(told("gpupool.spec.supercluster.name").contains("it is string and has no fields"));
        assert!(told("gpupool.spec.gpu.quantum").contains("its fields are driver, ecc"));
    }
}
