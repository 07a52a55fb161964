//! A warning is ignored that is not there.

use rackwright_manifest::{Rule, Severity};

use crate::finding::Finding;
use crate::ignore::party;
use crate::input::ObjectRef;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2052",
    name: "ignore-unused",
    severity: Severity::Warning,
    summary: "A warning is ignored that is not there",
    doc: r#"## What it does
Each line of the annotation `rackwright.dev/ignore` must match a warning that is shown at its object.

## Why
The reason has gone, or the line stands at the wrong object. Left there, it would hide the next warning of that rule, which nobody has looked at. Nothing is said of objects that are refused or on their way out.

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
metadata:
  name: train
  annotations:
    rackwright.dev/ignore: "RW2010: the agents come in May, ticket 123"
spec:
  supercluster: lab
  nodes: { racks: "a1" }
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
metadata:
  name: train
  annotations:
    rackwright.dev/ignore: "RW2010: the agents come in May, ticket 123"
spec:
  supercluster: lab
  nodes: { selector: { matchLabels: { team: a } } }
```

## Fix
Take the line away; or write it at the object that the help names.
"#,
};

/// An entry without a warning, and where a warning of its rule that tells this object is shown.
pub(crate) fn finding(
    object: &ObjectRef,
    code: &str,
    range: (usize, usize),
    elsewhere: Option<&ObjectRef>,
) -> Finding {
    let message = format!("{object} ignores {code}, and has no such warning");
    let help = match elsewhere {
        Some(other) => format!("a warning is ignored where it is shown: write the line at {other}"),
        None => "take the line away".to_owned(),
    };
    Finding::new(&RULE, message)
        .with(party(object, range, "no such warning"))
        .help(help)
}
