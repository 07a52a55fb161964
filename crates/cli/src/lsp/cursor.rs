//! Where in an object a place of a text is, also in the middle of typing, when the text is no YAML yet.
//!
//! Read line by line, by indentation and brackets; texts over several lines are skipped. Where it is wrong an editor
//! offers the wrong words, and nothing else comes of it: findings come from the real reader.

use std::collections::BTreeSet;

use rackwright_manifest::{Path, Step};

/// What stands at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum At {
    /// A key, or the beginning of one.
    Key(String),
    /// A value, or the beginning of one.
    Value(String),
}

/// A place in an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The mapping or list that holds it; of a value, the field itself.
    pub path: Path,
    /// What is there.
    pub at: At,
    /// The other keys of the mapping.
    pub beside: BTreeSet<String>,
    /// `apiVersion` of the document, where it stands.
    pub api_version: Option<String>,
    /// `kind` of the document, where it stands.
    pub kind: Option<String>,
    /// `metadata.name` of the document, where it stands.
    pub name: Option<String>,
}

/// Reads the place behind the first `column` bytes of a line, both from 0. A word is taken to its end if `whole`, else
/// as far as it is typed.
pub fn at(text: &str, line: usize, column: usize, whole: bool) -> Option<Cursor> {
    let lines: Vec<&str> = text.lines().collect();
    let first = lines
        .iter()
        .take(line)
        .rposition(|line| is_separator(line))
        .map_or(0, |at| at + 1);
    let mut scan = Scan::default();
    for before in lines.get(first..line.min(lines.len()))? {
        scan.line(before);
    }
    let current = lines.get(line).copied().unwrap_or("");
    let end = match current.get(column..)? {
        rest if whole => column + rest.find(|c: char| !is_word(c)).unwrap_or(rest.len()),
        _ => column,
    };
    let mut document = scan.clone();
    let (path, at) = scan.place(&current[..end])?;
    scan.mark();
    if scan.in_brackets() {
        // The rest of a word that is half typed is no word.
        scan.brackets(current[end..].trim_start_matches(is_word));
    }
    document.line(current);
    for after in lines.iter().skip(line + 1).take_while(|line| !is_separator(line)) {
        scan.line(after);
        document.line(after);
    }
    let mut beside = scan.beside();
    if let At::Key(word) = &at {
        // What is typed is not beside itself.
        beside.remove(word.as_str());
    }
    Some(Cursor {
        path,
        at,
        beside,
        api_version: document.api_version,
        kind: document.kind,
        name: document.name,
    })
}

fn is_separator(line: &str) -> bool {
    line.strip_prefix("---")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/')
}

/// A mapping or list that is open.
#[derive(Debug, Clone)]
struct Frame {
    /// Its indentation; none within brackets.
    column: Option<usize>,
    inside: Inside,
    marked: bool,
}

#[derive(Debug, Clone)]
enum Inside {
    Map {
        key: Option<String>,
        keys: BTreeSet<String>,
    },
    List {
        index: usize,
    },
}

impl Inside {
    const fn empty_map() -> Self {
        Self::Map {
            key: None,
            keys: BTreeSet::new(),
        }
    }
}

#[derive(Debug, Clone, Default)]
struct Scan {
    frames: Vec<Frame>,
    /// The indentation of a key whose text stands on the lines below.
    text: Option<usize>,
    /// The keys of the mapping that was marked, once it is closed.
    closed: Option<BTreeSet<String>>,
    api_version: Option<String>,
    kind: Option<String>,
    name: Option<String>,
}

impl Scan {
    fn push(&mut self, column: Option<usize>, inside: Inside) {
        self.frames.push(Frame {
            column,
            inside,
            marked: false,
        });
    }

    fn pop(&mut self) {
        if let Some(Frame {
            inside: Inside::Map { keys, .. },
            marked: true,
            ..
        }) = self.frames.pop()
        {
            self.closed = Some(keys);
        }
    }

