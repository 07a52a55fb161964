//! Where each value of a node's configuration comes from: the object, its field, and the line that says it.

use std::collections::BTreeMap;

use rackwright_hostset::{Hostlist, Limits};
use rackwright_manifest::render::printable;
use rackwright_manifest::{Document, Limits as ReadLimits, Path, Sources, Step, read};
use rackwright_planner::PlannedNode;
use serde::Serialize;
use serde_json::{Value, json};

use crate::origin::{self, Origin};
use crate::pipeline::Outcome;

/// One value of a node.
#[derive(Debug, Serialize)]
pub struct NodeValue {
    /// Where it stands: below `spec` of the NodeProfile, or from `facts` on below that of the NodeConfig.
    pub path: String,
    /// The value.
    pub value: Value,
    /// Where it comes from; none where nobody wrote it.
    pub from: Option<From>,
}

/// Where something comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct From {
    /// The object.
    pub object: String,
    /// Its field.
    pub field: String,
    /// File and line; none of lines that were read without positions.
    #[serde(flatten)]
    pub place: Option<Place>,
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file.
    pub file: String,
    /// The line, counted from 1.
    pub line: u32,
}

impl From {
    /// `GPUPool/train spec.gpu.ecc (pools.yaml:12)`
    pub fn text(&self) -> String {
        let place = self.place.as_ref();
        let place = place.map_or_else(String::new, |place| format!(" ({}:{})", place.file, place.line));
        format!("{} {}{place}", self.object, self.field)
    }
}

/// The values of a spec that are no maps and no lists of maps, each with its steps.
pub fn leaves(value: &Value) -> Vec<(Vec<Step>, &Value)> {
    let mut found = Vec::new();
    walk(value, &mut Vec::new(), &mut found);
    found
}

fn walk<'v>(value: &'v Value, steps: &mut Vec<Step>, out: &mut Vec<(Vec<Step>, &'v Value)>) {
    let mut below = |step: Step, value: &'v Value| {
        steps.push(step);
        walk(value, steps, out);
        steps.pop();
    };
    match value {
        Value::Object(map) if !map.is_empty() => {
            map.iter()
                .for_each(|(key, value)| below(Step::Key(key.clone()), value));
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            items
                .iter()
                .enumerate()
                .for_each(|(at, value)| below(Step::Index(at), value));
        }
        other => out.push((steps.clone(), other)),
    }
}

/// A node with what it was compiled from.
pub struct Traced<'a> {
    outcome: &'a Outcome,
    node: PlannedNode<'a>,
    /// `{<fields of the profile>, "facts": …}`.
    whole: Value,
}

impl<'a> Traced<'a> {
    /// Takes a node of a plan.
    pub fn new(outcome: &'a Outcome, node: PlannedNode<'a>) -> Result<Self, serde_json::Error> {
        let mut whole = serde_json::to_value(&node.pool().profile)?;
        whole["facts"] = serde_json::to_value(node.facts())?;
        Ok(Self { outcome, node, whole })
    }

    /// All values, in the order of the objects.
    pub fn values(&self) -> Vec<NodeValue> {
        let leaves = leaves(&self.whole).into_iter();
        leaves
            .map(|(steps, value)| NodeValue {
                path: Path::from_steps(steps.iter().cloned()).to_string(),
                value: value.clone(),
                from: self.origin(&steps),
            })
            .collect()
    }

