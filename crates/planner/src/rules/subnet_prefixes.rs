//! Subnets with one prefix, or without one.

use std::collections::BTreeMap;

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2049",
    name: "subnet-prefixes",
    severity: Severity::Error,
    summary: "Subnet prefixes are not one for each subnet",
    doc: r#"## What it does
`subnetPrefixes`, where it is written, has one prefix for each subnet of the fabric: as many as rails where each rail is a subnet of its own (`disjointRails`), else one. No two subnets of all fabrics have the same. Prefixes that are not written follow from the names of site and fabric (`fabric render` prints them) and differ by themselves.

## Why
The prefix is the upper half of every address. Where a host or a router sees two subnets with one prefix, it cannot tell which of them an address is in.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-4]", nodes: "n[1-4]", system: dgx-b200 }
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: compute }
spec:
  supercluster: lab
  plane: Compute
  subnetPrefixes: [ "0xfd00000000000001" ]
  topology: { type: FatTree, rails: 8, nodesPerUnit: 16, switch: qm9700, oversubscription: "1:1" }
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: storage }
spec:
  supercluster: lab
  plane: Storage
  subnetPrefixes: [ "0xfd00000000000001" ]
  topology: { type: FatTree, rails: 2 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a[1-4]" }
  fabrics: [ { name: compute } ]
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-4]", nodes: "n[1-4]", system: dgx-b200 }
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: compute }
spec:
  supercluster: lab
  plane: Compute
  subnetPrefixes: [ "0xfd00000000000001" ]
  topology: { type: FatTree, rails: 8, nodesPerUnit: 16, switch: qm9700, oversubscription: "1:1" }
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: storage }
spec:
  supercluster: lab
  plane: Storage
  subnetPrefixes: [ "0xfd00000000000002" ]
  topology: { type: FatTree, rails: 2 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a[1-4]" }
  fabrics: [ { name: compute } ]
```

## Fix
Give each subnet a prefix of its own, or leave `subnetPrefixes` out.
"#,
};

/// The prefixes of all fabrics.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    let mut taken: BTreeMap<&str, (ObjectRef, usize)> = BTreeMap::new();
    for fabric in model
        .fabrics
        .iter()
        .filter(|fabric| !fabric.spec.subnet_prefixes.is_empty())
    {
        let object = ObjectRef::new(Kind::InfiniBandFabric, &fabric.name);
        let topology = &fabric.spec.topology;
        let subnets = match topology.disjoint_rails {
            Some(true) => usize::from(topology.rails),
            Some(false) | None => 1,
        };
        let written = fabric.spec.subnet_prefixes.len();
        if written != subnets {
            findings.push(
                Finding::new(
                    &RULE,
                    format!("{object} has {subnets} subnets and {written} subnet prefixes"),
                )
                .party(
                    object.clone(),
                    at!("spec", "subnetPrefixes"),
                    format!("{subnets} are needed"),
                )
                .help("write one prefix for each subnet, in the order of the rails, or none"),
            );
        }
        for (at, prefix) in fabric.spec.subnet_prefixes.iter().enumerate() {
            let before = taken
                .entry(prefix.as_str())
                .or_insert_with(|| (object.clone(), at))
                .clone();
            if before == (object.clone(), at) {
                continue;
            }
            findings.push(
                Finding::new(
                    &RULE,
                    format!(
                        "a subnet of {object} and one of {} have the same prefix {prefix}",
                        before.0
                    ),
                )
                .party(object.clone(), at!("spec", "subnetPrefixes", at), "again here")
                .party(before.0, at!("spec", "subnetPrefixes", before.1), "first here")
                .help("give each subnet a prefix of its own"),
            );
        }
    }
}
