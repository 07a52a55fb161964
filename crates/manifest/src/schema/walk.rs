//! Whether a value fits its schema: the checks, their order and their messages are those of
//! `k8s.io/kube-openapi/pkg/validation/validate` as `apiextensions-apiserver` uses it.

use super::format::Format;
use super::message::{bad_value, float, invalid, invalid_text, quote};
use super::node::{ListType, Node, Type};
use super::place::{Place, dotted};
use super::suggest::nearest;
use super::violation::{Violation, ViolationKind};
use crate::path::Path;
use serde_json::{Number, Value};

/// The largest float that the server takes for a whole number: 2^53 - 1.
const MAX_WHOLE_FLOAT: f64 = 9_007_199_254_740_991.0;

/// Collects objections during a walk.
pub(super) struct Walk {
    violations: Vec<Violation>,
    /// Steps that messages leave out: the status of an object is judged by a validator of its own.
    hidden_steps: usize,
}

impl Walk {
    pub(super) fn new(hidden_steps: usize) -> Self {
        Self {
            violations: Vec::new(),
            hidden_steps,
        }
    }

    pub(super) fn finish(self) -> Vec<Violation> {
        self.violations
    }

    fn add(&mut self, kind: ViolationKind, path: Path, message: String) {
        self.violations.push(Violation::new(kind, path, message));
    }

    /// The place as messages name it.
    fn name(&self, place: &Place<'_>) -> String {
        let path = place.path();
        match path.steps().get(self.hidden_steps..) {
            Some(rest) if self.hidden_steps > 0 => dotted(&Path::from_steps(rest.iter().cloned())),
            _ => dotted(&path),
        }
    }

    fn invalid(&mut self, kind: ViolationKind, place: &Place<'_>, value: &Value, wanted: &str) {
        let message = invalid(value, &format!("{} in body {wanted}", self.name(place)));
        self.add(kind, place.path(), message);
    }

    /// Checks a value. With `old`, the value that it replaces, objections to what did not change are dropped.
    pub(super) fn value(&mut self, node: &Node, value: &Value, old: Option<&Value>, place: &Place<'_>) {
        let before = self.violations.len();
        self.check(node, value, old, place);
        if self.violations.len() > before && old == Some(value) {
            self.violations.truncate(before);
        }
    }

    fn check(&mut self, node: &Node, value: &Value, old: Option<&Value>, place: &Place<'_>) {
        if value.is_null() {
            if node.kind != Type::Any && !node.nullable {
                self.wrong_type(node, "null", place);
            }
            return self.enumeration(node, value, place);
        }
        if let Some(found) = mismatch(node.kind, value) {
            match node.format.filter(|_| !value.is_string() && !value.is_array()) {
                Some(format) => self.wrong_format(format, go_type(value), place),
                None => self.wrong_type(node, found, place),
            }
        }
        self.composition(node, value, place);
        match value {
            Value::String(text) => self.string(node, text, value, place),
            Value::Number(number) => self.number(node, number, value, place),
            Value::Array(items) => self.list(node, items, old, place),
            _ => {}
        }
        self.enumeration(node, value, place);
        if let Value::Object(_) = value {
            self.object(node, value, old, place);
        }
    }

    fn wrong_type(&mut self, node: &Node, found: &str, place: &Place<'_>) {
        let wanted = format!(
            "{} in body must be of type {}: {}",
            self.name(place),
            node.kind.name(),
            quote(found)
        );
        self.add(ViolationKind::Type, place.path(), invalid_text(found, &wanted));
    }

    fn string(&mut self, node: &Node, text: &str, value: &Value, place: &Place<'_>) {
        self.text_bounds(node, text, value, place);
        if let Some(format) = node.format
            && !format.accepts(text)
        {
            self.wrong_format(format, text, place);
        }
    }

    fn wrong_format(&mut self, format: Format, found: &str, place: &Place<'_>) {
        let wanted = format!(
            "{} in body must be of type {}: {}",
            self.name(place),
            format.name(),
            quote(found)
        );
        self.add(ViolationKind::Format, place.path(), invalid_text(found, &wanted));
    }

