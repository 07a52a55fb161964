//! Files that were read, and positions in them.
//!
//! A [`Span`] is twelve bytes: a file and two byte offsets. Lines and columns are worked out only when somebody asks,
//! which is when a finding is rendered.

use std::sync::OnceLock;

/// A file in a [`Sources`] table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(u32);

/// A range of bytes in one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

impl Span {
    /// The range `start..end` of `file`.
    pub fn new(file: FileId, start: u32, end: u32) -> Self {
        Self {
            file,
            start,
            end: end.max(start),
        }
    }

    /// The empty range at the beginning of the span.
    #[must_use]
    pub fn at_start(self) -> Self {
        Self {
            end: self.start,
            ..self
        }
    }
}

/// Line and column of a place, both counted from one. A column counts Unicode scalar values, as editors do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from one.
    pub line: u32,
    /// Column, from one.
    pub column: u32,
}

#[derive(Debug)]
struct File {
    name: String,
    text: String,
    /// Offset of the first byte of each line; filled at the first question.
    lines: OnceLock<Vec<u32>>,
}

impl File {
    fn lines(&self) -> &[u32] {
        self.lines.get_or_init(|| {
            let breaks = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0)
                .chain(breaks.map(|(offset, _)| offset as u32 + 1))
                .collect()
        })
    }
}

/// The table of files that findings point into.
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<File>,
}

impl Sources {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file under the name that people shall read (`-` for standard input, by custom).
    pub fn add(&mut self, name: impl Into<String>, text: String) -> FileId {
        let id = FileId(self.files.len() as u32);
        self.files.push(File {
            name: name.into(),
            text,
            lines: OnceLock::new(),
        });
        id
    }

    /// The name of a file; empty for an id of another table.
    pub fn name(&self, file: FileId) -> &str {
        self.files.get(file.0 as usize).map_or("", |file| &file.name)
    }

    /// The whole text of a file; empty for an id of another table.
    pub fn text(&self, file: FileId) -> &str {
        self.files.get(file.0 as usize).map_or("", |file| &file.text)
    }

    /// The text in a span; empty when the span does not lie in the file or cuts a character.
    pub fn slice(&self, span: Span) -> &str {
        self.text(span.file)
            .get(span.start as usize..span.end as usize)
            .unwrap_or("")
    }

    /// Where a span begins.
    pub fn position(&self, span: Span) -> Position {
        self.position_of(span.file, span.start)
    }

    /// Where a span ends: the place just behind its last character.
    pub fn end_position(&self, span: Span) -> Position {
        self.position_of(span.file, span.end)
    }

    /// Where a span begins and ends, its columns counted in UTF-16 units, as the language server protocol does.
    pub fn utf16(&self, span: Span) -> [Position; 2] {
        [span.start, span.end].map(|offset| self.counted(span.file, offset, char::len_utf16))
    }

    fn position_of(&self, file: FileId, offset: u32) -> Position {
        self.counted(file, offset, |_| 1)
    }

    fn counted(&self, file: FileId, offset: u32, width: impl Fn(char) -> usize) -> Position {
        let Some(entry) = self.files.get(file.0 as usize) else {
            return Position { line: 1, column: 1 };
        };
        let lines = entry.lines();
        let line = lines.partition_point(|start| *start <= offset).saturating_sub(1);
        let start = lines.get(line).copied().unwrap_or(0) as usize;
        // A byte order mark takes no column: no editor shows one.
        let before = entry
            .text
            .get(start..offset as usize)
            .unwrap_or("")
            .trim_start_matches('\u{feff}');
        Position {
            line: line as u32 + 1,
            column: before.chars().map(width).sum::<usize>() as u32 + 1,
        }
    }

    /// Number of files.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether no file was added.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_start_at_one() {
        let mut sources = Sources::new();
        let file = sources.add("a.yaml", "ä: 1\r\nb: ü2\n".to_owned());
        let at = |start| sources.position(Span::new(file, start, start));
        assert_eq!(at(0), Position { line: 1, column: 1 });
        assert_eq!(at(2), Position { line: 1, column: 2 });
        assert_eq!(at(7), Position { line: 2, column: 1 });
        assert_eq!(at(12), Position { line: 2, column: 5 });
        assert_eq!(at(13), Position { line: 2, column: 6 });
        assert_eq!(at(14), Position { line: 3, column: 1 });
    }

    #[test]
    fn a_byte_order_mark_takes_no_column() {
        let mut sources = Sources::new();
        let file = sources.add("a.yaml", "\u{feff}a: 1\n".to_owned());
        assert_eq!(
            sources.position(Span::new(file, 3, 4)),
            Position { line: 1, column: 1 }
        );
    }

    #[test]
    fn a_foreign_id_or_span_answers_empty() {
        let mut other = Sources::new();
        let file = other.add("a", "ä".to_owned());
        let sources = Sources::new();
        assert_eq!(sources.name(file), "");
        assert_eq!(other.slice(Span::new(file, 0, 1)), "", "cuts a character");
        assert_eq!(
            sources.position(Span::new(file, 0, 9)),
            Position { line: 1, column: 1 }
        );
    }
}
