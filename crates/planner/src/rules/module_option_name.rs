//! The name of a module's parameter is not one.

use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, Party, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;

/// The longest name, in characters; those of the drivers here have less than 40.
const LONGEST: usize = 64;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW3009",
    name: "module-option-name",
    severity: Severity::Error,
    summary: "The name of a module's parameter is not one",
    doc: r#"## What it does
The keys of `host.moduleOptions[].options` are names of parameters as `modinfo` prints them: letters, digits and `_`, at most 64.

## Why
A key is written into `/etc/modprobe.d` as it is: a space or an `=` would make another option of it, and with `-` for `_` one parameter would have two owners.

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
  host: { moduleOptions: [ { module: nvidia, options: { NVreg-EnableStreamMemOPs: "1" } } ] }
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
  host: { moduleOptions: [ { module: nvidia, options: { NVreg_EnableStreamMemOPs: "1" } } ] }
```

## Fix
Write the name as `modinfo -p MODULE` prints it.
"#,
};

/// The options of every pool.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for pool in &model.pools {
        let modules = pool.spec.host.iter().flat_map(|host| &host.module_options);
        for (number, module) in modules.enumerate() {
            for key in module.options.keys().filter(|key| !is_name(key)) {
                let object = ObjectRef::new(Kind::GPUPool, &pool.name);
                let shown: String = key.chars().take(80).collect();
                let path = at!("spec", "host", "moduleOptions", number, "options", key.as_str());
                let mut finding = Finding::new(
                    &RULE,
                    format!(
                        "{shown:?}, an option of the module {} in {object}, is not the name of a parameter",
                        module.module
                    ),
                )
                .with(Party::new(object, path, "letters, digits and _"));
                let meant = key.replace('-', "_");
                if is_name(&meant) {
                    finding = finding.help(format!("write `{meant}`"));
                }
                findings.push(finding);
            }
        }
    }
}

fn is_name(key: &str) -> bool {
    (1..=LONGEST).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
