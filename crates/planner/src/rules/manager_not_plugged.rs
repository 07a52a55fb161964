//! A subnet manager runs on a host without a port in the fabric.

use rackwright_manifest::{Rule, Severity};

use super::hostlist_invalid;
use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;
use crate::names::{folded, nearest};
use crate::site::NO_RACK;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2047",
    name: "manager-not-plugged",
    severity: Severity::Warning,
    summary: "A subnet manager has no port in its fabric",
    doc: r#"## What it does
Where `topology.placement` names hosts, each host of `subnetManager.nodes` is among them or in a rack that is placed. A fabric whose placement names racks only says nothing of other hosts, so there the rule is silent.

## Why
A manager reaches the subnet through a port of its own. A host that no port is planned for has no row in the cable schedule, `fabric check` takes it for an unknown device, and a name with a typing error is a manager that nobody starts.

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
  topology:
    type: FatTree
    rails: 8
    nodesPerUnit: 32
    switch: qm9700
    placement:
    - { unit: 1, racks: "a[1-4]" }
    - { unit: 1, hosts: "sm1,sn1" }
  subnetManager: { kind: OpenSM, nodes: "sm[1-2]" }
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
  topology:
    type: FatTree
    rails: 8
    nodesPerUnit: 32
    switch: qm9700
    placement:
    - { unit: 1, racks: "a[1-4]" }
    - { unit: 1, hosts: "sm[1-2]" }
  subnetManager: { kind: OpenSM, nodes: "sm[1-2]" }
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
Add the host to `topology.placement`, or correct the name.
"#,
};

/// Every fabric that places hosts.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for seats in model.seats.iter().flatten() {
        let fabric = model.fabrics[seats.fabric];
        let Some(manager) = &fabric.spec.subnet_manager else {
            continue;
        };
        if !fabric
            .spec
            .topology
            .placement
            .iter()
            .any(|placed| placed.hosts.is_some())
        {
            continue;
        }
        let object = ObjectRef::new(Kind::InfiniBandFabric, &fabric.name);
        let path = at!("spec", "subnetManager", "nodes");
        // What cannot be read is told by the rule that counts managers.
        let Some(list) = hostlist_invalid::read(&manager.nodes, &object, &path, &mut Vec::new()) else {
            continue;
        };
        let in_rack = |name: &str| {
            let rack = model
                .site
                .node(name)
                .map(|node| model.site.rack_of[node as usize]);
            rack.is_some_and(|rack| rack != NO_RACK && seats.racks.iter().any(|placed| placed.rack == rack))
        };
        let hosts = || seats.hosts.iter().map(|host| &*host.name);
        let names: Vec<String> = list.iter().collect();
        let without: Vec<&str> = names
            .iter()
            .map(String::as_str)
            .filter(|name| !hosts().any(|host| host == *name) && !in_rack(name))
            .collect();
        let Some(first) = without.first() else { continue };
        let near = nearest(
            first,
            hosts().filter(|host| !names.iter().any(|name| name == host)),
        );
        let message = format!(
            "subnet managers of {object} run on hosts that topology.placement does not plug in: {}",
            folded(without.iter().copied())
        );
        findings.push(
            Finding::new(&RULE, message)
                .party(object.clone(), path, "no port is planned for them")
                .party(object, at!("spec", "topology", "placement"), "not placed here")
                .help(near.map_or_else(
                    || "add them as hosts to topology.placement, or correct the names".to_owned(),
                    |near| format!("did you mean `{near}`? Else add them as hosts to topology.placement"),
                )),
        );
    }
}
