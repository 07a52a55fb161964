//! A rack or host has seats in two places.

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::ObjectRef;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2031",
    name: "placed-twice",
    severity: Severity::Error,
    summary: "A fabric places a rack or host twice",
    doc: r#"## What it does
A rack or host stands in `topology.placement` of a fabric once. The nodes of a rack are placed with their rack.

## Why
A node has one set of ports. Which of the two cables would be pulled is a guess.

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
    placement:
    - { unit: 1, racks: "a[1-2]" }
    - { unit: 2, racks: "a[2-4]" }
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
    placement:
    - { unit: 1, racks: "a[1-2]" }
    - { unit: 2, racks: "a[3-4]" }
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
Remove one of the two.
"#,
};

/// A rack or host, and the entries that place it.
pub(crate) fn finding(
    fabric: &ObjectRef,
    what: &str,
    name: &str,
    before: usize,
    again: usize,
    field: &str,
) -> Finding {
    let message = format!("{fabric} places {what} {name} twice");
    let place = |entry: usize| at!("spec", "topology", "placement", entry);
    let finding =
        Finding::new(&RULE, message).party(fabric.clone(), place(again).child(field), "placed again here");
    let finding = if before == again {
        finding
    } else {
        finding.party(fabric.clone(), place(before), "placed here first")
    };
    finding.help("remove one of the two")
}
