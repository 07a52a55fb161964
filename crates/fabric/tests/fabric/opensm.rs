//! OpenSM's files, letter by letter: it reads a wrong one in silence.

use rackwright_fabric::network::Network;
use rackwright_fabric::opensm::{
    Membership, Mtu, Partition, PartitionError, Settings, Sweep, compute_nodes, config, guid_to_lid,
    node_names, partitions, roots,
};
use rackwright_fabric::placeholder;

use crate::check::small;

fn partition(name: &str, pkey: u16, members: &[(u32, Membership)]) -> Partition {
    Partition {
        name: name.to_owned(),
        pkey,
        ipoib: None,
        members: members.to_vec(),
    }
}

const FULL: Membership = Membership::Full;
const LIMITED: Membership = Membership::Limited;

#[test]
fn tenants_by_name_key_and_port() {
    let network = small(4);
    let mut first = partition(
        "team-a",
        0x11,
        &[(0, FULL), (1, FULL), (2, FULL), (3, FULL), (4, LIMITED)],
    );
    first.ipoib = Some(Mtu::Bytes4096);
    let list = [
        first,
        partition("team-b", 0x7ffe, &[(5, FULL)]),
        partition("both", 0x12, &[(5, LIMITED), (6, FULL)]),
        partition("none", 1, &[]),
    ];
    assert_eq!(
        partitions(&network, &list, Some(Mtu::Bytes4096)).unwrap(),
        "# Written by rackwright. The same on every subnet manager of this subnet.\n\
         Default=0x7fff : ALL=limited, ALL_SWITCHES=full, SELF=full ;\n\
         \n\
         team-a=0x0011,indx0,ipoib,mtu=5,defmember=limited :\n\
         \u{20} 0x0252000000000001=full, 0x0252000000000003=full, 0x0252000000000201=full, 0x0252000000000203=full,\n\
         \u{20} 0x0252000000000401=limited ;\n\
         \n\
         team-b=0x7ffe,defmember=limited :\n\
         \u{20} 0x0252000000000403=full ;\n\
         \n\
         both=0x0012,indx0,defmember=limited :\n\
         \u{20} 0x0252000000000601=full ;\n\
         \n\
         both=0x0012,defmember=limited :\n\
         \u{20} 0x0252000000000403=limited ;\n"
    );
    assert!(
        partitions(&network, &[], Some(Mtu::Bytes2048))
            .unwrap()
            .ends_with("\nDefault=0x7fff,ipoib,mtu=4 : ALL=full, ALL_SWITCHES=full, SELF=full ;\n")
    );
}

#[test]
fn what_opensm_would_misread_is_refused() {
    let network = small(4);
    let refused = |list: &[Partition]| partitions(&network, list, None).unwrap_err();
    for key in [0, 0x7fff, 0x8011] {
        assert_eq!(
            refused(&[partition("a", key, &[])]),
            PartitionError::Key("a".into(), key)
        );
    }
    for name in ["", "a b", "a=0x1", "a;", "ü", "a\n"] {
        assert_eq!(
            refused(&[partition(name, 1, &[])]),
            PartitionError::Name(name.into())
        );
    }
    assert_eq!(
        refused(&[partition("a", 1, &[]), partition("b", 1, &[])]),
        PartitionError::KeyTwice("a".into(), "b".into(), 1)
    );
    assert_eq!(
        refused(&[partition("a", 1, &[(3, FULL), (3, LIMITED)])]),
        PartitionError::MemberTwice {
            partition: "a".into(),
            device: "n02 HCA-1".into()
        }
    );
    for place in [8, 9999] {
        assert_eq!(
            refused(&[partition("a", 1, &[(place, FULL)])]),
            PartitionError::NoHca("a".into(), place)
        );
    }
}

/// A line of more than 4,094 bytes would drop all partitions.
#[test]
fn lines_are_short() {
    let network = small(64);
    let all: Vec<(u32, Membership)> = (0..128).map(|hca| (hca, LIMITED)).collect();
    let text = partitions(&network, &[partition("all", 1, &all)], None).unwrap();
    assert!(text.lines().all(|line| line.len() < 200));
    assert_eq!(text.matches("=limited").count(), 128 + 2);
}

#[test]
fn lists_name_what_they_are_for() {
    let mut network = small(4);
    assert_eq!(
        roots(&network),
        "# Written by rackwright. The switches of the highest level.\n0x0252200000000000\n"
    );
    let hcas = compute_nodes(&network);
    assert_eq!(
        (hcas.lines().count(), hcas.lines().nth(8)),
        (9, Some("0x0252000000000603"))
    );
    network.devices[0].name = "a \"quoted\"\nname".into();
    let names = node_names(&network);
    assert!(
        names.contains("\n0x0252000000000001 \"a _quoted__name\"\n0x0252000000000003 \"n01 HCA-1\"\n"),
        "{names}"
    );
    assert!(names.ends_with("0x0252200000000000 \"pod01-s01\"\n"), "{names}");
}

#[test]
fn lids_count_up_for_nodes_and_down_for_switches() {
    let network = small(4);
    let switches = network.devices.len() as u32 - 8;
    let places = |first: u32| -> Vec<u32> { (first..first + 8).chain(0..switches).collect() };
    let lids = guid_to_lid(&network, &places(100)).unwrap();
    assert!(
        lids.starts_with("0x0252000000000001 0x0065 0x0065\n\n0x0252000000000003 0x0066 0x0066\n\n"),
        "{lids}"
    );
    assert!(
        lids.contains("0x0252100000000000 0xbfff 0xbfff\n\n0x0252100000000001 0xbffe 0xbffe\n\n"),
        "{lids}"
    );
    let last = |first: u32| guid_to_lid(&network, &places(first));
    assert!(last(0xbfff - switches - 8).is_ok());
    assert_eq!(last(0xbfff - switches - 7), Err(1));
}

/// What OpenSM's own defaults would do is in the file's comments; here the values that safety hangs on.
#[test]
fn nothing_is_left_to_a_default() {
    let text = config(&Settings {
        folder: "/etc/opensm/compute".into(),
        subnet_prefix: 0xfe80_0000_0000_0001,
        routing_engine: "ftree".into(),
        sweep: Sweep::default(),
    });
    for line in [
        "subnet_prefix 0xfe80000000000001",
        "routing_engine ftree,no_fallback",
        "root_guid_file /etc/opensm/compute/root-guids.conf",
        "cn_guid_file /etc/opensm/compute/compute-guids.conf",
        "node_name_map_name /etc/opensm/compute/node-names.conf",
        "partition_config_file /etc/opensm/compute/partitions.conf",
        "part_enforce both",
        "honor_guid2lid_file TRUE",
        "lmc 0",
        "sminfo_polling_timeout 1000",
        "polling_retry_number 2",
    ] {
        assert!(text.lines().any(|other| other == line), "{line}: {text}");
    }
    assert!(!text.contains("sm_priority"), "the same file on every manager");
}

#[test]
fn a_placeholder_is_seen() {
    let network: Network = small(4);
    assert!(
        network
            .devices
            .iter()
            .all(|device| placeholder::is_placeholder(device.guid))
    );
}
