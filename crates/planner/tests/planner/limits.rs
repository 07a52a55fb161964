//! Limits: what reaches one exactly is accepted, one more is refused. The texts are the examples of the rules' pages.

use crate::rules::page;
use crate::support::{compile, told};

/// The example of a rule's page with these parts replaced.
fn example(code: &str, section: &str, edits: &[(&str, &str)]) -> String {
    let mut yaml = page(code, section).to_owned();
    for (from, to) in edits {
        assert!(yaml.contains(from), "{code}: no {from:?} in {yaml}");
        yaml = yaml.replace(from, to);
    }
    yaml
}

/// What the rule says of it.
fn edited(code: &str, section: &str, edits: &[(&str, &str)]) -> Vec<String> {
    of(code, &example(code, section, edits))
}

fn of(code: &str, yaml: &str) -> Vec<String> {
    let findings = compile(yaml).findings;
    let of_rule = findings.iter().filter(|finding| finding.rule.code == code);
    of_rule.map(told).collect()
}

/// A rule, the part of its example that is replaced, the last value that is accepted, the first that is refused.
#[test]
fn what_reaches_a_limit_is_accepted_and_no_more() {
    let long = "x".repeat(65);
    let (array, point, option) = (&long[..28], &format!("/{}", "x".repeat(250)), &long);
    let shorter = |text: &str| text[..text.len() - 1].to_owned();
    for (code, part, accepted, refused) in [
        ("RW2009", "dgx[1-8]", "dgx[1-8]", "dgx[1-9]"),
        (
            "RW2017",
            "rails: 16 }\n---",
            "rails: 16 }\n---",
            "rails: 17 }\n---",
        ),
        // Two nodes of the member cluster.
        (
            "RW2025",
            "first: 1, last: 50",
            "first: 1, last: 2",
            "first: 1, last: 1",
        ),
        ("RW2023", "first: 51", "first: 51", "first: 50"),
        // 41,728 ports, 3,640 switches and as many aggregation nodes are 49,008 LIDs; with one unit more 49,280.
        ("RW2044", "units: 160", "units: 163", "units: 164"),
        ("RW2043", "pkeyTable: 3", "pkeyTable: 3", "pkeyTable: 2"),
        ("RW2048", "sm[1-14]", "sm[1-14]", "sm[1-15]"),
        ("RW2050", "perRack: 4", "perRack: 4", "perRack: 3"),
        // Two nodes of two racks: a /28 of two rails has two /29.
        ("RW3001", "n[1-2]", "n[1-3]", "n[1-4]"),
        ("RW3009", "NVreg_EnableStreamMemOPs", &shorter(option), option),
        (
            "RW4001",
            "powerLimit: 50kW",
            "powerLimit: 42900W",
            "powerLimit: 42899W",
        ),
        (
            "RW5013",
            "kernel: 6.11.0-1011-nvidia",
            "kernel: 6.9.0",
            "kernel: 6.8.12",
        ),
        // Two cores with 668 pages each.
        ("RW5015", "count: 1500", "count: 1336", "count: 1335"),
        ("RW5027", "/mnt/team-data", &shorter(point), point),
        ("RW5028", "checkpoints", &shorter(array), array),
    ] {
        let part = |to| edited(code, "Accepted", &[(part, to)]);
        assert_eq!(part(accepted), Vec::<String>::new(), "{code} {accepted}");
        assert_eq!(part(refused).len(), 1, "{code} {refused}");
    }
    // One connection is what each kernel opens.
    let connections = |count| edited("RW5013", "Refused", &[("connections: 8", count)]).len();
    assert_eq!(
        [connections("connections: 1"), connections("connections: 2")],
        [0, 1]
    );
}

