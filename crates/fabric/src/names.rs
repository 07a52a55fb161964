//! Names as files hold them, whatever characters somebody put in.

use std::borrow::Cow;
use std::fmt::{self, Write};

/// The longest description of a device: 64 bytes in the protocol, and the simulator ends it with a zero. The node name map
/// is read by lines of 255 bytes.
const MAX_DESCRIPTION: usize = 63;

/// A name between quotes: printable ASCII without what would end it early or begin a comment, cut to what fits.
pub(crate) struct Quoted<'a>(pub &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |c: char| {
            if c.is_ascii_graphic() && !matches!(c, '"' | '#' | '@') || c == ' ' {
                c
            } else {
                '_'
            }
        };
        f.write_char('"')?;
        (self.0.chars())
            .take(MAX_DESCRIPTION)
            .try_for_each(|c| f.write_char(plain(c)))?;
        f.write_char('"')
    }
}

/// A text on one line.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if text.contains(breaks) {
        return Cow::Owned(text.replace(breaks, "_"));
    }
    Cow::Borrowed(text)
}

/// A name in a cell of a table: on one line, and nothing that a spreadsheet takes for a formula, however wide it is written.
pub(crate) fn cell(name: &str) -> Cow<'_, str> {
    let mut cell = line(name);
    let formula = ['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
    if cell.trim_start().starts_with(formula) {
        cell.to_mut().insert(0, '\'');
    }
    cell
}
