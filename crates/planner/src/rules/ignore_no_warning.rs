//! A code is ignored that cannot be.

use rackwright_manifest::{Rule, Severity};

use crate::finding::Finding;
use crate::ignore::party;
use crate::input::ObjectRef;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2054",
    name: "ignore-no-warning",
    severity: Severity::Warning,
    summary: "A code is ignored that cannot be",
    doc: r#"## What it does
Only warnings about the documents can be ignored: not errors, not what is about an earlier state (RW2029, RW2030), and not the warnings about the annotation `rackwright.dev/ignore` itself.

## Why
The operator refuses an object with an error, whatever its annotation says: a pipeline that let it pass would promise what does not come.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata:
  name: lab
  annotations:
    rackwright.dev/ignore: "RW2004: rack a9 comes in May"
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
```

## Fix
Take the line away and mend the object. Errors that were there before a pipeline began to look are for `--baseline`.
"#,
};

/// A code that is none of a warning.
pub(crate) fn finding(object: &ObjectRef, code: &str, range: (usize, usize)) -> Finding {
    let message = format!("{object} ignores {code}, which is no warning that can be ignored");
    Finding::new(&RULE, message)
        .with(party(object, range, "cannot be ignored"))
        .help(format!(
            "take the line away; `rackwright explain {code}` says what the rule is about"
        ))
}
