//! The interface that reaches the API server is one that we configure.

use rackwright_api::PciAddress;
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;
use crate::names::{counted, folded};

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW3019",
    name: "management-interface",
    severity: Severity::Error,
    summary: "The interface that reaches the API server is one that is configured with the fabric",
    doc: r#"## What it does
`host.managementInterface` of a pool with fabrics is not one of the HCAs of those fabrics: its `pciAddress` is that of no HCA in the inventories of the pool's nodes, and its name is not that of an IPoIB interface (`ib…`).

## Why
A change of the fabric takes the HCAs' links down. If the way to the API server goes over one of them, the node is cut off in the middle of its own change.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-2]", system: dgx-h100 }
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: compute }
spec:
  supercluster: lab
  plane: Compute
  topology: { type: FatTree, rails: 2 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a1" }
  fabrics: [ { name: compute } ]
  host: { managementInterface: { name: eno1, pciAddress: "0000:1b:00.0" } }
---
apiVersion: rackwright.dev/v1alpha1
kind: NodeInventory
metadata: { name: a1-n1 }
spec:
  hcas: [ { rail: 0, guid: "0xa088c20300000001", pciAddress: "0000:1b:00.0" } ]
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-2]", system: dgx-h100 }
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: compute }
spec:
  supercluster: lab
  plane: Compute
  topology: { type: FatTree, rails: 2 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a1" }
  fabrics: [ { name: compute } ]
  host: { managementInterface: { name: eno1, pciAddress: "0000:05:00.0" } }
---
apiVersion: rackwright.dev/v1alpha1
kind: NodeInventory
metadata: { name: a1-n1 }
spec:
  hcas: [ { rail: 0, guid: "0xa088c20300000001", pciAddress: "0000:1b:00.0" } ]
```

## Fix
Name the interface of the management network.
"#,
};

/// The management interface of every pool with fabrics.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for (number, pool) in model.pools.iter().enumerate() {
        let host = pool.spec.host.as_ref();
        let Some(interface) = host.and_then(|host| host.management_interface.as_ref()) else {
            continue;
        };
        if pool.spec.fabrics.is_empty() {
            continue;
        }
        let object = ObjectRef::new(Kind::GPUPool, &pool.name);
        // The kernel and systemd name IPoIB interfaces ib0, ibs1, ibp27s0 (systemd.net-naming-scheme(7)).
        // `rail0` and so on are the names that rendered hosts give them.
        let name = interface.name.as_str();
        let is_rail = name
            .strip_prefix("rail")
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()));
        if name.starts_with("ib") || is_rail {
            let path = at!("spec", "host", "managementInterface", "name");
            findings.push(
                Finding::new(
                    &RULE,
                    format!(
                        "{path} of {object} is {}, an IPoIB interface, and the pool's fabrics configure those",
                        interface.name
                    ),
                )
                .party(object.clone(), path, "an IPoIB interface")
                .help("name the interface of the management network"),
            );
        }
        if let Some(address) = &interface.pci_address {
            let nodes = hcas_at(model, number as u32, address);
            findings.extend(finding(&object, address, &nodes));
        }
    }
}

/// The nodes of a pool that have an HCA at this address.
fn hcas_at<'a>(model: &Model<'a>, pool: u32, address: &PciAddress) -> Vec<&'a str> {
    let wanted = address.value();
    let nodes = &model.selected[pool as usize];
    let has = |node: u32| {
        let name = model.site.name(node);
        let at = model
            .inventories
            .binary_search_by(|found| found.name.as_str().cmp(name))
            .ok()?;
        let found = model.inventories[at];
        found
            .hca_addresses
            .contains(&wanted)
            .then_some(found.name.as_str())
    };
    nodes.iter().filter_map(|&node| has(node)).collect()
}

fn finding(object: &ObjectRef, address: &PciAddress, nodes: &[&str]) -> Option<Finding> {
    let first = nodes.first()?;
    let path = at!("spec", "host", "managementInterface", "pciAddress");
    let others = match nodes.len() - 1 {
        0 => String::new(),
        more => format!(
            " and of {} ({})",
            counted(more, "more node"),
            folded(nodes[1..].iter().copied())
        ),
    };
    Some(
        Finding::new(
            &RULE,
            format!("{path} of {object} is {address}, which is an HCA of {first}{others}"),
        )
        .party(object.clone(), path, "an HCA that is configured")
        .told(
            ObjectRef::new(Kind::NodeInventory, first),
            at!("spec", "hcas"),
            format!("an HCA at {address}"),
        )
        .help("name the interface of the management network"),
    )
}
