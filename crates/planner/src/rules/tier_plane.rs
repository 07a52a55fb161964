//! A tier travels on a fabric that is not for storage.

use rackwright_api::Plane;
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;
use crate::tiers;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW5002",
    name: "tier-plane",
    severity: Severity::Warning,
    summary: "A tier travels on a fabric that is not for storage",
    doc: r#"## What it does
The fabric that a tier names should be of the plane `Storage`.

## Why
On the compute plane, reading a data set competes with the collectives of every job; the admin plane is built for little traffic. A small site may share a plane on purpose, so this is a warning.

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
  fabric: compute
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
  fabrics: [ { name: storage } ]
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
Name the fabric of the storage plane.
"#,
};

/// The plane of every tier's fabric.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for tier in &model.tiers {
        let Some(fabric) = tiers::fabric_of(model, &tier.spec) else {
            continue;
        };
        let plane = match fabric.spec.plane {
            Plane::Storage => continue,
            Plane::Compute => "Compute",
            Plane::Admin => "Admin",
        };
        let (tier, fabric) = (
            tiers::object(tier),
            ObjectRef::new(Kind::InfiniBandFabric, &fabric.name),
        );
        findings.push(
            Finding::new(
                &RULE,
                format!("{tier} travels on {fabric}, whose plane is {plane} and not Storage"),
            )
            .party(
                tier,
                at!("spec", "fabric"),
                format!("a fabric of the plane {plane}"),
            )
            .party(fabric, at!("spec", "plane"), "not for storage")
            .help("name a fabric of the plane Storage, if the site has one"),
        );
    }
}
