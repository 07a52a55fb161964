//! A NodeConfig remembers a port GUID that another node has.

use rackwright_api::Guid;
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::guids::{self, Moved};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;
use crate::names::counted;

/// GUIDs that a message names.
const SHOWN: usize = 4;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2029",
    name: "guid-moved",
    severity: Severity::Warning,
    summary: "A NodeConfig remembers a port GUID that another node has",
    doc: r#"## What it does
A node without an inventory keeps the port GUIDs of its NodeConfig. It loses those that the inventory of another node reports, or that the NodeConfig of another node without an inventory remembers too.

## Why
An HCA that moved to another host took its GUID with it. What an agent found is newer than what was written; and partitions are made of GUIDs, so that one in the wrong place lets a stranger in.

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
kind: NodeInventory
metadata: { name: a1-n2 }
spec: { hcas: [ { rail: 0, guid: "0xa088c20300000001" } ] }
---
apiVersion: rackwright.dev/v1alpha1
kind: NodeConfig
metadata: { name: a1-n1 }
spec:
  facts: { rails: [ { rail: 0, guid: "0xa088c20300000001" } ] }
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
kind: NodeInventory
metadata: { name: a1-n1 }
spec: { hcas: [ { rail: 0, guid: "0xa088c20300000002" } ] }
---
apiVersion: rackwright.dev/v1alpha1
kind: NodeInventory
metadata: { name: a1-n2 }
spec: { hcas: [ { rail: 0, guid: "0xa088c20300000001" } ] }
---
apiVersion: rackwright.dev/v1alpha1
kind: NodeConfig
metadata: { name: a1-n1 }
spec:
  facts: { rails: [ { rail: 0, guid: "0xa088c20300000001" } ] }
  hash: 0123456789abcdef0123456789abcdef
  management: Managed
  profile: train-0123456789ab
```

## Fix
Let the agent of the node that lost the HCA report its inventory; the plan goes on without.
"#,
};

/// Each pair of nodes.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    let mut moved = guids::moved(model);
    moved.sort_unstable_by_key(|moved| (moved.from, moved.to, moved.reported, moved.guid));
    let pairs = moved.chunk_by(|a, b| (a.from, a.to, a.reported) == (b.from, b.to, b.reported));
    findings.extend(pairs.map(|pair| finding(model, pair)));
}

fn finding(model: &Model<'_>, pair: &[Moved<'_>]) -> Finding {
    let Moved {
        from, to, reported, ..
    } = pair[0];
    let mut guids: Vec<String> = (pair.iter().take(SHOWN))
        .map(|moved| Guid::from_value(moved.guid).to_string())
        .collect();
    if let Some(more) = pair.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        guids.push(format!("and {more} more"));
    }
    let pools: Vec<(u32, ObjectRef)> = (model.pools_of([from, to].into_iter()).into_iter())
        .map(|pool| {
            (
                pool,
                ObjectRef::new(Kind::GPUPool, &model.pools[pool as usize].name),
            )
        })
        .collect();
    let of_pools: Vec<String> = pools.iter().map(|(_, pool)| pool.to_string()).collect();
    let theirs = if reported {
        format!("the inventory of {to} reports: {from}, which has no inventory, loses them")
    } else {
        format!("that of {to} remembers too: neither has an inventory, and neither keeps them")
    };
    let message = format!(
        "the NodeConfig of {from} remembers {} ({}), which {theirs}; nodes of {}",
        counted(pair.len(), "port GUID"),
        guids.join(", "),
        of_pools.join(" and ")
    );
    let finding = pools
        .into_iter()
        .fold(Finding::new(&RULE, message), |finding, (pool, object)| {
            finding.told(object, model.selection_path(pool), "its nodes")
        });
    let inventory = reported.then(|| ObjectRef::new(Kind::NodeInventory, to));
    let told = inventory.into_iter().fold(finding, |finding, inventory| {
        finding.told(inventory, at!("spec", "hcas"), "reports them")
    });
    told.help(format!("let the agent of {from} report its inventory"))
}
