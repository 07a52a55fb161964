//! What is judged: every example, every mistake of the command line's corpus, the examples of the rules' pages, and
//! mutations of the examples, object by object and as whole files.

use std::collections::BTreeSet;
use std::path::Path;

use rackwright_api::crds;
use rackwright_api::labels::API_VERSION;
use rackwright_e2e::{program, root};
use serde_json::{Value, json};

use super::changed::example::{Example, load};
use super::changed::generate::{Change, Mutation, all};
use super::changed::tree::Tree;
use super::header;

/// How an object is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Json,
    Yaml,
}

/// One object as it is sent to the server.
#[derive(Debug)]
pub struct Object {
    /// `tiny: GPUPool/train spec.nodes: unset`.
    pub name: String,
    /// Where it comes from.
    pub source: Source,
    pub form: Form,
    pub text: String,
    /// What the address of the request says: `apiVersion` and `kind`.
    pub address: (String, String),
}

/// Where objects come from; a row of the table of agreement each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    Example,
    Mistake,
    Page,
    Mutation,
}

impl Source {
    /// All of them, with what people read.
    pub const ALL: [(Self, &str); 4] = [
        (
            Self::Example,
            "objects of `examples/`, and what `plan` makes of one",
        ),
        (Self::Mistake, "objects of `crates/cli/tests/corpus`"),
        (Self::Page, "objects of the rules' pages"),
        (Self::Mutation, "mutations of the examples, field by field"),
    ];
}

/// A file that is judged as a whole.
#[derive(Debug)]
pub struct File {
    /// `corpus/rules/rack-power.yaml`.
    pub name: String,
    pub bytes: Vec<u8>,
    /// The code of its mistake; none where it is right.
    pub mistake: Option<String>,
}

/// The files: examples, the corpus of mistakes, and the rules' pages.
pub fn files() -> Vec<File> {
    let mut files = Vec::new();
    for folder in EXAMPLES {
        let folder = root().join("examples").join(folder);
        let mut bytes = Vec::new();
        for file in sorted(&folder) {
            bytes.extend(std::fs::read(&file).unwrap());
            bytes.extend(b"\n---\n");
        }
        let name = format!("examples/{}", folder.file_name().unwrap().display());
        files.push(File {
            name,
            bytes,
            mistake: None,
        });
    }
    for file in header::files(&corpus()).unwrap() {
        let bytes = std::fs::read(&file).unwrap();
        let mistake = header::parse(&bytes).unwrap().expect[0].code.clone();
        let name = file.strip_prefix(corpus()).unwrap().display().to_string();
        files.push(File {
            name,
            bytes,
            mistake: Some(mistake),
        });
    }
    files.extend(pages());
    files
}

/// The pages that show a whole object. Those about an earlier state need it beside them.
fn pages() -> Vec<File> {
    const EARLIER: [&str; 3] = ["RW2029", "RW2030", "RW2051"];
    let mut files = Vec::new();
    for rule in rackwright_cli::all_rules() {
        for (section, refused) in [("Example", true), ("Refused", true), ("Accepted", false)] {
            let fence = format!("## {section}\n```yaml\n");
            let block = rule
                .doc
                .split(&fence)
                .nth(1)
                .and_then(|rest| rest.split("\n```").next());
            let Some(block) = block.filter(|block| block.contains("apiVersion:")) else {
                continue;
            };
            if !EARLIER.contains(&rule.code) {
                files.push(File {
                    name: format!("{} {section}", rule.code),
                    bytes: block.as_bytes().to_vec(),
                    mistake: refused.then(|| rule.code.to_owned()),
                });
            }
        }
    }
    files
}

/// The examples that are plain YAML.
const EXAMPLES: [&str; 7] = [
    "tiny",
    "superpod-b200",
    "superpod-b300-xdr",
    "gb200-unit",
    "gitops/base",
    "prometheus",
    "hyperion",
];

fn corpus() -> std::path::PathBuf {
    root().join("crates/cli/tests/corpus")
}

/// The objects that stand in `folder`; what configures Kustomize is none.
fn sorted(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .filter(|path| !path.ends_with("kustomization.yaml"))
        .collect();
    files.sort();
    files
}

