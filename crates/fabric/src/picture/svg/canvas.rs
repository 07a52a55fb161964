//! Rectangles, lines and texts, escaped and cut to their place.

use std::fmt::Write;

use super::{MARGIN, RAILS, WIDTH, signed};

/// Text classes: size in pixels, weight, anchor, and whether it is the strong colour.
const TEXTS: &[(&str, i32, &str, &str, &str)] = &[
    ("h", 20, "600", "start", "ink"),
    ("s", 13, "400", "start", "dim"),
    ("b", 13, "600", "start", "ink"),
    ("n", 12, "400", "start", "ink"),
    ("bm", 13, "600", "middle", "ink"),
    ("cm", 12, "600", "middle", "ink"),
    ("nm", 12, "400", "middle", "ink"),
    ("sm", 12, "400", "middle", "dim"),
    ("xm", 10, "400", "middle", "dim"),
    ("l", 12, "600", "start", "ink"),
    ("w", 11, "600", "middle", "white"),
];

/// Shapes and texts: what they look like on a light and on a dark page.
const LOOKS: &[(&str, &str, &str)] = &[
    (".page", "fill:#ffffff", "fill:#0f141b"),
    (".ink", "fill:#18202c", "fill:#e8edf4"),
    (".dim", "fill:#566174", "fill:#9eabbd"),
    (".white", "fill:#ffffff", "fill:#ffffff"),
    (
        ".box",
        "fill:#f6f8fb;stroke:#c4ccd8",
        "fill:#18202b;stroke:#3b4859",
    ),
    (
        ".card",
        "fill:#ffffff;stroke:#c4ccd8",
        "fill:#222c3a;stroke:#455468",
    ),
    (
        ".bar",
        "fill:#e3eaf5;stroke:#8da0bd",
        "fill:#25344a;stroke:#5d7596",
    ),
    (".band", "fill:#f2f5f9", "fill:#161d27"),
    (".line", "stroke:#8492a8", "stroke:#6b7d96"),
    (".plate", "fill:#ffffff", "fill:#0f141b"),
    (".plain", "fill:#6b788c", "fill:#5d6b80"),
];

/// Height of a line in a box.
const LINE: i32 = 17;

/// A drawing.
pub struct Canvas {
    body: String,
    /// How wide it is: as a page of documentation, or wider where a box lies beyond.
    width: i32,
}

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    pub x: i32,
    pub y: i32,
    pub w: i32,
    pub h: i32,
}

impl Area {
    pub fn middle(&self) -> i32 {
        self.x + self.w / 2
    }

    pub fn bottom(&self) -> i32 {
        self.y + self.h
    }
}

impl Canvas {
    pub fn new() -> Self {
        Self {
            body: String::new(),
            width: WIDTH,
        }
    }

    pub fn rect(&mut self, class: &str, area: Area, round: i32) {
        let Area { x, y, w, h } = area;
        self.width = self.width.max(x + w + MARGIN);
        let _ = writeln!(
            self.body,
            r#"<rect class="{class}" x="{x}" y="{y}" width="{w}" height="{h}" rx="{round}"/>"#
        );
    }

    /// A line through points, wider by one for eight times the cables.
    pub fn path(&mut self, class: &str, points: &[(i32, i32)], cables: u64) {
        let mut d = String::new();
        for (place, (x, y)) in points.iter().enumerate() {
            let _ = write!(d, "{}{x} {y}", if place == 0 { 'M' } else { 'L' });
        }
        let width = 2 + cables.max(1).ilog2() / 3;
        let _ = writeln!(
            self.body,
            r#"<path class="{class}" d="{d}" stroke-width="{width}"/>"#
        );
    }

    /// A text; where `width` is too small it is cut, and the whole is shown by a pointer.
    pub fn text(&mut self, class: &str, x: i32, y: i32, text: &str, width: i32) {
        let &(_, size, _, _, color) = TEXTS
            .iter()
            .find(|(name, ..)| *name == class)
            .unwrap_or(&TEXTS[0]);
        let (shown, cut) = fit(text, width, size);
        let title = if cut {
            format!("<title>{}</title>", escaped(text))
        } else {
            String::new()
        };
        let _ = writeln!(
            self.body,
            r#"<text class="{class} {color}" x="{x}" y="{y}">{title}{}</text>"#,
            escaped(&shown)
        );
    }

    /// A text on a plate, so that a line behind it does not cross it.
    pub fn plate(&mut self, class: &str, x: i32, y: i32, text: &str) {
        let w = width_of(text, 12) + 8;
        let area = Area {
            x: x - w / 2,
            y: y - 13,
            w,
            h: 18,
        };
        self.rect(class, area, 4);
        self.text("nm", x, y, text, w);
    }

    /// A name and lines about it, in the middle of a box.
    pub fn centred(&mut self, class: &str, name: &str, notes: &[String], area: Area) {
        let width = area.w - 8;
        let lines = 1 + signed(notes.len());
        let mut y = area.y + (area.h - lines * LINE) / 2 + 13;
        self.text(class, area.middle(), y, name, width);
        for note in notes {
            y += LINE;
            let class = if width_of(note, 12) > width { "xm" } else { "sm" };
            self.text(class, area.middle(), y, note, width);
        }
    }

