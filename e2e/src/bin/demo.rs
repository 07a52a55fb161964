//! `make demo`: the main job, on a terminal, without a cluster. The command line is the built binary; the operator runs in
//! this process, against the in-memory API server.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use kube::api::{Api, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::{Client, ResourceExt};
use rackwright_e2e::cluster::resource;
use rackwright_e2e::root;
use rackwright_fake_apiserver::{FakeApiServer, LoggedRequest};
use rackwright_operator::{Handle, Options};
use serde_json::{Value, json};

/// The example that the demo is about.
const EXAMPLE: &str = "examples/superpod-b200";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    std::env::set_current_dir(root())?;
    let screen = Screen {
        colour: std::io::IsTerminal::is_terminal(&std::io::stdout()),
    };

    screen.step(
        1,
        "Validate the published NVIDIA B200 SuperPOD: 4 scalable units, 128 nodes, 1,024 GPUs",
    )?;
    screen.command(&["validate", EXAMPLE], 0)?;

    screen.step(
        2,
        "A mistake: the research pool reaches for one rack of the training pool",
    )?;
    let mistaken = mistaken_copy()?;
    screen.command(&["validate", &mistaken.path().display().to_string()], 1)?;

    screen.step(3, "The plan: what each node becomes")?;
    screen.command(&["plan", EXAMPLE], 0)?;
    screen.head(&["plan", EXAMPLE, "--node", "dgx001"], 14)?;

    screen.step(
        4,
        "The operator, on an API server in memory: the same compiler, now writing",
    )?;
    let server = FakeApiServer::default();
    let client = server.client();
    create(&client, &rackwright_api::crds::all()).await?;
    let version = create(&client, &documents(Path::new(EXAMPLE))?).await?;
    let mark = server.mark();
    let handle = rackwright_operator::start(client.clone(), Options::for_tests()).await?;
    settle(&handle, &version).await?;
    let nodes = list(&client, "NodeConfig").await?;
    screen.say(&format!(
        "{} NodeConfigs are there. What was written, by verb and resource:",
        nodes.len()
    ))?;
    screen.writes(&server.requests_since(mark))?;
    same_as_planned(&client).await?;
    screen.say("Every NodeConfig and NodeProfile equals what `rackwright plan` prints, byte for byte.")?;

    screen.step(5, "One sysctl changes in the research pool")?;
    let mark = server.mark();
    let patch = Patch::Merge(json!({"spec": {"host": {"sysctls": {"vm.swappiness": "1"}}}}));
    let pool = api(&client, "GPUPool")
        .patch("research", &PatchParams::default(), &patch)
        .await?;
    settle(
        &handle,
        &[("GPUPool".to_owned(), pool.resource_version().unwrap_or_default())],
    )
    .await?;
    let after = list(&client, "NodeConfig").await?;
    let changed = nodes
        .iter()
        .filter(|(name, spec)| after.get(*name) != Some(spec))
        .count();
    screen.say(&format!(
        "{changed} of {} NodeConfigs changed: exactly those of the pool.",
        nodes.len()
    ))?;
    screen.writes(&server.requests_since(mark))?;
    screen.say("(The patch of gpupools is the change itself.)")?;
    ensure!(changed == 32, "expected 32 changed nodes, saw {changed}");

    screen.step(6, "The operator restarts")?;
    handle.stop().await?;
    let mark = server.mark();
    let handle = rackwright_operator::start(client.clone(), Options::for_tests()).await?;
    settle(
        &handle,
        &[("GPUPool".to_owned(), pool.resource_version().unwrap_or_default())],
    )
    .await?;
    let writes = mutating(&server.requests_since(mark));
    screen.say(&format!(
        "It read everything, compiled, and wrote {} times.",
        writes.values().sum::<usize>()
    ))?;
    ensure!(writes.is_empty(), "a restart must write nothing: {writes:?}");
    handle.stop().await?;

    screen.say("\nNext: README.md has the same steps on your own files and cluster.")
}

/// Where the demo writes.
struct Screen {
    colour: bool,
}

impl Screen {
    fn step(&self, number: u32, title: &str) -> anyhow::Result<()> {
        let (on, off) = if self.colour {
            ("\x1b[1;36m", "\x1b[0m")
        } else {
            ("", "")
        };
        self.say(&format!("\n{on}{number}. {title}{off}"))
    }

    #[expect(clippy::unused_self, reason = "beside the other ways of writing")]
    fn say(&self, line: &str) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{line}")?;
        Ok(out.flush()?)
    }

    /// Runs the command line as a user would, and checks its exit code.
    fn command(&self, arguments: &[&str], expected: i32) -> anyhow::Result<()> {
        let (on, off) = if self.colour {
            ("\x1b[1m", "\x1b[0m")
        } else {
            ("", "")
        };
        self.say(&format!("{on}$ rackwright {}{off}", arguments.join(" ")))?;
        let colour = if self.colour { "always" } else { "never" };
        let program = std::env::current_exe()?.with_file_name("rackwright");
        let output = Command::new(&program)
            .args(arguments)
            .args(["--color", colour])
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("running {}", program.display()))?;
        let mut out = std::io::stdout().lock();
        out.write_all(&output.stdout)?;
        out.write_all(&output.stderr)?;
        drop(out);
        let code = output.status.code().unwrap_or(-1);
        ensure!(
            code == expected,
            "rackwright {} ended with {code}, expected {expected}",
            arguments.join(" ")
        );
        if code != 0 {
            self.say(&format!("(exit code {code}: findings)"))?;
        }
        Ok(())
    }

    /// The first lines of what a command prints.
    fn head(&self, arguments: &[&str], lines: usize) -> anyhow::Result<()> {
        let program = std::env::current_exe()?.with_file_name("rackwright");
        let output = Command::new(&program)
            .args(arguments)
            .stdin(Stdio::null())
            .output()?;
        ensure!(
            output.status.success(),
            "rackwright {} ended with {}",
            arguments.join(" "),
            output.status
        );
        let (on, off) = if self.colour {
            ("\x1b[1m", "\x1b[0m")
        } else {
            ("", "")
        };
        self.say(&format!(
            "\n{on}$ rackwright {} | head -n {lines}{off}",
            arguments.join(" ")
        ))?;
        let text = String::from_utf8(output.stdout)?;
        self.say(&text.lines().take(lines).collect::<Vec<_>>().join("\n"))
    }

    fn writes(&self, requests: &[LoggedRequest]) -> anyhow::Result<()> {
        for (what, count) in mutating(requests) {
            self.say(&format!("  {count:>4} x {what}"))?;
        }
        Ok(())
    }
}

