//! Lines of a text, and what of them belongs to a value.

use rackwright_manifest::yaml::Place;

/// A text by its lines.
#[derive(Debug, Clone, Copy)]
pub struct Lines<'a>(pub &'a str);

impl<'a> Lines<'a> {
    /// The text from a place on.
    pub fn rest(&self, at: usize) -> &'a str {
        self.0.get(at..).unwrap_or_default()
    }

    /// Whether a map or list stands in brackets. A list of block style may begin with its first item, brackets and all.
    pub fn is_flow(&self, place: Place<'_>) -> bool {
        let start = place.value().start;
        let begins = |child: Place<'_>| {
            if child.key().is_empty() {
                child.value().start
            } else {
                child.key().start
            }
        };
        self.rest(start).starts_with(['{', '['])
            && place.children().next().is_none_or(|first| begins(first) != start)
    }

    /// Where the line of a place begins; a byte order mark is no part of it.
    pub fn line_start(&self, at: usize) -> usize {
        let before = self.0.get(..at).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |line| line + 1);
        if start == 0 && before.starts_with('\u{feff}') {
            return '\u{feff}'.len_utf8();
        }
        start
    }

    /// Where the next line begins.
    pub fn line_end(&self, at: usize) -> usize {
        self.rest(at)
            .find('\n')
            .map_or(self.0.len(), |line| at + line + 1)
    }

    /// How many bytes of its line stand before a place.
    pub fn column(&self, at: usize) -> usize {
        at - self.line_start(at)
    }

    /// Where the lines of comments begin that stand right above a line.
    pub fn comments_above(&self, mut line: usize) -> usize {
        while line > 0 {
            let above = self.line_start(line - 1);
            if !self
                .0
                .get(above..line)
                .unwrap_or_default()
                .trim_start()
                .starts_with('#')
            {
                break;
            }
            line = above;
        }
        line
    }

    /// The dash that an item of a list stands behind, on its line or on one above it.
    pub fn dash(&self, item: usize) -> Option<usize> {
        let (mut start, mut end) = (self.line_start(item), item);
        loop {
            let line = self.0.get(start..end)?;
            let text = line.trim();
            if text.starts_with('-') {
                let dashes = line.find(|c| c != ' ' && c != '-').unwrap_or(line.len());
                return Some(start + line[..dashes].rfind('-')?);
            }
            let is_between = text.is_empty() || text.starts_with('#');
            end = start.checked_sub(1).filter(|_| is_between)?;
            start = self.line_start(end);
        }
    }

    /// Where the text of a value ends.
    pub fn content_end(&self, mut place: Place<'_>) -> usize {
        while !self.is_flow(place)
            && let Some(last) = place.children().last()
        {
            place = last;
        }
        let key = place.key();
        let mark = if key.is_empty() {
            self.dash(place.value().start)
        } else {
            Some(key.start)
        };
        let Some(mark) = mark else {
            return place.value().end;
        };
        // The place of a block scalar is that of its lines.
        let behind = self.rest(mark.max(key.end)).trim_start_matches([' ', ':', '-']);
        if behind.starts_with(['|', '>']) {
            return self.scalar_end(self.0.len() - behind.len(), self.column(mark));
        }
        place.value().end
    }

    /// Where a block scalar ends: its lines are those that are deeper than its key, and empty ones between.
    fn scalar_end(&self, start: usize, column: usize) -> usize {
        let head = self.line_end(start);
        let keeps = self
            .0
            .get(start..head)
            .unwrap_or_default()
            .split('#')
            .next()
            .unwrap_or_default()
            .contains('+');
        let (mut end, mut at) = (head, head);
        while at < self.0.len() {
            let next = self.line_end(at);
            let line = self.0.get(at..next).unwrap_or_default();
            let is_empty = line.trim().is_empty();
            if !is_empty && line.len() - line.trim_start_matches(' ').len() <= column {
                break;
            }
            if !is_empty || keeps {
                end = next;
            }
            at = next;
        }
        // On its last line, as other values end.
        end.saturating_sub(1)
    }

    /// Where what follows a value begins: its own are the comments that stand deeper than its key or dash.
    pub fn boundary(&self, content_end: usize, limit: usize, column: usize) -> usize {
        let mut at = self.line_end(content_end).min(limit);
        let mut end = at;
        while at < limit {
            let next = self.line_end(at).min(limit);
            let line = self.0.get(at..next).unwrap_or_default();
            let text = line.trim_start_matches(' ');
            if text.starts_with('#') && line.len() - text.len() > column {
                end = next;
            } else if !text.trim().is_empty() {
                break;
            }
            at = next;
        }
        end
    }
}
