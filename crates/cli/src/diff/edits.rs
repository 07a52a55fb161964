//! What differs between the documents of two sides, field by field, and how an edit is undone.

use std::collections::{BTreeMap, BTreeSet};

use rackwright_manifest::{Document, Path};
use rackwright_planner::Kind;
use serde_json::Value;

use super::lists::{Pair, key_of, pairs};
use crate::object::ObjectKind;
use crate::pipeline::{Outcome, stored};
use crate::schemas::OwnSchemas;

/// An object by kind and name.
pub type Id = (Kind, String);

/// The objects of a side that can be compiled, each as the server stores it.
pub type Objects<'a> = BTreeMap<Id, (Value, &'a Document)>;

/// One edit of a document.
#[derive(Debug, Clone)]
pub struct Edit {
    /// The object.
    pub id: Id,
    /// The field, as the API server writes it; empty for a whole object.
    pub path: String,
    /// What it was; none where it was not there.
    pub old: Option<Value>,
    /// What it becomes; none where it is taken away.
    pub new: Option<Value>,
    /// File and line: of the new text, or of the old one where something is taken away.
    pub place: Option<(String, u32)>,
    steps: Vec<Step>,
}

/// One step down to what was edited.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    Key(String),
    /// By the field that names it, with what that was and is; and its place in the old list, since the order of some lists says
    /// something.
    Item(&'static str, [Value; 2], usize),
}

/// The documents of a side that hold intents. What is refused compiles to nothing, so it is not among them.
pub fn objects<'a>(outcome: &'a Outcome, schemas: &OwnSchemas) -> Objects<'a> {
    let intents = outcome.read.iter().filter(|object| !object.refused);
    let intents = intents.filter_map(|object| match object.kind {
        ObjectKind::Input(Kind::NodeInventory) | ObjectKind::NodeConfig | ObjectKind::NodeProfile => None,
        ObjectKind::Input(kind) => {
            let value = stored(object, schemas).into_owned();
            Some(((kind, object.name.clone()), (value, &object.document)))
        }
    });
    intents.collect()
}

/// Where an object stands.
#[derive(Clone, Copy)]
pub enum Place<'a> {
    /// In a document, where fields have places too.
    Document(&'a Document, &'a Outcome),
    /// At these lines of a file that is not at hand, by path; the object's own under an empty one.
    Lines(&'a str, &'a BTreeMap<String, u32>),
    /// Nobody knows.
    Nowhere,
}

/// What an object asks for.
#[derive(Debug)]
pub struct Asked {
    /// When its deletion was ordered; none where it stays.
    pub deletion: Option<Value>,
    /// Its spec.
    pub spec: Value,
}

/// What the objects of a side ask for.
pub type Specs<'a> = BTreeMap<Id, (Asked, Place<'a>)>;

/// The edits that lead from one side to the other.
pub fn edits(a: (&Objects<'_>, &Outcome), b: (&Objects<'_>, &Outcome)) -> Vec<Edit> {
    fn specs<'a>((objects, outcome): (&Objects<'a>, &'a Outcome)) -> Specs<'a> {
        let asked = |value: &Value| {
            let deletion = value.pointer("/metadata/deletionTimestamp");
            Asked {
                deletion: deletion.filter(|time| !time.is_null()).cloned(),
                spec: value.get("spec").cloned().unwrap_or_default(),
            }
        };
        let objects = objects.iter();
        objects
            .map(|(id, (value, document))| (id.clone(), (asked(value), Place::Document(document, outcome))))
            .collect()
    }
    between(&specs(a), &specs(b))
}

