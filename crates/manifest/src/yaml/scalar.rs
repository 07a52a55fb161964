//! What a plain scalar means: to kubectl, to YAML 1.1 and to YAML 1.2.
//!
//! kubectl reads with go-yaml v2, whose `resolve.go` is the reference for [`kubectl`]. YAML 1.1 is <https://yaml.org/type/>,
//! YAML 1.2 is the core schema of <https://yaml.org/spec/1.2.2/#103-core-schema>. A text that they read differently is
//! [`Reading::Ambiguous`]; dates are not counted, because kubectl and YAML 1.2 agree that they are strings.

#![allow(
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "readings of one text are compared exactly, with the precision that kubectl has"
)]

use serde_json::{Number, Value};

/// A scalar as one of the three readers sees it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Int(i128),
    /// An integer with more digits than 128 bits hold.
    HugeInt,
    Float(f64),
    Str,
}

/// The verdict over a plain scalar.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Reading {
    /// Everybody agrees.
    Value(Value),
    /// Everybody agrees that it is the text itself.
    Text,
    /// Readers disagree; `meaning` is what kubectl reads, as JSON.
    Ambiguous { meaning: Value },
    /// `.inf` or `.nan`: a number that JSON cannot carry.
    NotJson,
    /// A number that does not survive the way to the API server.
    OutOfRange,
}

/// Reads a plain scalar.
pub(super) fn read(text: &str) -> Reading {
    // Most scalars are words: one look at the first byte settles them, as in go-yaml's table of hints.
    let Some(first) = text.bytes().next() else {
        return Reading::Value(Value::Null);
    };
    if !matches!(first, b'+' | b'-' | b'.' | b'0'..=b'9' | b'~') && !b"yYnNtTfFoO".contains(&first) {
        return Reading::Text;
    }
    let ours = kubectl(text);
    if let Scalar::Float(number) = ours
        && !number.is_finite()
    {
        return Reading::NotJson;
    }
    let agree = same(&ours, &yaml_1_1(text)) && same(&ours, &yaml_1_2(text));
    let decimal = is_decimal(text);
    match ours {
        Scalar::HugeInt => Reading::OutOfRange,
        Scalar::Int(number) if decimal && i64::try_from(number).is_err() => Reading::OutOfRange,
        // kubectl makes a float of a decimal integer that needs more than 64 bits.
        Scalar::Float(_) if is_long_decimal(text) => Reading::OutOfRange,
        Scalar::Str if agree => Reading::Text,
        // A decimal number too large for a float: a string to kubectl, a number by the book.
        Scalar::Str if matches!(yaml_1_2(text), Scalar::Float(number) if number.is_infinite()) => {
            Reading::OutOfRange
        }
        scalar if agree => Reading::Value(json(&scalar, text)),
        scalar => Reading::Ambiguous {
            meaning: json(&scalar, text),
        },
    }
}

/// The JSON that kubectl sends for a scalar.
pub(super) fn json(scalar: &Scalar, text: &str) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Bool(value) => Value::Bool(*value),
        Scalar::Int(number) => {
            i64::try_from(*number).map_or_else(|_| float_json(*number as f64), Value::from)
        }
        Scalar::HugeInt | Scalar::Str => Value::String(text.to_owned()),
        Scalar::Float(number) => float_json(*number),
    }
}

