//! A location draws more than it may.

use rackwright_manifest::{Rule, Severity};

use crate::finding::Finding;
use crate::model::Model;
use crate::power::Level;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW4002",
    name: "location-power",
    severity: Severity::Error,
    summary: "A location draws more than it may",
    doc: r#"## What it does
All racks of a location and of the locations in it, their nodes at maximum power less what pools cap their GPUs by (a cap that is not rolled out takes nothing off: RW4001), with the equipment and the storage servers there, may draw no more than its `powerBudget`, less `powerDeratingPercent` of it, less `powerReserve`. It is IT power: no PUE. Switches have no location; leave a reserve for them. Racks whose power the catalogue does not know are left out, and named in the finding. What is energised stays, so the sum at the end is the largest; where racks arrive in phases, the finding says with which one the budget is exceeded.

## Why
Each level has a feed of its own: a hall can be too small although each of its rows is large enough.

The draw is the largest that the catalogue gives. A site that knows its hardware better writes its own figure into
`spec.catalogue`, with its source, and is judged by that.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  locations:
  - { name: hall, powerBudget: 100kW }
  - { name: row-1, parent: hall, powerBudget: 60kW }
  - { name: row-2, parent: hall, powerBudget: 60kW }
  racks:
  - { names: a1, nodes: "n[1-4]", system: dgx-b200, location: row-1 }
  - { names: b1, nodes: "n[1-4]", system: dgx-b200, location: row-2 }
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  locations:
  - { name: hall, powerBudget: 115kW }
  - { name: row-1, parent: hall, powerBudget: 60kW }
  - { name: row-2, parent: hall, powerBudget: 60kW }
  racks:
  - { names: a1, nodes: "n[1-4]", system: dgx-b200, location: row-1 }
  - { names: b1, nodes: "n[1-4]", system: dgx-b200, location: row-2 }
```

## Fix
Move racks elsewhere, or write the budget that the location really has.
"#,
};

/// Every location with a budget.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for envelope in model
        .power
        .envelopes
        .iter()
        .filter(|envelope| envelope.exceeded())
    {
        if let Level::Location(name) = &envelope.level {
            findings.push(
                envelope
                    .finding(&RULE, model, &format!("location {name} of"))
                    .help("move racks to another location, or write the budget that this one really has"),
            );
        }
    }
}
