//! Walking the names of a list.

use crate::list::{Bracket, Hostlist, Item};

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
        push_number(wheel.value, width, &mut self.name);
        self.name.push_str(text);
    }
}

/// Appends a number with at least `width` digits. By hand: large sites have a name for each of a million nodes.
fn push_number(number: u64, width: usize, out: &mut String) {
    let count = number.checked_ilog10().map_or(1, |log| log as usize + 1);
    out.extend(std::iter::repeat_n('0', width.saturating_sub(count)));
    let mut unit = 10u64.pow(count as u32 - 1);
    while unit > 0 {
        out.push(char::from(b'0' + (number / unit % 10) as u8));
        unit /= 10;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_standard_library_writes_them() {
        for number in [0, 1, 9, 10, 99, 100, 1_000_009, u64::MAX] {
            for width in [0, 1, 2, 7, 30] {
                let mut text = "n".to_owned();
                push_number(number, width, &mut text);
                assert_eq!(text, format!("n{number:0width$}"));
            }
        }
    }
}
