//! A mount option is read in /etc/fstab only.

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::model::Model;
use crate::tiers;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW5025",
    name: "mount-option-of-fstab",
    severity: Severity::Error,
    summary: "A mount option is read in /etc/fstab only",
    doc: r#"## What it does
`mountOptions` holds no option that begins with `x-systemd.`.

## Why
Tiers are mounted by units, and systemd reads these options in `/etc/fstab` only: in a unit `x-systemd.automount` does nothing, and says nothing.

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
  mountPoint: /data
  mountOptions: [ noatime, x-systemd.automount ]
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
  mountPoint: /data
  mountOptions: [ noatime ]
```

## Fix
Take the option out.
"#,
};

/// The options of every tier.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for tier in &model.tiers {
        for (number, option) in tier.spec.mount_options.iter().enumerate() {
            if !option.as_str().starts_with("x-systemd.") {
                continue;
            }
            let object = tiers::object(tier);
            findings.push(
                Finding::new(
                    &RULE,
                    format!(
                        "{option} of {object} is an option of /etc/fstab, and the tier is mounted by a unit"
                    ),
                )
                .party(
                    object,
                    at!("spec", "mountOptions", number),
                    "does nothing in a unit",
                )
                .help("take it out"),
            );
        }
    }
}
