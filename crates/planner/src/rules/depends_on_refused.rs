//! An object depends on one that is refused.

use std::collections::BTreeSet;

use rackwright_manifest::{Rule, Severity};

use crate::finding::Finding;
use crate::input::{Kind, ObjectRef};
use crate::model::Model;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2007",
    name: "depends-on-refused",
    severity: Severity::Error,
    summary: "An object depends on one that is refused",
    doc: r#"## What it does
When an object has an error, what depends on it is refused with it: the fabrics, tiers and pools of a supercluster, the pools of a fabric or tier.

## Why
A node compiled from a refused object would be half of what the user meant. What is written already stays.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-2]", system: dgx-b200 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a1" }
  fabrics: [ { name: compute } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: compute }
spec:
  supercluster: lab
  plane: Compute
  topology: { type: FatTree, rails: 2 }
  partitions: [ { name: team-a, pkey: "0x0011", members: [ { pool: trian, membership: Full } ] } ]
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-2]", system: dgx-b200 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a1" }
  fabrics: [ { name: compute } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: compute }
spec:
  supercluster: lab
  plane: Compute
  topology: { type: FatTree, rails: 2 }
  partitions: [ { name: team-a, pkey: "0x0011", members: [ { pool: train, membership: Full } ] } ]
```

## Fix
Correct the object that the message names; this one follows.
"#,
};

/// Refuses what depends on refused objects: first the fabrics of refused sites, then the tiers, which may travel on a
/// fabric, then the pools.
pub(crate) fn spread(model: &Model<'_>, refused: &mut BTreeSet<ObjectRef>, findings: &mut Vec<Finding>) {
    for dependants in [Kind::InfiniBandFabric, Kind::StorageTier, Kind::GPUPool] {
        let mut spread = Vec::new();
        for reference in model
            .references()
            .filter(|reference| reference.from.kind == dependants)
        {
            // A pool in a partition does not hang on the other members of the partition.
            if reference.to.kind == Kind::GPUPool || !refused.contains(&reference.to) {
                continue;
            }
            // Held objects name the pool themselves (RW2015).
            if model.is_deleting(&reference.to) {
                continue;
            }
            findings.push(
                Finding::new(
                    &RULE,
                    format!("{} is refused because {} is", reference.from, reference.to),
                )
                .party(
                    reference.from.clone(),
                    reference.path.clone(),
                    format!("{} is refused", reference.to),
                )
                .help(format!("correct {}", reference.to)),
            );
            spread.push(reference.from);
        }
        refused.extend(spread);
    }
}

/// The same once more is refused than was known: tells only what is new.
pub(crate) fn spread_beyond(
    model: &Model<'_>,
    known: &BTreeSet<ObjectRef>,
    refused: &mut BTreeSet<ObjectRef>,
    findings: &mut Vec<Finding>,
) {
    let mut found = Vec::new();
    spread(model, refused, &mut found);
    found.retain(|finding| finding.parties.iter().all(|party| !known.contains(&party.object)));
    findings.append(&mut found);
}
