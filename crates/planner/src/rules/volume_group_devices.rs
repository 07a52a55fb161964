//! TopoLVM or LVMS gets a tier that is no volume group.

use rackwright_api::Provisioner;
use rackwright_manifest::{Path, Rule, Severity};

use crate::finding::{Finding, at};
use crate::handover::storage::LVMS_CLASS_PREFIX;
use crate::input::Intent;
use crate::model::Model;
use crate::tiers::{self, owns_volume_group};
use rackwright_api::StorageTierSpec;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW5019",
    name: "volume-group-devices",
    severity: Severity::Error,
    summary: "TopoLVM or LVMS gets a tier that is no volume group",
    doc: r#"## What it does
A tier of TopoLVM or LVMS has no `raid` and no `gpuDirectStorage`: its devices become one volume group as they are. LVMS selects them by path, so it needs `pciAddresses`, and it names its StorageClass itself: `lvms-` and the name of the device class.

## Why
Without paths, LVMS takes every unused device of the node, those of other tiers too. A device that is part of a RAID is not taken at all.

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
  localNVMe: { devices: { model: "SAMSUNG MZWLO*", count: 2 }, filesystem: xfs, wipe: Never }
  kubernetes: { provisioner: LVMS, storageClass: lvms-data }
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
  localNVMe:
    devices: { model: "SAMSUNG MZWLO*", count: 2, pciAddresses: [ "0000:1b:00.0", "0000:1c:00.0" ] }
    filesystem: xfs
    wipe: Never
  kubernetes: { provisioner: LVMS, storageClass: lvms-data }
```

## Fix
Take `raid` out, and write the slots of the devices.
"#,
};

/// The tiers whose devices belong to a program in the cluster.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for tier in model.tiers.iter().filter(|tier| owns_volume_group(&tier.spec)) {
        for (path, why) in wrong(tier) {
            let object = tiers::object(tier);
            let message = format!("the devices of {object} become a volume group, and {why}");
            findings.push(
                Finding::new(&RULE, message)
                    .party(object.clone(), path, why)
                    .party(
                        object,
                        at!("spec", "kubernetes", "provisioner"),
                        "makes the volume group",
                    ),
            );
        }
    }
}

fn wrong(tier: &Intent<StorageTierSpec>) -> Vec<(Path, &'static str)> {
    let mut wrong = Vec::new();
    // Another tier than a local one is RW5018's finding.
    let (Some(local), Some(kubernetes)) = (&tier.spec.local_nvme, &tier.spec.kubernetes) else {
        return wrong;
    };
    if local.raid.is_some() {
        wrong.push((at!("spec", "localNVMe", "raid"), "it has a RAID level"));
    }
    if tier.spec.gpu_direct_storage == Some(true) {
        wrong.push((
            at!("spec", "gpuDirectStorage"),
            "it wants GPUDirect Storage, whose path LVM is not on",
        ));
    }
    if kubernetes.provisioner == Provisioner::LVMS {
        if local.devices.pci_addresses.is_empty() {
            wrong.push((
                at!("spec", "localNVMe", "devices"),
                "it has no pciAddresses, by which LVMS selects",
            ));
        }
        let name = kubernetes.storage_class.as_str().strip_prefix(LVMS_CLASS_PREFIX);
        if name.is_none_or(str::is_empty) {
            wrong.push((
                at!("spec", "kubernetes", "storageClass"),
                "its storageClass does not begin with lvms-",
            ));
        }
    }
    wrong
}
