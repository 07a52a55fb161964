//! The name of a tier is too long for an array.

use rackwright_api::ARRAY_NAME_MAX;
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::model::Model;
use crate::tiers;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW5028",
    name: "array-name-too-long",
    severity: Severity::Error,
    summary: "The name of a tier is too long for an array",
    doc: r#"## What it does
A local tier with RAID has a name of at most 27 characters.

## Why
The array has the tier's name, and its superblock holds it behind `any:` in 32 bytes with their end. A longer one loses the `any:`, and the array comes back under another path at the next boot (mdadm(8), `--homehost`).

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
  storage: [ { tier: a-scratch-tier-for-checkpoints } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: a-scratch-tier-for-checkpoints }
spec:
  supercluster: lab
  localNVMe: { devices: { model: "SAMSUNG MZWLO*", count: 2 }, raid: 0, filesystem: xfs, wipe: Never }
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
  storage: [ { tier: checkpoints } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: checkpoints }
spec:
  supercluster: lab
  localNVMe: { devices: { model: "SAMSUNG MZWLO*", count: 2 }, raid: 0, filesystem: xfs, wipe: Never }
  mountPoint: /data
```

## Fix
Give the tier a shorter name.
"#,
};

/// The name of every tier with RAID.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for tier in &model.tiers {
        let raid = tier.spec.local_nvme.as_ref().and_then(|local| local.raid);
        let length = tier.name.as_str().len();
        let Some(raid) = raid.filter(|_| length > ARRAY_NAME_MAX) else {
            continue;
        };
        let object = tiers::object(tier);
        findings.push(
            Finding::new(
                &RULE,
                format!("{object} is RAID {raid}, and the name of an array has at most {ARRAY_NAME_MAX} characters"),
            )
            .party(object.clone(), at!("metadata", "name"), format!("{length} characters"))
            .party(object, at!("spec", "localNVMe", "raid"), "an array of this name"),
        );
    }
}
