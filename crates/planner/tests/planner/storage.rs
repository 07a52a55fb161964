//! Storage tiers: consents, arithmetic, and the cases of rules that their two examples do not show.

use crate::support::{codes, compile, configs, input};
use proptest::prelude::*;
use rackwright_planner::storage::{PoolTier, shown};

const SITE: &str = "
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: \"a[1-2]\", nodes: \"n[1-2]\", system: dgx-b200 }
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: storage }
spec:
  supercluster: lab
  plane: Storage
  topology: { type: FatTree, rails: 2, switch: qm9700 }
";

/// A pool of two nodes (`a1-n1`, `a1-n2`) with these lines and tiers.
fn pool(lines: &[&str], tiers: &[&str]) -> String {
    let tiers: Vec<String> = tiers.iter().map(|tier| format!("{{ tier: {tier} }}")).collect();
    let lines = lines
        .iter()
        .map(|line| format!("  {line}\n"))
        .collect::<Vec<_>>()
        .concat();
    format!(
        "---\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: {{ name: train }}\nspec:\n  supercluster: lab\n  \
         nodes: {{ racks: \"a1\" }}\n  fabrics: [ {{ name: storage }} ]\n{lines}  storage: [ {} ]\n",
        tiers.join(", ")
    )
}

fn tier(name: &str, lines: &[&str]) -> String {
    let lines = lines
        .iter()
        .map(|line| format!("  {line}\n"))
        .collect::<Vec<_>>()
        .concat();
    format!(
        "---\napiVersion: rackwright.dev/v1alpha1\nkind: StorageTier\nmetadata: {{ name: {name} }}\nspec:\n  supercluster: lab\n{lines}"
    )
}

/// A pool with one tier.
pub fn one(pool_lines: &[&str], tier_lines: &[&str]) -> String {
    format!(
        "{SITE}{}{}",
        pool(pool_lines, &["data"]),
        tier("data", tier_lines)
    )
}

pub fn local(raid: &str, count: u8) -> String {
    format!(
        "localNVMe: {{ devices: {{ model: \"SAMSUNG MZ*\", count: {count} }}, {raid} filesystem: xfs, wipe: Never }}"
    )
}

pub fn found(pool_lines: &[&str], tier_lines: &[&str]) -> Vec<&'static str> {
    let compilation = compile(&one(pool_lines, tier_lines));
    codes(&compilation)
        .into_iter()
        .filter(|code| *code != "RW2007")
        .collect()
}

pub const NONE: [&str; 0] = [];

#[test]
fn raid_levels_take_their_numbers() {
    for (raid, count, right) in [
        ("raid: 0,", 1, false),
        ("raid: 0,", 2, true),
        ("raid: 1,", 1, false),
        ("raid: 1,", 2, true),
        ("raid: 5,", 2, false),
        ("raid: 5,", 3, true),
        ("raid: 6,", 3, false),
        ("raid: 6,", 4, true),
        ("raid: 10,", 2, false),
        ("raid: 10,", 4, true),
        ("raid: 10,", 5, false),
        ("", 1, true),
        ("", 2, false),
    ] {
        let codes = found(&[], &[&local(raid, count), "mountPoint: /data"]);
        let wanted: &[&str] = if right { &[] } else { &["RW5007"] };
        assert_eq!(codes, wanted, "{raid} {count}");
    }
}

#[test]
fn mount_points_of_the_system_are_taken() {
    for (point, right) in [
        ("/data", true),
        ("/mnt", true),
        ("/home", true),
        ("/var/lib/data", true),
        ("/var/lib/kubelet2", true),
        ("/var", false),
        ("/var/lib/kubelet", false),
        ("/var/lib/kubelet/plugins", false),
        ("/etc", false),
        ("/usr/local", false),
    ] {
        let mount = format!("mountPoint: {point}");
        let codes = found(
            &[],
            &["nfs: { server: nas1, export: /a, transport: TCP }", &mount],
        );
        let wanted: &[&str] = if right { &[] } else { &["RW5005"] };
        assert_eq!(codes, wanted, "{point}");
    }
}

