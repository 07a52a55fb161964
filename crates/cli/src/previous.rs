//! What is allocated already: the NodeConfigs of a cluster (`kubectl get nodeconfigs -o json`), or an earlier plan as
//! `plan --output jsonl` or `--output json` printed it. What is asked of it later is answered from its text, object by
//! object. A pipe is read once and its text kept; of a file of lines, which may be large, the text is read again where
//! it is needed: a compile alone needs a few numbers of each line.

mod held;
mod laid;

use std::cell::OnceCell;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::ops::Range;
use std::path::Path;
use std::time::SystemTime;

use rackwright_api::{NodeConfigSpec, NodeName, NodeProfileSpec};
use rackwright_planner::PreviousNode;
use rackwright_planner::change::cap_of_profile;
use rayon::prelude::*;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::blocks;
use crate::inputs::Inputs;
use crate::progress;
use crate::quick;
use crate::walk::InputError;

use self::held::Held;

/// An earlier state.
#[derive(Debug)]
pub struct Previous {
    path: String,
    /// None of a text that was never a file.
    file: Option<File>,
    stamp: Option<Stamp>,
    form: Form,
    text: OnceCell<String>,
}

/// Size of a file and time of its last change: whether it is still the one that was read.
type Stamp = (u64, Option<SystemTime>);

/// Bytes in which the form shows.
const HEAD: u64 = 4096;

/// How the objects stand in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// One a line, profiles and nodes.
    Lines,
    /// `--output json`.
    Envelope,
    /// `kubectl get -o json`: objects of any kind.
    List,
}

/// What a compile needs to know of an object.
#[derive(Deserialize)]
struct NodeObject {
    metadata: Metadata,
    spec: NodeConfigSpec,
    #[serde(default)]
    status: Value,
}

#[derive(Deserialize)]
struct Metadata {
    name: NodeName,
    generation: Option<i64>,
}

#[derive(Deserialize)]
struct ProfileObject {
    metadata: ProfileMetadata,
    #[serde(default)]
    spec: Value,
}

#[derive(Deserialize)]
struct ProfileMetadata {
    name: String,
}

/// The kind comes first: the spec of a profile is not that of a node.
#[derive(Deserialize)]
struct Header {
    kind: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    format_version: u32,
    #[serde(borrow)]
    profiles: Vec<&'a RawValue>,
    #[serde(borrow)]
    nodes: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct List<'a> {
    #[serde(borrow)]
    items: Vec<&'a RawValue>,
}

/// What a text says that a compile looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Object {
    /// A NodeConfig, with the name of its profile, and whether its host has that in force, as far as anybody knows.
    Node(PreviousNode, ProfileName, bool),
    /// A NodeProfile, with the power cap that it sets, where it can be read.
    Profile(String, Option<u64>),
}

/// The name of a node's profile: mostly where it stands in the text, since a plan has a million.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ProfileName {
    Within(Range<usize>),
    Owned(String),
}

impl From<&str> for ProfileName {
    fn from(name: &str) -> Self {
        Self::Owned(name.to_owned())
    }
}

impl Object {
    fn of_node(node: NodeObject) -> Self {
        let NodeObject {
            metadata,
            mut spec,
            status,
        } = node;
        if spec.is_applied(metadata.generation, &status) {
            spec.quarantined.clear();
        }
        let in_force = spec.is_in_force(&status);
        let node = PreviousNode::new(metadata.name, &spec);
        Self::Node(node, ProfileName::Owned(spec.profile), in_force)
    }
}

