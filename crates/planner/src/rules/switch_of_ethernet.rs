//! An InfiniBand fabric of Ethernet switches.

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2056",
    name: "switch-of-ethernet",
    severity: Severity::Error,
    summary: "An InfiniBand fabric is built of Ethernet switches",
    doc: r#"## What it does
The switch of an InfiniBand fabric must not be one that the catalogue, or the site's own entry in `spec.catalogue.switches`, knows as an Ethernet switch.

## Why
The design, the cable schedule and the files of the subnet manager would be made for devices that speak another protocol: no subnet manager finds them, and the mistake shows when the cables are pulled. The management network and RoCE have no place in this kind.

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
  topology: { type: FatTree, rails: 8, nodesPerUnit: 16, switch: sn5600 }
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
Name the InfiniBand switches (`rackwright explain switch` lists the models with their links). Where a model of the site's own starts `like` an Ethernet one and is none, say so with `link: InfiniBand`.
"#,
};

/// Every fabric whose switch is known.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for fabric in &model.fabrics {
        let switch = model.site_number(&fabric.spec.supercluster).and_then(|site| {
            let name = fabric.spec.topology.switch.as_ref()?;
            Some((name, model.views[site].switches.get(name.as_str())?))
        });
        let Some((name, switch)) = switch else { continue };
        let Some(link) = switch.link.as_ref().filter(|_| !switch.may_be_infiniband()) else {
            continue;
        };
        let object = ObjectRef::new(Kind::InfiniBandFabric, &fabric.name);
        let message = format!(
            "{object} is built of {name}, which is an Ethernet switch ({})",
            link.source
        );
        findings.push(
            Finding::new(&RULE, message)
                .party(object, at!("spec", "topology", "switch"), "an Ethernet switch")
                .help(
                    "name an InfiniBand switch; `rackwright explain switch` lists the models, and `link` in an entry of the site's own says \
                     what runs on its links",
                ),
        );
    }
}
