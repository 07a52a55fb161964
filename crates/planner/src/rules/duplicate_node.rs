//! A rack or a node is described twice.

use std::collections::BTreeMap;

use rackwright_api::SuperclusterSpec;
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Intent, Kind, ObjectRef};
use crate::names::{counted, folded};
use crate::site::GroupRef;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2006",
    name: "duplicate-node",
    severity: Severity::Error,
    summary: "A rack or a node is described twice",
    doc: r#"## What it does
Over all superclusters each rack name (within its site) and each node name comes once.

## Why
Everything that is written for a node is named after it.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-2]", system: dgx-b200 }
  - { names: "a[2-3]", nodes: "n[1-2]", system: dgx-b200 }
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-2]", system: dgx-b200 }
  - { names: "a[3-4]", nodes: "n[1-2]", system: dgx-b200 }
```

## Fix
Make the hostlists of the rack groups disjoint.
"#,
};

/// Names that two rack groups share, gathered by pair of groups so that one mistake is one finding.
#[derive(Default)]
pub(crate) struct Pairs(BTreeMap<[(u32, u32); 2], Vec<String>>);

impl Pairs {
    /// One name that both groups give.
    pub fn add(&mut self, one: GroupRef, other: GroupRef, name: &str) {
        let mut pair = [(one.supercluster, one.group), (other.supercluster, other.group)];
        pair.sort_unstable();
        self.0.entry(pair).or_default().push(name.to_owned());
    }

    /// One finding a pair.
    pub fn findings<'a>(
        self,
        superclusters: &'a [&'a Intent<SuperclusterSpec>],
        what: &'static str,
    ) -> impl Iterator<Item = Finding> + 'a {
        self.0.into_iter().map(move |(pair, names)| {
            let object = |(supercluster, _): (u32, u32)| {
                ObjectRef::new(Kind::Supercluster, &superclusters[supercluster as usize].name)
            };
            let path = |(_, group): (u32, u32)| at!("spec", "racks", group as usize, "names");
            let shown = format!(
                "{} ({})",
                counted(names.len(), what),
                folded(names.iter().map(String::as_str))
            );
            let [one, other] = pair;
            Finding::new(
                &RULE,
                format!(
                    "{shown} described twice: {} of {} and {} of {}",
                    path(one),
                    object(one),
                    path(other),
                    object(other)
                ),
            )
            .party(object(other), path(other), format!("{shown} again"))
            .party(object(one), path(one), "first described here")
        })
    }
}
