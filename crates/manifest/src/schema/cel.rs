//! CEL rules of a schema, the only place that knows the CEL implementation.
//!
//! The walk, the correlation of old with new values, the messages and the reasons are ours and follow
//! `apiextensions-apiserver/pkg/apiserver/schema/cel`; parsing and evaluation are kube's. It fails closed: what cannot be
//! compiled or refers to something unknown is an error when the schema is compiled, and what cannot be evaluated is an
//! objection.

use super::message::{bad_value, invalid_text};
use super::node::{Additional, Node, Type};
use super::place::Place;
use super::violation::{Violation, ViolationKind};
use super::walk::correlate;
use crate::path::{Path, Step};
use kube::core::cel::KubeCelExt;
use kube::core::cel::cel::objects::{Key, Map};
use kube::core::cel::cel::{Context, ExecutionError, Program, Value as Cel};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

thread_local! {
    /// Holds the functions of Kubernetes; it is not shared between threads because the CEL crate's values are not.
    static FUNCTIONS: Context<'static> = Context::default().with_all();

    /// The functions that were asked for, and whether they exist: parsing the question takes longer than most rules.
    static KNOWN: RefCell<BTreeMap<String, bool>> = const { RefCell::new(BTreeMap::new()) };
}

/// What a failed rule is called in the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    Invalid,
    Forbidden,
    Required,
    Duplicate,
}

/// One rule. Its expressions are compiled when a value first meets it: most rules of a schema are about fields that are
/// left out of most objects.
pub(super) struct Rule {
    source: String,
    message: Option<String>,
    message_source: Option<String>,
    reason: Reason,
    field_path: Path,
    compiled: OnceLock<Result<Compiled, String>>,
}

/// The expressions of a rule.
pub(super) struct Compiled {
    program: Program,
    message_program: Option<Program>,
    is_transition: bool,
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rule")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl Rule {
    /// Reads an entry of `x-kubernetes-validations`.
    pub(super) fn read(entry: &Value) -> Result<Self, String> {
        let text = |key: &str| entry.get(key).and_then(Value::as_str);
        let source = text("rule").ok_or("a rule needs `rule`")?;
        if entry.get("optionalOldSelf").and_then(Value::as_bool) == Some(true) {
            return Err("`optionalOldSelf` cannot be judged offline".to_owned());
        }
        let reason = match text("reason") {
            None | Some("" | "FieldValueInvalid") => Reason::Invalid,
            Some("FieldValueForbidden") => Reason::Forbidden,
            Some("FieldValueRequired") => Reason::Required,
            Some("FieldValueDuplicate") => Reason::Duplicate,
            Some(other) => return Err(format!("`{other}` is not a reason")),
        };
        let field_path = text("fieldPath")
            .unwrap_or("")
            .parse::<Path>()
            .map_err(|error| error.to_string())?;
        Ok(Self {
            source: source.to_owned(),
            message: text("message")
                .map(|message| message.trim().to_owned())
                .filter(|message| !message.is_empty()),
            message_source: text("messageExpression").map(str::to_owned),
            reason,
            field_path,
            compiled: OnceLock::new(),
        })
    }

    /// Its expressions; or why they cannot be judged.
    pub(super) fn compiled(&self) -> Result<&Compiled, String> {
        let compile = || {
            let program = program(&self.source)?;
            Ok(Compiled {
                is_transition: program.references().has_variable("oldSelf"),
                message_program: self.message_source.as_deref().map(self::program).transpose()?,
                program,
            })
        };
        self.compiled.get_or_init(compile).as_ref().map_err(Clone::clone)
    }

    /// The rule in messages about its evaluation.
    fn name(&self) -> &str {
        self.message.as_deref().unwrap_or(self.source.trim())
    }

    /// The detail of the objection when the rule is not met.
    fn detail(&self, compiled: &Compiled, context: &Context<'_>) -> String {
        if let Some(program) = &compiled.message_program
            && let Ok(Cel::String(text)) = program.execute(context)
            && !text.trim().is_empty()
            && !text.contains('\n')
        {
            return text.as_str().to_owned();
        }
        self.message
            .clone()
            .unwrap_or_else(|| format!("failed rule: {}", self.source.trim()))
    }
}

/// Parses an expression and refuses references to functions that this build does not have.
fn program(source: &str) -> Result<Program, String> {
    let program = Program::compile(source).map_err(|error| format!("`{source}` is not CEL: {error}"))?;
    let references = program.references();
    let mut called = references.functions();
    called.sort_unstable();
    // Operators are called `_+_` and the like and are built in.
    let named = called
        .into_iter()
        .filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()));
    for name in named {
        if !is_known(name) {
            return Err(format!(
                "`{source}` calls `{name}`, which cannot be evaluated offline"
            ));
        }
    }
    Ok(program)
}

