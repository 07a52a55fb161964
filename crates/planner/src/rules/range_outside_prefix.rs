//! A range of host numbers is larger than its rails.

use rackwright_manifest::{Rule, Severity};

use crate::allocate::RailPrefixes;
use crate::finding::{Finding, at};
use crate::model::Model;
use crate::numbers::Addressed;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2024",
    name: "range-outside-prefix",
    severity: Severity::Error,
    summary: "A range of host numbers is larger than its rails",
    doc: r#"## What it does
The last host number of each of `addressing.ranges` exists on each rail. The fabric's prefix is cut into one equal prefix a rail, whose first and last address no host may have.

## Why
A number that a rail does not have would be an address of the next rail.

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
    - { cluster: two, first: 51, last: 127 }
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
Let the range end earlier, or choose a wider prefix.
"#,
};

/// Every range of every fabric.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for fabric in Addressed::all(model) {
        let rails = fabric.fabric.spec.topology.rails;
        // A prefix that cannot be cut is RW3001's finding.
        let Some(prefixes) = RailPrefixes::new(fabric.net, rails) else {
            continue;
        };
        let capacity = prefixes.capacity();
        for (place, range) in fabric.addressing.ranges.iter().enumerate() {
            if range.last <= capacity {
                continue;
            }
            let message = format!(
                "the range {}-{} of {} in {} ends beyond {capacity}: {} for {rails} rails makes a /{} each, with \
                 2^{} - 2 = {capacity} host numbers",
                range.first,
                range.last,
                range.cluster,
                fabric.object(),
                fabric.net,
                prefixes.length(),
                32 - prefixes.length(),
            );
            findings.push(
                Finding::new(&RULE, message)
                    .party(
                        fabric.object(),
                        at!("spec", "addressing", "ranges", place, "last"),
                        format!("more than {capacity}"),
                    )
                    .help("let the range end earlier, or choose a wider prefix"),
            );
        }
    }
}
