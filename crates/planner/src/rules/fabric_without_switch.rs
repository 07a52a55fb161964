//! A fabric with a subnet manager and no switch to wire.

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;
use crate::names::nearest;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2055",
    name: "fabric-without-switch",
    severity: Severity::Warning,
    summary: "A fabric with a subnet manager has no known switch",
    doc: r#"## What it does
A fabric that names subnet managers names a switch of the catalogue too.

## Why
Without the ports of its switch nothing can be wired: there is no cable schedule and no file for the managers. `fabric render` refuses such a fabric; nodes get their configuration all the same.

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
  topology: { type: FatTree, rails: 8, nodesPerUnit: 16 }
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
  topology: { type: FatTree, rails: 8, nodesPerUnit: 16, switch: qm9700 }
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
Write `topology.switch` (`rackwright explain switch` lists the models), or add the model to `spec.catalogue.switches` of the site.
"#,
};

/// Every fabric with a subnet manager.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for fabric in model
        .fabrics
        .iter()
        .filter(|fabric| fabric.spec.subnet_manager.is_some())
    {
        let Some(site) = model.site_number(&fabric.spec.supercluster) else {
            continue;
        };
        let object = ObjectRef::new(Kind::InfiniBandFabric, &fabric.name);
        let switches = &model.views[site].switches;
        let (message, path, note, help) = match &fabric.spec.topology.switch {
            Some(name) if switches.get(name.as_str()).is_some() => continue,
            Some(name) => (
                format!(
                    "{object} has subnet managers, and the catalogue has no switch {name}: nothing can be wired"
                ),
                at!("spec", "topology", "switch"),
                "not in the catalogue",
                match nearest(name.as_str(), switches.names()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "add it to spec.catalogue.switches of the site".to_owned(),
                },
            ),
            None => (
                format!("{object} has subnet managers and names no switch: nothing can be wired"),
                at!("spec", "topology"),
                "no switch",
                "write topology.switch; `rackwright explain switch` lists the models".to_owned(),
            ),
        };
        findings.push(Finding::new(&RULE, message).party(object, path, note).help(help));
    }
}
