//! A rack draws more than it may.

use std::collections::BTreeMap;

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;
use crate::names::{counted, folded};
use crate::power::{max_power, shown, term};

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW4001",
    name: "rack-power",
    severity: Severity::Warning,
    summary: "A rack draws more than it may",
    doc: r#"## What it does
The nodes of a rack, each at the maximum power of its system, may draw no more than the `powerLimit` of the rack group. `rackwright explain system NAME` shows the maximum with its source. Racks of a system whose power the catalogue does not know are left out.

## Why
A rack over its feed trips the breaker when a training run starts, and with it all nodes of the rack.

It is a warning: the draw is the largest that the catalogue gives for the system, and a site may know its hardware better than a
table. A wrong figure must not freeze the pools of a site.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-4]", system: dgx-b200, powerLimit: 50kW }
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-3]", system: dgx-b200, powerLimit: 50kW }
```

## Fix
Put fewer nodes in a rack, or write the limit that the feed really has.
"#,
};

/// Every rack against the limit of its group; racks with as many nodes share a finding.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for (site, intent) in model.superclusters.iter().enumerate() {
        let object = ObjectRef::new(Kind::Supercluster, &intent.name);
        for (number, group) in intent.spec.racks.iter().enumerate() {
            let system = group.system.as_str();
            let (Some(limit), Some(power)) = (&group.power_limit, max_power(system)) else {
                continue;
            };
            let limit = limit.watts().0;
            let mut over: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
            for &rack in &model.power.groups[site][number].racks {
                let nodes = model.site.nodes_of(rack).len() as u64;
                if power.of(nodes) > limit {
                    over.entry(nodes).or_default().push(rack);
                }
            }
            for (nodes, racks) in over {
                let watts = power.of(nodes);
                let names = racks
                    .iter()
                    .map(|&rack| model.site.racks[rack as usize].name.as_str());
                let path = at!("spec", "racks", number, "powerLimit");
                findings.push(
                    Finding::new(
                        &RULE,
                        format!(
                            "{} of {object} may draw {} = {} each, and {path} allows {}: {} too much; racks {}",
                            counted(racks.len(), "rack"),
                            term(system, power, nodes, watts),
                            shown(watts),
                            shown(limit),
                            shown(watts - limit),
                            folded(names),
                        ),
                    )
                    .party(object.clone(), path, format!("{} is drawn", shown(watts)))
                    .party(
                        object.clone(),
                        at!("spec", "racks", number, "system"),
                        format!("{} a rack", counted(nodes as usize, "node")),
                    )
                    .help(format!(
                        "{} fit below {}",
                        counted((limit.saturating_mul(power.nodes) / power.watts.max(1)) as usize, "node"),
                        shown(limit)
                    )),
                );
            }
        }
    }
}
