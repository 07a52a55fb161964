//! The document that holds the tables: each stands between two comments, and is written there by the run that made it.

use std::path::PathBuf;

use rackwright_e2e::root;

fn file() -> PathBuf {
    root().join("docs/judges.md")
}

fn marks(section: &str) -> (String, String) {
    (
        format!("<!-- {section}: written by `make judges` -->\n"),
        format!("<!-- end of {section} -->\n"),
    )
}

/// Where a section begins and ends.
fn place(document: &str, section: &str) -> std::ops::Range<usize> {
    let (begin, end) = marks(section);
    let start = document
        .find(&begin)
        .unwrap_or_else(|| panic!("no section {section}"))
        + begin.len();
    start
        ..start
            + document[start..]
                .find(&end)
                .unwrap_or_else(|| panic!("no end of section {section}"))
}

/// What a section holds.
pub fn read(section: &str) -> String {
    let document = std::fs::read_to_string(file()).unwrap();
    document[place(&document, section)].trim().to_owned()
}

/// Puts a text in the place of what a section holds.
pub fn write(section: &str, text: &str) {
    let mut document = std::fs::read_to_string(file()).unwrap();
    document.replace_range(place(&document, section), &format!("\n{}\n\n", text.trim()));
    std::fs::write(file(), document).unwrap();
}
