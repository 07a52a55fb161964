//! A kernel argument is given two values.

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::kernel_argument::KernelArgument;
use crate::model::Model;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW3003",
    name: "kernel-argument-twice",
    severity: Severity::Error,
    summary: "A kernel argument is given two values",
    doc: r#"## What it does
`host.kernelArguments` is an ordered list, and some arguments may come more than once: `console=`, `pci=`, `hugepagesz=` and others of a table. Any other argument with two values is refused, and so are two settings that undo one another, such as `iommu=pt` and `iommu=off`, or `pci=realloc=on` and `pci=realloc=off`. In the parameters of modules (`nvidia.NVreg_…`), `-` and `_` are the same.

## Why
The kernel takes the last value and says nothing, so that the line in `/proc/cmdline` shows a setting that is not in effect.

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
  host: { kernelArguments: [ "iommu=pt", "numa_balancing=disable", "iommu=off" ] }
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
  host: { kernelArguments: [ "iommu=pt", "console=tty0", "console=ttyS0,115200n8" ] }
```

## Fix
Keep one of the two.
"#,
};

/// The arguments of every pool, each against those before it.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for pool in &model.pools {
        let Some(host) = &pool.spec.host else { continue };
        let arguments: Vec<KernelArgument<'_>> = host
            .kernel_arguments
            .iter()
            .map(|argument| KernelArgument::new(argument.as_str()))
            .collect();
        let object = ObjectRef::new(Kind::GPUPool, &pool.name);
        for (number, argument) in arguments.iter().enumerate() {
            for (before, other) in arguments[..number].iter().enumerate() {
                let Some(reason) = conflict(other, argument) else {
                    continue;
                };
                let path = |at: usize| at!("spec", "host", "kernelArguments", at);
                let text = |at: usize| host.kernel_arguments[at].as_str();
                findings.push(
                    Finding::new(
                        &RULE,
                        format!(
                            "{} at {} and {} at {} of {object}: {reason}",
                            text(before),
                            path(before),
                            text(number),
                            path(number),
                        ),
                    )
                    .party(object.clone(), path(number), "the kernel takes this one")
                    .party(object.clone(), path(before), "and drops this one")
                    .help("keep one of the two"),
                );
            }
        }
    }
}

/// Why two arguments, in their order, cannot both be meant.
fn conflict(before: &KernelArgument<'_>, after: &KernelArgument<'_>) -> Option<String> {
    if let Some(((one, yes), (two, no))) = before.contradiction(after) {
        return Some(format!("{one}={yes} and {two}={no} undo one another"));
    }
    let key = after.canonical_key();
    (!after.may_repeat() && before.canonical_key() == key && before.value != after.value)
        .then(|| format!("{key} takes one value"))
}
