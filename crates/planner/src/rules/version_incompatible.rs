//! Versions of a pool do not go together.

use std::collections::BTreeSet;

use rackwright_api::{
    CompatibilityRow, Component, Feature, GPUPoolSpec, ImexMode, StorageTierSpec, Transport, Version,
};
use rackwright_manifest::{Path, Rule, Severity};

use crate::catalogue;
use crate::catalogue::compatibility::{allowed, component, feature};
use crate::finding::{Finding, at};
use crate::input::{Intent, Kind, ObjectRef};
use crate::model::Model;
use crate::version::within;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW3020",
    name: "version-incompatible",
    severity: Severity::Error,
    summary: "Versions of a pool do not go together",
    doc: r#"## What it does
The versions that a pool and its tiers name (`host.kernel`, `host.ofed`, `gpu.driver.version`, the clients of Lustre, WekaFS and BeeGFS) are judged by the compatibility table: `rackwright explain compatibility` prints it, each row with its source. A row says which versions of one component work while another one, or a feature such as GPUDirect Storage, is there. Versions are compared by their numbers; what is not named or cannot be compared is not judged.

The site corrects the table in `spec.compatibility` of its Supercluster: `disabled` switches a row off, with a reason, and `rows` adds rows or replaces those of the same name.

## Why
A kernel module that does not fit its kernel shows only when the node comes back from its reboot and cannot mount.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-2]", system: gb200-nvl72 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a1" }
  gpu:
    driver: { version: "570.86.15", kernelModules: Open }
    imex: { mode: DriverManaged }
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-2]", system: gb200-nvl72 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a1" }
  gpu:
    driver: { version: "580.95.05", kernelModules: Open }
    imex: { mode: DriverManaged }
