//! Reading a text. Everything is counted while it is read, so that nothing grows beyond the limits.

use crate::error::{ErrorKind, ParseError};
use crate::limits::{Limits, MAX_NAME_LEN};
use crate::list::{Bracket, Hostlist, Item, Range};
use crate::natural::digits;

/// The most digits of a number in brackets: any such number fits 64 bits, and so does one more than it.
pub(crate) const MAX_DIGITS: usize = 18;

type Result<T> = std::result::Result<T, ParseError>;

pub(crate) fn parse(text: &str, limits: &Limits) -> Result<Hostlist> {
    if text.len() > limits.max_text {
        return Err(error(
            0,
            text.len(),
            ErrorKind::TextTooLong { max: limits.max_text },
        ));
    }
    let mut reader = Reader {
        text,
        at: 0,
        max_names: limits.max_names,
        count: 0,
    };
    let mut items = Vec::new();
    reader.skip_space();
    if reader.peek().is_some() {
        loop {
            items.push(reader.item()?);
            let space = reader.at;
            reader.skip_space();
            match reader.peek() {
                None => break,
                Some(b',') => reader.at += 1,
                Some(_) => return Err(error(space, reader.at - space, ErrorKind::SpaceInName)),
            }
            reader.skip_space();
        }
    }
    Ok(Hostlist {
        items,
        count: reader.count,
    })
}

/// Refuses a text that is not exactly one name.
pub(crate) fn check_name(name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(error(0, 0, ErrorKind::EmptyItem));
    }
    if let Some((at, c)) = name
        .char_indices()
        .find(|&(_, c)| !(c.is_ascii() && is_name_byte(c as u8)))
    {
        return Err(error(at, c.len_utf8(), ErrorKind::Character(c)));
    }
    if name.len() > MAX_NAME_LEN {
        return Err(error(0, name.len(), ErrorKind::NameTooLong));
    }
    Ok(())
}

fn error(offset: usize, len: usize, kind: ErrorKind) -> ParseError {
    ParseError { offset, len, kind }
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    max_names: u32,
    /// Names of the items read so far.
    count: u64,
}

/// How large the item is that is being read.
struct Size {
    start: usize,
    /// Names of the brackets before the current one.
    names: u64,
    /// Bytes of the longest name so far.
    longest: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The character at the reader, which always stands between two.
    fn character(&self) -> char {
        self.text[self.at..].chars().next().unwrap_or_default()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
    }

    fn item(&mut self) -> Result<Item> {
        let mut size = Size {
            start: self.at,
            names: 1,
            longest: 0,
        };
        let head = self.name_text(&mut size)?;
        if head.is_empty() && self.peek() != Some(b'[') {
            return Err(match self.at {
                // The comma that lacks a name: this one, or the one that the text ends with.
                at if self.peek().is_some() => error(at, 1, ErrorKind::EmptyItem),
                _ => {
                    let comma = self.text.rfind(',').unwrap_or(0);
                    error(comma, 1, ErrorKind::EmptyItem)
                }
            });
        }
        let mut brackets = Vec::new();
        let mut before = head;
        while self.peek() == Some(b'[') {
            if !brackets.is_empty() && digits(before.as_bytes()) == before.len() {
                return Err(error(self.at, 1, ErrorKind::AdjacentBrackets));
            }
            let open = self.at;
            let (ranges, widths_differ) = self.bracket(&mut size)?;
            let bracket = &self.text[open..self.at];
            let digit_before = before.ends_with(|c: char| c.is_ascii_digit());
            before = self.name_text(&mut size)?;
            let digits_after = digits(before.as_bytes());
            if widths_differ && (digit_before || digits_after > 0) {
                return Err(error(open, bracket.len(), ErrorKind::WidthsBesideDigit));
            }
            if digits_after > 0 && bracket.contains('/') {
                return Err(error(
                    open + bracket.len(),
                    digits_after,
                    ErrorKind::StepBeforeDigit,
                ));
            }
            brackets.push(Bracket {
                ranges,
                text: before.into(),
            });
        }
        self.count = self.count_with(&size, size.names)?;
        Ok(Item {
            head: head.into(),
            brackets: brackets.into(),
        })
    }

    /// All names up to and including `names` of the current item, if they are within the limit.
    fn count_with(&self, size: &Size, names: u64) -> Result<u64> {
        match self.count.checked_add(names) {
            Some(count) if count <= u64::from(self.max_names) => Ok(count),
            count => Err(self.too_many(size, count)),
        }
    }

    fn too_many(&self, size: &Size, count: Option<u64>) -> ParseError {
        let kind = ErrorKind::TooManyNames {
            count,
            max: self.max_names,
        };
        error(size.start, self.at - size.start, kind)
    }

