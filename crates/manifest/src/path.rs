//! A place in a document, written as the API server writes field paths: `spec.racks[2].names`,
//! `metadata.labels[example.com/rack]`.

use std::fmt;
use std::str::FromStr;

/// One step down.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// Into a map.
    Key(String),
    /// Into a list.
    Index(usize),
}

/// Steps from the root of a document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path(Vec<Step>);

impl Path {
    /// The root.
    pub fn root() -> Self {
        Self::default()
    }

    /// The path of these steps.
    pub fn from_steps(steps: impl IntoIterator<Item = Step>) -> Self {
        Self(steps.into_iter().collect())
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The steps, outermost first.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// One step further into a map, in place.
    pub fn push_key(&mut self, key: impl Into<String>) {
        self.0.push(Step::Key(key.into()));
    }

    /// One step further into a list, in place.
    pub fn push_index(&mut self, index: usize) {
        self.0.push(Step::Index(index));
    }

    /// One step further, in place.
    pub fn push(&mut self, step: Step) {
        self.0.push(step);
    }

    /// One step back, in place.
    pub fn pop(&mut self) -> Option<Step> {
        self.0.pop()
    }

    /// The path one step further into a map.
    #[must_use]
    pub fn child(&self, key: impl Into<String>) -> Self {
        let mut path = self.clone();
        path.push_key(key);
        path
    }

    /// The path one step further into a list.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        let mut path = self.clone();
        path.push_index(index);
        path
    }

    /// The path one step back; none at the root.
    pub fn parent(&self) -> Option<Self> {
        let (_, rest) = self.0.split_last()?;
        Some(Self(rest.to_vec()))
    }

    /// The last step.
    pub fn last(&self) -> Option<&Step> {
        self.0.last()
    }
}

/// Whether a key can stand behind a dot without being taken for more than one step.
fn is_plain(key: &str) -> bool {
    !key.is_empty()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'$'))
}

/// Whether a key can stand in brackets without quotes.
fn is_bracket_plain(key: &str) -> bool {
    !key.is_empty()
        && !key.bytes().all(|byte| byte.is_ascii_digit())
        && !key.contains(['[', ']', '"', '\\'])
        && !key.contains(char::is_control)
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) if is_plain(key) => {
                    if at > 0 {
                        f.write_str(".")?;
                    }
                    f.write_str(key)?;
                }
                Step::Key(key) if is_bracket_plain(key) => write!(f, "[{key}]")?,
                Step::Key(key) => write!(f, "[{key:?}]")?,
            }
        }
        Ok(())
    }
}

/// Why a text is not a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// A bracket is opened and never closed.
    #[error("`[` at byte {0} is never closed")]
    Unclosed(usize),
    /// A step without a name.
    #[error("empty step at byte {0}")]
    Empty(usize),
    /// A character that cannot stand there.
    #[error("unexpected character at byte {0}")]
    Unexpected(usize),
}

impl FromStr for Path {
    type Err = PathError;

    /// Reads what [`Display`](fmt::Display) writes; a leading dot is allowed, as in `fieldPath` of a CEL rule.
    fn from_str(text: &str) -> Result<Self, PathError> {
        let mut path = Self::root();
        let mut at = usize::from(text.starts_with('.') && text.len() > 1);
        // Set behind a dot: a name must follow.
        let mut name_expected = at == 1;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            if rest.starts_with('[') {
                if name_expected {
                    return Err(PathError::Empty(at));
                }
                at += bracket_step(rest, at, &mut path)?;
            } else if rest.starts_with('.') {
                if name_expected || path.is_root() {
                    return Err(PathError::Empty(at));
                }
                name_expected = true;
                at += 1;
            } else {
                if !name_expected && !path.is_root() {
                    return Err(PathError::Unexpected(at));
                }
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                path.push_key(&rest[..end]);
                name_expected = false;
                at += end;
            }
        }
        if name_expected {
            return Err(PathError::Empty(at));
        }
        Ok(path)
    }
}

/// Reads `[…]` at the beginning of `rest`, pushes the step and returns the number of bytes read.
fn bracket_step(rest: &str, at: usize, path: &mut Path) -> Result<usize, PathError> {
    let inner = &rest[1..];
    if inner.starts_with('"') {
        return quoted_step(inner, at, path);
    }
    let end = inner.find(']').ok_or(PathError::Unclosed(at))?;
    let content = &inner[..end];
    if content.is_empty() {
        return Err(PathError::Empty(at));
    }
    match content.parse::<usize>() {
        Ok(index) => path.push_index(index),
        Err(_) => path.push_key(content),
    }
    Ok(end + 2)
}

/// A quoted key, with the escapes of Rust's `Debug`, which is what `Display` writes.
fn quoted_step(inner: &str, at: usize, path: &mut Path) -> Result<usize, PathError> {
    let mut key = String::new();
    let mut chars = inner.char_indices().skip(1);
    while let Some((offset, c)) = chars.next() {
        match c {
            '"' => {
                if !inner[offset + 1..].starts_with(']') {
                    return Err(PathError::Unclosed(at));
                }
                path.push_key(key);
                return Ok(offset + 3);
            }
            '\\' => match chars.next() {
                Some((_, 'n')) => key.push('\n'),
                Some((_, 'r')) => key.push('\r'),
                Some((_, 't')) => key.push('\t'),
                Some((_, '0')) => key.push('\0'),
                Some((escape, 'u')) => {
                    let (digits, _) = inner[escape + 1..]
                        .strip_prefix('{')
                        .and_then(|rest| rest.split_once('}'))
                        .ok_or(PathError::Unexpected(at + escape))?;
                    let decoded = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
                    key.push(decoded.ok_or(PathError::Unexpected(at + escape))?);
                    // The braces and the digits.
                    for _ in 0..digits.chars().count() + 2 {
                        chars.next();
                    }
                }
                Some((_, other)) => key.push(other),
                None => break,
            },
            other => key.push(other),
        }
    }
    Err(PathError::Unclosed(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prints_as_the_api_server_does() {
        let mut path = Path::root().child("spec").child("racks").index(2).child("names");
        assert_eq!(path.to_string(), "spec.racks[2].names");
        path.pop();
        assert_eq!(path.to_string(), "spec.racks[2]");
        let label = Path::root()
            .child("metadata")
            .child("labels")
            .child("example.com/rack");
        assert_eq!(label.to_string(), "metadata.labels[example.com/rack]");
        assert_eq!(
            label.parent().map(|path| path.to_string()).as_deref(),
            Some("metadata.labels")
        );
    }

    #[test]
    fn a_key_of_digits_is_not_an_index() {
        let path = Path::root().child("m").child("7");
        assert_eq!(path.to_string(), "m.7");
        assert_eq!("m.7".parse(), Ok(path));
        assert_eq!("m[7]".parse(), Ok(Path::root().child("m").index(7)));
    }

    #[test]
    fn reads_the_forms_of_cel_field_paths() {
        assert_eq!(".spec.x".parse(), Ok(Path::root().child("spec").child("x")));
        assert_eq!("".parse(), Ok(Path::root()));
        for bad in [".", "a.", "a..b", "a[", "a[]", "a[1]b", "a[\"x]", "a.[1]"] {
            assert!(bad.parse::<Path>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn display_reads_back(steps in prop::collection::vec(prop_oneof![
            any::<String>().prop_map(Step::Key),
            (0_usize..1000).prop_map(Step::Index),
        ], 0..6)) {
            let path = Path::from_steps(steps);
            prop_assert_eq!(path.to_string().parse::<Path>(), Ok(path));
        }

        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let _ = text.parse::<Path>();
        }
    }
}
