//! A server's name holds a colon.

use std::net::Ipv6Addr;

use rackwright_api::StorageTierSpec;
use rackwright_manifest::{Path, Rule, Severity};

use crate::finding::{Finding, Party, at};
use crate::model::Model;
use crate::tiers::{self, FileSystem};

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW5026",
    name: "server-with-colon",
    severity: Severity::Error,
    summary: "A server's name holds a colon",
    doc: r#"## What it does
A server of NFS, Lustre, Weka or BeeGFS is a host name or an IPv4 address without a port; one of NFS may be an IPv6 address too.

## Why
In what a mount is given, a colon ends the server: the rest would be read as a path, as the next server or not at all. NFS takes an IPv6 address in brackets; the others have no spelling for it.

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
  beegfs: { managementServer: "mgmt1:8008", transport: TCP }
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
  beegfs: { managementServer: mgmt1, transport: TCP }
  mountPoint: /data
```

## Fix
Take the port out, or give the server a name.
"#,
};

/// The servers of every tier.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for tier in &model.tiers {
        for (server, path) in servers(&tier.spec) {
            let Some(colon) = server.find(':') else { continue };
            let object = tiers::object(tier);
            findings.push(
                Finding::new(
                    &RULE,
                    format!("the server {server} of {object} holds a colon, which would end it"),
                )
                .with(Party {
                    range: Some((colon, colon + 1)),
                    ..Party::new(object, path, "ends the server")
                })
                .help("use a host name or an IPv4 address without a port"),
            );
        }
    }
}

/// The servers that no colon may stand in, and where they are written.
fn servers(tier: &StorageTierSpec) -> Vec<(&str, Path)> {
    match FileSystem::of(tier) {
        Some(FileSystem::Nfs(nfs)) if nfs.server.as_str().parse::<Ipv6Addr>().is_err() => {
            vec![(nfs.server.as_str(), at!("spec", "nfs", "server"))]
        }
        Some(FileSystem::Local(_) | FileSystem::Nfs(_)) | None => Vec::new(),
        Some(FileSystem::Lustre(lustre)) => (lustre.management_servers.iter().enumerate())
            .map(|(number, nid)| (nid.as_str(), at!("spec", "lustre", "managementServers", number)))
            .collect(),
        Some(FileSystem::Weka(weka)) => (weka.backends.iter().enumerate())
            .map(|(number, server)| (server.as_str(), at!("spec", "weka", "backends", number)))
            .collect(),
        Some(FileSystem::BeeGfs(beegfs)) => {
            let path = at!("spec", "beegfs", "managementServer");
            vec![(beegfs.management_server.as_str(), path)]
        }
    }
}
