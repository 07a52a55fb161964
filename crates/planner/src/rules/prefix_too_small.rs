//! A fabric has more nodes than addresses.

use ipnet::Ipv4Net;
use rackwright_api::InfiniBandFabricSpec;
use rackwright_manifest::{Rule, Severity};

use crate::allocate::RailPrefixes;
use crate::finding::{Finding, at};
use crate::input::{Intent, Kind, ObjectRef};

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW3001",
    name: "prefix-too-small",
    severity: Severity::Error,
    summary: "A fabric has more nodes than addresses",
    doc: r#"## What it does
The fabric's prefix is cut into one equal prefix a rail, and each node takes one address of each, the same host number on every rail. Addresses of detached nodes stay taken.

## Why
An address that does not exist cannot be allocated, and moving to another prefix later readdresses every node.

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
  nodes: { racks: "a[1-2]" }
  fabrics: [ { name: compute } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: compute }
spec:
  supercluster: lab
  plane: Compute
  topology: { type: FatTree, rails: 2 }
  addressing: { ipv4: 10.64.0.0/29 }
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
  nodes: { racks: "a[1-2]" }
  fabrics: [ { name: compute } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: compute }
spec:
  supercluster: lab
  plane: Compute
  topology: { type: FatTree, rails: 2 }
  addressing: { ipv4: 10.64.0.0/28 }
```

## Fix
Choose a wider prefix, with room for the last phase.
"#,
};

/// A fabric whose rails cannot hold its nodes. `needed` counts the addresses that detached nodes hold too.
pub(crate) fn finding(fabric: &Intent<InfiniBandFabricSpec>, net: Ipv4Net, needed: usize) -> Finding {
    let object = ObjectRef::new(Kind::InfiniBandFabric, &fabric.name);
    let rails = fabric.spec.topology.rails;
    let message = match RailPrefixes::new(net, rails) {
        Some(prefixes) => format!(
            "{net} of {object} is too small: {rails} rails make a /{} each, with {} addresses; {needed} nodes need one each",
            prefixes.length(),
            prefixes.capacity()
        ),
        None => format!(
            "{net} of {object} cannot be cut for {rails} rails: each would be a /{}, and only a /1 to a /30 holds nodes",
            RailPrefixes::cut(net, rails)
        ),
    };
    Finding::new(&RULE, message)
        .party(object, at!("spec", "addressing", "ipv4"), "too small")
        .help("choose a wider prefix, with room for the last phase")
}
