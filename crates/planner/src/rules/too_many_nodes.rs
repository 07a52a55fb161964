//! A site has more than a million nodes.

use rackwright_manifest::{Path, Rule, Severity};

use crate::finding::Finding;
use crate::input::ObjectRef;
use crate::names::counted;
use crate::site::MAX_NODES;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2014",
    name: "too-many-nodes",
    severity: Severity::Error,
    summary: "A site has more than a million nodes",
    doc: r#"## What it does
All superclusters together may describe 1,000,000 nodes. The number is computed from the hostlists before any is expanded.

## Why
The largest site planned in public, 5 GW, has about 600,000 nodes; more is a hostlist with a digit too many.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2000]", nodes: "n[1-1000]", system: dgx-b200 }
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-1000]", system: dgx-b200 }
```

## Fix
Correct the hostlists.
"#,
};

/// A group whose nodes bring the total above the limit.
pub(crate) fn finding(object: &ObjectRef, group: &Path, racks: u64, nodes: u64, total: u64) -> Finding {
    Finding::new(
        &RULE,
        format!(
            "{group} of {object} describes {nodes} nodes in {}; that makes {total} in all, and {MAX_NODES} is the most",
            counted(racks as usize, "rack")
        ),
    )
    .party(object.clone(), group.child("names"), format!("{nodes} nodes"))
}
