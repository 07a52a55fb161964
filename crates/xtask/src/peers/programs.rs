//! The programs that are compared, and how each is called.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use clap::ValueEnum;

use crate::root;

/// Programs that people would otherwise template a fleet with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Template {
    /// Helm, the fleet as its values
    Helm,
    /// Helm, the fleet as a file that the template reads
    HelmFile,
    /// Jinja2, from a Python program
    Jinja2,
    /// jrsonnet, the fast implementation of Jsonnet
    Jrsonnet,
    /// Pkl
    Pkl,
}

impl Template {
    /// The program that turns the fleet in `file` into NodeConfigs. Where there is a choice, it is the faster way.
    pub fn program(self, file: &Path) -> Program {
        let templates = root().join("e2e/peers");
        match self {
            Self::Helm => helm("--values").arg("--values").arg(file),
            Self::HelmFile => helm("--set-file")
                .arg("--set-file")
                .arg(assignment("fleet", file)),
            Self::Jinja2 => Program::new("Jinja2", root().join("target/python/bin/python"))
                .args([
                    templates.join("jinja2/render.py").into_os_string(),
                    OsString::from(file),
                ])
                .version(["-c", "import jinja2; print(jinja2.__version__)"]),
            Self::Jrsonnet => Program::new("jrsonnet", installed("jrsonnet"))
                // `--tla-str-file fleet=FILE` would be usual; this version of jrsonnet reads the file `fleet` for it.
                .arg(format!(
                    "--tla-code=fleet=importstr {:?}",
                    file.display().to_string()
                ))
                .args(["--format", "json", "--line-padding", "0"])
                .arg(templates.join("jsonnet/nodeconfigs.jsonnet"))
                .version(["--version"]),
            Self::Pkl => Program::new("Pkl", installed("pkl"))
                .args(["eval", "--property"])
                .arg(assignment("fleet", file))
                .arg(templates.join("pkl/nodeconfigs.pkl"))
                .version(["--version"]),
        }
    }
}

fn helm(way: &'static str) -> Program {
    Program::new("helm template", installed("helm"))
        .way(way)
        .args(["template", "fleet"])
        .arg(root().join("e2e/peers/helm"))
        .version(["version", "--short"])
}

fn assignment(name: &str, file: &Path) -> OsString {
    let mut text = OsString::from(format!("{name}="));
    text.push(file);
    text
}

/// `rackwright plan` of a folder.
pub fn plan(cli: &Path, folder: &Path) -> Program {
    Program::new("rackwright plan", cli)
        .args(["plan", "--output", "jsonl"])
        .arg(folder)
}

/// `rackwright plan` of a folder against what it gave before.
pub fn plan_again(cli: &Path, folder: &Path, previous: &Path) -> Program {
    Program::new("rackwright plan", cli)
        .way("--previous")
        .args(["plan", "--output", "jsonl", "--previous"])
        .arg(previous)
        .arg(folder)
}

/// `rackwright validate` of a file.
pub fn validate(way: &'static str, cli: &Path, file: &Path) -> Program {
    Program::new("rackwright validate", cli)
        .way(way)
        .args(["validate", "--output", "json"])
        .arg(file)
}

/// `rackwright version`, which does nothing but start and end.
pub fn start(cli: &Path) -> Program {
    Program::new("rackwright version", cli)
        .way("start")
        .args(["version"])
}

/// kubeconform on a file, with our schemas; strict, as ours is: unknown fields and duplicate keys are refused.
pub fn kubeconform(way: &'static str, file: &Path, schemas: &Path) -> Program {
    Program::new("kubeconform", installed("kubeconform"))
        .way(way)
        .args(["-strict", "-output", "json", "-summary", "-schema-location"])
        .arg(schemas.join("{{.ResourceKind}}.json"))
        .arg(file)
        .version(["-v"])
}

/// kubectl-validate on a file, with our CRDs. It asks no cluster where the environment names none.
pub fn kubectl_validate(way: &'static str, file: &Path) -> Program {
    let mut program = Program::new("kubectl-validate", installed("kubectl-validate"))
        .way(way)
        .args(["--output", "json", "--local-crds"])
        .arg(root().join("crds"))
        .arg(file);
    // It has no option that prints its version: `--version` is that of Kubernetes.
    program.version = Version::Noted(root().join("target/peers/kubectl-validate.version"));
    program
}

