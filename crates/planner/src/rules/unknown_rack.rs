//! A rack is not part of the site.

use rackwright_api::Name;
use rackwright_manifest::{Path, Rule, Severity};

use crate::finding::Finding;
use crate::input::ObjectRef;
use crate::names::{counted, folded};

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2004",
    name: "unknown-rack",
    severity: Severity::Error,
    summary: "A rack is not part of the site",
    doc: r#"## What it does
The racks that a pool, a member cluster or a fabric's placement names must be among `spec.racks` of the supercluster.

## Why
A rack that does not exist is most often a typing error that would leave nodes out without a word.

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
  nodes: { racks: "a[1-3]" }
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
  nodes: { racks: "a[1-2]" }
```

## Fix
Correct the hostlist, or add the rack to the supercluster.
"#,
};

/// Racks that a hostlist names and the site has not.
pub(crate) fn finding<'a>(
    object: &ObjectRef,
    path: &Path,
    unknown: &[String],
    supercluster: &Name,
    known: impl Iterator<Item = &'a str>,
) -> Finding {
    let shown = folded(unknown.iter().map(String::as_str));
    let finding = Finding::new(
        &RULE,
        format!(
            "{path} of {object} names {} that Supercluster/{supercluster} does not have: {shown}",
            counted(unknown.len(), "rack")
        ),
    )
    .party(object.clone(), path.clone(), format!("{shown} unknown"));
    let mut known = known.peekable();
    if known.peek().is_none() {
        finding.help(format!(
            "Supercluster/{supercluster} describes no racks; add them to its spec.racks"
        ))
    } else {
        finding.help(format!("the site has {}", folded(known)))
    }
}