/// Mutating requests by verb and resource; events are messages and stand aside.
fn mutating(requests: &[LoggedRequest]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for request in requests
        .iter()
        .filter(|request| request.is_mutating() && request.request.resource != "events")
    {
        let resource = &request.request.resource;
        let subresource = Some(&request.request.subresource)
            .filter(|sub| !sub.is_empty())
            .map(|sub| format!("/{sub}"))
            .unwrap_or_default();
        *counts
            .entry(format!("{:?} {resource}{subresource}", request.request.verb).to_lowercase())
            .or_default() += 1;
    }
    counts
}

/// The example with one rack too many in the second pool.
fn mistaken_copy() -> anyhow::Result<tempfile::TempDir> {
    let folder = tempfile::Builder::new().prefix("superpod-b200-").tempdir()?;
    let mut edited = false;
    for entry in std::fs::read_dir(EXAMPLE)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            let text = std::fs::read_to_string(&path)?;
            let mistaken = text.replace("r[25-32]", "r[24-32]");
            edited |= mistaken != text;
            std::fs::write(folder.path().join(path.file_name().unwrap_or_default()), mistaken)?;
        }
    }
    ensure!(edited, "the example no longer says r[25-32]");
    Ok(folder)
}

/// The objects of a folder, read as the command line reads them.
fn documents(folder: &Path) -> anyhow::Result<Vec<Value>> {
    let mut objects = Vec::new();
    let mut files: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    files.sort_by_key(std::fs::DirEntry::file_name);
    for file in files.iter().filter(|file| {
        file.path()
            .extension()
            .is_some_and(|extension| extension == "yaml")
    }) {
        let mut sources = rackwright_manifest::Sources::default();
        let name = file.path().display().to_string();
        let read = rackwright_manifest::read(
            &mut sources,
            &name,
            std::fs::read(file.path())?,
            &rackwright_manifest::Limits::default(),
        );
        objects.extend(read.documents.into_iter().map(|document| document.value));
    }
    Ok(objects)
}

fn api(client: &Client, kind: &str) -> Api<DynamicObject> {
    Api::all_with(client.clone(), &resource(kind))
}

/// Creates objects; returns the last version of each kind.
async fn create(client: &Client, objects: &[Value]) -> anyhow::Result<Vec<(String, String)>> {
    let mut versions = BTreeMap::new();
    for object in objects {
        let kind = object["kind"].as_str().context("an object without kind")?;
        let api = match kind {
            "CustomResourceDefinition" => {
                let gvk = kube::core::GroupVersionKind::gvk("apiextensions.k8s.io", "v1", kind);
                Api::all_with(client.clone(), &kube::core::ApiResource::from_gvk(&gvk))
            }
            _ => api(client, kind),
        };
        let created = api
            .create(&PostParams::default(), &serde_json::from_value(object.clone())?)
            .await?;
        versions.insert(kind.to_owned(), created.resource_version().unwrap_or_default());
    }
    Ok(versions.into_iter().collect())
}

/// Waits until the operator has seen these versions and has nothing left to do.
async fn settle(handle: &Handle, versions: &[(String, String)]) -> anyhow::Result<()> {
    for (kind, version) in versions {
        handle.settled(kind, version.parse()?).await?;
    }
    Ok(())
}

async fn list(client: &Client, kind: &str) -> anyhow::Result<BTreeMap<String, Value>> {
    let objects = api(client, kind).list(&ListParams::default()).await?;
    Ok(objects
        .into_iter()
        .map(|object| (object.name_any(), object.data["spec"].clone()))
        .collect())
}

/// Compares what is written with what the command line plans.
async fn same_as_planned(client: &Client) -> anyhow::Result<()> {
    let program = std::env::current_exe()?.with_file_name("rackwright");
    let output = Command::new(program)
        .args(["plan", "--output", "jsonl", EXAMPLE])
        .stderr(Stdio::null())
        .output()?;
    let mut planned: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
    for line in std::str::from_utf8(&output.stdout)?.lines() {
        let mut object: Value = serde_json::from_str(line)?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (kind, name) = (text(&object["kind"]), text(&object["metadata"]["name"]));
        planned
            .entry(kind)
            .or_default()
            .insert(name, object["spec"].take());
    }
    for kind in ["NodeProfile", "NodeConfig"] {
        ensure!(
            planned.get(kind) == Some(&list(client, kind).await?),
            "{kind}s differ from the plan"
        );
    }
    Ok(())
}
