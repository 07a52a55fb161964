//! A phase leaves a scalable unit partly energised.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use rackwright_api::Date;
use rackwright_hostset::natural_cmp;
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;
use crate::names::folded;
use crate::power::{FabricDraw, dates};

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW4009",
    name: "phase-splits-unit",
    severity: Severity::Error,
    summary: "A phase leaves a scalable unit partly energised",
    doc: r#"## What it does
The nodes of a fabric fill its scalable units of `topology.nodesPerUnit` in the order in which they are energised, and within a phase in the natural order of their racks. Each phase that another one follows must fill whole units. A unit that is still partial when all phases are in is no mistake: more nodes may come.

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

/// Every fabric with scalable units, at every date.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for (site, draw) in model.power.sites.iter().enumerate() {
        let spec = &model.superclusters[site].spec;
        if spec.phases.is_empty() {
            continue;
        }
        let dates = dates(spec);
        let of_group: Vec<Option<&Date>> = (spec.racks.iter())
            .map(|group| group.phase.as_ref().and_then(|phase| dates.get(phase).copied()))
            .collect();
        // None, for what is there from the start, comes first.
        let steps: Vec<Option<&Date>> = BTreeSet::from_iter(&of_group).into_iter().copied().collect();
        for fabric in &draw.fabrics {
            let per_unit = model.fabrics[fabric.fabric].spec.topology.nodes_per_unit;
            let Some(per_unit) = per_unit.map(u32::from).filter(|per_unit| *per_unit > 0) else {
                continue;
            };
            let mut arrivals: Vec<u32> = vec![0; steps.len()];
            for (group, date) in of_group.iter().enumerate() {
                if let Ok(step) = steps.binary_search(date) {
                    arrivals[step] += fabric.by_group[group];
                }
            }
            // Nodes that no rack holds are there from the start, and no phase is theirs.
            let mut total = fabric.unplaced;
            for (step, arriving) in arrivals.iter().enumerate() {
                total += arriving;
                let partial = total % per_unit;
                let next = (step + 1..steps.len()).find(|&later| arrivals[later] > 0);
                if let (true, Some(next)) = (partial > 0 && *arriving > 0, next) {
                    let split = Split {
                        site,
                        fabric,
                        first: total - partial,
                        energised: partial,
                        per_unit,
                        at: steps[step],
                        next: steps[next],
                    };
                    findings.push(split.finding(model, &of_group));
                }
            }
        }
    }
}

/// A unit that two phases share.
struct Split<'m> {
    site: usize,
    fabric: &'m FabricDraw,
    /// Nodes before the unit.
    first: u32,
    /// Nodes of the unit that are energised, of so many.
    energised: u32,
    per_unit: u32,
    at: Option<&'m Date>,
    next: Option<&'m Date>,
}

impl Split<'_> {
    fn finding(&self, model: &Model<'_>, of_group: &[Option<&Date>]) -> Finding {
        let spec = &model.superclusters[self.site].spec;
        let racks = self.racks(model, of_group);
        let half = |early: bool| -> Vec<u32> {
            let racks = racks.iter();
            let half = racks.filter(|&&rack| {
                let group = model.site.racks[rack as usize].group.group as usize;
                (of_group[group] <= self.at) == early
            });
            half.copied().collect()
        };
        let named = |racks: &[u32]| {
            let names = racks
                .iter()
                .map(|&rack| model.site.racks[rack as usize].name.as_str());
            folded(names)
        };
        let phase = |date: Option<&Date>, racks: &[u32]| {
            let group = racks
                .iter()
                .map(|&rack| model.site.racks[rack as usize].group.group as usize);
            let mut group = group.filter(|&group| of_group[group] == date);
            let phase = group.next().and_then(|group| spec.racks[group].phase.as_ref());
            match (phase, date) {
                (Some(phase), Some(date)) => format!("phase {phase} ({date})"),
                _ => "the racks without a phase".to_owned(),
            }
        };
        let (early, late) = (half(true), half(false));
        let site = ObjectRef::new(Kind::Supercluster, &model.superclusters[self.site].name);
        let fabric = ObjectRef::new(Kind::InfiniBandFabric, &model.fabrics[self.fabric.fabric].name);
        let (before, after) = (phase(self.at, &early), phase(self.next, &late));
        let message = format!(
            "with {before}, {} of the {} nodes of unit {} of {fabric} in {site} are energised: racks {} of the unit are there, and racks {} come with {after}",
            self.energised,
            self.per_unit,
            self.first / self.per_unit + 1,
            named(&early),
            named(&late),
        );
        let mut finding = Finding::new(&RULE, message).party(
            fabric,
            at!("spec", "topology", "nodesPerUnit"),
            format!("{} nodes a unit", self.per_unit),
        );
        for (racks, date, note) in [(&early, self.at, before), (&late, self.next, after)] {
            let groups = racks
                .iter()
                .map(|&rack| model.site.racks[rack as usize].group.group as usize);
            let group = groups.into_iter().find(|&group| of_group[group] == date);
            if let Some(group) = group {
                finding = finding.party(site.clone(), at!("spec", "racks", group, "names"), note);
            }
        }
        finding.help("let the racks of a unit arrive with one phase")
    }

    /// The racks that the unit's nodes stand in, in the order in which units are filled.
    fn racks(&self, model: &Model<'_>, of_group: &[Option<&Date>]) -> Vec<u32> {
        let fabric = &model.fabrics[self.fabric.fabric].name;
        let pools = model.pools.iter().zip(&model.selected);
        let users = pools.filter(|(pool, _)| pool.spec.fabrics.iter().any(|used| used.name == *fabric));
        let mut nodes: Vec<u32> = users.flat_map(|(_, selected)| selected.iter().copied()).collect();
        nodes.sort_unstable();
        nodes.dedup();
        let mut counts = vec![0u32; model.site.racks.len()];
        for node in nodes {
            if let Some(count) = counts.get_mut(model.site.rack_of[node as usize] as usize) {
                *count += 1;
            }
        }
        let site = &model.site;
        let mut racks: Vec<u32> = (0..counts.len() as u32)
            .filter(|&rack| {
                let here = site.racks[rack as usize].group.supercluster as usize == self.site;
                here && counts[rack as usize] > 0
            })
            .collect();
        let date = |rack: u32| of_group[site.racks[rack as usize].group.group as usize];
        let name = |rack: u32| site.racks[rack as usize].name.as_str();
        let order = |a: &u32, b: &u32| -> Ordering {
            let dates = date(*a).cmp(&date(*b));
            dates.then_with(|| natural_cmp(name(*a), name(*b)))
        };
        racks.sort_unstable_by(order);
        let mut before = self.fabric.unplaced;
        let (first, last) = (self.first, self.first + self.per_unit);
        racks.retain(|&rack| {
            let begin = before;
            before += counts[rack as usize];
            begin < last && before > first
        });
        racks
    }
}