    /// The first of length and pattern that fails, as there.
    fn text_bounds(&mut self, node: &Node, text: &str, value: &Value, place: &Place<'_>) {
        if node.max_length.is_some() || node.min_length.is_some() {
            let length = text.chars().count() as u64;
            if let Some(max) = node.max_length
                && length > max
            {
                // The API server says bytes and counts characters.
                let unit = if max == 1 { "byte" } else { "bytes" };
                let message = format!("Too long: may not be more than {max} {unit}");
                self.add(ViolationKind::Length, place.path(), message);
                return;
            }
            if let Some(min) = node.min_length
                && length < min
            {
                let wanted = format!("should be at least {min} chars long");
                return self.invalid(ViolationKind::Length, place, value, &wanted);
            }
        }
        if let Some(pattern) = &node.pattern
            && !pattern.matches(text)
        {
            let wanted = format!("should match '{}'", pattern.source);
            self.invalid(ViolationKind::Pattern, place, value, &wanted);
        }
    }

    fn number(&mut self, node: &Node, found: &Number, value: &Value, place: &Place<'_>) {
        let as_float = found.as_f64().unwrap_or(f64::NAN);
        if !fits(node, found) {
            let format = match node.format {
                Some(format) => format!("with format {}", format.name()),
                None => "(default format)".to_owned(),
            };
            let kind = node.kind.name();
            let detail = format!(
                "Checked value must be of type {kind} {format} in {}",
                self.name(place)
            );
            self.add(ViolationKind::Range, place.path(), invalid_text("", &detail));
        }
        let integer = found.is_i64() || found.is_u64();
        let bound = |bound: f64| {
            if integer {
                float(bound.trunc())
            } else {
                float(bound)
            }
        };
        match node.multiple_of {
            // The server cuts factors to whole numbers for integers, and then finds nothing left.
            Some(factor) if integer && factor < 1.0 => {
                let name = self.name(place);
                let detail = format!("factor MultipleOf declared for {name} must be positive: 0");
                self.add(
                    ViolationKind::Range,
                    place.path(),
                    invalid(&Value::from(0), &detail),
                );
            }
            Some(factor) if !is_multiple(found, factor) => {
                let wanted = format!("should be a multiple of {}", bound(factor));
                self.invalid(ViolationKind::Range, place, value, &wanted);
            }
            _ => {}
        }
        // The server compares integers with the whole part of a bound.
        let whole = |bound: f64| if integer { bound.trunc() } else { bound };
        if let Some(minimum) = node.minimum {
            let (fails, word) = if node.exclusive_minimum {
                (as_float <= whole(minimum), "greater than")
            } else {
                (as_float < whole(minimum), "greater than or equal to")
            };
            if fails {
                let wanted = format!("should be {word} {}", bound(minimum));
                self.invalid(ViolationKind::Range, place, value, &wanted);
            }
        }
        if let Some(maximum) = node.maximum {
            let (fails, word) = if node.exclusive_maximum {
                (as_float >= whole(maximum), "less than")
            } else {
                (as_float > whole(maximum), "less than or equal to")
            };
            if fails {
                let wanted = format!("should be {word} {}", bound(maximum));
                self.invalid(ViolationKind::Range, place, value, &wanted);
            }
        }
    }

    fn list(&mut self, node: &Node, items: &[Value], old: Option<&Value>, place: &Place<'_>) {
        if let Some(schema) = node.items.as_deref() {
            for (at, item) in items.iter().enumerate() {
                let old = correlate(node, item, old);
                self.value(schema, item, old, &place.index(at));
            }
        }
        let size = items.len() as u64;
        if let Some(min) = node.min_items
            && size < min
        {
            let wanted = format!("should have at least {min} items");
            self.invalid(ViolationKind::Items, place, &Value::from(size), &wanted);
        }
        if let Some(max) = node.max_items
            && size > max
        {
            self.too_many(ViolationKind::Items, size, max, place);
        }
        if node.unique_items && has_duplicate(items) {
            self.invalid(
                ViolationKind::Unique,
                place,
                &Value::from(""),
                "shouldn't contain duplicates",
            );
        }
    }

    fn too_many(&mut self, kind: ViolationKind, size: u64, max: u64, place: &Place<'_>) {
        let unit = if max == 1 { "item" } else { "items" };
        let message = format!("Too many: {size}: must have at most {max} {unit}");
        self.add(kind, place.path(), message);
    }

