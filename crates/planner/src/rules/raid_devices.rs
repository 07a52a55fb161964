//! A RAID level does not fit the number of devices.

use rackwright_api::LocalNvme;
use rackwright_manifest::{Path, Rule, Severity};

use crate::finding::{Finding, at};
use crate::model::Model;
use crate::names::counted;
use crate::tiers::{self, owns_volume_group};

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW5007",
    name: "raid-devices",
    severity: Severity::Error,
    summary: "A RAID level does not fit the number of devices",
    doc: r#"## What it does
RAID 0 and 1 take at least two devices, RAID 5 three, RAID 6 four, RAID 10 four or more in pairs. Without RAID it is one device, unless TopoLVM or LVMS makes a volume group of them.

## Why
`mdadm` refuses on the host what the numbers refuse here, after the node was drained for it. Several devices without RAID would need several mount points.

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
  localNVMe: { devices: { model: "SAMSUNG MZWLO*", count: 2 }, raid: 5, filesystem: xfs, wipe: Never }
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
  storage: [ { tier: data } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: data }
spec:
  supercluster: lab
  localNVMe: { devices: { model: "SAMSUNG MZWLO*", count: 2 }, raid: 0, filesystem: xfs, wipe: Never }
  mountPoint: /data
```

## Fix
Correct `count` or `raid`.
"#,
};

/// The RAID level of every local tier.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for tier in &model.tiers {
        let Some(local) = &tier.spec.local_nvme else {
            continue;
        };
        let Some((path, needs)) = wrong(local, owns_volume_group(&tier.spec)) else {
            continue;
        };
        let object = tiers::object(tier);
        let has = counted(local.devices.count.into(), "device");
        let level = local
            .raid
            .map_or("no RAID".to_owned(), |raid| format!("RAID {raid}"));
        findings.push(
            Finding::new(
                &RULE,
                format!("{object} has {level} over {has}, and that takes {needs}"),
            )
            .party(object.clone(), path, format!("takes {needs}"))
            .party(object, at!("spec", "localNVMe", "devices", "count"), has),
        );
    }
}

/// Where the mistake stands and what the level takes.
fn wrong(local: &LocalNvme, volume_group: bool) -> Option<(Path, &'static str)> {
    let count = local.devices.count;
    let level = at!("spec", "localNVMe", "raid");
    let (right, needs) = match local.raid {
        None if volume_group => return None,
        None => {
            let needs = "exactly 1; `raid: 0` makes one file system of several";
            return (count != 1).then(|| (at!("spec", "localNVMe"), needs));
        }
        Some(5) => (count >= 3, "at least 3"),
        Some(6) => (count >= 4, "at least 4"),
        Some(10) => (
            count >= 4 && count.is_multiple_of(2),
            "an even number, at least 4",
        ),
        // 0 and 1; the schema knows no other.
        Some(_) => (count >= 2, "at least 2"),
    };
    (!right).then_some((level, needs))
}
