//! Plans as JSON lines: what `rackwright plan --output jsonl` prints.

use std::borrow::Cow;

use rackwright_api::{Hash, Management, NodeProfileSpec};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::state::{FactsOf, NodeState, State};

/// A line that is not an object of a plan.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// It cannot be read.
    #[error("line {line}: {source}")]
    Json {
        /// Which, from 1.
        line: usize,
        /// Why.
        source: serde_json::Error,
    },
    /// It is another object.
    #[error("line {line}: an object of kind {kind}")]
    Kind {
        /// Which, from 1.
        line: usize,
        /// Its kind.
        kind: String,
    },
}

impl LineError {
    /// The same error in the line of a longer text.
    fn at(self, line: usize) -> Self {
        match self {
            Self::Json { source, .. } => Self::Json { line, source },
            Self::Kind { kind, .. } => Self::Kind { line, kind },
        }
    }

    /// Which line, from 1.
    pub fn line(&self) -> usize {
        match self {
            Self::Json { line, .. } | Self::Kind { line, .. } => *line,
        }
    }
}

/// How the line of a node begins in canonical JSON; other spellings are read in two steps.
const NODE: &str = r#"{"apiVersion":"rackwright.dev/v1alpha1","kind":"NodeConfig","#;

#[derive(Deserialize)]
struct Header {
    kind: String,
}

#[derive(Deserialize)]
struct NodeLine<'a> {
    #[serde(borrow)]
    metadata: Metadata<'a>,
    #[serde(borrow)]
    spec: NodeSpec<'a>,
    #[serde(borrow, default)]
    status: Option<&'a RawValue>,
}

/// What a diff needs of a NodeConfig's status.
#[derive(Deserialize)]
struct NodeStatus {
    #[serde(default)]
    applied: Option<Applied>,
}

#[derive(Deserialize)]
struct Applied {
    hash: Hash,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    name: &'a str,
}

/// What a diff needs of a NodeConfig; the facts stay text.
#[derive(Deserialize)]
struct NodeSpec<'a> {
    #[serde(borrow)]
    facts: &'a RawValue,
    hash: Hash,
    management: Management,
    profile: &'a str,
}

#[derive(Deserialize)]
struct ProfileLine<'a> {
    #[serde(borrow)]
    metadata: Metadata<'a>,
    spec: NodeProfileSpec,
}

impl<'a> State<'a> {
    /// Reads a plan as `rackwright plan --output jsonl` prints it: NodeProfiles and NodeConfigs, one a line.
    pub fn from_lines(text: &'a str) -> Result<Self, LineError> {
        let (mut nodes, mut profiles) = (Vec::new(), Vec::new());
        for (at, line) in text.lines().enumerate() {
            let json = |source| LineError::Json { line: at + 1, source };
            if line.starts_with(NODE) {
                nodes.push(node(line).map_err(json)?);
                continue;
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            match serde_json::from_str::<Header>(line).map_err(json)?.kind.as_str() {
                "NodeConfig" => nodes.push(node(line).map_err(json)?),
                "NodeProfile" => {
                    let ProfileLine { metadata, spec } = serde_json::from_str(line).map_err(json)?;
                    profiles.push((metadata.name, Cow::Owned(spec)));
                }
                other => {
                    return Err(LineError::Kind {
                        line: at + 1,
                        kind: other.to_owned(),
                    });
                }
            }
        }
        Ok(Self::new(nodes, profiles))
    }
}

/// What two plans differ in, as lines: a state of each side that holds the lines which are not the same on both, and how
/// many nodes are the same. Both are as `rackwright plan --output jsonl` prints them: profiles first, one object a line.
///
/// Lines that are the same are compared as bytes and never read, so that the work goes with what differs.
pub fn between<'a>(old: &'a str, new: &'a str) -> Result<(State<'a>, State<'a>, usize), LineError> {
    let (mut old, mut new) = (Cursor::new(old), Cursor::new(new));
    old.profiles()?;
    new.profiles()?;
    let mut same = 0;
    loop {
        same += old.skip_same(&mut new);
        match (old.peek()?, new.peek()?) {
            (None, None) => break,
            (Some(was), Some(is)) if was.name == is.name => {
                old.take(was);
                new.take(is);
            }
            (Some(was), Some(is)) if was.name < is.name => old.take(was),
            (Some(was), None) => old.take(was),
            (_, Some(is)) => new.take(is),
        }
    }
    Ok((old.state(), new.state(), same))
}

/// A place at the start of a line.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    nodes: Vec<NodeState<'a>>,
    profiles: Vec<(&'a str, Cow<'a, NodeProfileSpec>)>,
}

/// Bytes that are compared at once. A plan of 100,000 nodes has about 60 MB.
const BLOCK: usize = 16 * 1024;

impl<'a> Cursor<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            line: 1,
            nodes: Vec::new(),
            profiles: Vec::new(),
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The line at the cursor, with its end.
    fn current(&self) -> &'a str {
        let rest = self.rest();
        rest.find('\n').map_or(rest, |end| &rest[..=end])
    }

    fn advance(&mut self) {
        self.at += self.current().len();
        self.line += 1;
    }

    /// Reads what stands before the first node.
    fn profiles(&mut self) -> Result<(), LineError> {
        while self.at < self.text.len() && !self.rest().starts_with(NODE) {
            let read = State::from_lines(self.current());
            let State { nodes, profiles } = read.map_err(|error| error.at(self.line))?;
            self.nodes.extend(nodes);
            self.profiles.extend(profiles);
            self.advance();
        }
        Ok(())
    }

    /// Goes on, on both sides, to the next line that is not the same; returns how many are.
    fn skip_same(&mut self, other: &mut Self) -> usize {
        let (mine, theirs) = (self.rest().as_bytes(), other.rest().as_bytes());
        let blocks = mine.chunks(BLOCK).zip(theirs.chunks(BLOCK));
        let equal: usize = blocks
            .take_while(|(mine, theirs)| mine == theirs)
            .map(|(mine, _)| mine.len())
            .sum();
        let pairs = mine[equal..].iter().zip(&theirs[equal..]);
        let equal = equal + pairs.take_while(|(mine, theirs)| mine == theirs).count();
        let end = mine[..equal]
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |last| last + 1);
        let lines = memchr::memchr_iter(b'\n', &mine[..end]).count();
        self.at += end;
        other.at += end;
        self.line += lines;
        other.line += lines;
        lines
    }

    fn peek(&self) -> Result<Option<NodeState<'a>>, LineError> {
        let line = self.current();
        if line.is_empty() {
            return Ok(None);
        }
        let read = node(line);
        read.map(Some).map_err(|source| LineError::Json {
            line: self.line,
            source,
        })
    }

    fn take(&mut self, node: NodeState<'a>) {
        self.nodes.push(node);
        self.advance();
    }

    fn state(self) -> State<'a> {
        State::new(self.nodes, self.profiles)
    }
}

fn node(line: &str) -> Result<NodeState<'_>, serde_json::Error> {
    let NodeLine {
        metadata,
        spec,
        status,
    } = serde_json::from_str(line)?;
    // What this version cannot read says nothing.
    let status: Option<NodeStatus> = status.and_then(|status| serde_json::from_str(status.get()).ok());
    let applied = status.and_then(|status| status.applied);
    Ok(NodeState {
        name: metadata.name,
        hash: spec.hash.value(),
        profile: spec.profile,
        applied: applied.map(|applied| applied.hash.value()),
        managed: spec.management == Management::Managed,
        facts: FactsOf::Json(spec.facts.get()),
    })
}
