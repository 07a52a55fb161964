//! Bugs that a renderer could have, planted one at a time into files that are right: somebody must notice each of them.
//!
//! OpenSM itself exits with 0 after every one.

use std::collections::{BTreeMap, BTreeSet};

use rackwright_fabric::design::{Design, Seated};
use rackwright_fabric::tree::{Shape, Spread, Tree};

use crate::design;
use crate::proof::{Check, Files, Subnet};

/// A bug, in which file it is, and all checks that it turns red.
struct Bug {
    what: &'static str,
    file: &'static str,
    plant: fn(&str) -> String,
    red: &'static [Check],
}

/// Two units of four nodes with two rails, switches of eight ports: 16 HCAs, four leaves and two spines.
fn small() -> Shape {
    Shape {
        nodes: 8,
        rails: 2,
        spread: Spread::Rails,
        nodes_per_unit: Some(4),
        radix: 8,
        oversubscription: (1, 1),
    }
}

/// A text with something in it that stands there once.
fn with(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "{from:?} in {text}");
    text.replace(from, to)
}

/// A text with two things exchanged wherever they stand.
fn exchanged(text: &str, one: &str, other: &str) -> String {
    text.replace(one, "\0").replace(other, one).replace('\0', other)
}

const BUGS: &[Bug] = &[
    Bug {
        what: "membership in the wrong case",
        file: "partitions.conf",
        plant: |text| text.replace("=full,", "=Full,"),
        red: &[Check::Keys],
    },
    Bug {
        what: "a line of more than 4,094 bytes",
        file: "partitions.conf",
        // GUIDs of the wrong width, and all members of a tenant on one line.
        plant: |text| {
            text.replace(",\n  ", ", ")
                .replace("0x0252", &format!("0x{:0500x}", 0x0252))
        },
        red: &[Check::Log, Check::Keys],
    },
    Bug {
        what: "a missing semicolon",
        file: "partitions.conf",
        plant: |text| text.replacen("=full ;\n\nteam-b", "=full\n\nteam-b", 1),
        red: &[Check::Log, Check::Keys],
    },
    Bug {
        what: "a GUID without 0x",
        file: "partitions.conf",
        // It is taken for an octal number, in silence.
        plant: |text| text.replacen("  0x0252", "  0252", 1),
        red: &[Check::Keys],
    },
    Bug {
        what: "a member's GUID off by one",
        file: "partitions.conf",
        plant: |text| text.replace("0x0252000000000203=", "0x0252000000000204="),
        red: &[Check::Keys],
    },
    Bug {
        what: "a member left out",
        file: "partitions.conf",
        plant: |text| with(text, "0x0252000000000201=full, ", ""),
        red: &[Check::Keys],
    },
    Bug {
        what: "the default partition's rules in reverse order",
        file: "partitions.conf",
        plant: |text| {
            with(
                text,
                "ALL=limited, ALL_SWITCHES=full, SELF=full",
                "SELF=full, ALL_SWITCHES=full, ALL=limited",
            )
        },
        red: &[Check::Keys],
    },
    Bug {
        what: "everybody a full member of the default partition",
        file: "partitions.conf",
        plant: |text| with(text, "ALL=limited", "ALL=full"),
        red: &[Check::Keys],
    },
    Bug {
        what: "the key of another partition",
        file: "partitions.conf",
        plant: |text| with(text, "team-a=0x0011", "team-a=0x0012"),
        red: &[Check::Keys],
    },
    Bug {
        what: "a key that is not at index 0",
        file: "partitions.conf",
        plant: |text| with(text, "team-a=0x0011,indx0", "team-a=0x0011"),
        red: &[Check::Keys],
    },
    Bug {
        what: "a missing root",
        file: "root-guids.conf",
        plant: |text| with(text, "\n0x0252200000000001", ""),
        red: &[Check::Counts, Check::Routes],
    },
    Bug {
        what: "a root's GUID off by one",
        file: "root-guids.conf",
        plant: |text| with(text, "0x0252200000000001", "0x0252200000000002"),
        red: &[Check::Log, Check::Counts, Check::Routes],
    },
    Bug {
        what: "a leaf among the roots",
        file: "root-guids.conf",
        plant: |text| text.to_owned() + "0x0252100000000000\n",
        red: &[Check::Log, Check::Counts, Check::Keys, Check::Routes],
    },
    Bug {
        what: "a compute node left out",
        file: "compute-guids.conf",
        plant: |text| with(text, "0x0252000000000203\n", ""),
        red: &[Check::Counts, Check::Routes],
    },
    Bug {
        what: "a compute node's GUID off by one",
        file: "compute-guids.conf",
        plant: |text| with(text, "0x0252000000000203", "0x0252000000000204"),
        red: &[Check::Counts, Check::Routes],
    },
    Bug {
        what: "one LID for two devices",
        file: "guid2lid",
        plant: |text| text.replace("0x0003", "0x0002"),
        red: &[Check::Log, Check::Keys, Check::Addresses],
    },
    Bug {
        what: "LIDs of two HCAs exchanged",
        file: "guid2lid",
        plant: |text| exchanged(text, "0x0005", "0x0006"),
        red: &[Check::Keys, Check::Addresses],
    },
    Bug {
        what: "a key that OpenSM does not know",
        file: "opensm.conf",
        plant: |text| with(text, "\nlmc 0", "\nlid_mask_count 0"),
        red: &[Check::Log],
    },
    Bug {
        what: "a value out of range",
        file: "opensm.conf",
        plant: |text| with(text, "\nlmc 0", "\nlmc 9"),
        red: &[Check::Log],
    },
    Bug {
        what: "an engine that may fall back",
        file: "opensm.conf",
        plant: |text| with(text, "ftree,no_fallback\n", "ftree\n"),
        red: &[Check::Log],
    },
    Bug {
        what: "another engine",
        file: "opensm.conf",
        plant: |text| with(text, "ftree,no_fallback\n", "minhop,no_fallback\n"),
        red: &[Check::Log, Check::Counts],
    },
    Bug {
        what: "the prefix of another subnet",
        file: "opensm.conf",
        plant: |text| with(text, "0xfe80000000000000", "0xfe80000000000001"),
        red: &[Check::Addresses],
    },
    Bug {
        what: "the names of two switches exchanged",
        file: "node-names.conf",
        plant: |text| exchanged(text, "pod01-s01", "pod01-s02"),
        red: &[Check::Names],
    },
    Bug {
        what: "two uplinks crossed",
        file: "net.txt",
        plant: |text| {
            let text = exchanged(text, "\"S-0252100000000000\"[5]", "\"S-0252100000000001\"[7]");
            exchanged(&text, "\"S-0252200000000000\"[1]", "\"S-0252200000000001\"[3]")
        },
        red: &[Check::Shape, Check::Routes, Check::Wiring],
    },
    Bug {
        what: "the rails of a node crossed",
        file: "net.txt",
        plant: |text| {
            let text = exchanged(text, "\"H-0252000000000400\"[1]", "\"H-0252000000000402\"[1]");
            exchanged(&text, "\"S-0252100000000000\"[3]", "\"S-0252100000000001\"[3]")
        },
        red: &[Check::Wiring],
    },
    Bug {
        what: "a cable at one end only",
        file: "net.txt",
        plant: |text| text.replacen("[5]\t", "#[5]\t", 1),
        red: &[Check::Netlist],
    },
    Bug {
        what: "a switch's GUID off by one",
        file: "net.txt",
        // Planned switches are known by their names, so the wiring is right.
        plant: |text| text.replace("252100000000001", "252100000000009"),
        red: &[Check::Addresses, Check::Names],
    },
];

