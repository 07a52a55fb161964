//! Who can talk over the key tables that `partitions.conf` makes, against who may.

use rackwright_api::{InfiniBandFabricSpec, Name};
use rackwright_plan_check::{Port, check_isolation};
use serde_json::{from_value, json};

const FILE: &str = "# Ours.\nDefault=0x7fff : ALL=limited, ALL_SWITCHES=full, SELF=full ;\n\n\
    a=0x0011,indx0,defmember=limited :\n  0x00000000000000a1=full, 0x00000000000000a2=full ;\n\n\
    b=0x0012,defmember=limited :\n  0x00000000000000b1=full, 0x00000000000000b2=full ;\n\n\
    shared=0x0013,defmember=limited :\n  0x00000000000000b1=limited, 0x00000000000000b2=limited,\n  \
    0x00000000000000c1=full, 0x00000000000000d1=limited ;\n";

/// The code that finds a planted bug, and the bug: what stands in the file, and what stands in its place.
pub const PLANTS: &[(&str, &str, &str)] = &[
    ("RW9061", "ALL=limited", "ALL=full"),
    // A port of another tenant.
    ("RW9061", "0x00000000000000a2=full ;", "0x00000000000000b1=full ;"),
    ("RW9061", "0x00000000000000d1=limited", "0x00000000000000d1=full"),
    // The key of another tenant.
    ("RW9061", "b=0x0012", "b=0x0011"),
    ("RW9062", "0x00000000000000c1=full", "0x00000000000000c1=limited"),
    ("RW9062", "0x00000000000000a1=full, ", ""),
    (
        "RW9062",
        "0x00000000000000a1=full, 0x00000000000000a2=full",
        "0x00000000000000a1, 0x00000000000000a2",
    ),
    ("RW9063", "0x00000000000000a1=full", "0x00000000000000a1=Full"),
    ("RW9063", "0x00000000000000a1", "00000000000000a1"),
    ("RW9063", "0x00000000000000a1", "0x00000000000000a0"),
    ("RW9063", "b=0x0012", "b=0x8012"),
    ("RW9063", "b=0x0012", "b"),
    ("RW9063", "d1=limited ;", "d1=limited"),
];

fn caught(code: &str, from: &str, to: &str) {
    assert!(FILE.contains(from), "{from}");
    let found = found(&partitions(), &FILE.replacen(from, to, 1));
    assert!(
        found.iter().any(|one| one.starts_with(code)),
        "{from} -> {to}: {found:?}"
    );
}

fn spec(partitions: &serde_json::Value) -> InfiniBandFabricSpec {
    from_value(json!({
        "supercluster": "lab", "plane": "Compute", "topology": {"type": "FatTree", "rails": 1},
        "partitions": partitions,
    }))
    .unwrap()
}

fn partitions() -> InfiniBandFabricSpec {
    let partition = |name: &str, pkey: &str, members: &[(&str, &str)]| {
        let members = members.iter();
        let members = members.map(|(pool, membership)| json!({"pool": pool, "membership": membership}));
        json!({"name": name, "pkey": pkey, "members": members.collect::<Vec<_>>()})
    };
    spec(&json!([
        partition("a", "0x0011", &[("a", "Full")]),
        partition("b", "0x0012", &[("b", "Full")]),
        partition(
            "shared",
            "0x0013",
            &[("b", "Limited"), ("c", "Full"), ("d", "Limited")]
        ),
    ]))
}

fn found(spec: &InfiniBandFabricSpec, file: &str) -> Vec<String> {
    let ports = [
        (0xa1, Some("a")),
        (0xa2, Some("a")),
        (0xb1, Some("b")),
        (0xb2, Some("b")),
        (0xc1, Some("c")),
        (0xd1, Some("d")),
        (0xe1, None),
        (0xe2, None),
    ];
    let ports = ports.map(|(guid, pool)| Port { guid, pool });
    let fabric = Name::new("compute").unwrap();
    let found = check_isolation(&fabric, spec, file, ports);
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn what_was_meant_passes() {
    assert_eq!(found(&partitions(), FILE), Vec::<String>::new());
    let open = "Default=0x7fff : ALL=full, ALL_SWITCHES=full, SELF=full ;\n";
    assert_eq!(found(&spec(&json!([])), open), Vec::<String>::new());
}

/// Each as OpenSM takes it, and what the check says.
#[test]
fn planted_bugs_are_caught() {
    for (code, from, to) in PLANTS {
        caught(code, from, to);
    }
    // OpenSM reads 4,095 characters of a line.
    caught("RW9063", "# Ours.\n", &format!("# {}\n", "x".repeat(4093)));
    assert!(found(&partitions(), "")[0].starts_with("RW9063"));
}

/// Two ports and the pools of both are named.
#[test]
fn who_can_talk_is_named() {
    let file = FILE.replace(
        "0x00000000000000a2=full ;",
        "0x00000000000000a2=full, 0x00000000000000d1=full ;",
    );
    assert_eq!(
        found(&partitions(), &file),
        [
            "RW9061: ports of pool a and pool d, such as 0x00000000000000a1 and 0x00000000000000d1, can talk over key 0x0011, and no partition of compute lets them"
        ]
    );
}
