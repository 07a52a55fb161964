//! Two fabrics share addresses.

use ipnet::Ipv4Net;
use rackwright_api::Name;
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW3002",
    name: "prefixes-overlap",
    severity: Severity::Error,
    summary: "Two fabrics share addresses",
    doc: r#"## What it does
The `addressing.ipv4` prefixes of all fabrics are disjoint.

## Why
Two nodes would get one address.

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
kind: InfiniBandFabric
metadata: { name: one }
spec:
  supercluster: lab
  plane: Compute
  topology: { type: FatTree, rails: 2 }
  addressing: { ipv4: 10.64.0.0/16 }
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: two }
spec:
  supercluster: lab
  plane: Compute
  topology: { type: FatTree, rails: 2 }
  addressing: { ipv4: 10.64.128.0/20 }
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
kind: InfiniBandFabric
metadata: { name: one }
spec:
  supercluster: lab
  plane: Compute
  topology: { type: FatTree, rails: 2 }
  addressing: { ipv4: 10.64.0.0/16 }
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: two }
spec:
  supercluster: lab
  plane: Compute
  topology: { type: FatTree, rails: 2 }
  addressing: { ipv4: 10.65.0.0/16 }
```

## Fix
Give each fabric a prefix of its own.
"#,
};

/// The prefixes of all fabrics.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    let mut nets: Vec<_> = (model.fabrics.iter())
        .filter_map(|fabric| Some((fabric.spec.addressing.as_ref()?.ipv4.net()?, &fabric.name)))
        .collect();
    nets.sort_unstable();
    // In this order a prefix comes directly before those that lie in it.
    let mut around: Vec<(Ipv4Net, &Name)> = Vec::new();
    for (net, name) in nets {
        while around.last().is_some_and(|(outer, _)| !outer.contains(&net)) {
            around.pop();
        }
        if let Some((outer, outer_name)) = around.last() {
            let object = |name: &Name| ObjectRef::new(Kind::InfiniBandFabric, name);
            let path = || at!("spec", "addressing", "ipv4");
            findings.push(
                Finding::new(
                    &RULE,
                    format!(
                        "{net} of {} lies in {outer} of {}",
                        object(name),
                        object(outer_name)
                    ),
                )
                .party(object(name), path(), format!("inside {outer}"))
                .party(object(outer_name), path(), format!("around {net}")),
            );
        }
        around.push((net, name));
    }
}
