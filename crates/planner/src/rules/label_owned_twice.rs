//! A pool sets a label or taint that somebody else writes.

use rackwright_manifest::{Rule, Severity};

use super::label_key::{label_path, taint_path};
use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;

/// Keys that others write, by prefix or, with a `/` in front, by domain and what lies below it; and who does.
/// Sources: kubernetes.io "Well-Known Labels, Annotations and Taints" (kubernetes.io and k8s.io are reserved);
/// k8s-device-plugin's GFD documentation and `internal/lm`; gpu-operator `controllers/state_manager.go`; k8s-operator-libs
/// `pkg/upgrade/consts.go`; mig-parted `pkg/mig/reconfigure`; dra-driver-nvidia-gpu `computedomain.go`; nodewright
/// `docs/runtime_required.md`; NVSentinel `docs/INTEGRATIONS.md`.
const OWNED: &[(&str, &str)] = &[
    ("/kubernetes.io", "Kubernetes and its add-ons (a reserved domain)"),
    ("/k8s.io", "Kubernetes and its add-ons (a reserved domain)"),
    ("nvidia.com/cuda.", "GPU Feature Discovery"),
    ("nvidia.com/gfd.", "GPU Feature Discovery"),
    (
        "nvidia.com/gpu-driver-upgrade",
        "GPU Operator's upgrade controller",
    ),
    ("nvidia.com/gpu.clique", "GPU Feature Discovery"),
    ("nvidia.com/gpu.compute.", "GPU Feature Discovery"),
    ("nvidia.com/gpu.count", "GPU Feature Discovery"),
    ("nvidia.com/gpu.deploy.", "GPU Operator"),
    ("nvidia.com/gpu.engines.", "GPU Feature Discovery"),
    ("nvidia.com/gpu.family", "GPU Feature Discovery"),
    ("nvidia.com/gpu.machine", "GPU Feature Discovery"),
    ("nvidia.com/gpu.memory", "GPU Feature Discovery"),
    ("nvidia.com/gpu.mode", "GPU Feature Discovery"),
    ("nvidia.com/gpu.multiprocessors", "GPU Feature Discovery"),
    ("nvidia.com/gpu.present", "GPU Feature Discovery"),
    ("nvidia.com/gpu.product", "GPU Feature Discovery"),
    ("nvidia.com/gpu.replicas", "GPU Feature Discovery"),
    ("nvidia.com/gpu.sharing-strategy", "GPU Feature Discovery"),
    ("nvidia.com/gpu.slices.", "GPU Feature Discovery"),
    ("nvidia.com/mig-", "GPU Feature Discovery"),
    ("nvidia.com/mig.capable", "GPU Feature Discovery"),
    ("nvidia.com/mig.config.state", "GPU Operator's MIG manager"),
    ("nvidia.com/mig.strategy", "GPU Feature Discovery"),
    ("nvidia.com/mps.capable", "GPU Feature Discovery"),
    ("/resource.nvidia.com", "NVIDIA's DRA driver"),
    ("/skyhook.nvidia.com", "Skyhook"),
    ("dgxc.nvidia.com/nvsentinel-state", "NVSentinel"),
    ("k8saas.nvidia.com/cordon-", "NVSentinel"),
    ("/rackwright.dev", "this project's operator"),
];

/// Keys of reserved domains that administrators set. Source: kubernetes.io, "Well-Known Labels, Annotations and Taints" and
/// "Assigning Pods to Nodes" (node isolation).
const ALLOWED: &[&str] = &[
    "node-restriction.kubernetes.io/",
    "node-role.kubernetes.io/",
    "node.kubernetes.io/exclude-from-external-load-balancers",
    // What GPU Operator documents for people to set: which of its parts run on a node, and nodes that it does not upgrade.
    "nvidia.com/gpu-driver-upgrade.skip",
    "nvidia.com/gpu.deploy.driver",
    "nvidia.com/gpu.deploy.operands",
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
];

/// The label that picks a MIG configuration for GPU Operator's MIG manager.
const MIG_CONFIG: &str = "nvidia.com/mig.config";

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW3011",
    name: "label-owned-twice",
    severity: Severity::Error,
    summary: "A pool sets a label or taint that somebody else writes",
    doc: r#"## What it does