/// A tier is mounted neither at nor around what is left to /etc/fstab.
#[test]
fn what_fstab_mounts_is_left_to_it() {
    for (owned, right) in [
        ("/srv/data", false),
        ("/srv/data/home", false),
        ("/srv/data2", true),
        ("/srv", true),
    ] {
        let host = format!("host: {{ fstabMounts: [ {owned} ] }}");
        let codes = found(
            &[&host],
            &[
                "nfs: { server: nas1, export: /a, transport: TCP }",
                "mountPoint: /srv/data",
            ],
        );
        let wanted: &[&str] = if right { &[] } else { &["RW5004"] };
        assert_eq!(codes, wanted, "{owned}");
    }
}

#[test]
fn mount_points_collide_or_hide() {
    let nfs = "nfs: { server: nas1, export: /a, transport: TCP }";
    let raid = local("raid: 0,", 2);
    for (outer, inner, points, wanted) in [
        (nfs, raid.as_str(), ("/a", "/a"), &["RW5003"][..]),
        (nfs, raid.as_str(), ("/a", "/a/b"), &["RW5003"]),
        (raid.as_str(), nfs, ("/a", "/a/b"), &[]),
        (nfs, nfs, ("/a", "/a/b"), &[]),
        (nfs, raid.as_str(), ("/a", "/ab"), &[]),
    ] {
        let (first, second) = (
            format!("mountPoint: {}", points.0),
            format!("mountPoint: {}", points.1),
        );
        let text = format!(
            "{SITE}{}{}{}",
            pool(&[], &["outer", "inner"]),
            tier("outer", &[outer, &first]),
            tier("inner", &[inner, &second])
        );
        let found: Vec<&str> = codes(&compile(&text))
            .into_iter()
            .filter(|code| *code != "RW2007")
            .collect();
        assert_eq!(
            found, wanted,
            "{outer} at {} and {inner} at {}",
            points.0, points.1
        );
    }
}

/// One StorageClass is shared by tiers that say the same of it, in what Kubernetes gets and in what its provisioner gets.
#[test]
fn tiers_share_a_class_that_they_agree_on() {
    let nfs = |server: &str| format!("nfs: {{ server: {server}, export: /a, transport: TCP }}");
    let lustre = "lustre: { fileSystem: a, managementServers: [ \"10.0.0.1@tcp\" ] }".to_owned();
    let lvms = |address: &str| {
        format!(
            "localNVMe: {{ devices: {{ count: 1, pciAddresses: [ \"{address}\" ] }}, filesystem: xfs, wipe: Never }}"
        )
    };
    let class =
        |provisioner: &str| format!("kubernetes: {{ provisioner: {provisioner}, storageClass: lvms-a }}");
    let (a, b) = ("mountPoint: /srv/a", "mountPoint: /srv/b");
    let single = local("", 1);
    for (one, other, agree) in [
        (
            [nfs("n1"), class("Static"), a.to_owned()],
            [nfs("n2"), class("Static"), b.to_owned()],
            true,
        ),
        (
            [nfs("n1"), class("CSI"), a.to_owned()],
            [nfs("n1"), class("CSI"), b.to_owned()],
            true,
        ),
        (
            [nfs("n1"), class("CSI"), a.to_owned()],
            [nfs("n2"), class("CSI"), b.to_owned()],
            false,
        ),
        // The same object, and volumes of two drivers.
        (
            [lustre.clone(), class("CSI"), a.to_owned()],
            [lustre, class("Static"), b.to_owned()],
            false,
        ),
        (
            [single.clone(), class("LocalStaticProvisioner"), a.to_owned()],
            [single.clone(), class("LocalStaticProvisioner"), a.to_owned()],
            true,
        ),
        (
            [single.clone(), class("LocalStaticProvisioner"), a.to_owned()],
            [single, class("LocalStaticProvisioner"), b.to_owned()],
            false,
        ),
        (
            [lvms("0000:1b:00.0"), class("LVMS"), String::new()],
            [lvms("0000:1b:00.0"), class("LVMS"), String::new()],
            true,
        ),
        (
            [lvms("0000:1b:00.0"), class("LVMS"), String::new()],
            [lvms("0000:1c:00.0"), class("LVMS"), String::new()],
            false,
        ),
    ] {
        // No pool mounts them: where they meet is another matter.
        let text = [("one", &one), ("other", &other)]
            .map(|(name, lines)| tier(name, &lines.each_ref().map(String::as_str)));
        let codes = codes(&compile(&format!("{SITE}{}", text.concat())));
        assert_eq!(codes.contains(&"RW5020"), !agree, "{one:?} {other:?}: {codes:?}");
    }
}

