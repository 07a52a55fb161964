//! A document written again: each piece of its text once, in another order where keys have one, in another spelling where a value
//! has a shorter one. Comments, white space and all else between is copied with what it belongs to.
//!
//! A line of comments belongs to the key below it. What stands deeper than its key, behind the last line of a value, belongs to
//! that value; the comment behind a value on its line goes with it. Comments at the end of a map, and those above the first key
//! of a document, belong to the map and the document, and stay where they are. Empty lines stand before what comes below them.

use std::ops::Range;

use rackwright_manifest::yaml::Place;
use rackwright_planner::Kind;
use serde_json::Value;

use super::Reason;
use super::lines::Lines;
use super::order::Map;
use super::spelling::{canonical, field, is_word};

/// Writes one document.
pub struct Writer<'a> {
    text: &'a str,
    lines: Lines<'a>,
    kind: Kind,
    /// Where in the text the next piece begins.
    at: usize,
    out: String,
}

/// How a map is written.
struct Block<'a> {
    entries: Vec<Place<'a>>,
    /// Column of its keys, in bytes.
    column: usize,
    /// Whether its first key stands behind the dash of a list.
    is_inline: bool,
    /// Where its first entry begins, with the comments above.
    head: usize,
    /// Where each entry ends, and the next one begins.
    ends: Vec<usize>,
}

impl<'a> Writer<'a> {
    /// The text of a document, from its first line to where the next one begins.
    pub fn document(
        text: &'a str,
        range: Range<usize>,
        kind: Kind,
        place: Place<'a>,
        value: &Value,
        schema: &Value,
    ) -> Result<String, Reason> {
        let mut writer = Self {
            text,
            lines: Lines(text),
            kind,
            at: range.start,
            out: String::with_capacity(range.len()),
        };
        let Value::Object(_) = value else {
            return Err(Reason::Shape);
        };
        if writer.lines.is_flow(place) {
            return Err(Reason::Braces);
        }
        writer.block_map(place, value, Map::Object, schema, range.end)?;
        Ok(writer.out)
    }

    fn copy(&mut self, end: usize) {
        self.out.push_str(self.text.get(self.at..end).unwrap_or_default());
        self.at = end;
    }

