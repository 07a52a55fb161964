//! A routing engine that cannot route the topology.

use rackwright_api::{RoutingEngine, TopologyType};
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2045",
    name: "routing-engine",
    severity: Severity::Error,
    summary: "The routing engine cannot route the topology",
    doc: r#"## What it does
`ftree` routes fat trees only.

## Why
OpenSM finds that a dragonfly+ is no fat tree. The configuration that `fabric render` writes forbids it to fall back to another engine, so it routes nothing; without that it would take the least hops, which run into credit loops.

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
  topology: { type: DragonflyPlus, rails: 2, nodesPerUnit: 16, units: 2, switch: qm9700 }
  subnetManager: { kind: OpenSM, routingEngine: ftree, nodes: "sm[1-2]" }
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
  topology: { type: DragonflyPlus, rails: 2, nodesPerUnit: 16, units: 2, switch: qm9700 }
  subnetManager: { kind: OpenSM, routingEngine: dfsssp, nodes: "sm[1-2]" }
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
Write `dfsssp`, or leave `routingEngine` out: each topology has its engine.
"#,
};

/// Every fabric that names an engine.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for fabric in &model.fabrics {
        let manager = fabric.spec.subnet_manager.as_ref();
        let engine = manager.and_then(|manager| manager.routing_engine);
        if (fabric.spec.topology.type_, engine) != (TopologyType::DragonflyPlus, Some(RoutingEngine::Ftree)) {
            continue;
        }
        let object = ObjectRef::new(Kind::InfiniBandFabric, &fabric.name);
        findings.push(
            Finding::new(
                &RULE,
                format!("{object} is a dragonfly+, and ftree routes fat trees only"),
            )
            .party(
                object.clone(),
                at!("spec", "subnetManager", "routingEngine"),
                "this engine",
            )
            .party(object, at!("spec", "topology", "type"), "this topology")
            .help("write dfsssp, or leave routingEngine out"),
        );
    }
}
