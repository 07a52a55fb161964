//! The kernel has no huge pages of this size.

use rackwright_api::HugePageSize;
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW3023",
    name: "huge-page-size",
    severity: Severity::Error,
    summary: "The kernel has no huge pages of this size",
    doc: r#"## What it does
A pool whose `host.kernel` has base pages of 64 KiB (its name ends in `64k`) sets no huge pages of 1 GiB aside.

## Why
With such base pages the kernel has huge pages of 2 MiB, 512 MiB and 16 GiB (Documentation/arch/arm64/hugetlbpage.rst). It reports the size that it does not know in its log, sets nothing aside and boots.

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
  host: { kernel: 6.8.0-1024-nvidia-64k, hugePages: [ { size: 1Gi, count: 16 } ] }
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
  host: { kernel: 6.8.0-1024-nvidia-64k, hugePages: [ { size: 2Mi, count: 8192 } ] }
```

## Fix
Use pages of 2 MiB, or `hugepagesz=512M` and `hugepages=` in `host.kernelArguments`.
"#,
};

/// The huge pages of every pool.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for pool in &model.pools {
        let Some(host) = &pool.spec.host else { continue };
        let Some(kernel) = host.kernel.as_ref().filter(|_| host.has_large_base_pages()) else {
            continue;
        };
        for (number, pages) in host.huge_pages.iter().enumerate() {
            if pages.size != HugePageSize::Gi1 {
                continue;
            }
            let object = ObjectRef::new(Kind::GPUPool, &pool.name);
            findings.push(
                Finding::new(
                    &RULE,
                    format!("{object} sets huge pages of 1 GiB aside, and its kernel {kernel} has none of that size"),
                )
                .party(
                    object.clone(),
                    at!("spec", "host", "hugePages", number, "size"),
                    "the kernel has 2 MiB, 512 MiB and 16 GiB",
                )
                .party(object, at!("spec", "host", "kernel"), "base pages of 64 KiB")
                .help("use pages of 2 MiB"),
            );
        }
    }
}
