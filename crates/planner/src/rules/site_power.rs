//! A site draws more than it may.

use rackwright_manifest::{Rule, Severity};

use crate::finding::Finding;
use crate::model::Model;
use crate::power::Level;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW4003",
    name: "site-power",
    severity: Severity::Error,
    summary: "A site draws more than it may",
    doc: r#"## What it does
All that a site has, times `power.pue` (1 where none is given), may draw no more than `power.budget`, less `power.deratingPercent` of it, less `power.reserve`. Counted are the racks with their nodes at maximum power less what pools cap their GPUs by (a cap that is not rolled out takes nothing off: RW4001), `spec.equipment`, the servers of storage tiers, and the switches of each fabric: as many leaves, spines and cores as the nodes of the pools that use it need (whole scalable units, equal bundles of cables; non-blocking where the fabric gives no oversubscription). What has no known power is left out, and named in the finding.

## Why
The budget is what the grid connection gives; cooling takes its part of it.

The draw is the largest that the catalogue gives. A site that knows its hardware better writes its own figure into
`spec.catalogue`, with its source, and is judged by that.

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
Take racks out, cap GPUs, or write the budget and the PUE that the site really has.
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
