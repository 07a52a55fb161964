//! Findings as text with the source lines that they are about.

use super::printable;
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{FileId, Sources, Span};
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Patch, Renderer, Snippet};
use std::ops::Range;

/// Whether to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// ANSI escapes.
    Always,
    /// Plain text.
    Never,
}

/// Lines of source around a place that the renderer gets to see. It splits all it is given into lines, which for a
/// file of 64 MiB and a thousand findings would take minutes.
const CONTEXT_LINES: usize = 3;

/// Longest source line shown; a plan written as one line of JSON is not cut into a window by the renderer.
const MAX_LINE: usize = 400;

/// One finding.
pub fn text(diagnostic: &Diagnostic, sources: &Sources, colour: Colour) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(printable(&diagnostic.message))
        .id(diagnostic.code.as_str());
    let mut group = title.elements(std::iter::empty::<annotate_snippets::Padding>());
    let mut files: Vec<FileId> = Vec::new();
    for label in &diagnostic.labels {
        if !files.contains(&label.span.file) {
            files.push(label.span.file);
        }
    }
    let primary = diagnostic.primary();
    for file in files {
        let spans: Vec<_> = diagnostic
            .labels
            .iter()
            .filter(|label| label.span.file == file)
            .collect();
        let mut windows = windows(sources, spans.iter().map(|label| label.span));
        // The first one gives the report its line and column.
        windows.sort_by_key(|window| !primary.is_some_and(|span| window.holds(span)));
        for window in windows {
            let inside = spans.iter().filter(|label| window.holds(label.span));
            let annotations = inside.map(|label| {
                let kind = if Some(label.span) == primary {
                    AnnotationKind::Primary
                } else {
                    AnnotationKind::Context
                };
                let annotation = kind.span(window.relative(label.span));
                if label.text.is_empty() {
                    annotation
                } else {
                    annotation.label(printable(&label.text))
                }
            });
            let snippet = Snippet::source(window.text)
                .line_start(window.line)
                .annotations(annotations.collect::<Vec<_>>());
            if window.cut {
                // The renderer would count columns from the cut.
                let shown = primary
                    .filter(|span| window.holds(*span))
                    .unwrap_or_else(|| window.first());
                let position = sources.position(shown);
                let origin = Origin::path(sources.name(file))
                    .line(position.line as usize)
                    .char_column(position.column as usize);
                group = group.element(origin).element(snippet);
            } else {
                group = group.element(snippet.path(sources.name(file)));
            }
        }
    }
    if let Some(object) = &diagnostic.object {
        let place = match &diagnostic.path {
            Some(path) if !path.is_empty() => format!("{object}: {path}"),
            _ => object.clone(),
        };
        let place = printable(&place).into_owned();
        group = group.element(Level::NOTE.with_name("in").message(place));
    }
    let mut report = vec![group];
    report.extend(fix_group(diagnostic, sources));
    let renderer = match colour {
        Colour::Always => Renderer::styled(),
        Colour::Never => Renderer::plain(),
    };
    let mut out = renderer.render(&report);
    out.push('\n');
    out
}

fn fix_group<'a>(diagnostic: &'a Diagnostic, sources: &'a Sources) -> Option<Group<'a>> {
    let help = diagnostic.help.as_deref().map(printable);
    let window = diagnostic.fix.as_ref().and_then(|fix| {
        let window = windows(sources, std::iter::once(fix.span)).pop()?;
        Some((fix, window))
    });
    match window {
        Some((fix, window)) => {
            let title = Level::HELP.secondary_title(help.unwrap_or("write instead".into()));
            let range = window.relative(fix.span);
            Some(
                title.element(
                    Snippet::source(window.text)
                        .line_start(window.line)
                        .path(sources.name(fix.span.file))
                        .patch(Patch::new(range, fix.replacement.as_str())),
                ),
            )
        }
        None => help.map(|help| Group::with_title(Level::HELP.secondary_title(help))),
    }
}

/// A piece of a file, cut at line ends.
struct Window<'a> {
    text: &'a str,
    start: usize,
    /// Number of the first line.
    line: usize,
    /// Whether it begins in the middle of a line.
    cut: bool,
    file: FileId,
}

impl Window<'_> {
    fn first(&self) -> Span {
        Span::new(self.file, self.start as u32, self.start as u32)
    }

    fn holds(&self, span: Span) -> bool {
        span.file == self.file
            && self.start <= span.start as usize
            && span.start as usize <= self.start + self.text.len()
    }

    /// The span in this window's text, cut to it and to character boundaries.
    fn relative(&self, span: Span) -> Range<usize> {
        let boundary = |at: usize| {
            let mut at = at.saturating_sub(self.start).min(self.text.len());
            while !self.text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        boundary(span.start as usize)..boundary(span.end as usize)
    }
}

