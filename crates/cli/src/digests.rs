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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rackwright_api::NodeName;
    use rackwright_planner::{Inventory, PreviousNode};
    use serde_json::{Value, json};

    use super::*;
    use crate::pipeline::intent_of;

    fn intent<S: serde::de::DeserializeOwned>(name: &str, spec: &Value) -> Intent<S> {
        intent_of(name, &json!({ "spec": spec })).unwrap()
    }

    fn input() -> Input {
        let name = |name: &str| NodeName::new(name).unwrap();
        let pool = |site: &str| json!({"supercluster": site, "nodes": {"racks": "r1"}});
        let inventory =
            |node: &str| Inventory::from_parts(name(node), BTreeMap::new(), &[], std::iter::empty());
        let node = |node: &str| PreviousNode {
            name: name(node),
            addresses: Box::default(),
            guids: Box::default(),
            quarantined: Box::default(),
            in_force: None,
        };
        let nfs = json!({"server": "s1", "export": "/home", "transport": "TCP"});
        Input {
            superclusters: vec![intent("lab", &json!({})), intent("big", &json!({}))],
            pools: vec![intent("one", &pool("lab")), intent("two", &pool("big"))],
            fabrics: vec![intent(
                "compute",
                &json!({"supercluster": "lab", "plane": "Compute", "topology": {"type": "FatTree", "rails": 2}}),
            )],
            tiers: vec![intent(
                "home",
                &json!({"supercluster": "lab", "nfs": nfs, "mountPoint": "/home"}),
            )],
            inventories: vec![inventory("n1"), inventory("n2")],
            previous: vec![node("n1"), node("n2")],
        }
    }

    #[test]
    fn all_that_a_compile_looks_at_is_in_the_digest_and_its_order_is_not() {
        let base = of_inputs(&input()).unwrap();
        let changes: [fn(&mut Input); 8] = [
            |input| drop(input.superclusters.pop()),
            |input| drop(input.pools.pop()),
            |input| drop(input.fabrics.pop()),
            |input| drop(input.tiers.pop()),
            |input| drop(input.inventories.pop()),
            |input| drop(input.previous.pop()),
            |input| input.pools[0].deleting = true,
            |input| {
                let labels = &mut input.inventories[0].labels;
                labels.insert("role".to_owned(), "login".to_owned());
            },
        ];
        for (at, change) in changes.into_iter().enumerate() {
            let mut input = input();
            change(&mut input);
            assert_ne!(of_inputs(&input).unwrap(), base, "{at}");
        }
        let mut same = input();
        same.superclusters.reverse();
        same.pools.reverse();
        same.inventories.reverse();
        same.previous.reverse();
        same.pools[0].ignore = Some("RW2001: known".into());
        assert_eq!(of_inputs(&same).unwrap(), base);
    }
}
