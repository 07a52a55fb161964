//! A rack draws more than it may.

use std::collections::BTreeMap;

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;
use crate::names::{counted, folded};
use crate::power::{Budget, shown, sources, term, units, unsaved};

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW4001",
    name: "rack-power",
    severity: Severity::Error,
    summary: "A rack draws more than it may",
    doc: r#"## What it does
The nodes of a rack, each at the maximum power of its system, may draw no more than the `powerLimit` of the rack group, less `powerDeratingPercent`. `rackwright explain system NAME` shows the maximum with its source. Where a pool caps its GPUs inside of their range, each draws as much less as the cap lies below its maximum. Nodes of paused and refused pools, and nodes that a refused pool still holds, keep the cap that they have: a lower one that their pool asks for saves nothing until it is rolled out. Which caps nodes have, the operator knows, and the command line from `--previous`; of what nobody knows, nothing is taken off. A rack that is one product, such as an NVL72, counts whole also with trays missing: its switches, pumps and power shelves are there, and no source gives their part alone; a maximum of a single node in `spec.catalogue` says otherwise. Racks of a system whose power the catalogue does not know are left out (RW4008).

## Why
A rack over its feed trips the breaker when a training run starts, and with it all nodes of the rack.

The draw is the largest that the catalogue gives. A site that knows its hardware better writes its own figure into
`spec.catalogue`, with its source, and is judged by that.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-4]", system: dgx-b200, powerLimit: 50kW }
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-3]", system: dgx-b200, powerLimit: 50kW }
```

## Fix
Put fewer nodes in a rack, cap their GPUs, or write the limit that the feed really has.
"#,
};

/// Every rack against the limit of its group; racks that draw alike share a finding.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for (site, intent) in model.superclusters.iter().enumerate() {
        for (number, group) in intent.spec.racks.iter().enumerate() {
            let (Some(limit), Some(power)) =
                (&group.power_limit, model.max_power(site, group.system.as_str()))
            else {
                continue;
            };
            let limit = Budget::new(limit, group.power_derating_percent, None);
            let mut over: BTreeMap<Alike, Vec<u32>> = BTreeMap::new();
            for &rack in &model.power.sites[site].groups[number].racks {
                let nodes = model.site.nodes_of(rack).len() as u64;
                let units = units(power, nodes);
                let saved = model.power.saved[rack as usize];
                let watts = units.saturating_mul(power.watts).saturating_sub(saved);
                if watts > limit.usable() {
                    let alike = Alike {
                        nodes,
                        units,
                        saved,
                        waits: model.power.unsaved[rack as usize] > 0,
                        watts,
                    };
                    over.entry(alike).or_default().push(rack);
                }
            }
            for (alike, racks) in over {
                findings.push(finding(model, site, number, &limit, &alike, &racks));
            }
        }
    }
}

/// What racks of one finding have in common.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Alike {
    nodes: u64,
    units: u64,
    saved: u64,
    /// Whether nodes keep a higher cap than their pool asks for.
    waits: bool,
    watts: u64,
}

fn finding(
    model: &Model<'_>,
    site: usize,
    number: usize,
    limit: &Budget,
    alike: &Alike,
    racks: &[u32],
) -> Finding {
    let object = ObjectRef::new(Kind::Supercluster, &model.superclusters[site].name);
    let system = model.superclusters[site].spec.racks[number].system.as_str();
    let names = racks
        .iter()
        .map(|&rack| model.site.racks[rack as usize].name.as_str());
    let path = at!("spec", "racks", number, "powerLimit");
    let full = model
        .max_power(site, system)
        .map_or(String::new(), |power| term(system, power, alike.units));
    let capping = model.power.sites[site].groups[number].capped.as_slice();
    // Which of several pools caps which rack is not kept.
    let pool = match capping {
        [only] if alike.saved > 0 => Some(ObjectRef::new(Kind::GPUPool, &model.pools[only.pool].name)),
        _ => None,
    };
    let caps = match (alike.saved, &pool) {
        (0, _) => String::new(),
        (saved, Some(pool)) => format!(" - {} (GPUs capped by {pool})", shown(saved)),
        (saved, None) => format!(" - {} (GPUs capped by their pools)", shown(saved)),
    };
    let group = &model.power.sites[site].groups[number];
    let waiting = group.unsaved.iter().filter(|_| alike.waits);
    let cap = model.cap_origin(site, system).filter(|_| alike.saved > 0);
    let origins = model.power_origin(site, system).into_iter().chain(cap);
    let mut finding = Finding::new(
        &RULE,
        format!(
            "{} of {object} may draw {full}{caps} = {} each, and {path} allows {limit}: {} too much; racks {}{}{}",
            counted(racks.len(), "rack"),
            shown(alike.watts),
            shown(alike.watts - limit.usable()),
            folded(names),
            unsaved(model, waiting.clone()),
            sources(origins.collect()),
        ),
    )
    .party(object.clone(), path, format!("{} is drawn", shown(alike.watts)))
    .party(
        object,
        at!("spec", "racks", number, "system"),
        format!("{} a rack", counted(alike.nodes as usize, "node")),
    );
    if let Some(pool) = pool {
        finding = finding.told(pool, at!("spec", "gpu", "powerLimit"), "caps its GPUs");
    }
    for some in waiting {
        finding = finding.told(
            ObjectRef::new(Kind::GPUPool, &model.pools[some.pool].name),
            at!("spec", "gpu", "powerLimit"),
            "its nodes keep the caps that they have",
        );
    }
    if let Some(power) = model.max_power(site, system).filter(|_| alike.saved == 0) {
        let fit = (limit.usable() / power.watts.max(1)).saturating_mul(power.nodes);
        finding = finding.help(format!(
            "{} {} below {}",
            counted(fit as usize, "node"),
            if fit == 1 { "fits" } else { "fit" },
            shown(limit.usable())
        ));
    }
    finding
}
