//! Two HCA ports report one GUID.

use rackwright_api::Guid;
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2016",
    name: "duplicate-guid",
    severity: Severity::Error,
    summary: "Two HCA ports report one GUID",
    doc: r#"## What it does
A port GUID comes once over all inventories. The pools of the nodes are refused.

## Why
A subnet manager that sees one GUID twice drops one of the ports. The cause is a cloned firmware image or an inventory taken from another node.

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
---
apiVersion: rackwright.dev/v1alpha1
kind: NodeInventory
metadata: { name: a1-n1 }
spec: { hcas: [ { rail: 0, guid: "0xa088c20300000001" } ] }
---
apiVersion: rackwright.dev/v1alpha1
kind: NodeInventory
metadata: { name: a1-n2 }
spec: { hcas: [ { rail: 0, guid: "0xa088c20300000001" } ] }
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
---
apiVersion: rackwright.dev/v1alpha1
kind: NodeInventory
metadata: { name: a1-n1 }
spec: { hcas: [ { rail: 0, guid: "0xa088c20300000001" } ] }
---
apiVersion: rackwright.dev/v1alpha1
kind: NodeInventory
metadata: { name: a1-n2 }
spec: { hcas: [ { rail: 0, guid: "0xa088c20300000002" } ] }
```

## Fix
Compare `ibstat` on both nodes; correct the firmware or remove the stale inventory.
"#,
};

/// GUIDs of all inventories.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    let mut ports: Vec<(u64, u32, u8)> = Vec::new();
    for (inventory, found) in model.inventories.iter().enumerate() {
        ports.extend(
            found
                .guids
                .iter()
                .map(|(rail, guid)| (*guid, inventory as u32, *rail)),
        );
    }
    ports.sort_unstable_by_key(|&(guid, inventory, rail)| {
        (guid, model.inventories[inventory as usize].name.as_str(), rail)
    });
    // Zero is what a port without a GUID reports.
    ports.retain(|&(guid, ..)| guid != 0);
    for same in ports.chunk_by(|a, b| a.0 == b.0).filter(|same| same.len() > 1) {
        let guid = Guid::from_value(same[0].0);
        let name = |inventory: u32| &model.inventories[inventory as usize].name;
        let shown: Vec<String> = same
            .iter()
            .take(4)
            .map(|(_, i, rail)| format!("{} rail {rail}", name(*i)))
            .collect();
        let mut finding = Finding::new(
            &RULE,
            format!(
                "{} HCA ports report the GUID {guid}: {}",
                same.len(),
                shown.join(", ")
            ),
        );
        for &(_, inventory, _) in same.iter().take(4) {
            finding = finding.party(
                ObjectRef::new(Kind::NodeInventory, name(inventory)),
                at!("spec", "hcas"),
                format!("reports {guid}"),
            );
        }
        for pool in model.pools_of(same.iter().map(|(_, inventory, _)| name(*inventory).as_str())) {
            let object = ObjectRef::new(Kind::GPUPool, &model.pools[pool as usize].name);
            finding = finding.party(object, model.selection_path(pool), "selects the node");
        }
        findings.push(
            finding.help("compare `ibstat` on the nodes; correct the firmware or remove the stale inventory"),
        );
    }
}
