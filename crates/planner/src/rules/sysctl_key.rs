//! A sysctl key is not spelled with dots.

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;
use crate::sysctl::is_canonical;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW2012",
    name: "sysctl-key",
    severity: Severity::Error,
    summary: "A sysctl key is not spelled with dots",
    doc: r#"## What it does
The keys of `host.sysctls` and `host.tuned.sysctls` are written as `sysctl -a` prints them: parts of letters, digits, `_`, `-`, `*`, `@`, `:` with dots between them; a slash only inside an interface name that holds a dot.

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

/// The keys of every pool, its own and those of TuneD.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for pool in &model.pools {
        let Some(host) = &pool.spec.host else { continue };
        let own = host
            .sysctls
            .keys()
            .map(|key| (key, at!("spec", "host", "sysctls", key.as_str())));
        let tuned = host
            .tuned
            .iter()
            .flat_map(|tuned| tuned.sysctls.iter().enumerate());
        let tuned = tuned.map(|(number, key)| (key, at!("spec", "host", "tuned", "sysctls", number)));
        for (key, path) in own.chain(tuned).filter(|(key, _)| !is_canonical(key)) {
            let object = ObjectRef::new(Kind::GPUPool, &pool.name);
            let shown: String = key.chars().take(80).collect();
            let dotted = key.replace('/', ".");
            let mut finding = Finding::new(&RULE, format!("{shown:?} of {object} is not a sysctl key"))
                .party(object, path, "parts with dots between them");
            if is_canonical(&dotted) {
                finding = finding.help(format!("write `{dotted}`"));
            }
            findings.push(finding);
        }
    }
}