/// A validator that does nothing but start and end.
pub fn idle(program: Program, arguments: &[&str]) -> Program {
    Program {
        way: "start",
        arguments: arguments.iter().map(Into::into).collect(),
        ..program
    }
}

/// Our diff of two plans, with the path of each field that differs: the library's, in this program.
pub fn fields(old: &Path, new: &Path) -> anyhow::Result<Program> {
    let program = Program::new("rackwright", std::env::current_exe()?);
    Ok(program.way("diff by field").arg("diff").args([old, new]))
}

/// `rackwright diff` of two saved plans that differ.
pub fn saved(cli: &Path, old: &Path, new: &Path) -> Program {
    let mut program = Program::new("rackwright diff", cli).arg("diff").args([old, new]);
    program.code = 1;
    program
}

/// `diff` of two files that differ.
pub fn diff(old: &Path, new: &Path) -> Program {
    let mut program = Program::new("diff", "diff")
        .args([old, new])
        .version(["--version"]);
    program.code = 1;
    program
}

fn installed(name: &str) -> PathBuf {
    root().join("target/peers/bin").join(name)
}

/// Where the version of a program is found.
#[derive(Debug, Clone)]
enum Version {
    /// It is that of this repository.
    Own,
    /// The program prints it when it is called with these arguments.
    Asked(Vec<OsString>),
    /// Its installation wrote it into a file.
    Noted(PathBuf),
}

/// A program with its arguments.
#[derive(Debug, Clone)]
pub struct Program {
    name: &'static str,
    /// Which of several ways to call it; empty where there is one.
    way: &'static str,
    path: PathBuf,
    arguments: Vec<OsString>,
    version: Version,
    /// The exit code that says that all went well.
    pub code: i32,
}

impl Program {
    fn new(name: &'static str, path: impl Into<PathBuf>) -> Self {
        Self {
            name,
            way: "",
            path: path.into(),
            arguments: Vec::new(),
            version: Version::Own,
            code: 0,
        }
    }

    fn way(mut self, way: &'static str) -> Self {
        self.way = way;
        self
    }

    fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    fn args(mut self, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    fn version<const N: usize>(mut self, arguments: [&str; N]) -> Self {
        self.version = Version::Asked(arguments.map(Into::into).into());
        self
    }

    /// The command.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.args(&self.arguments).stdin(Stdio::null());
        command
    }

    /// What it is called.
    pub fn name(&self) -> String {
        self.named(self.name)
    }

    /// Whether it is there and starts.
    pub fn installed(&self) -> bool {
        self.name_and_version().is_some()
    }

    /// What it is called, with what it says its version is; none where it is not installed.
    pub fn name_and_version(&self) -> Option<String> {
        let text = match &self.version {
            Version::Own => return Some(self.name()),
            Version::Asked(arguments) => {
                let output = Command::new(&self.path).args(arguments).output().ok()?;
                output.status.success().then_some(output.stdout)
            }
            Version::Noted(file) => self.path.exists().then(|| std::fs::read(file).ok()).flatten(),
        };
        let text = String::from_utf8(text?).ok()?;
        let version = text
            .split_whitespace()
            .map(|word| word.trim_start_matches('v'))
            .find(|word| word.starts_with(|first: char| first.is_ascii_digit()));
        let name = match version {
            Some(version) => format!("{} {version}", self.name),
            None => self.name.to_owned(),
        };
        Some(self.named(&name))
    }

    fn named(&self, name: &str) -> String {
        match self.way {
            "" => name.to_owned(),
            way => format!("{name}, {way}"),
        }
    }

    /// Runs it once and returns what it printed.
    pub fn output(&self) -> anyhow::Result<Vec<u8>> {
        let output =
            (self.command().output()).with_context(|| format!("starting {}", self.path.display()))?;
        if output.status.code() != Some(self.code) {
            bail!(
                "{} ended with {}\n{}",
                self.name(),
                output.status,
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(output.stdout)
    }
}
