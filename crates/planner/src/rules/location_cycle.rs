//! Locations lie inside one another.

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::locations::Tree;
use crate::model::Model;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW4005",
    name: "location-cycle",
    severity: Severity::Error,
    summary: "Locations lie inside one another",
    doc: r#"## What it does
The parents of the locations form a tree: from each location the way up ends.

## Why
A location that lies inside itself has no sum of its racks, so its budget cannot be checked. The schema only sees a location that is its own parent.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  locations:
  - { name: hall, parent: row }
  - { name: row, parent: hall }
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  locations:
  - { name: hall }
  - { name: row, parent: hall }
```

## Fix
Take the parent from the outermost location.
"#,
};

/// Locations that a finding points at.
const SHOWN: usize = 4;

/// The locations of every site.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for intent in &model.superclusters {
        let locations = &intent.spec.locations;
        let object = ObjectRef::new(Kind::Supercluster, &intent.name);
        for cycle in Tree::new(locations).cycles() {
            let way: Vec<&str> = cycle
                .iter()
                .chain(cycle.first())
                .map(|&at| locations[at].name.as_str())
                .collect();
            let mut finding = Finding::new(
                &RULE,
                format!(
                    "locations of {object} lie inside one another: {}",
                    way.join(" in ")
                ),
            );
            for (&at, inside) in cycle.iter().zip(way.iter().skip(1)).take(SHOWN) {
                finding = finding.party(
                    object.clone(),
                    at!("spec", "locations", at, "parent"),
                    format!("in {inside}"),
                );
            }
            findings.push(finding.help("take the parent from the outermost of them"));
        }
    }
}
