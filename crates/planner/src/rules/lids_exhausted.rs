//! A subnet needs more addresses than there are.

use rackwright_fabric::opensm::LAST_LID;
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2044",
    name: "lids-exhausted",
    severity: Severity::Error,
    summary: "A subnet needs more LIDs than there are",
    doc: r#"## What it does
A subnet has 49,151 LIDs (0x0001 to 0xbfff). One goes to each port of a node, one to each switch and one to each switch's own aggregation node, for all units that the fabric is built for. The LMC is 0, one LID a port: fat tree routing demands it.

## Why
What gets no LID cannot be reached. A design that fits today and not when all its units are there means new subnets, and new cables, in the middle of its growth.

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
  topology: { type: FatTree, rails: 8, nodesPerUnit: 32, switch: qm9700, oversubscription: "1:1", units: 192 }
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
  topology: { type: FatTree, rails: 8, nodesPerUnit: 32, switch: qm9700, oversubscription: "1:1", units: 160 }
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
Let each rail be a subnet of its own (`disjointRails`), or build fewer units and a second fabric.
"#,
};

/// Every fabric with a known switch.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for seats in model.seats.iter().flatten() {
        let Some(Ok(topology)) = seats.topology else {
            continue;
        };
        let rails = match topology.subnets() {
            1 => topology.shape().rails,
            _ => 1,
        };
        let [units, nodes, rails, leaves, spines, cores] = [
            topology.units(),
            topology.nodes_per_unit(),
            rails,
            topology.leaves(),
            topology.spines(),
            topology.cores(),
        ]
        .map(u64::from);
        let (hcas, switches) = (units * nodes * rails, leaves + spines + cores);
        let needed = hcas + 2 * switches;
        if needed <= u64::from(LAST_LID) {
            continue;
        }
        let fabric = model.fabrics[seats.fabric];
        let object = ObjectRef::new(Kind::InfiniBandFabric, &fabric.name);
        let each = match topology.subnets() {
            1 => "needs".to_owned(),
            subnets => format!("needs, in each of its {subnets} subnets,"),
        };
        let message = format!(
            "{object} {each} {units} units x {nodes} nodes (nodesPerUnit) x {rails} rails = {hcas} LIDs for nodes, {switches} for switches and {switches} for their aggregation nodes: {needed} in all, and a subnet has {LAST_LID}"
        );
        let field = if fabric.spec.topology.units.is_some() {
            "units"
        } else {
            "rails"
        };
        findings.push(
            Finding::new(&RULE, message)
                .party(object, at!("spec", "topology", field), format!("{needed} LIDs a subnet"))
                .help("let each rail be a subnet of its own (disjointRails), or build fewer units and a second fabric"),
        );
    }
}
