//! One tier of a pool hides another.

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::model::Model;
use crate::tiers::{FileSystem, Mounting, below, of_pool};

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW5003",
    name: "mount-points-collide",
    severity: Severity::Error,
    summary: "One tier of a pool hides another",
    doc: r#"## What it does
No two tiers of a pool have one mount point, and no local tier lies below a shared one. A shared tier below a local one, or below another shared one, is fine: systemd mounts the outer one first (systemd.mount(5), implicit dependencies).

## Why
What is mounted last hides what was there. Local file systems come before the network (`local-fs.target`), so a shared tier that is mounted around a local one hides it, or systemd breaks the ordering cycle by leaving one of them out.

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
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a1" }
  storage: [ { tier: data }, { tier: scratch } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: data }
spec:
  supercluster: lab
  nfs: { server: nas1, export: /data, transport: TCP }
  mountPoint: /data
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: scratch }
spec:
  supercluster: lab
  localNVMe: { devices: { model: "SAMSUNG MZWLO*", count: 8 }, raid: 0, filesystem: xfs, wipe: Never }
  mountPoint: /data/scratch
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
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a1" }
  storage: [ { tier: data }, { tier: scratch } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: data }
spec:
  supercluster: lab
  nfs: { server: nas1, export: /data, transport: TCP }
  mountPoint: /data
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: scratch }
spec:
  supercluster: lab
  localNVMe: { devices: { model: "SAMSUNG MZWLO*", count: 8 }, raid: 0, filesystem: xfs, wipe: Never }
  mountPoint: /scratch
```

## Fix
Give each tier a directory of its own, local ones outside of shared ones.
"#,
};

/// The mount points of every pool. A pool has at most 16 tiers, so all pairs are few.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for number in 0..model.pools.len() as u32 {
        let mountings = of_pool(model, number);
        for (i, one) in mountings.iter().enumerate() {
            for other in &mountings[i + 1..] {
                if let Some(finding) = collide(one, other)
                    .or_else(|| hides(one, other))
                    .or_else(|| hides(other, one))
                {
                    findings.push(finding);
                }
            }
        }
    }
}

fn collide(one: &Mounting<'_>, other: &Mounting<'_>) -> Option<Finding> {
    let point = one.tier.spec.mount_point.as_ref()?;
    (other.tier.spec.mount_point.as_ref() == Some(point)).then(|| {
        let message = format!(
            "{} and {} are both mounted at {point} on the nodes of {}",
            one.tier_object(),
            other.tier_object(),
            one.pool_object()
        );
        with_parties(Finding::new(&RULE, message), one, other, "the same mount point")
    })
}

/// Whether a shared tier hides a local one below it.
fn hides(outer: &Mounting<'_>, inner: &Mounting<'_>) -> Option<Finding> {
    let (around, point) = (
        outer.tier.spec.mount_point.as_ref()?,
        inner.tier.spec.mount_point.as_ref()?,
    );
    let local =
        |mounting: &Mounting<'_>| FileSystem::of(&mounting.tier.spec).is_some_and(FileSystem::is_local);
    (below(point.as_str(), around.as_str()) && local(inner) && !local(outer)).then(|| {
        let message = format!(
            "{point} of {}, which is local, lies below {around} of {}, which is shared, on the nodes of {}",
            inner.tier_object(),
            outer.tier_object(),
            inner.pool_object()
        );
        with_parties(Finding::new(&RULE, message), inner, outer, "a local tier inside a shared one")
            .help("local file systems are mounted before the network is there: move the local tier out of the shared one")
    })
}

fn with_parties(finding: Finding, one: &Mounting<'_>, other: &Mounting<'_>, note: &str) -> Finding {
    let point = || at!("spec", "mountPoint");
    finding
        .party(one.pool_object(), one.path(), note)
        .party(one.pool_object(), other.path(), "mounted here as well")
        .told(one.tier_object(), point(), "mounted here")
        .told(other.tier_object(), point(), "mounted here")
}
