//! An edit of one pool of a fleet, compiled alone and in full.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use rackwright_api::{GPUPoolSpec, Name, NodeInventory, NodeName, Power};
use rackwright_manifest::{Limits, Sources};
use rackwright_planner::{Compilation, Incremental, Input, Intent, Inventory, Recompiled, compile};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::say;

/// Compares, and prints one row.
pub fn run(folder: &Path, rounds: u32) -> anyhow::Result<()> {
    let input = input(folder)?;
    let mut pool = input.pools.first().context("a pool")?.clone();
    let mut compiler = Incremental::new(input)?;
    let (mut full, mut edit) = (Duration::MAX, Duration::MAX);
    let mut nodes = 0;
    for round in 0..rounds {
        let gpu = pool.spec.gpu.as_mut().context("a GPU section")?;
        gpu.power_limit = Some(Power::new(format!("{}W", 1100 + round))?);
        let (recompiled, time) = timed(|| compiler.set_pool(pool.clone()));
        edit = edit.min(time);
        match recompiled? {
            Recompiled::Nodes(some) => nodes = some,
            Recompiled::All => anyhow::bail!("the edit of one pool was compiled in full"),
        }
        let (compilation, time) = timed(|| compile(compiler.input()));
        full = full.min(time);
        anyhow::ensure!(
            specs(&compilation?) == specs(compiler.compilation()),
            "the edited plan is not that of a full compile"
        );
    }
    let ratio = edit.as_secs_f64() / full.as_secs_f64();
    say(&format!(
        "| {} | {nodes} | {:.4} | {:.4} | {ratio:.3} |",
        compiler.compilation().plan.nodes().len(),
        full.as_secs_f64(),
        edit.as_secs_f64(),
    ));
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "measuring time is the point")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed())
}

fn specs(compilation: &Compilation) -> Vec<u8> {
    let mut specs = Vec::new();
    for node in compilation.plan.nodes() {
        node.write_spec(&mut specs);
    }
    specs
}

/// The fleet as the compiler's types.
fn input(folder: &Path) -> anyhow::Result<Input> {
    let mut input = Input::default();
    let site = std::fs::read(folder.join("site.yaml"))?;
    let read = rackwright_manifest::read(&mut Sources::default(), "site.yaml", site, &Limits::default());
    for document in &read.documents {
        let value = &document.value;
        match document.kind() {
            Some("Supercluster") => input.superclusters.push(intent(value)?),
            Some("InfiniBandFabric") => input.fabrics.push(intent(value)?),
            Some("GPUPool") => input.pools.push(intent::<GPUPoolSpec>(value)?),
            other => anyhow::bail!("a fleet has no {other:?}"),
        }
    }
    for line in std::fs::read_to_string(folder.join("inventory.jsonl"))?.lines() {
        let found: NodeInventory = serde_json::from_str(line)?;
        let name = NodeName::new(found.metadata.name.context("a name")?)?;
        input
            .inventories
            .push(Inventory::new(name, BTreeMap::new(), &found.spec));
    }
    Ok(input)
}

fn intent<S: DeserializeOwned>(value: &Value) -> anyhow::Result<Intent<S>> {
    let name = value["metadata"]["name"].as_str().context("a name")?;
    Ok(Intent::new(Name::new(name)?, S::deserialize(&value["spec"])?))
}
