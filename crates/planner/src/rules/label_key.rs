//! The key of a label or taint is not one.

use rackwright_manifest::{Path, Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW3010",
    name: "label-key",
    severity: Severity::Error,
    summary: "The key of a label or taint is not one",
    doc: r#"## What it does
The keys of `kubernetes.labels` and `kubernetes.taints` are spelled as Kubernetes demands: a name of at most 63 letters, digits, `-`, `_` and `.` that begins and ends with a letter or digit, and before it, if wanted, a DNS name and a slash.

## Why
The API server refuses the whole change of the Node, on every node of the pool.

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
  kubernetes: { labels: { "example.com/team/name": vision } }
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
  kubernetes: { labels: { "example.com/team": vision } }
```

## Fix
Write `NAME` or `DOMAIN/NAME`.
"#,
};

/// The keys of every pool.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for pool in &model.pools {
        let Some(metadata) = &pool.spec.kubernetes else {
            continue;
        };
        let labels = metadata.labels.keys().map(|key| ("label", key, label_path(key)));
        let taints = metadata.taints.iter().enumerate();
        let taints = taints.map(|(number, taint)| ("taint", &taint.key, taint_path(number)));
        for (what, key, path) in labels.chain(taints).filter(|(_, key, _)| !is_qualified(key)) {
            let object = ObjectRef::new(Kind::GPUPool, &pool.name);
            let shown: String = key.chars().take(80).collect();
            findings.push(
                Finding::new(&RULE, format!("{shown:?} of {object} is not the key of a {what}")).party(
                    object,
                    path,
                    "neither NAME nor DOMAIN/NAME",
                ),
            );
        }
    }
}

/// Where a pool gives its nodes a label.
pub(crate) fn label_path(key: &str) -> Path {
    at!("spec", "kubernetes", "labels", key)
}

/// Where it gives them a taint.
pub(crate) fn taint_path(number: usize) -> Path {
    at!("spec", "kubernetes", "taints", number, "key")
}

/// A qualified name (apimachinery, `validation.IsQualifiedName`).
fn is_qualified(key: &str) -> bool {
    let name = match key.split_once('/') {
        Some((domain, name)) if rackwright_api::NodeName::is_valid(domain) => name,
        Some(_) => return false,
        None => key,
    };
    rackwright_api::LabelValue::is_valid(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_judged_as_kubernetes_does() {
        for key in [
            "team",
            "a.b_C-9",
            "example.com/team",
            "nvidia.com/gpu.workload.config",
        ] {
            assert!(is_qualified(key), "{key}");
        }
        let long = "x".repeat(64);
        for key in [
            "",
            "/team",
            "example.com/",
            "Example.com/team",
            "-a",
            "a-",
            "a b",
            "a/b/c",
            &long,
        ] {
            assert!(!is_qualified(key), "{key}");
        }
    }
}
