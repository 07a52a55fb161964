//! Kubernetes objects in any of the forms that peers print: YAML documents, JSON lines, a JSON list.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use serde_json::Value;

/// One object, with its name at hand.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    name: String,
    value: Value,
}

impl Object {
    /// An object; anything without a name is none.
    pub fn new(value: Value) -> anyhow::Result<Self> {
        let name = value.pointer("/metadata/name").and_then(Value::as_str);
        let name = name.context("an object without metadata.name")?.to_owned();
        Ok(Self { name, value })
    }

    /// `metadata.name`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What a JSON pointer leads to.
    pub fn value(&self, pointer: &str) -> anyhow::Result<&Value> {
        let value = self.value.pointer(pointer);
        value.with_context(|| format!("{}: no {pointer}", self.name))
    }

    /// The text that a JSON pointer leads to.
    pub fn text(&self, pointer: &str) -> anyhow::Result<&str> {
        let text = self.value(pointer)?.as_str();
        text.with_context(|| format!("{}: {pointer} is no text", self.name))
    }

    /// The number that a JSON pointer leads to.
    pub fn number(&self, pointer: &str) -> anyhow::Result<u64> {
        let number = self.value(pointer)?.as_u64();
        number.with_context(|| format!("{}: {pointer} is no number", self.name))
    }

    /// The object as a line of JSON.
    pub fn json(&self) -> String {
        self.value.to_string()
    }

    /// The object as a YAML document.
    pub fn yaml(&self) -> anyhow::Result<String> {
        Ok(serde_yaml::to_string(&self.value)?)
    }

    /// Takes a field of the spec away.
    fn without(mut self, field: &str) -> Self {
        if let Some(spec) = self.value.get_mut("spec").and_then(Value::as_object_mut) {
            spec.remove(field);
        }
        self
    }
}

/// Reads objects, by kind and name. Two of one name are an error.
pub fn read(bytes: &[u8]) -> anyhow::Result<BTreeMap<String, Object>> {
    let values: Vec<Value> = match bytes.first() {
        Some(b'[') => serde_json::from_slice(bytes)?,
        Some(b'{') => serde_json::Deserializer::from_slice(bytes)
            .into_iter()
            .collect::<Result<_, _>>()?,
        _ => yaml_documents(std::str::from_utf8(bytes)?)?,
    };
    let mut objects = BTreeMap::new();
    for value in values {
        let object = Object::new(value)?;
        let key = format!("{}/{}", object.text("/kind")?, object.name());
        if objects.insert(key.clone(), object).is_some() {
            bail!("{key} comes twice");
        }
    }
    Ok(objects)
}

/// Each document read for itself: the reader's budget is one for all documents of a text.
fn yaml_documents(text: &str) -> anyhow::Result<Vec<Value>> {
    let text = format!("\n{text}");
    let documents = text.split("\n---\n").filter(|document| {
        document
            .lines()
            .any(|line| !line.is_empty() && !line.starts_with('#'))
    });
    documents
        .map(|document| serde_yaml::from_str(document).with_context(|| document.to_owned()))
        .collect()
}

/// The objects of a kind.
pub fn of_kind<'a>(objects: &'a BTreeMap<String, Object>, kind: &'a str) -> impl Iterator<Item = &'a Object> {
    objects
        .values()
        .filter(move |object| object.value.get("kind").and_then(Value::as_str) == Some(kind))
}

/// Fails unless a peer's NodeConfigs are ours, field by field, but for `spec.hash`, which no peer can compute.
pub fn equal(ours: &BTreeMap<String, Object>, theirs: &BTreeMap<String, Object>) -> anyhow::Result<()> {
    let mut expected = 0;
    for our in of_kind(ours, "NodeConfig") {
        expected += 1;
        let their = theirs.get(&format!("NodeConfig/{}", our.name()));
        let their = their.with_context(|| format!("NodeConfig/{} is missing", our.name()))?;
        let our = our.clone().without("hash");
        if our != *their {
            bail!(
                "NodeConfig/{} differs\nours:   {}\ntheirs: {}",
                our.name(),
                our.json(),
                their.json()
            );
        }
    }
    if theirs.len() != expected {
        bail!("{} objects where {expected} were expected", theirs.len());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(texts: &[&str]) -> BTreeMap<String, Object> {
        read(texts.concat().as_bytes()).unwrap()
    }

    const A: &str =
        "{\"kind\":\"NodeConfig\",\"metadata\":{\"name\":\"a\"},\"spec\":{\"facts\":{},\"hash\":\"0\"}}\n";
    const A_WITHOUT: &str =
        "{\"kind\":\"NodeConfig\",\"spec\":{\"facts\":{}},\"metadata\":{\"name\":\"a\"}}\n";
    const B_WITHOUT: &str =
        "{\"kind\":\"NodeConfig\",\"spec\":{\"facts\":{}},\"metadata\":{\"name\":\"b\"}}\n";
    const PROFILE: &str = "{\"kind\":\"NodeProfile\",\"metadata\":{\"name\":\"p\"}}\n";

    #[test]
    fn order_and_the_hash_do_not_matter() {
        equal(&objects(&[PROFILE, A]), &objects(&[A_WITHOUT])).unwrap();
    }

    #[test]
    fn every_other_difference_does() {
        let ours = objects(&[A]);
        for theirs in [
            objects(&[]),
            objects(&[A]),
            objects(&[B_WITHOUT]),
            objects(&[A_WITHOUT, B_WITHOUT]),
            objects(&[A_WITHOUT, PROFILE]),
            objects(&[&A_WITHOUT.replace("facts", "fact")]),
            objects(&[&A_WITHOUT.replace("{}", "{\"rack\":\"r\"}")]),
        ] {
            assert!(equal(&ours, &theirs).is_err(), "{theirs:?}");
        }
    }

    #[test]
    fn all_forms_read_alike() {
        let lines = objects(&[A_WITHOUT, B_WITHOUT]);
        let list = format!("[{},{}]", A_WITHOUT.trim(), B_WITHOUT.trim());
        assert_eq!(read(list.as_bytes()).unwrap(), lines);
        let yaml: Vec<String> = lines.values().map(|object| object.yaml().unwrap()).collect();
        let yaml = format!("---\n# Source: a template\n{}", yaml.join("---\n"));
        assert_eq!(read(yaml.as_bytes()).unwrap(), lines);
    }

    #[test]
    fn a_name_that_comes_twice_is_an_error() {
        assert!(read([A, A].concat().as_bytes()).is_err());
    }
}
