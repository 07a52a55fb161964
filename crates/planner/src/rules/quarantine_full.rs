//! A node would have more addresses in quarantine than its NodeConfig holds.

use std::collections::{BTreeMap, BTreeSet};

use rackwright_api::bounds;
use rackwright_manifest::{Rule, Severity};

use crate::finding::Finding;
use crate::input::{Kind, ObjectRef};
use crate::model::Model;
use crate::names::{counted, folded};
use crate::plan::Plan;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2051",
    name: "quarantine-full",
    severity: Severity::Error,
    summary: "A node would have more addresses in quarantine than its NodeConfig holds",
    doc: r#"## What it does
What a node had and has no more stays in `spec.quarantined` of its NodeConfig until the status shows that its host has applied what is written. A NodeConfig holds 256 such addresses. The pool of a node that would have more is refused: its nodes keep what they have.

In both examples the list is cut: the NodeConfig has 256 addresses in quarantine. In the first one the node has another address besides, of a fabric that its pool does not use any more.

## Why
The API server refuses a longer list, and with it the whole write. An address that is left out instead would go to another node while the host may still have it.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: a1, nodes: "n[1-2]", system: dgx-b200 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: a1 }
---
apiVersion: rackwright.dev/v1alpha1
kind: NodeConfig
metadata: { name: a1-n1 }
spec:
  facts: { rails: [ { rail: 0, ipv4: 10.9.1.0/15 } ] }
  hash: 0123456789abcdef0123456789abcdef
  management: Managed
  profile: train-0123456789ab
  quarantined: [ 10.9.0.0, ... ]
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: a1, nodes: "n[1-2]", system: dgx-b200 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: a1 }
---
apiVersion: rackwright.dev/v1alpha1
kind: NodeConfig
metadata: { name: a1-n1 }
spec:
  facts: {}
  hash: 0123456789abcdef0123456789abcdef
  management: Managed
  profile: train-0123456789ab
  quarantined: [ 10.9.0.0, ... ]
```

## Fix
Let the agents of the nodes apply what is written. Where none runs and the hosts are known to have let go, take the addresses from `spec.quarantined` of these NodeConfigs. Or leave the nodes the addresses that they have.
"#,
};

/// Refuses the pools of a plan whose nodes have more in quarantine than their NodeConfigs hold.
pub(crate) fn check(
    model: &Model<'_>,
    plan: &Plan,
    refused: &mut BTreeSet<ObjectRef>,
    findings: &mut Vec<Finding>,
) {
    let mut full: BTreeMap<&str, Vec<(&str, usize)>> = BTreeMap::new();
    for (name, addresses) in &plan.quarantined {
        let node = plan.node(name).filter(|_| addresses.len() > bounds::QUARANTINED);
        if let Some(node) = node {
            let nodes = full.entry(node.pool().name.as_str()).or_default();
            nodes.push((node.name(), addresses.len()));
        }
    }
    for (pool, nodes) in full {
        let object = ObjectRef::new(Kind::GPUPool, pool);
        let most = nodes
            .iter()
            .map(|(_, addresses)| *addresses)
            .max()
            .unwrap_or_default();
        let number = (0..)
            .zip(&model.pools)
            .find(|(_, intent)| intent.name.as_str() == pool);
        let path = number.map_or_else(Default::default, |(number, _)| model.selection_path(number));
        let names = folded(nodes.iter().map(|(name, _)| *name));
        findings.push(
            Finding::new(
                &RULE,
                format!(
                    "{} of {object} would have up to {most} addresses in quarantine, and a NodeConfig holds {}: {names}",
                    counted(nodes.len(), "node"),
                    bounds::QUARANTINED,
                ),
            )
            .party(object.clone(), path, "its nodes")
            .help(
                "let the agents apply what is written; or, where the hosts are known to have let go, take the addresses from \
                 spec.quarantined of these NodeConfigs",
            ),
        );
        refused.insert(object);
    }
}