/// The same between what the objects of two sides ask for.
pub fn between(a: &Specs<'_>, b: &Specs<'_>) -> Vec<Edit> {
    let ids: BTreeSet<&Id> = a.keys().chain(b.keys()).collect();
    let mut found = Vec::new();
    for id in ids {
        let (old, new) = (a.get(id), b.get(id));
        let mut walk = Walk {
            id,
            old: old.map_or(Place::Nowhere, |(_, place)| *place),
            new: new.map_or(Place::Nowhere, |(_, place)| *place),
            steps: Vec::new(),
            found: &mut found,
        };
        let root = Path::root();
        match (old, new) {
            (Some((old, _)), Some((new, _))) => {
                let (was, is) = (old.deletion.as_ref(), new.deletion.as_ref());
                // When is all the same.
                if was.is_some() != is.is_some() {
                    let path = root.child("metadata").child("deletionTimestamp");
                    walk.below("metadata", |walk| {
                        walk.step(
                            Step::Key("deletionTimestamp".to_owned()),
                            (was, is),
                            (&path, &path),
                        );
                    });
                }
                let path = root.child("spec");
                walk.below("spec", |walk| walk.values((&old.spec, &new.spec), (&path, &path)));
            }
            (old, new) => {
                let spec = |side: Option<&(Asked, Place<'_>)>| side.map(|(asked, _)| asked.spec.clone());
                walk.push((spec(old), spec(new)), (&root, &root));
            }
        }
    }
    found
}

struct Walk<'w, 'a> {
    id: &'w Id,
    old: Place<'a>,
    new: Place<'a>,
    steps: Vec<Step>,
    found: &'w mut Vec<Edit>,
}

impl Walk<'_, '_> {
    fn below(&mut self, key: &str, walk: impl FnOnce(&mut Self)) {
        self.steps.push(Step::Key(key.to_owned()));
        walk(self);
        self.steps.pop();
    }

    fn values(&mut self, (old, new): (&Value, &Value), paths: (&Path, &Path)) {
        match (old, new) {
            _ if old == new => {}
            (Value::Object(before), Value::Object(after)) => {
                let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
                for key in keys {
                    let paths = (&paths.0.child(key), &paths.1.child(key));
                    self.step(Step::Key(key.clone()), (before.get(key), after.get(key)), paths);
                }
            }
            (Value::Array(before), Value::Array(after)) => {
                let key = key_of(before, after);
                match key.and_then(|key| Some((key, pairs(key, before, after)?))) {
                    Some((key, pairs)) => self.items(key, (before, after), &pairs, paths),
                    None => self.push((Some(old.clone()), Some(new.clone())), paths),
                }
            }
            _ => self.push((Some(old.clone()), Some(new.clone())), paths),
        }
    }

    fn items(
        &mut self,
        key: &'static str,
        (old, new): (&[Value], &[Value]),
        pairs: &[Pair],
        paths: (&Path, &Path),
    ) {
        for &(was, is) in pairs {
            let at = |path: &Path, at: Option<usize>| at.map_or_else(|| path.clone(), |at| path.index(at));
            let paths = (&at(paths.0, was), &at(paths.1, is));
            let pair = (was.map(|at| &old[at]), is.map(|at| &new[at]));
            let names = [pair.0.or(pair.1), pair.1.or(pair.0)];
            let names = names.map(|item| item.map(|item| item[key].clone()).unwrap_or_default());
            self.step(Step::Item(key, names, was.unwrap_or_default()), pair, paths);
        }
    }

    fn step(&mut self, step: Step, pair: (Option<&Value>, Option<&Value>), paths: (&Path, &Path)) {
        self.steps.push(step);
        match pair {
            (Some(old), Some(new)) => self.values((old, new), paths),
            (old, new) => self.push((old.cloned(), new.cloned()), paths),
        }
        self.steps.pop();
    }

    fn push(&mut self, (old, new): (Option<Value>, Option<Value>), paths: (&Path, &Path)) {
        let (side, path) = match new {
            Some(_) => (self.new, paths.1),
            None => (self.old, paths.0),
        };
        let place = match side {
            Place::Document(document, outcome) => {
                let span = if path.is_root() {
                    document.first_key()
                } else {
                    document.label_span(path, outcome.sources.text(document.file))
                };
                let line = outcome.sources.position(span).line;
                Some((outcome.sources.name(span.file).to_owned(), line))
            }
            Place::Lines(file, lines) => {
                let line = lines.get(&path.to_string()).or_else(|| lines.get(""));
                line.map(|line| (file.to_owned(), *line))
            }
            Place::Nowhere => None,
        };
        self.found.push(Edit {
            id: self.id.clone(),
            path: path.to_string(),
            old,
            new,
            place,
            steps: self.steps.clone(),
        });
    }
}

impl Edit {
    /// Takes the edit out of an object of the new side, if it is an edit of something in it.
    pub fn undo(&self, object: &mut Value) {
        set(object, &self.steps, self.old.as_ref());
    }

    /// Whether a whole object came or went.
    pub fn is_whole(&self) -> bool {
        self.steps.is_empty() && (self.old.is_none() || self.new.is_none())
    }
}

fn set(value: &mut Value, steps: &[Step], old: Option<&Value>) {
    let Some((step, rest)) = steps.split_first() else {
        *value = old.cloned().unwrap_or_default();
        return;
    };
    let found = match step {
        Step::Key(key) => value.get_mut(key),
        // Its name may be undone already.
        Step::Item(key, names, _) => value
            .as_array_mut()
            .and_then(|list| list.iter_mut().find(|item| names.contains(&item[*key]))),
    };
    match (found, rest.is_empty(), old) {
        (Some(found), false, _) => set(found, rest, old),
        (Some(found), true, Some(old)) => *found = old.clone(),
        (None, true, Some(old)) => match (step, value) {
            (Step::Key(key), Value::Object(map)) => {
                map.insert(key.clone(), old.clone());
            }
            (Step::Item(.., at), Value::Array(list)) => list.insert((*at).min(list.len()), old.clone()),
            _ => {}
        },
        (Some(_), true, None) => match (step, value) {
            (Step::Key(key), Value::Object(map)) => {
                map.remove(key);
            }
            (Step::Item(key, names, _), Value::Array(list)) => {
                list.retain(|item| !names.contains(&item[*key]));
            }
            _ => {}
        },
        (None, _, _) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The edits between two specs without places.
    fn between(old: &Value, new: &Value) -> Vec<Edit> {
        let (id, mut found) = ((Kind::GPUPool, "p".to_owned()), Vec::new());
        let mut walk = Walk {
            id: &id,
            old: Place::Nowhere,
            new: Place::Nowhere,
            steps: Vec::new(),
            found: &mut found,
        };
        let path = Path::root().child("spec");
        walk.values((old, new), (&path, &path));
        found
    }

    #[test]
    fn each_edit_alone_can_be_undone_and_all_together_give_the_old_text() {
        let old = json!({"a": 1, "gone": {"x": true}, "list": [{"name": "one", "v": 1}, {"name": "two"}], "plain": [1, 2]});
        let new =
            json!({"a": 2, "come": "y", "list": [{"name": "zero"}, {"name": "one", "v": 2}], "plain": [2]});
        let edits = between(&old, &new);
        let paths: Vec<&str> = edits.iter().map(|edit| edit.path.as_str()).collect();
        let list = ["spec.list[0]", "spec.list[1].v", "spec.list[1]"];
        let expected = [&["spec.a", "spec.come", "spec.gone"], &list[..], &["spec.plain"]].concat();
        assert_eq!(paths, expected);
        let mut undone = new.clone();
        for edit in &edits {
            edit.undo(&mut undone);
            assert_ne!(undone, new);
        }
        assert_eq!(undone, old);
    }

    /// A group of racks that grows is one edit with what it was, whatever becomes of its other fields and of other groups.
    #[test]
    fn other_hosts_are_one_edit() {
        let old = json!({"racks": [{"names": "a[1-2]", "system": "x", "nodes": "n1"}, {"names": "b1", "system": "y"}]});
        let new = json!({"racks": [{"names": "c1", "system": "z"}, {"names": "a[1-8]", "system": "x", "nodes": "n[1-2]"}]});
        let edits = between(&old, &new);
        let told: Vec<String> = edits
            .iter()
            .map(|edit| {
                let side =
                    |value: &Option<Value>| value.as_ref().map(ToString::to_string).unwrap_or_default();
                format!("{} {} {}", edit.path, side(&edit.old), side(&edit.new))
            })
            .collect();
        assert_eq!(told[1], r#"spec.racks[1].names "a[1-2]" "a[1-8]""#, "{told:?}");
        assert_eq!(told[2], r#"spec.racks[1].nodes "n1" "n[1-2]""#, "{told:?}");
        assert_eq!(told.len(), 4, "{told:?}");
        // In any order.
        for turn in 0..edits.len() {
            let mut undone = new.clone();
            let (first, last) = edits.split_at(turn);
            last.iter().chain(first).for_each(|edit| edit.undo(&mut undone));
            let racks = undone["racks"].as_array().unwrap();
            assert!(
                racks.len() == 2
                    && old["racks"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .all(|rack| racks.contains(rack)),
                "{undone}"
            );
        }
    }

    /// The order of a pool's fabrics numbers its rails.
    #[test]
    fn another_order_is_an_edit() {
        let (old, new) = (
            json!({"l": [{"name": "a"}, {"name": "b"}]}),
            json!({"l": [{"name": "b"}, {"name": "a"}]}),
        );
        let edits = between(&old, &new);
        let mut undone = new.clone();
        for edit in &edits {
            edit.undo(&mut undone);
        }
        assert_eq!((edits.len(), undone), (1, old));
    }
}
