//! GPUDirect Storage is asked of a tier that cannot do it.

use rackwright_api::{Filesystem, StorageTierSpec, Transport, Version};
use rackwright_manifest::{Path, Rule, Severity};

use crate::finding::{Finding, at};
use crate::model::Model;
use crate::tiers::{self, FileSystem, major_minor};

/// The first Lustre release whose client serves GPUDirect Storage (node-config 3.4).
const LUSTRE: (u32, u32) = (2, 15);

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW5016",
    name: "gpudirect-transport",
    severity: Severity::Error,
    summary: "GPUDirect Storage is asked of a tier that cannot do it",
    doc: r#"## What it does
A shared tier with `gpuDirectStorage: true` travels on RDMA: NFS and BeeGFS with `transport: RDMA`, Lustre with NIDs on `o2ib` and a client of 2.15 or newer, or one of DDN EXAScaler (`2.14.0_ddn…`). A local tier with ext4 keeps its data ordered (no `data=` but `data=ordered`).

## Why
The adapter writes into the GPU's memory; TCP has no such way. cuFile then copies through the host's memory without a word, unless `allow_compat_mode` is off.

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
  host: { kernelArguments: [ iommu=pt ], modules: [ nvidia_fs ] }
  gpu: { driver: { version: "580.95.05", kernelModules: Open } }
  storage: [ { tier: data } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: data }
spec:
  supercluster: lab
  nfs: { server: nas1, export: /data, transport: TCP }
  gpuDirectStorage: true
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
  host: { kernelArguments: [ iommu=pt ], modules: [ nvidia_fs ] }
  gpu: { driver: { version: "580.95.05", kernelModules: Open } }
  storage: [ { tier: data } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: data }
spec:
  supercluster: lab
  nfs: { server: nas1, export: /data, transport: RDMA }
  fabric: storage
  gpuDirectStorage: true
  mountPoint: /data
```

## Fix
Let the tier travel on RDMA, or take `gpuDirectStorage` away.
"#,
};

/// Every tier that GPUs read without a bounce buffer.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for tier in &model.tiers {
        if tier.spec.gpu_direct_storage != Some(true) {
            continue;
        }
        let object = tiers::object(tier);
        for (path, why) in obstacles(&tier.spec) {
            findings.push(
                Finding::new(&RULE, format!("{object} wants GPUDirect Storage, and {why}"))
                    .party(object.clone(), path, why)
                    .party(object.clone(), at!("spec", "gpuDirectStorage"), "wanted here"),
            );
        }
    }
}

fn obstacles(tier: &StorageTierSpec) -> Vec<(Path, String)> {
    let transport = |field: &str, transport: Transport| {
        let tcp = transport == Transport::TCP;
        tcp.then(|| (at!("spec", field, "transport"), "its transport is TCP".to_owned()))
    };
    match FileSystem::of(tier) {
        Some(FileSystem::Nfs(nfs)) => transport("nfs", nfs.transport).into_iter().collect(),
        Some(FileSystem::BeeGfs(beegfs)) => transport("beegfs", beegfs.transport).into_iter().collect(),
        Some(FileSystem::Lustre(lustre)) => {
            let nids = lustre.management_servers.iter().enumerate();
            let mut found: Vec<_> = nids
                .filter(|(_, nid)| !nid.network().starts_with("o2ib"))
                .map(|(at, nid)| {
                    (
                        at!("spec", "lustre", "managementServers", at),
                        format!("the NID {nid} is not on o2ib"),
                    )
                })
                .collect();
            // EXAScaler carries its own client, which serves it below 2.15 too.
            let old = |client: &&str| major_minor(client) < LUSTRE && !client.contains("ddn");
            let client = lustre.client.as_ref().map(Version::as_str);
            found.extend(client.filter(old).map(|client| {
                let why = format!("its client {client} is older than {}.{}", LUSTRE.0, LUSTRE.1);
                (at!("spec", "lustre", "client"), why)
            }));
            found
        }
        Some(FileSystem::Local(local)) if local.filesystem == Filesystem::Ext4 => {
            let options = tier.mount_options.iter().enumerate();
            let unordered = |text: &str| text.starts_with("data=") && text != "data=ordered";
            options
                .filter(|(_, option)| unordered(option.as_str()))
                .map(|(at, option)| {
                    (
                        at!("spec", "mountOptions", at),
                        format!("{option} is not ordered mode"),
                    )
                })
                .collect()
        }
        Some(FileSystem::Local(_) | FileSystem::Weka(_)) | None => Vec::new(),
    }
}
