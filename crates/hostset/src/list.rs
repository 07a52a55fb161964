//! The written form of a hostlist.

use crate::error::{ErrorKind, ParseError};
use crate::limits::Limits;
use crate::names::{Cursor, Names};
use crate::parse;
use std::collections::HashSet;
use std::fmt;

/// A hostlist as written: order, repeated names and steps are kept. Displays as a text that parses to an equal list.
///
/// Its size follows the text, not the names that the text stands for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Hostlist {
    pub(crate) items: Vec<Item>,
    pub(crate) count: u64,
}

/// One item of the list: text, then brackets each with the text that follows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Item {
    pub(crate) head: Box<str>,
    pub(crate) brackets: Box<[Bracket]>,
}

/// A bracket, never empty, and the text up to the next one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Bracket {
    pub(crate) ranges: Box<[Range]>,
    pub(crate) text: Box<str>,
}

/// `low-high/step`, both ends inclusive. One number has equal ends and step 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Range {
    pub(crate) low: u64,
    pub(crate) high: u64,
    pub(crate) step: u64,
    /// Digits to pad to; 0 for numbers without padding.
    pub(crate) width: u8,
}

impl Range {
    pub(crate) fn count(self) -> u64 {
        (self.high - self.low) / self.step + 1
    }
}

impl Hostlist {
    /// Reads a text. Nothing is expanded; a text beyond the limits is refused from its numbers.
    pub fn parse(text: &str, limits: &Limits) -> Result<Self, ParseError> {
        parse::parse(text, limits)
    }

    /// How many names the list stands for, repeated ones counted each time. Costs nothing.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether there is no name.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The names one by one, in written order, the rightmost bracket varying fastest.
    pub fn iter(&self) -> Names<'_> {
        Names::new(self)
    }

    /// Visits the names in the order of [`iter`](Self::iter) in one buffer, without a `String` for each.
    pub fn for_each(&self, mut visit: impl FnMut(&str)) {
        let mut cursor = Cursor::new(&self.items);
        while let Some(name) = cursor.advance() {
            visit(name);
        }
    }
}

impl<'a> IntoIterator for &'a Hostlist {
    type Item = String;
    type IntoIter = Names<'a>;

    fn into_iter(self) -> Names<'a> {
        self.iter()
    }
}

/// The names that a text stands for, in written order. A name that comes twice is an error that names it, because
/// Slurm keeps both and `ClusterShell` keeps one.
pub fn expand(text: &str, limits: &Limits) -> Result<Vec<String>, ParseError> {
    let list = Hostlist::parse(text, limits)?;
    let names: Vec<String> = list.iter().collect();
    let mut seen = HashSet::with_capacity(names.len());
    if let Some(repeated) = names.iter().position(|name| !seen.insert(name.as_str())) {
        let (offset, len) = item_span(text, list.item_of(repeated));
        return Err(ParseError {
            offset,
            len,
            kind: ErrorKind::Duplicate(names[repeated].clone()),
        });
    }
    Ok(names)
}

impl Hostlist {
    /// The index of the item that gives the name at `position`.
    fn item_of(&self, position: usize) -> usize {
        let mut end = 0;
        self.items
            .iter()
            .position(|item| {
                end += item.count();
                (position as u64) < end
            })
            .unwrap_or(0)
    }
}

impl Item {
    /// How many names. A list that parsed stands for less than 2^32 of them.
    fn count(&self) -> u64 {
        self.brackets
            .iter()
            .map(|bracket| bracket.ranges.iter().map(|range| range.count()).sum::<u64>())
            .product()
    }
}

/// Where item `index` of a text that parsed is, without the white space around it.
fn item_span(text: &str, index: usize) -> (usize, usize) {
    let mut depth = 0_u32;
    let items = text.split(|c| {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    let mut offset = 0;
    for (i, item) in items.enumerate() {
        if i == index {
            let leading = item.len() - item.trim_start().len();
            return (offset + leading, item.trim().len());
        }
        offset += item.len() + 1;
    }
    (0, text.len())
}

impl fmt::Display for Hostlist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, item) in self.items.iter().enumerate() {
            if i > 0 {
                f.write_str(",")?;
            }
            item.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.head)?;
        for Bracket { ranges, text } in &self.brackets {
            for (i, range) in ranges.iter().enumerate() {
                f.write_str(if i == 0 { "[" } else { "," })?;
                range.fmt(f)?;
            }
            write!(f, "]{text}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = usize::from(self.width);
        write!(f, "{:0width$}", self.low)?;
        if self.high > self.low {
            write!(f, "-{:0width$}", self.high)?;
        }
        if self.step > 1 {
            write!(f, "/{}", self.step)?;
        }
        Ok(())
    }
}
