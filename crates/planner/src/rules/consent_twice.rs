//! Two tiers consent to wipe one device.

use std::collections::BTreeMap;

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::model::Model;
use crate::tiers;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW5010",
    name: "consent-twice",
    severity: Severity::Error,
    summary: "Two tiers consent to wipe one device",
    doc: r#"## What it does
A device, by node and serial number, is in `wipeConsents` of one tier at most.

## Why
A device belongs to one tier. Whichever tier comes second would wipe what the first one made.

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
  localNVMe:
    devices: { model: "SAMSUNG MZWLO3T8*", count: 4 }
    raid: 0
    filesystem: xfs
    wipe: WithConsent
    wipeConsents: [ { node: a1-n1, serial: S6CKNE0T100001, signature: "xfs:6a1f6f2e" } ]
  mountPoint: /data
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: scratch }
spec:
  supercluster: lab
  localNVMe:
    devices: { model: "SAMSUNG MZWLO7T6*", count: 4 }
    raid: 0
    filesystem: xfs
    wipe: WithConsent
    wipeConsents: [ { node: a1-n1, serial: S6CKNE0T100001, signature: "xfs:6a1f6f2e" } ]
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
  localNVMe:
    devices: { model: "SAMSUNG MZWLO3T8*", count: 4 }
    raid: 0
    filesystem: xfs
    wipe: WithConsent
    wipeConsents: [ { node: a1-n1, serial: S6CKNE0T100001, signature: "xfs:6a1f6f2e" } ]
  mountPoint: /data
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: scratch }
spec:
  supercluster: lab
  localNVMe:
    devices: { model: "SAMSUNG MZWLO7T6*", count: 4 }
    raid: 0
    filesystem: xfs
    wipe: WithConsent
    wipeConsents: [ { node: a1-n1, serial: S6CKNE0T100002, signature: "xfs:6a1f6f2e" } ]
  mountPoint: /scratch
```

## Fix
Remove the consent from the tier that does not own the device.
"#,
};

/// The consents of all tiers, by device.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    let mut devices: BTreeMap<(&str, &str), Vec<(usize, usize)>> = BTreeMap::new();
    for (number, tier) in model.tiers.iter().enumerate() {
        let consents = tier.spec.local_nvme.iter().flat_map(|local| &local.wipe_consents);
        for (at, consent) in consents.enumerate() {
            let device = (consent.node.as_str(), consent.serial.as_str());
            devices.entry(device).or_default().push((number, at));
        }
    }
    for ((node, serial), places) in devices {
        // Twice in one tier is the schema's finding: node and serial are the list's keys.
        let mut tiers_of_it: Vec<usize> = places.iter().map(|&(tier, _)| tier).collect();
        tiers_of_it.dedup();
        if tiers_of_it.len() < 2 {
            continue;
        }
        let object = |tier: usize| tiers::object(model.tiers[tier]);
        let names: Vec<String> = tiers_of_it.iter().map(|&tier| object(tier).to_string()).collect();
        let message = format!(
            "{} consent to wipe the device {serial} of {node}",
            names.join(" and ")
        );
        findings.push(
            places
                .into_iter()
                .fold(Finding::new(&RULE, message), |finding, (tier, at)| {
                    let path = at!("spec", "localNVMe", "wipeConsents", at, "serial");
                    finding.party(object(tier), path, "consents to wipe it")
                }),
        );
    }
}
