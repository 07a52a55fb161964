//! A power budget covers something whose power is not known.

use std::collections::{BTreeMap, BTreeSet};

use rackwright_manifest::{Path, Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;
use crate::names::counted;
use crate::power::Uncounted;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW4008",
    name: "unknown-power",
    severity: Severity::Warning,
    summary: "A power budget covers something whose power is not known",
    doc: r#"## What it does
Where a site has a power budget (its own, of a location, of a phase, or the limit of a rack), the catalogue must know the maximum power of all systems that it covers, and for site and phases the number and the maximum power of all switches. Systems that the catalogue does not have at all are RW2018's matter.

## Why
What is not known is left out of the sum, never guessed: a budget that holds without it may not hold.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  power: { budget: 100kW }
  racks:
  - { names: "a[1-2]", nodes: "n[1-4]", system: hgx-h100 }
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  catalogue:
    systems:
    - { name: hgx-h100, maxPower: 10500W, source: "data sheet of our chassis" }
  power: { budget: 100kW }
  racks:
  - { names: "a[1-2]", nodes: "n[1-4]", system: hgx-h100 }
```

## Fix
Write the figure into `spec.catalogue`, with its source.
"#,
};

/// Places that a finding points at.
const SHOWN: usize = 4;

/// Every site with a budget.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for site in 0..model.superclusters.len() {
        findings.extend(systems(model, site));
        findings.extend(switches(model, site));
    }
}

/// Systems that a budget covers and whose power is not known.
fn systems(model: &Model<'_>, site: usize) -> Vec<Finding> {
    let intent = model.superclusters[site];
    let object = ObjectRef::new(Kind::Supercluster, &intent.name);
    let racks = intent.spec.racks.iter().enumerate();
    let limited = racks.filter(|(_, group)| group.power_limit.is_some());
    let mut covered: BTreeSet<usize> = limited.map(|(at, _)| at).collect();
    let envelopes = model.power.envelopes.iter();
    for envelope in envelopes.filter(|envelope| envelope.site == site) {
        covered.extend(&envelope.loads.groups);
    }
    let mut unknown: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for group in covered {
        let system = intent.spec.racks[group].system.as_str();
        let known = model.views[site].systems.get(system);
        if known.is_some_and(|system| system.max_power.is_none()) {
            unknown.entry(system).or_default().push(group);
        }
    }
    let finding = |(system, groups): (&str, Vec<usize>)| {
        let draws = &model.power.sites[site].groups;
        let racks = groups.iter().map(|&group| draws[group].racks.len()).sum();
        let message = format!(
            "the power of {system} is not known, and budgets of {object} cover {} of it: they are not counted",
            counted(racks, "rack")
        );
        let mut finding = Finding::new(&RULE, message);
        for &group in groups.iter().take(SHOWN) {
            let path = at!("spec", "racks", group, "system");
            finding = finding.party(object.clone(), path, "no maximum power is known");
        }
        finding.help(format!(
            "add to spec.catalogue.systems: {{ name: {system}, maxPower: ..., source: ... }}"
        ))
    };
    unknown.into_iter().map(finding).collect()
}

/// Fabrics whose switches site or phases cover and which cannot be counted; each once, for the last of these budgets.
fn switches(model: &Model<'_>, site: usize) -> Vec<Finding> {
    let object = ObjectRef::new(Kind::Supercluster, &model.superclusters[site].name);
    let mut unknown: BTreeMap<usize, (&Uncounted, &Path)> = BTreeMap::new();
    for envelope in model.power.envelopes.iter().filter(|one| one.site == site) {
        for switches in &envelope.loads.switches {
            if let Err(reason) = &switches.count {
                unknown.insert(switches.fabric, (reason, &envelope.path));
            }
        }
    }
    let finding = |(fabric, (reason, budget)): (usize, (&Uncounted, &Path))| {
        let fabric = ObjectRef::new(Kind::InfiniBandFabric, &model.fabrics[fabric].name);
        let entry = "add to spec.catalogue.switches:";
        let (field, why, help) = match reason {
            Uncounted::NoModel => (
                "topology",
                "it names no switch".to_owned(),
                "write topology.switch".to_owned(),
            ),
            Uncounted::UnknownModel(switch) => (
                "switch",
                format!("the catalogue has no switch {switch}"),
                format!(
                    "{entry} {{ name: {switch}, ports: ..., portRateGbps: ..., maxPower: ..., source: ... }}"
                ),
            ),
            Uncounted::UnknownPower(switch) => (
                "switch",
                format!("the maximum power of {switch} is not known"),
                format!("{entry} {{ name: {switch}, maxPower: ..., source: ... }}"),
            ),
            Uncounted::NoTopology(error) => (
                "topology",
                error.to_string(),
                "take a switch with more ports, or plug in fewer nodes".to_owned(),
            ),
        };
        let path = match field {
            "switch" => at!("spec", "topology", "switch"),
            _ => at!("spec", "topology"),
        };
        let message = format!("budgets of {object} do not count the switches of {fabric}, because {why}");
        Finding::new(&RULE, message)
            .told(fabric, path, why)
            .told(object.clone(), budget.clone(), "does not count them")
            .help(help)
    };
    unknown.into_iter().map(finding).collect()
}
