//! The local static provisioner would look for volumes in the root directory.

use rackwright_api::Provisioner;
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::model::Model;
use crate::tiers;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW5023",
    name: "local-volume-directory",
    severity: Severity::Error,
    summary: "The local static provisioner would look for volumes in the root directory",
    doc: r#"## What it does
A tier of `LocalStaticProvisioner` is mounted at least two levels deep: `/mnt/scratch`, not `/scratch`.

## Why
The provisioner looks for mount points in a directory of the host, which is mounted into its pods. For `/scratch` that directory is the root of the host.

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
  storage: [ { tier: data } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: data }
spec:
  supercluster: lab
  localNVMe: { devices: { model: "SAMSUNG MZWLO*", count: 8 }, raid: 0, filesystem: xfs, wipe: Never }
  mountPoint: /scratch
  kubernetes: { provisioner: LocalStaticProvisioner, storageClass: scratch }
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
  storage: [ { tier: data } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: data }
spec:
  supercluster: lab
  localNVMe: { devices: { model: "SAMSUNG MZWLO*", count: 8 }, raid: 0, filesystem: xfs, wipe: Never }
  mountPoint: /mnt/scratch
  kubernetes: { provisioner: LocalStaticProvisioner, storageClass: scratch }
```

## Fix
Mount the tier in a directory such as `/mnt`.
"#,
};

/// The mount point of every tier that the provisioner serves.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for tier in &model.tiers {
        let (Some(kubernetes), Some(point)) = (&tier.spec.kubernetes, &tier.spec.mount_point) else {
            continue;
        };
        let deep = point
            .as_str()
            .rsplit_once('/')
            .is_some_and(|(directory, _)| !directory.is_empty());
        if deep || kubernetes.provisioner != Provisioner::LocalStaticProvisioner {
            continue;
        }
        let object = tiers::object(tier);
        let message =
            format!("{object} is mounted at {point}, and LocalStaticProvisioner would look for it in /");
        findings.push(
            Finding::new(&RULE, message)
                .party(
                    object.clone(),
                    at!("spec", "mountPoint"),
                    "directly below the root",
                )
                .party(
                    object,
                    at!("spec", "kubernetes", "provisioner"),
                    "looks in the directory above",
                )
                .help(format!("mount it at /mnt{point}")),
        );
    }
}
