//! What is ignored is not said as a code and a reason.

use rackwright_manifest::{Rule, Severity};

use crate::finding::Finding;
use crate::ignore::{MAX_LINES, party};
use crate::input::ObjectRef;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2053",
    name: "ignore-malformed",
    severity: Severity::Warning,
    summary: "A line of rackwright.dev/ignore is not a code and a reason",
    doc: r#"## What it does
The annotation `rackwright.dev/ignore` holds lines of the form `CODE: reason`, each code once, 64 lines at most.

## Why
A line that cannot be read ignores nothing. Without a reason nobody can say later whether it still holds.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata:
  name: lab
  annotations:
    rackwright.dev/ignore: "RW4008"
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-2]", system: dgx-b200 }
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
    rackwright.dev/ignore: |
      RW2010: the agents come in May, ticket 123
spec:
  supercluster: lab
  nodes: { selector: { matchLabels: { team: a } } }
```

## Fix
Write `CODE: reason`, one a line.
"#,
};

const FORM: &str = "write `CODE: reason`, one a line";

/// A line that does not begin with a code.
pub(crate) fn no_code(object: &ObjectRef, line: (usize, usize)) -> Finding {
    let message = format!("a line of what {object} ignores does not begin with a code");
    Finding::new(&RULE, message)
        .with(party(object, line, "no code"))
        .help(FORM)
}

/// A code alone.
pub(crate) fn no_reason(object: &ObjectRef, code: &str, line: (usize, usize)) -> Finding {
    let message = format!("{object} ignores {code} without a reason, so the warning stays");
    Finding::new(&RULE, message)
        .with(party(object, line, "no reason"))
        .help(FORM)
}

/// A code that stands there already.
pub(crate) fn twice(object: &ObjectRef, code: &str, range: (usize, usize)) -> Finding {
    let message = format!("{object} ignores {code} twice; the first reason counts");
    Finding::new(&RULE, message)
        .with(party(object, range, "again"))
        .help("write both reasons in one line")
}

/// The first of the lines that are not read.
pub(crate) fn too_many(object: &ObjectRef, line: (usize, usize)) -> Finding {
    let message =
        format!("{object} ignores more than {MAX_LINES} warnings; the lines from here on are not read");
    Finding::new(&RULE, message)
        .with(party(object, line, "not read"))
        .help("mend what the warnings are about")
}
