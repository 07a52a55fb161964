//! Storage servers stand in a place, or arrive with a phase, that the site does not have.

use rackwright_api::Name;
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, Party, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;
use crate::names::nearest;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW4010",
    name: "server-place",
    severity: Severity::Error,
    summary: "Storage servers stand in a place, or arrive with a phase, that the site does not have",
    doc: r#"## What it does
`servers.location` and `servers.phase` of a storage tier must be names of `spec.locations` and `spec.phases` of its site.

## Why
The servers draw power there and from then on. In a place that does not exist they would be in no sum, and with a phase that does not exist in every one.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  locations:
  - { name: hall-1 }
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: datasets }
spec:
  supercluster: lab
  nfs: { server: nas.example, export: /data, transport: TCP }
  mountPoint: /data
  servers: { count: 4, power: 800W, location: hall-2 }
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  locations:
  - { name: hall-1 }
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: datasets }
spec:
  supercluster: lab
  nfs: { server: nas.example, export: /data, transport: TCP }
  mountPoint: /data
  servers: { count: 4, power: 800W, location: hall-1 }
```

## Fix
Write a name that the site has, or add it there.
"#,
};

/// The servers of every tier whose site is there.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for tier in &model.tiers {
        let site = model.site_number(&tier.spec.supercluster);
        let (Some(servers), Some(site)) = (&tier.spec.servers, site) else {
            continue;
        };
        let site = model.superclusters[site];
        let locations = || site.spec.locations.iter().map(|one| &one.name);
        let phases = || site.spec.phases.iter().map(|one| &one.name);
        let mut judge = |field: &str, list: &str, wanted: Option<&Name>, known: Vec<&Name>| {
            let Some(wanted) = wanted.filter(|wanted| !known.contains(wanted)) else {
                return;
            };
            let object = ObjectRef::new(Kind::StorageTier, &tier.name);
            let told = ObjectRef::new(Kind::Supercluster, &site.name);
            let near = nearest(wanted.as_str(), known.iter().map(|name| name.as_str()));
            let message =
                format!("{object} has servers in {field} {wanted}, and spec.{list} of {told} has it not");
            let finding = Finding::new(&RULE, message)
                .with(Party {
                    replacement: near.map(str::to_owned),
                    ..Party::new(
                        object,
                        at!("spec", "servers", field),
                        format!("not in spec.{list} of the site"),
                    )
                })
                .told(told, at!("spec", list), format!("has no {field} {wanted}"));
            findings.push(match near {
                Some(near) => finding.help(format!("did you mean {near}?")),
                None => finding.help(format!("add it to spec.{list} of the site")),
            });
        };
        judge(
            "location",
            "locations",
            servers.location.as_ref(),
            locations().collect(),
        );
        judge("phase", "phases", servers.phase.as_ref(), phases().collect());
    }
}
