//! What the compiler accepts can be rendered: what a host's files cannot hold is a finding in the pull request, and no
//! surprise of an agent.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests are not tests to clippy"
)]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rackwright_api::{Name, NodeName};
use rackwright_planner::{Compilation, Input, Intent, Inventory, compile};
use rackwright_render::render;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Sites that are looked at; enough that each of [`REFUSALS`] comes up.
const CASES: usize = 3000;

/// The rules that refuse what `render` would.
const REFUSALS: &[&str] = &[
    "RW2012", "RW3005", "RW3008", "RW3009", "RW3022", "RW5003", "RW5004", "RW5007", "RW5011", "RW5025",
    "RW5026", "RW5027", "RW5028", "RW5029", "RW5030",
];

/// A few of some values, in their order.
fn few(values: &[Value]) -> impl Strategy<Value = Vec<Value>> + use<> {
    let most = values.len().min(2);
    // Mostly none: one bad value is enough to refuse a site.
    prop_oneof![3 => Just(Vec::new()), 1 => subsequence(values.to_vec(), 0..=most)]
}

/// A map of some of these.
fn map(pairs: Vec<Value>) -> Value {
    let pairs = pairs
        .into_iter()
        .map(|pair| (pair[0].as_str().unwrap().to_owned(), pair[1].clone()));
    Value::Object(pairs.collect())
}

fn host() -> impl Strategy<Value = Value> {
    let arguments = [
        "iommu=pt",
        "default_hugepagesz=1G",
        "hugepagesz=2M",
        "nvidia.NVreg_ImexChannelCount=4096",
        "opt=it's",
        r"opt=a\b",
    ]
    .map(Value::from);
    let pages = [
        json!({"size": "2Mi", "count": 4}),
        json!({"size": "1Gi", "count": 2}),
    ];
    let sysctls = [
        json!(["vm.nr_hugepages", "4"]),
        json!(["net.ipv4.conf.all.arp_ignore", "1"]),
        json!(["net..x", "1"]),
        json!(["net.core.x y", "1"]),
    ];
    let options = [
        json!({"module": "lnet", "options": {"networks": "tcp(eth0)"}}),
        json!({"module": "nvidia", "options": {"NVreg_ImexChannelCount": "4096"}}),
        json!({"module": "ko2iblnd", "options": {"peer credits": "8"}}),
    ];
    let fstab = ["/mnt/a", "/mnt/b"].map(Value::from);
    (
        few(&arguments),
        few(&pages),
        few(&sysctls),
        few(&options),
        few(&fstab),
    )
        .prop_map(|(arguments, pages, sysctls, options, fstab)| {
            json!({
                "kernelArguments": arguments, "hugePages": pages, "sysctls": map(sysctls),
                "moduleOptions": options, "fstabMounts": fstab,
            })
        })
}

fn file_system() -> impl Strategy<Value = Value> {
    let server = || prop_oneof![6 => Just("s1"), 1 => Just("fd00::1"), 1 => Just("s1:2049")];
    let nid = prop_oneof![3 => Just("10.0.0.1@o2ib"), 3 => Just("10.0.0.1@o2ib0"), 3 => Just("10.0.0.1@tcp0"), 1 => Just("fd00::1@tcp")];
    let transport = || prop_oneof![Just("TCP"), Just("RDMA")];
    let raid = prop_oneof![Just(Value::Null), Just(json!(0)), Just(json!(1))];
    prop_oneof![
        (server(), transport(), any::<bool>()).prop_map(|(server, transport, more)| {
            let version = more.then_some("4.2");
            json!({"nfs": {"server": server, "export": "/x", "transport": transport, "version": version}})
        }),
        nid.prop_map(|nid| json!({"lustre": {"fileSystem": "data", "managementServers": [nid]}})),
        (server(), any::<bool>()).prop_map(|(server, more)| {
            json!({"weka": {"backends": [server], "fileSystem": "fs", "cores": more.then_some(2)}})
        }),
        (server(), transport())
            .prop_map(|(server, transport)| json!({"beegfs": {"managementServer": server, "transport": transport}})),
        (raid, 1_u8..3, any::<bool>()).prop_map(|(raid, count, xfs)| {
            let filesystem = if xfs { "xfs" } else { "ext4" };
            json!({"localNVMe": {"devices": {"count": count, "model": "X*"}, "raid": raid, "filesystem": filesystem, "wipe": "Never"}})
        }),
    ]
}

