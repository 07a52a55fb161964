//! A pool turns persistence off on GPUs that share the CPU's memory.

use rackwright_api::Toggle;
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW3018",
    name: "persistence-off",
    severity: Severity::Warning,
    summary: "A pool turns persistence off on GPUs that share the CPU's memory",
    doc: r#"## What it does
`gpu.persistence: Disabled` is warned of on GPUs that are coherent with the CPU (Grace Hopper, Grace Blackwell).

## Why
With such a GPU, turning persistence off invalidates the handles that monitoring holds, and the GPU's memory leaves and joins the system with each last and first user.

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
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a1" }
  gpu: { persistence: Disabled }
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
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a1" }
  gpu: { persistence: Enabled }
```

## Fix
Write `Enabled`, or leave the field out.
"#,
};

/// The persistence of every pool, on each of its systems.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for (number, pool) in model.pools.iter().enumerate() {
        let persistence = pool.spec.gpu.as_ref().and_then(|gpu| gpu.persistence);
        if persistence != Some(Toggle::Disabled) {
            continue;
        }
        let object = ObjectRef::new(Kind::GPUPool, &pool.name);
        for found in model.systems_of(number as u32) {
            let coherent = found.gpu.and_then(|gpu| gpu.coherent.as_ref());
            if coherent.is_none_or(|coherent| !coherent.value) {
                continue;
            }
            let gpu = &found.system.gpu.value;
            let path = at!("spec", "gpu", "persistence");
            findings.push(
                Finding::new(
                    &RULE,
                    format!(
                        "{object} turns persistence off ({path}), and {gpu}, the GPU of {} ({} of {}), shares the CPU's memory",
                        found.name, found.path, found.site,
                    ),
                )
                .party(object.clone(), path, "handles of monitoring become invalid")
                .told(found.site, found.path, format!("its GPU is {gpu}"))
                .help("write `Enabled`, or leave the field out"),
            );
        }
    }
}
