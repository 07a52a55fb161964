//! Documents in canonical order and spelling, with all that people wrote around them.
//!
//! A text is read with positions, and its pieces are written again: nothing is made from values, so a comment cannot be lost.
//! What comes of it is read again and compared; a document that would not be the same is left as it is.

mod lines;
mod order;
mod spelling;
mod writer;

use std::fmt;
use std::ops::Range;
use std::sync::OnceLock;

use rackwright_api::crds;
use rackwright_api::labels::GROUP;
use rackwright_manifest::{Diagnostic, Document, Limits, Path, Position, Read, Sources};
use rackwright_planner::Kind;
use serde_json::Value;

use crate::object::{ObjectKind, Owner, owner};
use lines::Lines;
use writer::Writer;

/// The kinds that people write. The others are results and captures, which programs write and compare.
pub const INTENTS: [Kind; 4] = [
    Kind::Supercluster,
    Kind::GPUPool,
    Kind::InfiniBandFabric,
    Kind::StorageTier,
];

/// Why a document is left as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The reader has a finding about it.
    Finding(String),
    /// A value may come from elsewhere.
    Indirect,
    /// The whole document stands in braces.
    Braces,
    /// It stands in another one.
    Nested,
    /// Its keys do not stand as the writer expects them.
    Shape,
    /// The file is a template.
    Template,
    /// It would not say the same any more.
    Meaning,
}

impl Reason {
    /// Whether something is wrong with the document, and not only unusual.
    pub const fn is_finding(&self) -> bool {
        matches!(self, Self::Finding(_))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Finding(message) => message,
            Self::Indirect => "it has anchors, aliases, merges or tags, and what stands where may matter",
            Self::Braces => "it is written as JSON, which programs format",
            Self::Nested => "it is an item of a List, or indented as a whole",
            Self::Shape => {
                "not every key stands on a line of its own below the one before, with its value behind it"
            }
            Self::Template => "the file is a template of another program",
            Self::Meaning => "it would not say the same in the usual form",
        })
    }
}

/// A document that is left as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// Where it begins, or where the reader has its finding.
    pub position: Position,
    /// The object; empty where it has no name.
    pub object: String,
    /// Why.
    pub reason: Reason,
}

/// A text in canonical form.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Formatted {
    /// The text; none where it was so already.
    pub text: Option<String>,
    /// Documents that people write of our group.
    pub documents: usize,
    /// Those that were left as they are.
    pub left: Vec<Left>,
}

impl Formatted {
    /// Nothing is changed, for a reason that is about the whole text.
    fn left(reason: Option<Reason>) -> Self {
        let left = reason.map(|reason| Left {
            position: Position { line: 1, column: 1 },
            object: String::new(),
            reason,
        });
        Self {
            left: left.into_iter().collect(),
            ..Self::default()
        }
    }
}

/// Formats texts.
#[derive(Debug, Default)]
pub struct Formatter {
    schemas: [OnceLock<Value>; INTENTS.len()],
}

/// A document of ours and where it stands.
struct Found<'a> {
    kind: Kind,
    document: &'a Document,
    range: Range<usize>,
    left: Option<Reason>,
}

impl Formatter {
    fn schema(&self, kind: Kind) -> &Value {
        static NONE: Value = Value::Null;
        let Some(at) = INTENTS.iter().position(|intent| *intent == kind) else {
            return &NONE;
        };
        self.schemas[at].get_or_init(|| {
            let mut crd = crds::generated(kind.as_str());
            crd.pointer_mut("/spec/versions/0/schema/openAPIV3Schema")
                .map(Value::take)
                .unwrap_or_default()
        })
    }

