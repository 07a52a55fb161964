//! A consent to wipe is for a node that does not mount the tier.

use std::collections::BTreeMap;

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::model::Model;
use crate::names::{counted, folded};
use crate::tiers::{self, mountings};

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW5009",
    name: "consent-without-node",
    severity: Severity::Warning,
    summary: "A consent to wipe is for a node that does not mount the tier",
    doc: r#"## What it does
Each node in `wipeConsents` of a tier is selected by a pool that mounts the tier.

## Why
The consent reaches no node. Most often the name is wrong, and the device that was meant stays refused.

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
  localNVMe:
    devices: { model: "SAMSUNG MZWLO*", count: 8 }
    raid: 0
    filesystem: xfs
    wipe: WithConsent
    wipeConsents: [ { node: a2-n1, serial: S6CKNE0T100001, signature: "xfs:6a1f6f2e" } ]
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
  localNVMe:
    devices: { model: "SAMSUNG MZWLO*", count: 8 }
    raid: 0
    filesystem: xfs
    wipe: WithConsent
    wipeConsents: [ { node: a1-n1, serial: S6CKNE0T100001, signature: "xfs:6a1f6f2e" } ]
  mountPoint: /data
```

## Fix
Correct the node, or remove the consent.
"#,
};

/// The consents of every tier.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    let mut pools: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for mounting in mountings(model) {
        pools
            .entry(mounting.tier.name.as_str())
            .or_default()
            .push(mounting.number);
    }
    for tier in &model.tiers {
        let Some(local) = &tier.spec.local_nvme else {
            continue;
        };
        let pools = pools.get(tier.name.as_str()).map_or(&[][..], Vec::as_slice);
        let mounts = |name: &str| {
            model.site.node(name).is_some_and(|node| {
                pools
                    .iter()
                    .any(|&pool| model.selected[pool as usize].binary_search(&node).is_ok())
            })
        };
        let stray: Vec<(usize, &str)> = (local.wipe_consents.iter().enumerate())
            .map(|(at, consent)| (at, consent.node.as_str()))
            .filter(|(_, node)| !mounts(node))
            .collect();
        let Some(&(first, _)) = stray.first() else {
            continue;
        };
        let object = tiers::object(tier);
        findings.push(
            Finding::new(
                &RULE,
                format!(
                    "{} of {object} for {}, which no pool with the tier selects",
                    counted(stray.len(), "consent"),
                    folded(stray.iter().map(|&(_, node)| node)),
                ),
            )
            .party(
                object,
                at!("spec", "localNVMe", "wipeConsents", first, "node"),
                "does not mount the tier",
            )
            .help("correct the node, or remove the consent"),
        );
    }
}
