//! A host number is reserved for a node that the site does not have.

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;
use crate::names::{counted, folded};
use crate::numbers::{Addressed, Kept};

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2026",
    name: "reservation-unknown-node",
    severity: Severity::Error,
    summary: "A host number is reserved for a node that the site does not have",
    doc: r#"## What it does
Looks up the nodes of each of `addressing.reservations` among those of the fabric's supercluster. A supercluster without racks has every node that no other site places.

## Why
The node that was meant gets another number, and keeps it.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-2]", system: dgx-b200 }
  clusters:
  - { name: one, racks: a1 }
  - { name: two, racks: a2 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a[1-2]" }
  fabrics: [ { name: compute } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: compute }
spec:
  supercluster: lab
  plane: Compute
  topology: { type: FatTree, rails: 2 }
  addressing:
    ipv4: 10.64.0.0/24
    ranges:
    - { cluster: one, first: 1, last: 50 }
    - { cluster: two, first: 51, last: 100 }
    reservations:
    - { first: 10, nodes: "a1-n[2-3]" }
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-2]", system: dgx-b200 }
  clusters:
  - { name: one, racks: a1 }
  - { name: two, racks: a2 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a[1-2]" }
  fabrics: [ { name: compute } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: compute }
spec:
  supercluster: lab
  plane: Compute
  topology: { type: FatTree, rails: 2 }
  addressing:
    ipv4: 10.64.0.0/24
    ranges:
    - { cluster: one, first: 1, last: 50 }
    - { cluster: two, first: 51, last: 100 }
    reservations:
    - { first: 10, nodes: "a1-n[1-2]" }
```

## Fix
Correct the hostlist. Remove the reservation only if the number may go to another node.
"#,
};

/// The reserved nodes of a fabric.
pub(crate) fn check(model: &Model<'_>, fabric: &Addressed<'_>, kept: &[Kept], findings: &mut Vec<Finding>) {
    let site = model.superclusters[fabric.site as usize];
    if model.site.incomplete[fabric.site as usize] {
        return;
    }
    let describes_racks = !site.spec.racks.is_empty();
    let known = |name: &str| match model.site.node(name).map(|node| model.site.supercluster_of(node)) {
        Some(Some(placed)) => placed == fabric.site,
        Some(None) | None => !describes_racks,
    };
    for of_one in kept.chunk_by(|a, b| a.reservation == b.reservation) {
        let unknown: Vec<&str> = of_one
            .iter()
            .map(|kept| &*kept.name)
            .filter(|name| !known(name))
            .collect();
        if unknown.is_empty() {
            continue;
        }
        let (object, holder) = (fabric.object(), ObjectRef::new(Kind::Supercluster, &site.name));
        let shown = folded(unknown.iter().copied());
        let path = at!(
            "spec",
            "addressing",
            "reservations",
            of_one[0].reservation,
            "nodes"
        );
        findings.push(
            Finding::new(
                &RULE,
                format!(
                    "{path} of {object} reserves host numbers for {} that {holder} does not have: {shown}",
                    counted(unknown.len(), "node")
                ),
            )
            .party(object, path, format!("{shown} unknown"))
            .told(holder, at!("spec", "racks"), "not here")
            .help("correct the hostlist, or add the rack to spec.racks of the supercluster"),
        );
    }
}