    /// The bytes of a file; what is no text is a finding where it may be ours.
    pub fn format_bytes(&self, bytes: &[u8]) -> Formatted {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.format(text),
            Err(error) => {
                let is_ours = String::from_utf8_lossy(bytes).contains(GROUP);
                let message = format!("byte {} is not UTF-8", error.valid_up_to());
                Formatted::left(is_ours.then_some(Reason::Finding(message)))
            }
        }
    }

    /// A text with each document of ours in canonical form, and all else as it is.
    pub fn format(&self, text: &str) -> Formatted {
        let json = text.trim_start_matches('\u{feff}').trim_start().starts_with('{');
        if json || !text.contains(GROUP) {
            return Formatted::default();
        }
        if text.contains("{{") && text.contains("}}") {
            return Formatted::left(Some(Reason::Template));
        }
        // A line that moves needs an end.
        let whole = if text.ends_with('\n') {
            text.to_owned()
        } else {
            format!("{text}{}", if text.contains("\r\n") { "\r\n" } else { "\n" })
        };
        let (sources, read) = parsed(&whole);
        let mut found = found(&whole, &read);
        let mut out = self.written(&whole, &mut found);
        let mut same = self.is_same(&mut found, (&whole, &read), &out);
        if !same {
            // Without the documents that were marked.
            out = self.written(&whole, &mut found);
            same = self.is_same(&mut found, (&whole, &read), &out);
        }
        if !same {
            for document in &mut found {
                document.left = Some(Reason::Meaning);
            }
            whole.clone_into(&mut out);
        }
        // Of a document that is not ours not even the end is touched.
        let ends_with_ours = found
            .last()
            .is_some_and(|last| last.left.is_none() && last.range.end == whole.len());
        if whole.len() > text.len() && !ends_with_ours {
            out.truncate(out.len() - (whole.len() - text.len()));
        }
        Formatted {
            documents: found.len(),
            left: left(&whole, &found, &read, &sources),
            text: Some(out).filter(|out| out != text),
        }
    }

    fn written(&self, text: &str, found: &mut [Found<'_>]) -> String {
        let (mut out, mut at) = (String::with_capacity(text.len()), 0);
        for document in found.iter_mut().filter(|document| document.left.is_none()) {
            let place = document.document.tree().place();
            let value = &document.document.value;
            match Writer::document(
                text,
                document.range.clone(),
                document.kind,
                place,
                value,
                self.schema(document.kind),
            ) {
                Ok(written) => {
                    out.push_str(text.get(at..document.range.start).unwrap_or_default());
                    out.push_str(&written);
                    at = document.range.end;
                }
                Err(reason) => document.left = Some(reason),
            }
        }
        out.push_str(text.get(at..).unwrap_or_default());
        out
    }

    /// Whether a text that was written says what was read, with as many comments. A document that does not is marked.
    fn is_same(&self, found: &mut [Found<'_>], (text, read): (&str, &Read), written: &str) -> bool {
        let (_, again) = parsed(written);
        let counts = |read: &Read| (read.documents.len(), read.diagnostics.len());
        let comments = |text: &str| text.matches('#').count();
        if counts(read) != counts(&again) || comments(text) != comments(written) {
            return false;
        }
        let mut all = true;
        let mut ours = found.iter_mut().peekable();
        for (before, after) in read.documents.iter().zip(&again.documents) {
            let document = ours.next_if(|document| std::ptr::eq(document.document, before));
            if before.value == after.value {
                continue;
            }
            let Some(document) = document else { return false };
            let schema = self.schema(document.kind);
            let meaning = |value: &Value| spelling::meaning(document.kind, value, schema);
            if meaning(&before.value) != meaning(&after.value) {
                document.left = Some(Reason::Meaning);
                all = false;
            }
        }
        all
    }
}

fn parsed(text: &str) -> (Sources, Read) {
    let mut sources = Sources::new();
    let read = rackwright_manifest::read(&mut sources, "", text.as_bytes().to_vec(), &Limits::default());
    (sources, read)
}

/// The documents of ours, in the order of the text.
fn found<'a>(text: &str, read: &'a Read) -> Vec<Found<'a>> {
    let mut found = Vec::new();
    for document in &read.documents {
        let kind = document.kind().unwrap_or_default();
        let Owner::Ours(ObjectKind::Input(kind)) = owner(document.api_version().unwrap_or_default(), kind)
        else {
            continue;
        };
        if !INTENTS.contains(&kind) {
            continue;
        }
        let range = extent(text, document);
        let finding = read.diagnostics.iter().find(|finding| is_inside(finding, &range));
        let left = if let Some(finding) = finding {
            Some(Reason::Finding(finding.message.clone()))
        } else {
            document.is_indirect().then_some(Reason::Indirect)
        };
        found.push(Found {
            kind,
            document,
            range,
            left,
        });
    }
    found
}

/// Where a document stands: from the line of its first key to the next mark, or to the end of the text.
fn extent(text: &str, document: &Document) -> Range<usize> {
    let lines = Lines(text);
    let place = document.tree().place();
    let mut end = lines.content_end(place);
    while end < text.len() {
        end = lines.line_end(end);
        if ["---", "..."]
            .iter()
            .any(|mark| lines.rest(end).starts_with(mark))
        {
            break;
        }
    }
    lines.line_start(place.value().start)..end
}

fn is_inside(finding: &Diagnostic, range: &Range<usize>) -> bool {
    finding
        .primary()
        .is_some_and(|span| range.contains(&(span.start as usize)))
}

/// What is told of: documents of ours, and what cannot be read at all.
fn left(text: &str, found: &[Found<'_>], read: &Read, sources: &Sources) -> Vec<Left> {
    let ours = found.iter().filter_map(|document| {
        Some(Left {
            position: sources.position(document.document.value_span(&Path::root())),
            object: document.document.object().unwrap_or_default(),
            reason: document.left.clone()?,
        })
    });
    let extents: Vec<Range<usize>> = read
        .documents
        .iter()
        .map(|document| extent(text, document))
        .collect();
    let outside = |finding: &&Diagnostic| !extents.iter().any(|range| is_inside(finding, range));
    let broken = read.diagnostics.iter().filter(outside).map(|finding| Left {
        position: finding
            .primary()
            .map_or(Position { line: 1, column: 1 }, |span| sources.position(span)),
        object: String::new(),
        reason: Reason::Finding(finding.message.clone()),
    });
    let mut left: Vec<Left> = ours.chain(broken).collect();
    left.sort_by_key(|left| left.position);
    left
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