fn tier() -> impl Strategy<Value = (String, Value)> {
    let long = format!("/mnt/{}x", "a-".repeat(60));
    let point = prop_oneof![
        4 => Just("/mnt/a".to_owned()), 4 => Just("/mnt/b".to_owned()), 4 => Just("/mnt/c-1".to_owned()), 1 => Just(long)
    ];
    let name = prop_oneof![4 => Just("a"), 4 => Just("b"), 2 => Just("a-name-of-more-than-27-letters")];
    let options = [
        "noatime",
        "cfgFile=/x",
        "net=rail0",
        "num_cores=2",
        "port=20049",
        "proto=tcp",
        "vers=4.2",
        "x-systemd.automount",
    ]
    .map(Value::from);
    let fabric = prop_oneof![Just(None), Just(Some("one")), Just(Some("two"))];
    (name, file_system(), point, few(&options), fabric).prop_map(
        |(name, mut spec, point, options, fabric)| {
            spec["supercluster"] = json!("lab");
            spec["mountPoint"] = json!(point);
            spec["mountOptions"] = json!(options);
            spec["fabric"] = json!(fabric);
            (name.to_owned(), spec)
        },
    )
}

fn site() -> impl Strategy<Value = Value> {
    let channels =
        prop_oneof![3 => Just(Value::Null), 1 => Just(json!({"mode": "DriverManaged", "channels": 2048}))];
    let tiers = proptest::collection::vec(tier(), 0..3);
    (host(), channels, tiers, any::<Index>()).prop_map(|(host, imex, tiers, known)| {
        let tiers: BTreeMap<String, Value> = tiers.into_iter().collect();
        let fabric = |net| {
            json!({"supercluster": "lab", "plane": "Storage", "topology": {"type": "FatTree", "rails": 1}, "addressing": {"ipv4": net}})
        };
        json!({
            "superclusters": {"lab": {"racks": [{"names": "a1", "nodes": "n[1-2]", "system": "gb200-nvl72"}]}},
            "fabrics": {"one": fabric("10.1.0.0/24"), "two": fabric("10.2.0.0/24")},
            "pools": {"p": {
                "supercluster": "lab", "nodes": {"racks": "a1"}, "fabrics": [{"name": "one"}, {"name": "two"}],
                "gpu": {"imex": imex}, "host": host,
                "storage": tiers.keys().map(|name| json!({"tier": name})).collect::<Vec<_>>(),
            }},
            "tiers": tiers,
            // How many HCAs of the first node are known: their interfaces have names.
            "known": known.index(3),
        })
    })
}

fn intents<S: DeserializeOwned>(of_kind: &Value) -> Vec<Intent<S>> {
    let of_kind = of_kind.as_object().unwrap();
    of_kind
        .iter()
        .map(|(name, spec)| {
            Intent::new(
                Name::new(name.as_str()).unwrap(),
                serde_json::from_value(spec.clone()).unwrap(),
            )
        })
        .collect()
}

fn compiled(site: &Value) -> Compilation {
    let hcas: Vec<Value> = (0..site["known"].as_u64().unwrap())
        .map(|rail| json!({"rail": rail, "guid": format!("0xa088c2030000000{rail}")}))
        .collect();
    let spec = serde_json::from_value(json!({ "hcas": hcas })).unwrap();
    let node = NodeName::new("a1-n1").unwrap();
    let input = Input {
        superclusters: intents(&site["superclusters"]),
        pools: intents(&site["pools"]),
        fabrics: intents(&site["fabrics"]),
        tiers: intents(&site["tiers"]),
        inventories: vec![Inventory::new(node, BTreeMap::new(), &spec)],
        previous: Vec::new(),
    };
    compile(&input).unwrap()
}

#[test]
fn what_is_accepted_can_be_rendered() {
    let mut runner = TestRunner::deterministic();
    let sites = site();
    let (mut codes, mut rendered) = (BTreeSet::new(), 0);
    for _ in 0..CASES {
        let site = sites.new_tree(&mut runner).unwrap().current();
        let compilation = compiled(&site);
        codes.extend(compilation.findings.iter().map(|finding| finding.rule.code));
        for node in compilation.plan.nodes() {
            if let Err(errors) = render(node.name(), &node.pool().profile, &node.facts()) {
                panic!(
                    "{} of {site:#} is accepted and not rendered: {errors}",
                    node.name()
                );
            }
            rendered += 1;
        }
    }
    let missing: Vec<_> = REFUSALS.iter().filter(|code| !codes.contains(*code)).collect();
    assert!(missing.is_empty(), "never provoked: {missing:?}");
    assert!(rendered > CASES / 2, "only {rendered} nodes were rendered");
}