    fn enumeration(&mut self, node: &Node, value: &Value, place: &Place<'_>) {
        // Null is never equal to a value of an enumeration there, not even to null.
        if node.enumeration.is_empty()
            || (!value.is_null() && node.enumeration.iter().any(|wanted| equal(wanted, value)))
        {
            return;
        }
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let supported: Vec<String> = node.enumeration.iter().map(text).collect();
        let quoted: Vec<String> = supported.iter().map(|text| quote(text)).collect();
        let message = format!(
            "Unsupported value: {}: supported values: {}",
            bad_value(value),
            quoted.join(", ")
        );
        let suggestion = value
            .as_str()
            .and_then(|text| nearest(text, supported.iter().map(String::as_str)));
        self.violations.push(Violation {
            suggestion,
            ..Violation::new(ViolationKind::Enum, place.path(), message)
        });
    }

    fn object(&mut self, node: &Node, value: &Value, old: Option<&Value>, place: &Place<'_>) {
        let Some(map) = value.as_object() else { return };
        let size = map.len() as u64;
        if let Some(min) = node.min_properties
            && size < min
        {
            let wanted = format!("should have at least {min} properties");
            self.invalid(ViolationKind::Properties, place, &Value::from(size), &wanted);
        }
        if let Some(max) = node.max_properties
            && size > max
        {
            self.too_many(ViolationKind::Properties, size, max, place);
        }
        for (key, value) in map {
            if let Some(schema) = node.field(key) {
                let old = old.and_then(|old| old.get(key));
                self.value(schema, value, old, &place.key(key));
            }
        }
        for key in &node.required {
            if !map.contains_key(key) {
                let path = place.key(key).path();
                self.add(ViolationKind::Required, path, "Required value".to_owned());
            }
        }
    }

    fn composition(&mut self, node: &Node, value: &Value, place: &Place<'_>) {
        if !node.any_of.is_empty() {
            self.alternatives(&node.any_of, value, place, |valid| {
                (valid == 0).then(|| "must validate at least one schema (anyOf)".to_owned())
            });
        }
        if !node.one_of.is_empty() {
            self.alternatives(&node.one_of, value, place, |valid| match valid {
                0 => Some("must validate one and only one schema (oneOf). Found none valid".to_owned()),
                1 => None,
                more => Some(format!(
                    "must validate one and only one schema (oneOf). Found {more} valid alternatives"
                )),
            });
        }
        if !node.all_of.is_empty() {
            let mut valid = 0;
            for schema in &node.all_of {
                let before = self.violations.len();
                self.check(schema, value, None, place);
                valid += usize::from(self.violations.len() == before);
            }
            if valid < node.all_of.len() {
                let detail = if valid == 0 { ". None validated" } else { "" };
                self.composed(place, &format!("must validate all the schemas (allOf){detail}"));
            }
        }
        if let Some(schema) = node.not.as_deref()
            && self.branch(schema, value, place).is_empty()
        {
            self.composed(place, "must not validate the schema (not)");
        }
    }

    fn branch(&self, schema: &Node, value: &Value, place: &Place<'_>) -> Vec<Violation> {
        let mut walk = Walk::new(self.hidden_steps);
        walk.check(schema, value, None, place);
        walk.finish()
    }

    /// Objects with the verdict over the number of branches that fit, and with the branch that nearly fits.
    fn alternatives(
        &mut self,
        branches: &[Node],
        value: &Value,
        place: &Place<'_>,
        verdict: impl Fn(usize) -> Option<String>,
    ) {
        let results: Vec<_> = branches
            .iter()
            .map(|schema| self.branch(schema, value, place))
            .collect();
        let valid = results.iter().filter(|result| result.is_empty()).count();
        let Some(message) = verdict(valid) else { return };
        self.composed(place, &message);
        if valid == 0
            && let Some(best) = nearest_branch(branches, value).and_then(|at| results.into_iter().nth(at))
        {
            self.violations.extend(best);
        }
    }

    fn composed(&mut self, place: &Place<'_>, message: &str) {
        let message = invalid_text("", &format!("{} {message}", quote(&self.name(place))));
        self.add(ViolationKind::Composition, place.path(), message);
    }
}

