//! What the files and units of a host cannot hold, and who else sets what they set: the cases that the rules' two examples
//! do not show.

use crate::support::{codes, compile};

fn site(system: &str) -> String {
    format!(
        "apiVersion: rackwright.dev/v1alpha1\nkind: Supercluster\nmetadata: {{ name: lab }}\nspec:\n  racks:\n  \
         - {{ names: \"a[1-2]\", nodes: \"n[1-4]\", system: {system} }}\n"
    ) + "---\napiVersion: rackwright.dev/v1alpha1\nkind: InfiniBandFabric\nmetadata: { name: storage }\nspec:\n  \
         supercluster: lab\n  plane: Storage\n  topology: { type: FatTree, rails: 1 }\n  addressing: { ipv4: 10.80.0.0/22 }\n"
}

fn pool(name: &str, nodes: &str, sections: &str) -> String {
    format!(
        "---\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: {{ name: {name} }}\nspec:\n  \
         supercluster: lab\n  nodes: {{ names: \"{nodes}\" }}\n  {sections}\n"
    )
}

/// What is said of a text, but that one object hangs on another.
fn found(yaml: &str) -> Vec<&'static str> {
    let mut codes = codes(&compile(yaml));
    codes.retain(|code| *code != "RW2007");
    codes
}

#[test]
fn huge_pages_have_one_owner_by_their_size() {
    for (host, expected) in [
        // The sysctl counts pages of the default size.
        (
            "hugePages: [ { size: 1Gi, count: 2 } ], sysctls: { vm.nr_hugepages: \"8\" }",
            None,
        ),
        (
            "hugePages: [ { size: 1Gi, count: 2 } ], sysctls: { vm.nr_hugepages: \"8\" }, kernelArguments: [ default_hugepagesz=1G ]",
            Some("RW3005"),
        ),
        (
            "hugePages: [ { size: 2Mi, count: 2 } ], sysctls: { vm.nr_hugepages: \"8\" }, kernelArguments: [ default_hugepagesz=1G ]",
            None,
        ),
        (
            "hugePages: [ { size: 2Mi, count: 2 } ], sysctls: { vm.nr_hugepages: \"8\" }, kernel: 6.8.0-1024-nvidia-64k",
            None,
        ),
        (
            "hugePages: [ { size: 2Mi, count: 2 } ], kernelArguments: [ default_hugepagesz=1G ]",
            None,
        ),
        // Sizes that the kernel has.
        (
            "hugePages: [ { size: 1Gi, count: 2 } ], kernel: 6.8.0-1024-nvidia",
            None,
        ),
        (
            "hugePages: [ { size: 1Gi, count: 2 } ], kernel: 6.8.0-1024-nvidia-64k",
            Some("RW3023"),
        ),
        (
            "hugePages: [ { size: 1Gi, count: 2 } ], kernel: 5.14.0-503.11.1.el9_5.aarch64+64k",
            Some("RW3023"),
        ),
        (
            "hugePages: [ { size: 2Mi, count: 2 } ], kernel: 6.8.0-1024-nvidia-64k",
            None,
        ),
    ] {
        let yaml = site("dgx-b200") + &pool("train", "a1-n[1-4]", &format!("host: {{ {host} }}"));
        assert_eq!(found(&yaml), Vec::from_iter(expected), "{host}");
    }
}

#[test]
fn channels_of_a_kernel_argument_count() {
    let imex = |more: &str| format!("gpu: {{ imex: {{ mode: DriverManaged{more} }} }}");
    for (argument, agrees) in [
        ("nvidia.NVreg_ImexChannelCount=4096", true),
        ("nvidia.NVreg-ImexChannelCount=4096", true),
        ("nvidia.NVreg_ImexChannelCount=4095", false),
        ("nvidia_drm.NVreg_ImexChannelCount=4096", false),
    ] {
        let two = imex("") + &format!("\n  host: {{ kernelArguments: [ {argument} ] }}");
        let yaml = site("gb200-nvl72")
            + &pool("one", "a[1-2]-n1", &imex(", channels: 4096"))
            + &pool("two", "a[1-2]-n2", &two);
        let expected = if agrees { vec![] } else { vec!["RW3014"] };
        assert_eq!(found(&yaml), expected, "{argument}");
    }
}

