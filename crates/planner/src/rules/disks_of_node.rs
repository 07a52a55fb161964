//! Nodes do not have the devices of a tier.

use std::collections::BTreeMap;

use rackwright_api::{Devices, PciAddress};
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::glob;
use crate::input::{Disks, Inventory};
use crate::model::Model;
use crate::names::{counted, folded};
use crate::tiers::mountings;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW5022",
    name: "disks-of-node",
    severity: Severity::Warning,
    summary: "Nodes do not have the devices of a tier",
    doc: r#"## What it does
Each node of a pool that mounts a local tier, as far as its inventory knows its disks, has exactly `count` of them with the tier's model and PCI addresses. Nodes without an inventory, and disks without a model, are not judged.

## Why
The host refuses to make the tier of fewer devices, and cannot know which ones are meant of more. One finding stands for all nodes with the same number.

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
  localNVMe: { devices: { model: "SAMSUNG MZWLO*", count: 2 }, raid: 0, filesystem: xfs, wipe: Never }
  mountPoint: /data
---
apiVersion: rackwright.dev/v1alpha1
kind: NodeInventory
metadata: { name: a1-n1 }
spec:
  disks:
  - { id: nvme-eui.1, model: SAMSUNG MZWLO3T8HCLS-00A07, sizeBytes: 3840755982336 }
  - { id: nvme-eui.2, model: KIOXIA KCM6XRUL3T84, sizeBytes: 3840755982336 }
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
  localNVMe: { devices: { model: "SAMSUNG MZWLO*", count: 2 }, raid: 0, filesystem: xfs, wipe: Never }
  mountPoint: /data
---
apiVersion: rackwright.dev/v1alpha1
kind: NodeInventory
metadata: { name: a1-n1 }
spec:
  disks:
  - { id: nvme-eui.1, model: SAMSUNG MZWLO3T8HCLS-00A07, sizeBytes: 3840755982336 }
  - { id: nvme-eui.2, model: SAMSUNG MZWLO3T8HCLS-00A07, sizeBytes: 3840755982336 }
```

## Fix
Replace the disk, correct `devices`, or put the nodes into a pool of their own.
"#,
};

/// Every local tier of every pool, on the nodes whose disks are known.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for mounting in mountings(model) {
        let Some(local) = &mounting.tier.spec.local_nvme else {
            continue;
        };
        let wanted = usize::from(local.devices.count);
        let mut unlike: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
        for &node in &model.selected[mounting.number as usize] {
            let name = model.site.name(node);
            let at = model
                .inventories
                .binary_search_by(|found| found.name.as_str().cmp(name));
            let found = at
                .ok()
                .and_then(|at| matching(model.inventories[at], &local.devices));
            if let Some(found) = found.filter(|found| *found != wanted) {
                unlike.entry(found).or_default().push(name);
            }
        }
        for (found, names) in unlike {
            let (pool, tier) = (mounting.pool_object(), mounting.tier_object());
            findings.push(
                Finding::new(
                    &RULE,
                    format!(
                        "{} of {pool} have {} that {tier} asks for, and it takes {wanted} of each: {}",
                        counted(names.len(), "node"),
                        counted(found, "device"),
                        folded(names.iter().copied()),
                    ),
                )
                .party(pool, model.selection_path(mounting.number), "selects the nodes")
                .told(
                    tier,
                    at!("spec", "localNVMe", "devices", "count"),
                    format!("{wanted} of each node"),
                ),
            );
        }
    }
}

/// How many disks of a node a tier means; none where the inventory does not say enough.
fn matching(inventory: &Inventory, devices: &Devices) -> Option<usize> {
    let addresses: Vec<u32> = devices.pci_addresses.iter().map(PciAddress::value).collect();
    let mut count = 0;
    for Disks {
        model,
        addresses: disks,
    } in &inventory.disks
    {
        let fits = match (&devices.model, model.is_empty()) {
            (None, _) => true,
            (Some(_), true) => return None,
            (Some(pattern), false) => glob::matches(pattern.as_str(), model),
        };
        if !fits {
            continue;
        }
        count += if addresses.is_empty() {
            disks.len()
        } else {
            disks.iter().filter(|address| addresses.contains(address)).count()
        };
    }
    (!inventory.disks.is_empty()).then_some(count)
}
