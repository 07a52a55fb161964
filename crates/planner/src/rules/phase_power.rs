//! A phase draws more than there is at its date.

use rackwright_manifest::{Rule, Severity};

use crate::finding::Finding;
use crate::model::Model;
use crate::power::Level;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW4004",
    name: "phase-power",
    severity: Severity::Error,
    summary: "A phase draws more than there is at its date",
    doc: r#"## What it does
All that is energised by the date of a phase, times `power.pue`, may draw no more than the `powerBudget` of the phase, less its `powerDeratingPercent`, less its `powerReserve`. Energised are the racks, the equipment and the storage servers of the phase, of all phases with the same or an earlier date, and all without a phase; and the switches that the energised nodes need. It is counted as for the site (RW4003).

## Why
Power arrives in steps, and so do racks. Each phase must stand alone: what a later phase brings does not help before its date.

The draw is the largest that the catalogue gives. A site that knows its hardware better writes its own figure into
`spec.catalogue`, with its source, and is judged by that.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  phases:
  - { name: first, by: "2026-06-30", powerBudget: 100kW }
  - { name: second, by: "2026-12-31", powerBudget: 250kW }
  racks:
  - { names: "a[1-2]", nodes: "n[1-4]", system: dgx-b200, phase: first }
  - { names: "b[1-2]", nodes: "n[1-4]", system: dgx-b200, phase: second }
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  phases:
  - { name: first, by: "2026-06-30", powerBudget: 120kW }
  - { name: second, by: "2026-12-31", powerBudget: 250kW }
  racks:
  - { names: "a[1-2]", nodes: "n[1-4]", system: dgx-b200, phase: first }
  - { names: "b[1-2]", nodes: "n[1-4]", system: dgx-b200, phase: second }
```

## Fix
Let racks arrive with a later phase, or write the budget that the phase really has.
"#,
};

/// Every phase with a budget.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for envelope in model
        .power
        .envelopes
        .iter()
        .filter(|envelope| envelope.exceeded())
    {
        if let Level::Phase(name) = &envelope.level {
            findings.push(
                envelope.finding(&RULE, model, &format!("phase {name} of")).help(
                    "let racks arrive with a later phase, or write the budget that this one really has",
                ),
            );
        }
    }
}
