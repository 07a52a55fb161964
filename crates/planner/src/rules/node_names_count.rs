//! Host names and rack places do not add up.

use rackwright_manifest::{Path, Rule, Severity};

use crate::finding::Finding;
use crate::input::ObjectRef;
use crate::names::counted;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2009",
    name: "node-names-count",
    severity: Severity::Error,
    summary: "Host names and rack places do not add up",
    doc: r#"## What it does
With `nodeNames`, the number of names equals the number of racks times `nodesPerRack`.

## Why
Names are dealt out in order, so one name too few would move every node behind it into the wrong rack.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "r[1-2]", nodeNames: "dgx[1-7]", nodesPerRack: 4, system: dgx-b200 }
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "r[1-2]", nodeNames: "dgx[1-8]", nodesPerRack: 4, system: dgx-b200 }
```

## Fix
Correct one of the three, or give a rack that is not full a group of its own.
"#,
};

/// `racks` x `per_rack` is not `names`.
pub(crate) fn finding(object: &ObjectRef, group: &Path, racks: u64, per_rack: u16, names: u64) -> Finding {
    let places = racks * u64::from(per_rack);
    let racks = counted(racks as usize, "rack");
    Finding::new(
        &RULE,
        format!("{group} of {object}: {racks} x {per_rack} nodes = {places} places, but nodeNames gives {names} names"),
    )
    .party(object.clone(), group.child("nodeNames"), format!("{names} names"))
    .party(object.clone(), group.child("nodesPerRack"), format!("{racks} x {per_rack} = {places}"))
}
