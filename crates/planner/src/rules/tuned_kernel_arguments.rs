//! TuneD and a pool both set kernel arguments.

use rackwright_api::{HugePageSize, Tuned};
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;
use crate::names::counted;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW3007",
    name: "tuned-kernel-arguments",
    severity: Severity::Error,
    summary: "TuneD and a pool both set kernel arguments",
    doc: r#"## What it does
A pool whose TuneD profile sets kernel arguments (`host.tuned.kernelArguments: true`) sets none itself: no `host.kernelArguments`, and no huge pages of 1 GiB, which are kernel arguments too.

## Why
TuneD's file in the boot loader replaces the arguments that others added, on some distributions the whole line. Each side removes what the other wrote, with a reboot each time.

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
  host:
    kernelArguments: [ "iommu=pt" ]
    tuned: { profile: nvidia-h100-performance, kernelArguments: true }
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
  host:
    kernelArguments: [ "iommu=pt" ]
    tuned: { profile: throughput-performance, kernelArguments: false }
```

## Fix
Write the arguments into the TuneD profile, or take a profile without a `[bootloader]` section.
"#,
};

/// The kernel arguments of every pool with TuneD.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for pool in &model.pools {
        let Some(host) = &pool.spec.host else { continue };
        let Some(Tuned { profile, .. }) = host
            .tuned
            .as_ref()
            .filter(|tuned| tuned.kernel_arguments == Some(true))
        else {
            continue;
        };
        let object = ObjectRef::new(Kind::GPUPool, &pool.name);
        let mut places = Vec::new();
        if !host.kernel_arguments.is_empty() {
            let count = counted(host.kernel_arguments.len(), "kernel argument");
            places.push((at!("spec", "host", "kernelArguments"), count));
        }
        for (number, pages) in host.huge_pages.iter().enumerate() {
            if pages.size == HugePageSize::Gi1 {
                let what = "huge pages of 1 GiB, which need kernel arguments".to_owned();
                places.push((at!("spec", "host", "hugePages", number), what));
            }
        }
        let own = at!("spec", "host", "tuned", "kernelArguments");
        for (path, what) in places {
            findings.push(
                Finding::new(
                    &RULE,
                    format!(
                        "{object} sets {what} at {path}, and the TuneD profile {profile} owns the kernel arguments ({own})"
                    ),
                )
                .party(object.clone(), path, what.clone())
                .party(object.clone(), own.clone(), "TuneD sets kernel arguments")
                .help("write them into the TuneD profile, or take a profile that sets none"),
            );
        }
    }
}