/// What hosts are called is nobody's business but their owners'.
#[test]
fn any_name_is_only_a_name() {
    let names = [
        "a\" b",
        "# c",
        "0x1 \"d\"",
        "\nDefault=0x7fff : ALL=full ;",
        "e\u{0}\u{1b}[2J",
        "[1]\t\"S-1\"[1]",
        "\u{fdfa}",
        &"f".repeat(253),
    ];
    let nodes = names.iter().zip(0..).map(|(name, seat)| Seated {
        name: (*name).into(),
        seat,
        guids: Box::new([]),
        rack: None,
    });
    let tree = Tree::new(&small()).unwrap();
    let design = Design::new(tree, nodes.collect(), BTreeMap::new()).unwrap();
    let subnet = Subnet::new(&design, 0);
    assert_eq!(subnet.failures(&subnet.files()), BTreeMap::new());
}

#[test]
fn each_bug_is_noticed() {
    let subnet = Subnet::new(&design(&small()), 0);
    let right = subnet.files();
    assert_eq!(subnet.failures(&right), BTreeMap::new());
    let mut wrong = Vec::new();
    for Bug {
        what,
        file,
        plant,
        red,
    } in BUGS
    {
        let mut files: Files = right.clone();
        let broken = plant(&right[file]);
        assert_ne!(broken, right[file], "{what} is not planted");
        files.insert(file, broken);
        let failures = subnet.failures(&files);
        let found: BTreeSet<Check> = failures.keys().copied().collect();
        if found != red.iter().copied().collect() {
            wrong.push(format!("{what}: {failures:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
