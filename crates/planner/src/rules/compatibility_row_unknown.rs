//! A site switches off a row of compatibility that does not exist.

use rackwright_manifest::{Rule, Severity};

use crate::catalogue;
use crate::finding::{Finding, Party, at};
use crate::input::{Kind, ObjectRef};
use crate::model::Model;
use crate::names::nearest;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW3021",
    name: "compatibility-row-unknown",
    severity: Severity::Error,
    summary: "A site switches off a row of compatibility that does not exist",
    doc: r#"## What it does
Each name in `spec.compatibility.disabled` of a Supercluster is a row of the catalogue's compatibility table. `rackwright explain compatibility` lists them.

## Why
A name with a typing error switches nothing off, and a row that was renamed or withdrawn leaves a consent behind that nobody needs.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  compatibility:
    disabled: [ { name: beegfs-7-4-5-kernels, reason: our kernel is patched } ]
  racks:
  - { names: "a[1-2]", nodes: "n[1-2]", system: dgx-h100 }
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  compatibility:
    disabled: [ { name: beegfs-7-4-5-kernel, reason: our kernel is patched } ]
  racks:
  - { names: "a[1-2]", nodes: "n[1-2]", system: dgx-h100 }
```

## Fix
Write the row's name, or remove the entry.
"#,
};

/// The rows that every site switches off.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    let rows = catalogue::compatibility();
    for site in &model.superclusters {
        let disabled = site
            .spec
            .compatibility
            .iter()
            .flat_map(|own| own.disabled.iter().enumerate());
        for (number, row) in disabled.filter(|(_, row)| !rows.contains_key(row.name.as_str())) {
            let object = ObjectRef::new(Kind::Supercluster, &site.name);
            let near = nearest(row.name.as_str(), rows.keys().map(String::as_str));
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`rackwright explain compatibility` lists the rows".to_owned(),
            };
            let party = Party {
                replacement: near.map(str::to_owned),
                ..Party::new(
                    object.clone(),
                    at!("spec", "compatibility", "disabled", number, "name"),
                    "no row of the table",
                )
            };
            findings.push(
                Finding::new(
                    &RULE,
                    format!(
                        "{object} switches off {}, and the compatibility table has no such row",
                        row.name
                    ),
                )
                .with(party)
                .help(help),
            );
        }
    }
}
