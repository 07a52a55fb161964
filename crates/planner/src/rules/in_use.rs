//! An object is deleted while another needs it.

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::Kind;
use crate::model::Model;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2015",
    name: "in-use",
    severity: Severity::Error,
    summary: "An object is deleted while another needs it",
    doc: r#"## What it does
A supercluster, fabric or tier that is being deleted while a pool refers to it is held, and both are refused: their nodes keep what they have.

## Why
Deletion detaches, it never empties a host. Whether the pool shall go on without the fabric is for the user to say.

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
  fabrics: [ { name: compute } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: compute, deletionTimestamp: "2026-01-01T00:00:00Z" }
spec:
  supercluster: lab
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
Take the reference out of the pool (or delete the pool); the deletion then goes through. To keep the object, apply it again after that.
"#,
};

/// Objects on their way out, against the pools that still refer to them.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for reference in model.references() {
        // Pools may always go: deleting one detaches its nodes.
        if reference.to.kind == Kind::GPUPool
            || !model.is_deleting(&reference.to)
            || model.is_deleting(&reference.from)
        {
            continue;
        }
        findings.push(
            Finding::new(
                &RULE,
                format!(
                    "{} is being deleted, but {} of {} refers to it",
                    reference.to, reference.path, reference.from
                ),
            )
            .party(
                reference.to.clone(),
                at!("metadata", "deletionTimestamp"),
                "being deleted",
            )
            .party(reference.from.clone(), reference.path.clone(), "refers to it")
            .help(format!(
                "take the reference out of {}, or delete that too",
                reference.from
            )),
        );
    }
}