/// Go writes a float without fraction as an integer, and the next decoder reads one back.
pub(super) fn float_json(number: f64) -> Value {
    // From 1e21 on Go writes an exponent; below, the digits must fit 64 bits to become an integer again.
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    if number.fract() == 0.0 && (-TWO_TO_63..TWO_TO_63).contains(&number) {
        return Value::from(number as i64);
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

fn same(a: &Scalar, b: &Scalar) -> bool {
    match (a, b) {
        (Scalar::Int(a), Scalar::Float(b)) | (Scalar::Float(b), Scalar::Int(a)) => *a as f64 == *b,
        (Scalar::HugeInt, Scalar::Float(_)) | (Scalar::Float(_), Scalar::HugeInt) => true,
        (Scalar::Float(a), Scalar::Float(b)) => a == b || (a.is_nan() && b.is_nan()),
        _ => a == b,
    }
}

/// go-yaml v2 `resolve`, with Go's `ParseInt(…, 0, 64)`.
pub(super) fn kubectl(text: &str) -> Scalar {
    if let Some(word) = word_1_1(text) {
        return word;
    }
    let Some(first) = text.bytes().next() else {
        return Scalar::Null;
    };
    match first {
        b'.' if underscores_separate_digits(text) => go_float(&text.replace('_', "")),
        b'+' | b'-' | b'0'..=b'9' => {
            let plain: String = text.chars().filter(|c| *c != '_').collect();
            if let Some(number) = go_int(&plain)
                && (number >= i128::from(i64::MIN) && number <= i128::from(u64::MAX))
                // Unsigned numbers take no sign in Go.
                && (i64::try_from(number).is_ok() || !text.starts_with('+'))
            {
                return Scalar::Int(number);
            }
            if is_float_1_2(&plain) {
                return go_float(&plain);
            }
            // go-yaml's own attempt at binary numbers lets a sign stand behind the prefix.
            let signed = plain.strip_prefix("0b").map(sign);
            signed
                .and_then(|(sign, rest)| Some(sign * digits(rest, 2)?))
                .filter(|number| i64::try_from(*number).is_ok())
                .map_or(Scalar::Str, Scalar::Int)
        }
        _ => Scalar::Str,
    }
}

/// Go's rule for underscores in numbers, which go-yaml leaves to Go for texts that begin with a point.
fn underscores_separate_digits(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let separates = |at: usize| digit(at.checked_sub(1)) && digit(Some(at + 1));
    (0..bytes.len()).all(|at| bytes[at] != b'_' || separates(at))
}

/// A decimal number as Go parses it: too large is an error and leaves a string.
fn go_float(text: &str) -> Scalar {
    if !is_float_1_2(text) {
        return Scalar::Str;
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Scalar::Float(number),
        _ => Scalar::Str,
    }
}

fn sign(text: &str) -> (i128, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (-1, &text[1..]),
        Some(b'+') => (1, &text[1..]),
        _ => (1, text),
    }
}

fn digits(text: &str, radix: u32) -> Option<i128> {
    // `from_str_radix` would take another sign.
    if text.is_empty() || !text.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    i128::from_str_radix(text, radix).ok()
}

/// Go's base prefixes: `0x`, `0o`, `0b` in either case, and a bare leading zero for octal.
fn go_int(plain: &str) -> Option<i128> {
    let (sign, rest) = sign(plain);
    let number = match rest.as_bytes() {
        [b'0', b'x' | b'X', ..] => digits(&rest[2..], 16),
        [b'0', b'o' | b'O', ..] => digits(&rest[2..], 8),
        [b'0', b'b' | b'B', ..] => digits(&rest[2..], 2),
        [b'0', _, ..] => digits(&rest[1..], 8),
        _ => digits(rest, 10),
    }?;
    Some(sign * number)
}

/// Words of YAML 1.1: booleans, null, infinities. The list of go-yaml.
fn word_1_1(text: &str) -> Option<Scalar> {
    Some(match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Scalar::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Scalar::Bool(false),
        _ => return word_1_2(text),
    })
}