#[test]
fn tiers_that_a_host_cannot_mount_are_refused() {
    let local = "localNVMe: { devices: { model: X, count: 2 }, raid: 0, filesystem: xfs, wipe: Never }";
    let nfs = |server: &str| {
        format!("nfs: {{ server: \"{server}\", export: /a, transport: RDMA }}, fabric: storage")
    };
    for (spec, expected) in [
        (nfs("nas1"), None),
        (nfs("nas1:2049"), Some("RW5026")),
        // NFS alone takes one, in brackets.
        (nfs("fd00::1"), None),
        (nfs("nas1") + ", mountOptions: [ port=20049 ]", Some("RW5011")),
        (nfs("nas1") + ", mountOptions: [ proto=rdma ]", Some("RW5011")),
        (
            nfs("nas1").replace("RDMA", "TCP") + ", mountOptions: [ port=2049 ]",
            None,
        ),
        // Where the field is not written the option says it.
        (nfs("nas1") + ", mountOptions: [ vers=4.2, nconnect=8 ]", None),
        (
            nfs("nas1").replace("RDMA", "RDMA, connections: 8") + ", mountOptions: [ nconnect=8 ]",
            Some("RW5011"),
        ),
        (
            nfs("nas1") + ", mountOptions: [ x-systemd.idle-timeout=60 ]",
            Some("RW5025"),
        ),
        (
            "lustre: { fileSystem: data, managementServers: [ \"mgs1@tcp\", \"fd00::1@tcp\" ] }".to_owned(),
            Some("RW5026"),
        ),
        (
            "weka: { backends: [ \"w1\", \"w2:14000\" ], fileSystem: fs }".to_owned(),
            Some("RW5026"),
        ),
        (
            "weka: { backends: [ w1 ], fileSystem: fs }, fabric: storage, mountOptions: [ net=rail0 ]"
                .to_owned(),
            Some("RW5011"),
        ),
        (
            "weka: { backends: [ w1 ], fileSystem: fs }, mountOptions: [ net=ib0 ]".to_owned(),
            None,
        ),
        (
            "weka: { backends: [ w1 ], fileSystem: fs }, fabric: storage, mountOptions: [ num_cores=2, noatime ]"
                .to_owned(),
            None,
        ),
        (
            "weka: { backends: [ w1 ], cores: 2, fileSystem: fs }, mountOptions: [ num_cores=2 ]".to_owned(),
            Some("RW5011"),
        ),
        (
            "beegfs: { managementServer: m, transport: TCP }, mountOptions: [ cfgFile=/etc/b ]".to_owned(),
            Some("RW5011"),
        ),
        (
            "beegfs: { managementServer: m, transport: TCP }, mountOptions: [ noatime ]".to_owned(),
            None,
        ),
        (local.to_owned(), None),
    ] {
        let yaml = site("dgx-b200")
            + &pool(
                "train",
                "a1-n[1-4]",
                "fabrics: [ { name: storage } ]\n  storage: [ { tier: data } ]",
            )
            + &format!(
                "---\napiVersion: rackwright.dev/v1alpha1\nkind: StorageTier\nmetadata: {{ name: data }}\n\
                 spec: {{ supercluster: lab, mountPoint: /mnt/data, {spec} }}\n"
            );
        // Whether Weka has its huge pages is another matter.
        let mut found = found(&yaml);
        found.retain(|code| *code != "RW5015");
        assert_eq!(found, Vec::from_iter(expected), "{spec}");
    }
}

#[test]
fn the_peers_of_an_imex_daemon_are_the_nodes_of_its_rack() {
    let peers = |system: &str, mode: &str| {
        let imex = format!("gpu: {{ imex: {{ mode: {mode} }} }}");
        let compilation = compile(&(site(system) + &pool("one", "a[1-2]-n[1-2]", &imex)));
        let node = compilation.plan.node("a2-n1").unwrap();
        node.facts().imex_peers.map(|peers| peers.to_string())
    };
    // Those of no pool too: a daemon waits for every node of the domain.
    assert_eq!(peers("gb200-nvl72", "HostManaged").unwrap(), "a2-n[1-4]");
    assert_eq!(peers("gb200-nvl72", "DriverManaged"), None);
    // Of a system that nobody describes it is not known what shares NVLink.
    assert_eq!(peers("made-up", "HostManaged"), None);
}
