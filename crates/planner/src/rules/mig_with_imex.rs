//! A pool cuts its GPUs and shares their memory between nodes.

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW3017",
    name: "mig-with-imex",
    severity: Severity::Warning,
    summary: "A pool cuts its GPUs and shares their memory between nodes",
    doc: r#"## What it does
A pool has a MIG layout or IMEX, not both.

## Why
A GPU that is cut by MIG has no peer-to-peer access over NVLink, and IMEX shares memory over nothing else: the channels are set up and carry nothing. It is a warning, since a pool may be cut for a while and the domain be kept.

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
  gpu:
    imex: { mode: DriverManaged }
    mig: { layout: [ { profile: 7g.186gb, count: 1 } ] }
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
  gpu:
    mig: { layout: [ { profile: 7g.186gb, count: 1 } ] }
```

## Fix
Give the nodes that are cut a pool of their own, without IMEX.
"#,
};

/// The GPU section of every pool.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for pool in &model.pools {
        let Some(gpu) = &pool.spec.gpu else { continue };
        if gpu.mig.is_none() || gpu.imex.is_none() {
            continue;
        }
        let object = ObjectRef::new(Kind::GPUPool, &pool.name);
        let (mig, imex) = (at!("spec", "gpu", "mig"), at!("spec", "gpu", "imex"));
        findings.push(
            Finding::new(
                &RULE,
                format!("{object} has a MIG layout ({mig}) and IMEX ({imex}): GPUs that are cut have no NVLink peers"),
            )
            .party(object.clone(), mig, "no NVLink between GPUs that are cut")
            .party(object, imex, "memory is shared over NVLink")
            .help("give the nodes that are cut a pool without IMEX"),
        );
    }
}
