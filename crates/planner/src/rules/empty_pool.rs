//! A pool selects no node.

use rackwright_manifest::{Rule, Severity};

use crate::finding::Finding;
use crate::input::{Kind, ObjectRef};
use crate::model::Model;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2010",
    name: "empty-pool",
    severity: Severity::Warning,
    summary: "A pool selects no node",
    doc: r#"## What it does
A selector whose labels no inventory carries leaves the pool empty.

## Why
The pool compiles, to nothing. That is right before the first agent has reported, and wrong later.

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
  nodes: { selector: { matchLabels: { team: a } } }
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
```

## Fix
Correct the labels, or wait for the inventory.
"#,
};

/// Pools whose selector matches nothing.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for (index, pool) in model.pools.iter().enumerate() {
        let Some(selector) = &pool.spec.nodes.selector else {
            continue;
        };
        if pool.deleting || !model.selected[index].is_empty() {
            continue;
        }
        let labels: Vec<String> = selector
            .match_labels
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        let object = ObjectRef::new(Kind::GPUPool, &pool.name);
        findings.push(
            Finding::new(
                &RULE,
                format!(
                    "{object} selects no node: no inventory of the site carries {}",
                    labels.join(",")
                ),
            )
            .party(object, model.selection_path(index as u32), "no match"),
        );
    }
}
