//! A node has a host number outside of its range.

use std::collections::BTreeMap;

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;
use crate::names::{counted, folded};
use crate::numbers::{Addressed, Kept};

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2028",
    name: "number-outside-range",
    severity: Severity::Error,
    summary: "A node has a host number outside of its range",
    doc: r#"## What it does
A number that is reserved for a node of a member cluster, or that the node holds already, lies in the range of the cluster; that of a node of no member cluster lies outside of all ranges. Reserved numbers exist on each rail.

## Why
Another member cluster may give the number away, without seeing that it is taken.

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
    - { first: 50, nodes: "a1-n[1-2]" }
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
Reserve a number of the range, or let the range cover the numbers that the cluster's nodes hold. Before a rack goes to another member cluster, take it out of its pools, then delete its NodeConfigs.
"#,
};

/// A reservation, by its place, whose last number is more than the rails have.
pub(crate) fn beyond_prefix(fabric: &Addressed<'_>, place: usize, last: u64) -> Finding {
    let object = fabric.object();
    let reservation = &fabric.addressing.reservations[place];
    let capacity = fabric.capacity().unwrap_or_default();
    let message = format!(
        "{object} reserves the host numbers {}-{last} for {}, and each of its rails has {capacity}",
        reservation.first, reservation.nodes
    );
    let path = at!("spec", "addressing", "reservations", place, "first");
    Finding::new(&RULE, message)
        .party(object, path, format!("ends beyond {capacity}"))
        .help("reserve lower numbers, or choose a wider prefix")
}

/// Reserved numbers outside of the range of their node's cluster: a finding for each reservation and range.
pub(crate) fn reserved(
    model: &Model<'_>,
    fabric: &Addressed<'_>,
    kept: &[Kept],
    findings: &mut Vec<Finding>,
) {
    let ranges = &fabric.addressing.ranges;
    let mut outside: BTreeMap<(usize, Option<usize>), Vec<&Kept>> = BTreeMap::new();
    for kept in kept {
        // An unknown node is RW2026's finding.
        let Some(node) = model.site.node(&kept.name) else {
            continue;
        };
        let cluster = model.site.cluster_of(node);
        let range = cluster.and_then(|cluster| fabric.range_of(model, cluster));
        let covers = |range: usize| (ranges[range].first..=ranges[range].last).contains(&kept.number);
        let inside = match (range, cluster) {
            (Some(range), _) => covers(range),
            // RW2021's finding.
            (None, Some(_)) => true,
            (None, None) => !(0..ranges.len()).any(covers),
        };
        if !inside {
            outside.entry((kept.reservation, range)).or_default().push(kept);
        }
    }
    for ((reservation, range), kept) in outside {
        let nodes: Vec<_> = kept.iter().map(|kept| (&*kept.name, kept.number)).collect();
        let path = at!("spec", "addressing", "reservations", reservation, "first");
        let finding = finding(model, fabric, range, &nodes, "reserved for").party(
            fabric.object(),
            path,
            "reserved from here",
        );
        findings.push(finding.help("reserve numbers of the range"));
    }
}

/// Numbers that nodes hold outside of their range, each with the place of the range: a finding for each range.
pub(crate) fn held(
    model: &Model<'_>,
    fabric: &Addressed<'_>,
    held: &[(Option<usize>, &str, u32)],
) -> Vec<Finding> {
    let mut by_range: BTreeMap<Option<usize>, Vec<(&str, u32)>> = BTreeMap::new();
    for &(range, name, number) in held {
        by_range.entry(range).or_default().push((name, number));
    }
    let worded = by_range.into_iter().map(|(range, nodes)| {
        finding(model, fabric, range, &nodes, "held by").help("let the range cover the numbers that are held")
    });
    worded.collect()
}

/// Nodes and their numbers, outside of the range at that place, or inside of any although they are of no cluster.
fn finding(
    model: &Model<'_>,
    fabric: &Addressed<'_>,
    range: Option<usize>,
    nodes: &[(&str, u32)],
    why: &str,
) -> Finding {
    let object = fabric.object();
    let numbers = nodes.iter().map(|(_, number)| *number);
    let numbers = match (numbers.clone().min().unwrap_or(0), numbers.max().unwrap_or(0)) {
        (low, high) if low == high => format!("host number {low} of {object} is {why}"),
        (low, high) => format!("host numbers {low} to {high} of {object} are {why}"),
    };
    let nodes = format!(
        "{} ({})",
        counted(nodes.len(), "node"),
        folded(nodes.iter().map(|(name, _)| *name))
    );
    let Some(place) = range else {
        let message = format!("{numbers} {nodes} of no member cluster, and lies in a range");
        return Finding::new(&RULE, message).party(
            object,
            at!("spec", "addressing", "ranges"),
            "not for nodes of no member cluster",
        );
    };
    let range = &fabric.addressing.ranges[place];
    let site = model.superclusters[fabric.site as usize];
    let holder = ObjectRef::new(Kind::Supercluster, &site.name);
    let message = format!(
        "{numbers} {nodes} of the member cluster {} of {holder}, whose range is {}-{}",
        range.cluster, range.first, range.last
    );
    let cluster = site
        .spec
        .clusters
        .iter()
        .position(|cluster| cluster.name == range.cluster);
    let finding = Finding::new(&RULE, message).party(
        object,
        at!("spec", "addressing", "ranges", place),
        format!("{}-{} only", range.first, range.last),
    );
    cluster.into_iter().fold(finding, |finding, cluster| {
        finding.told(
            holder.clone(),
            at!("spec", "clusters", cluster, "racks"),
            "these racks",
        )
    })
}
