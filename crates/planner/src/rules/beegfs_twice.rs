//! A pool mounts two BeeGFS tiers.

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::model::Model;
use crate::tiers::of_pool;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW5029",
    name: "beegfs-twice",
    severity: Severity::Error,
    summary: "A pool mounts two BeeGFS tiers",
    doc: r#"## What it does
A pool mounts at most one BeeGFS tier.

## Why
Each mount is a client of its own and listens on port 8004, which a node has once: the second mount fails.

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
  beegfs: { managementServer: mgmt1, transport: TCP }
  mountPoint: /data
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: home }
spec:
  supercluster: lab
  beegfs: { managementServer: mgmt1, transport: TCP }
  mountPoint: /home
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
  beegfs: { managementServer: mgmt1, transport: TCP }
  mountPoint: /data
```

## Fix
Mount one of them, and use directories of it, or give the pools one each.
"#,
};

/// The BeeGFS tiers of every pool: each with the first.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for number in 0..model.pools.len() as u32 {
        let mut mountings = of_pool(model, number);
        mountings.retain(|mounting| mounting.tier.spec.beegfs.is_some());
        let Some((first, others)) = mountings.split_first() else {
            continue;
        };
        for other in others {
            let (pool, tier) = (other.pool_object(), other.tier_object());
            let message = format!(
                "{} and {tier} would both be the BeeGFS client on port 8004 of the nodes of {pool}",
                first.tier_object()
            );
            findings.push(
                Finding::new(&RULE, message)
                    .party(pool.clone(), other.path(), "a second BeeGFS client")
                    .party(pool, first.path(), "the first")
                    .told(tier, at!("spec", "beegfs"), "mounted here")
                    .told(first.tier_object(), at!("spec", "beegfs"), "mounted here"),
            );
        }
    }
}
