//! A static volume has no capacity.

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::handover::storage;
use crate::model::Model;
use crate::tiers::{self, FileSystem};

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW5024",
    name: "volume-without-capacity",
    severity: Severity::Warning,
    summary: "A static volume has no capacity",
    doc: r#"## What it does
A tier that Kubernetes sees as PersistentVolumes which are written once (`Static`; Lustre with `CSI` too, whose driver makes none itself) says what it holds: `capacity` of a shared tier, `devices.capacity` of a local one.

## Why
A PersistentVolume without a capacity is refused by the API server, and a made-up one would give claims what is not there. Without it no PersistentVolume is rendered.

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
  nfs: { server: nas1, export: /data, transport: TCP }
  mountPoint: /srv/data
  kubernetes: { provisioner: Static, storageClass: data }
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
  nfs: { server: nas1, export: /data, transport: TCP }
  capacity: 15PB
  mountPoint: /srv/data
  kubernetes: { provisioner: Static, storageClass: data }
```

## Fix
Write the capacity.
"#,
};

/// Every tier whose volumes we write.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for tier in model.tiers.iter().filter(|tier| storage::is_static(&tier.spec)) {
        let Some(file_system) = FileSystem::of(&tier.spec) else {
            continue;
        };
        let (known, field) = match file_system {
            FileSystem::Local(local) => (
                local.devices.capacity.is_some(),
                "spec.localNVMe.devices.capacity",
            ),
            _ => (tier.spec.capacity.is_some(), "spec.capacity"),
        };
        if known {
            continue;
        }
        let object = tiers::object(tier);
        findings.push(
            Finding::new(
                &RULE,
                format!("{object} is a static volume, and {field} is absent"),
            )
            .party(
                object,
                at!("spec", "kubernetes", "provisioner"),
                "volumes are written once",
            )
            .help(format!(
                "write {field}; without it no PersistentVolume is rendered"
            )),
        );
    }
}