/// What the server says that it found where a format was wanted: Go's name of the number, and nothing for others.
fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        _ => "",
    }
}

/// The branch whose objections are shown: the first of those that name most of the keys that are there.
fn nearest_branch(branches: &[Node], value: &Value) -> Option<usize> {
    let named = |node: &Node| {
        let keys = value.as_object().into_iter().flat_map(|map| map.keys());
        keys.filter(|key| node.properties.contains_key(*key)).count()
    };
    (0..branches.len()).rev().max_by_key(|at| named(&branches[*at]))
}

/// Whether a value is one of an enumeration. As there, a number is converted to the type of the wanted one first, so a
/// float loses its fraction; its type is objected to anyway.
fn equal(wanted: &Value, value: &Value) -> bool {
    match (wanted, value) {
        (Value::Number(wanted), Value::Number(found)) if wanted.is_f64() => wanted.as_f64() == found.as_f64(),
        (Value::Number(wanted), Value::Number(found)) if found.is_f64() => {
            wanted.as_f64() == found.as_f64().map(f64::trunc)
        }
        _ => wanted == value,
    }
}

/// The JSON type of a value that is not of the wanted type.
fn mismatch(wanted: Type, value: &Value) -> Option<&'static str> {
    let (fits, found) = match value {
        Value::Null => (true, "null"),
        Value::Bool(_) => (wanted == Type::Boolean, "boolean"),
        Value::String(_) => (matches!(wanted, Type::String | Type::IntOrString), "string"),
        Value::Array(_) => (wanted == Type::Array, "array"),
        Value::Object(_) => (wanted == Type::Object, "object"),
        Value::Number(number) if number.is_f64() => {
            let whole = number
                .as_f64()
                .is_some_and(|number| number.fract() == 0.0 && number.abs() <= MAX_WHOLE_FLOAT);
            let fits =
                wanted == Type::Number || (whole && matches!(wanted, Type::Integer | Type::IntOrString));
            (fits, "number")
        }
        Value::Number(_) => (
            matches!(wanted, Type::Integer | Type::Number | Type::IntOrString),
            "integer",
        ),
    };
    (!fits && wanted != Type::Any).then_some(found)
}

/// Whether a number is one that its type and format can hold.
fn fits(node: &Node, found: &Number) -> bool {
    match (node.kind, node.format) {
        (Type::Integer, format) => {
            // The largest float below 2^63 is far from it: the comparison is exact.
            let whole = |number: f64| number.fract() == 0.0 && number.abs() < 9_223_372_036_854_775_808.0;
            let number = found
                .as_i64()
                .or_else(|| found.as_f64().filter(|number| whole(*number)).map(|n| n as i64));
            number.is_some_and(|number| format != Some(Format::Int32) || i32::try_from(number).is_ok())
        }
        (Type::Number, Some(Format::Float)) => found
            .as_f64()
            .is_some_and(|number| number.abs() <= f64::from(f32::MAX)),
        _ => true,
    }
}

fn is_multiple(found: &Number, factor: f64) -> bool {
    if let Some(number) = found.as_i64() {
        return number % (factor as i64).max(1) == 0;
    }
    let number = found.as_f64().unwrap_or(f64::NAN);
    let quotient = if factor < 1.0 {
        1.0 / factor * number
    } else {
        number / factor
    };
    quotient.abs() <= MAX_WHOLE_FLOAT && (quotient - quotient.round()).abs() < 1e-9
}

fn has_duplicate(items: &[Value]) -> bool {
    // Equal values have equal texts: maps are sorted by key. Sorting keeps long lists from taking quadratic time.
    let mut texts: Vec<String> = items.iter().map(Value::to_string).collect();
    texts.sort_unstable();
    texts.windows(2).any(|pair| pair[0] == pair[1])
}

/// The item of the old list that an item of the new one replaces: in list maps the one with the same keys.
pub(super) fn correlate<'a>(node: &Node, item: &Value, old: Option<&'a Value>) -> Option<&'a Value> {
    let ListType::Map(keys) = &node.list_type else {
        return None;
    };
    old?.as_array()?
        .iter()
        .find(|candidate| keys.iter().all(|key| candidate.get(key) == item.get(key)))
}