impl Previous {
    /// The earlier state that is given or that goes with the inputs, if any, and what a compile needs of it.
    pub fn opened<'a>(
        path: Option<&Path>,
        inputs: impl Into<Inputs<'a>>,
    ) -> Result<(Option<Self>, Vec<PreviousNode>), InputError> {
        let Some(previous) = inputs.into().earlier(path)? else {
            return Ok((None, Vec::new()));
        };
        let nodes = previous.nodes()?;
        Ok((Some(previous), nodes))
    }

    /// Opens a file, and reads it where that can be done only once.
    pub fn read(path: &Path) -> Result<Self, InputError> {
        let io = |error| InputError::io(path, error);
        let file = File::open(path).map_err(io)?;
        let stamp = stamp(&file).map_err(io)?;
        let mut head = Vec::new();
        (&file).take(HEAD).read_to_end(&mut head).map_err(io)?;
        let form = Form::of(&head);
        let previous = Self {
            path: path.display().to_string(),
            file: Some(file),
            stamp,
            form,
            text: OnceCell::new(),
        };
        if stamp.is_none() || form != Form::Lines {
            let text = previous.read_text(head).map_err(io)?;
            previous.text.get_or_init(|| text);
        }
        Ok(previous)
    }

    /// A plan that was just compiled, or what a cluster holds, as lines.
    pub fn of_lines(name: String, text: String) -> Self {
        Self {
            path: name,
            file: None,
            stamp: None,
            form: Form::Lines,
            text: OnceCell::from(text),
        }
    }

    /// The rest of the file behind its beginning.
    fn read_text(&self, mut head: Vec<u8>) -> io::Result<String> {
        self.reader().read_to_end(&mut head)?;
        String::from_utf8(head).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    fn reader(&self) -> Box<dyn Read + '_> {
        match &self.file {
            Some(file) => Box::new(file),
            None => Box::new(io::empty()),
        }
    }

    /// Reads a file from its start; refused where it changed since it was opened.
    fn unchanged<T, E: From<io::Error>>(&self, read: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        if let Some(mut file) = self.file.as_ref() {
            file.rewind()?;
        }
        let read = read()?;
        if self.file.as_ref().map(stamp).transpose()?.flatten() != self.stamp {
            return Err(io::Error::other("the file changed while it was read").into());
        }
        Ok(read)
    }

    fn io(&self, error: io::Error) -> InputError {
        InputError::io(Path::new(&self.path), error)
    }

    /// The whole text.
    pub fn text(&self) -> Result<&str, InputError> {
        if let Some(text) = self.text.get() {
            return Ok(text);
        }
        let text = self.unchanged(|| self.read_text(Vec::new()));
        let text = text.map_err(|error| self.io(error))?;
        Ok(self.text.get_or_init(|| text))
    }

    /// The file, as the user named it.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The objects, each as JSON.
    pub fn objects(&self) -> Result<Vec<&str>, InputError> {
        let refuse = |error: serde_json::Error| self.refuse(error.line(), reason(&error));
        let text = self.text()?;
        let listed: Vec<&RawValue> = match self.form {
            Form::Lines => {
                let lines = text.par_lines();
                return Ok(lines.filter(|line| !line.trim_ascii().is_empty()).collect());
            }
            Form::Envelope => {
                let Envelope {
                    format_version,
                    mut profiles,
                    nodes,
                } = serde_json::from_str(text).map_err(refuse)?;
                if format_version != 1 {
                    return Err(self.refuse(1, format!("format version {format_version} is not known")));
                }
                profiles.extend(nodes);
                profiles
            }
            Form::List => serde_json::from_str::<List<'_>>(text).map_err(refuse)?.items,
        };
        Ok(listed.into_iter().map(RawValue::get).collect())
    }

    /// What a compile needs.
    pub fn nodes(&self) -> Result<Vec<PreviousNode>, InputError> {
        let _phase = progress::phase(|| format!("reading {}", self.path));
        if self.form == Form::Lines {
            return self.nodes_of_lines();
        }
        let objects = self.objects()?;
        let others_stand_there = self.form == Form::List;
        let judge = |object: &&str| match object_of(object.as_bytes()) {
            Err(Unfit::Kind(_)) if others_stand_there => Ok(None),
            other => other,
        };
        let judged: Vec<Result<Option<Object>, Unfit>> = objects.par_iter().map(judge).collect();
        let mut held = Held::default();
        for (object, judged) in objects.iter().zip(judged) {
            let judged = judged.map_err(|unfit| self.refuse_in(object, &unfit))?;
            held.take(object.as_bytes(), judged);
        }
        Ok(held.nodes())
    }

    fn nodes_of_lines(&self) -> Result<Vec<PreviousNode>, InputError> {
        let (mut held, mut number) = (Held::default(), 0);
        let take = |line: &[u8], judged: Result<Option<Object>, Unfit>| {
            number += 1;
            let judged = judged.map_err(|unfit| Failed::Line(number, unfit))?;
            held.take(line, judged);
            Ok(())
        };
        let read = match self.text.get() {
            Some(text) => blocks::each_line(text.as_bytes(), object_of, take),
            None => self.unchanged(|| blocks::each_line(self.reader(), object_of, take)),
        };
        read.map_err(|failed| match failed {
            Failed::Read(error) => self.io(error),
            Failed::Line(line, unfit) => self.refuse_at(line - 1, &unfit),
        })?;
        if number == 0 && self.file.is_some() {
            return Err(self.refuse(1, "the file is empty".to_owned()));
        }
        Ok(held.nodes())
    }

    /// The error that a line is not one of a plan.
    pub fn refuse(&self, line: usize, why: String) -> InputError {
        InputError::NotAPlan {
            path: self.path.clone(),
            line,
            why,
        }
    }

    /// The same about an object of the text.
    pub fn refuse_in(&self, object: &str, unfit: &Unfit) -> InputError {
        // An object is a part of the text.
        let text = self.text.get().map_or("", String::as_str);
        let start = (object.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
        let before = text.get(..start).unwrap_or_default();
        self.refuse_at(before.matches('\n').count(), unfit)
    }

    fn refuse_at(&self, lines_before: usize, unfit: &Unfit) -> InputError {
        let (line, why) = match unfit {
            Unfit::Json { line, why } => (lines_before + line, why.clone()),
            Unfit::Kind(kind) => (lines_before + 1, format!("an object of kind {kind}")),
        };
        self.refuse(line, why)
    }
}