`kubernetes.labels` and `kubernetes.taints` hold no key that another program writes: those of the reserved domains `kubernetes.io` and `k8s.io` (but `node-role.kubernetes.io/…`, `node-restriction.kubernetes.io/…`, `topology.kubernetes.io/zone` and `/region` are free), those of GPU Feature Discovery, GPU Operator, NVIDIA's DRA driver, Skyhook and NVSentinel, and this project's own. A pool with a MIG layout does not set `nvidia.com/mig.config` either: it follows from the layout.

## Why
Two writers undo one another, and what schedulers and controllers read from such a label is what its owner found, not what somebody wished.

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
  kubernetes: { labels: { "nvidia.com/gpu.product": NVIDIA-H100 } }
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
  kubernetes:
    labels: { "node-role.kubernetes.io/gpu": "true", "nvidia.com/gpu.workload.config": container }
    taints: [ { key: nvidia.com/gpu, effect: NoSchedule } ]
```

## Fix
Take a key of your own domain.
"#,
};

/// The labels and taints of every pool.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for pool in &model.pools {
        let Some(metadata) = &pool.spec.kubernetes else {
            continue;
        };
        let object = ObjectRef::new(Kind::GPUPool, &pool.name);
        let labels = metadata.labels.keys().map(|key| ("label", key, label_path(key)));
        let taints = metadata.taints.iter().enumerate();
        let taints = taints.map(|(number, taint)| ("taint", &taint.key, taint_path(number)));
        for (what, key, path) in labels.chain(taints) {
            let Some(owner) = owner(key) else { continue };
            findings.push(
                Finding::new(
                    &RULE,
                    format!("{object} sets the {what} {key} at {path}, which {owner} writes"),
                )
                .party(object.clone(), path, format!("written by {owner}"))
                .help("take a key of your own domain"),
            );
        }
        let mig = pool.spec.gpu.as_ref().is_some_and(|gpu| gpu.mig.is_some());
        if mig && metadata.labels.contains_key(MIG_CONFIG) {
            let layout = at!("spec", "gpu", "mig");
            let path = label_path(MIG_CONFIG);
            findings.push(
                Finding::new(
                    &RULE,
                    format!(
                        "{object} sets the label {MIG_CONFIG} at {path}, and its value follows from {layout}"
                    ),
                )
                .party(object.clone(), path, "a second MIG configuration")
                .party(object.clone(), layout, "the layout")
                .help("keep the layout, and leave the label to it"),
            );
        }
    }
}

/// Who writes a key.
fn owner(key: &str) -> Option<&'static str> {
    if ALLOWED.iter().any(|allowed| key.starts_with(allowed)) {
        return None;
    }
    let domain = key.split_once('/').map(|(domain, _)| domain);
    let owns = |pattern: &str| match pattern.strip_prefix('/') {
        None => key.starts_with(pattern),
        Some(owned) => domain
            .and_then(|domain| domain.strip_suffix(owned))
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
    };
    OWNED
        .iter()
        .find(|(pattern, _)| owns(pattern))
        .map(|&(_, owner)| owner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_their_owner() {
        for (key, expected) in [
            (
                "kubernetes.io/hostname",
                Some("Kubernetes and its add-ons (a reserved domain)"),
            ),
            (
                "feature.node.kubernetes.io/pci-10de.present",
                Some("Kubernetes and its add-ons (a reserved domain)"),
            ),
            (
                "apps.k8s.io/x",
                Some("Kubernetes and its add-ons (a reserved domain)"),
            ),
            ("notkubernetes.io/x", None),
            ("topology.kubernetes.io/zone", None),
            ("node-role.kubernetes.io/gpu", None),
            ("nvidia.com/mig-1g.10gb.count", Some("GPU Feature Discovery")),
            ("nvidia.com/mig.config", None),
            ("nvidia.com/mig.config.state", Some("GPU Operator's MIG manager")),
            ("nvidia.com/gpu", None),
            ("nvidia.com/gpu.workload.config", None),
            ("resource.nvidia.com/computeDomain", Some("NVIDIA's DRA driver")),
            ("rackwright.dev/pool", Some("this project's operator")),
            ("example.com/team", None),
            ("team", None),
        ] {
            assert_eq!(owner(key), expected, "{key}");
        }
    }
}
