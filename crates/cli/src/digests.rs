//! Digests of a plan that is saved: of what was read, and of what came of it.

use std::fmt::{Debug, Write as _};
use std::io::{self, Write};

use rackwright_planner::{Input, Intent, Kind};
use schemars::JsonSchema;
use serde::Serialize;

/// What a saved plan says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Digests {
    /// Of documents, inventories and the previous state, in whatever order and files they stood. Another one does not say that
    /// another plan comes of it.
    pub inputs: String,
    /// Of the objects: what `b3sum` prints for the plan as `--output jsonl`.
    pub output: String,
}

/// A stream that is hashed.
#[derive(Debug, Default)]
pub struct Hashing(blake3::Hasher);

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Hashing {
    /// The digest of all that was written.
    pub fn digest(&self) -> String {
        self.0.finalize().to_hex().to_string()
    }
}

/// The digest of all that a compile looks at.
pub fn of_inputs(input: &Input) -> serde_json::Result<String> {
    let Input {
        superclusters,
        pools,
        fabrics,
        tiers,
        inventories,
        previous,
    } = input;
    let mut lines = Vec::with_capacity(inventories.len() + previous.len());
    intents(&mut lines, Kind::Supercluster, superclusters)?;
    intents(&mut lines, Kind::GPUPool, pools)?;
    intents(&mut lines, Kind::InfiniBandFabric, fabrics)?;
    intents(&mut lines, Kind::StorageTier, tiers)?;
    // As the compiler holds them, whatever the text left out. Their derived form forgets no field.
    let shown = |what: &dyn Debug| {
        let mut line = String::new();
        // Writing to a String cannot fail.
        write!(line, "{what:?}").unwrap_or(());
        line
    };
    lines.extend(inventories.iter().map(|inventory| shown(inventory)));
    lines.extend(previous.iter().map(|node| shown(node)));
    lines.sort_unstable();
    let mut hasher = blake3::Hasher::new();
    for line in lines {
        hasher.update(line.as_bytes());
        hasher.update(b"\n");
    }
    Ok(hasher.finalize().to_hex().to_string())
}

fn intents<S: Serialize>(
    lines: &mut Vec<String>,
    kind: Kind,
    intents: &[Intent<S>],
) -> serde_json::Result<()> {
    for intent in intents {
        // Which warnings its author knows changes no plan.
        let Intent {
            name,
            deleting,
            ignore: _,
            spec,
        } = intent;
        let spec = serde_json::to_string(spec)?;
        lines.push(format!("{}/{name} {deleting} {spec}", kind.as_str()));
    }
    Ok(())
}
