//! NodeConfigs in a member cluster are of nodes that another one holds.

use std::collections::BTreeMap;

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::member::Member;
use crate::names::{counted, folded};

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2030",
    name: "node-of-another-cluster",
    severity: Severity::Warning,
    summary: "NodeConfigs in a member cluster are of nodes that another one holds",
    doc: r#"## What it does
Where the part of one member cluster is compiled, `spec.clusters` gives it each node that has a NodeConfig there, or gives the node to nobody. NodeConfigs of other member clusters' nodes are left as they are: not written, not detached. (The first example is compiled for the member cluster `one`.)

## Why
An operator that was started with the name of another member cluster would let go every node of its own; and a plan of one part, made from what the whole site has, would show the rest as detached.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: n1, system: dgx-b200 }
  clusters:
  - { name: one, racks: a1 }
  - { name: two, racks: a2 }
---
apiVersion: rackwright.dev/v1alpha1
kind: NodeConfig
metadata: { name: a2-n1 }
spec:
  facts: { rack: a2 }
  hash: 0123456789abcdef0123456789abcdef
  management: Managed
  profile: train-0123456789ab
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: n1, system: dgx-b200 }
  clusters:
  - { name: one, racks: a1 }
  - { name: two, racks: a2 }
---
apiVersion: rackwright.dev/v1alpha1
kind: NodeConfig
metadata: { name: a1-n1 }
spec:
  facts: { rack: a1 }
  hash: 0123456789abcdef0123456789abcdef
  management: Managed
  profile: train-0123456789ab
```

## Fix
Start the operator with the name of its own member cluster (`--cluster`). A NodeConfig whose rack has moved to another member cluster is deleted by hand, once the other one has it.
"#,
};

/// A finding for each member cluster that has nodes among these; `members` and `names` are parallel, and nodes give their
/// place in both.
pub(crate) fn findings(
    kept: &str,
    nodes: &[(Box<str>, u32)],
    members: &[Member],
    names: &[Box<str>],
) -> Vec<Finding> {
    let mut by_cluster: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for (node, cluster) in nodes {
        by_cluster.entry(*cluster).or_default().push(node);
    }
    let worded = by_cluster.into_iter().map(|(cluster, nodes)| {
        let Member { site, place } = &members[cluster as usize];
        let name = &names[cluster as usize];
        let message = format!(
            "{} ({}) of the member cluster {name} of {site} have NodeConfigs where {kept} is served: they are left as they are",
            counted(nodes.len(), "node"),
            folded(nodes)
        );
        Finding::new(&RULE, message)
            .told(site.clone(), at!("spec", "clusters", *place, "racks"), "holds their racks")
            .help(format!(
                "if this is the member cluster {name}, name it so; otherwise delete these NodeConfigs, once {name} has the nodes"
            ))
    });
    worded.collect()
}