/// Every object, each once, always in the same order: what is written by people first, then the mutations.
pub fn objects() -> Vec<Object> {
    let mut objects = Vec::new();
    for file in files() {
        let source = match file.name.split('/').next() {
            Some("examples") => Source::Example,
            Some("rules" | "schema" | "yaml") => Source::Mistake,
            _ => Source::Page,
        };
        // What is no UTF-8 is no text that a client sends.
        let Ok(text) = String::from_utf8(file.bytes) else {
            continue;
        };
        for (at, part) in parts(&text).into_iter().enumerate() {
            // A client takes a list of objects apart, and has no address for what does not say its kind.
            let Some(address) = address(&part).filter(|(_, kind)| kind != "List") else {
                continue;
            };
            let name = format!("{}, object {}", file.name, at + 1);
            objects.push(Object {
                name,
                source,
                form: Form::Yaml,
                text: part,
                address,
            });
        }
    }
    let written = written();
    for (at, object) in written.objects.iter().enumerate() {
        objects.push(Object {
            name: format!("{}, object {}", written.name, at + 1),
            source: Source::Example,
            form: Form::Json,
            text: object.to_string(),
            address: address_of(object),
        });
    }
    let plain = [
        "tiny",
        "superpod-b200",
        "gitops/base",
        "superpod-b300-xdr",
        "gb200-unit",
    ];
    let cut = [
        load(&root(), "prometheus").cut(&[1, 5], 4, 3),
        load(&root(), "hyperion").cut(&[1, 2], 4, 3),
    ];
    let examples = plain
        .into_iter()
        .map(|name| load(&root(), name))
        .chain(cut)
        .chain([written]);
    for example in examples {
        let mutations = all(&example, &crds::all());
        objects.extend(
            mutations
                .iter()
                .enumerate()
                .map(|(at, mutation)| mutated(&example, mutation, at)),
        );
    }
    let mut seen = BTreeSet::new();
    objects.retain(|object| seen.insert(blake3::hash(object.text.as_bytes()).as_bytes().to_owned()));
    objects
}

/// A changed object, in turns as JSON and as YAML; a scalar without quotes is YAML's.
fn mutated(example: &Example, mutation: &Mutation, at: usize) -> Object {
    let tree = mutation.apply(example);
    let plain = matches!(mutation.change, Change::Set(Tree::Plain(_)));
    let form = if at % 2 == 1 || plain {
        Form::Yaml
    } else {
        Form::Json
    };
    Object {
        name: mutation.name(example),
        source: Source::Mutation,
        form,
        text: match form {
            Form::Json => tree.json(),
            Form::Yaml => tree.yaml().trim_start().to_owned() + "\n",
        },
        // Where the change makes it none that a client could find an address for, it is sent where it belonged.
        address: tree
            .value()
            .as_ref()
            .and_then(text_address)
            .unwrap_or_else(|| address_of(&example.objects[mutation.object])),
    }
}

/// What we write ourselves: the profile and the first node of a plan, and what an agent finds there.
fn written() -> Example {
    let mut command = std::process::Command::new(program("rackwright").unwrap());
    command
        .args(["plan", "--output", "jsonl"])
        .arg(root().join("examples/superpod-b200"));
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut objects: Vec<Value> = Vec::new();
    for line in text.lines() {
        let object: Value = serde_json::from_str(line).unwrap();
        if !objects.iter().any(|known| known["kind"] == object["kind"]) {
            objects.push(object);
        }
    }
    objects.push(json!({
        "apiVersion": API_VERSION,
        "kind": "NodeInventory",
        "metadata": { "name": "dgx001" },
        "spec": {
            "disks": [{ "id": "nvme-1", "model": "PM1743", "pciAddress": "0000:2a:00.0", "serial": "S1", "sizeBytes": 3_840_755_982_336_u64 }],
            "gpus": [{ "memoryMiB": 183_359, "pciAddress": "0000:1b:00.0", "product": "NVIDIA B200", "uuid": "GPU-1" }],
            "hcas": [{ "device": "mlx5_0", "guid": "0xa088c20300000001", "pciAddress": "0000:18:00.0", "rail": 0 }],
            "kernel": "6.8.0-1021-nvidia",
            "system": "dgx-b200",
        },
    }));
    assert_eq!(objects.len(), 3, "a profile, a node and an inventory");
    Example {
        name: "written",
        objects,
    }
}

/// The documents of a text, as clients cut it: at lines that begin with `---`. Comments alone are no document.
fn parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for line in text.lines() {
        if line.starts_with("---") {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push_str(line);
            part.push('\n');
        }
    }
    parts.retain(|part| {
        part.lines()
            .any(|line| !line.trim().is_empty() && !line.starts_with('#'))
    });
    parts
}

/// What the lines of an object say that it is, though it may not be readable.
fn address(text: &str) -> Option<(String, String)> {
    let field = |key: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(key))?;
        let value = value.trim().trim_matches('"');
        (!value.is_empty()).then(|| value.to_owned())
    };
    Some((field("apiVersion:")?, field("kind:")?))
}

fn text_address(object: &Value) -> Option<(String, String)> {
    let text = |key: &str| {
        object[key]
            .as_str()
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    Some((text("apiVersion")?, text("kind")?))
}

fn address_of(object: &Value) -> (String, String) {
    text_address(object).unwrap()
}
