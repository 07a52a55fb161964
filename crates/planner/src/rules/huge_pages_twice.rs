//! Huge pages of a pool are set in two places.

use rackwright_api::GPUPoolSpec;
use rackwright_manifest::{Path, Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::kernel_argument::KernelArgument;
use crate::model::Model;
use crate::sysctl;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW3005",
    name: "huge-pages-twice",
    severity: Severity::Error,
    summary: "Huge pages of a pool are set in two places",
    doc: r#"## What it does
A pool with `host.hugePages` sets huge pages nowhere else: not with `hugepagesz=` or `hugepages=` in `host.kernelArguments`, and not with the sysctl `vm.nr_hugepages`, its own or TuneD's, where that counts pages of a size that the pool has. It counts those of the default size: what `default_hugepagesz=` says, else 2 MiB, or 512 MiB on a kernel with base pages of 64 KiB.

## Why
The last writer wins, at another moment of the boot each: the node ends with a number of pages that nobody asked for.

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
    hugePages: [ { size: 2Mi, count: 8192 } ]
    sysctls: { vm.nr_hugepages: "4096" }
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
    hugePages: [ { size: 2Mi, count: 8192 }, { size: 1Gi, count: 2 } ]
```

## Fix
Keep `host.hugePages`, which sets both sizes.
"#,
};

/// The huge pages of every pool.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for pool in &model.pools {
        let Some(host) = &pool.spec.host else { continue };
        if host.huge_pages.is_empty() {
            continue;
        }
        let object = ObjectRef::new(Kind::GPUPool, &pool.name);
        let own = at!("spec", "host", "hugePages");
        for (path, what) in others(&pool.spec) {
            findings.push(
                Finding::new(
                    &RULE,
                    format!("{what} at {path} and {own} of {object} both set huge pages"),
                )
                .party(object.clone(), path, "huge pages, a second time")
                .party(object.clone(), own.clone(), "huge pages")
                .help("keep host.hugePages"),
            );
        }
    }
}

/// Where else a pool sets huge pages, and what stands there.
fn others(pool: &GPUPoolSpec) -> Vec<(Path, String)> {
    let Some(host) = &pool.host else { return Vec::new() };
    let mut others = Vec::new();
    for (number, argument) in host.kernel_arguments.iter().enumerate() {
        if matches!(
            KernelArgument::new(argument.as_str()).key,
            "hugepages" | "hugepagesz"
        ) {
            let path = at!("spec", "host", "kernelArguments", number);
            others.push((path, argument.to_string()));
        }
    }
    let default = host.default_huge_page();
    if host.huge_pages.iter().any(|pages| pages.size.bytes() == default) {
        let is_number = |key: &str| sysctl::path(key) == "vm/nr_hugepages";
        for key in host.sysctls.keys().filter(|key| is_number(key)) {
            let path = at!("spec", "host", "sysctls", key.as_str());
            others.push((path, format!("the sysctl {key}")));
        }
        for (number, key) in host
            .tuned
            .iter()
            .flat_map(|tuned| tuned.sysctls.iter().enumerate())
        {
            if is_number(key) {
                let path = at!("spec", "host", "tuned", "sysctls", number);
                others.push((path, format!("TuneD's sysctl {key}")));
            }
        }
    }
    others
}
