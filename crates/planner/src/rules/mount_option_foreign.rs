//! A mount option is one of another file system.

use rackwright_api::{Filesystem, StorageTierSpec};
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::model::Model;
use crate::tiers::{self, FileSystem};

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW5012",
    name: "mount-option-foreign",
    severity: Severity::Warning,
    summary: "A mount option is one of another file system",
    doc: r#"## What it does
Options that only one kind of file system knows are given to that kind: `nconnect` to NFS, `flock` to Lustre, `num_cores` to Weka, `logbsize` to XFS. Options that the table does not know are not judged.

## Why
xfs and ext4 refuse to mount with an option that they do not know; others ignore it, and what was meant does not happen.

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
  localNVMe: { devices: { model: "SAMSUNG MZWLO*", count: 8 }, raid: 0, filesystem: xfs, wipe: Never }
  mountOptions: [ noatime, nconnect=8 ]
  mountPoint: /data
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
  localNVMe: { devices: { model: "SAMSUNG MZWLO*", count: 8 }, raid: 0, filesystem: xfs, wipe: Never }
  mountOptions: [ noatime, logbsize=256k ]
  mountPoint: /data
```

## Fix
Take the option out, or change the tier.
"#,
};

/// A file system, and options that it alone knows among those of a tier.
const OPTIONS: &[(&str, &[&str])] = &[
    // nfs(5)
    (
        "NFS",
        &[
            "hard",
            "localports",
            "nconnect",
            "nfsvers",
            "proto",
            "rdma",
            "remoteports",
            "retrans",
            "rsize",
            "soft",
            "timeo",
            "vers",
            "wsize",
        ],
    ),
    // mount.lustre(8)
    (
        "Lustre",
        &[
            "always_ping",
            "flock",
            "lazystatfs",
            "localflock",
            "network",
            "noencrypt",
            "noflock",
        ],
    ),
    // Weka's documentation, "Mount filesystems"
    (
        "Weka",
        &[
            "coherent",
            "core",
            "dpdk_base_memory_mb",
            "inode_bits",
            "mgmt_ip",
            "net",
            "num_cores",
            "readcache",
            "writecache",
        ],
    ),
    // xfs(5)
    (
        "xfs",
        &["inode32", "inode64", "logbsize", "logbufs", "swalloc", "wsync"],
    ),
    // ext4(5)
    ("ext4", &["data", "journal_checksum", "nodelalloc", "stripe"]),
];

/// The options of every tier.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for tier in &model.tiers {
        let Some((own, field)) = kind(&tier.spec) else {
            continue;
        };
        for (at, option) in tier.spec.mount_options.iter().enumerate() {
            let text = option.as_str();
            let key = text.split_once('=').map_or(text, |(key, _)| key);
            let known = |(_, keys): &&(&str, &[&str])| keys.contains(&key);
            let Some((other, _)) = OPTIONS.iter().find(known).filter(|(other, _)| *other != own) else {
                continue;
            };
            let object = tiers::object(tier);
            findings.push(
                Finding::new(
                    &RULE,
                    format!("{option} is an option of {other}, and {object} is {own}"),
                )
                .party(
                    object.clone(),
                    at!("spec", "mountOptions", at),
                    format!("an option of {other}"),
                )
                .party(object, at!("spec", field), format!("this is {own}")),
            );
        }
    }
}

fn kind(tier: &StorageTierSpec) -> Option<(&'static str, &'static str)> {
    let kind = FileSystem::of(tier)?;
    let name = match kind {
        FileSystem::Local(local) => match local.filesystem {
            Filesystem::Xfs => "xfs",
            Filesystem::Ext4 => "ext4",
        },
        FileSystem::Nfs(_) => "NFS",
        FileSystem::Lustre(_) => "Lustre",
        FileSystem::Weka(_) => "Weka",
        FileSystem::BeeGfs(_) => "BeeGFS",
    };
    Some((name, kind.field()))
}

#[cfg(test)]
mod tests {
    use super::OPTIONS;

    #[test]
    fn an_option_has_one_owner() {
        let mut all: Vec<&str> = OPTIONS
            .iter()
            .flat_map(|(_, keys)| keys.iter().copied())
            .collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
