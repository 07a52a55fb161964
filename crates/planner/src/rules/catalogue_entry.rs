//! An entry of a site's own catalogue cannot be used.

use rackwright_api::Name;
use rackwright_manifest::{Path, Rule, Severity};

use crate::catalogue::{Figure, Problem, Reported, View};
use crate::finding::{Finding, at};
use crate::input::{Intent, Kind, ObjectRef};
use crate::model::Model;
use crate::names::nearest;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW4006",
    name: "catalogue-entry",
    severity: Severity::Error,
    summary: "An entry of a site's own catalogue cannot be used",
    doc: r#"## What it does
An entry of `spec.catalogue` either has the name of a built-in one and overrides the figures that it gives, or adds a new name. A new one starts from a built-in entry (`like`) or gives all that is mandatory: `gpu` and `gpus` of a system, `mig` of a GPU, `ports` and `portRateGbps` of a switch, `pciDevice`, `pkeyTable` and `rateGbps` of an adapter. The figures must be possible: a GPU that the catalogue has, a default cap inside of the range, MIG profiles no larger than the GPU, a typical power not above the maximum.

## Why
An entry that is left out silently would have the site judged by figures that it wanted to replace.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  catalogue:
    systems:
    - { name: our-h100, like: hgx-h1000, maxPower: 11kW, source: "measured at acceptance, April 2026" }
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  catalogue:
    systems:
    - { name: our-h100, like: hgx-h100, maxPower: 11kW, source: "measured at acceptance, April 2026" }
  racks:
  - { names: "a[1-2]", nodes: "n[1-4]", system: our-h100, powerLimit: 45kW }
```

## Fix
Name a built-in entry (`rackwright explain system` lists them; also `gpu`, `switch`, `adapter`), or give what is missing.
"#,
};

/// Every entry of every site.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for ((site, entries), view) in model.superclusters.iter().zip(&model.entries).zip(&model.views) {
        let object = ObjectRef::new(Kind::Supercluster, &site.name);
        findings.extend(entries.iter().filter_map(|entry| reported(&object, entry)));
        figures(&object, site, view, findings);
    }
}

fn refusal(object: &ObjectRef, section: &str, at: usize, name: &Name, field: &str, why: &str) -> Finding {
    let path: Path = at!("spec", "catalogue", section, at, field);
    Finding::new(&RULE, format!("{path} of {object}: {name} {why}")).party(object.clone(), path, why)
}

fn reported(object: &ObjectRef, entry: &Reported<'_>) -> Option<Finding> {
    let Reported {
        section,
        at,
        name,
        problem,
    } = entry;
    let of = |field: &str, why: &str| refusal(object, section, *at, name, field, why);
    Some(match problem {
        Problem::UnknownLike(near) => {
            let mut finding = of("like", "is like an entry that the built-in catalogue has not");
            if let Some(party) = finding.parties.first_mut() {
                party.replacement = near.map(str::to_owned);
            }
            match near {
                Some(near) => finding.help(format!("did you mean {near}?")),
                None => finding.help("only built-in entries can be named here"),
            }
        }
        Problem::LikeOfOverride => of("like", "is a built-in entry, and starts from itself")
            .help("take `like` away, or give the entry a name of its own"),
        Problem::Missing(fields) => {
            let why = format!("is a new entry and lacks {}", fields.join(" and "));
            of("name", &why).help("give what is missing, or name a built-in entry that it is `like`")
        }
        Problem::Unchanged => return None,
    })
}

/// What cannot be of the entries that could be read.
fn figures(
    object: &ObjectRef,
    site: &Intent<rackwright_api::SuperclusterSpec>,
    view: &View,
    findings: &mut Vec<Finding>,
) {
    let Some(given) = &site.spec.catalogue else { return };
    let value = |figure: Option<&Figure<u32>>| figure.map(|figure| figure.value);
    for (at, entry) in given.systems.iter().enumerate() {
        if let Some(gpu) = entry
            .gpu
            .as_ref()
            .filter(|gpu| view.gpus.get(gpu.as_str()).is_none())
        {
            let why = format!("has the GPU {gpu}, which the catalogue has not");
            let near = nearest(gpu.as_str(), view.gpus.names());
            let mut finding = refusal(object, "systems", at, &entry.name, "gpu", &why)
                .help("`rackwright explain gpu` lists the built-in ones; spec.catalogue.gpus adds others");
            for party in &mut finding.parties {
                party.replacement = near.map(str::to_owned);
            }
            findings.push(finding);
        }
    }
    for (at, entry) in given.gpus.iter().enumerate() {
        let Some(gpu) = view.gpus.get(entry.name.as_str()) else {
            continue;
        };
        let min = value(gpu.min_power_watts.as_ref());
        let default = value(gpu.default_power_watts.as_ref());
        let max = value(gpu.max_power_watts.as_ref());
        let ordered: Vec<u32> = [min, default, max].into_iter().flatten().collect();
        if !ordered.is_sorted() {
            let shown: Vec<String> = ordered.iter().map(|watts| format!("{watts} W")).collect();
            let why = format!(
                "has caps out of order: {} should rise from lowest over default to highest",
                shown.join(", ")
            );
            findings.push(refusal(object, "gpus", at, &entry.name, "name", &why));
        }
        let slices = (gpu.mig.compute_slices, gpu.mig.memory_slices);
        let too_large = entry.mig.as_ref().and_then(|mig| {
            let large = |profile: &&rackwright_api::MigTableProfile| {
                profile.compute_slices > slices.0 || profile.memory_slices > slices.1
            };
            mig.profiles.iter().find(large)
        });
        if let Some(profile) = too_large {
            let why = format!(
                "has the MIG profile {} of {} compute and {} memory slices, and the GPU has {} and {}",
                profile.name, profile.compute_slices, profile.memory_slices, slices.0, slices.1
            );
            findings.push(refusal(object, "gpus", at, &entry.name, "mig", &why));
        }
    }
    for (at, entry) in given.switches.iter().enumerate() {
        let switch = view.switches.get(entry.name.as_str());
        let typical = value(switch.and_then(|switch| switch.typical_power_watts.as_ref()));
        let max = value(switch.and_then(|switch| switch.max_power_watts.as_ref()));
        if let (Some(typical), Some(max)) = (typical, max)
            && typical > max
        {
            let why = format!("typically draws {typical} W and at most {max} W");
            findings.push(refusal(object, "switches", at, &entry.name, "name", &why));
        }
    }
}
