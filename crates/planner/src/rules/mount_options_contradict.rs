//! Mount options of a tier contradict one another or its fields.

use std::collections::BTreeMap;

use rackwright_api::{MountOption, StorageTierSpec, Transport};
use rackwright_manifest::{Path, Rule, Severity};

use crate::finding::{Finding, at};
use crate::model::Model;
use crate::tiers;

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW5011",
    name: "mount-options-contradict",
    severity: Severity::Error,
    summary: "Mount options of a tier contradict one another or its fields",
    doc: r#"## What it does
What a field of the tier says (NFS version, connections and transport, which over RDMA is the port too; cores of Weka, and with a fabric its interfaces; the file of a BeeGFS client) is not said again in `mountOptions`; no option stands there twice with different values; and of options that exclude one another (`ro` and `rw`, `hard` and `soft`, `flock` and `noflock`) there is one.

## Why
Of two values the last one counts, silently: the order of a list would decide whether a file system is writable.

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
  nfs: { server: nas1, export: /data, transport: TCP, version: "4.2" }
  mountOptions: [ vers=3, noatime ]
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
  nfs: { server: nas1, export: /data, transport: TCP, version: "4.2" }
  mountOptions: [ noatime, hard ]
  mountPoint: /data
```

## Fix
Say it once: in the field where there is one.
"#,
};

/// Options that exclude one another: mount(8), nfs(5), mount.lustre(8), and the cache modes of Weka's client.
const EXCLUSIVE: &[&[&str]] = &[
    &["ac", "noac"],
    &["auto", "noauto"],
    &["cto", "nocto"],
    &["dev", "nodev"],
    &["diratime", "nodiratime"],
    &["discard", "nodiscard"],
    &["exec", "noexec"],
    &["flock", "localflock", "noflock"],
    &["hard", "soft", "softerr"],
    &["lazystatfs", "nolazystatfs"],
    &["lock", "nolock"],
    &["noatime", "relatime", "strictatime"],
    &["readcache", "writecache", "coherent"],
    &["ro", "rw"],
    &["suid", "nosuid"],
    &["sync", "async"],
    &["user_xattr", "nouser_xattr"],
];

/// Options that may be given several times: the interfaces and cores of Weka's client.
const REPEATED: &[&str] = &["core", "net"];

/// The options of every tier.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for tier in &model.tiers {
        let object = tiers::object(tier);
        let place = |at: usize| at!("spec", "mountOptions", at);
        let options = &tier.spec.mount_options;
        for (at, option) in options.iter().enumerate() {
            if let Some((field, says)) = owner(&tier.spec, key(option)) {
                let message = format!("the mount option {option} of {object} says what {field} says: {says}");
                findings.push(
                    Finding::new(&RULE, message)
                        .party(object.clone(), place(at), "said by a field")
                        .party(object.clone(), field, says)
                        .help("take it out of mountOptions"),
                );
            }
        }
        for (first, second) in clashes(options) {
            let message = format!(
                "{} and {} of {object} exclude one another",
                options[first], options[second]
            );
            findings.push(
                Finding::new(&RULE, message)
                    .party(object.clone(), place(second), "excludes the other")
                    .party(object.clone(), place(first), "excluded by the other"),
            );
        }
    }
}

fn key(option: &MountOption) -> &str {
    let text = option.as_str();
    text.split_once('=').map_or(text, |(key, _)| key)
}

/// The field that says what an option says, and what it says.
fn owner(tier: &StorageTierSpec, key: &str) -> Option<(Path, String)> {
    if let Some(nfs) = &tier.nfs {
        let version = || Some((at!("spec", "nfs", "version"), nfs.version?.as_str().to_owned()));
        let transport = || Some((at!("spec", "nfs", "transport"), format!("{:?}", nfs.transport)));
        let connections = || Some((at!("spec", "nfs", "connections"), nfs.connections?.to_string()));
        return match key {
            "vers" | "nfsvers" | "minorversion" | "v3" | "v4" | "v4.0" | "v4.1" | "v4.2" => version(),
            "proto" | "rdma" | "tcp" | "udp" => transport(),
            // Of RDMA the transport says the port too.
            "port" if nfs.transport == Transport::RDMA => transport(),
            "nconnect" => connections(),
            _ => None,
        };
    }
    if tier.beegfs.is_some() && key == "cfgFile" {
        return Some((at!("spec", "beegfs"), "the client's own file".to_owned()));
    }
    if tier.weka.is_some() && key == "net" {
        let fabric = tier.fabric.as_ref()?;
        return Some((at!("spec", "fabric"), format!("the rails of {fabric}")));
    }
    let cores = tier.weka.as_ref().and_then(|weka| weka.cores);
    let cores = cores.filter(|_| matches!(key, "num_cores" | "core"))?;
    Some((at!("spec", "weka", "cores"), cores.to_string()))
}

/// Pairs of options that exclude one another, by their places: each option with the first one of its group.
fn clashes(options: &[MountOption]) -> Vec<(usize, usize)> {
    let mut groups: BTreeMap<&str, usize> = BTreeMap::new();
    let mut clashes = Vec::new();
    for (at, option) in options.iter().enumerate() {
        let key = key(option);
        let group = EXCLUSIVE.iter().find(|group| group.contains(&key));
        let group = group.map_or(key, |group| group[0]);
        if REPEATED.contains(&key) {
            continue;
        }
        match groups.get(group) {
            Some(&first) => clashes.push((first, at)),
            None => drop(groups.insert(group, at)),
        }
    }
    clashes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_clashes_with_the_first_of_its_group() {
        let options = ["rw", "noatime", "rsize=1", "net=ib0", "ro", "net=ib1", "rsize=2"];
        let options: Vec<MountOption> = options
            .iter()
            .map(|text| MountOption::new(*text).unwrap())
            .collect();
        assert_eq!(clashes(&options), [(0, 4), (2, 6)]);
    }
}