    fn value(
        &mut self,
        place: Place<'a>,
        value: &Value,
        map: Map<'_>,
        schema: &Value,
        end: usize,
    ) -> Result<(), Reason> {
        let flow = self.lines.is_flow(place);
        match value {
            Value::Object(_) if flow => self.flow(place, value, map, schema)?,
            Value::Object(_) => self.block_map(place, value, map, schema, end)?,
            Value::Array(_) if flow => self.flow(place, value, map, schema)?,
            Value::Array(items) => self.block_list(place, items, schema, end)?,
            Value::String(text) => self.scalar(place.value(), text, schema, false),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
        self.copy(end);
        Ok(())
    }

    fn block_list(
        &mut self,
        place: Place<'a>,
        items: &[Value],
        schema: &Value,
        end: usize,
    ) -> Result<(), Reason> {
        let mut children = place.children().peekable();
        let first = children.peek().ok_or(Reason::Shape)?;
        let column = self
            .lines
            .column(self.lines.dash(first.value().start).ok_or(Reason::Shape)?);
        let items_schema = &schema["items"];
        for item in items {
            let child = children.next().ok_or(Reason::Shape)?;
            let limit = children
                .peek()
                .map_or(end, |next| self.lines.line_start(next.value().start));
            let child_end = match children.peek() {
                Some(_) => self.lines.boundary(self.lines.content_end(child), limit, column),
                None => end,
            };
            self.value(child, item, Map::Of(items_schema), items_schema, child_end)?;
        }
        Ok(())
    }

    fn block_map(
        &mut self,
        place: Place<'a>,
        value: &Value,
        map: Map<'_>,
        schema: &Value,
        end: usize,
    ) -> Result<(), Reason> {
        let block = self.block(place, map, end)?;
        let keys: Vec<&str> = block.entries.iter().map(|entry| self.key(*entry)).collect();
        let order = map.sorted(&keys);
        self.copy(block.head);
        let is_sorted = order.is_sorted();
        for (position, &entry) in order.iter().enumerate() {
            let place = block.entries[entry];
            if !is_sorted {
                self.lead(&block, position, entry, order[0]);
            }
            let (inner, of) = below(map, keys[entry], schema);
            let inside = value.get(keys[entry]).unwrap_or(&Value::Null);
            self.copy(place.key().end);
            self.value(place, inside, inner, of, block.ends[entry])?;
        }
        self.at = block.ends.last().copied().unwrap_or(block.head);
        self.copy(end);
        Ok(())
    }

    /// What stands above an entry that may have moved: empty lines, comments, indentation. The empty lines above the entry
    /// that has become the first one go to the one that was it.
    fn lead(&mut self, block: &Block<'_>, position: usize, entry: usize, first: usize) {
        let above = |entry: usize| {
            let key = block.entries[entry].key().start;
            let start = match entry.checked_sub(1) {
                Some(before) => block.ends[before],
                None => block.head,
            };
            let lead = self
                .text
                .get(start..self.lines.line_start(key).max(start))
                .unwrap_or_default();
            let blank: usize = lead
                .split_inclusive('\n')
                .take_while(|line| line.trim().is_empty())
                .map(str::len)
                .sum();
            lead.split_at(blank)
        };
        let (_, comments) = above(entry);
        let behind_dash = position == 0 && block.is_inline;
        if position > 0 {
            let (blank, _) = above(if entry == 0 { first } else { entry });
            self.out.push_str(blank);
        }
        self.out.push_str(if behind_dash {
            comments.trim_start()
        } else {
            comments
        });
        if !behind_dash || !comments.is_empty() {
            self.out.extend(std::iter::repeat_n(' ', block.column));
        }
        self.at = block.entries[entry].key().start;
    }

    /// How a map is written; none where its keys do not stand below one another, each with its value behind it.
    fn block(&self, place: Place<'a>, map: Map<'_>, end: usize) -> Result<Block<'a>, Reason> {
        let entries: Vec<Place<'a>> = place.children().collect();
        let first = entries.first().ok_or(Reason::Shape)?.key().start;
        let column = self.lines.column(first);
        let prefix = self.text.get(first - column..first).unwrap_or_default();
        let is_inline = prefix.contains('-');
        let is_object = map == Map::Object;
        if !prefix.chars().all(|c| c == ' ' || c == '-') {
            return Err(Reason::Shape);
        }
        if is_object && column > 0 {
            return Err(Reason::Nested);
        }
        let mut ends = Vec::with_capacity(entries.len());
        for (at, entry) in entries.iter().enumerate() {
            let key = entry.key();
            let indent = key
                .start
                .checked_sub(column)
                .and_then(|start| self.text.get(start..key.start));
            let is_below = at == 0
                || self.lines.column(key.start) == column
                    && indent.is_some_and(|indent| indent.bytes().all(|byte| byte == b' '));
            let behind = self.lines.rest(key.end).trim_start_matches(' ').strip_prefix(':');
            if !is_below
                || !behind.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r']))
            {
                return Err(Reason::Shape);
            }
            let limit = entries
                .get(at + 1)
                .map_or(end, |next| self.lines.line_start(next.key().start));
            ends.push(self.lines.boundary(self.lines.content_end(*entry), limit, column));
        }
        let head = if is_inline {
            first
        } else if is_object {
            self.lines.line_start(first)
        } else {
            self.lines.comments_above(self.lines.line_start(first))
        };
        Ok(Block {
            entries,
            column,
            is_inline,
            head: head.max(self.at),
            ends,
        })
    }

