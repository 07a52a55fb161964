//! A placement reaches beyond the units that a fabric is built for.

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::ObjectRef;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2033",
    name: "unit-beyond",
    severity: Severity::Error,
    summary: "A placement fills a unit that the fabric is not built for",
    doc: r#"## What it does
The units that `topology.placement` fills are at most `topology.units`.

## Why
The spines have no ports for the leaves of a further unit: all bundles would change, and most cables with them.

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
    units: 1
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
    units: 2
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
Raise `units` before the first cable is pulled. Later it means new bundles: compare the cable schedules of `fabric render` before and after.
"#,
};

/// The unit, and the entry that fills it.
pub(crate) fn finding(fabric: &ObjectRef, units: u32, unit: u32, entry: usize) -> Finding {
    let message = format!("{fabric} is built for {units} units and fills unit {}", unit + 1);
    Finding::new(&RULE, message)
        .party(
            fabric.clone(),
            at!("spec", "topology", "placement", entry),
            format!("reaches unit {}", unit + 1),
        )
        .party(
            fabric.clone(),
            at!("spec", "topology", "units"),
            format!("{units} units"),
        )
        .help("raise units before the first cable is pulled; later it changes all bundles")
}
