//! A sysctl has two owners.

use std::collections::BTreeMap;

use rackwright_api::Host;
use rackwright_manifest::{Path, Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::kernel_argument::KernelArgument;
use crate::model::Model;
use crate::sysctl;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW3006",
    name: "sysctl-owned-twice",
    severity: Severity::Error,
    summary: "A sysctl has two owners",
    doc: r#"## What it does
A sysctl is set in one place only: in `host.sysctls`, by the TuneD profile (`host.tuned.sysctls`), or as a kernel argument (`sysctl.vm.swappiness=1`). Keys are compared by the file below `/proc/sys` that they mean, so that `net/core/rmem_max` and `net.core.rmem_max` are one.

## Why
TuneD writes its values again whenever it starts, and takes back what it has written when it stops. Two owners undo one another for as long as the node runs.

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
    sysctls: { net.core.rmem_max: "536870912" }
    tuned: { profile: nvidia-h100-performance, sysctls: [ "net.core.rmem_max", "vm.swappiness" ] }
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
    sysctls: { net.core.rmem_max: "536870912" }
    tuned: { profile: nvidia-h100-performance, sysctls: [ "vm.swappiness" ] }
```

## Fix
Take the key out of one of the two. What TuneD owns is changed in its profile.
"#,
};

/// The sysctls of every pool, by file.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for pool in &model.pools {
        let Some(host) = &pool.spec.host else { continue };
        let object = ObjectRef::new(Kind::GPUPool, &pool.name);
        for (file, places) in owners(host) {
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
                    "/proc/sys/{file} has {} owners in {object}: {}",
                    places.len(),
                    shown.join(" and ")
                ),
            )
            .party(object.clone(), first.clone(), "an owner");
            findings.push(
                rest.iter()
                    .fold(finding, |finding, place| {
                        finding.party(object.clone(), place.clone(), "another owner")
                    })
                    .help("keep one of them"),
            );
        }
    }
}

/// Every place that sets a sysctl, by the file that it means.
fn owners(host: &Host) -> BTreeMap<String, Vec<Path>> {
    let mut owners: BTreeMap<String, Vec<Path>> = BTreeMap::new();
    let mut add = |key: &str, path: Path| owners.entry(sysctl::path(key)).or_default().push(path);
    for key in host.sysctls.keys() {
        add(key, at!("spec", "host", "sysctls", key.as_str()));
    }
    for (number, key) in host
        .tuned
        .iter()
        .flat_map(|tuned| tuned.sysctls.iter().enumerate())
    {
        add(key, at!("spec", "host", "tuned", "sysctls", number));
    }
    for (number, argument) in host.kernel_arguments.iter().enumerate() {
        if let Some(key) = KernelArgument::new(argument.as_str()).key.strip_prefix("sysctl.") {
            add(key, at!("spec", "host", "kernelArguments", number));
        }
    }
    owners
}
