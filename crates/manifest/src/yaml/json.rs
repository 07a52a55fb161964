//! JSON, also several values one after the other (JSON lines): several times faster than the YAML parser, and what
//! our own programs exchange.

use super::build::{Builder, Key, Range};
use super::events::out_of_range;
use super::scalar::float_json;
use crate::diagnostic::Diagnostic;
use crate::rules;
use serde_json::Value;

/// kubectl takes a stream for JSON when its first character is a brace.
pub(super) fn looks_like_json(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with('{')
}

/// A place where the text stops being JSON.
struct NotJson {
    at: usize,
    expected: &'static str,
}

struct Reader<'a, 'b, 'c> {
    text: &'a str,
    at: usize,
    builder: &'b mut Builder<'c>,
}

/// Parses a text as JSON. False when it is to be read as YAML instead; the builder is then to be dropped.
pub(super) fn parse(text: &str, builder: &mut Builder<'_>) -> bool {
    let mut reader = Reader { text, at: 0, builder };
    if text.starts_with('\u{feff}') {
        reader.at = '\u{feff}'.len_utf8();
    }
    let mut values = 0;
    loop {
        reader.skip_space();
        if reader.at >= text.len() || reader.builder.stopped() {
            return true;
        }
        reader.builder.start_document();
        match reader.value() {
            Ok(()) => {
                reader.builder.end_document();
                values += 1;
            }
            // Braces are YAML too, and a first value in flow style tells nothing about the others.
            Err(_) if values == 0 || text.contains("\n---") => {
                return false;
            }
            Err(error) => {
                let end = text[error.at..]
                    .chars()
                    .next()
                    .filter(|c| !c.is_control())
                    .map_or(0, char::len_utf8);
                let range = (error.at as u32, (error.at + end) as u32);
                let finding = Diagnostic::error(
                    rules::YAML_SYNTAX.code(),
                    format!("not JSON: expected {}", error.expected),
                )
                .label(reader.builder.span(range), "here");
                reader.builder.abandon(finding);
                // In JSON lines the next line is a new value.
                reader.at = text[error.at..]
                    .find('\n')
                    .map_or(text.len(), |offset| error.at + offset + 1);
            }
        }
    }
}

impl<'a> Reader<'a, '_, '_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn error(&self, expected: &'static str) -> NotJson {
        NotJson {
            at: self.at.min(self.text.len()),
            expected,
        }
    }

    /// One whole value. Depth is kept on a list of brackets, not on the stack.
    fn value(&mut self) -> Result<(), NotJson> {
        let mut open: Vec<u8> = Vec::new();
        loop {
            self.skip_space();
            let start = self.at as u32;
            match self.peek() {
                Some(b'{') => {
                    self.at += 1;
                    self.builder.begin_map((start, self.at as u32), 0);
                    open.push(b'}');
                    self.skip_space();
                    if self.peek() != Some(b'}') {
                        self.key()?;
                        continue;
                    }
                }
                Some(b'[') => {
                    self.at += 1;
                    self.builder.begin_list((start, self.at as u32), 0);
                    open.push(b']');
                    self.skip_space();
                    if self.peek() != Some(b']') {
                        continue;
                    }
                }
                _ => self.scalar()?,
            }
            if !self.close(&mut open)? {
                return Ok(());
            }
        }
    }

    /// Behind a value: closes what ends here. True when another value follows, false when all is closed.
    fn close(&mut self, open: &mut Vec<u8>) -> Result<bool, NotJson> {
        while let Some(bracket) = open.last().copied() {
            self.skip_space();
            match self.peek() {
                Some(byte) if byte == bracket => {
                    self.at += 1;
                    self.builder.end(Some(self.at as u32));
                    open.pop();
                }
                Some(b',') => {
                    self.at += 1;
                    self.skip_space();
                    if bracket == b'}' {
                        self.key()?;
                    }
                    return Ok(true);
                }
                _ if bracket == b'}' => return Err(self.error("`,` or `}`")),
                _ => return Err(self.error("`,` or `]`")),
            }
        }
        Ok(false)
    }

    fn key(&mut self) -> Result<(), NotJson> {
        if self.peek() != Some(b'"') {
            return Err(self.error("a key in double quotes"));
        }
        let (name, range) = self.string()?;
        self.builder.key(Key::Name(name, range));
        self.skip_space();
        if self.peek() != Some(b':') {
            return Err(self.error("`:`"));
        }
        self.at += 1;
        Ok(())
    }

    fn string(&mut self) -> Result<(String, Range), NotJson> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut end = start + 1;
        let mut escaped = false;
        loop {
            match bytes.get(end) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    end += 2;
                }
                Some(0..0x20) | None => {
                    self.at = end;
                    return Err(self.error("a closing quote"));
                }
                Some(_) => end += 1,
            }
        }
        end += 1;
        let literal = self.text.get(start..end).unwrap_or("");
        let text = if escaped {
            serde_json::from_str(literal).map_err(|_| self.error("a valid escape in this string"))?
        } else {
            literal[1..literal.len() - 1].to_owned()
        };
        self.at = end;
        Ok((text, (start as u32, end as u32)))
    }

    fn scalar(&mut self) -> Result<(), NotJson> {
        let start = self.at;
        if self.peek() == Some(b'"') {
            let (text, range) = self.string()?;
            self.builder.scalar(Value::String(text), range, 0);
            return Ok(());
        }
        let rest: &'a str = &self.text[start..];
        let length = rest
            .bytes()
            .position(|byte| !matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'+' | b'-' | b'.'));
        let word = &rest[..length.unwrap_or(rest.len())];
        let range = (start as u32, (start + word.len()) as u32);
        let value = match word {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            _ => self.number(word, range)?,
        };
        self.at = start + word.len();
        self.builder.scalar(value, range, 0);
        Ok(())
    }

    fn number(&mut self, word: &str, range: Range) -> Result<Value, NotJson> {
        if let Ok(number) = word.parse::<i64>()
            && !word.starts_with('+')
            && !(word.trim_start_matches('-').len() > 1 && word.trim_start_matches('-').starts_with('0'))
        {
            return Ok(Value::from(number));
        }
        // The grammar is serde_json's; it refuses what JSON does not allow, and floats that are too large. The value is
        // the standard library's, which is exact to the last bit.
        let is_number = serde_json::from_str::<serde_json::Number>(word).is_ok();
        let Some(number) = word.parse::<f64>().ok().filter(|_| is_number) else {
            return Err(self.error("a value"));
        };
        if !word.contains(['.', 'e', 'E']) {
            let finding = out_of_range(self.builder, word, range);
            self.builder.refuse(range, finding);
        }
        Ok(float_json(number))
    }
}
