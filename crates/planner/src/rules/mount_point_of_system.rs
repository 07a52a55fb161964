//! A tier is mounted over the system.

use rackwright_api::AbsolutePath;
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::model::Model;
use crate::tiers::{self, below};

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW5005",
    name: "mount-point-of-system",
    severity: Severity::Error,
    summary: "A tier is mounted over the system",
    doc: r#"## What it does
No tier is mounted at, around or below a directory that the operating system, the container runtime or the kubelet needs: `/etc`, `/usr`, `/proc`, `/var/lib/kubelet` and the like. `/home`, `/mnt`, `/srv` and directories of your own are free; `/opt` itself is not, since it holds the programs of the network plug-ins (`/opt/cni`).

## Why
A file system over `/var` hides the kubelet's state from it, and unmounting one below `/var/lib/kubelet` takes the volumes of running pods with it. Its state may be on a mount only if that comes before the kubelet starts, and is never taken away again.

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
  mountPoint: /var/lib
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
  mountPoint: /srv/data
```

## Fix
Mount the tier in a directory of its own.
"#,
};

/// Directories that a running host and its kubelet need: those of the Filesystem Hierarchy Standard that hold the system
/// itself, and where container runtimes, kubelet, etcd and k3s keep their state by default.
const NEEDED: &[&str] = &[
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/lib32",
    "/lib64",
    "/opt/cni",
    "/ostree",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/sys",
    "/sysroot",
    "/tmp",
    "/usr",
    "/var/lib/calico",
    "/var/lib/cilium",
    "/var/lib/cloud",
    "/var/lib/cni",
    "/var/lib/containerd",
    "/var/lib/containers",
    "/var/lib/crio",
    "/var/lib/dbus",
    "/var/lib/docker",
    "/var/lib/dpkg",
    "/var/lib/etcd",
    "/var/lib/kubelet",
    "/var/lib/rancher",
    "/var/lib/rpm",
    "/var/lib/systemd",
    "/var/log",
    "/var/run",
    "/var/tmp",
];

/// The mount point of every tier.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for tier in &model.tiers {
        let Some(point) = tier.spec.mount_point.as_ref().map(AbsolutePath::as_str) else {
            continue;
        };
        let Some((needed, how)) = NEEDED
            .iter()
            .find_map(|&needed| Some((needed, over(point, needed)?)))
        else {
            continue;
        };
        let object = tiers::object(tier);
        findings.push(
            Finding::new(
                &RULE,
                format!("{object} is mounted at {point}, {how} {needed}, which the host needs"),
            )
            .party(object, at!("spec", "mountPoint"), format!("{how} {needed}"))
            .help("mount it in a directory of its own, such as /mnt/<name>"),
        );
    }
}

fn over(point: &str, needed: &str) -> Option<&'static str> {
    match () {
        () if point == needed => Some("over"),
        () if below(needed, point) => Some("around"),
        () if below(point, needed) => Some("below"),
        () => None,
    }
}
