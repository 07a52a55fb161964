//! A pool caps its GPUs at a power that they do not take.

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;
use crate::power::sources;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2020",
    name: "gpu-power-limit",
    severity: Severity::Warning,
    summary: "A pool caps its GPUs at a power that they do not take",
    doc: r#"## What it does
`gpu.powerLimit` of a pool is compared with the range of the GPU of each system that its nodes are. `rackwright explain gpu NAME` shows the range with its source. GPUs whose range the catalogue does not know are not judged.

## Why
The driver refuses a cap outside of its range, and the GPUs run uncapped. It is a warning because the range depends on board, firmware and power cable; only the driver of the node knows it for sure.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-2]", system: dgx-h100 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a1" }
  gpu: { powerLimit: 1000W }
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-2]", system: dgx-h100 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a1" }
  gpu: { powerLimit: 650W }
```

## Fix
Write a cap inside the range. `nvidia-smi -q -d POWER` on a node shows its own.
"#,
};

/// The cap of every pool, on each of its systems.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for (number, pool) in model.pools.iter().enumerate() {
        let Some(cap) = pool.spec.gpu.as_ref().and_then(|gpu| gpu.power_limit.as_ref()) else {
            continue;
        };
        let object = ObjectRef::new(Kind::GPUPool, &pool.name);
        for system in model.systems_of(number as u32) {
            let Some(gpu) = system.gpu else { continue };
            let (Some(min), Some(max)) = (&gpu.min_power_watts, &gpu.max_power_watts) else {
                continue;
            };
            let name = &system.system.gpu.value;
            let own = [min, max].map(|figure| system.view.gpus.origin(name, &figure.source));
            let own = own.into_iter().flatten().map(|origin| (name.as_str(), origin));
            let own = sources(own.collect());
            let (min, max) = (u64::from(min.value), u64::from(max.value));
            let cap = cap.watts().0;
            if (min..=max).contains(&cap) {
                continue;
            }
            let gpu = &system.system.gpu.value;
            findings.push(
                Finding::new(
                    &RULE,
                    format!(
                        "{object} caps its GPUs at {cap} W, and {gpu}, the GPU of {} ({} of {}), takes {min} to {max} W{own}",
                        system.name,
                        system.path,
                        system.site,
                    ),
                )
                .party(
                    object.clone(),
                    at!("spec", "gpu", "powerLimit"),
                    format!("not within {min} to {max} W"),
                )
                .told(system.site, system.path, format!("its GPU is {gpu}"))
                .help(format!(
                    "`rackwright explain gpu {gpu}` shows where the range comes from"
                )),
            );
        }
    }
}
