//! A rack group names a system that the catalogue does not know.

use std::collections::BTreeMap;

use rackwright_manifest::{Rule, Severity};

use crate::catalogue::View;
use crate::finding::{Finding, Party, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;
use crate::names::{counted, nearest};

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2018",
    name: "unknown-system",
    severity: Severity::Warning,
    summary: "A rack group names a system that the catalogue does not know",
    doc: r#"## What it does
`system` of each rack group is looked up in the site's own `spec.catalogue.systems` and in the built-in catalogue of node systems; `rackwright explain system` lists the latter.

## Why
Without its figures nothing is checked of these nodes but their names: no power, no power cap, no MIG layout. It is a warning because the catalogue cannot know every machine, and the plan does not depend on it.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-2]", system: dgx-b2000 }
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-2]", system: dgx-b200 }
```

## Fix
Write a name of the catalogue, or add the system to `spec.catalogue.systems`.
"#,
};

/// Rack groups that a finding points at.
const SHOWN: usize = 4;

/// The system of every rack group; one finding for each unknown name.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for (site, view) in model.superclusters.iter().zip(&model.views) {
        let mut unknown: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, group) in site.spec.racks.iter().enumerate() {
            if view.systems.get(group.system.as_str()).is_none() {
                unknown.entry(group.system.as_str()).or_default().push(at);
            }
        }
        let object = ObjectRef::new(Kind::Supercluster, &site.name);
        for (name, groups) in unknown {
            let near = nearest(name, view.systems.names());
            let mut finding = Finding::new(
                &RULE,
                format!(
                    "the catalogue has no system {name}, which {} of {object} {}",
                    counted(groups.len(), "rack group"),
                    if groups.len() == 1 { "names" } else { "name" },
                ),
            );
            for &group in groups.iter().take(SHOWN) {
                finding = finding.with(Party {
                    replacement: near.map(str::to_owned),
                    ..Party::new(
                        object.clone(),
                        at!("spec", "racks", group, "system"),
                        "not in the catalogue",
                    )
                });
            }
            findings.push(finding.help(help(view, name, near)));
        }
    }
}

/// The near miss, or what the name may be short for.
fn help(view: &View, name: &str, near: Option<&str>) -> String {
    let longer: Vec<&str> = view
        .systems
        .names()
        .filter(|known| known.starts_with(name))
        .collect();
    match (near, longer.as_slice()) {
        (Some(near), _) => format!("did you mean {near}?"),
        (None, []) => "`rackwright explain system` lists what the catalogue knows, and spec.catalogue.systems adds to it"
            .to_owned(),
        (None, longer) => format!("did you mean {}?", longer.join(" or ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_is_completed() {
        let (view, _) = View::new(None);
        let help = |name, near| help(&view, name, near);
        assert_eq!(
            help("dgx-a100", None),
            "did you mean dgx-a100-40gb or dgx-a100-80gb?"
        );
        assert_eq!(
            help("sx-9", None),
            "`rackwright explain system` lists what the catalogue knows, and spec.catalogue.systems adds to it"
        );
    }
}
