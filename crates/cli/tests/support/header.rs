//! The first line of a corpus file: what it must give.
//!
//! ```text
//! # expect: RW2002 14:19 21:19, RW2007 15:22; server: accept
//! ```
//!
//! - After `expect:` come the findings, in reading order, with a comma between them: the code, then line and column of
//!   each place of the finding, the primary one first. All findings of the file stand there; one more or less fails.
//! - After `server:` comes what a real API server says to `create --dry-run=server --validate=strict` of the file:
//!   `refuse` (at least one object is refused), `accept`, or `n/a` where the mistake is one of YAML and what arrives
//!   depends on the client.
//!
//! The rest of the file may be anything, even bytes that are not UTF-8. Other crates' tests use this file by its path.

use std::path::{Path, PathBuf};

/// What an API server says to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    Refuse,
    Accept,
    NotApplicable,
}

/// A finding: its code and its places, as (line, column).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    pub code: String,
    pub places: Vec<(u32, u32)>,
}

/// The first line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub expect: Vec<Expected>,
    pub server: Server,
}

/// Reads the first line; says what is wrong with it.
pub fn parse(bytes: &[u8]) -> Result<Header, String> {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = std::str::from_utf8(line)
        .map_err(|_| "the first line is not UTF-8".to_owned())?
        .trim();
    let wrong = || format!("not `# expect: CODE LINE:COLUMN…; server: refuse|accept|n/a`: {line}");
    let (expect, server) = line
        .strip_prefix("# expect: ")
        .and_then(|rest| rest.split_once("; server: "))
        .ok_or_else(wrong)?;
    let server = match server {
        "refuse" => Server::Refuse,
        "accept" => Server::Accept,
        "n/a" => Server::NotApplicable,
        _ => return Err(wrong()),
    };
    let expect = expect
        .split(", ")
        .map(|one| finding(one).ok_or_else(wrong))
        .collect::<Result<_, _>>()?;
    Ok(Header { expect, server })
}

fn finding(text: &str) -> Option<Expected> {
    let mut words = text.split(' ');
    let code = words
        .next()
        .filter(|code| code.len() == 6 && code.starts_with("RW"))?
        .to_owned();
    let place = |word: &str| {
        let (line, column) = word.split_once(':')?;
        Some((line.parse().ok()?, column.parse().ok()?))
    };
    let places: Vec<(u32, u32)> = words.map(place).collect::<Option<_>>()?;
    (!places.is_empty()).then_some(Expected { code, places })
}

/// All files of the corpus below `root` (`crates/cli/tests/corpus`), sorted.
pub fn files(root: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for group in ["yaml", "schema", "rules"] {
        for entry in std::fs::read_dir(root.join(group))? {
            files.push(entry?.path());
        }
    }
    files.sort();
    Ok(files)
}
