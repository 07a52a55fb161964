//! A provisioner does not fit what the tier is.

use rackwright_api::Provisioner;
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::model::Model;
use crate::tiers::{self, FileSystem};

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW5018",
    name: "provisioner-of-tier",
    severity: Severity::Error,
    summary: "A provisioner does not fit what the tier is",
    doc: r#"## What it does
`LocalStaticProvisioner`, `TopoLVM` and `LVMS` make volumes of local devices; `CSI` is the driver of a shared file system.

## Why
A local provisioner would give a node's own directory for what all nodes share, or find nothing at all.

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
  kubernetes: { provisioner: LocalStaticProvisioner, storageClass: data }
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
  mountPoint: /srv/data
  kubernetes: { provisioner: CSI, storageClass: data }
```

## Fix
Take `CSI` or `Static` for a shared tier, and one of the others for a local one.
"#,
};

/// The provisioner of every tier.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for tier in &model.tiers {
        let (Some(kubernetes), Some(file_system)) = (&tier.spec.kubernetes, FileSystem::of(&tier.spec))
        else {
            continue;
        };
        let wants_local = match kubernetes.provisioner {
            Provisioner::Static => continue,
            Provisioner::LocalStaticProvisioner | Provisioner::TopoLVM | Provisioner::LVMS => true,
            Provisioner::CSI => false,
        };
        if wants_local == file_system.is_local() {
            continue;
        }
        let (object, field) = (tiers::object(tier), file_system.field());
        let (serves, is) = if wants_local {
            ("local devices", "shared")
        } else {
            ("shared file systems", "local")
        };
        let provisioner = format!("{:?}", kubernetes.provisioner);
        findings.push(
            Finding::new(
                &RULE,
                format!("{provisioner} serves {serves}, and {object} ({field}) is {is}"),
            )
            .party(
                object.clone(),
                at!("spec", "kubernetes", "provisioner"),
                format!("serves {serves}"),
            )
            .party(object, at!("spec", field), is),
        );
    }
}
