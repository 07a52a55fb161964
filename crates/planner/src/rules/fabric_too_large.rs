//! A fabric that no switches can be built for.

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2035",
    name: "fabric-too-large",
    severity: Severity::Error,
    summary: "No switches hold the fabric",
    doc: r#"## What it does
A fabric fits three levels of its switch, and its leaves have a port for a node beside their uplinks. A dragonfly+ has at least one cable between each two of its groups, and a group no more leaves than a spine has ports for.

## Why
There is no such fabric: three levels of a switch with k ports hold k³/4 ports of nodes (65,536 with 64 ports). A dragonfly+ of them has at most k/2 leaves in a group and (k/2)² + 1 groups (1,025 with 64 ports), fewer where groups are smaller.

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
    switch: qm9700
    units: 4096
    oversubscription: "1:1"
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
    switch: qm9700
    units: 64
    oversubscription: "1:1"
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
Cut the fabric in several, use a switch with more ports, or let each rail be a subnet of its own (`disjointRails`). Of a dragonfly+: fewer `units`, or other `nodesPerUnit`.
"#,
};

/// Every fabric with a known switch.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for seats in model.seats.iter().flatten() {
        let Some(Err(error)) = seats.topology else {
            continue;
        };
        let fabric = ObjectRef::new(Kind::InfiniBandFabric, &model.fabrics[seats.fabric].name);
        findings.push(
            Finding::new(&RULE, format!("{fabric} cannot be built: {error}"))
                .party(fabric.clone(), at!("spec", "topology", "switch"), "this switch")
                .party(fabric, at!("spec", "topology", "type"), "in this shape")
                .help("cut the fabric in several, use a switch with more ports, set disjointRails, or change nodesPerUnit"),
        );
    }
}