    /// Remembers the mapping that is innermost now.
    fn mark(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            frame.marked = true;
        }
    }

    /// The keys of the mapping that was marked.
    fn beside(&mut self) -> BTreeSet<String> {
        while !self.frames.is_empty() {
            self.pop();
        }
        self.closed.take().unwrap_or_default()
    }

    fn path(&self) -> Path {
        let steps = self.frames.iter().filter_map(|frame| match &frame.inside {
            Inside::Map { key, .. } => key.clone().map(Step::Key),
            Inside::List { index } => Some(Step::Index(*index)),
        });
        Path::from_steps(steps)
    }

    fn in_brackets(&self) -> bool {
        self.frames.last().is_some_and(|frame| frame.column.is_none())
    }

    /// Closes what is indented more than `column`, and lists of that column where a key begins.
    fn close(&mut self, column: usize, for_key: bool) {
        while let Some(frame) = self.frames.last() {
            let list = matches!(frame.inside, Inside::List { .. });
            match frame.column {
                Some(at) if at < column || (at == column && !(for_key && list)) => break,
                _ => self.pop(),
            }
        }
    }

    /// Takes the dashes that a line begins with; the rest and its column.
    fn items<'l>(&mut self, line: &'l str) -> (&'l str, usize) {
        let mut rest = line.trim_start_matches(' ');
        let mut column = line.len() - rest.len();
        while let Some(behind) = rest
            .strip_prefix('-')
            .filter(|behind| behind.is_empty() || behind.starts_with(' '))
        {
            self.close(column, false);
            match self.frames.last_mut() {
                Some(Frame {
                    column: Some(at),
                    inside: Inside::List { index },
                    ..
                }) if *at == column => *index += 1,
                _ => self.push(Some(column), Inside::List { index: 0 }),
            }
            let inner = behind.trim_start_matches(' ');
            column += 1 + behind.len() - inner.len();
            rest = inner;
        }
        (rest, column)
    }

    /// Whether the line belongs to a text that a `|` or `>` began, or says nothing.
    fn is_silent(&mut self, line: &str) -> bool {
        let words = line.trim_start_matches(' ');
        if words.trim().is_empty() {
            return true;
        }
        match self.text {
            Some(column) if line.len() - words.len() > column => true,
            _ => {
                self.text = None;
                words.starts_with('#')
            }
        }
    }

    fn line(&mut self, line: &str) {
        if !self.in_brackets() && self.is_silent(line) {
            return;
        }
        if self.in_brackets() {
            self.brackets(line);
            return;
        }
        let (rest, column) = self.items(line);
        let Some((key, value)) = key(rest) else {
            if rest.starts_with(['{', '[']) {
                self.brackets(rest);
            }
            return;
        };
        self.enter(key, column);
        self.remember(value);
        if value.starts_with(['|', '>']) {
            self.text = Some(column);
        } else if value.starts_with(['{', '[']) {
            self.brackets(value);
        }
    }

    /// Goes on at that key of the mapping of that column.
    fn enter(&mut self, name: &str, column: usize) {
        self.open(column);
        self.key(name);
    }

    /// Makes the mapping of that column the innermost one, at none of its keys.
    fn open(&mut self, column: usize) {
        self.close(column, true);
        match self.frames.last_mut() {
            Some(Frame {
                column: Some(at),
                inside: Inside::Map { key, .. },
                ..
            }) if *at == column => *key = None,
            _ => self.push(Some(column), Inside::empty_map()),
        }
    }

    fn key(&mut self, name: &str) {
        if let Some(Frame {
            inside: Inside::Map { key, keys },
            ..
        }) = self.frames.last_mut()
        {
            *key = Some(name.to_owned());
            if !name.is_empty() {
                keys.insert(name.to_owned());
            }
        }
    }

    /// Keeps what says whose the document is.
    fn remember(&mut self, value: &str) {
        let path = self.path();
        let place = match path.steps() {
            [Step::Key(key)] if key == "apiVersion" => &mut self.api_version,
            [Step::Key(key)] if key == "kind" => &mut self.kind,
            [Step::Key(outer), Step::Key(key)] if outer == "metadata" && key == "name" => &mut self.name,
            _ => return,
        };
        let value = value.split(" #").next().unwrap_or("").trim();
        *place = Some(value.trim_matches(['"', '\'']).to_owned()).filter(|value| !value.is_empty());
    }

    /// Reads a text within brackets, or one that opens them; what was begun and not ended.
    fn brackets<'l>(&mut self, text: &'l str) -> &'l str {
        let mut word = 0;
        let mut quote = None;
        for (at, c) in text.char_indices() {
            if let Some(open) = quote {
                if c == open {
                    quote = None;
                }
                continue;
            }
            let behind = at + c.len_utf8();
            match c {
                '"' | '\'' => quote = Some(c),
                '#' if text[..at].ends_with(' ') => return "",
                '{' => self.push(None, Inside::empty_map()),
                '[' => self.push(None, Inside::List { index: 0 }),
                '}' | ']' => {
                    self.pop();
                    if !self.in_brackets() {
                        return "";
                    }
                }
                ':' if text[behind..].is_empty() || text[behind..].starts_with(' ') => {
                    let name = text[word..at].trim().trim_matches(['"', '\'']);
                    self.key(name);
                }
                ',' => match self.frames.last_mut().map(|frame| &mut frame.inside) {
                    Some(Inside::Map { key, .. }) => *key = None,
                    Some(Inside::List { index }) => *index += 1,
                    None => {}
                },
                _ => continue,
            }
            if !matches!(c, '"' | '\'') {
                word = behind;
            }
        }
        text[word..].trim_start()
    }

    /// The place at the end of a line's beginning, and what is typed there.
    fn place(&mut self, line: &str) -> Option<(Path, At)> {
        if self.in_brackets() {
            return self.place_in_brackets(line);
        }
        let words = line.trim_start_matches(' ');
        if words.starts_with('#') || line.contains(" #") {
            return None;
        }
        if let Some(column) = self.text
            && (words.is_empty() || line.len() - words.len() > column)
        {
            return None;
        }
        self.text = None;
        let (rest, column) = self.items(line);
        let Some((key, value)) = key(rest) else {
            if rest.starts_with(['{', '[']) {
                return self.place_in_brackets(rest);
            }
            self.open(column);
            return Some((self.path(), At::Key(rest.to_owned())));
        };
        self.enter(key, column);
        if value.starts_with(['{', '[']) {
            return self.place_in_brackets(value);
        }
        if value.is_empty() && !line.ends_with(' ') {
            // The key itself, or the colon behind it.
            let mut path = self.path();
            path.pop();
            return Some((path, At::Key(key.to_owned())));
        }
        Some((self.path(), At::Value(value.trim_matches(['"', '\'']).to_owned())))
    }

    fn place_in_brackets(&mut self, text: &str) -> Option<(Path, At)> {
        let word = self.brackets(text);
        if !self.in_brackets() {
            return None;
        }
        let word = word.trim_matches(['"', '\'']).to_owned();
        match &self.frames.last()?.inside {
            Inside::Map { key: None, .. } => Some((self.path(), At::Key(word))),
            Inside::Map { .. } | Inside::List { .. } => Some((self.path(), At::Value(word))),
        }
    }
}

/// The key that a text begins with, and the text behind its colon.
fn key(text: &str) -> Option<(&str, &str)> {
    if text.starts_with(['{', '[', '#']) {
        return None;
    }
    let colon = match text.chars().next()? {
        quote @ ('"' | '\'') => {
            let end = text[1..].find(quote)? + 2;
            text[end..].starts_with(':').then_some(end)?
        }
        _ => text
            .match_indices(':')
            .map(|(at, _)| at)
            .find(|at| text[at + 1..].is_empty() || text[at + 1..].starts_with([' ', '\t']))?,
    };
    let name = text[..colon].trim().trim_matches(['"', '\'']);
    Some((name, text[colon + 1..].trim()))
}

#[cfg(test)]
mod tests;