/// Whether a function exists. The registry cannot be asked; a call without arguments can, and tells a missing function
/// from one that misses its arguments.
fn is_known(name: &str) -> bool {
    if let Some(known) = KNOWN.with_borrow(|known| known.get(name).copied()) {
        return known;
    }
    let known = Program::compile(&format!("{name}()")).map_or(true, |probe| {
        FUNCTIONS.with(|context| {
            !matches!(
                probe.execute(context),
                Err(ExecutionError::UndeclaredReference(_))
            )
        })
    });
    KNOWN.with_borrow_mut(|all| all.insert(name.to_owned(), known));
    known
}

/// The value that a value replaces, and whether it is correlated with one at all.
#[derive(Clone, Copy)]
struct Old<'a> {
    /// What `oldSelf` is.
    value: Option<&'a Value>,
    /// Whether this value, or the nearest one above that can be correlated, is unchanged.
    unchanged: bool,
}

/// Evaluates the rules of a schema on an object; `old` is the object that it replaces.
pub(super) fn validate(node: &Node, object: &Value, old: Option<&Value>) -> Vec<Violation> {
    let mut violations = Vec::new();
    if node.has_rules {
        let old = Old {
            value: old,
            unchanged: old == Some(object),
        };
        FUNCTIONS.with(|functions| walk(node, object, old, &Place::Root, functions, &mut violations));
    }
    violations
}

fn walk(
    node: &Node,
    value: &Value,
    old: Old<'_>,
    place: &Place<'_>,
    functions: &Context<'_>,
    violations: &mut Vec<Violation>,
) {
    // Rules run on values only; a null is for the rules of what holds it.
    if !node.has_rules || value.is_null() {
        return;
    }
    evaluate(node, value, old, place, functions, violations);
    for schema in &node.all_of {
        walk(schema, value, old, place, functions, violations);
    }
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let Some(schema) = node.field(key).filter(|schema| schema.has_rules) else {
                    continue;
                };
                let before = old.value.and_then(|old| old.get(key));
                // `kind` and `apiVersion` are never compared: both sides are converted to one version.
                let comparable = !(place.is_root() && matches!(key.as_str(), "apiVersion" | "kind"));
                let unchanged = match before {
                    Some(before) if comparable => before == value,
                    _ => old.unchanged && comparable,
                };
                walk(
                    schema,
                    value,
                    Old {
                        value: before,
                        unchanged,
                    },
                    &place.key(key),
                    functions,
                    violations,
                );
            }
        }
        Value::Array(items) => {
            let Some(schema) = node.items.as_deref() else {
                return;
            };
            for (at, item) in items.iter().enumerate() {
                let before = correlate(node, item, old.value);
                let unchanged = before.map_or(old.unchanged, |before| before == item);
                walk(
                    schema,
                    item,
                    Old {
                        value: before,
                        unchanged,
                    },
                    &place.index(at),
                    functions,
                    violations,
                );
            }
        }
        _ => {}
    }
}

fn evaluate(
    node: &Node,
    value: &Value,
    old: Old<'_>,
    place: &Place<'_>,
    functions: &Context<'_>,
    violations: &mut Vec<Violation>,
) {
    let applies = |compiled: &Compiled| !compiled.is_transition || old.value.is_some();
    let rules = node.rules.iter().map(|rule| (rule, rule.compiled()));
    let rules: Vec<_> = rules
        .filter(|(_, compiled)| compiled.as_ref().map_or(true, |compiled| applies(compiled)))
        .collect();
    if rules.is_empty() {
        return;
    }
    let mut context = functions.new_inner_scope();
    context.add_variable_from_value("self", to_cel(Some(node), value, functions));
    if let Some(old) = old.value {
        context.add_variable_from_value("oldSelf", to_cel(Some(node), old, functions));
    }
    for (rule, compiled) in rules {
        let mut objection = |path: Path, message: String| {
            violations.push(Violation::new(ViolationKind::Cel, path, message));
        };
        let compiled = match compiled {
            Ok(compiled) => compiled,
            Err(why) => {
                objection(place.path(), invalid_text(node.kind.name(), &why));
                continue;
            }
        };
        match compiled.program.execute(&context) {
            Ok(Cel::Bool(true)) => {}
            // What was accepted once and did not change is let pass, so that a stricter rule does not lock objects.
            Ok(Cel::Bool(false)) if old.unchanged && !compiled.is_transition => {}
            Ok(Cel::Bool(false)) => {
                let detail = rule.detail(compiled, &context);
                let steps = place
                    .path()
                    .steps()
                    .iter()
                    .chain(rule.field_path.steps())
                    .cloned()
                    .collect::<Vec<Step>>();
                objection(
                    Path::from_steps(steps),
                    verdict(rule.reason, node, value, &detail),
                );
            }
            Ok(_) => objection(
                place.path(),
                invalid_text(
                    node.kind.name(),
                    &format!("rule does not answer true or false: {}", rule.name()),
                ),
            ),
            Err(error) => objection(
                place.path(),
                invalid_text(
                    node.kind.name(),
                    &format!("{} evaluating rule: {}", lower(&error), rule.name()),
                ),
            ),
        }
    }
}

