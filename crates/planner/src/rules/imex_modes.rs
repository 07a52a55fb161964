//! Both modes of IMEX at once.

use std::collections::{BTreeMap, BTreeSet};

use rackwright_api::ImexMode;
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;

/// The host's own IMEX service.
const SERVICE: &str = "nvidia-imex";

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW3016",
    name: "imex-modes",
    severity: Severity::Error,
    summary: "Both modes of IMEX at once",
    doc: r#"## What it does
The pools of one Kubernetes cluster have one `gpu.imex.mode`: where `spec.clusters` of the site says which racks a member cluster holds, the pools with nodes there, else those of the whole site. A pool with `DriverManaged` sets no limits of the host's `nvidia-imex` service, which is masked.

## Why
The mode is a setting of the DRA driver's installation (`imex.mode`), one for each cluster. In the mode that the driver manages, the host's service must be masked, in the other one it must run: a node with the wrong half of it has two daemons or none.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-2]", system: gb200-nvl72 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: one }
spec:
  supercluster: lab
  nodes: { names: "a1-n[1-2]" }
  gpu: { imex: { mode: DriverManaged } }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: two }
spec:
  supercluster: lab
  nodes: { names: "a2-n[1-2]" }
  gpu: { imex: { mode: HostManaged } }
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-2]", system: gb200-nvl72 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: one }
spec:
  supercluster: lab
  nodes: { names: "a1-n[1-2]" }
  gpu: { imex: { mode: HostManaged } }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: two }
spec:
  supercluster: lab
  nodes: { names: "a2-n[1-2]" }
  gpu: { imex: { mode: HostManaged } }
```

## Fix
Take the mode that the DRA driver of the cluster is installed with, in all its pools.
"#,
};

/// Pools by cluster, and what each says beside its own mode.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    let mut members_of: BTreeMap<u32, BTreeMap<u32, usize>> = BTreeMap::new();
    let mut by_cluster: BTreeMap<Cluster, Vec<(u32, ImexMode)>> = BTreeMap::new();
    for (number, pool) in model.pools.iter().enumerate() {
        let Some(imex) = pool.spec.gpu.as_ref().and_then(|gpu| gpu.imex.as_ref()) else {
            continue;
        };
        let mut clusters = BTreeSet::new();
        for rack in model.racks_of(number as u32) {
            let site = model.site.racks[rack as usize].group.supercluster;
            let members = members_of.entry(site).or_insert_with(|| members(model, site));
            clusters.insert((site, members.get(&rack).copied()));
        }
        for cluster in clusters {
            by_cluster
                .entry(cluster)
                .or_default()
                .push((number as u32, imex.mode));
        }
        if imex.mode == ImexMode::DriverManaged {
            masked_service(model, number as u32, findings);
        }
    }
    let mut told: BTreeSet<Vec<u32>> = BTreeSet::new();
    for (cluster, pools) in by_cluster {
        let both = pools.windows(2).any(|pair| pair[0].1 != pair[1].1);
        let numbers = pools.iter().map(|(pool, _)| *pool).collect();
        if both && told.insert(numbers) {
            findings.push(finding(model, cluster, &pools));
        }
    }
}

/// A cluster: the site's number, and the member cluster's in `spec.clusters`, none for racks that are in no member cluster.
type Cluster = (u32, Option<usize>);

/// The member cluster of each rack of a site that is in one.
fn members(model: &Model<'_>, site: u32) -> BTreeMap<u32, usize> {
    let intent = model.superclusters[site as usize];
    let object = ObjectRef::new(Kind::Supercluster, &intent.name);
    let mut members = BTreeMap::new();
    for (number, member) in intent.spec.clusters.iter().enumerate() {
        let path = at!("spec", "clusters", number, "racks");
        // What cannot be read of the list is another rule's finding.
        let racks = model.racks(site, &member.racks, &object, &path, &mut Vec::new());
        members.extend(racks.into_iter().map(|rack| (rack, number)));
    }
    members
}

fn finding(model: &Model<'_>, (site, member): Cluster, pools: &[(u32, ImexMode)]) -> Finding {
    let site = model.superclusters[site as usize];
    let place = match member.and_then(|number| site.spec.clusters.get(number)) {
        Some(member) => format!("the cluster {} of {}", member.name, site.name),
        None => format!("the site {}", site.name),
    };
    let object = |pool: u32| ObjectRef::new(Kind::GPUPool, &model.pools[pool as usize].name);
    let shown: Vec<String> = pools
        .iter()
        .map(|&(pool, mode)| format!("{mode:?} in {}", object(pool)))
        .collect();
    let finding = Finding::new(
        &RULE,
        format!("{place} has both modes of IMEX: {}", shown.join(", ")),
    )
    .help("take the mode that the cluster's DRA driver is installed with");
    pools.iter().fold(finding, |finding, &(pool, mode)| {
        finding.party(
            object(pool),
            at!("spec", "gpu", "imex", "mode"),
            format!("{mode:?}"),
        )
    })
}

/// A pool that sets limits of the service that its mode masks.
fn masked_service(model: &Model<'_>, pool: u32, findings: &mut Vec<Finding>) {
    let pool = model.pools[pool as usize];
    let limits = pool
        .spec
        .host
        .iter()
        .flat_map(|host| host.service_limits.iter().enumerate());
    for (number, _) in limits.filter(|(_, limits)| limits.service.as_str() == SERVICE) {
        let object = ObjectRef::new(Kind::GPUPool, &pool.name);
        let path = at!("spec", "host", "serviceLimits", number);
        let mode = at!("spec", "gpu", "imex", "mode");
        findings.push(
            Finding::new(
                &RULE,
                format!(
                    "{object} sets limits of {SERVICE} at {path}, and {mode} DriverManaged masks that service"
                ),
            )
            .party(object.clone(), path, "limits of a masked service")
            .party(object, mode, "the driver runs IMEX")
            .help("remove the limits, or let the host manage IMEX"),
        );
    }
}
