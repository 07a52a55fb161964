//! One LNet network lies on two fabrics.

use std::collections::BTreeMap;

use rackwright_api::{Name, Nid};
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::model::Model;
use crate::tiers::{Mounting, of_pool};

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW5030",
    name: "lnet-network-twice",
    severity: Severity::Error,
    summary: "One LNet network lies on two fabrics",
    doc: r#"## What it does
All Lustre tiers of a pool whose NIDs name one LNet network travel on one fabric. `tcp` is `tcp0`, and `o2ib` is `o2ib0`.

## Why
A node is in an LNet network with all the interfaces that are named for it, and takes any of them to any server of that network. On two fabrics half of them lead nowhere.

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
  topology: { type: FatTree, rails: 1 }
  addressing: { ipv4: 10.80.0.0/22 }
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: other }
spec:
  supercluster: lab
  plane: Storage
  topology: { type: FatTree, rails: 1 }
  addressing: { ipv4: 10.81.0.0/22 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a1" }
  fabrics: [ { name: storage }, { name: other } ]
  storage: [ { tier: data }, { tier: home } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: data }
spec:
  supercluster: lab
  lustre: { fileSystem: data, managementServers: [ "10.80.3.253@o2ib" ] }
  mountPoint: /data
  fabric: storage
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: home }
spec:
  supercluster: lab
  lustre: { fileSystem: home, managementServers: [ "10.81.3.253@o2ib0" ] }
  mountPoint: /home
  fabric: other
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
  topology: { type: FatTree, rails: 1 }
  addressing: { ipv4: 10.80.0.0/22 }
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: other }
spec:
  supercluster: lab
  plane: Storage
  topology: { type: FatTree, rails: 1 }
  addressing: { ipv4: 10.81.0.0/22 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a1" }
  fabrics: [ { name: storage }, { name: other } ]
  storage: [ { tier: data }, { tier: home } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: data }
spec:
  supercluster: lab
  lustre: { fileSystem: data, managementServers: [ "10.80.3.253@o2ib" ] }
  mountPoint: /data
  fabric: storage
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: home }
spec:
  supercluster: lab
  lustre: { fileSystem: home, managementServers: [ "10.81.3.253@o2ib1" ] }
  mountPoint: /home
  fabric: other
```

## Fix
Give the servers of one fabric an LNet network of their own, such as `o2ib1`.
"#,
};

/// The LNet networks of every pool: each tier with the first one of its network.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for number in 0..model.pools.len() as u32 {
        let mountings = of_pool(model, number);
        let mut first: BTreeMap<String, &Mounting<'_>> = BTreeMap::new();
        for mounting in mountings.iter().filter(|mounting| !fabric(mounting).is_empty()) {
            let mut networks: Vec<String> = (mounting.tier.spec.lustre.iter())
                .flat_map(|lustre| &lustre.management_servers)
                .map(Nid::network)
                .collect();
            networks.sort();
            networks.dedup();
            for network in networks {
                let first = first.entry(network.clone()).or_insert(mounting);
                if fabric(first) != fabric(mounting) {
                    findings.push(finding(&network, first, mounting));
                }
            }
        }
    }
}

fn fabric<'a>(mounting: &Mounting<'a>) -> &'a str {
    mounting.tier.spec.fabric.as_ref().map_or("", Name::as_str)
}

fn finding(network: &str, first: &Mounting<'_>, other: &Mounting<'_>) -> Finding {
    let (pool, one, two) = (other.pool_object(), fabric(first), fabric(other));
    let message = format!(
        "the LNet network {network} of {} lies on the fabric {one} and that of {} on {two}, and the nodes of {pool} mount both",
        first.tier_object(),
        other.tier_object()
    );
    let servers = || at!("spec", "lustre", "managementServers");
    Finding::new(&RULE, message)
        .party(pool.clone(), other.path(), format!("{network} on {two}"))
        .party(pool, first.path(), format!("{network} on {one}"))
        .told(other.tier_object(), servers(), format!("{network} on {two}"))
        .told(first.tier_object(), servers(), format!("{network} on {one}"))
        .help("give the servers of one fabric an LNet network of their own, such as o2ib1")
}
