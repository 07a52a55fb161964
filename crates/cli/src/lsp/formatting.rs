//! A text in canonical form, as an edit of the lines that differ: all else keeps its cursors and folds.

use lsp_types::{Position, Range, TextEdit};

/// What makes the one text of the other, by whole lines.
pub fn edit(before: &str, after: &str) -> TextEdit {
    let [old, new]: [Vec<&str>; 2] = [before, after].map(|text| text.split_inclusive('\n').collect());
    let same = |(a, b): &(&&str, &&str)| a == b;
    let above = old.iter().zip(&new).take_while(same).count();
    let rest = (old.iter().skip(above).rev()).zip(new.iter().skip(above).rev());
    let below = rest.take_while(same).count();
    let changed = |lines: &[&str]| lines[above..lines.len() - below].concat();
    let line = |number: usize| Position {
        line: number as u32,
        character: 0,
    };
    let end = match old.last() {
        // The last line has no end: it ends with its last character.
        Some(last) if below == 0 && !last.ends_with('\n') => Position {
            line: old.len() as u32 - 1,
            character: last.encode_utf16().count() as u32,
        },
        _ => line(old.len() - below),
    };
    TextEdit {
        range: Range {
            start: line(above),
            end,
        },
        new_text: changed(&new),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_has_the_lines_that_differ() {
        for (before, after, (from, to), text) in [
            ("a\nb\nc\nd\n", "a\nc\nb\nd\n", ((1, 0), (3, 0)), "c\nb\n"),
            ("b\na", "a\nb\n", ((0, 0), (1, 1)), "a\nb\n"),
            ("a\n\u{1f600}", "a\n\u{1f600}\n", ((1, 0), (1, 2)), "\u{1f600}\n"),
            ("a\na\n", "a\n", ((1, 0), (2, 0)), ""),
        ] {
            let edit = edit(before, after);
            let place = |position: Position| (position.line, position.character);
            assert_eq!(
                (place(edit.range.start), place(edit.range.end)),
                (from, to),
                "{before:?}"
            );
            assert_eq!(edit.new_text, text);
        }
    }
}
