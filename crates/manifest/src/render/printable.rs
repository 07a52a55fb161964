//! Texts of others on a terminal: names and values may hold what moves its cursor or turns its lines around.

use std::borrow::Cow;

/// Whether a character can be shown as it is: no control character, no mark of direction, no white space but the space.
/// The same characters as Go's `strconv.IsPrint`.
pub(crate) fn is_printable(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_control();
    }
    // The standard library escapes what cannot be printed, and accents, but these at the start of a text only.
    let mut buffer = String::from("a");
    buffer.push(c);
    buffer.escape_debug().nth(1) == Some(c)
}

/// The text with everything escaped that cannot be shown as it is.
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_printable) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_printable(c) {
            out.push(c);
        } else {
            out.extend(c.escape_debug());
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_a_terminal_would_act_upon() {
        assert_eq!(
            printable("a\u{1b}[31mb\n\u{85}\u{202e}\u{2028}"),
            "a\\u{1b}[31mb\\n\\u{85}\\u{202e}\\u{2028}"
        );
    }

    #[test]
    fn leaves_letters_of_all_scripts() {
        let text = "rack “ü” 机架 🦀 cafe\u{301}";
        assert!(matches!(printable(text), Cow::Borrowed(same) if same == text));
    }
}