    /// A value in brackets: its entries change places, what stands between them stays.
    fn flow(&mut self, place: Place<'a>, value: &Value, map: Map<'_>, schema: &Value) -> Result<(), Reason> {
        let entries: Vec<Place<'a>> = place.children().collect();
        if let Value::Array(items) = value {
            let of = &schema["items"];
            for (item, entry) in items.iter().zip(entries) {
                self.flow_value(entry, item, Map::Of(of), of)?;
            }
            return Ok(());
        }
        let keys: Vec<&str> = entries.iter().map(|entry| self.key(*entry)).collect();
        let spans: Vec<Range<usize>> = entries
            .iter()
            .map(|entry| entry.key().start..entry.value().end.max(entry.key().end))
            .collect();
        let between = |at: usize| {
            Some(
                self.text
                    .get(spans.get(at)?.end..spans.get(at + 1)?.start)
                    .unwrap_or_default(),
            )
        };
        let is_plain = |gap: &str| gap.chars().all(|c| matches!(c, ' ' | ',' | '\n' | '\r'));
        let opening = spans
            .first()
            .and_then(|first| self.text.get(place.value().start + 1..first.start));
        let gaps: Vec<&str> = (0..spans.len()).map_while(between).collect();
        let movable = gaps.iter().copied().chain(opening).all(is_plain);
        let order = match movable {
            true => map.sorted(&keys),
            false => (0..keys.len()).collect(),
        };
        let is_sorted = order.is_sorted();
        for (position, &entry) in order.iter().enumerate() {
            if is_sorted || position == 0 {
                self.copy(spans[position].start);
            } else {
                self.out.push_str(gaps[position - 1]);
            }
            if !is_sorted {
                self.at = spans[entry].start;
            }
            let (inner, of) = below(map, keys[entry], schema);
            let inside = value.get(keys[entry]).unwrap_or(&Value::Null);
            self.flow_value(entries[entry], inside, inner, of)?;
            self.copy(spans[entry].end);
        }
        self.at = spans.last().map_or(self.at, |last| last.end);
        Ok(())
    }

    fn flow_value(
        &mut self,
        place: Place<'a>,
        value: &Value,
        map: Map<'_>,
        schema: &Value,
    ) -> Result<(), Reason> {
        match value {
            Value::Object(_) | Value::Array(_) if self.lines.is_flow(place) => {
                self.flow(place, value, map, schema)
            }
            // `[ a: b ]`
            Value::Object(_) | Value::Array(_) => Err(Reason::Shape),
            Value::String(text) => {
                self.scalar(place.value(), text, schema, true);
                Ok(())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
        }
    }

    /// The name of a key; nothing where it has escapes, which no field has.
    fn key(&self, place: Place<'_>) -> &'a str {
        let source = self.text.get(place.key()).unwrap_or_default();
        match source.as_bytes() {
            [b'"', name @ .., b'"'] | [b'\'', name @ .., b'\'']
                if !name.iter().any(|byte| b"\\'\n".contains(byte)) =>
            {
                &source[1..source.len() - 1]
            }
            _ => source,
        }
    }

    /// A text: its spelling, and quotes only where they are needed.
    fn scalar(&mut self, range: Range<usize>, text: &str, schema: &Value, in_flow: bool) {
        let source = self.text.get(range.clone()).unwrap_or_default();
        let quote = source.chars().next().filter(|c| matches!(c, '"' | '\''));
        let inside = quote.map_or(Some(source), |quote| {
            source.strip_prefix(quote)?.strip_suffix(quote)
        });
        // With escapes, over several lines, or as a block.
        if inside != Some(text) {
            return;
        }
        let spelt = canonical(self.kind, schema, text);
        let is_spaced = self.text.get(..range.start).unwrap_or_default().ends_with(' ');
        let is_bare = is_word(spelt.as_deref().unwrap_or(text), in_flow) && (quote.is_none() || is_spaced);
        let written = match (quote, spelt) {
            (None, None) => return,
            (Some(_), spelt) if is_bare => spelt.unwrap_or_else(|| text.to_owned()),
            (Some(_), None) => return,
            (Some(quote), Some(spelt)) => format!("{quote}{spelt}{quote}"),
            (None, Some(spelt)) if is_bare => spelt,
            (None, Some(spelt)) => format!("\"{spelt}\""),
        };
        self.copy(range.start);
        self.out.push_str(&written);
        self.at = range.end;
    }
}

/// What is known of the value behind a key.
fn below<'s>(map: Map<'_>, key: &str, schema: &'s Value) -> (Map<'s>, &'s Value) {
    if map == Map::Object && key == "metadata" {
        return (Map::Metadata, &Value::Null);
    }
    let of = field(schema, key);
    (Map::Of(of), of)
}
