//! A sysctl key is not spelled with dots.

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2012",
    name: "sysctl-key",
    severity: Severity::Error,
    summary: "A sysctl key is not spelled with dots",
    doc: r#"## What it does
Keys are written as `sysctl -a` prints them: parts of letters, digits, `_`, `-`, `*`, `@`, `:` with dots between them; a slash only inside an interface name that holds a dot.

## Why
Two spellings of one key would be two owners of one setting.

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
  host: { sysctls: { net/core/rmem_max: "536870912" } }
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
  host: { sysctls: { net.core.rmem_max: "536870912" } }
```

## Fix
Write the key with dots.
"#,
};

/// The keys of every pool.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for pool in &model.pools {
        let keys = pool.spec.host.iter().flat_map(|host| host.sysctls.keys());
        for key in keys.filter(|key| !is_canonical(key)) {
            let object = ObjectRef::new(Kind::GPUPool, &pool.name);
            let shown: String = key.chars().take(80).collect();
            let dotted = key.replace('/', ".");
            let mut finding = Finding::new(&RULE, format!("{shown:?} of {object} is not a sysctl key"))
                .party(
                    object,
                    at!("spec", "host", "sysctls", key.as_str()),
                    "parts with dots between them",
                );
            if is_canonical(&dotted) {
                finding = finding.help(format!("write `{dotted}`"));
            }
            findings.push(finding);
        }
    }
}

/// Parts with dots between them, as `sysctl -a` prints keys; a slash stands for a dot inside an interface name
/// (sysctl.d(5)), so the first separator is always a dot.
fn is_canonical(key: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_-*@:/".contains(&b))
    };
    key.len() <= 128
        && key.split_once('.').is_some_and(|(first, rest)| {
            !first.is_empty()
                && first
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
                && rest.split('.').all(part)
        })
}
