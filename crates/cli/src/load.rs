//! Reads the inputs and judges each object alone: syntax, kind, schema, and that no object stands twice.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rackwright_manifest::schema::{Schema, to_diagnostic};
use rackwright_manifest::{
    Diagnostic, Document, FileId, Limits, Severity, Sources, Span, Step, rules as reading,
};

use crate::inputs::Inputs;
use crate::jsonl::{self, Line};
use crate::object::{self, ObjectKind, Owner};
use crate::rules::DUPLICATE_OBJECT;
use crate::schemas::OwnSchemas;
use crate::unknown_kind::{unknown_kind, unserved};
use crate::walk::{InputError, Source, Walk, is_json_lines, named};

/// Duplicates that are shown. The same inventory read under two names gives one for each node.
const MAX_DUPLICATES: usize = 1_000;

/// Findings that are shown of one object: each looks for its place among all siblings.
const MAX_OF_ONE: usize = 100;

/// Places that are shown of one object that stands many times.
const MAX_PLACES: usize = 8;

/// An object with its positions.
#[derive(Debug)]
pub struct Object {
    /// Its kind.
    pub kind: ObjectKind,
    /// Its name; empty where it has none.
    pub name: String,
    /// The object and where each part of it stands.
    pub document: Document,
    /// Whether it has an error of its own.
    pub refused: bool,
}

/// A file of JSON lines.
#[derive(Debug)]
pub struct LineFile {
    /// The file.
    pub source: Source,
    /// Its lines that are fine.
    pub lines: Vec<Line>,
}

/// All that was read.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The files.
    pub sources: Sources,
    /// What is wrong with single objects.
    pub diagnostics: Vec<Diagnostic>,
    /// Our objects with positions.
    pub objects: Vec<Object>,
    /// Our objects without.
    pub line_files: Vec<LineFile>,
    /// Objects of others, by kind.
    pub skipped: BTreeMap<String, usize>,
    /// Objects of others that were judged by schemas that were given, by kind.
    pub checked: BTreeMap<String, usize>,
    /// What was read, by name.
    pub files: Vec<String>,
    /// Those of them that are no files where the program was run: standard input, git revisions, what was rendered or is live.
    pub elsewhere: BTreeSet<String>,
    /// Inputs that could not be read.
    pub errors: Vec<InputError>,
    /// Objects that are refused already.
    pub refused: BTreeSet<(ObjectKind, String)>,
    /// Files with a document that could not be read to its end: what it is named is unknown.
    pub broken: BTreeSet<FileId>,
    /// How many objects of ours were read.
    pub count: usize,
}

