//! What a change of one field does to a node.

use rackwright_api::ActionClass::{self, Destructive, Drain, None, Reboot, Reload, Restart};
use rackwright_planner::change::{State, diff};

use crate::support::compile;

fn site(pool: &str, tier: &str) -> String {
    format!(
        r#"
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: {{ name: lab }}
spec: {{ racks: [ {{ names: "a[1-2]", nodes: "n[1-2]", system: dgx-b200 }} ] }}
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: {{ name: train }}
spec: {{ supercluster: lab, nodes: {{ racks: "a[1-2]" }}, storage: [ {{ tier: scratch }} ], {pool} }}
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: {{ name: scratch }}
spec: {{ supercluster: lab, mountPoint: /scratch, {tier} }}
"#
    )
}

const LOCAL: &str =
    "localNVMe: { devices: { model: \"X*\", count: 2 }, raid: 0, filesystem: xfs, wipe: Never }";
const NFS: &str = "nfs: { server: 10.0.0.1, export: /a, transport: TCP }";

/// Old, new, the one path that differs, and the class.
const CASES: &[(&str, &str, &str, ActionClass)] = &[
    (
        "kubernetes: { labels: { a: b } }",
        "",
        "kubernetes.labels[\"a\"]",
        None,
    ),
    (
        "",
        "kubernetes: { taints: [ { key: k, effect: NoSchedule } ] }",
        "kubernetes.taints[\"k:NoSchedule\"]",
        None,
    ),
    (
        "",
        "kubernetes: { taints: [ { key: k, effect: NoExecute } ] }",
        "kubernetes.taints[\"k:NoExecute\"]",
        Drain,
    ),
    (
        "kubernetes: { taints: [ { key: k, effect: NoExecute } ] }",
        "",
        "kubernetes.taints[\"k:NoExecute\"]",
        None,
    ),
    (
        "host: { sysctls: { vm.swappiness: \"1\" } }",
        "",
        "host.sysctls[\"vm.swappiness\"]",
        Reload,
    ),
    (
        "",
        "host: { modules: [ gdrdrv ] }",
        "host.modules[\"gdrdrv\"]",
        Reload,
    ),
    (
        "host: { moduleOptions: [ { module: nvidia, options: { NVreg_A: \"0\" } } ] }",
        "host: { moduleOptions: [ { module: nvidia, options: { NVreg_A: \"1\" } } ] }",
        "host.moduleOptions[\"nvidia\"].options[\"NVreg_A\"]",
        Reboot,
    ),
    (
        "",
        "host: { kernelArguments: [ \"iommu=pt\" ] }",
        "host.kernelArguments",
        Reboot,
    ),
    (
        "host: { kernelArguments: [ \"a\", \"b\" ] }",
        "host: { kernelArguments: [ \"b\", \"a\" ] }",
        "host.kernelArguments",
        Reboot,
    ),
    (
        "",
        "host: { hugePages: [ { size: 2Mi, count: 8 } ] }",
        "host.hugePages[\"2Mi\"].count",
        Reload,
    ),
    (
        "",
        "host: { hugePages: [ { size: 1Gi, count: 8 } ] }",
        "host.hugePages[\"1Gi\"].count",
        Reboot,
    ),
    (
        "host: { serviceLimits: [ { service: containerd, memlock: infinity } ] }",
        "",
        "host.serviceLimits[\"containerd\"].memlock",
        Restart,
    ),
    (
        "gpu: { driver: { version: \"580.95.05\" } }",
        "gpu: { driver: { version: \"580.105.08\" } }",
        "gpu.driver.version",
        Drain,
    ),
    (
        "gpu: { driver: { version: \"580.95.05\" } }",
        "",
        "gpu.driver.version",
        None,
    ),
    ("", "gpu: { ecc: Disabled }", "gpu.ecc", Reboot),
    ("", "gpu: { powerLimit: 900W }", "gpu.powerLimit", Reload),
    (
        "",
        "gpu: { mig: { layout: [ { profile: 1g.23gb, count: 7 } ] } }",
        "gpu.mig",
        Reboot,
    ),
    (
        "gpu: { mig: { layout: [ { profile: 1g.23gb, count: 7 } ] } }",
        "gpu: { mig: { layout: [ { profile: 1g.23gb, count: 6 } ] } }",
        "gpu.mig.layout[\"1g.23gb\"].count",
        Drain,
    ),
];

fn found(old: &str, new: &str) -> (Vec<String>, Vec<ActionClass>) {
    let (old, new) = (compile(old), compile(new));
    assert!(
        old.refused.is_empty() && new.refused.is_empty(),
        "{:?} {:?}",
        old.findings,
        new.findings
    );
    let (old, new) = (State::of(&old.plan), State::of(&new.plan));
    let diff = diff(&old, &new);
    assert!(diff.pairs.len() <= 1, "one pool has one pair");
    let paths = diff
        .pairs
        .iter()
        .flat_map(|pair| &pair.differences)
        .map(|difference| difference.path.clone());
    (
        paths.collect(),
        diff.nodes.iter().map(|node| node.class).collect(),
    )
}

#[test]
fn a_field_of_a_pool() {
    for (old, new, path, class) in CASES {
        let (paths, classes) = found(&site(old, LOCAL), &site(new, LOCAL));
        assert_eq!(
            (paths, classes),
            (vec![(*path).to_owned()], vec![*class; 4]),
            "{old:?} -> {new:?}"
        );
    }
}

#[test]
fn a_field_of_a_tier() {
    let point = |rest: &str| format!("mounts[\"/scratch\"].{rest}");
    for (old, new, path, class) in [
        (
            NFS,
            "nfs: { server: 10.0.0.2, export: /a, transport: TCP }",
            point("nfs.server"),
            Drain,
        ),
        (
            NFS,
            "mountOptions: [ noatime ], nfs: { server: 10.0.0.1, export: /a, transport: TCP }",
            point("options"),
            Drain,
        ),
        (
            LOCAL,
            &LOCAL.replace("xfs", "ext4"),
            point("localNVMe.filesystem"),
            Destructive,
        ),
        (
            LOCAL,
            &LOCAL.replace("raid: 0", "raid: 1"),
            point("localNVMe.raid"),
            Destructive,
        ),
        (
            LOCAL,
            &LOCAL.replace("count: 2", "count: 4"),
            point("localNVMe.devices.count"),
            Destructive,
        ),
    ] {
        let (paths, classes) = found(&site("", old), &site("", new));
        assert_eq!(
            (paths, classes),
            (vec![path], vec![class; 4]),
            "{old:?} -> {new:?}"
        );
    }
}

#[test]
fn a_mount_comes_live_and_goes_drained() {
    let with = site("", NFS);
    let without = with.replace("storage: [ { tier: scratch } ],", "");
    let path = vec!["mounts[\"/scratch\"]".to_owned()];
    assert_eq!(found(&without, &with), (path.clone(), vec![Reload; 4]));
    assert_eq!(found(&with, &without), (path, vec![Drain; 4]));
}