#[test]
fn lvms_owns_its_devices_and_the_host_mounts_nothing() {
    let lvms = |devices: &str, class: &str| {
        let local = format!("localNVMe: {{ devices: {{ {devices} }}, filesystem: xfs, wipe: Never }}");
        let kubernetes = format!("kubernetes: {{ provisioner: LVMS, storageClass: {class} }}");
        one(&[], &[&local, &kubernetes])
    };
    let both = "count: 2, pciAddresses: [ \"0000:1b:00.0\", \"0000:1c:00.0\" ]";
    let compilation = compile(&lvms(both, "lvms-data"));
    assert_eq!(codes(&compilation), NONE);
    assert!(compilation.plan.pools()[0].profile.mounts.is_empty());
    for (devices, class) in [("count: 2, model: \"SAMSUNG MZ*\"", "lvms-data"), (both, "data")] {
        let text = lvms(devices, class);
        assert!(codes(&compile(&text)).contains(&"RW5019"), "{devices} {class}");
    }
}

fn with_consents(consents: &str) -> String {
    let local = format!(
        "localNVMe: {{ devices: {{ model: \"SAMSUNG MZ*\", count: 2 }}, raid: 0, filesystem: xfs, wipe: WithConsent{consents} }}"
    );
    one(&[], &[&local, "mountPoint: /data"])
}

#[test]
fn consents_reach_just_their_node_in_the_order_of_serial_numbers() {
    let before = configs(&compile(&with_consents("")));
    let given = ", wipeConsents: [ { node: a1-n2, serial: S2, signature: \"xfs:2\" }, { node: a1-n2, serial: S1, signature: \"xfs:1\" } ]";
    let compilation = compile(&with_consents(given));
    assert_eq!(codes(&compilation), NONE);
    let after = configs(&compilation);
    let consents: Vec<String> = after["a1-n2"]
        .facts
        .wipe_consents
        .iter()
        .map(|consent| format!("{} {} {}", consent.serial, consent.signature, consent.tier))
        .collect();
    assert_eq!(consents, ["S1 xfs:1 data", "S2 xfs:2 data"]);
    assert_ne!(after["a1-n2"].hash, before["a1-n2"].hash);
    assert_eq!(after["a1-n1"], before["a1-n1"]);
    let input = input(&with_consents(given));
    assert_eq!(rackwright_planner::check(&input, &compilation.plan), []);
}

/// Capacity, read and write of the one tier: total, node and GPU as people read them, and the terms.
fn figures(pool_lines: &[&str], tier_lines: &[&str]) -> [String; 3] {
    let compilation = compile(&one(pool_lines, tier_lines));
    let [
        PoolTier {
            capacity,
            read,
            write,
            ..
        },
    ] = &compilation.storage[..]
    else {
        panic!("{:?}", compilation.findings);
    };
    [capacity, read, write].map(|amount| {
        let show = |figure: Option<u64>| figure.map_or("?".to_owned(), shown);
        format!(
            "{} {} {}: {}",
            show(amount.total),
            show(amount.node),
            show(amount.gpu),
            amount.how
        )
    })
}

