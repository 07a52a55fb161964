//! A structural schema, compiled: what the walkers of this module read.

use super::SchemaError;
use super::cel::Rule;
use super::format::Format;
use super::pattern::Pattern;
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The types that a value may have; several for int-or-string, none when the schema says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Any,
    Object,
    Array,
    String,
    Integer,
    Number,
    Boolean,
    IntOrString,
}

impl Type {
    /// As the API server names it in messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Any => "",
            Self::Object => "object",
            Self::Array => "array",
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::IntOrString => "integer,string",
        }
    }
}

/// How the items of a list are told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ListType {
    Atomic,
    Set,
    Map(Vec<String>),
}

/// What a map holds beyond its named properties.
#[derive(Debug)]
pub(super) enum Additional {
    /// Nothing: other keys are unknown fields.
    None,
    /// Anything.
    Any,
    /// Values of a schema.
    Schema(Box<Node>),
}

/// One node of a schema.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the keywords of a schema are what they are"
)]
pub(super) struct Node {
    pub kind: Type,
    pub nullable: bool,
    pub preserve_unknown: bool,
    pub properties: BTreeMap<String, Node>,
    pub additional: Additional,
    pub items: Option<Box<Node>>,
    pub required: Vec<String>,
    pub enumeration: Vec<Value>,
    pub pattern: Option<Arc<Pattern>>,
    pub format: Option<Format>,
    pub min_length: Option<u64>,
    pub max_length: Option<u64>,
    pub min_items: Option<u64>,
    pub max_items: Option<u64>,
    pub unique_items: bool,
    pub min_properties: Option<u64>,
    pub max_properties: Option<u64>,
    pub minimum: Option<f64>,
    pub maximum: Option<f64>,
    pub exclusive_minimum: bool,
    pub exclusive_maximum: bool,
    pub multiple_of: Option<f64>,
    pub list_type: ListType,
    pub default: Option<Value>,
    pub all_of: Vec<Node>,
    pub any_of: Vec<Node>,
    pub one_of: Vec<Node>,
    pub not: Option<Box<Node>>,
    pub rules: Vec<Rule>,
    /// Whether this node or one below has a default.
    pub has_defaults: bool,
    /// Whether this node or one below has a CEL rule.
    pub has_rules: bool,
    /// Whether this node or one below is a set or a list map.
    pub has_lists: bool,
}

impl Node {
    /// The schema of a key of a map.
    pub(super) fn field(&self, key: &str) -> Option<&Node> {
        match (self.properties.get(key), &self.additional) {
            (Some(node), _) => Some(node),
            (None, Additional::Schema(node)) => Some(node),
            (None, _) => None,
        }
    }
}

/// Schemas are written by people for people; nothing needs more.
const MAX_DEPTH: usize = 64;

/// Keywords that are understood, or that say nothing about validity.
const KNOWN: &[&str] = &[
    "$schema",
    "additionalProperties",
    "allOf",
    "anyOf",
    "default",
    "description",
    "enum",
    "example",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "externalDocs",
    "format",
    "id",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "not",
    "nullable",
    "oneOf",
    "pattern",
    "properties",
    "required",
    "title",
    "type",
    "uniqueItems",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-validations",
];

/// Compiles schemas of one definition.
pub(super) struct Compiler<'a> {
    /// Name of the definition, for errors.
    crd: &'a str,
    /// Whether patterns and rules are compiled at once, so that a wrong one is an error.
    eager: bool,
    /// What was met already: the same few patterns come again and again.
    patterns: RefCell<BTreeMap<String, Arc<Pattern>>>,
}

impl<'a> Compiler<'a> {
    pub(super) fn new(crd: &'a str, eager: bool) -> Self {
        Self {
            crd,
            eager,
            patterns: RefCell::default(),
        }
    }

    pub(super) fn error(&self, path: &str, message: impl Into<String>) -> SchemaError {
        SchemaError::Schema {
            crd: self.crd.to_owned(),
            path: path.to_owned(),
            message: message.into(),
        }
    }

