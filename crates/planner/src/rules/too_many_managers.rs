//! A fabric has more subnet managers than priorities.

use rackwright_fabric::opensm::MANAGERS;
use rackwright_manifest::{Rule, Severity};

use super::hostlist_invalid;
use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2048",
    name: "too-many-managers",
    severity: Severity::Error,
    summary: "A fabric has more subnet managers than priorities",
    doc: r#"## What it does
`subnetManager.nodes` names at most 14 hosts.

## Why
The highest priority is master, and each manager has its own: the first of the list 13, the next 12, the last 0. OpenSM knows 15 and 14 too, which are left free for a hand-over by hand. Among managers with one priority the lowest GUID wins, so that the list would no longer say who takes over.

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
  subnetManager: { kind: OpenSM, nodes: "sm[1-15]" }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a[1-4]" }
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
  subnetManager: { kind: OpenSM, nodes: "sm[1-14]" }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a[1-4]" }
  fabrics: [ { name: compute } ]
```

## Fix
Name fewer hosts: two or three are enough.
"#,
};

/// Every fabric that names managers; what is no hostlist is told here too.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for fabric in &model.fabrics {
        let Some(manager) = &fabric.spec.subnet_manager else {
            continue;
        };
        let object = ObjectRef::new(Kind::InfiniBandFabric, &fabric.name);
        let path = at!("spec", "subnetManager", "nodes");
        let Some(list) = hostlist_invalid::read(&manager.nodes, &object, &path, findings) else {
            continue;
        };
        let managers = list.iter().count();
        if managers <= MANAGERS {
            continue;
        }
        findings.push(
            Finding::new(
                &RULE,
                format!("{object} has {managers} subnet managers, and there are {MANAGERS} priorities for them, 13 to 0"),
            )
            .party(object, path, format!("{managers} hosts"))
            .help("name fewer hosts: two or three are enough"),
        );
    }
}
