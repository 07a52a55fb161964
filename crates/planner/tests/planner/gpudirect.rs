//! GPUDirect Storage: what tiers and hosts need for it.

use crate::storage::{NONE, found, local, one};
use crate::support::{codes, compile};

#[test]
fn gpudirect_storage_asks_for_rdma() {
    let host = [
        "host: { kernelArguments: [ iommu=pt ], modules: [ nvidia_fs ] }",
        "gpu: { driver: { version: \"580.95.05\", kernelModules: Open } }",
    ];
    for (tier, wanted) in [
        (
            "lustre: { fileSystem: a, managementServers: [ \"10.0.0.1@o2ib\" ] }",
            &[][..],
        ),
        (
            "lustre: { client: 2.14.0, fileSystem: a, managementServers: [ \"10.0.0.1@o2ib\" ] }",
            &["RW5016"],
        ),
        (
            "lustre: { client: 2.15.0, fileSystem: a, managementServers: [ \"10.0.0.1@o2ib\" ] }",
            &[],
        ),
        (
            "lustre: { client: 2.14.0_ddn125, fileSystem: a, managementServers: [ \"10.0.0.1@o2ib\" ] }",
            &[],
        ),
        (
            "lustre: { fileSystem: a, managementServers: [ \"10.0.0.1@tcp\" ] }",
            &["RW5016"],
        ),
        ("beegfs: { managementServer: m, transport: TCP }", &["RW5016"]),
        ("beegfs: { managementServer: m, transport: RDMA }", &[]),
        ("nfs: { server: nas1, export: /a, transport: TCP }", &["RW5016"]),
        ("weka: { backends: [ w1 ], fileSystem: a }", &[]),
    ] {
        let codes = found(
            &host,
            &[
                tier,
                "fabric: storage",
                "gpuDirectStorage: true",
                "mountPoint: /data",
            ],
        );
        assert_eq!(codes, wanted, "{tier}");
    }
}

#[test]
fn gpudirect_storage_asks_the_host() {
    let raid = local("raid: 0,", 2);
    let single = local("", 1);
    let open = "gpu: { driver: { version: \"580.95.05\", kernelModules: Open } }";
    for (pool, tier, wanted) in [
        (
            vec![
                "host: { kernelArguments: [ iommu=pt ], modules: [ nvidia_fs ] }",
                open,
            ],
            &raid,
            true,
        ),
        (
            vec![
                "host: { kernelArguments: [ intel_iommu=on ], modules: [ nvidia_fs ] }",
                open,
            ],
            &raid,
            false,
        ),
        (
            vec![
                "host: { tuned: { profile: gpu, kernelArguments: true }, modules: [ nvidia_fs ] }",
                open,
            ],
            &raid,
            true,
        ),
        (
            vec!["host: { kernelArguments: [ iommu=pt ], modules: [ nvidia_fs ] }"],
            &raid,
            false,
        ),
        // PCI P2PDMA: a new kernel, a new driver, and no RAID.
        (
            vec!["host: { kernel: 6.8.0, kernelArguments: [ iommu=pt ] }", open],
            &single,
            true,
        ),
        (
            vec!["host: { kernel: 6.8.0, kernelArguments: [ iommu=pt ] }", open],
            &raid,
            false,
        ),
        (
            vec!["host: { kernel: 6.1.99, kernelArguments: [ iommu=pt ] }", open],
            &single,
            false,
        ),
        (
            vec![
                "host: { kernel: 6.2.0, kernelArguments: [ iommu=pt ] }",
                "gpu: { driver: { version: \"565.47\", kernelModules: Open } }",
            ],
            &single,
            true,
        ),
        (
            vec![
                "host: { kernel: 6.2.0, kernelArguments: [ iommu=pt ] }",
                "gpu: { driver: { version: \"565.46.9\", kernelModules: Open } }",
            ],
            &single,
            false,
        ),
        (
            vec![
                "host: { kernelArguments: [ iommu=pt ] }",
                "gpu: { managedBy: GPUOperator, driver: { version: \"580.95.05\", kernelModules: Open } }",
            ],
            &raid,
            true,
        ),
    ] {
        let codes = found(&pool, &[tier, "gpuDirectStorage: true", "mountPoint: /data"]);
        let wanted: &[&str] = if wanted { &[] } else { &["RW5017"] };
        assert_eq!(codes, wanted, "{pool:?} {tier}");
    }
}

/// Beside a Grace CPU the IOMMU passes through by itself.
#[test]
fn gpudirect_storage_asks_no_iommu_of_grace() {
    let tier = [
        &local("raid: 0,", 2),
        "gpuDirectStorage: true",
        "mountPoint: /data",
    ];
    let pool = [
        "host: { modules: [ nvidia_fs ] }",
        "gpu: { driver: { version: \"580.95.05\", kernelModules: Open } }",
    ];
    let text = one(&pool, &tier);
    assert!(codes(&compile(&text)).contains(&"RW5017"));
    for gpu in ["gb200-186gb", "gh200-96gb"] {
        let own = format!(
            "spec:\n  catalogue: {{ systems: [ {{ name: ours, gpu: {gpu}, gpus: 1, source: ours }} ] }}\n  racks:"
        );
        let text = text
            .replace("dgx-b200", "ours")
            .replacen("spec:\n  racks:", &own, 1);
        assert_eq!(codes(&compile(&text)), NONE, "{gpu}");
    }
}

#[test]
fn gpudirect_storage_asks_ext4_for_ordered_data() {
    for (file_system, option, right) in [
        ("ext4", "data=ordered", true),
        ("ext4", "data=writeback", false),
        ("ext4", "noatime", true),
        // No option of XFS, which is another rule's finding.
        ("xfs", "data=writeback", true),
    ] {
        let local = local("raid: 0,", 2).replace("xfs", file_system);
        let options = format!("mountOptions: [ {option} ]");
        let codes = found(
            &[],
            &[&local, "gpuDirectStorage: true", &options, "mountPoint: /data"],
        );
        assert_eq!(codes.contains(&"RW5016"), !right, "{file_system} {option}");
    }
}