/// An error as the server words it: without a capital in front.
fn lower(error: &ExecutionError) -> String {
    let text = error.to_string();
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// The objection of a failed rule; maps and lists are not repeated in it.
fn verdict(reason: Reason, node: &Node, value: &Value, detail: &str) -> String {
    let shown = (!matches!(node.kind, Type::Object | Type::Array)).then(|| bad_value(value));
    match (reason, shown) {
        (Reason::Invalid, None) => format!("Invalid value: {detail}"),
        (Reason::Invalid, Some(shown)) => format!("Invalid value: {shown}: {detail}"),
        (Reason::Forbidden, _) => format!("Forbidden: {detail}"),
        (Reason::Required, _) => format!("Required value: {detail}"),
        (Reason::Duplicate, None) => "Duplicate value".to_owned(),
        (Reason::Duplicate, Some(shown)) => format!("Duplicate value: {shown}"),
    }
}

/// A value as the rules see it: typed by its schema.
fn to_cel(node: Option<&Node>, value: &Value, functions: &Context<'_>) -> Cel {
    match value {
        Value::Null => Cel::Null,
        Value::Bool(value) => Cel::Bool(*value),
        Value::Number(number) => match number.as_i64() {
            // A field of type number is a double even where its value is whole.
            Some(number) if node.is_none_or(|node| node.kind != Type::Number) => Cel::Int(number),
            _ => Cel::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => string_to_cel(node, text, functions),
        Value::Array(items) => {
            let schema = node.and_then(|node| node.items.as_deref());
            Cel::List(Arc::new(
                items.iter().map(|item| to_cel(schema, item, functions)).collect(),
            ))
        }
        Value::Object(map) => {
            let is_map = node.is_some_and(|node| !matches!(node.additional, Additional::None));
            let entry = |(key, value): (&String, &Value)| {
                // Field names are identifiers in CEL; keys of maps are data.
                let name = if is_map { key.clone() } else { escape(key) };
                let schema = node.and_then(|node| node.field(key));
                (Key::String(Arc::new(name)), to_cel(schema, value, functions))
            };
            Cel::Map(Map {
                map: Arc::new(map.iter().map(entry).collect::<HashMap<_, _>>()),
            })
        }
    }
}

fn string_to_cel(node: Option<&Node>, text: &str, functions: &Context<'_>) -> Cel {
    use super::format::Format;
    let string = || Cel::String(Arc::new(text.to_owned()));
    let converter = match node.and_then(|node| node.format) {
        Some(Format::DateTime | Format::Date) => "timestamp",
        Some(Format::Duration) => "duration",
        _ => return string(),
    };
    let is_date = node.is_some_and(|node| node.format == Some(Format::Date));
    let text = if is_date {
        format!("{text}T00:00:00Z")
    } else {
        text.to_owned()
    };
    // CEL's own conversion, so that this crate need not know the CEL crate's time types.
    let mut context = functions.new_inner_scope();
    context.add_variable_from_value("text", text);
    let result = Program::compile(&format!("{converter}(text)"))
        .ok()
        .map(|program| program.execute(&context));
    match result {
        Some(Ok(value)) => value,
        _ => string(),
    }
}

/// Field names that are no identifiers in CEL, as `apiserver/schema/cel/model` escapes them.
fn escape(name: &str) -> String {
    const RESERVED: [&str; 21] = [
        "as",
        "break",
        "const",
        "continue",
        "else",
        "false",
        "for",
        "function",
        "if",
        "import",
        "in",
        "let",
        "loop",
        "namespace",
        "null",
        "package",
        "return",
        "true",
        "var",
        "void",
        "while",
    ];
    if RESERVED.contains(&name) {
        return format!("__{name}__");
    }
    if !name.contains(['_', '.', '-', '/']) {
        return name.to_owned();
    }
    // A single underscore stays; two are the mark of an escape.
    name.replace("__", "__underscores__")
        .replace('.', "__dot__")
        .replace('-', "__dash__")
        .replace('/', "__slash__")
}
