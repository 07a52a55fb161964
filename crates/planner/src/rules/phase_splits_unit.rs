//! A phase leaves a scalable unit partly energised.

use std::collections::BTreeMap;

use rackwright_api::Date;
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;
use crate::names::{counted, folded};
use crate::power::arrivals;
use crate::seats::Seats;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW4009",
    name: "phase-splits-unit",
    severity: Severity::Error,
    summary: "A phase leaves a scalable unit partly energised",
    doc: r#"## What it does
The racks of one scalable unit arrive with one phase. Which racks these are, `topology.placement` of the fabric says; without it racks fill the units of `topology.nodesPerUnit` in the order in which they are energised, and within a phase in the natural order of their names. A unit with fewer nodes than places is no mistake: more nodes may come, or another machine has the ports.

## Why
The nodes of a unit share one set of leaf switches. Half a unit has all leaves and their cables and half of the nodes, and the phase that completes it plugs into leaves that carry jobs. A phase must stand alone.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  phases:
  - { name: first, by: "2026-06-30" }
  - { name: second, by: "2026-12-31" }
  racks:
  - { names: "a[1-3]", nodes: "n[1-4]", system: dgx-b200, phase: first }
  - { names: "b[1-3]", nodes: "n[1-4]", system: dgx-b200, phase: second }
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: compute }
spec:
  supercluster: lab
  plane: Compute
  topology: { type: FatTree, rails: 8, nodesPerUnit: 8 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a[1-3],b[1-3]" }
  fabrics: [ { name: compute } ]
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  phases:
  - { name: first, by: "2026-06-30" }
  - { name: second, by: "2026-12-31" }
  racks:
  - { names: "a[1-4]", nodes: "n[1-4]", system: dgx-b200, phase: first }
  - { names: "b[1-3]", nodes: "n[1-4]", system: dgx-b200, phase: second }
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: compute }
spec:
  supercluster: lab
  plane: Compute
  topology: { type: FatTree, rails: 8, nodesPerUnit: 8 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a[1-4],b[1-3]" }
  fabrics: [ { name: compute } ]
```

## Fix
Let the racks of a unit arrive with one phase.
"#,
};

/// Every fabric with scalable units.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for seats in model.seats.iter().flatten() {
        let spec = &model.superclusters[seats.site].spec;
        if spec.phases.is_empty() || model.fabrics[seats.fabric].spec.topology.nodes_per_unit.is_none() {
            continue;
        }
        let by_group = arrivals(spec);
        let mut units: BTreeMap<u32, Vec<Part<'_>>> = BTreeMap::new();
        for rack in &seats.racks {
            let group = model.site.racks[rack.rack as usize].group.group as usize;
            for unit in seats.units_of(rack) {
                let (first, next) = (unit * seats.per_unit, (unit + 1) * seats.per_unit);
                let nodes = (rack.first + rack.nodes)
                    .min(next)
                    .saturating_sub(rack.first.max(first));
                units.entry(unit).or_default().push(Part {
                    group,
                    by: by_group[group],
                    rack: rack.rack,
                    nodes,
                });
            }
        }
        // Units that the same two dates split are one mistake.
        let mut splits: BTreeMap<_, Vec<(u32, &[Part<'_>])>> = BTreeMap::new();
        for (unit, parts) in &units {
            let Some(first) = parts.iter().map(|part| part.by).min() else {
                continue;
            };
            let later = parts.iter().map(|part| part.by).filter(|by| *by > first).min();
            if let Some(later) = later {
                splits.entry((first, later)).or_default().push((*unit, parts));
            }
        }
        findings.extend(splits.values().filter_map(|alike| finding(model, seats, alike)));
    }
}

/// What one rack has of a unit.
struct Part<'m> {
    group: usize,
    by: Option<&'m Date>,
    rack: u32,
    nodes: u32,
}

/// The units that the same two dates split.
fn finding(model: &Model<'_>, seats: &Seats, alike: &[(u32, &[Part<'_>])]) -> Option<Finding> {
    let (unit, parts) = alike.first()?;
    let first = parts.iter().map(|part| part.by).min()?;
    let (early, late): (Vec<&Part<'_>>, Vec<&Part<'_>>) = parts.iter().partition(|part| part.by == first);
    let next = late.iter().min_by_key(|part| part.by)?;
    let site = model.superclusters[seats.site];
    let named = |parts: &[&Part<'_>]| {
        let racks = parts
            .iter()
            .map(|part| model.site.racks[part.rack as usize].name.as_str());
        folded(racks)
    };
    let phase = |part: &Part<'_>| match (&site.spec.racks[part.group].phase, part.by) {
        (Some(phase), Some(date)) => format!("phase {phase} ({date})"),
        _ => "the racks without a phase".to_owned(),
    };
    let (before, after) = (phase(early.first()?), phase(next));
    let others = match alike.len() - 1 {
        0 => String::new(),
        more => format!("; {} more alike", counted(more, "unit")),
    };
    let holder = ObjectRef::new(Kind::Supercluster, &site.name);
    let fabric = ObjectRef::new(Kind::InfiniBandFabric, &model.fabrics[seats.fabric].name);
    let message = format!(
        "with {before}, {} of the {} nodes of unit {} of {fabric} in {holder} are energised: racks {} of the unit are there, and racks {} come with {after}{others}",
        early.iter().map(|part| part.nodes).sum::<u32>(),
        seats.per_unit,
        unit + 1,
        named(&early),
        named(&late),
    );
    let groups = [(early.first()?.group, before), (next.group, after)];
    let mut finding = Finding::new(&RULE, message).party(
        fabric,
        at!("spec", "topology", "nodesPerUnit"),
        format!("{} nodes a unit", seats.per_unit),
    );
    for (group, note) in groups {
        finding = finding.party(holder.clone(), at!("spec", "racks", group, "names"), note);
    }
    Some(finding.help("let the racks of a unit arrive with one phase"))
}
