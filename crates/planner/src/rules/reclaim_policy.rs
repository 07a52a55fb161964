//! A reclaim policy wipes, or nobody follows it.

use rackwright_api::{Provisioner, ReclaimPolicy};
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::model::Model;
use crate::tiers;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW5021",
    name: "reclaim-policy",
    severity: Severity::Warning,
    summary: "A reclaim policy wipes, or nobody follows it",
    doc: r#"## What it does
`reclaimPolicy: Delete` with `LocalStaticProvisioner` wipes a volume when its claim is deleted. With `Static` nobody deletes: the volume becomes `Failed`.

## Why
The local static provisioner cleans what a deleted claim leaves and offers the volume again. On a tier that is one volume a node, that is all data of the node. It may be what is wanted for scratch; it should not come as a surprise.

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
  mountPoint: /mnt/scratch
  kubernetes: { provisioner: LocalStaticProvisioner, reclaimPolicy: Delete, storageClass: scratch }
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
  kubernetes: { provisioner: LocalStaticProvisioner, reclaimPolicy: Retain, storageClass: scratch }
```

## Fix
Write `Retain`, which is also what an absent field means.
"#,
};

/// The reclaim policy of every tier.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for tier in &model.tiers {
        let Some(kubernetes) = &tier.spec.kubernetes else {
            continue;
        };
        if kubernetes.reclaim_policy != Some(ReclaimPolicy::Delete) {
            continue;
        }
        let what = match kubernetes.provisioner {
            Provisioner::LocalStaticProvisioner => "wipes a volume when its claim is deleted",
            Provisioner::Static => "is followed by nobody: a released volume becomes Failed",
            Provisioner::TopoLVM | Provisioner::LVMS | Provisioner::CSI => continue,
        };
        let object = tiers::object(tier);
        let message = format!(
            "reclaimPolicy Delete of {object} {what} ({:?})",
            kubernetes.provisioner
        );
        findings.push(
            Finding::new(&RULE, message)
                .party(object, at!("spec", "kubernetes", "reclaimPolicy"), what)
                .help("write `Retain` to keep what is there"),
        );
    }
}