    /// A name and lines about it from the lower to the upper end of a narrow box.
    pub fn upright(&mut self, name: &str, notes: &[String], area: Area) {
        let lines = 1 + signed(notes.len());
        let mut x = area.x + (area.w - lines * LINE) / 2 + 13;
        let y = area.y + area.h / 2;
        let texts = [("cm", "ink", name)].into_iter();
        for (class, color, text) in texts.chain(notes.iter().map(|note| ("sm", "dim", note.as_str()))) {
            let _ = writeln!(
                self.body,
                r#"<text class="{class} {color}" x="{x}" y="{y}" transform="rotate(-90 {x} {y})">{}</text>"#,
                escaped(text)
            );
            x += LINE;
        }
    }

    /// The whole file.
    pub fn finish(self, title: &str, description: &str, height: i32) -> String {
        let width = self.width;
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" role=\"img\" aria-labelledby=\"title desc\">\n\
             <title id=\"title\">{}</title>\n<desc id=\"desc\">{}</desc>\n<style>\n\
             text{{font-family:system-ui,-apple-system,\"Segoe UI\",\"DejaVu Sans\",sans-serif}}\npath{{fill:none}}\n",
            escaped(title),
            escaped(description)
        );
        for (name, size, weight, anchor, _) in TEXTS {
            let _ = writeln!(
                out,
                ".{name}{{font-size:{size}px;font-weight:{weight};text-anchor:{anchor}}}"
            );
        }
        for (place, color) in RAILS.iter().enumerate() {
            let _ = writeln!(out, ".r{place}{{fill:{color}}}\n.k{place}{{stroke:{color}}}");
        }
        for (name, light, _) in LOOKS {
            let _ = writeln!(out, "{name}{{{light}}}");
        }
        out.push_str("@media (prefers-color-scheme: dark){\n");
        for (name, _, dark) in LOOKS {
            let _ = writeln!(out, "{name}{{{dark}}}");
        }
        out.push_str("}\n</style>\n");
        let _ = writeln!(out, r#"<rect class="page" width="{width}" height="{height}"/>"#);
        out + &self.body + "</svg>\n"
    }
}

/// The class of a rail's filled shapes.
pub fn fill(rail: Option<u32>) -> String {
    match rail {
        Some(rail) => format!("r{}", rail as usize % RAILS.len()),
        None => "plain".to_owned(),
    }
}

/// The class of a rail's lines.
pub fn stroke(rail: Option<u32>) -> String {
    match rail {
        Some(rail) => format!("k{}", rail as usize % RAILS.len()),
        None => "line".to_owned(),
    }
}

/// A text of XML: what its grammar does not allow becomes the replacement character.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// About how wide a text is. Letters beyond ASCII count as full squares.
pub fn width_of(text: &str, size: i32) -> i32 {
    text.chars()
        .map(|c| match c {
            'i' | 'j' | 'l' | 'f' | 't' | 'r' | 'I' | ' ' | '.' | ',' | ':' | '-' => size * 42 / 100,
            'm' | 'w' | 'M' | 'W' => size * 95 / 100,
            c if c.is_ascii_uppercase() => size * 72 / 100,
            c if c.is_ascii() || c == '\u{2013}' => size * 62 / 100,
            _ => size,
        })
        .sum()
}

/// A text cut to a width, and whether it was.
fn fit(text: &str, width: i32, size: i32) -> (String, bool) {
    if width_of(text, size) <= width {
        return (text.to_owned(), false);
    }
    let mut shown = String::new();
    for c in text.chars() {
        shown.push(c);
        if width_of(&shown, size) + size > width {
            shown.pop();
            break;
        }
    }
    shown.push('\u{2026}');
    (shown, true)
}

/// A text in lines of a width, broken at spaces.
pub fn wrap(text: &str, width: i32, size: i32) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split(' ') {
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.push_str(word);
        } else if width_of(&format!("{line} {word}"), size) <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_and_cut() {
        assert_eq!(
            escaped("<a href=\"&\">\u{0}\n"),
            "&lt;a href=&quot;&amp;&quot;&gt;\u{fffd}\u{fffd}"
        );
        assert_eq!(fit("node", 100, 12), ("node".to_owned(), false));
        let (shown, cut) = fit(&"n".repeat(63), 100, 12);
        assert!(
            cut && shown.ends_with('\u{2026}') && width_of(&shown, 12) <= 112,
            "{shown}"
        );
    }

    #[test]
    fn lines_break_at_spaces() {
        let text = "some words that do not fit on one line of this width";
        let lines = wrap(text, 120, 12);
        assert!(lines.len() > 1 && lines.iter().all(|line| width_of(line, 12) <= 120));
        assert_eq!(lines.join(" "), text);
    }
}
