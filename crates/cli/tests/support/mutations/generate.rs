//! What is changed in an object, one field at a time.

use rackwright_manifest::Path;
use serde_json::{Map, Value, json};

use super::example::Example;
use super::sample::valid;
use super::tree::Tree;

/// One change of one field.
#[derive(Debug, Clone)]
pub enum Change {
    /// The field gets this value, whether it was there or not.
    Set(Tree),
    /// The field goes.
    Unset,
    /// The field stands a second time, with this value.
    Again(Tree),
}

/// A changed example.
#[derive(Debug, Clone)]
pub struct Mutation {
    /// Which object of the example.
    pub object: usize,
    /// Which field.
    pub path: Path,
    /// What was done, for people.
    pub what: String,
    /// The change.
    pub change: Change,
}

impl Mutation {
    /// `GPUPool/train spec.nodes: unset`.
    pub fn name(&self, example: &Example) -> String {
        let object = &example.objects[self.object];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        format!(
            "{}: {}/{} {}: {}",
            example.name,
            text(&object["kind"]),
            text(&object["metadata"]["name"]),
            self.path,
            self.what
        )
    }

    /// The changed object.
    pub fn apply(&self, example: &Example) -> Tree {
        let mut tree = Tree::from(&example.objects[self.object]);
        let Some(rackwright_manifest::Step::Key(key)) = self.path.last().cloned() else {
            let Change::Set(value) = &self.change else {
                panic!("items of lists are only set");
            };
            *tree.at_mut(&self.path).unwrap() = value.clone();
            return tree;
        };
        let parent = self.path.parent().unwrap();
        let Some(Tree::Map(entries)) = tree.at_mut(&parent) else {
            panic!("{parent} is no map");
        };
        let at = entries.iter().position(|(name, _)| *name == key);
        match (&self.change, at) {
            (Change::Set(value), Some(at)) => entries[at].1 = value.clone(),
            (Change::Set(value) | Change::Again(value), _) => entries.push((key, value.clone())),
            (Change::Unset, at) => drop(entries.remove(at.unwrap())),
        }
        tree
    }
}

/// All changes of all objects of an example. `crds` are the definitions of their kinds.
pub fn all(example: &Example, crds: &[Value]) -> Vec<Mutation> {
    let mut all = Vec::new();
    for (object, value) in example.objects.iter().enumerate() {
        let crd = crds
            .iter()
            .find(|crd| crd["spec"]["names"]["kind"] == value["kind"])
            .unwrap();
        let root = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
        let mut field = Field {
            object,
            path: Path::root(),
            all: &mut all,
        };
        for key in ["apiVersion", "kind"] {
            field.below(key, |field| {
                field.value(&json!({ "type": "string" }), &value[key]);
            });
        }
        let metadata = json!({ "type": "object", "properties": {
            "name": { "type": "string", "maxLength": 63 },
            "labels": { "type": "object", "additionalProperties": { "type": "string", "maxLength": 63 } },
            "annotations": { "type": "object", "additionalProperties": { "type": "string" } },
        }});
        field.below("metadata", |field| field.value(&metadata, &value["metadata"]));
        field.below("spec", |field| {
            field.value(&root["properties"]["spec"], &value["spec"]);
        });
    }
    // A text of a megabyte, once: what is slow about it is slow everywhere.
    if let Some(mutation) = all
        .iter()
        .find(|mutation| mutation.what == "not in the list")
        .cloned()
    {
        all.push(Mutation {
            what: "a megabyte".to_owned(),
            change: Change::Set(Value::from("m".repeat(1 << 20)).into()),
            ..mutation
        });
    }
    all
}

/// Texts that are hard to read, print or compare.
const TEXTS: [(&str, &str); 12] = [
    ("unicode", "Ünïcødé-机架-🦀"),
    ("combining", "cafe\u{301}"),
    ("right to left", "\u{202e}kcar"),
    ("zero width", "rack\u{200b}"),
    ("null character", "rack\u{0}"),
    ("escape", "\u{1b}[31mred\u{1b}[0m"),
    ("delete", "rack\u{7f}"),
    ("next line", "rack\u{85}"),
    ("line separator", "rack\u{2028}"),
    ("byte order mark", "\u{feff}rack"),
    ("path", "../../etc/passwd"),
    ("not in the list", "Unknown"),
];

