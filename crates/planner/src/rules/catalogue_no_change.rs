//! An override of the catalogue changes nothing.

use rackwright_manifest::{Rule, Severity};

use crate::catalogue::Problem;
use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW4007",
    name: "catalogue-no-change",
    severity: Severity::Warning,
    summary: "An override of the catalogue changes nothing",
    doc: r#"## What it does
An entry of `spec.catalogue` with the name of a built-in one must give at least one figure that differs from it.

## Why
Who writes an override expects a difference: either the wrong field was written, or a newer release brought the figure, and the override can go.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  catalogue:
    systems:
    - { name: dgx-b200, maxPower: 14300W, source: "data sheet" }
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  catalogue:
    systems:
    - { name: dgx-b200, maxPower: 13600W, source: "measured at acceptance, April 2026" }
```

## Fix
Take the entry away, or write the figure that was meant. `rackwright explain system NAME` shows the built-in ones.
"#,
};

/// Every override of every site.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for (site, entries) in model.superclusters.iter().zip(&model.entries) {
        let object = ObjectRef::new(Kind::Supercluster, &site.name);
        for entry in entries.iter().filter(|entry| entry.problem == Problem::Unchanged) {
            let path = at!("spec", "catalogue", entry.section, entry.at, "name");
            findings.push(
                Finding::new(
                    &RULE,
                    format!(
                        "{path} of {object}: {} is as the built-in catalogue has it",
                        entry.name
                    ),
                )
                .party(object.clone(), path, "no figure differs from the built-in entry")
                .help("take the entry away, or write the figure that was meant"),
            );
        }
    }
}