    fn lengthen(&self, size: &mut Size, by: usize) -> Result<()> {
        size.longest += by;
        if size.longest > MAX_NAME_LEN {
            return Err(error(size.start, self.at - size.start, ErrorKind::NameTooLong));
        }
        Ok(())
    }

    /// The text up to a bracket, a comma, white space or the end.
    fn name_text(&mut self, size: &mut Size) -> Result<&'a str> {
        let start = self.at;
        while let Some(byte) = self.peek() {
            match byte {
                b',' | b'[' => break,
                b']' => return Err(error(self.at, 1, ErrorKind::StrayBracket)),
                byte if is_space(byte) => break,
                byte if is_name_byte(byte) => self.at += 1,
                _ => {
                    let c = self.character();
                    return Err(error(self.at, c.len_utf8(), ErrorKind::Character(c)));
                }
            }
        }
        self.lengthen(size, self.at - start)?;
        Ok(&self.text[start..self.at])
    }

    /// A bracket with its ranges, from its `[`, and whether its numbers have different widths.
    fn bracket(&mut self, size: &mut Size) -> Result<(Box<[Range]>, bool)> {
        let open = self.at;
        self.at += 1;
        let mut ranges = Vec::new();
        let mut numbers = 0_u64;
        let (mut narrowest, mut widest) = (usize::MAX, 0);
        loop {
            let (range, low, high) = self.range(open)?;
            narrowest = narrowest.min(low);
            widest = widest.max(high);
            ranges.push(range);
            let names = numbers.checked_add(range.count()).and_then(|sum| {
                numbers = sum;
                sum.checked_mul(size.names)
            });
            match names {
                Some(names) => self.count_with(size, names)?,
                None => return Err(self.too_many(size, None)),
            };
            self.at += 1;
            if self.text.as_bytes()[self.at - 1] == b']' {
                break;
            }
        }
        self.lengthen(size, widest)?;
        size.names *= numbers;
        Ok((ranges.into(), narrowest != widest))
    }

    /// A range and the digits of its first and last number, up to the `,` or `]` behind it.
    fn range(&mut self, open: usize) -> Result<(Range, usize, usize)> {
        let start = self.at;
        let low = self.number(open)?;
        let mut high = low;
        let mut step = 1;
        if self.peek() == Some(b'-') {
            self.at += 1;
            high = self.number(open)?;
        }
        let ends = self.at - start;
        if self.peek() == Some(b'/') {
            self.at += 1;
            let at = self.at;
            step = value(self.number(open)?);
            if ends == low.len() {
                return Err(error(start, self.at - start, ErrorKind::StepWithoutRange));
            }
            if step == 0 {
                return Err(error(at, self.at - at, ErrorKind::ZeroStep));
            }
        }
        match self.peek() {
            Some(b',' | b']') => {}
            _ => return Err(self.misplaced(open)),
        }
        let range = Range {
            low: value(low),
            high: value(high),
            step: if low == high { 1 } else { step },
            width: if is_padded(low) { low.len() as u8 } else { 0 },
        };
        if (is_padded(low) || is_padded(high)) && low.len() != high.len() {
            let kind = ErrorKind::PaddingMismatch {
                low: low.to_owned(),
                high: high.to_owned(),
            };
            return Err(error(start, ends, kind));
        }
        if range.low > range.high {
            return Err(error(
                start,
                ends,
                ErrorKind::Descending {
                    low: low.to_owned(),
                    high: high.to_owned(),
                },
            ));
        }
        Ok((range, low.len(), high.len()))
    }

    fn number(&mut self, open: usize) -> Result<&'a str> {
        let start = self.at;
        self.at += digits(&self.text.as_bytes()[start..]);
        match self.at - start {
            0 => Err(self.misplaced(open)),
            1..=MAX_DIGITS => Ok(&self.text[start..self.at]),
            len => Err(error(start, len, ErrorKind::TooManyDigits)),
        }
    }

    /// Why what stands at the reader cannot follow inside the bracket that opened at `open`.
    fn misplaced(&self, open: usize) -> ParseError {
        match self.peek() {
            None => error(open, 1, ErrorKind::UnclosedBracket),
            Some(b',' | b']') => error(self.at, 0, ErrorKind::MissingNumber),
            Some(b'[') => error(self.at, 1, ErrorKind::NestedBracket),
            Some(byte) if is_space(byte) => error(self.at, 1, ErrorKind::SpaceInBrackets),
            Some(_) => {
                let c = self.character();
                error(self.at, c.len_utf8(), ErrorKind::NotANumber(c))
            }
        }
    }
}

fn is_padded(number: &str) -> bool {
    number.len() > 1 && number.starts_with('0')
}

/// The value of at most [`MAX_DIGITS`] digits.
pub(crate) fn value(digits: &str) -> u64 {
    digits
        .bytes()
        .fold(0, |value, digit| value * 10 + u64::from(digit - b'0'))
}
