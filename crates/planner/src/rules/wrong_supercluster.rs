//! A pool uses a fabric or tier of another site.

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::Kind;
use crate::model::Model;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2008",
    name: "wrong-supercluster",
    severity: Severity::Error,
    summary: "A pool uses a fabric or tier of another site",
    doc: r#"## What it does
A pool and the fabrics and tiers that it uses name the same supercluster. The pool is refused; the fabric or tier is told, and goes on serving the pools of its own site.

## Why
Cables do not reach from one site to another.

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
kind: Supercluster
metadata: { name: annex }
spec:
  racks:
  - { names: "b1", nodes: "n1", system: dgx-b200 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a1" }
  fabrics: [ { name: compute } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: compute }
spec:
  supercluster: annex
  plane: Compute
  topology: { type: FatTree, rails: 2 }
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
  fabrics: [ { name: compute } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: compute }
spec:
  supercluster: lab
  plane: Compute
  topology: { type: FatTree, rails: 2 }
```

## Fix
Use a fabric or tier of the same supercluster.
"#,
};

/// Fabrics and tiers of a pool, against the pool's site.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for reference in model.references() {
        if reference.from.kind != Kind::GPUPool
            || !matches!(reference.to.kind, Kind::InfiniBandFabric | Kind::StorageTier)
        {
            continue;
        }
        let (Some(here), Some(there)) = (
            model.supercluster_of(&reference.from),
            model.supercluster_of(&reference.to),
        ) else {
            continue;
        };
        if here != there {
            findings.push(
                Finding::new(
                    &RULE,
                    format!(
                        "{} is in Supercluster/{here}, but its {} is in Supercluster/{there}",
                        reference.from, reference.to
                    ),
                )
                .party(
                    reference.from.clone(),
                    reference.path.clone(),
                    format!("belongs to {there}"),
                )
                .told(
                    reference.to.clone(),
                    at!("spec", "supercluster"),
                    format!("not {here}"),
                ),
            );
        }
    }
}
