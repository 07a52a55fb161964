//! From names to a short hostlist.

use crate::list::{Bracket, Hostlist, Item, Range};
use crate::names::Cursor;
use crate::natural::{digits, natural_cmp};
use crate::parse::{MAX_DIGITS, value};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::rc::Rc;

/// Stands in a pattern for a number. No name holds it.
const NUMBER: char = '\0';

/// The most numbers of a name that are folded; what follows is text. It bounds the memory for names such as
/// `a0b0c0…`; a machine's place (hall, row, rack, tray, node, port) takes six.
const MAX_NUMBERS: usize = 12;

/// A number in a name. The order by width first is `ClusterShell`'s and makes the ranges of a width adjacent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Number {
    width: u8,
    value: u64,
}

impl Number {
    fn is_padded(self) -> bool {
        self.width > 1 && self.value < 10_u64.pow(u32::from(self.width) - 1)
    }
}

/// The folded form of the names of a set: each once, in natural order.
pub(crate) fn fold<'a>(names: impl Iterator<Item = &'a str>) -> Hostlist {
    // Names alike but for their numbers, and their numbers one name behind the other.
    let mut groups: BTreeMap<String, (usize, Vec<Number>)> = BTreeMap::new();
    let mut pattern = String::new();
    let mut numbers = Vec::new();
    let mut count = 0;
    for name in names {
        split(name, &mut pattern, &mut numbers);
        count += 1;
        if let Some((members, all)) = groups.get_mut(&pattern) {
            *members += 1;
            all.extend_from_slice(&numbers);
        } else {
            groups.insert(pattern.clone(), (1, numbers.clone()));
        }
    }
    let mut items = Vec::new();
    for (pattern, (members, numbers)) in &groups {
        let mut rows = Rows::new(*members, numbers);
        rows.fold();
        items.extend(rows.items(pattern));
    }
    let mut items: Vec<(String, Item)> = items.into_iter().map(|item| (first_name(&item), item)).collect();
    items.sort_by(|(a, _), (b, _)| natural_cmp(a, b));
    Hostlist {
        items: items.into_iter().map(|(_, item)| item).collect(),
        count,
    }
}

fn first_name(item: &Item) -> String {
    Cursor::new(std::slice::from_ref(item))
        .advance()
        .unwrap_or_default()
        .to_owned()
}

/// Splits a name into its pattern and its numbers.
fn split(name: &str, pattern: &mut String, numbers: &mut Vec<Number>) {
    pattern.clear();
    numbers.clear();
    let mut rest = name;
    while !rest.is_empty() {
        let run = digits(rest.as_bytes());
        let part = if run > 0 {
            run
        } else {
            rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len())
        };
        let (part, after) = rest.split_at(part);
        if (1..=MAX_DIGITS).contains(&run) && numbers.len() < MAX_NUMBERS {
            pattern.push(NUMBER);
            numbers.push(Number {
                width: run as u8,
                value: value(part),
            });
        } else {
            pattern.push_str(part);
        }
        rest = after;
    }
}

/// Items of one pattern. A row holds, for each number of the pattern, the index of a set of numbers, and stands for
/// all combinations of them; no two rows share a name.
struct Rows {
    columns: usize,
    members: Vec<Box<[u32]>>,
    sets: Vec<Rc<[Number]>>,
    index: BTreeMap<Rc<[Number]>, u32>,
}

impl Rows {
    /// Of the numbers of `members` names in natural order.
    fn new(members: usize, numbers: &[Number]) -> Self {
        let columns = numbers.len() / members;
        let mut new = Self {
            columns,
            members: Vec::new(),
            sets: Vec::new(),
            index: BTreeMap::new(),
        };
        let Some(last) = columns.checked_sub(1) else {
            new.members.push(Box::default());
            return new;
        };
        // In natural order, names that differ in their last number only stand together.
        let names: Vec<&[Number]> = numbers.chunks_exact(columns).collect();
        for alike in names.chunk_by(|a, b| a[..last] == b[..last]) {
            let mut row: Vec<u32> = alike[0][..last]
                .iter()
                .map(|&number| new.intern(&[number]))
                .collect();
            let mut joined: Vec<Number> = alike.iter().map(|name| name[last]).collect();
            joined.sort_unstable();
            row.push(new.intern(&joined));
            new.members.push(row.into());
        }
        new
    }

    fn intern(&mut self, set: &[Number]) -> u32 {
        if let Some(&index) = self.index.get(set) {
            return index;
        }
        let index = self.sets.len() as u32;
        let set: Rc<[Number]> = set.into();
        self.sets.push(Rc::clone(&set));
        self.index.insert(set, index);
        index
    }

    /// Joins rows that differ in one column only, column by column from the last, until none do.
    fn fold(&mut self) {
        loop {
            let before = self.members.len();
            for column in (0..self.columns).rev() {
                self.fold_column(column);
            }
            if self.members.len() == before {
                return;
            }
        }
    }

    fn fold_column(&mut self, column: usize) {
        fn others(row: &[u32], column: usize) -> (&[u32], &[u32]) {
            (&row[..column], &row[column + 1..])
        }
        let mut rows = std::mem::take(&mut self.members);
        rows.sort_unstable_by(|a, b| others(a, column).cmp(&others(b, column)));
        for alike in rows.chunk_by(|a, b| others(a, column) == others(b, column)) {
            let mut joined = alike[0].clone();
            if alike.len() > 1 {
                let sets = alike.iter().map(|row| &self.sets[row[column] as usize]);
                let mut numbers: Vec<Number> = sets.flat_map(|set| set.iter().copied()).collect();
                numbers.sort_unstable();
                joined[column] = self.intern(&numbers);
            }
            self.members.push(joined);
        }
    }

    fn items(&self, pattern: &str) -> Vec<Item> {
        self.members.iter().map(|row| self.item(pattern, row)).collect()
    }

    fn item(&self, pattern: &str, row: &[u32]) -> Item {
        let mut head = String::new();
        let mut brackets: Vec<(Box<[Range]>, String)> = Vec::new();
        let mut texts = pattern.split(NUMBER);
        head.push_str(texts.next().unwrap_or_default());
        for (&set, text) in row.iter().zip(texts) {
            let numbers = &self.sets[set as usize];
            if let [number] = numbers[..] {
                let end = brackets.last_mut().map_or(&mut head, |(_, text)| text);
                let width = usize::from(number.width);
                // Writing into a String cannot fail.
                let _ = write!(end, "{:0width$}{text}", number.value);
            } else {
                brackets.push((ranges(numbers), text.to_owned()));
            }
        }
        let brackets = brackets
            .into_iter()
            .map(|(ranges, text)| Bracket {
                ranges,
                text: text.into(),
            })
            .collect();
        Item {
            head: head.into(),
            brackets,
        }
    }
}

/// Ranges over sorted numbers. A range that begins padded keeps its width; one that does not may grow.
fn ranges(numbers: &[Number]) -> Box<[Range]> {
    let mut ranges: Vec<Range> = Vec::new();
    for &number in numbers {
        let joins = |range: &&mut Range| {
            let fits = if range.width > 0 {
                number.width == range.width
            } else {
                !number.is_padded()
            };
            fits && number.value == range.high + 1
        };
        if let Some(range) = ranges.last_mut().filter(joins) {
            range.high = number.value;
        } else {
            let width = if number.is_padded() { number.width } else { 0 };
            ranges.push(Range {
                low: number.value,
                high: number.value,
                step: 1,
                width,
            });
        }
    }
    ranges.into()
}
