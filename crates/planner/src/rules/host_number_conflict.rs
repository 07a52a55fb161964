//! A host number is promised to two nodes, or two are promised to one.

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;
use crate::names::{counted, folded};
use crate::numbers::{Addressed, Kept};

/// Nodes that a message names.
const SHOWN: usize = 5;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2027",
    name: "host-number-conflict",
    severity: Severity::Error,
    summary: "A host number is promised to two nodes, or two are promised to one",
    doc: r#"## What it does
The `addressing.reservations` of a fabric share no number and no node, and no reserved number is held by another node: by one of the fabric, by a detached one, or by one that had it and whose host was not seen to let go (`spec.quarantined` of its NodeConfig).

## Why
Two hosts would have one address. A detached node keeps its number until its NodeConfig is deleted, one that moved away until its host is what its NodeConfig says.

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
    - { first: 10, nodes: "a1-n[1-2]" }
    - { first: 11, nodes: "a1-n2" }
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
Reserve another number. To free one that a detached node holds, take its address from the host, then delete its NodeConfig; to free one that a node had, take it from the host, then from `spec.quarantined`.
"#,
};

/// Two reservations, by their places, that share numbers, from first to last.
pub(crate) fn two_reservations(
    fabric: &Addressed<'_>,
    one: usize,
    other: usize,
    (first, last): (u32, u32),
) -> Finding {
    let object = fabric.object();
    let reservations = &fabric.addressing.reservations;
    let message = format!(
        "{object} reserves {} ({}) for {} and for {}",
        counted((last - first) as usize + 1, "host number"),
        if first == last {
            first.to_string()
        } else {
            format!("{first}-{last}")
        },
        reservations[one].nodes,
        reservations[other].nodes,
    );
    let path = |place: usize| at!("spec", "addressing", "reservations", place, "first");
    Finding::new(&RULE, message)
        .party(object.clone(), path(other), "again from here")
        .party(object, path(one), "first reserved here")
        .help("give each reservation numbers of its own")
}

/// Nodes with two reserved numbers.
pub(crate) fn reserved_twice(fabric: &Addressed<'_>, kept: &[Kept], findings: &mut Vec<Finding>) {
    let mut by_name: Vec<&Kept> = kept.iter().collect();
    by_name.sort_by_key(|kept| (&*kept.name, kept.number));
    let twice: Vec<&[&Kept]> = by_name
        .chunk_by(|a, b| a.name == b.name)
        .filter(|group| group.len() > 1)
        .collect();
    let Some([one, other, ..]) = twice.first() else {
        return;
    };
    let object = fabric.object();
    let message = format!(
        "{object} reserves more than one host number for {}: {}; the first has {} and {}",
        counted(twice.len(), "node"),
        folded(twice.iter().map(|group| &*group[0].name)),
        one.number,
        other.number,
    );
    let path = |kept: &Kept| at!("spec", "addressing", "reservations", kept.reservation, "nodes");
    findings.push(
        Finding::new(&RULE, message)
            .party(object.clone(), path(other), format!("{} again", other.name))
            .party(object, path(one), "first reserved here")
            .help("name each node in one reservation only"),
    );
}

/// Reserved numbers and the other nodes that hold them: a finding for each reservation.
pub(crate) fn held(model: &Model<'_>, fabric: &Addressed<'_>, held: &[(&Kept, &str)]) -> Vec<Finding> {
    let mut sorted = held.to_vec();
    sorted.sort_by_key(|(kept, holder)| (kept.reservation, kept.number, *holder));
    let of_one = |group: &[(&Kept, &str)]| {
        let object = fabric.object();
        let mut cases: Vec<String> = group
            .iter()
            .take(SHOWN)
            .map(|(kept, holder)| format!("{} for {}, held by {holder}", kept.number, kept.name))
            .collect();
        if let Some(more) = group.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            cases.push(format!("and {more} more"));
        }
        let mut pools: Vec<u32> = model.pools_of(group.iter().map(|(kept, _)| &*kept.name));
        pools.extend(model.pools_of(group.iter().map(|(_, holder)| *holder)));
        pools.sort_unstable();
        pools.dedup();
        let objects: Vec<ObjectRef> = pools
            .iter()
            .map(|&pool| ObjectRef::new(Kind::GPUPool, &model.pools[pool as usize].name))
            .collect();
        let of_pools = match objects
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" and ")
        {
            none if none.is_empty() => none,
            some => format!("; nodes of {some}"),
        };
        let message = format!(
            "{object} reserves {} that another node holds: {}{of_pools}",
            counted(group.len(), "host number"),
            cases.join("; ")
        );
        let path = at!("spec", "addressing", "reservations", group[0].0.reservation);
        let finding = Finding::new(&RULE, message).party(object, path, "held by another node");
        let told = pools
            .iter()
            .zip(objects)
            .fold(finding, |finding, (&pool, object)| {
                finding.told(object, model.selection_path(pool), "its nodes")
            });
        told.help(
            "reserve another number, or free this one: take it from its host, then delete its NodeConfig",
        )
    };
    sorted
        .chunk_by(|a, b| a.0.reservation == b.0.reservation)
        .map(of_one)
        .collect()
}
