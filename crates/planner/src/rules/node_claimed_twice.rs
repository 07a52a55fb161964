//! Two pools claim one node.

use std::collections::BTreeMap;

use rackwright_manifest::{Rule, Severity};

use crate::finding::Finding;
use crate::input::{Kind, ObjectRef};
use crate::model::Model;
use crate::names::{counted, folded};

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2002",
    name: "node-claimed-twice",
    severity: Severity::Error,
    summary: "Two pools claim one node",
    doc: r#"## What it does
A node belongs to at most one pool. Both pools are refused, whichever came first, until one of them lets the node go; nothing is written for either in the meantime, and what is written stays.

## Why
Two owners would rewrite the node in turns. Any silent winner would be a guess.

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
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: infer }
spec:
  supercluster: lab
  nodes: { names: "a2-n1" }
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
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: infer }
spec:
  supercluster: lab
  nodes: { racks: "a2" }
```

## Fix
Take the node out of one of the pools, or delete one of them.
"#,
};

/// Pairs of pools that select one node.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    let mut owner = vec![u32::MAX; model.site.names.len()];
    let mut contested: BTreeMap<(u32, u32), Vec<u32>> = BTreeMap::new();
    for (pool, selected) in model.selected.iter().enumerate() {
        for &node in selected {
            let slot = &mut owner[node as usize];
            if *slot == u32::MAX {
                *slot = pool as u32;
            } else {
                contested.entry((*slot, pool as u32)).or_default().push(node);
            }
        }
    }
    for ((one, other), nodes) in contested {
        let object = |pool: u32| ObjectRef::new(Kind::GPUPool, &model.pools[pool as usize].name);
        let shown = folded(nodes.iter().map(|&node| model.site.name(node)));
        let count = counted(nodes.len(), "node");
        let note = |other: u32| format!("{shown} also in {}", object(other));
        findings.push(
            Finding::new(
                &RULE,
                format!(
                    "{count} claimed by {} and {}: {shown}",
                    object(one),
                    object(other)
                ),
            )
            .party(object(other), model.selection_path(other), note(one))
            .party(object(one), model.selection_path(one), note(other))
            .help("take the nodes out of one of the pools; until then both pools' nodes keep what they have"),
        );
    }
}