/// A million nodes of all sites together are read, one more is not.
#[test]
fn a_million_nodes_are_the_most() {
    let sites = |nodes: &str| {
        let racks = "  - { names: \"r[001-999]\", nodes: \"n[0001-1000]\", system: dgx-b200 }\n";
        format!(
            "apiVersion: rackwright.dev/v1alpha1\nkind: Supercluster\nmetadata: {{ name: lab }}\nspec:\n  racks:\n{racks}  \
             - {{ names: last, nodes: \"{nodes}\", system: dgx-b200 }}\n"
        )
    };
    assert_eq!(of("RW2014", &sites("n[0001-1000]")), Vec::<String>::new());
    assert_eq!(
        of("RW2014", &sites("n[0001-1001]")),
        [
            "RW2014 spec.racks[1] of Supercluster/lab describes 1001 nodes in 1 rack; that makes 1000001 in all, and 1000000 is the most\n  \
             refuses Supercluster/lab at spec.racks[1].names: 1001 nodes\n"
        ]
    );
}

/// An NVLink domain of all GPUs of a node is none; one GPU more, and there is another node in it.
#[test]
fn a_domain_is_larger_than_a_node() {
    let domain = |gpus: u32| {
        let own = format!(
            "spec:\n  catalogue: {{ systems: [ {{ name: gb200-nvl72, nvlinkDomain: {gpus}, source: ours }} ] }}\n  racks:"
        );
        edited("RW3015", "Accepted", &[("spec:\n  racks:", &own)]).len()
    };
    assert_eq!([domain(4), domain(5)], [1, 0]);
}

/// Ranges of member clusters: the one that reaches farthest counts for all that come after.
#[test]
fn a_range_within_another_hides_no_third() {
    let found = |ranges: [(u32, u32); 3]| {
        let ranges: Vec<String> = (["one", "two", "three"].iter().zip(ranges))
            .map(|(cluster, (first, last))| format!("{{ cluster: {cluster}, first: {first}, last: {last} }}"))
            .collect();
        let edits = [
            ("a[1-2]", "a[1-3]"),
            (
                "  - { name: two, racks: a2 }",
                "  - { name: two, racks: a2 }\n  - { name: three, racks: a3 }",
            ),
            (
                "    - { cluster: one, first: 1, last: 50 }",
                &format!("    - {}", ranges.join("\n    - ")),
            ),
            ("\n    - { cluster: two, first: 51, last: 100 }", ""),
        ];
        let told = edited("RW2023", "Accepted", &edits);
        let first = |text: &String| text.lines().next().unwrap().replace("RW2023 the ranges ", "");
        told.iter().map(first).collect::<Vec<_>>()
    };
    let shared = |what: &str| what.replace("in share", "in InfiniBandFabric/compute share the host numbers");
    assert_eq!(
        found([(1, 50), (10, 20), (30, 40)]),
        [
            shared("1-50 of one and 10-20 of two in share 10-20"),
            shared("1-50 of one and 30-40 of three in share 30-40")
        ]
    );
    assert_eq!(
        found([(1, 50), (40, 60), (55, 70)]),
        [
            shared("1-50 of one and 40-60 of two in share 40-50"),
            shared("40-60 of two and 55-70 of three in share 55-60")
        ]
    );
    // Of two that reach as far the first one is named.
    assert_eq!(
        found([(1, 50), (10, 50), (50, 60)]),
        [
            shared("1-50 of one and 10-50 of two in share 10-50"),
            shared("1-50 of one and 50-60 of three in share 50-50")
        ]
    );
}

/// Proposed ranges: powers of two where they fit, else as many numbers as there are nodes, and none where these do not fit.
#[test]
fn proposed_ranges_fit_into_the_prefix() {
    // 30 numbers for each of two rails; six nodes of one, two of two, one of neither.
    let proposed = |last: u32| {
        let ranges = format!(
            "addressing: {{ ipv4: 10.64.0.0/26, ranges: [ {{ cluster: two, first: 1, last: {last} }} ] }}"
        );
        let edits = [
            ("\"a[1-2]\", nodes", "\"a[1-4]\", nodes"),
            (
                "spec:\n  racks:\n",
                "spec:\n  racks:\n  - { names: b1, nodes: n1, system: dgx-b200 }\n",
            ),
            ("racks: a1 }\n", "racks: \"a[1-3]\" }\n"),
            ("racks: a2 }\n", "racks: a4 }\n"),
            ("racks: \"a[1-2]\" }", "racks: \"a[1-4],b1\" }"),
            ("addressing: { ipv4: 10.64.0.0/24 }", &ranges),
        ];
        let found = edited("RW2021", "Refused", &edits);
        let [found] = &found[..] else { panic!("{found:?}") };
        found.lines().last().unwrap().trim_start().to_owned()
    };
    let add = |first: u32, last: u32| {
        format!("help: add to spec.addressing.ranges: {{ cluster: one, first: {first}, last: {last} }}")
    };
    assert_eq!(proposed(21), add(22, 29));
    assert_eq!(proposed(22), add(23, 28));
    assert_eq!(proposed(23), add(24, 29));
    assert!(proposed(24).starts_with("help: choose a wider prefix"));
}

