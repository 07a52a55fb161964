//! A tier is mounted where `/etc/fstab` mounts.

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::model::Model;
use crate::tiers::{below, mountings};

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW5004",
    name: "mount-point-of-fstab",
    severity: Severity::Error,
    summary: "A tier is mounted where /etc/fstab mounts",
    doc: r#"## What it does
The mount points that `host.fstabMounts` of a pool lists belong to `/etc/fstab`: no tier of the pool is mounted at one of them, nor around one.

## Why
systemd makes a unit of the same name from the line in `/etc/fstab`, and a unit file in `/etc` wins over it: two owners of one mount point. Around such a mount point, a tier hides what is there.

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
  host: { fstabMounts: [ /data ] }
  storage: [ { tier: data } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: data }
spec:
  supercluster: lab
  nfs: { server: nas1, export: /data, transport: TCP }
  mountPoint: /data
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
  host: { fstabMounts: [ /home ] }
  storage: [ { tier: data } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: data }
spec:
  supercluster: lab
  nfs: { server: nas1, export: /data, transport: TCP }
  mountPoint: /data
```

## Fix
Mount the tier elsewhere, or take the line out of `/etc/fstab` and of `fstabMounts`.
"#,
};

/// Every tier of every pool, against what the pool leaves to `/etc/fstab`.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for mounting in mountings(model) {
        let (Some(host), Some(point)) = (&mounting.pool.spec.host, &mounting.tier.spec.mount_point) else {
            continue;
        };
        for (at, owned) in host.fstab_mounts.iter().enumerate() {
            if owned != point && !below(owned.as_str(), point.as_str()) {
                continue;
            }
            let (pool, tier) = (mounting.pool_object(), mounting.tier_object());
            let path = at!("spec", "host", "fstabMounts", at);
            let message =
                format!("{tier} is mounted at {point}, and {path} of {pool} leaves {owned} to /etc/fstab");
            findings.push(
                Finding::new(&RULE, message)
                    .party(pool.clone(), path, "belongs to /etc/fstab")
                    .party(pool, mounting.path(), format!("mounted at {point}"))
                    .told(tier, at!("spec", "mountPoint"), "mounted here"),
            );
        }
    }
}