#[test]
fn local_tiers_add_up_their_devices() {
    let devices = |raid: u8| {
        format!(
            "localNVMe: {{ devices: {{ model: \"SAMSUNG MZ*\", count: 8, capacity: 3840GB, throughput: {{ read: 6GB/s, write: 4GB/s }} }}, \
             raid: {raid}, filesystem: xfs, wipe: Never }}"
        )
    };
    let of = |raid: u8| figures(&[], &[&devices(raid), "mountPoint: /data"]);
    assert_eq!(
        of(0),
        [
            "61.44 TB 30.72 TB 3.84 TB: 8 x 3840GB of 8 (RAID 0)",
            "96 GB 48 GB 6 GB: 8 x 6GB/s of 8 (RAID 0)",
            "64 GB 32 GB 4 GB: 8 x 4GB/s of 8 (RAID 0)",
        ]
    );
    assert_eq!(
        of(10),
        [
            "30.72 TB 15.36 TB 1.92 TB: 4 x 3840GB of 8 (RAID 10)",
            "96 GB 48 GB 6 GB: 8 x 6GB/s of 8 (RAID 10)",
            "32 GB 16 GB 2 GB: 4 x 4GB/s of 8 (RAID 10)",
        ]
    );
    assert_eq!(of(5)[2], "? ? ?: writes of RAID 5 depend on their size");
    let unknown = figures(&[], &[&local("raid: 0,", 2), "mountPoint: /data"]);
    assert_eq!(unknown[0], "? ? ?: localNVMe.devices.capacity is not stated");
}

#[test]
fn shared_tiers_give_the_lesser_of_servers_and_links() {
    let lustre = "lustre: { fileSystem: a, managementServers: [ \"10.0.0.1@o2ib\" ] }";
    let of = |read: &str| {
        let throughput = format!("throughput: {{ read: {read}, write: 80GB/s }}");
        figures(
            &[],
            &[
                lustre,
                "fabric: storage",
                "capacity: 2PB",
                &throughput,
                "mountPoint: /data",
            ],
        )
    };
    // Two nodes x two rails x 400 Gb/s x 0.9 = 180 GB/s.
    let least = "of the servers and 180 GB/s of 2 nodes x 2 x 400 Gb/s x 0.9";
    assert_eq!(
        of("160GB/s"),
        [
            "2 PB 1 PB 125 TB: 2PB of the whole tier, which 2 nodes share".to_owned(),
            format!("160 GB 80 GB 10 GB: the lesser of 160GB/s {least}"),
            format!("80 GB 40 GB 5 GB: the lesser of 80GB/s {least}"),
        ]
    );
    assert_eq!(
        of("200GB/s")[1],
        format!("180 GB 90 GB 11.25 GB: the lesser of 200GB/s {least}")
    );
    let nfs = "nfs: { server: nas1, export: /a, transport: TCP }";
    let tcp = figures(
        &[],
        &[
            nfs,
            "throughput: { read: 1GB/s, write: 1GB/s }",
            "mountPoint: /data",
        ],
    );
    assert_eq!(tcp[1], "? ? ?: the servers carry 1GB/s; the tier names no fabric");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Options in any order, with any of them left out: only pairs that exclude one another are found.
    #[test]
    fn harmless_options_in_any_order_are_accepted(
        options in Just(vec!["ro", "hard", "noatime", "nosuid", "nodev", "rsize=1048576", "timeo=600"]).prop_shuffle(),
        keep in 0_usize..7,
    ) {
        let list = format!("mountOptions: [ {} ]", options[..keep].join(", "));
        let lines = ["nfs: { server: nas1, export: /a, transport: TCP }", &list, "mountPoint: /data"];
        prop_assert_eq!(found(&[], &lines), NONE);
        let twice = format!("mountOptions: [ {}, rw, ro ]", options[..keep].iter().filter(|o| **o != "ro").copied().chain(["noexec"]).collect::<Vec<_>>().join(", "));
        let lines = ["nfs: { server: nas1, export: /a, transport: TCP }", &twice, "mountPoint: /data"];
        prop_assert_eq!(found(&[], &lines), ["RW5011"]);
    }
}