/// Words of YAML 1.2.
fn word_1_2(text: &str) -> Option<Scalar> {
    Some(match text {
        "true" | "True" | "TRUE" => Scalar::Bool(true),
        "false" | "False" | "FALSE" => Scalar::Bool(false),
        "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
        ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Scalar::Float(f64::NEG_INFINITY),
        _ => return None,
    })
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float_1_2(text: &str) -> bool {
    let (_, rest) = sign(text);
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa_ok = match mantissa.split_once('.') {
        Some((whole, fraction)) => {
            all_digits(whole) && all_digits(fraction) && !(whole.is_empty() && fraction.is_empty())
        }
        None => !mantissa.is_empty() && all_digits(mantissa),
    };
    let exponent_ok = exponent.is_none_or(|text| {
        let (_, digits) = sign(text);
        !digits.is_empty() && all_digits(digits)
    });
    mantissa_ok && exponent_ok
}

fn is_decimal(text: &str) -> bool {
    let (_, rest) = sign(text);
    !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit())
}

/// A decimal integer, without leading zeros, that 64 bits cannot hold.
fn is_long_decimal(text: &str) -> bool {
    let (_, rest) = sign(text);
    is_decimal(text) && !rest.starts_with('0') && text.parse::<i64>().is_err()
}

fn yaml_1_2(text: &str) -> Scalar {
    if let Some(word) = word_1_2(text) {
        return word;
    }
    let int = match text.as_bytes() {
        [b'0', b'x', ..] => digits(&text[2..], 16),
        [b'0', b'o', ..] => digits(&text[2..], 8),
        _ if is_decimal(text) => {
            let (sign, rest) = sign(text);
            match digits(rest, 10) {
                Some(number) => Some(sign * number),
                None => return Scalar::HugeInt,
            }
        }
        _ => None,
    };
    match int {
        Some(number) => Scalar::Int(number),
        None if is_float_1_2(text) => text.parse().map_or(Scalar::Str, Scalar::Float),
        None => Scalar::Str,
    }
}

fn yaml_1_1(text: &str) -> Scalar {
    if let Some(word) = word_1_1(text) {
        return word;
    }
    let (sign, rest) = sign(text);
    if !rest.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return Scalar::Str;
    }
    if rest.contains(':') {
        return sexagesimal(sign, rest);
    }
    let plain: String = rest.chars().filter(|c| *c != '_').collect();
    let int = match plain.as_bytes() {
        [b'0', b'b', ..] => digits(&plain[2..], 2),
        [b'0', b'x', ..] => digits(&plain[2..], 16),
        [b'0', _, ..] => digits(&plain[1..], 8),
        _ => digits(&plain, 10),
    };
    if let Some(number) = int {
        return Scalar::Int(sign * number);
    }
    if is_decimal(&plain) {
        return if plain.starts_with('0') {
            Scalar::Str
        } else {
            Scalar::HugeInt
        };
    }
    // `[-+]?([0-9][0-9_]*)?\.[0-9_]*([eE][-+][0-9]+)?`: a point is needed, and a sign in the exponent.
    let exponent_signed = plain
        .find(['e', 'E'])
        .is_none_or(|at| plain[at + 1..].starts_with(['+', '-']));
    if plain.contains('.') && exponent_signed && is_float_1_2(&plain) {
        return plain
            .parse::<f64>()
            .map_or(Scalar::Str, |number| Scalar::Float(sign as f64 * number));
    }
    Scalar::Str
}

/// Numbers to base 60, `190:20:30` and `190:20:30.15`: gone since YAML 1.2, and what a clock time or a PCI address
/// turns into in a reader of YAML 1.1.
fn sexagesimal(sign: i128, text: &str) -> Scalar {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let mut parts = whole.split(':');
    let head = parts.next().unwrap_or("");
    let head_ok = head.starts_with(|c: char| c.is_ascii_digit() && (fraction.is_some() || c != '0'))
        && head.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let Some(mut total) = digits(&head.replace('_', ""), 10).filter(|_| head_ok) else {
        return Scalar::Str;
    };
    for part in parts {
        let place = match part.as_bytes() {
            [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9'] => digits(part, 10),
            _ => None,
        };
        let Some(place) = place else { return Scalar::Str };
        let Some(next) = total.checked_mul(60).and_then(|total| total.checked_add(place)) else {
            return Scalar::HugeInt;
        };
        total = next;
    }
    match fraction {
        None => Scalar::Int(sign * total),
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_') => {
            // Only that it is a number matters, not its last bits.
            Scalar::Float(sign as f64 * total as f64)
        }
        Some(_) => Scalar::Str,
    }
}

