//! GRUB changes a kernel argument.

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, Party, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW3022",
    name: "kernel-argument-quoted",
    severity: Severity::Error,
    summary: "GRUB changes a kernel argument",
    doc: r#"## What it does
An argument in `host.kernelArguments` holds neither a `'` nor a `\`.

## Why
GRUB puts a backslash before both when it hands the command line to the kernel, and the kernel reads that backslash as part of the value.

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
  host: { kernelArguments: [ "iommu=pt", "opt=it's" ] }
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
  host: { kernelArguments: [ "iommu=pt", 'dyndbg="file x +p"' ] }
```

## Fix
Use a value without them; a value with spaces stands in double quotes.
"#,
};

/// The kernel arguments of every pool.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for pool in &model.pools {
        let arguments = pool.spec.host.iter().flat_map(|host| &host.kernel_arguments);
        for (number, argument) in arguments.enumerate() {
            if argument.passes_grub() {
                continue;
            }
            let object = ObjectRef::new(Kind::GPUPool, &pool.name);
            let first = argument.as_str().find(['\'', '\\']);
            findings.push(
                Finding::new(
                    &RULE,
                    format!("{argument} of {object} would reach the kernel with another backslash, which GRUB adds"),
                )
                .with(Party {
                    range: first.map(|first| (first, first + 1)),
                    ..Party::new(
                        object,
                        at!("spec", "host", "kernelArguments", number),
                        "GRUB puts a backslash before it",
                    )
                })
                .help("use a value without it"),
            );
        }
    }
}
