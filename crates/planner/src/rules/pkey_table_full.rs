//! A pool is in more partitions than a port holds keys.

use rackwright_manifest::{Rule, Severity};

use crate::catalogue::View;
use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2043",
    name: "pkey-table-full",
    severity: Severity::Error,
    summary: "A pool is in more partitions than a port holds keys",
    doc: r#"## What it does
Each port of a pool's nodes holds the key of the default partition and one for each partition that has the pool. These are at most what the table of its adapter holds, and that of the leaf: the subnet manager gives a leaf's port the keys of the node behind it.

The adapter is the one of the catalogue with the rate of the switch's ports, and where several have it, or none, that with the smallest table. `rackwright explain adapter` prints the figures; `spec.catalogue` of the site overrides them, and says what a switch's port holds, which the built-in catalogue does not know.

## Why
OpenSM leaves out the keys that do not fit, logs one line (`ERR 0512 ... Pkey table is full`) and goes on: nodes of a partition do not see each other.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-4]", nodes: "n[1-4]", system: dgx-b200 }
  catalogue:
    adapters:
    - { name: connectx-7, pkeyTable: 2, source: "ibv_devinfo, max_pkeys" }
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: compute }
spec:
  supercluster: lab
  plane: Compute
  topology: { type: FatTree, rails: 8, nodesPerUnit: 16, switch: qm9700, oversubscription: "1:1" }
  partitions:
  - { name: team-a, pkey: "0x0011", members: [ { pool: train, membership: Full } ] }
  - { name: shared, pkey: "0x0012", members: [ { pool: train, membership: Limited } ] }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a[1-4]" }
  fabrics: [ { name: compute } ]
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-4]", nodes: "n[1-4]", system: dgx-b200 }
  catalogue:
    adapters:
    - { name: connectx-7, pkeyTable: 3, source: "ibv_devinfo, max_pkeys" }
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: compute }
spec:
  supercluster: lab
  plane: Compute
  topology: { type: FatTree, rails: 8, nodesPerUnit: 16, switch: qm9700, oversubscription: "1:1" }
  partitions:
  - { name: team-a, pkey: "0x0011", members: [ { pool: train, membership: Full } ] }
  - { name: shared, pkey: "0x0012", members: [ { pool: train, membership: Limited } ] }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a[1-4]" }
  fabrics: [ { name: compute } ]
```

## Fix
Put the pool into fewer partitions, or cut it into pools.
"#,
};

/// Every pool at every fabric with partitions.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for fabric in &model.fabrics {
        let Some(site) = model.site_number(&fabric.spec.supercluster) else {
            continue;
        };
        let switch = fabric
            .spec
            .topology
            .switch
            .as_ref()
            .map(rackwright_api::Name::as_str);
        let Some((holder_of_keys, table)) = smallest(&model.views[site], switch) else {
            continue;
        };
        let object = ObjectRef::new(Kind::InfiniBandFabric, &fabric.name);
        for pool in &model.pools {
            let used = pool.spec.fabrics.iter().position(|used| used.name == fabric.name);
            let Some(used) = used else { continue };
            let partitions = fabric.spec.partitions.iter();
            let of_pool = partitions
                .filter(|partition| partition.members.iter().any(|member| member.pool == pool.name));
            let tenants = of_pool.count();
            let keys = tenants + 1;
            if keys <= usize::from(table) {
                continue;
            }
            let holder = ObjectRef::new(Kind::GPUPool, &pool.name);
            let message = format!(
                "each port of {holder} in {object} needs 1 key of the default partition + {tenants} of partitions = {keys}, and a port of {holder_of_keys} holds {table}"
            );
            findings.push(
                Finding::new(&RULE, message)
                    .party(
                        object.clone(),
                        at!("spec", "partitions"),
                        format!("{tenants} of them have {}", pool.name),
                    )
                    .party(holder, at!("spec", "fabrics", used, "name"), "plugged in here")
                    .help("put the pool into fewer partitions, or cut it into pools"),
            );
        }
    }
}

/// Whose port holds the fewest keys, and how many.
fn smallest<'v>(view: &'v View, switch: Option<&'v str>) -> Option<(&'v str, u16)> {
    let model = switch.and_then(|name| Some((name, view.switches.get(name)?)));
    let rate = model.map(|(_, switch)| switch.port_rate_gbps.value);
    let adapters = || {
        view.adapters
            .names()
            .filter_map(|name| Some((name, view.adapters.get(name)?)))
    };
    let fits = |of_rate: bool| {
        let fitting =
            adapters().filter(move |(_, adapter)| !of_rate || Some(adapter.rate_gbps.value) == rate);
        fitting
            .map(|(name, adapter)| (name, adapter.pkey_table.value))
            .min_by_key(|(_, table)| *table)
    };
    let of_adapter = fits(true).or_else(|| fits(false));
    let of_switch = model.and_then(|(name, switch)| Some((name, switch.pkey_table.as_ref()?.value)));
    of_adapter
        .into_iter()
        .chain(of_switch)
        .min_by_key(|(_, table)| *table)
}
