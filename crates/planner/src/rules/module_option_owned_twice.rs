//! A parameter of a kernel module is set in two places.

use std::collections::{BTreeMap, BTreeSet};

use rackwright_api::GPUPoolSpec;
use rackwright_manifest::{Path, Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::kernel_argument::KernelArgument;
use crate::model::Model;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW3008",
    name: "module-option-owned-twice",
    severity: Severity::Error,
    summary: "A parameter of a kernel module is set in two places",
    doc: r#"## What it does
A parameter of a module is set once: in `host.moduleOptions`, as a kernel argument (`nvidia.NVreg_…=`), or by a field that implies it: `gpu.imex.channels` is `NVreg_ImexChannelCount` of `nvidia`. `-` and `_` are the same in names of modules and parameters.

## Why
Which of two values a module gets depends on whether it is loaded from the initial RAM disk or later.

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
  gpu: { imex: { mode: DriverManaged, channels: 2048 } }
  host:
    moduleOptions: [ { module: nvidia, options: { NVreg_ImexChannelCount: "4096" } } ]
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
  gpu: { imex: { mode: DriverManaged, channels: 4096 } }
  host:
    moduleOptions: [ { module: nvidia, options: { NVreg_CoherentGPUMemoryMode: driver } } ]
```

## Fix
Keep one of the two; the field of the API where there is one.
"#,
};

/// The module parameters of every pool.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for pool in &model.pools {
        let object = ObjectRef::new(Kind::GPUPool, &pool.name);
        for ((module, parameter), places) in owners(&pool.spec) {
            let [first, rest @ ..] = places.as_slice() else {
                continue;
            };
            if rest.is_empty() {
                continue;
            }
            let shown: Vec<String> = places.iter().map(ToString::to_string).collect();
            let finding = Finding::new(
                &RULE,
                format!(
                    "{object} sets {parameter} of the module {module} in {} places: {}",
                    places.len(),
                    shown.join(" and ")
                ),
            )
            .party(object.clone(), first.clone(), "set here");
            findings.push(
                rest.iter()
                    .fold(finding, |finding, place| {
                        finding.party(object.clone(), place.clone(), "and here")
                    })
                    .help("keep one of them"),
            );
        }
    }
}

/// Every place that sets a module's parameter.
fn owners(pool: &GPUPoolSpec) -> BTreeMap<(String, String), Vec<Path>> {
    let mut owners: BTreeMap<(String, String), Vec<Path>> = BTreeMap::new();
    let mut add = |module: &str, parameter: &str, path: Path| {
        let name = (module.replace('-', "_"), parameter.replace('-', "_"));
        owners.entry(name).or_default().push(path);
    };
    let imex = pool.gpu.as_ref().and_then(|gpu| gpu.imex.as_ref());
    if imex.is_some_and(|imex| imex.channels.is_some()) {
        // kernel-open/nvidia/nv-reg.h.
        add(
            "nvidia",
            "NVreg_ImexChannelCount",
            at!("spec", "gpu", "imex", "channels"),
        );
    }
    let Some(host) = &pool.host else { return owners };
    for (number, module) in host.module_options.iter().enumerate() {
        for option in module.options.keys() {
            let path = at!(
                "spec",
                "host",
                "moduleOptions",
                number,
                "options",
                option.as_str()
            );
            add(module.module.as_str(), option, path);
        }
    }
    let mut seen = BTreeSet::new();
    for (number, argument) in host.kernel_arguments.iter().enumerate() {
        let argument = KernelArgument::new(argument.as_str());
        let parameter = argument.module_parameter().filter(|_| !argument.may_repeat());
        // The same argument twice is another rule's finding.
        if let Some((module, parameter)) = parameter.filter(|_| seen.insert(argument.canonical_key())) {
            add(module, parameter, at!("spec", "host", "kernelArguments", number));
        }
    }
    owners
}