```

## Fix
Take a version that the row allows. If the row is wrong for your hosts, switch it off in `spec.compatibility.disabled` and say why.
"#,
};

/// A version, and where it is named.
struct Held<'a> {
    component: Component,
    version: &'a str,
    object: ObjectRef,
    path: Path,
}

/// A feature, and where it is asked for.
struct Used {
    feature: Feature,
    object: ObjectRef,
    path: Path,
}

/// What is there at the same time: in the pool, or in the pool and one of its tiers.
#[derive(Default)]
struct Context<'a> {
    held: Vec<Held<'a>>,
    used: Vec<Used>,
    /// Where the pool names the tier.
    tier: Option<Path>,
}

/// A row of the table, and where it stands if it is the site's own.
type Row<'a> = (&'a CompatibilityRow, Option<Path>);

/// Every pool, alone and with each of its tiers.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for pool in &model.pools {
        let site = model
            .superclusters
            .binary_search_by(|site| site.name.cmp(&pool.spec.supercluster));
        let site = site.ok().map(|at| model.superclusters[at]);
        let rows = rows(site.and_then(|site| site.spec.compatibility.as_ref()));
        let mut contexts = vec![of_pool(pool)];
        for (number, used) in pool.spec.storage.iter().enumerate() {
            let tier = model.tiers.binary_search_by(|tier| tier.name.cmp(&used.tier));
            if let Ok(at) = tier {
                contexts.push(of_tier(pool, number, model.tiers[at]));
            }
        }
        for (row, place) in &rows {
            let mut judged: BTreeSet<(ObjectRef, Path)> = BTreeSet::new();
            for context in &contexts {
                let Some(held) = violates(row, context) else {
                    continue;
                };
                // What the pool alone gets wrong it gets wrong with each of its tiers.
                if judged.insert((held.object.clone(), held.path.clone())) {
                    let place = place
                        .clone()
                        .zip(site)
                        .map(|(path, site)| (ObjectRef::new(Kind::Supercluster, &site.name), path));
                    findings.push(finding(pool, row, place, context, held));
                }
            }
        }
    }
}

/// The table as it holds for a site.
fn rows(site: Option<&rackwright_api::Compatibility>) -> Vec<Row<'_>> {
    let off = |name: &str| {
        site.is_some_and(|site| {
            site.disabled.iter().any(|row| row.name.as_str() == name)
                || site.rows.iter().any(|row| row.name.as_str() == name)
        })
    };
    let own = site.iter().flat_map(|site| site.rows.iter().enumerate());
    let own = own.map(|(number, row)| (row, Some(at!("spec", "compatibility", "rows", number))));
    let shipped = catalogue::compatibility().iter().filter(|(name, _)| !off(name));
    shipped.map(|(_, row)| (row, None)).chain(own).collect()
}

/// What a pool says itself.
fn of_pool(pool: &Intent<GPUPoolSpec>) -> Context<'_> {
    let object = ObjectRef::new(Kind::GPUPool, &pool.name);
    let (gpu, host) = (pool.spec.gpu.as_ref(), pool.spec.host.as_ref());
    let driver = gpu
        .and_then(|gpu| gpu.driver.as_ref())
        .map(|driver| driver.version.as_str());
    let kernel = host.and_then(|host| host.kernel.as_ref()).map(Version::as_str);
    let ofed = host.and_then(|host| host.ofed.as_ref()).map(Version::as_str);
    let versions = [
        (Component::Driver, driver, at!("spec", "gpu", "driver", "version")),
        (Component::Kernel, kernel, at!("spec", "host", "kernel")),
        (Component::OFED, ofed, at!("spec", "host", "ofed")),
    ];
    let mut context = Context::default();
    for (component, version, path) in versions {
        context.held.extend(version.map(|version| Held {
            component,
            version,
            object: object.clone(),
            path,
        }));
    }
    let imex = gpu.and_then(|gpu| gpu.imex.as_ref());
    if imex.is_some_and(|imex| imex.mode == ImexMode::DriverManaged) {
        context.used.push(Used {
            feature: Feature::ComputeDomains,
            object,
            path: at!("spec", "gpu", "imex", "mode"),
        });
    }
    context
}

/// What a pool says together with one of its tiers.
fn of_tier<'a>(
    pool: &'a Intent<GPUPoolSpec>,
    number: usize,
    tier: &'a Intent<StorageTierSpec>,
) -> Context<'a> {
    let StorageTierSpec {
        beegfs,
        gpu_direct_storage,
        lustre,
        nfs,
        weka,
        ..
    } = &tier.spec;
    let object = ObjectRef::new(Kind::StorageTier, &tier.name);
    let mut context = of_pool(pool);
    context.tier = Some(at!("spec", "storage", number, "tier"));
    let clients = [
        (
            Component::BeeGFS,
            beegfs.as_ref().and_then(|tier| tier.client.as_ref()),
            "beegfs",
        ),
        (
            Component::Lustre,
            lustre.as_ref().and_then(|tier| tier.client.as_ref()),
            "lustre",
        ),
        (
            Component::Weka,
            weka.as_ref().and_then(|tier| tier.client.as_ref()),
            "weka",
        ),
    ];
    for (component, version, field) in clients {
        context.held.extend(version.map(|version| Held {
            component,
            version: version.as_str(),
            object: object.clone(),
            path: at!("spec", field, "client"),
        }));
    }
    let rdma = nfs.as_ref().is_some_and(|nfs| nfs.transport == Transport::RDMA);
    let features = [
        (Feature::BeeGFS, beegfs.is_some(), at!("spec", "beegfs")),
        (
            Feature::GPUDirectStorage,
            *gpu_direct_storage == Some(true),
            at!("spec", "gpuDirectStorage"),
        ),
        (Feature::Lustre, lustre.is_some(), at!("spec", "lustre")),
        (Feature::NFSOverRDMA, rdma, at!("spec", "nfs", "transport")),
        (Feature::Weka, weka.is_some(), at!("spec", "weka")),
    ];
    for (feature, _, path) in features.into_iter().filter(|(_, used, _)| *used) {
        context.used.push(Used {
            feature,
            object: object.clone(),
            path,
        });
    }
    context
}

impl<'a> Context<'a> {
    fn held(&self, component: Component) -> Option<&Held<'a>> {
        self.held.iter().find(|held| held.component == component)
    }

    fn used(&self, feature: Feature) -> Option<&Used> {
        self.used.iter().find(|used| used.feature == feature)
    }
}

fn text(version: Option<&Version>) -> Option<&str> {
    version.map(Version::as_str)
}

/// The version that a row does not allow; none where the row is not about the context, or it cannot be known.
fn violates<'c, 'a>(row: &CompatibilityRow, context: &'c Context<'a>) -> Option<&'c Held<'a>> {
    let features = row
        .when_features
        .iter()
        .all(|&feature| context.used(feature).is_some());
    let versions = row.when.iter().all(|range| {
        context.held(range.component).is_some_and(|held| {
            within(
                held.version,
                text(range.from.as_ref()),
                text(range.before.as_ref()),
            ) == Some(true)
        })
    });
    let held = context.held(row.component).filter(|_| features && versions)?;
    let outside = within(held.version, text(row.from.as_ref()), text(row.before.as_ref())) == Some(false);
    let in_hole = row
        .excluded
        .iter()
        .any(|hole| within(held.version, Some(hole.from.as_str()), Some(hole.before.as_str())) == Some(true));
    (outside || in_hole).then_some(held)
}

fn finding(
    pool: &Intent<GPUPoolSpec>,
    row: &CompatibilityRow,
    place: Option<(ObjectRef, Path)>,
    context: &Context<'_>,
    held: &Held<'_>,
) -> Finding {
    let object = ObjectRef::new(Kind::GPUPool, &pool.name);
    // What the row is about, beside what it judges.
    let mut with: Vec<(&ObjectRef, &Path, String)> = Vec::new();
    for used in row
        .when_features
        .iter()
        .filter_map(|&feature| context.used(feature))
    {
        with.push((&used.object, &used.path, feature(used.feature).to_owned()));
    }
    for range in &row.when {
        if let Some(held) = context.held(range.component) {
            let what = format!("{} {}", component(range.component), held.version);
            with.push((&held.object, &held.path, what));
        }
    }
    let place_of = |other: &ObjectRef, path: &Path| {
        if *other == object {
            path.to_string()
        } else {
            format!("{path} of {other}")
        }
    };
    let shown: Vec<String> = with
        .iter()
        .map(|(other, path, what)| format!("{what} ({})", place_of(other, path)))
        .collect();
    let beside = match shown.len() {
        0 => String::new(),
        _ => format!(" with {}", shown.join(" and ")),
    };
    let origin = match (&place, &row.source) {
        (Some((site, path)), _) => format!("{path} of {site}"),
        (None, Some(source)) => source.to_string(),
        (None, None) => "the catalogue".to_owned(),
    };
    let mut finding = Finding::new(
        &RULE,
        format!(
            "{} {} of {object} ({}) does not go{beside}: it must be {}, since {} (row {}: {origin})",
            component(held.component),
            held.version,
            place_of(&held.object, &held.path),
            allowed(row),
            row.reason,
            row.name,
        ),
    );
    // The pool is refused wherever the version stands: a tier may be right for other pools.
    if held.object == object {
        finding = finding.party(
            object.clone(),
            held.path.clone(),
            format!("must be {}", allowed(row)),
        );
    } else {
        let tier = context.tier.clone().unwrap_or_else(|| at!("spec", "storage"));
        finding = finding.party(object.clone(), tier, "this tier's client").told(
            held.object.clone(),
            held.path.clone(),
            format!("must be {}", allowed(row)),
        );
    }
    for (other, path, what) in with {
        if *other == object {
            finding = finding.party(object.clone(), path.clone(), what);
        } else {
            finding = finding.told(other.clone(), path.clone(), what);
        }
    }
    if let Some((site, path)) = place {
        finding = finding.told(site, path, "the site's own row");
    }
    finding.help(format!(
        "`rackwright explain compatibility {}` shows the row",
        row.name
    ))
}
