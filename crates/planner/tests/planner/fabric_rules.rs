//! Rules about a fabric: what they leave alone, and the cases that their pages do not show.

use crate::rules::page;
use crate::support::{codes, compile, told};

/// The example of a rule's page with these parts replaced.
fn example(code: &str, section: &str, edits: &[(&str, &str)]) -> String {
    let mut yaml = page(code, section).to_owned();
    for (from, to) in edits {
        assert!(yaml.contains(from), "{code}: no {from:?} in {yaml}");
        yaml = yaml.replace(from, to);
    }
    yaml
}

/// The codes of it but for RW2007, which follows from others.
fn found(code: &str, section: &str, edits: &[(&str, &str)]) -> Vec<&'static str> {
    let compilation = compile(&example(code, section, edits));
    let codes = codes(&compilation).into_iter();
    codes.filter(|code| *code != "RW2007").collect()
}

const NONE: [&str; 0] = [];

#[test]
fn each_topology_has_engines_that_suit_it() {
    let tree = |units: &str, engine: &str| {
        let own = format!(
            "units: {units} }}\n  subnetManager: {{ kind: OpenSM, routingEngine: {engine}, nodes: sm1 }}\n"
        );
        found("RW2044", "Accepted", &[("units: 160 }\n", &own)])
    };
    // Eight units are the most of two levels.
    assert_eq!(tree("8", "minhop"), NONE);
    assert_eq!(tree("9", "minhop"), ["RW2046"]);
    for engine in ["ftree", "updn", "dnup", "dfsssp"] {
        assert_eq!(tree("9", engine), NONE, "{engine}");
    }
    // Up to what was seen to end: a unit has 256 HCAs.
    assert_eq!(tree("16", "dfsssp"), NONE);
    assert_eq!(tree("17", "dfsssp"), ["RW2046"]);
    let group = |engine: &str| found("RW2045", "Accepted", &[("routingEngine: dfsssp, ", engine)]);
    assert_eq!(group(""), NONE);
    for engine in ["minhop", "updn", "dnup"] {
        assert_eq!(
            group(&format!("routingEngine: {engine}, ")),
            ["RW2046"],
            "{engine}"
        );
    }
}

/// A switch of the site's own has the links that its entry says, else those of the one that it is like.
#[test]
fn a_switch_of_the_sites_own_says_what_runs_on_its_links() {
    let fabric = |switch: &str, entry: &str| {
        let own = format!("  catalogue:\n    switches: [ {{ {entry}, source: \"our order\" }} ]\n  racks:");
        found(
            "RW2056",
            "Refused",
            &[
                ("  racks:", &own),
                ("switch: sn5600", &format!("switch: {switch}")),
            ],
        )
    };
    let new = "name: ours, ports: 64, portRateGbps: 400";
    let none: &[&str] = &[];
    for (switch, entry, codes) in [
        ("ours", new.to_owned(), none),
        ("ours", format!("{new}, link: InfiniBand"), none),
        ("ours", format!("{new}, link: Ethernet"), &["RW2056"]),
        ("ours", "name: ours, like: sn5600".to_owned(), &["RW2056"]),
        (
            "ours",
            "name: ours, like: sn5600, link: InfiniBand".to_owned(),
            none,
        ),
        ("sn5600", "name: sn5600, link: InfiniBand".to_owned(), none),
        ("qm9700", "name: qm9700, link: Ethernet".to_owned(), &["RW2056"]),
    ] {
        assert_eq!(fabric(switch, &entry), codes, "{entry}");
    }
}

/// The adapter is that of the switch's rate; a switch's own table counts where the site knows it.
#[test]
fn the_table_is_that_of_the_ports_rate() {
    let catalogue = |entry: &str| {
        let own = format!("  catalogue:\n    {entry}\n---");
        let without = "  catalogue:\n    adapters:\n    - { name: connectx-7, pkeyTable: 3, source: \"ibv_devinfo, max_pkeys\" }\n---";
        found("RW2043", "Accepted", &[(without, &own)])
    };
    assert_eq!(
        catalogue("adapters: [ { name: connectx-6, pkeyTable: 2, source: ours } ]"),
        NONE
    );
    assert_eq!(
        catalogue("adapters: [ { name: connectx-7, pkeyTable: 2, source: ours } ]"),
        ["RW2043"]
    );
    assert_eq!(
        catalogue("switches: [ { name: qm9700, pkeyTable: 2, source: ours } ]"),
        ["RW2043"]
    );
    assert_eq!(
        catalogue("switches: [ { name: qm9700, pkeyTable: 3, source: ours } ]"),
        NONE
    );
    // Nobody says which adapter it is: the smallest table counts.
    let any = [
        (", switch: qm9700, oversubscription: \"1:1\"", ""),
        ("connectx-7", "connectx-6"),
    ];
    assert_eq!(found("RW2043", "Refused", &any), ["RW2043"]);
}

#[test]
fn disjoint_rails_have_addresses_of_their_own() {
    assert_eq!(
        found(
            "RW2044",
            "Refused",
            &[("units: 192", "units: 192, disjointRails: true")]
        ),
        NONE
    );
    let text = example(
        "RW2044",
        "Refused",
        &[(
            "nodesPerUnit: 32, switch: qm9700",
            "nodesPerUnit: 1024, switch: q3400-ra, disjointRails: true",
        )],
    );
    let findings = compile(&text).findings;
    assert!(
        findings.iter().map(told).collect::<String>().contains(
            "in each of its 8 subnets, 192 units x 1024 nodes (nodesPerUnit) x 1 rails = 196608 LIDs"
        ),
        "{findings:?}"
    );
}

