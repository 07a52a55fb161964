//! A name cannot be that of a rack or node.

use rackwright_manifest::{Path, Rule, Severity};

use crate::finding::Finding;
use crate::input::ObjectRef;
use crate::names::{counted, folded};

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2011",
    name: "invalid-node-name",
    severity: Severity::Error,
    summary: "A name cannot be that of a rack or node",
    doc: r#"## What it does
Racks are RFC 1123 labels and nodes RFC 1123 subdomains: lower-case letters, digits, `-` (and `.` between the parts of a node name).

## Why
The node name is the name of a Kubernetes object.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "A1", nodes: "n[1-2]", system: dgx-b200 }
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a1", nodes: "n[1-2]", system: dgx-b200 }
```

## Fix
Use the name that `kubectl get nodes` shows.
"#,
};

/// Names that a hostlist gives and that no rack or node can have.
pub(crate) fn finding(object: &ObjectRef, path: &Path, what: &str, wrong: &[String]) -> Finding {
    let shown = folded(wrong.iter().map(String::as_str));
    Finding::new(
        &RULE,
        format!(
            "{path} of {object} gives {} that cannot exist: {shown}",
            counted(wrong.len(), &format!("{what} name"))
        ),
    )
    .party(
        object.clone(),
        path.clone(),
        "lower-case letters, digits and `-` only",
    )
    .help(format!("use the {what}'s name as Kubernetes shows it"))
}
