//! A pool that GPU Operator manages sets on the host what belongs to GPU Operator.

use rackwright_api::{GPUPoolSpec, GpuManager};
use rackwright_manifest::{Path, Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::kernel_argument::KernelArgument;
use crate::model::Model;

/// Modules that GPU Operator loads with their parameters. Source: NVIDIA GPU Operator documentation, "Customizing NVIDIA
/// GPU Driver Parameters"; nvidia-fs and gdrdrv are containers of ClusterPolicy (`gds`, `gdrcopy`), gpu-operator values.yaml.
const MODULES: &[&str] = &[
    "gdrdrv",
    "nvidia",
    "nvidia_drm",
    "nvidia_fs",
    "nvidia_modeset",
    "nvidia_peermem",
    "nvidia_uvm",
];

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW3012",
    name: "gpu-operator-owns",
    severity: Severity::Error,
    summary: "A pool that GPU Operator manages sets on the host what belongs to GPU Operator",
    doc: r#"## What it does
In a pool with `gpu.managedBy: GPUOperator` the host section names none of the driver's modules (`nvidia`, `nvidia_uvm`, `nvidia_modeset`, `nvidia_drm`, `nvidia_peermem`, `nvidia_fs`, `gdrdrv`): not in `modules`, `moduleOptions` or `kernelArguments`. The driver, its parameters and the MIG layout are handed over in GPU Operator's own objects.

## Why
The driver container does not read the host's `/etc/modprobe.d`: its parameters come from the ConfigMap that ClusterPolicy names in `driver.kernelModuleConfig.name`. A module that the host loads keeps the container from loading its own.

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
  gpu: { managedBy: GPUOperator }
  host: { modules: [ nvidia_peermem ] }
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
  gpu: { managedBy: GPUOperator }
  host: { modules: [ ib_umad ] }
```

## Fix
Remove the host's part, or manage the GPUs from the host (`managedBy: Host`).
"#,
};

/// The host sections of every pool that GPU Operator manages.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for pool in &model.pools {
        let managed_by = pool.spec.gpu.as_ref().and_then(|gpu| gpu.managed_by);
        if managed_by != Some(GpuManager::GPUOperator) {
            continue;
        }
        let object = ObjectRef::new(Kind::GPUPool, &pool.name);
        let manager = at!("spec", "gpu", "managedBy");
        for (path, module) in modules(&pool.spec) {
            findings.push(
                Finding::new(
                    &RULE,
                    format!(
                        "{path} of {object} is about the module {module}, which GPU Operator loads ({manager})"
                    ),
                )
                .party(object.clone(), path, "GPU Operator's")
                .party(object.clone(), manager.clone(), "GPU Operator manages the GPUs")
                .help("remove it: parameters belong into the ConfigMap of driver.kernelModuleConfig.name"),
            );
        }
    }
}

/// Every place of the host section that is about one of the modules.
fn modules(pool: &GPUPoolSpec) -> Vec<(Path, String)> {
    let Some(host) = &pool.host else { return Vec::new() };
    let owned = |name: &str| {
        let name = name.replace('-', "_");
        MODULES.contains(&name.as_str()).then_some(name)
    };
    let loaded = host.modules.iter().enumerate();
    let loaded =
        loaded.filter_map(|(at, module)| Some((at!("spec", "host", "modules", at), owned(module.as_str())?)));
    let options = host
        .module_options
        .iter()
        .enumerate()
        .filter_map(|(at, options)| {
            Some((
                at!("spec", "host", "moduleOptions", at),
                owned(options.module.as_str())?,
            ))
        });
    let arguments = host
        .kernel_arguments
        .iter()
        .enumerate()
        .filter_map(|(at, argument)| {
            let (module, _) = KernelArgument::new(argument.as_str()).module_parameter()?;
            Some((at!("spec", "host", "kernelArguments", at), owned(module)?))
        });
    loaded.chain(options).chain(arguments).collect()
}
