//! Two member clusters share host numbers.

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::model::Model;
use crate::numbers::Addressed;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2023",
    name: "ranges-overlap",
    severity: Severity::Error,
    summary: "Two member clusters share host numbers",
    doc: r#"## What it does
The `addressing.ranges` of a fabric are disjoint.

## Why
Two member clusters would give one address to two hosts, and neither sees the other.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-2]", system: dgx-b200 }
  clusters:
  - { name: one, racks: a1 }
  - { name: two, racks: a2 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a[1-2]" }
  fabrics: [ { name: compute } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: compute }
spec:
  supercluster: lab
  plane: Compute
  topology: { type: FatTree, rails: 2 }
  addressing:
    ipv4: 10.64.0.0/24
    ranges:
    - { cluster: one, first: 1, last: 50 }
    - { cluster: two, first: 50, last: 100 }
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-2]", system: dgx-b200 }
  clusters:
  - { name: one, racks: a1 }
  - { name: two, racks: a2 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a[1-2]" }
  fabrics: [ { name: compute } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: compute }
spec:
  supercluster: lab
  plane: Compute
  topology: { type: FatTree, rails: 2 }
  addressing:
    ipv4: 10.64.0.0/24
    ranges:
    - { cluster: one, first: 1, last: 50 }
    - { cluster: two, first: 51, last: 100 }
```

## Fix
Move one of the ranges.
"#,
};

/// The ranges of every fabric.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for fabric in Addressed::all(model) {
        let mut ranges: Vec<_> = fabric.addressing.ranges.iter().enumerate().collect();
        ranges.sort_by_key(|(place, range)| (range.first, range.last, *place));
        let mut farthest = None;
        for (place, range) in ranges {
            let Some((before, reaches)) = farthest else {
                farthest = Some((place, range));
                continue;
            };
            if range.first <= reaches.last {
                let message = format!(
                    "the ranges {}-{} of {} and {}-{} of {} in {} share the host numbers {}-{}",
                    reaches.first,
                    reaches.last,
                    reaches.cluster,
                    range.first,
                    range.last,
                    range.cluster,
                    fabric.object(),
                    range.first,
                    range.last.min(reaches.last),
                );
                let path = |place: usize| at!("spec", "addressing", "ranges", place);
                findings.push(
                    Finding::new(&RULE, message)
                        .party(
                            fabric.object(),
                            path(place).child("first"),
                            format!("inside the range of {}", reaches.cluster),
                        )
                        .party(fabric.object(), path(before).child("last"), "reaches so far")
                        .help(format!(
                            "let the range of {} begin at {}",
                            range.cluster,
                            reaches.last + 1
                        )),
                );
            }
            if range.last > reaches.last {
                farthest = Some((place, range));
            }
        }
    }
}
