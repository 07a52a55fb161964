//! A site draws more than it may.

use rackwright_manifest::{Rule, Severity};

use crate::finding::Finding;
use crate::model::Model;
use crate::power::Level;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW4003",
    name: "site-power",
    severity: Severity::Warning,
    summary: "A site draws more than it may",
    doc: r#"## What it does
All racks of a site, their nodes at maximum power, times `power.pue` (1 where none is given), may draw no more than `power.budget`. Switches, storage and management are not counted yet: leave room for them. Racks whose power the catalogue does not know are left out, and named in the finding.

## Why
The budget is what the grid connection gives; cooling takes its part of it.

It is a warning: the draw is the largest that the catalogue gives for the system, and a site may know its hardware better than a
table. A wrong figure must not freeze the pools of a site.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  power: { budget: 130kW, pue: "1.2" }
  racks:
  - { names: "a[1-2]", nodes: "n[1-4]", system: dgx-b200 }
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  power: { budget: 140kW, pue: "1.2" }
  racks:
  - { names: "a[1-2]", nodes: "n[1-4]", system: dgx-b200 }
```

## Fix
Take racks out, or write the budget and the PUE that the site really has.
"#,
};

/// Every site with a budget.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for envelope in model
        .power
        .envelopes
        .iter()
        .filter(|envelope| envelope.exceeded())
    {
        if let Level::Site = &envelope.level {
            findings.push(
                envelope
                    .finding(&RULE, model, "")
                    .help("take racks out, or write the budget and the PUE that the site really has"),
            );
        }
    }
}
