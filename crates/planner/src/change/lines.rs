//! Plans with one object a line: what `rackwright plan --output jsonl` prints, and `--output json` within its lists.

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

/// The objects of a plan, one a line.
#[derive(Debug, Clone, Copy)]
pub struct Lines<'a> {
    text: &'a str,
    /// The number of the first line in its file, from 1.
    first: usize,
    /// Whether they are the items of two lists, profiles and nodes, with what JSON wants between them.
    listed: bool,
}

/// What stands behind the last profile of `--output json`.
const NODES: &str = r#"],"nodes":["#;

impl<'a> Lines<'a> {
    /// JSON lines.
    pub const fn new(text: &'a str) -> Self {
        Self {
            text,
            first: 1,
            listed: false,
        }
    }

    /// The objects within the one value that `--output json` prints, and what stands before them; none where the text is laid
    /// out in another way. No text within the first line can look like its end: JSON escapes quotation marks.
    pub fn listed(text: &'a str) -> Option<(&'a str, Self)> {
        let (head, rest) = text.split_once('\n')?;
        let begins = head.ends_with(r#","profiles":["#) || head.ends_with(r#","profiles":[],"nodes":["#);
        let listed = rest.trim_ascii_end().strip_suffix("]}").filter(|_| begins)?;
        let lines = Self {
            text: listed,
            first: 2,
            listed: true,
        };
        Some((head, lines))
    }

    /// The object of a line without what stands between objects.
    fn object(self, line: &'a str) -> &'a str {
        let line = line.trim_ascii_end();
        if !self.listed {
            return line;
        }
        let bare = line.strip_suffix(NODES).or_else(|| line.strip_suffix(','));
        bare.unwrap_or(line)
    }
}

impl<'a> State<'a> {
    /// Reads a plan as `rackwright plan --output jsonl` prints it: NodeProfiles and NodeConfigs, one a line.
    pub fn from_lines(text: &'a str) -> Result<Self, LineError> {
        Self::of_lines(Lines::new(text))
    }

    /// The same, where the objects may be items of lists.
    pub fn of_lines(lines: Lines<'a>) -> Result<Self, LineError> {
        let (mut nodes, mut profiles) = (Vec::new(), Vec::new());
        for (line, number) in lines.text.lines().zip(lines.first..) {
            let line = lines.object(line);
            let json = |source| LineError::Json { line: number, source };
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
                        line: number,
                        kind: other.to_owned(),
                    });
                }
            }
        }
        Ok(Self::new(nodes, profiles))
    }
}

/// What two plans differ in, as lines: a state of each side that holds the lines which are not the same on both, and how
/// many nodes are the same. Both are as `rackwright plan` prints them: profiles first, one object a line.
///
/// Lines that are the same are compared as bytes and never read, so that the work goes with what differs.
pub fn between<'a>(old: Lines<'a>, new: Lines<'a>) -> Result<(State<'a>, State<'a>, usize), LineError> {
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
    lines: Lines<'a>,
    at: usize,
    line: usize,
    nodes: Vec<NodeState<'a>>,
    profiles: Vec<(&'a str, Cow<'a, NodeProfileSpec>)>,
}

/// Bytes that are compared at once. A plan of 100,000 nodes has about 60 MB.
const BLOCK: usize = 16 * 1024;

impl<'a> Cursor<'a> {
    fn new(lines: Lines<'a>) -> Self {
        Self {
            lines,
            at: 0,
            line: lines.first,
            nodes: Vec::new(),
            profiles: Vec::new(),
        }
    }

    fn rest(&self) -> &'a str {
        &self.lines.text[self.at..]
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
        while self.at < self.lines.text.len() && !self.rest().starts_with(NODE) {
            let read = State::from_lines(self.lines.object(self.current()));
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
        let read = node(self.lines.object(line));
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
