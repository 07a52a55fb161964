//! Nodes of one NVLink domain have different numbers of IMEX channels.

use std::collections::BTreeMap;

use rackwright_api::GPUPoolSpec;
use rackwright_manifest::{Path, Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::kernel_argument::KernelArgument;
use crate::model::Model;
use crate::names::{counted, folded};

/// Channels where nobody says a number (`NVreg_ImexChannelCount`, kernel-open/nvidia/nv-reg.h).
const DEFAULT: u64 = 2048;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW3014",
    name: "imex-channels",
    severity: Severity::Error,
    summary: "Nodes of one NVLink domain have different numbers of IMEX channels",
    doc: r#"## What it does
All pools with `gpu.imex` that have nodes in one rack of an NVL72 system, which is one NVLink domain, have one number of IMEX channels: `gpu.imex.channels`, or `NVreg_ImexChannelCount` in `host.moduleOptions`, or `nvidia.NVreg_ImexChannelCount=` in `host.kernelArguments`, or the driver's own 2,048.

## Why
The nodes of a domain open one another's channels by number: with different counts an export of one node cannot be imported by the next.

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
  nodes: { names: "a1-n1" }
  gpu: { imex: { mode: DriverManaged, channels: 4096 } }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: two }
spec:
  supercluster: lab
  nodes: { names: "a1-n2" }
  gpu: { imex: { mode: DriverManaged } }
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
  nodes: { names: "a1-n1" }
  gpu: { imex: { mode: DriverManaged, channels: 2048 } }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: two }
spec:
  supercluster: lab
  nodes: { names: "a1-n2" }
  gpu: { imex: { mode: DriverManaged } }
```

## Fix
Write the same number into all pools of the rack, or give each rack to one pool.
"#,
};

/// The racks of every domain, by pools that disagree there.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    let mut pools_of: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (number, pool) in model.pools.iter().enumerate() {
        if pool.spec.gpu.as_ref().is_none_or(|gpu| gpu.imex.is_none()) {
            continue;
        }
        for rack in model.racks_of(number as u32) {
            if model.is_nvlink_domain(rack) {
                pools_of.entry(rack).or_default().push(number as u32);
            }
        }
    }
    let mut racks_of: BTreeMap<Vec<u32>, Vec<u32>> = BTreeMap::new();
    for (rack, pools) in pools_of {
        let counts: Vec<u64> = pools
            .iter()
            .map(|&pool| channels(&model.pools[pool as usize].spec).0)
            .collect();
        if counts.windows(2).any(|pair| pair[0] != pair[1]) {
            racks_of.entry(pools).or_default().push(rack);
        }
    }
    for (pools, racks) in racks_of {
        findings.push(finding(model, &pools, &racks));
    }
}

fn finding(model: &Model<'_>, pools: &[u32], racks: &[u32]) -> Finding {
    let object = |pool: u32| ObjectRef::new(Kind::GPUPool, &model.pools[pool as usize].name);
    let of = |pool: u32| channels(&model.pools[pool as usize].spec);
    let shown: Vec<String> = pools
        .iter()
        .map(|&pool| format!("{} has {}", object(pool), of(pool).0))
        .collect();
    let names = racks
        .iter()
        .map(|&rack| model.site.racks[rack as usize].name.as_str());
    let finding = Finding::new(
        &RULE,
        format!(
            "the nodes of one NVLink domain need one number of IMEX channels: {}; {} {} shared by them: {}",
            shown.join(", "),
            counted(racks.len(), "rack"),
            if racks.len() == 1 { "is" } else { "are" },
            folded(names),
        ),
    )
    .help("write the same gpu.imex.channels into all of them");
    pools.iter().fold(finding, |finding, &pool| {
        let (count, path) = of(pool);
        finding.party(object(pool), path, counted(count as usize, "channel"))
    })
}

/// The channels of a pool's nodes, and where it says so. Who says it twice is another rule's finding.
fn channels(pool: &GPUPoolSpec) -> (u64, Path) {
    const OPTION: &str = "NVreg_ImexChannelCount";
    let imex = pool.gpu.as_ref().and_then(|gpu| gpu.imex.as_ref());
    if let Some(channels) = imex.and_then(|imex| imex.channels) {
        return (u64::from(channels), at!("spec", "gpu", "imex", "channels"));
    }
    let options = pool
        .host
        .iter()
        .flat_map(|host| host.module_options.iter().enumerate());
    for (number, module) in options.filter(|(_, module)| module.module.as_str() == "nvidia") {
        let count = module.options.get(OPTION);
        if let Some(count) = count.and_then(|count| count.as_str().parse().ok()) {
            let path = at!("spec", "host", "moduleOptions", number, "options", OPTION);
            return (count, path);
        }
    }
    let arguments = pool
        .host
        .iter()
        .flat_map(|host| host.kernel_arguments.iter().enumerate());
    for (number, argument) in arguments {
        let argument = KernelArgument::new(argument.as_str());
        let said = argument
            .value
            .filter(|_| argument.canonical_key() == format!("nvidia.{OPTION}"));
        if let Some(count) = said.and_then(|count| count.parse().ok()) {
            return (count, at!("spec", "host", "kernelArguments", number));
        }
    }
    (DEFAULT, at!("spec", "gpu", "imex"))
}
