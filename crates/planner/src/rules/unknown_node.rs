//! A node is not part of the site.

use rackwright_api::Name;
use rackwright_manifest::{Path, Rule, Severity};

use crate::finding::Finding;
use crate::input::ObjectRef;
use crate::names::{counted, folded};

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2005",
    name: "unknown-node",
    severity: Severity::Error,
    summary: "A node is not part of the site",
    doc: r#"## What it does
Where the supercluster lists racks, the nodes that a pool names must stand in one of them. A supercluster without racks has the nodes that no other supercluster places.

## Why
A node that does not exist is most often a typing error that would leave nodes out without a word.

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
  nodes: { names: "a1-n[1-3]" }
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
  nodes: { names: "a1-n[1-2]" }
```

## Fix
Correct the hostlist, or add the rack with its nodes to the supercluster.
"#,
};

/// Nodes that a pool names and the site has not.
pub(crate) fn finding(object: &ObjectRef, path: &Path, unknown: &[String], supercluster: &Name) -> Finding {
    let shown = folded(unknown.iter().map(String::as_str));
    Finding::new(
        &RULE,
        format!(
            "{path} of {object} names {} that Supercluster/{supercluster} does not have: {shown}",
            counted(unknown.len(), "node")
        ),
    )
    .party(object.clone(), path.clone(), format!("{shown} unknown"))
    .help(format!(
        "correct the hostlist, or add the rack to spec.racks of Supercluster/{supercluster}"
    ))
}
