//! A hostlist cannot be read.

use rackwright_hostset::{Hostlist, Limits, expand};
use rackwright_manifest::{Path, Rule, Severity};

use crate::finding::{Finding, Party};
use crate::input::ObjectRef;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2003",
    name: "hostlist-invalid",
    severity: Severity::Error,
    summary: "A hostlist cannot be read",
    doc: r#"## What it does
Hostlists are read as Slurm and ClusterShell read them; what the two read differently is refused, a name that comes twice included. The message names the place inside the text.

## Why
A hostlist decides which nodes a change touches, so there is no best effort.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-2]", system: dgx-b200 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a[2-1]" }
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-2]", system: dgx-b200 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a[1-2]" }
```

## Fix
Correct the text as the message says. `n[01-18]`, `n[1-9/2]`, `r[1-2]n[01-03]` and `login,n[1-4]` are hostlists.
"#,
};

/// Reads a hostlist; what cannot be read becomes a finding.
pub(crate) fn read(
    list: &rackwright_api::Hostlist,
    object: &ObjectRef,
    path: &Path,
    findings: &mut Vec<Finding>,
) -> Option<Hostlist> {
    let limits = Limits::default();
    // A name that comes twice is one node for ClusterShell and two for Slurm.
    let distinct = expand(list.as_str(), &limits).map(drop);
    match distinct.and_then(|()| Hostlist::parse(list.as_str(), &limits)) {
        Ok(parsed) => Some(parsed),
        Err(error) => {
            let end = (error.offset + error.len.max(1)).min(list.as_str().len().max(error.offset));
            findings.push(
                Finding::new(&RULE, format!("{path} of {object} is not a hostlist: {error}")).with(Party {
                    range: Some((error.offset, end)),
                    ..Party::new(object.clone(), path.clone(), error.to_string())
                }),
            );
            None
        }
    }
}
