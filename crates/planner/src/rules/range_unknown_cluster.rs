//! A range of host numbers is for a member cluster that the site does not have.

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, Party, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;
use crate::names::nearest;
use crate::numbers::Addressed;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2022",
    name: "range-unknown-cluster",
    severity: Severity::Error,
    summary: "A range of host numbers is for a member cluster that the site does not have",
    doc: r#"## What it does
Looks up the cluster of each of `addressing.ranges` among `spec.clusters` of the fabric's supercluster.

## Why
Numbers of a range are kept from all others, and the cluster that was meant has none.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-2]", system: dgx-b200 }
  clusters:
  - { name: one, racks: a1 }
  - { name: two, racks: a2 }
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
  addressing:
    ipv4: 10.64.0.0/24
    ranges:
    - { cluster: one, first: 1, last: 50 }
    - { cluster: tow, first: 51, last: 100 }
    - { cluster: two, first: 101, last: 120 }
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-2]", system: dgx-b200 }
  clusters:
  - { name: one, racks: a1 }
  - { name: two, racks: a2 }
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
  addressing:
    ipv4: 10.64.0.0/24
    ranges:
    - { cluster: one, first: 1, last: 50 }
    - { cluster: two, first: 51, last: 100 }
```

## Fix
Correct the name, or add the cluster to the supercluster.
"#,
};

/// Every range of every fabric.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for fabric in Addressed::all(model) {
        let site = model.superclusters[fabric.site as usize];
        let known = || site.spec.clusters.iter().map(|cluster| cluster.name.as_str());
        for (place, range) in fabric.addressing.ranges.iter().enumerate() {
            let name = range.cluster.as_str();
            if known().any(|cluster| cluster == name) {
                continue;
            }
            let (object, holder) = (fabric.object(), ObjectRef::new(Kind::Supercluster, &site.name));
            let message =
                format!("{object} has a range for the member cluster {name}, which {holder} does not have");
            let near = nearest(name, known());
            let help = match near {
                Some(near) => format!("did you mean {near}?"),
                None => format!("add {name} to spec.clusters of {holder}, or remove the range"),
            };
            let path = at!("spec", "addressing", "ranges", place, "cluster");
            findings.push(
                Finding::new(&RULE, message)
                    .with(Party {
                        replacement: near.map(str::to_owned),
                        ..Party::new(object, path, "no such cluster")
                    })
                    .told(holder, at!("spec", "clusters"), format!("{name} is not here"))
                    .help(help),
            );
        }
    }
}
