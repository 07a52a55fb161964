//! Two partitions of a fabric have one key.

use std::collections::BTreeMap;

use rackwright_api::Partition;
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;
use crate::names::folded;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2041",
    name: "pkey-twice",
    severity: Severity::Error,
    summary: "Two partitions of a fabric have the same key",
    doc: r#"## What it does
Each partition of a fabric has a key of its own.

## Why
OpenSM makes one partition of two with the same key, under the name of the first, and says nothing: tenants who must not see each other do. Fabrics do not see each other, so each may use every key.

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
  - { name: team-b, pkey: "0x0011", members: [ { pool: infer, membership: Full } ] }
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
Give one of them another key, 0x0001 to 0x7ffe. A key keeps its name for life; a partition that exists keeps its key.
"#,
};

/// The partitions of every fabric.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for fabric in &model.fabrics {
        let object = ObjectRef::new(Kind::InfiniBandFabric, &fabric.name);
        let mut keys: BTreeMap<&str, usize> = BTreeMap::new();
        for (at, partition) in fabric.spec.partitions.iter().enumerate() {
            let key = partition.pkey.as_str();
            let before = *keys.entry(key).or_insert(at);
            if before == at {
                continue;
            }
            let first = &fabric.spec.partitions[before];
            let message = format!(
                "partitions {} ({}) and {} ({}) of {object} have the same key {key}: OpenSM makes one of them",
                first.name,
                pools(first),
                partition.name,
                pools(partition)
            );
            let path = |at: usize| at!("spec", "partitions", at, "pkey");
            let mut finding = Finding::new(&RULE, message)
                .party(
                    object.clone(),
                    path(at),
                    format!("again here, for {}", partition.name),
                )
                .party(
                    object.clone(),
                    path(before),
                    format!("first here, for {}", first.name),
                );
            for pool in model
                .pools
                .iter()
                .filter(|pool| has(first, pool.name.as_str()) || has(partition, pool.name.as_str()))
            {
                let used = pool.spec.fabrics.iter().position(|used| used.name == fabric.name);
                if let Some(used) = used {
                    let holder = ObjectRef::new(Kind::GPUPool, &pool.name);
                    finding = finding.party(
                        holder,
                        at!("spec", "fabrics", used, "name"),
                        "its nodes would see the other partition",
                    );
                }
            }
            findings.push(finding.help("give one of the two another key, from 0x0001 to 0x7ffe"));
        }
    }
}

fn has(partition: &Partition, pool: &str) -> bool {
    partition
        .members
        .iter()
        .any(|member| member.pool.as_str() == pool)
}

fn pools(partition: &Partition) -> String {
    match partition.members.as_slice() {
        [] => "no pool".to_owned(),
        members => folded(members.iter().map(|member| member.pool.as_str())),
    }
}
