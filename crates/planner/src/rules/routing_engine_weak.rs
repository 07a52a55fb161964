//! A routing engine that serves the topology badly.

use rackwright_api::{RoutingEngine, TopologyType};
use rackwright_fabric::topology::Topology;
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
Names engines that reach every node and yet harm: `minhop` on a fat tree of three levels, `dfsssp` on a fat tree with more than 4,096 HCAs in a subnet, and `minhop`, `updn` and `dnup` on a dragonfly+.

## Why
`minhop` leaves cables of a rail-optimised tree of three levels idle: 5,888 ports of switches carried nothing in a simulated fabric of 16 units, where `ftree` gives each cable the same share. `dfsssp` took 18 seconds for the 4,096 HCAs of such a fabric and had not ended after 20 minutes for 16,384, which `ftree` routes in 54 seconds: as long as a manager computes, a node that comes back has no routes. On a dragonfly+ only `dfsssp` stays free of credit loops when cables between groups are missing and ways get longer; a credit loop stops the fabric.

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

/// The most HCAs of a subnet for which dfsssp was seen to end in good time.
const DFSSSP_HCAS: u64 = 4096;

/// HCAs of one subnet.
fn hcas(topology: &Topology) -> u64 {
    let rails = match topology.subnets() {
        1 => topology.shape().rails,
        _ => 1,
    };
    u64::from(topology.units()) * u64::from(topology.nodes_per_unit()) * u64::from(rails)
}

/// Every fabric that names an engine.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for (fabric, seats) in model.fabrics.iter().zip(&model.seats) {
        let manager = fabric.spec.subnet_manager.as_ref();
        let Some(engine) = manager.and_then(|manager| manager.routing_engine) else {
            continue;
        };
        let topology = seats.as_ref().and_then(|seats| seats.topology);
        let topology = topology.and_then(Result::ok);
        let cores = topology.map_or(0, |topology| topology.cores());
        let hcas = topology.as_ref().map_or(0, hcas);
        let (why, better) = match (fabric.spec.topology.type_, engine) {
            (TopologyType::FatTree, RoutingEngine::Minhop) if cores > 0 => (
                "is a fat tree of three levels, where minhop leaves cables idle",
                "ftree",
            ),
            (TopologyType::FatTree, RoutingEngine::Dfsssp) if hcas > DFSSSP_HCAS => (
                "has more than 4,096 HCAs in a subnet, for which dfsssp needs minutes or never ends",
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