    /// Where the value behind these steps comes from.
    pub fn origin(&self, steps: &[Step]) -> Option<From> {
        let keys = steps.iter().filter_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        });
        let part = keys.collect::<Vec<_>>().join(".");
        let found = origin::longest(&part)?;
        let name = self.object(found, steps)?;
        let document = self.document(found.kind, &name);
        let field = document.map_or_else(
            || path(found.field),
            |document| self.field(found, steps, &document.value),
        );
        let place = document.map(|document| self.place(document, &field));
        Some(From {
            object: format!("{}/{name}", found.kind),
            field: field.to_string(),
            place,
        })
    }

    /// Where a field of an object of a kind stands.
    pub fn from(&self, kind: &str, name: &str, field: &str) -> From {
        let field = path(field);
        let document = self.document(kind, name);
        From {
            object: format!("{kind}/{name}"),
            field: field.to_string(),
            place: document.map(|document| self.place(document, &field)),
        }
    }

    fn document(&self, kind: &str, name: &str) -> Option<&'a Document> {
        let mut read = self.outcome.read.iter();
        let found = read.find(|object| object.kind.as_str() == kind && object.name == name);
        found.map(|object| &object.document)
    }

    fn place(&self, document: &Document, field: &Path) -> Place {
        let sources = &self.outcome.sources;
        let span = match field.last() {
            // An item of a list stands where it begins.
            Some(Step::Index(_)) => document.value_span(field),
            _ => document.key_span(field).unwrap_or_else(|| document.first_key()),
        };
        Place {
            file: sources.name(span.file).to_owned(),
            line: sources.position(span).line,
        }
    }

    /// The name of the object that says a part.
    fn object(&self, found: &Origin, steps: &[Step]) -> Option<String> {
        let pool = self.node.pool();
        // The item of the list that the part stands in.
        let item = |field: &str| {
            let at = steps.iter().position(|step| matches!(step, Step::Index(_)))?;
            at_steps(&self.whole, &steps[..=at])?.get(field).cloned()
        };
        match found.kind {
            "GPUPool" => Some(pool.name.to_string()),
            "Supercluster" => Some(pool.supercluster.to_string()),
            "NodeInventory" => Some(self.node.name().to_owned()),
            "StorageTier" => item("tier")?.as_str().map(str::to_owned),
            _ => {
                let rail = item("rail")?;
                let mut rails = pool.profile.rails.iter();
                let rail = rails.find(|known| json!(known.rail) == rail)?;
                Some(rail.fabric.to_string())
            }
        }
    }

    /// The field of the object: as the table says, with the item of a list that is about this node.
    fn field(&self, found: &Origin, steps: &[Step], object: &Value) -> Path {
        let field = path(found.field);
        let chosen = |is_it: &dyn Fn(&Value) -> bool, list: &Path| {
            let items = at_steps(object, list.steps())?.as_array()?;
            Some(list.index(items.iter().position(is_it)?))
        };
        let names = |item: &Value, key: &str, wanted: &str| {
            holds(item.get(key).and_then(Value::as_str).unwrap_or_default(), wanted)
        };
        let item = || {
            let at = steps.iter().rposition(|step| matches!(step, Step::Index(_)))?;
            at_steps(&self.whole, &steps[..=at])
        };
        let special = match found.part {
            "facts.rack" | "facts.imexPeers" => self
                .node
                .rack()
                .and_then(|rack| chosen(&|group| names(group, "names", rack.as_str()), &field)),
            "facts.rails.ipv4" => {
                let reserved = path("spec.addressing.reservations");
                chosen(&|one| names(one, "nodes", self.node.name()), &reserved)
            }
            "facts.rails.guid" => {
                item().and_then(|rail| chosen(&|hca| hca.get("rail") == rail.get("rail"), &field))
            }
            "facts.wipeConsents" => item().and_then(|mine| {
                let is_it = |one: &Value| one["serial"] == mine["serial"] && one["node"] == self.node.name();
                chosen(&is_it, &field)
            }),
            _ => None,
        };
        special.unwrap_or_else(|| self.below(found, steps, object, field))
    }

    /// The same steps in the object as in the node. Lists of a profile are sorted, so an item is found by what it says.
    fn below(&self, found: &Origin, steps: &[Step], object: &Value, mut field: Path) -> Path {
        let mut keys = found.part.split('.').count();
        for (at, step) in steps.iter().enumerate() {
            if keys > 0 {
                keys -= usize::from(matches!(step, Step::Key(_)));
                continue;
            }
            let Some(here) = at_steps(object, field.steps()) else {
                break;
            };
            match step {
                Step::Key(key) if here.get(key).is_some() => field.push_key(key.clone()),
                Step::Index(_) => {
                    let mine = at_steps(&self.whole, &steps[..=at]);
                    match mine
                        .zip(here.as_array())
                        .and_then(|(mine, items)| likest(mine, items))
                    {
                        Some(index) => field.push_index(index),
                        None => break,
                    }
                }
                Step::Key(_) => break,
            }
        }
        field
    }
}

/// The item that has most in common with another, and something at all.
fn likest(mine: &Value, items: &[Value]) -> Option<usize> {
    let alike = |item: &Value| match (mine.as_object(), item.as_object()) {
        (Some(mine), Some(item)) => mine
            .iter()
            .filter(|(key, value)| item.get(*key) == Some(value))
            .count(),
        _ => usize::from(mine == item),
    };
    let scored = items
        .iter()
        .map(alike)
        .enumerate()
        .filter(|(_, score)| *score > 0);
    // The first of the best.
    scored.rev().max_by_key(|(_, score)| *score).map(|(at, _)| at)
}

