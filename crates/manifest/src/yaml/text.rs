//! From bytes to text: size, encoding, characters that YAML does not allow.

use super::Limits;
use crate::diagnostic::Diagnostic;
use crate::rules;
use crate::source::{FileId, Sources, Span};

/// Adds the bytes to the table as text. Findings returned here mean that there is nothing to parse.
pub(super) fn admit(
    sources: &mut Sources,
    name: &str,
    bytes: Vec<u8>,
    limits: &Limits,
) -> (FileId, Vec<Diagnostic>) {
    // Spans hold 32-bit offsets.
    let max_bytes = limits.max_bytes.min(u32::MAX as usize - 1);
    if bytes.len() > max_bytes {
        let file = sources.add(name, String::new());
        let finding = Diagnostic::error(
            rules::FILE_TOO_LARGE.code(),
            format!("the file has {} bytes; the limit is {max_bytes}", bytes.len()),
        )
        .label(Span::new(file, 0, 0), "")
        .help("split the file, or hand inventories over as JSON lines in several files");
        return (file, vec![finding]);
    }
    match String::from_utf8(bytes) {
        Ok(text) => {
            let control = find_control(&text);
            let file = sources.add(name, text);
            let findings = control
                .map(|(at, c)| control_finding(file, at, c))
                .into_iter()
                .collect();
            (file, findings)
        }
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let bytes = error.as_bytes();
            let utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
            let byte = bytes.get(at).copied().unwrap_or(0);
            let text = String::from_utf8_lossy(bytes).into_owned();
            let end = text
                .get(at..)
                .and_then(|rest| rest.chars().next())
                .map_or(at, |c| at + c.len_utf8());
            let file = sources.add(name, text);
            let mut finding = Diagnostic::error(
                rules::INVALID_UTF8.code(),
                format!("byte {at} (0x{byte:02x}) is not UTF-8"),
            )
            .label(Span::new(file, at as u32, end as u32), "not UTF-8 from here on");
            finding = finding.help(if utf16 {
                "the file begins as UTF-16 does; save it as UTF-8"
            } else {
                "save the file as UTF-8"
            });
            (file, vec![finding])
        }
    }
}

fn control_finding(file: FileId, at: usize, c: char) -> Diagnostic {
    let end = at + c.len_utf8();
    Diagnostic::error(
        rules::CONTROL_CHARACTER.code(),
        format!("character U+{:04X} is not allowed in YAML", u32::from(c)),
    )
    .label(Span::new(file, at as u32, end as u32), "control character")
    .help("remove it, or write it as an escape in double quotes")
}

/// The first character that go-yaml's reader refuses.
fn find_control(text: &str) -> Option<(usize, char)> {
    // Only C0, DEL and bytes that begin C1 or U+FEFF, U+FFFE need a closer look.
    let suspect = |byte: u8| {
        (byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r')) || matches!(byte, 0x7f | 0xc2 | 0xef)
    };
    let mut from = 0;
    while let Some(offset) = text.as_bytes()[from..].iter().position(|byte| suspect(*byte)) {
        let at = from + offset;
        let c = text.get(at..)?.chars().next()?;
        let refused = match c {
            '\u{85}' => false,
            '\u{feff}' => at != 0,
            '\u{fffe}' | '\u{ffff}' => true,
            c => c.is_control(),
        };
        if refused {
            return Some((at, c));
        }
        from = at + c.len_utf8();
    }
    None
}
