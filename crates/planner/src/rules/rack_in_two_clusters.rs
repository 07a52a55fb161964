//! Two member clusters hold one rack.

use std::collections::BTreeMap;

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;
use crate::names::{counted, folded};

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2013",
    name: "rack-in-two-clusters",
    severity: Severity::Error,
    summary: "Two member clusters hold one rack",
    doc: r#"## What it does
A rack belongs to at most one of `spec.clusters`.

## Why
Its nodes would get a NodeConfig in two clusters, and each could change them without asking the other.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-2]", system: dgx-b200 }
  clusters:
  - { name: one, racks: "a[1-2]" }
  - { name: two, racks: "a2" }
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
  - { name: one, racks: "a1" }
  - { name: two, racks: "a2" }
```

## Fix
Give the rack to one of them.
"#,
};

/// The racks of every member cluster: in no other.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for (intent, clusters) in model.superclusters.iter().zip(&model.site.clusters.racks) {
        let object = ObjectRef::new(Kind::Supercluster, &intent.name);
        let mut holder: BTreeMap<u32, usize> = BTreeMap::new();
        let mut twice: BTreeMap<(usize, usize), Vec<u32>> = BTreeMap::new();
        for (cluster, racks) in clusters.iter().enumerate() {
            for &rack in racks {
                if let Some(other) = holder.insert(rack, cluster) {
                    twice.entry((other, cluster)).or_default().push(rack);
                }
            }
        }
        for ((one, other), racks) in twice {
            let shown = folded(
                racks
                    .iter()
                    .map(|&rack| model.site.racks[rack as usize].name.as_str()),
            );
            let name = |cluster: usize| &intent.spec.clusters[cluster].name;
            findings.push(
                Finding::new(
                    &RULE,
                    format!(
                        "{} held by the clusters {} and {} of {object}: {shown}",
                        counted(racks.len(), "rack"),
                        name(one),
                        name(other)
                    ),
                )
                .party(
                    object.clone(),
                    at!("spec", "clusters", other, "racks"),
                    format!("{shown} again"),
                )
                .party(
                    object.clone(),
                    at!("spec", "clusters", one, "racks"),
                    "first held here",
                ),
            );
        }
    }
}
