//! Several NFS connections over RDMA on a kernel that opens one.

use rackwright_api::Transport;
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::model::Model;
use crate::tiers::{major_minor, mountings};

/// The first release after the change (see the documentation).
const KERNEL: (u32, u32) = (6, 9);

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW5013",
    name: "nfs-connections",
    severity: Severity::Warning,
    summary: "Several NFS connections over RDMA on a kernel that opens one",
    doc: r#"## What it does
`nfs.connections` above 1 with `transport: RDMA` needs a kernel that opens them. The change that does so (b326df4a8ec6, "NFS: enable nconnect for RDMA") is of February 2024: 6.9 is the first release after it, some older stable kernels have it too. Pools that do not say `host.kernel` are not judged.

## Why
Older kernels take the option, report success and open one connection: kernel 6.1 was seen to do so. The tier then has a fraction of the throughput that it was planned with.

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
  host: { kernel: 6.1.0-28-amd64 }
  storage: [ { tier: data } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: data }
spec:
  supercluster: lab
  nfs: { server: nas1, export: /data, transport: RDMA, connections: 8 }
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
  host: { kernel: 6.11.0-1011-nvidia }
  storage: [ { tier: data } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: data }
spec:
  supercluster: lab
  nfs: { server: nas1, export: /data, transport: RDMA, connections: 8 }
  fabric: storage
  mountPoint: /data
```

## Fix
Count the `xprt:` lines in `/proc/self/mountstats` of a mounted node; if there is one, take a newer kernel or plan with one connection.
"#,
};

/// The connections of every NFS tier, on the kernel of every pool.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for mounting in mountings(model) {
        let several = |connections: &u8| *connections > 1;
        let nfs = mounting.tier.spec.nfs.as_ref();
        let Some(connections) = nfs
            .filter(|nfs| nfs.transport == Transport::RDMA)
            .and_then(|nfs| nfs.connections.filter(several))
        else {
            continue;
        };
        let kernel = mounting
            .pool
            .spec
            .host
            .as_ref()
            .and_then(|host| host.kernel.as_ref());
        let Some(kernel) = kernel.filter(|kernel| major_minor(kernel.as_str()) < KERNEL) else {
            continue;
        };
        let (pool, tier) = (mounting.pool_object(), mounting.tier_object());
        findings.push(
            Finding::new(
                &RULE,
                format!(
                    "{tier} wants {connections} connections over RDMA, and the kernel {kernel} of {pool} may open one: \
                     kernels before {}.{} need a backport",
                    KERNEL.0, KERNEL.1
                ),
            )
            .party(tier, at!("spec", "nfs", "connections"), "over RDMA")
            .party(pool, at!("spec", "host", "kernel"), format!("older than {}.{}", KERNEL.0, KERNEL.1))
            .help("count the `xprt:` lines in /proc/self/mountstats of a mounted node"),
        );
    }
}
