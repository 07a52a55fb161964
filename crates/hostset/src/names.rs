//! Walking the names of a list.

use crate::list::{Bracket, Hostlist, Item};
use std::fmt::Write;

/// Steps through the names of some items in one buffer. Only what follows the bracket that moved is written again.
pub(crate) struct Cursor<'a> {
    items: &'a [Item],
    /// The item whose name is in `name`, or the next one while `fresh`.
    item: usize,
    fresh: bool,
    wheels: Vec<Wheel>,
    name: String,
}

/// Where one bracket of the item stands.
struct Wheel {
    range: usize,
    value: u64,
    /// Length of the name before the number of this bracket.
    start: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(items: &'a [Item]) -> Self {
        Self {
            items,
            item: 0,
            fresh: true,
            wheels: Vec::new(),
            name: String::new(),
        }
    }

    /// The next name, until the end of the list.
    pub(crate) fn advance(&mut self) -> Option<&str> {
        if !self.fresh && !self.turn() {
            self.item += 1;
            self.fresh = true;
        }
        if self.fresh {
            let item = self.items.get(self.item)?;
            self.fresh = false;
            self.name.clear();
            self.name.push_str(&item.head);
            self.wheels.clear();
            self.write_from(0);
        }
        Some(&self.name)
    }

    /// Moves the rightmost bracket that can still move and starts those after it again.
    fn turn(&mut self) -> bool {
        let Some(item) = self.items.get(self.item) else {
            return false;
        };
        for index in (0..self.wheels.len()).rev() {
            let ranges = &item.brackets[index].ranges;
            let wheel = &mut self.wheels[index];
            let range = ranges[wheel.range];
            if range.high - wheel.value >= range.step {
                wheel.value += range.step;
            } else if let Some(next) = ranges.get(wheel.range + 1) {
                wheel.range += 1;
                wheel.value = next.low;
            } else {
                continue;
            }
            self.name.truncate(wheel.start);
            self.wheels.truncate(index + 1);
            self.write_number(index);
            self.write_from(index + 1);
            return true;
        }
        false
    }

    /// Starts the brackets from `index` at their first number.
    fn write_from(&mut self, index: usize) {
        let Some(item) = self.items.get(self.item) else {
            return;
        };
        for (i, bracket) in item.brackets.iter().enumerate().skip(index) {
            self.wheels.push(Wheel {
                range: 0,
                value: bracket.ranges[0].low,
                start: self.name.len(),
            });
            self.write_number(i);
        }
    }

    fn write_number(&mut self, index: usize) {
        let Bracket { ranges, text } = &self.items[self.item].brackets[index];
        let wheel = &self.wheels[index];
        let width = usize::from(ranges[wheel.range].width);
        // Writing into a String cannot fail.
        let _ = write!(self.name, "{:0width$}", wheel.value);
        self.name.push_str(text);
    }
}

/// The names of a [`Hostlist`] in written order.
pub struct Names<'a> {
    cursor: Cursor<'a>,
    left: u64,
}

impl<'a> Names<'a> {
    pub(crate) fn new(list: &'a Hostlist) -> Self {
        Self {
            cursor: Cursor::new(&list.items),
            left: list.count,
        }
    }
}

impl Iterator for Names<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let name = self.cursor.advance()?.to_owned();
        self.left -= 1;
        Some(name)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        // Counts are below 2^32 (`Limits::max_names`).
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        (left, Some(left))
    }
}

impl ExactSizeIterator for Names<'_> {}
impl std::iter::FusedIterator for Names<'_> {}
