//! A partition has a pool that is not plugged into its fabric.

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2042",
    name: "partition-pool-not-plugged",
    severity: Severity::Error,
    summary: "A partition has a pool that is not plugged into its fabric",
    doc: r#"## What it does
Each pool in a partition of a fabric has that fabric in its `spec.fabrics`.

## Why
The pool has no port in the fabric, so the partition would lack it: OpenSM leaves out in silence what it does not know.

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
  topology: { type: FatTree, rails: 8, nodesPerUnit: 16, switch: qm9700, oversubscription: "1:1" }
  partitions:
  - { name: team-a, pkey: "0x0011", members: [ { pool: train, membership: Full } ] }
  - { name: team-b, pkey: "0x0012", members: [ { pool: infer, membership: Full } ] }
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
kind: GPUPool
metadata: { name: infer }
spec:
  supercluster: lab
  nodes: { racks: "a[3-4]" }
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
  topology: { type: FatTree, rails: 8, nodesPerUnit: 16, switch: qm9700, oversubscription: "1:1" }
  partitions:
  - { name: team-a, pkey: "0x0011", members: [ { pool: train, membership: Full } ] }
  - { name: team-b, pkey: "0x0012", members: [ { pool: infer, membership: Full } ] }
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
kind: GPUPool
metadata: { name: infer }
spec:
  supercluster: lab
  nodes: { racks: "a[3-4]" }
  fabrics: [ { name: compute } ]
```

## Fix
Add the fabric to the pool, or take the pool out of the partition.
"#,
};

/// The members of every partition. A pool that does not exist is RW2001's.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for fabric in &model.fabrics {
        let object = ObjectRef::new(Kind::InfiniBandFabric, &fabric.name);
        for (at, partition) in fabric.spec.partitions.iter().enumerate() {
            for (member, wanted) in partition.members.iter().enumerate() {
                let found = model.pools.binary_search_by(|pool| pool.name.cmp(&wanted.pool));
                let Some(pool) = found.ok().map(|at| model.pools[at]) else {
                    continue;
                };
                if pool.spec.fabrics.iter().any(|used| used.name == fabric.name) {
                    continue;
                }
                let holder = ObjectRef::new(Kind::GPUPool, &pool.name);
                let message = format!(
                    "partition {} of {object} has {holder}, which is not plugged into {}",
                    partition.name, fabric.name
                );
                findings.push(
                    Finding::new(&RULE, message)
                        .party(
                            object.clone(),
                            at!("spec", "partitions", at, "members", member, "pool"),
                            "a member here",
                        )
                        .told(
                            holder,
                            at!("spec", "fabrics"),
                            format!("{} is not among its fabrics", fabric.name),
                        )
                        .help("add the fabric to the pool, or take the pool out of the partition"),
                );
            }
        }
    }
}