    /// Compiles a schema. `path` is its place in the definition.
    pub(super) fn node(&self, schema: &Value, path: &str, depth: usize) -> Result<Node, SchemaError> {
        let Some(schema) = schema.as_object() else {
            return Err(self.error(path, "a schema must be an object"));
        };
        if depth > MAX_DEPTH {
            return Err(self.error(path, format!("schemas are nested more than {MAX_DEPTH} deep")));
        }
        // An unknown keyword could be one that refuses values: fail closed.
        if let Some(unknown) = schema.keys().find(|key| !KNOWN.contains(&key.as_str())) {
            return Err(self.error(path, format!("`{unknown}` is not supported")));
        }
        let kind = self.kind(schema, path)?;
        if let Some(format) = schema.get("format").and_then(Value::as_str)
            && matches!(kind, Type::Any | Type::String)
            && Format::is_unsupported(format)
        {
            return Err(self.error(path, format!("format `{format}` cannot be checked offline")));
        }
        let list = |key: &str| self.list(schema, key, path, depth);
        let mut node = Node {
            kind,
            nullable: flag(schema, "nullable"),
            preserve_unknown: flag(schema, "x-kubernetes-preserve-unknown-fields"),
            properties: self.properties(schema, path, depth)?,
            additional: self.additional(schema, path, depth)?,
            items: self.child(schema, "items", path, depth)?,
            required: strings(schema, "required"),
            enumeration: schema
                .get("enum")
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default(),
            pattern: self.pattern(schema, path)?,
            format: Format::of(schema.get("format").and_then(Value::as_str), kind),
            min_length: self.count(schema, "minLength", path)?,
            max_length: self.count(schema, "maxLength", path)?,
            min_items: self.count(schema, "minItems", path)?,
            max_items: self.count(schema, "maxItems", path)?,
            unique_items: flag(schema, "uniqueItems"),
            min_properties: self.count(schema, "minProperties", path)?,
            max_properties: self.count(schema, "maxProperties", path)?,
            minimum: schema.get("minimum").and_then(Value::as_f64),
            maximum: schema.get("maximum").and_then(Value::as_f64),
            exclusive_minimum: flag(schema, "exclusiveMinimum"),
            exclusive_maximum: flag(schema, "exclusiveMaximum"),
            multiple_of: schema.get("multipleOf").and_then(Value::as_f64),
            list_type: self.list_type(schema, path)?,
            default: schema.get("default").cloned(),
            all_of: list("allOf")?,
            any_of: list("anyOf")?,
            one_of: list("oneOf")?,
            not: self.child(schema, "not", path, depth)?,
            rules: self.rules(schema, path)?,
            has_defaults: false,
            has_rules: false,
            has_lists: false,
        };
        if node.multiple_of.is_some_and(|factor| factor <= 0.0) {
            return Err(self.error(path, "multipleOf must be positive"));
        }
        let additional = match &node.additional {
            Additional::Schema(additional) => Some(additional.as_ref()),
            Additional::None | Additional::Any => None,
        };
        let below = || {
            node.properties
                .values()
                .chain(node.items.as_deref())
                .chain(additional)
        };
        let (defaults, lists) = (
            below().any(|node| node.has_defaults),
            below().any(|node| node.has_lists),
        );
        let rules = below().chain(&node.all_of).any(|node| node.has_rules);
        node.has_defaults = node.default.is_some() || defaults;
        node.has_rules = !node.rules.is_empty() || rules;
        node.has_lists = node.list_type != ListType::Atomic || lists;
        Ok(node)
    }

    fn kind(&self, schema: &Map<String, Value>, path: &str) -> Result<Type, SchemaError> {
        if flag(schema, "x-kubernetes-int-or-string") {
            return Ok(Type::IntOrString);
        }
        match schema.get("type") {
            None => Ok(Type::Any),
            Some(Value::String(name)) => Ok(match name.as_str() {
                "" => Type::Any,
                "object" => Type::Object,
                "array" => Type::Array,
                "string" => Type::String,
                "integer" => Type::Integer,
                "number" => Type::Number,
                "boolean" => Type::Boolean,
                other => return Err(self.error(path, format!("`{other}` is not a type"))),
            }),
            Some(_) => Err(self.error(path, "`type` must be one string")),
        }
    }

    fn child(
        &self,
        schema: &Map<String, Value>,
        key: &str,
        path: &str,
        depth: usize,
    ) -> Result<Option<Box<Node>>, SchemaError> {
        let Some(child) = schema.get(key) else {
            return Ok(None);
        };
        Ok(Some(Box::new(self.node(
            child,
            &format!("{path}.{key}"),
            depth + 1,
        )?)))
    }

