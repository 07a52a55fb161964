//! Two tiers of a pool claim the same devices.

use rackwright_api::Devices;
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::model::Model;
use crate::tiers::{devices_meet, of_pool};

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW5006",
    name: "devices-claimed-twice",
    severity: Severity::Error,
    summary: "Two tiers of a pool claim the same devices",
    doc: r#"## What it does
The local tiers of a pool claim different devices: other PCI addresses, or models that no device can have both of.

## Why
Which tier gets a device would depend on the order in which the host looks, and on another day the other one would find its old content there.

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
  localNVMe: { devices: { model: "SAMSUNG MZWLO*", count: 4 }, raid: 0, filesystem: xfs, wipe: Never }
  mountPoint: /data
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: scratch }
spec:
  supercluster: lab
  localNVMe: { devices: { model: "SAMSUNG *3T8*", count: 4 }, raid: 0, filesystem: xfs, wipe: Never }
  mountPoint: /scratch
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
  localNVMe: { devices: { model: "SAMSUNG MZWLO3T8*", count: 4 }, raid: 0, filesystem: xfs, wipe: Never }
  mountPoint: /data
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: scratch }
spec:
  supercluster: lab
  localNVMe: { devices: { model: "SAMSUNG MZWLO7T6*", count: 4 }, raid: 0, filesystem: xfs, wipe: Never }
  mountPoint: /scratch
```

## Fix
Name the devices of each tier by `pciAddresses`, or by models that differ.
"#,
};

/// The local tiers of every pool. A pool has at most 16 tiers, so all pairs are few.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for number in 0..model.pools.len() as u32 {
        let mountings = of_pool(model, number);
        let locals: Vec<_> = (mountings.iter())
            .filter_map(|mounting| Some((mounting, &mounting.tier.spec.local_nvme.as_ref()?.devices)))
            .collect();
        for (i, (one, devices)) in locals.iter().enumerate() {
            for (other, others) in &locals[i + 1..] {
                let Some(shared) = both(devices, others) else {
                    continue;
                };
                let path = || at!("spec", "localNVMe", "devices");
                let (pool, tiers) = (one.pool_object(), [one.tier_object(), other.tier_object()]);
                let message = format!("{} and {} of {pool} both claim {shared}", tiers[0], tiers[1]);
                let [first, second] = tiers;
                findings.push(
                    Finding::new(&RULE, message)
                        .party(pool.clone(), one.path(), "claims them")
                        .party(pool, other.path(), "claims them too")
                        .told(first, path(), shared.clone())
                        .told(second, path(), shared.clone())
                        .help("name the devices of each tier by pciAddresses, or by models that differ"),
                );
            }
        }
    }
}

/// What both claim, in words.
fn both(one: &Devices, other: &Devices) -> Option<String> {
    if !devices_meet(one, other) {
        return None;
    }
    let mut shared = one.pci_addresses.iter();
    if let Some(first) = shared.find(|address| other.pci_addresses.contains(address)) {
        return Some(format!("the device at {first}"));
    }
    let models = |devices: &Devices| {
        let model = devices.model.as_ref().map(|model| format!("\"{model}\""));
        model.unwrap_or_else(|| "any model".to_owned())
    };
    Some(format!("devices that are {} and {}", models(one), models(other)))
}
