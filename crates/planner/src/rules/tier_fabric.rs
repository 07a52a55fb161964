//! A pool mounts a tier and is not plugged into its fabric.

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::model::Model;
use crate::tiers::mountings;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW5001",
    name: "tier-fabric",
    severity: Severity::Error,
    summary: "A pool mounts a tier and is not plugged into its fabric",
    doc: r#"## What it does
`spec.fabric` of a tier must be among `spec.fabrics` of every pool that mounts it.

## Why
The nodes have no port where the tier is served: the mount waits for its time limit, on every node and at every boot. Only the pool is refused; others that mount the tier go on.

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
kind: InfiniBandFabric
metadata: { name: compute }
spec:
  supercluster: lab
  plane: Compute
  topology: { type: FatTree, rails: 2 }
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: storage }
spec:
  supercluster: lab
  plane: Storage
  topology: { type: FatTree, rails: 2 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a1" }
  fabrics: [ { name: compute } ]
  storage: [ { tier: data } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: data }
spec:
  supercluster: lab
  lustre: { fileSystem: data, managementServers: [ "10.80.0.9@o2ib" ] }
  fabric: storage
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
kind: InfiniBandFabric
metadata: { name: compute }
spec:
  supercluster: lab
  plane: Compute
  topology: { type: FatTree, rails: 2 }
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: storage }
spec:
  supercluster: lab
  plane: Storage
  topology: { type: FatTree, rails: 2 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a1" }
  fabrics: [ { name: compute }, { name: storage } ]
  storage: [ { tier: data } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: data }
spec:
  supercluster: lab
  lustre: { fileSystem: data, managementServers: [ "10.80.0.9@o2ib" ] }
  fabric: storage
  mountPoint: /data
```

## Fix
Plug the pool into the fabric, or take the tier out of the pool.
"#,
};

/// The fabric of every tier that a pool mounts.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for mounting in mountings(model) {
        let Some(fabric) = &mounting.tier.spec.fabric else {
            continue;
        };
        let mut plugged = mounting.pool.spec.fabrics.iter().map(|used| &used.name);
        if plugged.any(|name| name == fabric) {
            continue;
        }
        let names: Vec<&str> = (mounting.pool.spec.fabrics.iter())
            .map(|used| used.name.as_str())
            .collect();
        let plugged = match names.as_slice() {
            [] => "no fabric".to_owned(),
            names => names.join(", "),
        };
        let (pool, tier, path) = (mounting.pool_object(), mounting.tier_object(), mounting.path());
        findings.push(
            Finding::new(
                &RULE,
                format!("{path} of {pool} mounts {tier}, which travels on {fabric}; the pool is plugged into {plugged}"),
            )
            .party(pool, path, format!("not plugged into {fabric}"))
            .told(tier, at!("spec", "fabric"), "the tier travels on this")
            .help(format!("add `{{ name: {fabric} }}` to the pool's fabrics, or take the tier out of the pool")),
        );
    }
}