    fn list(
        &self,
        schema: &Map<String, Value>,
        key: &str,
        path: &str,
        depth: usize,
    ) -> Result<Vec<Node>, SchemaError> {
        let Some(list) = schema.get(key).and_then(Value::as_array) else {
            return Ok(Vec::new());
        };
        let node = |(at, schema)| self.node(schema, &format!("{path}.{key}[{at}]"), depth + 1);
        list.iter().enumerate().map(node).collect()
    }

    fn properties(
        &self,
        schema: &Map<String, Value>,
        path: &str,
        depth: usize,
    ) -> Result<BTreeMap<String, Node>, SchemaError> {
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
            return Ok(BTreeMap::new());
        };
        let node = |(name, schema): (&String, &Value)| {
            Ok((
                name.clone(),
                self.node(schema, &format!("{path}.properties.{name}"), depth + 1)?,
            ))
        };
        properties.iter().map(node).collect()
    }

    fn additional(
        &self,
        schema: &Map<String, Value>,
        path: &str,
        depth: usize,
    ) -> Result<Additional, SchemaError> {
        match schema.get("additionalProperties") {
            None => Ok(Additional::None),
            Some(Value::Bool(true)) => Ok(Additional::Any),
            Some(Value::Bool(false)) => Err(self.error(path, "`additionalProperties: false` is forbidden")),
            Some(schema) => {
                let node = self.node(schema, &format!("{path}.additionalProperties"), depth + 1)?;
                Ok(Additional::Schema(Box::new(node)))
            }
        }
    }

    fn count(&self, schema: &Map<String, Value>, key: &str, path: &str) -> Result<Option<u64>, SchemaError> {
        match schema.get(key) {
            None => Ok(None),
            Some(value) => match value.as_u64() {
                Some(count) => Ok(Some(count)),
                None => Err(self.error(path, format!("`{key}` must be a whole number"))),
            },
        }
    }

    fn pattern(&self, schema: &Map<String, Value>, path: &str) -> Result<Option<Arc<Pattern>>, SchemaError> {
        let source = schema.get("pattern").and_then(Value::as_str);
        let Some(source) = source.filter(|source| !source.is_empty()) else {
            return Ok(None);
        };
        let mut known = self.patterns.borrow_mut();
        let pattern = known
            .entry(source.to_owned())
            .or_insert_with(|| Arc::new(Pattern::new(source)));
        if self.eager {
            let compiled = pattern.compiled();
            compiled.map_err(|error| self.error(path, format!("pattern `{source}`: {error}")))?;
        }
        Ok(Some(Arc::clone(pattern)))
    }

    fn list_type(&self, schema: &Map<String, Value>, path: &str) -> Result<ListType, SchemaError> {
        match schema.get("x-kubernetes-list-type").and_then(Value::as_str) {
            None | Some("atomic") => Ok(ListType::Atomic),
            Some("set") => Ok(ListType::Set),
            Some("map") => {
                let keys = strings(schema, "x-kubernetes-list-map-keys");
                if keys.is_empty() {
                    return Err(self.error(path, "a list map needs `x-kubernetes-list-map-keys`"));
                }
                Ok(ListType::Map(keys))
            }
            Some(other) => Err(self.error(path, format!("`{other}` is not a list type"))),
        }
    }

    fn rules(&self, schema: &Map<String, Value>, path: &str) -> Result<Vec<Rule>, SchemaError> {
        let Some(rules) = schema.get("x-kubernetes-validations").and_then(Value::as_array) else {
            return Ok(Vec::new());
        };
        let read = |(at, entry)| {
            let rule = Rule::read(entry).and_then(|rule| {
                if self.eager {
                    rule.compiled()?;
                }
                Ok(rule)
            });
            rule.map_err(|message| self.error(&format!("{path}.x-kubernetes-validations[{at}]"), message))
        };
        rules.iter().enumerate().map(read).collect()
    }
}

fn flag(schema: &Map<String, Value>, key: &str) -> bool {
    schema.get(key).and_then(Value::as_bool).unwrap_or(false)
}

fn strings(schema: &Map<String, Value>, key: &str) -> Vec<String> {
    let list = schema.get(key).and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}