impl Loaded {
    /// Reads all inputs.
    pub fn read<'a>(inputs: impl Into<Inputs<'a>>, schemas: &OwnSchemas) -> Self {
        let inputs: Inputs<'_> = inputs.into();
        let walk = Walk::new(inputs);
        let hint = match (walk.skipped.get("Helm chart"), walk.skipped.get("Kustomization")) {
            (Some(_), _) => "; `helm:CHART` reads what Helm makes of a chart",
            (None, Some(_)) => "; `kustomize:DIR` reads what Kustomize makes of a directory",
            (None, None) => "",
        };
        let loaded = Self::walked(walk, schemas);
        // A cluster that holds nothing yet is known to hold nothing.
        if inputs.any_cluster() {
            return loaded;
        }
        loaded.or_nothing(inputs.paths, hint)
    }

    /// Reads the inputs that paths led to.
    pub fn walked(walk: Walk, schemas: &OwnSchemas) -> Self {
        let mut loaded = Self {
            errors: walk.errors,
            ..Self::default()
        };
        let of_others = |(what, number): (&&str, &usize)| ((*what).to_owned(), *number);
        loaded.skipped = walk.skipped.iter().map(of_others).collect();
        for source in walk.sources {
            let shown = source.shown().into_owned();
            let _phase = source.reading();
            if !matches!(source, Source::File(_)) {
                loaded.elsewhere.insert(shown.clone());
            }
            match loaded.file(source, schemas) {
                Ok(()) => loaded.files.push(shown),
                Err(error) => loaded.errors.push(InputError::io(Path::new(&shown), error)),
            }
        }
        loaded.count = loaded.objects.len()
            + loaded
                .line_files
                .iter()
                .map(|file| file.lines.len())
                .sum::<usize>();
        loaded.duplicates();
        loaded
    }

    /// As it is, and an error where nothing was in the paths.
    fn or_nothing(mut self, paths: &[PathBuf], hint: &'static str) -> Self {
        let nothing = self.count == 0 && self.checked.is_empty();
        if nothing && self.diagnostics.is_empty() && self.errors.is_empty() {
            let shown: Vec<String> = paths
                .iter()
                .map(|path| named(&path.display().to_string()).to_owned())
                .collect();
            let paths = shown.join(", ");
            self.errors.push(InputError::Nothing { paths, hint });
        }
        self
    }

    /// Reads and judges one input alone.
    pub fn alone(source: Source, schemas: &OwnSchemas) -> io::Result<Self> {
        let mut loaded = Self::default();
        loaded.file(source, schemas)?;
        Ok(loaded)
    }

    /// Reads and judges one text as YAML or JSON, whatever it is called.
    pub fn of_text(name: &str, text: &str, schemas: &OwnSchemas) -> Self {
        let mut loaded = Self::default();
        loaded.text(name, text.as_bytes().to_vec(), schemas);
        loaded
    }

    fn file(&mut self, source: Source, schemas: &OwnSchemas) -> io::Result<()> {
        let shown = source.shown();
        if !is_json_lines(Path::new(&*shown)) {
            self.text(&shown, bounded(source.open()?)?, schemas);
            return Ok(());
        }
        let lines = jsonl::read(source.open()?, schemas)?;
        if !lines.again.is_empty() {
            let mut again = Self::default();
            std::mem::swap(&mut again.sources, &mut self.sources);
            again.text(&shown, lines.again, schemas);
            std::mem::swap(&mut again.sources, &mut self.sources);
            if !again.broken.is_empty() && lines.first_again && !lines.fine.is_empty() {
                // A value over several lines, of which some are values by themselves: no JSON lines at all.
                let bytes = bounded(source.open()?)?;
                if bytes.len() <= Limits::default().max_bytes {
                    self.text(&shown, bytes, schemas);
                    return Ok(());
                }
            }
            self.absorb(again);
        }
        if lines.truncated {
            let message = "too many lines of this file have findings; the others were not looked at";
            self.diagnostics.push(Diagnostic::error(
                reading::TOO_MANY_FINDINGS.code(),
                format!("{shown}: {message}"),
            ));
        }
        for (kind, count) in lines.skipped {
            *self.skipped.entry(kind).or_default() += count;
        }
        drop(shown);
        self.line_files.push(LineFile {
            source,
            lines: lines.fine,
        });
        Ok(())
    }

    fn absorb(&mut self, other: Self) {
        self.diagnostics.extend(other.diagnostics);
        self.objects.extend(other.objects);
        self.refused.extend(other.refused);
        self.broken.extend(other.broken);
        for (kind, count) in other.skipped {
            *self.skipped.entry(kind).or_default() += count;
        }
        for (kind, count) in other.checked {
            *self.checked.entry(kind).or_default() += count;
        }
    }

    /// Reads one text and judges its objects.
    fn text(&mut self, name: &str, bytes: Vec<u8>, schemas: &OwnSchemas) {
        let read = rackwright_manifest::read(&mut self.sources, name, bytes, &Limits::default());
        let mut diagnostics: Vec<Option<Diagnostic>> = read.diagnostics.into_iter().map(Some).collect();
        for document in read.documents {
            let root = document.value_span(&rackwright_manifest::Path::root());
            let inside: Vec<usize> = (0..diagnostics.len())
                .filter(|at| {
                    let primary = diagnostics[*at].as_ref().and_then(Diagnostic::primary);
                    primary.is_some_and(|span| {
                        root.start <= span.start && span.start < root.end.max(root.start + 1)
                    })
                })
                .collect();
            let mut own: Vec<Diagnostic> = inside
                .into_iter()
                .filter_map(|at| diagnostics[at].take())
                .collect();
            let present = |text: &&str| !text.is_empty();
            let (Some(api_version), Some(kind)) = (
                document.api_version().filter(present),
                document.kind().filter(present),
            ) else {
                self.diagnostics.append(&mut own);
                continue;
            };
            match object::owner(api_version, kind) {
                Owner::Foreign => {
                    if let Some(schema) = schemas.third_party(api_version, kind) {
                        own.extend(self.judge(&document, kind, Some(schema)));
                        self.diagnostics.append(&mut own);
                        *self.checked.entry(kind.to_owned()).or_default() += 1;
                        continue;
                    }
                    // Whose it is cannot be said where that itself can be read in two ways.
                    let key = |key: &str| rackwright_manifest::Path::root().child(key);
                    if ["apiVersion", "kind"]
                        .iter()
                        .any(|name| document.is_refused(&key(name)))
                    {
                        self.diagnostics.append(&mut own);
                    }
                    if let Some(served) = schemas.served(api_version, kind) {
                        self.diagnostics
                            .push(unserved(&document, api_version, kind, &served));
                    }
                    *self.skipped.entry(kind.to_owned()).or_default() += 1;
                }
                Owner::Unknown => {
                    self.diagnostics.append(&mut own);
                    self.diagnostics.push(unknown_kind(&document, api_version, kind));
                }
                Owner::Ours(ours) => {
                    own.extend(self.judge(&document, kind, schemas.get(ours)));
                    let refused = own.iter().any(|finding| finding.severity == Severity::Error);
                    self.diagnostics.append(&mut own);
                    let name = document.name().unwrap_or_default().to_owned();
                    if refused {
                        self.refused.insert((ours, name.clone()));
                    }
                    self.objects.push(Object {
                        kind: ours,
                        name,
                        document,
                        refused,
                    });
                }
            }
        }
        for finding in diagnostics.into_iter().flatten() {
            self.broken.extend(finding.primary().map(|span| span.file));
            self.diagnostics.push(finding);
        }
    }

    fn judge(&self, document: &Document, kind: &str, schema: Option<&Schema>) -> Vec<Diagnostic> {
        let violations = schema.map(|schema| schema.validate(&document.value));
        // What the reader refused already needs no second finding.
        let all = violations.into_iter().flatten();
        let mut all = all.filter(|violation| !document.is_refused(&violation.path));
        let mut findings: Vec<Diagnostic> = all
            .by_ref()
            .take(MAX_OF_ONE)
            .map(|violation| to_diagnostic(&violation, document, &self.sources))
            .collect();
        let more = all.count();
        if more > 0 {
            let message = format!("{kind} has {more} more mistakes; the first {MAX_OF_ONE} are shown");
            findings.push(Diagnostic::error(reading::TOO_MANY_FINDINGS.code(), message));
        }
        findings
    }

    /// Finds objects that stand twice, and refuses them all: which one was meant is not ours to guess.
    fn duplicates(&mut self) {
        let mut seen: BTreeMap<(ObjectKind, &str), Vec<Place>> = BTreeMap::new();
        for (at, object) in self
            .objects
            .iter()
            .enumerate()
            .filter(|(_, object)| !object.name.is_empty())
        {
            seen.entry((object.kind, &object.name))
                .or_default()
                .push(Place::Object(at));
        }
        let positioned: BTreeSet<(ObjectKind, &str)> = seen.keys().copied().collect();
        // Names of single lines are kept as a sorted list, not as a map: there may be 100,000.
        let mut lines: Vec<(ObjectKind, &str, usize, u32)> = Vec::new();
        for (file, entry) in self.line_files.iter().enumerate() {
            lines.extend(
                entry
                    .lines
                    .iter()
                    .map(|line| (line.kind, &*line.name, file, line.number)),
            );
        }
        lines.sort_unstable();
        for (at, &(kind, name, file, number)) in lines.iter().enumerate() {
            let same = |other: Option<&(ObjectKind, &str, usize, u32)>| {
                other.is_some_and(|(other_kind, other_name, ..)| (*other_kind, *other_name) == (kind, name))
            };
            let before = at.checked_sub(1).and_then(|before| lines.get(before));
            if same(before) || same(lines.get(at + 1)) || positioned.contains(&(kind, name)) {
                seen.entry((kind, name))
                    .or_default()
                    .push(Place::Line(file, number));
            }
        }
        let twice: Vec<((ObjectKind, String), Vec<Place>)> = seen
            .into_iter()
            .filter(|(_, places)| places.len() > 1)
            .map(|((kind, name), places)| ((kind, name.to_owned()), places))
            .collect();
        let documents = self.take_lines(&twice);
        if twice.len() > MAX_DUPLICATES {
            let message = format!(
                "{} objects stand twice; the first {MAX_DUPLICATES} are shown",
                twice.len()
            );
            self.diagnostics
                .push(Diagnostic::error(reading::TOO_MANY_FINDINGS.code(), message));
        }
        for (at, ((kind, name), places)) in twice.into_iter().enumerate() {
            if at < MAX_DUPLICATES {
                self.duplicate(kind, &name, &places, &documents);
            }
            for place in places {
                if let Place::Object(at) = place {
                    self.objects[at].refused = true;
                }
            }
            self.refused.insert((kind, name));
        }
    }

    /// Takes duplicate lines out of what is compiled and gives the positions of the first of them.
    fn take_lines(
        &mut self,
        twice: &[((ObjectKind, String), Vec<Place>)],
    ) -> BTreeMap<(usize, u32), Document> {
        let mut taken: BTreeMap<usize, BTreeSet<u32>> = BTreeMap::new();
        let mut shown: BTreeMap<usize, BTreeSet<u32>> = BTreeMap::new();
        for (at, (_, places)) in twice.iter().enumerate() {
            for (rank, place) in places.iter().enumerate() {
                if let Place::Line(file, number) = *place {
                    taken.entry(file).or_default().insert(number);
                    if at < MAX_DUPLICATES && rank < MAX_PLACES {
                        shown.entry(file).or_default().insert(number);
                    }
                }
            }
        }
        for (file, numbers) in taken {
            self.line_files[file]
                .lines
                .retain(|line| !numbers.contains(&line.number));
        }
        let mut documents = BTreeMap::new();
        for (file, numbers) in shown {
            documents.extend(
                self.positions(file, &numbers)
                    .into_iter()
                    .map(|(number, document)| ((file, number), document)),
            );
        }
        documents
    }

    fn duplicate(
        &mut self,
        kind: ObjectKind,
        name: &str,
        places: &[Place],
        documents: &BTreeMap<(usize, u32), Document>,
    ) {
        let path =
            rackwright_manifest::Path::from_steps(["metadata", "name"].map(|key| Step::Key(key.to_owned())));
        let mut spans: Vec<Span> = places
            .iter()
            .take(MAX_PLACES)
            .filter_map(|place| match *place {
                Place::Object(at) => self.objects.get(at).map(|object| &object.document),
                Place::Line(file, number) => documents.get(&(file, number)),
            })
            .map(|document| document.label_span(&path, self.sources.text(document.file)))
            .collect();
        let times = if places.len() == 2 {
            "twice".to_owned()
        } else {
            format!("{} times", places.len())
        };
        let mut finding = Diagnostic::error(
            DUPLICATE_OBJECT.code(),
            format!("{} {name} stands {times}", kind.as_str()),
        )
        .object(format!("{}/{name}", kind.as_str()))
        .path(&path)
        .help("remove one of them, or give it another name");
        // The first one is where it was meant to be; the others are in its way.
        spans.sort();
        if spans.len() > 1 {
            spans.rotate_left(1);
        }
        let last = spans.len().saturating_sub(1);
        for (at, span) in spans.into_iter().enumerate() {
            finding = finding.label(
                span,
                if at == last {
                    "first here"
                } else {
                    "and again here"
                },
            );
        }
        self.diagnostics.push(finding);
    }

    /// Reads lines of a file again, with positions, by their numbers.
    pub fn positions(&mut self, file: usize, numbers: &BTreeSet<u32>) -> BTreeMap<u32, Document> {
        let Some(LineFile { source, .. }) = self.line_files.get(file) else {
            return BTreeMap::new();
        };
        let Ok(text) = source.open().and_then(|file| jsonl::only(file, numbers)) else {
            return BTreeMap::new();
        };
        let shown = source.shown();
        let read = rackwright_manifest::read(&mut self.sources, &shown, text, &Limits::default());
        let number = |document: &Document| self.sources.position(document.first_key()).line.saturating_sub(1);
        read.documents
            .into_iter()
            .map(|document| (number(&document), document))
            .collect()
    }
}

/// Where an object of a name stands.
enum Place {
    Object(usize),
    Line(usize, u32),
}

/// Reads a stream up to one byte over the limit, which is enough to be told that it is over.
fn bounded(stream: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream
        .take(Limits::default().max_bytes as u64 + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}