/// Whether a hostlist has a name.
pub fn holds(list: &str, name: &str) -> bool {
    Hostlist::parse(list, &Limits::default()).is_ok_and(|names| names.iter().any(|one| one == name))
}

/// A path of plain keys.
fn path(text: &str) -> Path {
    Path::from_steps(text.split('.').map(|key| Step::Key(key.to_owned())))
}

fn at_steps<'v>(value: &'v Value, steps: &[Step]) -> Option<&'v Value> {
    steps.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.get(key),
        Step::Index(index) => value.get(index),
    })
}

/// An object of the node as YAML, each value with a comment that says where it comes from. `below` leads from the object to
/// the node's values, `above` from there to the same in [`Traced`].
pub fn annotated(yaml: &str, below: &[&str], above: &[&str], traced: &Traced<'_>) -> String {
    let mut sources = Sources::new();
    let read = read(
        &mut sources,
        "node",
        yaml.as_bytes().to_vec(),
        &ReadLimits::default(),
    );
    let Some(document) = read.documents.first() else {
        return yaml.to_owned();
    };
    let keys = |keys: &[&str]| {
        keys.iter()
            .map(|key| Step::Key((*key).to_owned()))
            .collect::<Vec<_>>()
    };
    let (below, above) = (keys(below), keys(above));
    let mut comments: BTreeMap<u32, String> = BTreeMap::new();
    let values = at_steps(&document.value, &below);
    for (steps, value) in values.into_iter().flat_map(leaves) {
        let here = Path::from_steps(below.iter().chain(&steps).cloned());
        let whole: Vec<Step> = above.iter().chain(&steps).cloned().collect();
        let several = value.is_string() && sources.slice(document.value_span(&here)).contains('\n');
        let from = traced.origin(&whole).filter(|_| !several);
        if let Some((from, span)) = from.zip(document.key_span(&here)) {
            comments.insert(sources.position(span).line, printable(&from.text()).into_owned());
        }
    }
    let lines = yaml.lines().zip(1..);
    let line = |(line, number): (&str, u32)| match comments.get(&number) {
        Some(comment) => format!("{line} # {comment}\n"),
        None => format!("{line}\n"),
    };
    lines.map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline;

    fn examples() -> std::path::PathBuf {
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
    }

    #[test]
    fn what_is_taken_over_stands_at_the_line_that_is_named() {
        let mut compared = 0;
        for example in ["tiny", "superpod-b200", "gb200-unit", "superpod-b300-xdr"] {
            let outcome = pipeline::run(&[examples().join(example)], Vec::new()).unwrap();
            let mut pools = BTreeMap::new();
            for node in outcome.compilation.plan.nodes() {
                pools.entry(node.pool().name.clone()).or_insert(node);
            }
            for node in pools.into_values() {
                let traced = Traced::new(&outcome, node).unwrap();
                for NodeValue { path, value, from } in traced.values() {
                    let owned = ["gpu.", "host.", "kubernetes.", "mounts["]
                        .iter()
                        .any(|part| path.starts_with(part));
                    if !owned || path.split('.').next_back() == Some("rails") {
                        continue;
                    }
                    let from = from.unwrap_or_else(|| panic!("{path} comes from nowhere"));
                    let (kind, name) = from.object.split_once('/').unwrap();
                    let document = traced.document(kind, name).unwrap();
                    let field: Path = from.field.parse().unwrap();
                    let mut said = at_steps(&document.value, field.steps())
                        .cloned()
                        .unwrap_or_default();
                    let mut value = value;
                    for list in [&mut said, &mut value]
                        .into_iter()
                        .filter_map(Value::as_array_mut)
                    {
                        list.sort_by_key(ToString::to_string);
                    }
                    assert_eq!(said, value, "{example} {path} {}", from.text());
                    assert!(from.place.unwrap().line > 1);
                    compared += 1;
                }
            }
        }
        assert_eq!(compared, 79);
    }

    #[test]
    fn an_item_of_a_sorted_list_is_found_by_what_it_says() {
        let items = [
            json!({"profile": "2g", "count": 1}),
            json!({"profile": "1g", "count": 3}),
        ];
        assert_eq!(likest(&json!({"profile": "1g", "count": 3}), &items), Some(1));
        assert_eq!(likest(&json!({"profile": "3g", "count": 2}), &items), None);
        assert_eq!(likest(&json!("b"), &[json!("a"), json!("b")]), Some(1));
    }
}
