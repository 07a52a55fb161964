//! A pool leaves the Weka client too little.

use rackwright_api::{HugePageSize, HugePages};
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::model::Model;
use crate::tiers::{Mounting, of_pool};

/// Bytes of huge pages for each core of the client: Weka's documents say 1.4 to 1.5 GB, and the lower one is needed at
/// least.
const BYTES_PER_CORE: u64 = 1_400_000_000;

/// Bytes of one page.
const PAGE: u64 = 2 * 1024 * 1024;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW5015",
    name: "weka-resources",
    severity: Severity::Warning,
    summary: "A pool leaves the Weka client too little",
    doc: r#"## What it does
A pool that mounts a Weka tier sets huge pages of 2 MiB aside for it: about 1.4 GB for each core of the client, which is 668 pages. The cores are those of `weka.cores`; where several tiers say so, the largest counts, because the client starts once and serves all of them.

## Why
The client takes its memory from huge pages at its start, when the first tier is mounted. If there are too few, nothing is mounted.

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
  nodes: { racks: "a1" }
  host: { hugePages: [ { size: 2Mi, count: 1024 } ] }
  storage: [ { tier: data } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: data }
spec:
  supercluster: lab
  weka: { backends: [ weka1 ], cores: 2, fileSystem: data }
  mountPoint: /data
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
  nodes: { racks: "a1" }
  host: { hugePages: [ { size: 2Mi, count: 1500 } ] }
  storage: [ { tier: data } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: data }
spec:
  supercluster: lab
  weka: { backends: [ weka1 ], cores: 2, fileSystem: data }
  mountPoint: /data
```

## Fix
Raise `host.hugePages`, and keep the cores out of the kubelet's hands (`reservedSystemCPUs`).
"#,
};

/// The Weka tier with the most cores of every pool.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for number in 0..model.pools.len() as u32 {
        let mountings = of_pool(model, number);
        let cores = mountings
            .iter()
            .filter_map(|mounting| Some((mounting.tier.spec.weka.as_ref()?.cores?, mounting)));
        if let Some((cores, mounting)) = cores.max_by_key(|(cores, _)| *cores) {
            findings.extend(too_few(cores.into(), mounting));
        }
    }
}

fn too_few(cores: u64, mounting: &Mounting<'_>) -> Option<Finding> {
    let of_core = BYTES_PER_CORE.div_ceil(PAGE);
    let needed = cores * of_core;
    let host = mounting.pool.spec.host.as_ref();
    let mut sizes = host.iter().flat_map(|host| host.huge_pages.iter().enumerate());
    let set_aside = sizes.find(|(_, pages)| pages.size == HugePageSize::Mi2);
    let has = set_aside.map_or(0, |(_, HugePages { count, .. })| u64::from(*count));
    if has >= needed {
        return None;
    }
    let (pool, tier) = (mounting.pool_object(), mounting.tier_object());
    let path = match set_aside {
        Some((at, _)) => at!("spec", "host", "hugePages", at, "count"),
        None => mounting.path(),
    };
    Some(
        Finding::new(
            &RULE,
            format!(
                "{tier} needs {cores} cores x {of_core} pages of 2 MiB = {needed}, and {pool} sets {has} aside: {} too few",
                needed - has
            ),
        )
        .party(pool, path, format!("{has} pages of 2 MiB"))
        .party(tier, at!("spec", "weka", "cores"), format!("{needed} pages"))
        .help(format!("write `hugePages: [ {{ size: 2Mi, count: {needed} }} ]` or more")),
    )
}
