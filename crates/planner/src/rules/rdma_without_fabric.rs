//! A tier travels on RDMA and names no fabric.

use rackwright_manifest::{Rule, Severity};

use crate::finding::Finding;
use crate::model::Model;
use crate::tiers::{self, FileSystem};

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW5014",
    name: "rdma-without-fabric",
    severity: Severity::Warning,
    summary: "A tier travels on RDMA and names no fabric",
    doc: r#"## What it does
A tier with RDMA transport, or with Lustre NIDs on `o2ib`, names the fabric that it travels on.

## Why
Without it nothing checks that the pools are plugged in, the mount is not ordered after the interfaces of its rails, and its throughput cannot be added up. RDMA over Ethernet has no fabric here, so this is a warning.

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
  lustre: { fileSystem: data, managementServers: [ "10.80.0.9@o2ib" ] }
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
Write `fabric`.
"#,
};

/// Every tier that says RDMA.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for tier in model.tiers.iter().filter(|tier| tier.spec.fabric.is_none()) {
        let Some((path, what)) = FileSystem::of(&tier.spec).and_then(FileSystem::rdma) else {
            continue;
        };
        let object = tiers::object(tier);
        findings.push(
            Finding::new(
                &RULE,
                format!("{object} travels on RDMA ({what}) and names no fabric"),
            )
            .party(object, path, "RDMA")
            .help("write `fabric: <name>` in the tier, if it travels on InfiniBand"),
        );
    }
}