/// The text that kubectl makes of a plain scalar in key position; none where it refuses the key.
pub(super) fn key(text: &str) -> Option<String> {
    match kubectl(text) {
        Scalar::Null => None,
        Scalar::Bool(value) => Some(value.to_string()),
        Scalar::Int(number) => Some(number.to_string()),
        Scalar::Str | Scalar::HugeInt => Some(text.to_owned()),
        Scalar::Float(number) => Some(go_float32(number)),
    }
}

/// Go's `FormatFloat(number, 'g', -1, 32)`: the shortest digits that give the same 32-bit float, with an exponent
/// below 1e-4 and from 1e6 on.
fn go_float32(number: f64) -> String {
    let number = number as f32;
    if number.is_infinite() {
        return if number > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    if number.is_nan() {
        return ".nan".to_owned();
    }
    let scientific = format!("{number:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if number != 0.0 && !(-4..6).contains(&exponent) {
        let (mark, magnitude) = if exponent < 0 {
            ('-', -exponent)
        } else {
            ('+', exponent)
        };
        return format!("{mantissa}e{mark}{magnitude:02}");
    }
    format!("{number}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn meaning(text: &str) -> Value {
        match read(text) {
            Reading::Ambiguous { meaning } => meaning,
            other => panic!("{text} is not ambiguous: {other:?}"),
        }
    }

    #[test]
    fn words_that_the_versions_read_alike_pass() {
        for (text, value) in [
            ("", json!(null)),
            ("~", json!(null)),
            ("Null", json!(null)),
            ("true", json!(true)),
            ("FALSE", json!(false)),
            ("0", json!(0)),
            ("-17", json!(-17)),
            ("+3", json!(3)),
            ("0x7fff", json!(32767)),
            ("1.5", json!(1.5)),
            ("1.0", json!(1)),
            ("-.5", json!(-0.5)),
            ("1.5e+3", json!(1500)),
            ("9223372036854775807", json!(i64::MAX)),
        ] {
            assert_eq!(read(text), Reading::Value(value), "{text}");
        }
        for text in [
            "nO",
            "yEs",
            "tRue",
            "team-a",
            "10.64.0.0/12",
            "1000W",
            "1.2.3",
            "2026-06-30",
            "0xzz",
            "-",
            ".",
        ] {
            assert_eq!(read(text), Reading::Text, "{text}");
        }
    }

    #[test]
    fn what_two_versions_read_differently_is_ambiguous() {
        assert_eq!(meaning("no"), json!(false));
        assert_eq!(meaning("On"), json!(true));
        assert_eq!(meaning("010"), json!(8));
        assert_eq!(meaning("08"), json!(8));
        assert_eq!(meaning("1_000"), json!(1000));
        assert_eq!(meaning("0b11"), json!(3));
        assert_eq!(meaning("0o17"), json!(15));
        assert_eq!(meaning("0X1f"), json!(31));
        assert_eq!(meaning("-0x10"), json!(-16));
        assert_eq!(meaning("1e3"), json!(1000));
        assert_eq!(meaning("12:30"), json!("12:30"));
        assert_eq!(meaning("0000:18:00.0"), json!("0000:18:00.0"));
    }

    #[test]
    fn numbers_that_do_not_arrive_are_refused() {
        assert_eq!(read(".inf"), Reading::NotJson);
        assert_eq!(read("-.INF"), Reading::NotJson);
        assert_eq!(read(".NaN"), Reading::NotJson);
        for text in [
            "9223372036854775808",
            "-9223372036854775809",
            "99999999999999999999999",
            "1e999",
        ] {
            assert_eq!(read(text), Reading::OutOfRange, "{text}");
        }
    }
}