/// The pieces of one file that show these spans; spans close to each other share a piece.
fn windows(sources: &Sources, spans: impl Iterator<Item = Span>) -> Vec<Window<'_>> {
    let mut pieces: Vec<(Span, Range<usize>)> = spans
        .map(|span| (span, lines_around(sources.text(span.file), span)))
        .collect();
    pieces.sort_by_key(|(_, range)| range.start);
    let mut merged: Vec<(Span, Range<usize>)> = Vec::new();
    for (span, range) in pieces {
        match merged.last_mut() {
            Some((_, last)) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push((span, range)),
        }
    }
    let window = |(span, range): (Span, Range<usize>)| {
        let start = Span::new(span.file, range.start as u32, range.start as u32);
        let text = sources.text(span.file);
        Window {
            text: text.get(range.clone()).unwrap_or(""),
            start: range.start,
            cut: range.start > 0 && text.as_bytes().get(range.start - 1) != Some(&b'\n'),
            line: sources.position(start).line as usize,
            file: span.file,
        }
    };
    merged.into_iter().map(window).collect()
}

/// The byte range of the lines around a span.
fn lines_around(text: &str, span: Span) -> Range<usize> {
    let bytes = text.as_bytes();
    let at = (span.start as usize).min(text.len());
    let mut start = at;
    for line in 0..CONTEXT_LINES {
        let from = start.saturating_sub(MAX_LINE);
        if let Some(offset) = bytes[from..start].iter().rposition(|byte| *byte == b'\n') {
            start = from + offset;
        } else {
            // Only the line itself is cut; a long line before it is left out.
            if line == 0 || from == 0 {
                start = from;
            }
            break;
        }
    }
    if start > 0 && bytes.get(start) == Some(&b'\n') {
        start += 1;
    }
    let mut end = at;
    for line in 0..CONTEXT_LINES {
        let to = (end + MAX_LINE).min(text.len());
        if let Some(offset) = bytes[end..to].iter().position(|byte| *byte == b'\n') {
            end += offset + 1;
        } else {
            if line == 0 || to == text.len() {
                end = to;
            }
            break;
        }
    }
    while start > 0 && !text.is_char_boundary(start) {
        start -= 1;
    }
    while end < text.len() && !text.is_char_boundary(end) {
        end += 1;
    }
    start.min(at)..end.max(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;

    fn render(text: String, at: usize, length: usize) -> String {
        let mut sources = Sources::new();
        let file = sources.add("f.json", text);
        let span = Span::new(file, at as u32, (at + length) as u32);
        let finding = Diagnostic::error(Code("RW0000"), "wrong")
            .label(span, "here")
            .fix(span, "right");
        super::text(&finding, &sources, Colour::Never)
    }

    #[test]
    fn a_long_line_keeps_its_column() {
        let out = render(
            format!(
                "{{\"a\": \"{}\", \"bad\": 1, \"{}\": 2}}",
                "x".repeat(5000),
                "y".repeat(5000)
            ),
            5010,
            5,
        );
        assert!(out.contains("f.json:1:5011"), "{out}");
        assert!(out.len() < 3000, "{out}");
    }

    #[test]
    fn a_long_line_before_is_left_out() {
        let out = render(
            format!("{}\nshort: bad\n{}", "x".repeat(5000), "y".repeat(5000)),
            5008,
            3,
        );
        assert!(
            out.contains("f.json:2:8") && out.contains("short: bad") && !out.contains("xxx"),
            "{out}"
        );
    }

    #[test]
    fn characters_are_never_cut() {
        let text = "ä€𝄞".repeat(700);
        for at in 0..text.len() {
            assert!(render(text.clone(), at, 3).contains("RW0000"));
        }
    }

    #[test]
    fn two_places_far_apart_are_both_shown_and_the_primary_one_first() {
        let mut sources = Sources::new();
        let file = sources.add("f.yaml", format!("first: 1\n{}second: 2\n", "#\n".repeat(500)));
        let at = |start: u32, length: u32| Span::new(file, start, start + length);
        let finding = Diagnostic::error(Code("RW0005"), "twice")
            .label(at(1009, 6), "again")
            .label(at(0, 5), "before");
        let out = super::text(&finding, &sources, Colour::Never);
        let (again, before) = (out.find("again"), out.find("before"));
        assert!(again.is_some() && again < before, "{out}");
        assert!(out.contains("f.yaml:502:1"), "{out}");
    }
}
