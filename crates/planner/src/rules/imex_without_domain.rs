//! A pool wants IMEX on nodes whose NVLink ends at the node.

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW3015",
    name: "imex-without-domain",
    severity: Severity::Error,
    summary: "A pool wants IMEX on nodes whose NVLink ends at the node",
    doc: r#"## What it does
A pool with `gpu.imex` has nodes of systems whose NVLink domain is larger than one node: GB200 NVL72 and its like. `rackwright explain system NAME` shows the domain with its source. Systems whose domain the catalogue does not know are not judged.

## Why
IMEX shares GPU memory between nodes over NVLink. Where NVLink ends at the node it has no peers: the service waits for them, and a ComputeDomain never becomes ready.

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
  gpu: { imex: { mode: DriverManaged } }
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
  gpu: { imex: { mode: DriverManaged } }
```

## Fix
Remove `gpu.imex`, or take the nodes of that system into a pool of their own.
"#,
};

/// The systems of every pool with IMEX.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for (number, pool) in model.pools.iter().enumerate() {
        if pool.spec.gpu.as_ref().is_none_or(|gpu| gpu.imex.is_none()) {
            continue;
        }
        let object = ObjectRef::new(Kind::GPUPool, &pool.name);
        for found in model.systems_of(number as u32) {
            let (Some(domain), gpus) = (&found.system.nvlink_domain, found.system.gpus.value) else {
                continue;
            };
            if domain.value > u16::from(gpus) {
                continue;
            }
            let path = at!("spec", "gpu", "imex");
            findings.push(
                Finding::new(
                    &RULE,
                    format!(
                        "{object} wants IMEX ({path}), and the NVLink domain of {} ({} of {}) has {} GPUs, those of one node: \
                         there is no other node to share memory with",
                        found.name, found.path, found.site, domain.value,
                    ),
                )
                .party(object.clone(), path, "nothing to share memory with")
                .told(found.site, found.path, format!("an NVLink domain of {} GPUs", domain.value))
                .help("remove gpu.imex"),
            );
        }
    }
}
