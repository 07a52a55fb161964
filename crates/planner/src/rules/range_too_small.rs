//! A member cluster has more nodes than host numbers.

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;
use crate::names::counted;
use crate::numbers::Addressed;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2025",
    name: "range-too-small",
    severity: Severity::Error,
    summary: "A member cluster has more nodes than host numbers",
    doc: r#"## What it does
Each node of a member cluster takes one host number of the cluster's range, and each node of no member cluster one outside of all ranges. Numbers of detached nodes and reserved numbers stay taken.

## Why
A number of another range may be given away by another operator at any time.

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
    - { cluster: one, first: 1, last: 1 }
    - { cluster: two, first: 51, last: 100 }
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
```

## Fix
Let the range end later, with room for the last phase; it may not shrink below what is held.
"#,
};

/// A range, by its place, or what lies outside of all ranges, has `size` numbers, and `needed` are needed, those of
/// detached nodes and reserved ones included.
pub(crate) fn finding(
    model: &Model<'_>,
    fabric: &Addressed<'_>,
    range: Option<usize>,
    size: u32,
    needed: usize,
) -> Finding {
    let object = fabric.object();
    let owner = model.superclusters[fabric.site as usize];
    let holder = ObjectRef::new(Kind::Supercluster, &owner.name);
    let Some(place) = range else {
        let message = format!(
            "outside of all ranges {object} has {}; the nodes of no member cluster need {needed}",
            counted(size as usize, "host number")
        );
        return Finding::new(&RULE, message)
            .party(
                object,
                at!("spec", "addressing", "ranges"),
                "too much of the prefix",
            )
            .help("make a range smaller, choose a wider prefix, or give the racks to a member cluster");
    };
    let range = &fabric.addressing.ranges[place];
    let message = format!(
        "the range {}-{} of {} in {object} has {}; the nodes of that member cluster of {holder} need {needed}",
        range.first,
        range.last,
        range.cluster,
        counted(size as usize, "host number")
    );
    let cluster = owner
        .spec
        .clusters
        .iter()
        .position(|cluster| cluster.name == range.cluster);
    let finding = Finding::new(&RULE, message).party(
        object,
        at!("spec", "addressing", "ranges", place),
        format!("{needed} needed"),
    );
    let finding = cluster.into_iter().fold(finding, |finding, cluster| {
        finding.told(
            holder.clone(),
            at!("spec", "clusters", cluster, "racks"),
            "these racks",
        )
    });
    finding.help("let the range end later, with room for the last phase")
}
