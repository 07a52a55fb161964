//! A pool has more rails than a node can have HCAs.

use rackwright_api::bounds::NODE_RAILS;
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2017",
    name: "too-many-rails",
    severity: Severity::Error,
    summary: "A pool has more rails than a node can have HCAs",
    doc: r#"## What it does
The rails of all fabrics of a pool together are at most 32.

## Why
Rails are numbered over the whole node, as its HCAs are.

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
  fabrics: [ { name: one }, { name: two }, { name: three } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: one }
spec:
  supercluster: lab
  plane: Compute
  topology: { type: FatTree, rails: 16 }
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: two }
spec:
  supercluster: lab
  plane: Compute
  topology: { type: FatTree, rails: 16 }
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: three }
spec:
  supercluster: lab
  plane: Compute
  topology: { type: FatTree, rails: 1 }
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
  fabrics: [ { name: one }, { name: two } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: one }
spec:
  supercluster: lab
  plane: Compute
  topology: { type: FatTree, rails: 16 }
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: two }
spec:
  supercluster: lab
  plane: Compute
  topology: { type: FatTree, rails: 16 }
```

## Fix
Take a fabric out of the pool.
"#,
};

/// The rails of every pool.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for pool in &model.pools {
        let fabrics = model.fabrics_of(pool);
        let total: usize = fabrics
            .iter()
            .map(|fabric| usize::from(fabric.spec.topology.rails))
            .sum();
        if total <= NODE_RAILS {
            continue;
        }
        let object = ObjectRef::new(Kind::GPUPool, &pool.name);
        let sum: Vec<String> = fabrics
            .iter()
            .map(|fabric| format!("{} ({})", fabric.spec.topology.rails, fabric.name))
            .collect();
        findings.push(
            Finding::new(
                &RULE,
                format!(
                    "{object} has {} = {total} rails, and a node can have {NODE_RAILS}",
                    sum.join(" + ")
                ),
            )
            .party(object, at!("spec", "fabrics"), format!("{total} rails")),
        );
    }
}
