//! A scalable unit has more nodes than places.

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::ObjectRef;
use crate::names::counted;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2032",
    name: "unit-overfull",
    severity: Severity::Error,
    summary: "More nodes are placed in a scalable unit than it has places",
    doc: r#"## What it does
`topology.placement` puts at most `nodesPerUnit` nodes and hosts into one unit.

## Why
The leaves of a unit have a port for each of its nodes and no more.

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
    placement: [ { unit: 1, racks: "a[1-4]", racksPerUnit: 3 } ]
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
Place fewer racks in the unit, or raise `nodesPerUnit` where the switch has the ports.
"#,
};

/// The units that are too full: each with its nodes and the entries that fill it.
pub(crate) fn finding(fabric: &ObjectRef, per_unit: u32, full: &[(u32, u32, &[usize])]) -> Option<Finding> {
    let (unit, nodes, entries) = full.first()?;
    let others = match full.len() - 1 {
        0 => String::new(),
        more => format!(", and {} more", counted(more, "unit")),
    };
    let message = format!(
        "unit {} of {fabric} has {per_unit} places and {nodes} nodes{others}",
        unit + 1
    );
    let mut finding = Finding::new(&RULE, message).party(
        fabric.clone(),
        at!("spec", "topology", "nodesPerUnit"),
        format!("{per_unit} nodes a unit"),
    );
    for &entry in *entries {
        let path = at!("spec", "topology", "placement", entry);
        finding = finding.party(fabric.clone(), path, "fills the unit");
    }
    Some(finding.help("place fewer racks in the unit, or raise nodesPerUnit where the switch has the ports"))
}
