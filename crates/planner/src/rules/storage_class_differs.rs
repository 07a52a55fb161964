//! Two tiers give one StorageClass different parameters.

use std::collections::BTreeMap;

use rackwright_api::StorageTierSpec;
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::handover::storage;
use crate::input::Intent;
use crate::model::Model;
use crate::tiers;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW5020",
    name: "storage-class-differs",
    severity: Severity::Error,
    summary: "Two tiers give one StorageClass different parameters",
    doc: r#"## What it does
Tiers with the same `kubernetes.storageClass` must give the same StorageClass: provisioner, reclaim policy, binding and parameters. Static tiers of one kind may share one.

## Why
There is one object of the name in the cluster. The tier that is written last would decide what claims of both get.

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
  storage: [ { tier: data }, { tier: home } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: data }
spec:
  supercluster: lab
  nfs: { server: nas1, export: /data, transport: TCP }
  mountPoint: /srv/data
  kubernetes: { provisioner: CSI, storageClass: shared }
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: home }
spec:
  supercluster: lab
  nfs: { server: nas2, export: /home, transport: TCP }
  mountPoint: /srv/home
  kubernetes: { provisioner: CSI, storageClass: shared }
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
  storage: [ { tier: data }, { tier: home } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: data }
spec:
  supercluster: lab
  nfs: { server: nas1, export: /data, transport: TCP }
  mountPoint: /srv/data
  kubernetes: { provisioner: CSI, storageClass: data }
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: home }
spec:
  supercluster: lab
  nfs: { server: nas2, export: /home, transport: TCP }
  mountPoint: /srv/home
  kubernetes: { provisioner: CSI, storageClass: home }
```

## Fix
Give each tier a StorageClass of its own.
"#,
};

/// The StorageClasses of all tiers, each compared with the first of its name.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    let mut classes: BTreeMap<&str, &Intent<StorageTierSpec>> = BTreeMap::new();
    for tier in &model.tiers {
        let Some(kubernetes) = &tier.spec.kubernetes else {
            continue;
        };
        let name = kubernetes.storage_class.as_str();
        let first = *classes.entry(name).or_insert(tier);
        if first.name == tier.name || same(first, tier) {
            continue;
        }
        let (one, other) = (tiers::object(first), tiers::object(tier));
        let path = || at!("spec", "kubernetes", "storageClass");
        findings.push(
            Finding::new(
                &RULE,
                format!("{one} and {other} both name the StorageClass {name} and differ in what it says"),
            )
            .party(other, path(), "another StorageClass of this name")
            .party(one, path(), "one StorageClass of this name")
            .help("give each tier a StorageClass of its own"),
        );
    }
}

/// Whether two tiers give one object, or one entry where a provisioner keeps its classes itself.
fn same(one: &Intent<StorageTierSpec>, other: &Intent<StorageTierSpec>) -> bool {
    let provisioner = |tier: &Intent<StorageTierSpec>| tier.spec.kubernetes.as_ref().map(|k| k.provisioner);
    provisioner(one) == provisioner(other)
        && storage::class(&one.name, &one.spec) == storage::class(&other.name, &other.spec)
        && storage::static_provisioner_class(&one.spec) == storage::static_provisioner_class(&other.spec)
        && storage::lvms_device_class(&one.spec) == storage::lvms_device_class(&other.spec)
}
