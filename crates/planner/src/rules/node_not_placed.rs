//! A node is plugged into a fabric that gives it no seat.

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;
use crate::names::{counted, folded};
use crate::site::NO_RACK;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2034",
    name: "node-not-placed",
    severity: Severity::Error,
    summary: "A pool plugs a node into a fabric that does not place it",
    doc: r#"## What it does
Where a fabric has `topology.placement`, it places every node that a pool plugs in: by its rack, or as a host.

## Why
Without a place nobody knows which port the node gets.

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
    nodesPerUnit: 8
    placement: [ { unit: 1, racks: "a[1-2]" } ]
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
    nodesPerUnit: 8
    placement: [ { unit: 1, racks: "a[1-4]", racksPerUnit: 2 } ]
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
Add the rack or host to `topology.placement`, behind what is there.
"#,
};

/// Every pool at a fabric with a placement.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for seats in model.seats.iter().flatten() {
        let fabric = model.fabrics[seats.fabric];
        if fabric.spec.topology.placement.is_empty() {
            continue;
        }
        let mut has_seats = vec![false; model.site.racks.len()];
        for rack in &seats.racks {
            has_seats[rack.rack as usize] = true;
        }
        let mut hosts: Vec<u32> = seats.hosts.iter().filter_map(|host| host.node).collect();
        hosts.sort_unstable();
        for (pool, selected) in model.pools.iter().zip(&model.selected) {
            let used = pool.spec.fabrics.iter().position(|used| used.name == fabric.name);
            let Some(used) = used else { continue };
            let without = selected.iter().copied().filter(|&node| {
                let rack = model.site.rack_of[node as usize];
                let seated = rack != NO_RACK && has_seats[rack as usize];
                !seated && hosts.binary_search(&node).is_err()
            });
            let without: Vec<&str> = without.map(|node| model.site.name(node)).collect();
            if without.is_empty() {
                continue;
            }
            let holder = ObjectRef::new(Kind::GPUPool, &pool.name);
            let placing = ObjectRef::new(Kind::InfiniBandFabric, &fabric.name);
            let shown = folded(without.iter().copied());
            let message = format!(
                "{holder} plugs {} into {placing}, which does not place them: {shown}",
                counted(without.len(), "node")
            );
            findings.push(
                Finding::new(&RULE, message)
                    .party(holder, at!("spec", "fabrics", used, "name"), "plugged in here")
                    .told(placing, at!("spec", "topology", "placement"), "not placed here")
                    .help("add their racks, or them as hosts, behind what topology.placement has"),
            );
        }
    }
}
