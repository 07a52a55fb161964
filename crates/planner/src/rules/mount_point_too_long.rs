//! A mount point has no unit.

use rackwright_api::AbsolutePath;
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::model::Model;
use crate::tiers;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW5027",
    name: "mount-point-too-long",
    severity: Severity::Error,
    summary: "A mount point has no unit",
    doc: r#"## What it does
The name of the mount point's unit has at most 255 bytes: the path without its first slash, each dash as the four bytes `\x2d`, and `.mount`.

## Why
systemd finds the unit of a mount point by that name, and takes no longer one.

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
  storage: [ { tier: data } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: data }
spec:
  supercluster: lab
  nfs: { server: nas1, export: /data, transport: TCP }
  mountPoint: /mnt/team-team-team-team-team-team-team-team-team-team-team-team-team-team-team-team-team-team-team-team-team-team-team-team-team-team-team-team-team-team-team-team-team-team-team-team-team-team
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
  storage: [ { tier: data } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: data }
spec:
  supercluster: lab
  nfs: { server: nas1, export: /data, transport: TCP }
  mountPoint: /mnt/team-data
```

## Fix
Choose a shorter path, or one with fewer dashes.
"#,
};

/// The longest name of a unit, in bytes (`UNIT_NAME_MAX` of systemd, without its final zero).
const NAME_MAX: usize = 255;

/// The mount point of every tier.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for tier in &model.tiers {
        let Some(point) = &tier.spec.mount_point else {
            continue;
        };
        let length = unit_name(point);
        if length <= NAME_MAX {
            continue;
        }
        let object = tiers::object(tier);
        findings.push(
            Finding::new(
                &RULE,
                format!("the mount unit of {object} would have a name of {length} bytes, and {NAME_MAX} is the most"),
            )
            .party(object, at!("spec", "mountPoint"), format!("{length} bytes as a unit"))
            .help("choose a shorter path, or one with fewer dashes, which count four each"),
        );
    }
}

/// Bytes of the unit's name. Of the characters that a path may hold, only dashes are escaped (systemd-escape(1)); a slash
/// becomes a dash.
fn unit_name(point: &AbsolutePath) -> usize {
    let path = point.as_str();
    let dashes = path.bytes().filter(|&byte| byte == b'-').count();
    path.len() - 1 + 3 * dashes + ".mount".len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `systemd-escape --path --suffix=mount` prints as many.
    #[test]
    fn dashes_count_four_and_slashes_one() {
        let length = |path: &str| unit_name(&AbsolutePath::new(path).unwrap());
        assert_eq!(length("/scratch"), "scratch.mount".len());
        assert_eq!(length("/mnt/k8s-disks/0"), r"mnt-k8s\x2ddisks-0.mount".len());
    }
}