/// Scalars without quotes that readers of YAML take for different things.
const PLAIN: [&str; 8] = ["yes", "010", "1_000", "12:30:45", ".inf", "0x1F", "~", "1e3"];

/// Keys that a map of the user's keys may meet.
const KEYS: [(&str, &str); 10] = [
    ("empty key", ""),
    ("space", "a b"),
    ("path", "../x"),
    ("slash", "a/b"),
    ("unicode", "schlüssel"),
    ("escape", "a\u{1b}[31m"),
    ("null character", "a\u{0}"),
    ("merge", "<<"),
    ("truth value", "yes"),
    ("brackets", "a[0].b"),
];

struct Field<'a> {
    object: usize,
    path: Path,
    all: &'a mut Vec<Mutation>,
}

impl Field<'_> {
    fn below(&mut self, key: &str, then: impl FnOnce(&mut Field<'_>)) {
        let mut field = Field {
            object: self.object,
            path: self.path.child(key),
            all: self.all,
        };
        then(&mut field);
    }

    fn add(&mut self, what: impl Into<String>, change: Change) {
        self.all.push(Mutation {
            object: self.object,
            path: self.path.clone(),
            what: what.into(),
            change,
        });
    }

    fn set(&mut self, what: impl Into<String>, value: impl Into<Tree>) {
        self.add(what, Change::Set(value.into()));
    }

    /// Changes of a value that is there, and of what is in it.
    fn value(&mut self, schema: &Value, value: &Value) {
        if matches!(self.path.last(), Some(rackwright_manifest::Step::Key(_))) {
            self.add("unset", Change::Unset);
            self.add("twice", Change::Again(value.into()));
            self.add("twice, otherwise", Change::Again(valid(schema).into()));
            self.beside();
        }
        self.wrong_types(schema, value);
        match schema["type"].as_str() {
            Some("string") => self.text(schema, value),
            Some("integer" | "number") => self.number(schema),
            Some("boolean") => self.set("the other", Value::from(value != &Value::Bool(true))),
            Some("array") => self.list(schema, value),
            _ => self.map(schema, value),
        }
    }

    /// A field that the schema does not have, spelt almost as this one.
    fn beside(&mut self) {
        let Some(rackwright_manifest::Step::Key(key)) = self.path.last().cloned() else {
            return;
        };
        self.all.push(Mutation {
            object: self.object,
            path: self.path.parent().unwrap().child(format!("{key}X")),
            what: "unknown".to_owned(),
            change: Change::Set(Value::from(1).into()),
        });
    }

    fn wrong_types(&mut self, schema: &Value, value: &Value) {
        self.set("null", Value::Null);
        let others = [
            ("string", json!("text")),
            ("integer", json!(7)),
            ("number", json!(1.5)),
            ("boolean", json!(true)),
            ("array", json!([value])),
            ("object", json!({ "a": value })),
        ];
        for (name, other) in others {
            if schema["type"] != name {
                self.set(format!("{name} instead"), other);
            }
        }
    }

    fn text(&mut self, schema: &Value, value: &Value) {
        let own = value.as_str().unwrap_or_default();
        let min = schema["minLength"].as_u64().unwrap_or(0) as usize;
        self.set("empty", Value::from(""));
        self.set("shortest", Value::from("a".repeat(min)));
        if let Some(max) = schema["maxLength"].as_u64() {
            self.set("longest", Value::from("a".repeat(max as usize)));
            self.set("too long", Value::from("a".repeat(max as usize + 1)));
        }
        for (what, text) in TEXTS {
            self.set(what, Value::from(text));
        }
        for (what, text) in [
            ("line feed behind", format!("{own}\n")),
            ("space behind", format!("{own} ")),
            ("space before", format!(" {own}")),
            ("other case", own.to_uppercase()),
            ("lower case", own.to_lowercase()),
        ] {
            if text != own {
                self.set(what, Value::from(text));
            }
        }
        for other in schema["enum"].as_array().into_iter().flatten() {
            self.set(format!("one of the list, {other}"), other);
        }
        for plain in PLAIN {
            self.set(format!("plain {plain}"), Tree::Plain(plain));
        }
    }

    fn number(&mut self, schema: &Value) {
        let bound = |key: &str| schema[key].as_f64().map(|bound| bound as i64);
        for (what, number) in [
            ("minimum", bound("minimum")),
            (
                "below minimum",
                bound("minimum").and_then(|bound| bound.checked_sub(1)),
            ),
            ("maximum", bound("maximum")),
            (
                "above maximum",
                bound("maximum").and_then(|bound| bound.checked_add(1)),
            ),
            ("zero", Some(0)),
            ("negative", Some(-1)),
            ("greatest", Some(i64::MAX)),
            ("least", Some(i64::MIN)),
        ] {
            if let Some(number) = number {
                self.set(what, Value::from(number));
            }
        }
        self.set("beyond 64 bits", Value::from(u64::MAX));
        for plain in ["1.0", "1e1", "0x10", "010", "1_0", ".nan", "-0"] {
            self.set(format!("plain {plain}"), Tree::Plain(plain));
        }
    }

    fn list(&mut self, schema: &Value, value: &Value) {
        let items: Vec<Value> = value.as_array().cloned().unwrap_or_default();
        let Some(first) = items.first().cloned() else {
            return;
        };
        self.set("empty", json!([]));
        self.set(
            "item twice",
            Value::from([vec![first.clone()], items.clone()].concat()),
        );
        self.set(
            "null item",
            Value::from([items.clone(), vec![Value::Null]].concat()),
        );
        let min = schema["minItems"].as_u64().unwrap_or(0) as usize;
        if min > 1 {
            self.set("too few", Value::from(vec![first.clone(); min - 1]));
        }
        if let Some(max) = schema["maxItems"].as_u64() {
            self.set("most", many(schema, &first, max));
            self.set("too many", many(schema, &first, max + 1));
        }
        let mut field = Field {
            object: self.object,
            path: self.path.index(0),
            all: self.all,
        };
        field.value(&schema["items"], &first);
    }

    fn map(&mut self, schema: &Value, value: &Value) {
        self.set("empty", json!({}));
        let entries: Map<String, Value> = value.as_object().cloned().unwrap_or_default();
        let free = &schema["additionalProperties"];
        if free.is_object() {
            let inner = entries.values().next().cloned().unwrap_or_else(|| valid(free));
            for (what, key) in KEYS {
                self.below(key, |field| field.set(format!("{what} as key"), &inner));
            }
            self.below(&"k".repeat(1025), |field| field.set("long key", &inner));
            if let Some(max) = schema["maxProperties"].as_u64() {
                let of = |count: u64| (0..count).map(|at| (format!("a.b{at}"), inner.clone())).collect();
                self.set("most", Value::Object(of(max)));
                self.set("too many", Value::Object(of(max + 1)));
            }
            for (key, value) in entries.iter().take(1) {
                self.below(key, |field| field.value(free, value));
            }
        }
        for (key, inner) in schema["properties"].as_object().into_iter().flatten() {
            self.below(key, |field| match entries.get(key) {
                Some(value) => field.value(inner, value),
                None => field.absent(inner),
            });
        }
    }

    /// A field that the example does not have, with a value that its schema allows, and with others.
    fn absent(&mut self, schema: &Value) {
        let valid = valid(schema);
        self.set("new", &valid);
        self.set("new, null", Value::Null);
        self.set(
            "new, of another type",
            if valid.is_array() {
                json!({})
            } else {
                json!([valid])
            },
        );
        match schema["type"].as_str() {
            Some("string") => {
                self.set("new, escape", Value::from("\u{1b}[31m"));
                if let Some(max) = schema["maxLength"].as_u64() {
                    self.set("new, too long", Value::from("a".repeat(max as usize + 1)));
                }
            }
            Some("array") => self.set("new, empty", json!([])),
            Some("object") => self.set("new, empty", json!({})),
            Some("integer" | "number") => self.set("new, greatest", Value::from(i64::MAX)),
            _ => {}
        }
    }
}

/// Items that differ in their keys, where the schema says which fields those are.
fn many(schema: &Value, first: &Value, count: u64) -> Value {
    let key = schema["x-kubernetes-list-map-keys"][0].as_str();
    let item = |at: u64| {
        let mut item = first.clone();
        match (key, &mut item) {
            (Some(key), Value::Object(map)) if map.get(key).is_some_and(Value::is_string) => {
                map.insert(key.to_owned(), format!("x{at}").into());
            }
            (None, Value::String(text)) => text.push_str(&at.to_string()),
            _ => {}
        }
        item
    };
    (0..count).map(item).collect()
}
