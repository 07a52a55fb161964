//! Fewer places for switches than switches.

use std::collections::BTreeMap;

use rackwright_api::SwitchLevel;
use rackwright_manifest::{Rule, Severity};

use super::hostlist_invalid;
use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2050",
    name: "switch-racks",
    severity: Severity::Warning,
    summary: "The racks of a level hold fewer switches than it has",
    doc: r#"## What it does
A level that `topology.switchRacks` gives racks has a place for each of its switches: racks times `perRack`, against the switches of all subnets and of all units that the fabric is built for.

## Why
Switches without a place have no rack in the cable schedule, and whoever lays the cables has to guess.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-4]", nodes: "n[1-4]", system: dgx-b200 }
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: compute }
spec:
  supercluster: lab
  plane: Compute
  topology:
    type: FatTree
    rails: 8
    nodesPerUnit: 16
    switch: qm9700
    oversubscription: "1:1"
    switchRacks: [ { level: Leaf, racks: "net[1-2]", perRack: 3 } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a[1-4]" }
  fabrics: [ { name: compute } ]
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-4]", nodes: "n[1-4]", system: dgx-b200 }
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: compute }
spec:
  supercluster: lab
  plane: Compute
  topology:
    type: FatTree
    rails: 8
    nodesPerUnit: 16
    switch: qm9700
    oversubscription: "1:1"
    switchRacks: [ { level: Leaf, racks: "net[1-2]", perRack: 4 } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a[1-4]" }
  fabrics: [ { name: compute } ]
```

## Fix
Add racks, or raise `perRack`.
"#,
};

/// Every fabric that gives switches racks.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for seats in model.seats.iter().flatten() {
        let fabric = model.fabrics[seats.fabric];
        let object = ObjectRef::new(Kind::InfiniBandFabric, &fabric.name);
        // By level: the first entry, and the places of all.
        let mut levels: BTreeMap<SwitchLevel, (usize, u64)> = BTreeMap::new();
        for (at, entry) in fabric.spec.topology.switch_racks.iter().enumerate() {
            let path = at!("spec", "topology", "switchRacks", at, "racks");
            let racks = hostlist_invalid::read(&entry.racks, &object, &path, findings);
            let racks = racks.map_or(0, |list| list.iter().count()) as u64;
            levels.entry(entry.level).or_insert((at, 0)).1 += racks * u64::from(entry.per_rack);
        }
        let Some(Ok(topology)) = seats.topology else {
            continue;
        };
        for (level, (at, places)) in levels {
            let (of_subnet, word) = match level {
                SwitchLevel::Leaf => (topology.leaves(), "leaves"),
                SwitchLevel::Spine => (topology.spines(), "spines"),
                SwitchLevel::Core => (topology.cores(), "cores"),
            };
            let switches = u64::from(of_subnet) * u64::from(topology.subnets());
            if switches <= places {
                continue;
            }
            let object = object.clone();
            findings.push(
                Finding::new(
                    &RULE,
                    format!("{object} has {switches} {word}, and topology.switchRacks has room for {places} of them"),
                )
                .party(object, at!("spec", "topology", "switchRacks", at), format!("room for {places} {word}"))
                .help("add racks, or raise perRack"),
            );
        }
    }
}
