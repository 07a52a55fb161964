//! An object refers to an object that does not exist.

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, Party};
use crate::input::Kind;
use crate::model::Model;
use crate::names::nearest;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2001",
    name: "missing-reference",
    severity: Severity::Error,
    summary: "An object refers to an object that does not exist",
    doc: r#"## What it does
Every name that an intent gives of another intent must exist: `spec.supercluster` of pools, fabrics and tiers, `spec.fabrics[].name` and `spec.storage[].tier` of pools, `spec.partitions[].members[].pool` of fabrics.

## Why
A reference to nothing cannot be compiled, and compiling the rest without it would give nodes that look finished and are not. The object is refused and looked at again when the missing one arrives.

A fabric is refused whole where one of its partitions names a missing pool, and its pools with it (RW2007): without the pool the partition would be another one, and OpenSM takes what is left without a word, so that nodes which should see each other do not. Refused, every node keeps what it has. A pool that is deleted goes all the same: take it out of the partitions first.

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
Create the missing object or correct the name.
"#,
};

/// Every reference of every intent, against the objects that are there.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for reference in model.references() {
        if model.exists(&reference.to) {
            continue;
        }
        let (kind, name) = (reference.to.kind, &reference.to.name);
        let note = format!("no {} of this name", kind.as_str());
        let mut party = Party::new(reference.from.clone(), reference.path.clone(), note);
        let near = nearest(name, model.names_of(kind));
        party.replacement = near.map(str::to_owned);
        let mut finding = Finding::new(
            &RULE,
            format!(
                "{} of {} names {}, which does not exist",
                reference.path, reference.from, reference.to
            ),
        )
        .with(party);
        finding.help = Some(match near {
            Some(near) => format!("did you mean `{near}`?"),
            // A pool may be deleted while partitions name it.
            None if kind == Kind::GPUPool => {
                format!(
                    "take the pool out of the partition, or create {} `{name}`",
                    kind.as_str()
                )
            }
            None => format!("create {} `{name}`, or take the reference out", kind.as_str()),
        });
        findings.push(finding);
    }
}
