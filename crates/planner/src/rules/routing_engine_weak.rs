//! A routing engine that serves the topology badly.

use rackwright_api::{RoutingEngine, TopologyType};
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2046",
    name: "routing-engine-weak",
    severity: Severity::Warning,
    summary: "The routing engine serves the topology badly",
    doc: r#"## What it does
Names engines that reach every node and yet harm: `minhop` on a fat tree of three levels, and `minhop`, `updn` and `dnup` on a dragonfly+.

## Why
`minhop` leaves cables of a rail-optimised tree of three levels idle: 5,888 ports of switches carried nothing in a simulated fabric of 16 units, where `ftree` gives each cable the same share. On a dragonfly+ only `dfsssp` stays free of credit loops when cables between groups are missing and ways get longer; a credit loop stops the fabric.

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
  subnetManager: { kind: OpenSM, routingEngine: minhop, nodes: "sm[1-2]" }
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
Leave `routingEngine` out: a fat tree gets `ftree`, a dragonfly+ `dfsssp`.
"#,
};

/// Every fabric that names an engine.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for (fabric, seats) in model.fabrics.iter().zip(&model.seats) {
        let manager = fabric.spec.subnet_manager.as_ref();
        let Some(engine) = manager.and_then(|manager| manager.routing_engine) else {
            continue;
        };
        let topology = seats.as_ref().and_then(|seats| seats.topology);
        let cores = topology
            .and_then(Result::ok)
            .map_or(0, |topology| topology.cores());
        let (why, better) = match (fabric.spec.topology.type_, engine) {
            (TopologyType::FatTree, RoutingEngine::Minhop) if cores > 0 => (
                "is a fat tree of three levels, where minhop leaves cables idle",
                "ftree",
            ),
            (
                TopologyType::DragonflyPlus,
                RoutingEngine::Minhop | RoutingEngine::Updn | RoutingEngine::Dnup,
            ) => (
                "is a dragonfly+, where this engine runs into credit loops once cables between groups are missing",
                "dfsssp",
            ),
            (TopologyType::DragonflyPlus, RoutingEngine::Ftree | RoutingEngine::Dfsssp)
            | (
                TopologyType::FatTree,
                RoutingEngine::Minhop
                | RoutingEngine::Updn
                | RoutingEngine::Dnup
                | RoutingEngine::Ftree
                | RoutingEngine::Dfsssp,
            ) => continue,
        };
        let object = ObjectRef::new(Kind::InfiniBandFabric, &fabric.name);
        findings.push(
            Finding::new(&RULE, format!("{object} {why}"))
                .party(
                    object,
                    at!("spec", "subnetManager", "routingEngine"),
                    format!("{better} is better here"),
                )
                .help(format!("write {better}, or leave routingEngine out")),
        );
    }
}
