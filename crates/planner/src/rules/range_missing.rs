//! A fabric of several member clusters lacks a range of host numbers for one.

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef, PreviousNode};
use crate::model::Model;
use crate::names::counted;
use crate::numbers::Addressed;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2021",
    name: "range-missing",
    severity: Severity::Error,
    summary: "A fabric of several member clusters lacks a range of host numbers for one",
    doc: r#"## What it does
A fabric with addressing whose nodes are in more than one member cluster, or in one and in none, has a range in `addressing.ranges` for each of these clusters; and so has a fabric with any range. A pool that selects by labels may reach every member cluster of its site. Nodes that no pool plugs into the fabric any more count as long as their hosts may have its addresses.

## Why
The operator of each member cluster sees only its own nodes. Without ranges two of them would give one address to two hosts.

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
  addressing: { ipv4: 10.64.0.0/24 }
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
Add the ranges that the finding proposes, or others with room for the last phase.
"#,
};

/// Every fabric with addressing.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for fabric in Addressed::all(model) {
        let reached = Reached::new(model, &fabric);
        let missing: Vec<usize> = (0..reached.clusters.len())
            .filter(|&cluster| reached.clusters[cluster].is_some())
            .filter(|&cluster| fabric.range_of(model, cluster as u32).is_none())
            .collect();
        let apart = reached.clusters.iter().flatten().count() + usize::from(reached.without > 0);
        if !missing.is_empty() && (apart > 1 || !fabric.addressing.ranges.is_empty()) {
            findings.push(finding(model, &fabric, &reached, &missing));
        }
    }
}

/// The nodes of a fabric.
struct Reached {
    /// By member cluster of the site: how many; none where no pool reaches it.
    clusters: Vec<Option<usize>>,
    /// Of no member cluster.
    without: usize,
    /// How many of these no pool plugs in any more.
    left: usize,
}

impl Reached {
    fn new(model: &Model<'_>, fabric: &Addressed<'_>) -> Self {
        let site = model.superclusters[fabric.site as usize];
        let mut reached = Self {
            clusters: vec![None; site.spec.clusters.len()],
            without: 0,
            left: 0,
        };
        let mut plugged = Vec::new();
        for (pool, nodes) in model.pools.iter().zip(&model.selected) {
            let uses = pool
                .spec
                .fabrics
                .iter()
                .any(|used| used.name == fabric.fabric.name);
            if !uses || pool.deleting || pool.spec.supercluster != site.name {
                continue;
            }
            if pool.spec.nodes.selector.is_some() {
                for cluster in &mut reached.clusters {
                    cluster.get_or_insert(0);
                }
            }
            for &node in nodes {
                reached.add(model, node);
            }
            plugged.extend_from_slice(nodes);
        }
        if !reached.clusters.is_empty() {
            plugged.sort_unstable();
            for node in holders(model, fabric) {
                if plugged.binary_search(&node).is_err() {
                    reached.add(model, node);
                    reached.left += 1;
                }
            }
        }
        reached
    }

    fn add(&mut self, model: &Model<'_>, node: u32) {
        match model.site.cluster_of(node) {
            Some(cluster) => *self.clusters[cluster as usize].get_or_insert(0) += 1,
            None => self.without += 1,
        }
    }
}

/// The nodes of the fabric's site whose hosts may have an address of it.
fn holders<'m>(model: &'m Model<'_>, fabric: &Addressed<'_>) -> impl Iterator<Item = u32> + 'm {
    let (net, site) = (fabric.net, fabric.site);
    let holds = move |held: &PreviousNode| held.may_have().any(|address| net.contains(&address));
    let nodes = model.written().filter(move |(_, held)| holds(held));
    nodes
        .map(|(node, _)| node)
        .filter(move |&node| model.site.supercluster_of(node) == Some(site))
}

fn finding(model: &Model<'_>, fabric: &Addressed<'_>, reached: &Reached, missing: &[usize]) -> Finding {
    let site = model.superclusters[fabric.site as usize];
    let (object, holder) = (fabric.object(), ObjectRef::new(Kind::Supercluster, &site.name));
    let name = |cluster: usize| site.spec.clusters[cluster].name.as_str();
    let mut has: Vec<String> = reached
        .clusters
        .iter()
        .enumerate()
        .filter_map(|(cluster, nodes)| Some(format!("{} of {}", counted((*nodes)?, "node"), name(cluster))))
        .collect();
    if reached.without > 0 {
        has.push(format!(
            "{} of no member cluster",
            counted(reached.without, "node")
        ));
    }
    if reached.left > 0 {
        let left = counted(reached.left, "node");
        has.push(format!("{left} of these that no pool plugs in any more"));
    }
    let names: Vec<&str> = missing.iter().map(|&cluster| name(cluster)).collect();
    let message = format!(
        "{object} has {}, and no range of host numbers for {} of {holder}",
        has.join(", "),
        names.join(", ")
    );
    let help = match fitting(model, fabric, reached, missing) {
        Some(ranges) => format!("add to spec.addressing.ranges: {ranges}"),
        None => "choose a wider prefix: each member cluster needs a range as large as its nodes are many"
            .to_owned(),
    };
    let finding = Finding::new(&RULE, message).party(
        object,
        at!("spec", "addressing"),
        format!("no range for {}", names.join(", ")),
    );
    let parties = missing.iter().fold(finding, |finding, &cluster| {
        let path = at!("spec", "clusters", cluster, "name");
        finding.told(holder.clone(), path, "has no range")
    });
    parties.help(help)
}

/// Ranges behind those that are there: powers of two with room for all racks of each cluster, or, where these do not
/// fit, just as many numbers as it has nodes; none where these do not fit either.
fn fitting(
    model: &Model<'_>,
    fabric: &Addressed<'_>,
    reached: &Reached,
    missing: &[usize],
) -> Option<String> {
    let capacity = fabric.capacity()? as usize;
    let last = fabric.addressing.ranges.iter().map(|range| range.last as usize);
    let start = last.max().unwrap_or(0);
    let racks = &model.site.clusters.racks[fabric.site as usize];
    let nodes = |cluster: usize| {
        let racks = racks[cluster].iter();
        racks
            .map(|&rack| model.site.nodes_of(rack).len())
            .sum::<usize>()
            .max(1)
    };
    let fits = |size: &dyn Fn(usize) -> usize| {
        let total: usize = missing.iter().map(|&cluster| size(cluster)).sum();
        start + total + reached.without <= capacity
    };
    let wide = |cluster: usize| nodes(cluster).next_power_of_two();
    let size: &dyn Fn(usize) -> usize = if fits(&wide) {
        &wide
    } else if fits(&nodes) {
        &nodes
    } else {
        return None;
    };
    let clusters = &model.superclusters[fabric.site as usize].spec.clusters;
    let mut next = start;
    let ranges = missing.iter().map(|&cluster| {
        let first = next + 1;
        next += size(cluster);
        format!(
            "{{ cluster: {}, first: {first}, last: {next} }}",
            clusters[cluster].name
        )
    });
    Some(ranges.collect::<Vec<_>>().join(", "))
}
