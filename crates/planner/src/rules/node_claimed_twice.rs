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

/// Nodes that several pools select, gathered by those pools: one finding for one mistake, with all of them in it.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    let mut owner = vec![u32::MAX; model.site.names.len()];
    let mut contested: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (pool, selected) in model.selected.iter().enumerate() {
        for &node in selected {
            let slot = &mut owner[node as usize];
            if *slot == u32::MAX {
                *slot = pool as u32;
            } else {
                contested
                    .entry(node)
                    .or_insert_with(|| vec![*slot])
                    .push(pool as u32);
            }
        }
    }
    let mut by_pools: BTreeMap<Vec<u32>, Vec<u32>> = BTreeMap::new();
    for (node, pools) in contested {
        by_pools.entry(pools).or_default().push(node);
    }
    findings.extend(by_pools.iter().map(|(pools, nodes)| finding(model, pools, nodes)));
}

fn finding(model: &Model<'_>, pools: &[u32], nodes: &[u32]) -> Finding {
    let object = |pool: u32| ObjectRef::new(Kind::GPUPool, &model.pools[pool as usize].name);
    let list = |pools: &mut dyn Iterator<Item = u32>| {
        let names: Vec<String> = pools.map(|pool| object(pool).to_string()).collect();
        match names.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, others)) => format!("{} and {last}", others.join(", ")),
            None => String::new(),
        }
    };
    let shown = folded(nodes.iter().map(|&node| model.site.name(node)));
    let claimants = list(&mut pools.iter().copied());
    let message = format!("{} claimed by {claimants}: {shown}", counted(nodes.len(), "node"));
    let mut finding = Finding::new(&RULE, message);
    for &pool in pools.iter().rev() {
        let others = list(&mut pools.iter().copied().filter(|&other| other != pool));
        finding = finding.party(
            object(pool),
            model.selection_path(pool),
            format!("{shown} also in {others}"),
        );
    }
    finding.help(
        "take the nodes out of all pools but one; until then the nodes of these pools keep what they have",
    )
}