/// Of six cases a message shows five.
#[test]
fn as_many_cases_are_shown_as_fit() {
    // Each node holds the number that is reserved for the one after it.
    let held = |nodes: u32| {
        let edits = [
            ("\"n[1-2]\"", "\"n[1-9]\""),
            ("    - { first: 11, nodes: \"a1-n2\" }", ""),
            (
                "{ first: 10, nodes: \"a1-n[1-2]\" }",
                &format!("{{ first: 10, nodes: \"a1-n[1-{nodes}]\" }}"),
            ),
        ];
        let mut yaml = example("RW2027", "Refused", &edits);
        for node in 0..nodes {
            yaml += &format!(
                "\n---\napiVersion: rackwright.dev/v1alpha1\nkind: NodeConfig\nmetadata: {{ name: a1-n{} }}\nspec:\n  \
                 facts: {{ rails: [ {{ rail: 0, ipv4: 10.64.0.{}/25 }} ] }}\n  hash: 0123456789abcdef0123456789abcdef\n  \
                 management: Managed\n  profile: train-0123456789ab\n",
                node + 2,
                node + 10
            );
        }
        let found = of("RW2027", &yaml);
        found[0].lines().next().unwrap().to_owned()
    };
    let five = "10 for a1-n1, held by a1-n2; 11 for a1-n2, held by a1-n3; 12 for a1-n3, held by a1-n4; 13 for a1-n4, held by a1-n5; \
                14 for a1-n5, held by a1-n6";
    let says = |count: u32, more: &str| {
        format!(
            "RW2027 InfiniBandFabric/compute reserves {count} host numbers that another node holds: {five}{more}; nodes of GPUPool/train"
        )
    };
    assert_eq!(held(5), says(5, ""));
    assert_eq!(held(6), says(6, "; and 1 more"));
}

/// Of five GUIDs a message shows four.
#[test]
fn as_many_guids_are_shown_as_fit() {
    let moved = |guids: u32| {
        let list = |field: &str| {
            let of_rail = |rail: u32| format!("{{ rail: {rail}, guid: \"0xa088c2030000000{rail}\" }}");
            format!(
                "{field}: [ {} ]",
                (0..guids).map(of_rail).collect::<Vec<_>>().join(", ")
            )
        };
        let yaml = page("RW2029", "Accepted");
        let (objects, config) = yaml.rsplit_once("---\n").unwrap();
        let (objects, _) = objects
            .split_once("---\napiVersion: rackwright.dev/v1alpha1\nkind: NodeInventory")
            .unwrap();
        let yaml = format!(
            "{objects}---\napiVersion: rackwright.dev/v1alpha1\nkind: NodeInventory\nmetadata: {{ name: a1-n2 }}\nspec: {{ {} }}\n---\n{}\n",
            list("hcas"),
            config.replace(
                "rails: [ { rail: 0, guid: \"0xa088c20300000001\" } ]",
                &list("rails")
            )
        );
        let found = of("RW2029", &yaml);
        found[0].lines().next().unwrap().to_owned()
    };
    let four = "0xa088c20300000000, 0xa088c20300000001, 0xa088c20300000002, 0xa088c20300000003";
    let says = |count: u32, more: &str| {
        format!(
            "RW2029 the NodeConfig of a1-n1 remembers {count} port GUIDs ({four}{more}), which the inventory of a1-n2 reports: a1-n1, which \
             has no inventory, loses them; nodes of GPUPool/train"
        )
    };
    assert_eq!(moved(4), says(4, ""));
    assert_eq!(moved(5), says(5, ", and 1 more"));
}
