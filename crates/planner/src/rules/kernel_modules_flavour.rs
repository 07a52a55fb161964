//! A pool wants kernel modules that do not drive its GPUs.

use rackwright_api::KernelModules;
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW3013",
    name: "kernel-modules-flavour",
    severity: Severity::Error,
    summary: "A pool wants kernel modules that do not drive its GPUs",
    doc: r#"## What it does
`gpu.driver.kernelModules: Proprietary` is refused on GPUs that only the open modules drive: Grace Hopper, Blackwell and newer. `rackwright explain gpu NAME` shows which a GPU needs, with its source. Systems that the catalogue does not know are not judged.

## Why
The proprietary modules load and find no GPU.

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
  gpu: { driver: { version: "580.95.05", kernelModules: Proprietary } }
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
  gpu: { driver: { version: "580.95.05", kernelModules: Open } }
```

## Fix
Write `Open`.
"#,
};

/// The driver of every pool, on each of its systems.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for (number, pool) in model.pools.iter().enumerate() {
        let driver = pool.spec.gpu.as_ref().and_then(|gpu| gpu.driver.as_ref());
        if driver.and_then(|driver| driver.kernel_modules) != Some(KernelModules::Proprietary) {
            continue;
        }
        let object = ObjectRef::new(Kind::GPUPool, &pool.name);
        for system in model.systems_of(number as u32) {
            let needs = system.gpu.and_then(|gpu| gpu.kernel_modules.as_ref());
            if needs.is_none_or(|needs| needs.value != KernelModules::Open) {
                continue;
            }
            let gpu = &system.system.gpu.value;
            let path = at!("spec", "gpu", "driver", "kernelModules");
            findings.push(
                Finding::new(
                    &RULE,
                    format!(
                        "{object} wants the proprietary kernel modules ({path}), and only the open ones drive {gpu}, the GPU of {} \
                         ({} of {})",
                        system.name, system.path, system.site,
                    ),
                )
                .party(object.clone(), path, "these do not drive it")
                .told(system.site, system.path, format!("its GPU is {gpu}"))
                .help("write `Open`"),
            );
        }
    }
}