#[test]
fn managers_are_hosts_or_nodes_that_are_placed() {
    let managers = |nodes: &str| {
        found(
            "RW2047",
            "Accepted",
            &[("nodes: \"sm[1-2]\" }", &format!("nodes: \"{nodes}\" }}"))],
        )
    };
    assert_eq!(managers("sm1,a1-n1"), NONE);
    assert_eq!(managers("sm1,a9-n1"), ["RW2047"]);
    // A node of the site in a rack that is not placed has no port either.
    let edits = [
        ("unit: 1, racks: \"a[1-4]\"", "unit: 1, racks: \"a[1-3]\""),
        ("nodes: { racks: \"a[1-4]\" }", "nodes: { racks: \"a[1-3]\" }"),
        ("nodes: \"sm[1-2]\" }", "nodes: \"sm1,a4-n1\" }"),
    ];
    assert_eq!(found("RW2047", "Accepted", &edits), ["RW2047"]);
    // Where nobody names hosts, the fabric says nothing of them.
    assert_eq!(
        found(
            "RW2047",
            "Refused",
            &[("    - { unit: 1, hosts: \"sm1,sn1\" }\n", "")]
        ),
        NONE
    );
    let near = compile(&example(
        "RW2047",
        "Accepted",
        &[("hosts: \"sm[1-2]\"", "hosts: \"sm1,sn2\"")],
    ))
    .findings;
    assert_eq!(
        near[0].help.as_deref(),
        Some("did you mean `sn2`? Else add them as hosts to topology.placement")
    );
    assert_eq!(
        found("RW2048", "Accepted", &[("sm[1-14]", "sm[2-1]")]),
        ["RW2003"]
    );
}

/// As many prefixes as subnets, and none twice, within a fabric too.
#[test]
fn each_subnet_has_one_prefix() {
    let own = |prefixes: &str, topology: &str| {
        let edits = [
            ("[ \"0xfd00000000000001\" ]", prefixes),
            ("nodesPerUnit: 16", topology),
        ];
        found("RW2049", "Accepted", &edits)
    };
    let rails = "rails: 2, disjointRails: true";
    let two = |prefixes: &str| {
        let edits = [("[ \"0xfd00000000000001\" ]", prefixes), ("rails: 8", rails)];
        found("RW2049", "Accepted", &edits)
    };
    assert_eq!(
        own(
            "[ \"0xfd00000000000003\", \"0xfd00000000000004\" ]",
            "nodesPerUnit: 16"
        ),
        ["RW2049"]
    );
    assert_eq!(two("[ \"0xfd00000000000003\", \"0xfd00000000000004\" ]"), NONE);
    assert_eq!(
        two("[ \"0xfd00000000000003\", \"0xfd00000000000003\" ]"),
        ["RW2049"]
    );
    assert_eq!(two("[ \"0xfd00000000000003\" ]"), ["RW2049"]);
}

#[test]
fn racks_hold_the_switches_of_all_subnets() {
    let racks = |entries: &str, rails: &str| {
        let edits = [
            ("[ { level: Leaf, racks: \"net[1-2]\", perRack: 4 } ]", entries),
            ("rails: 8\n", rails),
        ];
        found("RW2050", "Accepted", &edits)
    };
    let two = "[ { level: Leaf, racks: net1, perRack: 4 }, { level: Leaf, racks: net2, perRack: 4 } ]";
    assert_eq!(racks(two, "rails: 8\n"), NONE);
    assert_eq!(racks(two, "rails: 8\n    disjointRails: true\n"), NONE);
    assert_eq!(racks(two, "rails: 9\n    disjointRails: true\n"), ["RW2050"]);
    assert_eq!(
        racks("[ { level: Spine, racks: net1, perRack: 1 } ]", "rails: 8\n"),
        ["RW2050"]
    );
    assert_eq!(
        racks("[ { level: Core, racks: net1, perRack: 1 } ]", "rails: 8\n"),
        NONE
    );
    assert_eq!(
        racks(
            "[ { level: Core, racks: \"net[2-1]\", perRack: 1 } ]",
            "rails: 8\n"
        ),
        ["RW2003"]
    );
}

#[test]
fn a_switch_that_is_meant_is_suggested() {
    let text = example("RW2055", "Accepted", &[("qm9700", "qm970")]);
    let findings = compile(&text).findings;
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0].help.as_deref(), Some("did you mean `qm9700`?"));
}

/// Only pools of the two partitions would see the other one.
#[test]
fn a_key_that_stands_twice_names_the_pools_of_its_partitions() {
    let third = "metadata: { name: infer }
spec:
  supercluster: lab
  nodes: { racks: \"a3\" }
  fabrics: [ { name: compute } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: other }
spec:
  supercluster: lab
  nodes: { racks: \"a4\" }
";
    let infer = "metadata: { name: infer }\nspec:\n  supercluster: lab\n  nodes: { racks: \"a[3-4]\" }\n";
    let compilation = compile(&example("RW2041", "Refused", &[(infer, third)]));
    let of_key = |finding: &&rackwright_planner::Finding| finding.rule.code == "RW2041";
    let told: String = compilation.findings.iter().filter(of_key).map(told).collect();
    assert!(
        told.contains("GPUPool/train") && told.contains("GPUPool/infer") && !told.contains("GPUPool/other"),
        "{told}"
    );
}
