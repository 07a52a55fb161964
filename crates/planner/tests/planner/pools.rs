//! What pools and hosts may say: each line of a table is one section of a pool and the codes that it must give.

use crate::support::{codes, compile, told};

/// A site of two racks of a system.
pub fn site(system: &str) -> String {
    format!(
        "apiVersion: rackwright.dev/v1alpha1\nkind: Supercluster\nmetadata: {{ name: lab }}\nspec:\n  racks:\n  \
         - {{ names: \"a[1-2]\", nodes: \"n[1-4]\", system: {system} }}\n"
    )
}

pub fn pool(name: &str, nodes: &str, sections: &str) -> String {
    format!(
        "---\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: {{ name: {name} }}\nspec:\n  \
         supercluster: lab\n  nodes: {{ names: \"{nodes}\" }}\n  {sections}\n"
    )
}

/// The codes of one pool with a section.
fn judge(system: &str, section: &str) -> Vec<&'static str> {
    codes(&compile(&(site(system) + &pool("train", "a1-n[1-4]", section))))
}

#[test]
fn host_sections_get_their_verdict() {
    let table: &[(&str, &[&str])] = &[
        // Legal repeats, and the same argument twice with one value.
        (
            r#"kernelArguments: [ "console=tty0", "console=ttyS0", "pci=noaer", "pci=realloc=off" ]"#,
            &[],
        ),
        (
            r#"kernelArguments: [ "hugepagesz=2M", "hugepages=8", "hugepagesz=1G", "hugepages=2" ]"#,
            &[],
        ),
        (r#"kernelArguments: [ "audit=0", "audit=0" ]"#, &[]),
        (r#"kernelArguments: [ "audit=0", "audit=1" ]"#, &["RW3003"]),
        (
            r#"kernelArguments: [ "pci=realloc=on", "pci=noaer,realloc=off" ]"#,
            &["RW3003"],
        ),
        (r#"kernelArguments: [ "intel_iommu=on", "iommu=pt" ]"#, &[]),
        (
            r#"kernelArguments: [ "nvme_core.io_timeout=1", "nvme-core.io-timeout=2" ]"#,
            &["RW3003"],
        ),
        (
            r#"kernelArguments: [ "init_on_alloc=0", "init-on-alloc=1" ]"#,
            &["RW3003"],
        ),
        // Huge pages.
        (
            r#"{ hugePages: [ { size: 1Gi, count: 2 } ], kernelArguments: [ "hugepages=8" ] }"#,
            &["RW3005"],
        ),
        (
            r#"{ hugePages: [ { size: 1Gi, count: 2 } ], sysctls: { vm.nr_hugepages: "8" } }"#,
            &[],
        ),
        (
            r#"{ hugePages: [ { size: 2Mi, count: 2 } ], tuned: { profile: p, sysctls: [ vm.nr_hugepages ] } }"#,
            &["RW3005"],
        ),
        (
            r#"{ hugePages: [ { size: 1Gi, count: 2 } ], tuned: { profile: p, kernelArguments: true } }"#,
            &["RW3007"],
        ),
        (
            r#"{ hugePages: [ { size: 2Mi, count: 2 } ], tuned: { profile: p, kernelArguments: true } }"#,
            &[],
        ),
        // Sysctls.
        (
            r#"{ sysctls: { vm.swappiness: "1" }, kernelArguments: [ "sysctl.vm.swappiness=1" ] }"#,
            &["RW3006"],
        ),
        (
            r#"{ sysctls: { vm.swappiness: "1" }, kernelArguments: [ "sysctl.vm.overcommit_memory=1" ] }"#,
            &[],
        ),
        (
            r#"{ sysctls: { vm.swappiness: "1" }, tuned: { profile: p, sysctls: [ vm/swappiness ] } }"#,
            &["RW2012", "RW3006"],
        ),
        (
            r#"{ sysctls: { net.ipv4.conf.a/1.rp_filter: "1" }, tuned: { profile: p, sysctls: [ net.ipv4.conf.a/1.rp_filter ] } }"#,
            &["RW3006"],
        ),
        // Module options.
        (
            r#"{ moduleOptions: [ { module: nvme_core, options: { io_timeout: "1" } } ], kernelArguments: [ "nvme-core.io_timeout=1" ] }"#,
            &["RW3008"],
        ),
        (
            r#"{ moduleOptions: [ { module: nvme_core, options: { io_timeout: "1" } } ], kernelArguments: [ "nvme.io_timeout=1" ] }"#,
            &[],
        ),
        (
            r#"{ moduleOptions: [ { module: nvme, options: { "io timeout": "1" } } ] }"#,
            &["RW3009"],
        ),
    ];
    for (host, expected) in table {
        let section = if host.starts_with('{') {
            format!("host: {host}")
        } else {
            format!("host: {{ {host} }}")
        };
        assert_eq!(judge("dgx-h100", &section), *expected, "{host}");
    }
}

#[test]
fn gpu_sections_get_their_verdict() {
    let table: &[(&str, &str, &[&str])] = &[
        (
            "dgx-h100",
            "gpu: { driver: { version: 580.95.05, kernelModules: Proprietary } }",
            &[],
        ),
        (
            "gb300-nvl72",
            "gpu: { driver: { version: 580.95.05, kernelModules: Proprietary } }",
            &["RW3013"],
        ),
        ("dgx-h100", "gpu: { persistence: Disabled }", &[]),
        ("gb300-nvl72", "gpu: { persistence: Disabled }", &["RW3018"]),
        (
            "gb300-nvl72",
            "gpu: { imex: { mode: HostManaged, channels: 1 } }",
            &[],
        ),
        ("dgx-b200", "gpu: { imex: { mode: HostManaged } }", &["RW3015"]),
        ("ours-1", "gpu: { imex: { mode: HostManaged } }", &["RW2018"]),
        (
            "gb200-nvl72",
            "gpu: { imex: { mode: DriverManaged } }\n  host: { serviceLimits: [ { service: nvidia-imex, nofile: \"1024\" } ] }",
            &["RW3016"],
        ),
        (
            "gb200-nvl72",
            "gpu: { imex: { mode: HostManaged } }\n  host: { serviceLimits: [ { service: nvidia-imex, nofile: \"1024\" } ] }",
            &[],
        ),
        (
            "gb200-nvl72",
            "gpu: { mig: { layout: [ { profile: 1g.24gb, count: 7 } ] } }",
            &[],
        ),
        (
            "dgx-h100",
            "gpu: { managedBy: GPUOperator }\n  host: { moduleOptions: [ { module: nvidia_uvm, options: { uvm_disable_hmm: \"1\" } } ] }",
            &["RW3012"],
        ),
        (
            "dgx-h100",
            "gpu: { managedBy: GPUOperator }\n  host: { kernelArguments: [ \"nvidia-drm.modeset=1\", \"rd.driver.blacklist=nouveau\" ] }",
            &["RW3012"],
        ),
        (
            "dgx-h100",
            "gpu: { managedBy: Host }\n  host: { modules: [ nvidia_peermem ] }",
            &[],
        ),
        (
            "dgx-h100",
            "gpu: { mig: { layout: [ { profile: 7g.80gb, count: 1 } ] } }\n  kubernetes: { labels: { nvidia.com/mig.config: all-7g.80gb } }",
            &["RW3011"],
        ),
        (
            "dgx-h100",
            "kubernetes: { labels: { nvidia.com/mig.config: all-disabled } }",
            &[],
        ),
        (
            "dgx-h100",
            "kubernetes: { taints: [ { key: node.kubernetes.io/unreachable, effect: NoExecute } ] }",
            &["RW3011"],
        ),
        (
            "dgx-h100",
            "kubernetes: { taints: [ { key: \"a b\", effect: NoExecute } ] }",
            &["RW3010"],
        ),
    ];
    for (system, section, expected) in table {
        assert_eq!(judge(system, section), *expected, "{system} {section}");
    }
}

#[test]
fn the_taint_whose_key_is_none_is_shown() {
    let taints =
        "kubernetes: { taints: [ { key: team, effect: NoExecute }, { key: \"a b\", effect: NoExecute } ] }";
    let compilation = compile(&(site("dgx-h100") + &pool("train", "a1-n1", taints)));
    assert_eq!(
        told(&compilation.findings[0]),
        "RW3010 \"a b\" of GPUPool/train is not the key of a taint\n  refuses GPUPool/train at spec.kubernetes.taints[1].key: neither \
         NAME nor DOMAIN/NAME\n"
    );
}

struct Found {
    codes: Vec<&'static str>,
    message: String,
    refused: usize,
}

/// What two pools find that share the racks of an NVL72 system.
fn rack(one: &str, two: &str) -> Found {
    let one = pool("one", "a1-n[1-2],a2-n1", one);
    let two = pool("two", "a1-n[3-4],a2-n2", two);
    let compilation = compile(&(site("gb200-nvl72") + &one + &two));
    let first = compilation.findings.first();
    Found {
        codes: codes(&compilation),
        message: first.map_or_else(String::new, |finding| finding.message.clone()),
        refused: compilation.refused.len(),
    }
}

#[test]
fn channels_agree_in_a_domain() {
    let imex = |channels: &str| format!("gpu: {{ imex: {{ mode: DriverManaged{channels} }} }}");
    let found = rack(&imex(", channels: 100"), &imex(""));
    assert_eq!((found.codes, found.refused), (vec!["RW3014"], 2));
    for part in [
        "GPUPool/one has 100",
        "GPUPool/two has 2048",
        "2 racks are shared by them: a[1-2]",
    ] {
        assert!(found.message.contains(part), "{}", found.message);
    }
    // The driver's own number, written out, in either spelling.
    assert!(rack(&imex(", channels: 2048"), &imex("")).codes.is_empty());
    let option = |count: u32| {
        imex("")
            + &format!(
                "\n  host: {{ moduleOptions: [ {{ module: nvidia, options: {{ NVreg_ImexChannelCount: \"{count}\" }} }} ] }}"
            )
    };
    assert!(rack(&imex(", channels: 4096"), &option(4096)).codes.is_empty());
    assert_eq!(rack(&imex(", channels: 4096"), &option(4095)).codes, ["RW3014"]);
    // A pool without IMEX has no say.
    assert!(
        rack(&imex(", channels: 4096"), "gpu: { ecc: Enabled }")
            .codes
            .is_empty()
    );
}

#[test]
fn modes_agree_in_a_cluster() {
    let imex = |mode: &str| format!("gpu: {{ imex: {{ mode: {mode} }} }}");
    let found = rack(&imex("DriverManaged"), &imex("HostManaged"));
    assert_eq!((found.codes, found.refused), (vec!["RW3016"], 2));
    assert!(
        found.message.contains("the site lab has both"),
        "{}",
        found.message
    );
    assert!(rack(&imex("HostManaged"), &imex("HostManaged")).codes.is_empty());
    // Two member clusters have a mode each.
    let clusters = |racks: [&str; 2]| {
        site("gb200-nvl72").replace(
            "spec:\n",
            &format!(
                "spec:\n  clusters: [ {{ name: east, racks: \"{}\" }}, {{ name: west, racks: \"{}\" }} ]\n",
                racks[0], racks[1]
            ),
        ) + &pool("one", "a1-n1", &imex("DriverManaged"))
            + &pool("two", "a2-n1", &imex("HostManaged"))
    };
    assert!(compile(&clusters(["a1", "a2"])).findings.is_empty());
    let one = compile(&(clusters(["a1", "a2"]) + &pool("three", "a2-n2", &imex("DriverManaged"))));
    assert_eq!(one.findings.len(), 1);
    let message = &one.findings[0].message;
    assert!(
        message.contains("the cluster west of lab") && !message.contains("GPUPool/one"),
        "{message}"
    );
}

#[test]
fn a_management_interface_is_no_hca() {
    let fabric = "---\napiVersion: rackwright.dev/v1alpha1\nkind: InfiniBandFabric\nmetadata: { name: ib }\nspec:\n  \
                  supercluster: lab\n  plane: Compute\n  topology: { type: FatTree, rails: 1 }\n";
    let inventory = |node: &str, address: &str| {
        format!(
            "---\napiVersion: rackwright.dev/v1alpha1\nkind: NodeInventory\nmetadata: {{ name: {node} }}\nspec:\n  \
             hcas: [ {{ rail: 0, guid: \"0x00000000000000{}\", pciAddress: \"{address}\" }} ]\n",
            &node[4..].repeat(2)
        )
    };
    let with = |section: &str| {
        site("dgx-h100")
            + fabric
            + &pool("train", "a1-n[1-3]", section)
            + &inventory("a1-n1", "0000:05:00.0")
            + &inventory("a1-n2", "0000:1b:00.0")
            + &inventory("a1-n3", "0000:1b:00.0")
            + &inventory("a1-n4", "0000:2b:00.0")
    };
    let at = |name: &str, address: &str| {
        format!(
            "fabrics: [ {{ name: ib }} ]\n  host: {{ managementInterface: {{ name: {name}, pciAddress: \"{address}\" }} }}"
        )
    };
    let found = compile(&with(&at("eno1", "0000:1b:00.0")));
    assert_eq!(codes(&found), ["RW3019"]);
    assert!(
        found.findings[0]
            .message
            .contains("an HCA of a1-n2 and of 1 more node (a1-n3)"),
        "{}",
        found.findings[0].message
    );
    // The HCA of a node that is not the pool's, and another function of the same device.
    for address in ["0000:2b:00.0", "0000:1b:00.1"] {
        assert!(
            compile(&with(&at("eno1", address))).findings.is_empty(),
            "{address}"
        );
    }
    for (name, right) in [
        ("ibs1", false),
        ("rail0", false),
        ("rail12", false),
        ("rail", true),
        ("rails", true),
        ("rail0a", true),
        ("bond0", true),
    ] {
        let wanted: &[&str] = if right { &[] } else { &["RW3019"] };
        assert_eq!(
            codes(&compile(&with(&at(name, "0000:2b:00.0")))),
            wanted,
            "{name}"
        );
    }
    // Without a fabric nothing is configured.
    let alone = "host: { managementInterface: { name: ib0, pciAddress: \"0000:1b:00.0\" } }";
    assert!(compile(&with(alone)).findings.is_empty());
}

/// 2,047 characters fit and no more: the arguments with a space between them.
#[test]
fn a_command_line_holds_2047_characters() {
    let line = |last: usize| {
        // Seven words of 256 characters and the spaces behind them: 1,799.
        let mut words: Vec<String> = (0..7).map(|at| format!("rd.x{at}={}", "v".repeat(250))).collect();
        words.push(format!("rd.y={}", "v".repeat(last - 5)));
        format!("host: {{ kernelArguments: [ {} ] }}", words.join(", "))
    };
    assert!(judge("dgx-h100", &line(248)).is_empty());
    assert_eq!(judge("dgx-h100", &line(249)), ["RW3004"]);
    let with = line(248).replace("host: {", "host: { hugePages: [ { size: 1Gi, count: 4 } ],");
    let found = compile(&(site("dgx-h100") + &pool("train", "a1-n1", &with)));
    assert_eq!(codes(&found), ["RW3004"]);
    let message = &found.findings[0].message;
    assert!(
        message.contains("have 2047 characters + 26 for its huge pages of 1 GiB = 2073"),
        "{message}"
    );
}