impl Form {
    /// Our own output is known by its first key; kubectl prints an object over many lines, so its first line is a lone
    /// brace.
    fn of(head: &[u8]) -> Self {
        if head.starts_with(b"{\"formatVersion\":") {
            Self::Envelope
        } else if head.trim_ascii_start().starts_with(b"{\n") {
            Self::List
        } else {
            Self::Lines
        }
    }
}

/// Of a file that can be read again.
fn stamp(file: &File) -> io::Result<Option<Stamp>> {
    let metadata = file.metadata()?;
    let stamp = (metadata.len(), metadata.modified().ok());
    Ok(metadata.is_file().then_some(stamp))
}

/// Why a file of lines cannot be read.
enum Failed {
    Read(io::Error),
    Line(usize, Unfit),
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

/// Why an object is not one of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfit {
    /// It cannot be read.
    Json {
        /// Which of its lines, from 1.
        line: usize,
        /// Why.
        why: String,
    },
    /// It is of another kind.
    Kind(String),
}

impl From<serde_json::Error> for Unfit {
    fn from(error: serde_json::Error) -> Self {
        Self::Json {
            line: error.line().max(1),
            why: reason(&error),
        }
    }
}

/// A node or a profile, none in an empty line, or what is wrong with the text.
fn object_of(text: &[u8]) -> Result<Option<Object>, Unfit> {
    match quick::previous(text) {
        Some((node, profile)) => {
            let start = profile.as_ptr() as usize - text.as_ptr() as usize;
            let name = ProfileName::Within(start..start + profile.len());
            Ok(Some(Object::Node(node, name, true)))
        }
        None if text.trim_ascii().is_empty() => Ok(None),
        None => object(text).map(Some),
    }
}

/// The same, whatever its form.
pub(crate) fn object(text: &[u8]) -> Result<Object, Unfit> {
    let text = std::str::from_utf8(text).map_err(|error| Unfit::Json {
        line: 1,
        why: error.to_string(),
    })?;
    let header: Header = serde_json::from_str(text)?;
    match header.kind.as_str() {
        "NodeConfig" => Ok(Object::of_node(serde_json::from_str(text)?)),
        "NodeProfile" => {
            let ProfileObject { metadata, spec } = serde_json::from_str(text)?;
            let spec = NodeProfileSpec::deserialize(spec).ok();
            Ok(Object::Profile(metadata.name, spec.as_ref().map(cap_of_profile)))
        }
        other => Err(Unfit::Kind(other.to_owned())),
    }
}

/// What is wrong, without the place, which the message says in the file's own lines.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((reason, _)) => reason.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(name: &str) -> String {
        let kind = "\"apiVersion\":\"rackwright.dev/v1alpha1\",\"kind\":\"NodeConfig\"";
        let hash = "0".repeat(32);
        let spec = format!(
            "{{\"facts\":{{}},\"hash\":\"{hash}\",\"management\":\"Managed\",\"profile\":\"train-0\"}}"
        );
        format!("{{{kind},\"metadata\":{{\"name\":\"{name}\"}},\"spec\":{spec}}}\n")
    }

    fn file(content: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        file
    }

    /// A plan of a large site has hundreds of megabytes.
    #[test]
    fn lines_of_a_file_are_kept_only_where_they_are_asked_for() {
        let text = config("n1") + "\n" + &config("n2");
        let file = file(text.as_bytes());
        let previous = Previous::read(file.path()).unwrap();
        let nodes = previous.nodes().unwrap();
        let names: Vec<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
        assert_eq!(names, ["n1", "n2"]);
        assert!(previous.text.get().is_none());
        assert_eq!(previous.objects().unwrap().len(), 2);
        assert!(previous.lines().unwrap().is_some());
        assert_eq!(previous.nodes().unwrap().len(), 2);
    }

    #[test]
    fn a_file_that_changes_meanwhile_is_refused() {
        let file = file(config("n1").as_bytes());
        let previous = Previous::read(file.path()).unwrap();
        previous.nodes().unwrap();
        std::fs::write(file.path(), config("n1") + &config("n2")).unwrap();
        let said = previous.objects().unwrap_err().to_string();
        assert!(said.contains("changed"), "{said}");
    }

    #[test]
    fn the_line_that_is_no_object_is_named() {
        let wrong: [(&[u8], &str); 4] = [
            (b"{", "EOF while parsing an object"),
            (b"{\"kind\":\"Pod\"}", "an object of kind Pod"),
            (b"{\"kind\":\"NodeProfile\",\"x\":\"\xff\"}", "utf-8"),
            (b"{\"kind\":\"NodeConfig\"}", "missing field `metadata`"),
        ];
        for (line, why) in wrong {
            let file = file(&[config("n1").as_bytes(), b"\n", line, b"\n"].concat());
            let refused = Previous::read(file.path()).unwrap().nodes();
            let said = refused.unwrap_err().to_string();
            assert!(said.contains("line 3") && said.contains(why), "{said}");
        }
        let empty = Previous::read(file(b"").path()).unwrap().nodes();
        assert!(empty.unwrap_err().to_string().contains("the file is empty"));
    }
}
