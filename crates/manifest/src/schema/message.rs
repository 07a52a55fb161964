//! Values in messages as Go's `fmt` prints them, which is how the API server prints them.

use crate::render::is_printable;
use serde_json::{Number, Value};
use std::fmt::Write;

/// A value behind `Invalid value: `: numbers and booleans bare, strings quoted, the rest as JSON.
pub(super) fn bad_value(value: &Value) -> String {
    match value {
        Value::String(text) => quote(text),
        Value::Number(number) => self::number(number),
        other => other.to_string(),
    }
}

/// Go's `%v` of an integer or a float.
pub(super) fn number(number: &Number) -> String {
    if number.is_i64() || number.is_u64() {
        return number.to_string();
    }
    number.as_f64().map_or_else(|| number.to_string(), float)
}

/// Go's `%v` of a float: an exponent below 1e-4 and from 1e21 on.
pub(super) fn float(number: f64) -> String {
    let scientific = format!("{number:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    match exponent.parse::<i32>() {
        Ok(exponent) if number != 0.0 && !(-4..21).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{mantissa}e{sign}{:02}", exponent.abs())
        }
        _ => format!("{number}"),
    }
}

/// Go's `%q`.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            // Writing to a string cannot fail.
            c if c.is_ascii_control() => drop(write!(out, "\\x{:02x}", u32::from(c))),
            c if is_printable(c) => out.push(c),
            c if c <= '\u{ffff}' => drop(write!(out, "\\u{:04x}", u32::from(c))),
            c => drop(write!(out, "\\U{:08x}", u32::from(c))),
        }
    }
    out.push('"');
    out
}

/// `Invalid value: <value>: <detail>`
pub(super) fn invalid(value: &Value, detail: &str) -> String {
    format!("Invalid value: {}: {detail}", bad_value(value))
}

/// `Invalid value: "<text>": <detail>`
pub(super) fn invalid_text(text: &str, detail: &str) -> String {
    format!("Invalid value: {}: {detail}", quote(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn prints_as_go_does() {
        assert_eq!(bad_value(&json!(5)), "5");
        assert_eq!(bad_value(&json!(1.5)), "1.5");
        assert_eq!(bad_value(&json!(1e21)), "1e+21");
        assert_eq!(bad_value(&json!(0.000_01)), "1e-05");
        assert_eq!(
            bad_value(&json!("a\"\u{1}\u{7f}ä\u{85}")),
            r#""a\"\x01\x7fä\u0085""#
        );
        // Marks of direction and line ends of Unicode are escaped, accents that stand alone are not.
        assert_eq!(
            bad_value(&json!("\u{202e}\u{2028}\u{feff}e\u{301}\u{e0001}")),
            "\"\\u202e\\u2028\\ufeffe\u{301}\\U000e0001\""
        );
        assert_eq!(
            bad_value(&json!({"b": [1, "x"], "a": null})),
            r#"{"a":null,"b":[1,"x"]}"#
        );
    }
}
