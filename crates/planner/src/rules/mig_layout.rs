//! A pool cuts its GPUs in a way that they cannot be cut.

use rackwright_api::MigInstances;
use rackwright_manifest::{Path, Rule, Severity};

use crate::catalogue::Refusal;
use crate::finding::{Finding, Party, at};
use crate::input::{Kind, ObjectRef};
use crate::model::{Model, PoolSystem};
use crate::power::sources;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2019",
    name: "mig-layout",
    severity: Severity::Error,
    summary: "A pool cuts its GPUs in a way that they cannot be cut",
    doc: r#"## What it does
`gpu.mig.layout` of a pool must fit the GPU of each system that its nodes are: each profile exists there and comes no more often than one GPU holds it, and together the instances have no more compute slices (7) and memory slices (8) than the GPU. `rackwright explain gpu NAME` lists the profiles. Systems that the catalogue does not know are not judged.

## Why
The driver refuses such a layout with "Insufficient Resources" after the node was drained for it. Where the counts and the sums fit, an order of creation exists that works. The same name can be another profile on another GPU: `1g.10gb` comes seven times on an A100 of 80 GB and four times on one of 40 GB.

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
metadata: { name: notebooks }
spec:
  supercluster: lab
  nodes: { racks: "a1" }
  gpu:
    mig: { layout: [ { profile: 3g.90gb, count: 2 }, { profile: 1g.23gb, count: 1 } ] }
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
metadata: { name: notebooks }
spec:
  supercluster: lab
  nodes: { racks: "a1" }
  gpu:
    mig: { layout: [ { profile: 3g.90gb, count: 1 }, { profile: 1g.23gb, count: 4 } ] }
```

## Fix
Take fewer or smaller instances. `3g` takes half of the memory, so two of them leave none: of seven compute slices one stays unused.
"#,
};

/// The layout of every pool, on each of its systems.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for (number, pool) in model.pools.iter().enumerate() {
        let Some(mig) = pool.spec.gpu.as_ref().and_then(|gpu| gpu.mig.as_ref()) else {
            continue;
        };
        let object = ObjectRef::new(Kind::GPUPool, &pool.name);
        let layout: Vec<(&str, u8)> = mig
            .layout
            .iter()
            .map(|entry| (entry.profile.as_str(), entry.count))
            .collect();
        let systems = model.systems_of(number as u32);
        let only = systems.len() == 1;
        for system in systems {
            let Some(gpu) = system.gpu else { continue };
            let mut refusals = gpu.mig.refusals(&layout);
            if !only {
                forget_near(&mut refusals);
            }
            if !refusals.is_empty() {
                findings.push(finding(&object, &mig.layout, &system, &refusals));
            }
        }
    }
}

/// What is right for one system may be wrong for the next.
fn forget_near(refusals: &mut [Refusal]) {
    for refusal in refusals {
        if let Refusal::UnknownProfile { near, .. } = refusal {
            *near = None;
        }
    }
}

fn finding(
    object: &ObjectRef,
    layout: &[MigInstances],
    system: &PoolSystem<'_>,
    refusals: &[Refusal],
) -> Finding {
    let gpu = &system.system.gpu.value;
    let mut reasons = Vec::new();
    let mut parties = Vec::new();
    for refusal in refusals {
        let (reason, party) = explain(object, layout, refusal);
        reasons.push(reason);
        parties.push(party);
    }
    let PoolSystem { name, site, path, .. } = system;
    let table = system.gpu.map(|gpu| gpu.mig.source.as_str());
    let origin = table.and_then(|source| system.view.gpus.origin(gpu, source));
    let finding = Finding::new(
        &RULE,
        format!(
            "the MIG layout of {object} does not fit {gpu}, the GPU of {name} ({path} of {site}): {}{}",
            reasons.join("; "),
            sources(origin.map(|origin| (gpu.as_str(), origin)).into_iter().collect()),
        ),
    );
    parties
        .into_iter()
        .fold(finding, Finding::with)
        .told(site.clone(), path.clone(), format!("its GPU is {gpu}"))
        .help(format!("`rackwright explain gpu {gpu}` lists its profiles"))
}

/// A reason in words, and the part of the pool that it is about.
fn explain(object: &ObjectRef, layout: &[MigInstances], refusal: &Refusal) -> (String, Party) {
    let whole = at!("spec", "gpu", "mig", "layout");
    let entry = |at: usize, field: &str| whole.index(at).child(field);
    let profile = |at: usize| layout[at].profile.as_str();
    let party = |path: Path, note: String| Party::new(object.clone(), path, note);
    match refusal {
        Refusal::NotCapable => {
            let reason = "it is not MIG-capable".to_owned();
            (
                reason,
                party(whole, "a layout for a GPU that has none".to_owned()),
            )
        }
        Refusal::UnknownProfile { at, near } => {
            let meant = near
                .as_ref()
                .map_or(String::new(), |near| format!(", the nearest is {near}"));
            let reason = format!("it has no profile {}{meant}", profile(*at));
            let party = Party {
                replacement: near.clone(),
                ..party(entry(*at, "profile"), "no profile of this GPU".to_owned())
            };
            (reason, party)
        }
        Refusal::TooMany { at, count, max } => {
            let reason = format!("{count} x {} and it holds {max}", profile(*at));
            (reason, party(entry(*at, "count"), format!("at most {max}")))
        }
        Refusal::Slices {
            kind,
            terms,
            total,
            slices,
        } => {
            let terms: Vec<String> = terms
                .iter()
                .map(|(at, count, one)| format!("{count} x {one} ({})", profile(*at)))
                .collect();
            let reason = format!(
                "{} = {total} {kind} slices and it has {slices}",
                terms.join(" + ")
            );
            (reason, party(whole, format!("{total} {kind} slices")))
        }
    }
}
