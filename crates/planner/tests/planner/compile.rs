//! What compiling promises.

use std::collections::BTreeMap;

use crate::support::{codes, compile, configs, input, previous};
use proptest::prelude::*;
use rackwright_api::NodeName;
use rackwright_planner::{Input, Kind, ObjectRef, PreviousNode};

pub const SITE: &str = r#"
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-3]", nodes: "n[1-2]", system: dgx-b200 }
  - { names: "r[1-2]", nodeNames: "dgx[1-4]", nodesPerRack: 2, system: dgx-b200 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a[1-2]" }
  gpu: { driver: { version: "580.95.05", kernelModules: Open }, powerLimit: 1000W, mig: { layout: [ { profile: 3g.90gb, count: 1 }, { profile: 1g.23gb, count: 2 } ] } }
  host: { kernelArguments: [ "iommu=pt" ], sysctls: { vm.swappiness: "1" }, modules: [ nvidia_peermem, gdrdrv ] }
  fabrics: [ { name: compute }, { name: storage } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: infer }
spec:
  supercluster: lab
  nodes: { names: "dgx[1-3]" }
  fabrics: [ { name: compute } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: compute }
spec:
  supercluster: lab
  plane: Compute
  topology: { type: FatTree, rails: 4 }
  addressing: { ipv4: 10.64.0.0/20, mtu: 4096 }
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: storage }
spec:
  supercluster: lab
  plane: Storage
  topology: { type: FatTree, rails: 1 }
  addressing: { ipv4: 10.65.0.0/24 }
---
apiVersion: rackwright.dev/v1alpha1
kind: NodeInventory
metadata: { name: a1-n2, labels: { team: blue } }
spec: { hcas: [ { rail: 1, guid: "0xa088c20300000012" }, { rail: 0, guid: "0xa088c20300000011" } ] }
"#;

#[test]
fn one_node_of_the_plan() {
    let compilation = compile(SITE);
    assert_eq!(codes(&compilation), Vec::<&str>::new());
    let node = compilation.plan.node("a1-n2").unwrap();
    let pool = node.pool();
    let expected = serde_json::json!({
        "facts": {
            "rack": "a1",
            "rails": [
                {"guid": "0xa088c20300000011", "ipv4": "10.64.0.2/22", "rail": 0},
                {"guid": "0xa088c20300000012", "ipv4": "10.64.4.2/22", "rail": 1},
                {"ipv4": "10.64.8.2/22", "rail": 2},
                {"ipv4": "10.64.12.2/22", "rail": 3},
                {"ipv4": "10.65.0.2/24", "rail": 4},
            ],
        },
        "hash": node.facts().hash(&pool.profile_hash).unwrap(),
        "management": "Managed",
        "profile": pool.profile_name,
    });
    assert_eq!(serde_json::to_value(node.spec()).unwrap(), expected);
    assert_eq!(
        pool.profile_name,
        format!("train-{}", &pool.profile_hash.as_str()[..12])
    );
    assert_eq!(pool.profile.rails.len(), 5);
    assert_eq!(pool.profile.rails[4].fabric.as_str(), "storage");
}

#[test]
fn node_names_are_dealt_out_to_racks_in_order() {
    let compilation = compile(SITE);
    let racks: Vec<(&str, &str)> = compilation
        .plan
        .nodes()
        .filter(|node| node.pool().name.as_str() == "infer")
        .map(|node| (node.name(), node.rack().unwrap().as_str()))
        .collect();
    assert_eq!(racks, [("dgx1", "r1"), ("dgx2", "r1"), ("dgx3", "r2")]);
}

#[test]
fn reach_counts_nodes_of_each_intent() {
    let reach = compile(SITE).reach;
    let get = |kind, name: &str| reach[&ObjectRef::new(kind, name)];
    assert_eq!(get(Kind::Supercluster, "lab"), 10);
    assert_eq!(get(Kind::GPUPool, "train"), 4);
    assert_eq!(get(Kind::InfiniBandFabric, "compute"), 7);
    assert_eq!(get(Kind::InfiniBandFabric, "storage"), 4);
}

#[test]
fn a_selector_takes_nodes_of_its_site_by_inventory_labels() {
    let yaml = format!(
        "{SITE}\n---\napiVersion: rackwright.dev/v1alpha1\nkind: NodeInventory\nmetadata: {{ name: a3-n1, labels: {{ team: red }} }}\nspec: {{}}\n\
         ---\napiVersion: rackwright.dev/v1alpha1\nkind: NodeInventory\nmetadata: {{ name: elsewhere, labels: {{ team: red }} }}\nspec: {{}}\n\
         ---\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: {{ name: red }}\nspec: {{ supercluster: lab, nodes: {{ selector: {{ matchLabels: {{ team: red }} }} }} }}\n"
    );
    let compilation = compile(&yaml);
    assert_eq!(codes(&compilation), Vec::<&str>::new());
    let red: Vec<&str> = compilation
        .plan
        .nodes()
        .filter(|node| node.pool().name.as_str() == "red")
        .map(|node| node.name())
        .collect();
    assert_eq!(red, ["a3-n1"]);
}

/// Two ways of writing one profile have one hash.
#[test]
fn order_of_sets_and_empty_sections_do_not_change_a_profile() {
    let base = compile(SITE);
    let reordered = SITE
        .replace(
            "fabrics: [ { name: compute }, { name: storage } ]",
            "fabrics: [ { name: storage }, { name: compute } ]",
        )
        .replace(
            "{ profile: 3g.90gb, count: 1 }, { profile: 1g.23gb, count: 2 }",
            "{ profile: 1g.23gb, count: 2 }, { profile: 3g.90gb, count: 1 }",
        )
        .replace("[ nvidia_peermem, gdrdrv ]", "[ gdrdrv, nvidia_peermem ]")
        .replace(
            "  nodes: { names: \"dgx[1-3]\" }",
            "  nodes: { names: \"dgx3,dgx[1-2]\" }\n  host: {}\n  gpu: {}",
        );
    assert_ne!(reordered, SITE);
    assert_eq!(configs(&compile(&reordered)), configs(&base));
}

#[test]
fn one_sysctl_in_one_pool_changes_exactly_its_nodes() {
    let (before, after) = (
        configs(&compile(SITE)),
        configs(&compile(
            &SITE.replace("vm.swappiness: \"1\"", "vm.swappiness: \"2\""),
        )),
    );
    let changed: Vec<&String> = before
        .iter()
        .filter(|(name, spec)| after[*name] != **spec)
        .map(|(name, _)| name)
        .collect();
    assert_eq!(changed, ["a1-n1", "a1-n2", "a2-n1", "a2-n2"]);
}

/// A refused pool leaves the others as they are, and comes back when its mistake goes.
#[test]
fn two_pools_that_claim_a_node_are_both_refused_and_nothing_else_is() {
    let overlap = SITE.replace("dgx[1-3]", "dgx[1-3],a2-n1");
    let compilation = compile(&overlap);
    assert_eq!(codes(&compilation), ["RW2002"]);
    let refused: Vec<String> = compilation.refused.iter().map(ToString::to_string).collect();
    assert_eq!(refused, ["GPUPool/infer", "GPUPool/train"]);
    assert_eq!(compilation.plan.nodes().len(), 0);
    assert_eq!(
        compilation.findings[0].message,
        "1 node claimed by GPUPool/infer and GPUPool/train: a2-n1"
    );
}

#[test]
fn three_pools_on_one_node_all_name_each_other() {
    let third = "---\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: { name: third }\nspec: { supercluster: lab, nodes: { names: a2-n1 } }\n";
    let compilation = compile(&format!("{}{third}", SITE.replace("dgx[1-3]", "dgx[1-3],a2-n1")));
    assert_eq!(codes(&compilation), ["RW2002"]);
    assert_eq!(
        compilation.findings[0].message,
        "1 node claimed by GPUPool/infer, GPUPool/third and GPUPool/train: a2-n1"
    );
    assert_eq!(compilation.refused.len(), 3);
}

/// A lost inventory is no evidence that the HCAs changed; a new one is.
/// A node of one site is out of reach for a pool of another, also if that lists no racks.
#[test]
fn a_pool_takes_no_node_of_another_site() {
    let other = "---\napiVersion: rackwright.dev/v1alpha1\nkind: Supercluster\nmetadata: { name: other }\nspec: {}\n\
                 ---\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: { name: far }\nspec: { supercluster: other, nodes: { names: \"a3-n1,free\" } }\n";
    let compilation = compile(&format!("{SITE}{other}"));
    assert_eq!(codes(&compilation), ["RW2005"]);
    assert_eq!(
        compilation.findings[0].message,
        "spec.nodes.names of GPUPool/far names 1 node that Supercluster/other does not have: a3-n1"
    );
}

#[test]
fn a_node_that_its_rack_names_twice_is_a_finding() {
    for (right, wrong) in [
        ("dgx[1-4]", "dgx[1-3],dgx3"),
        ("n[1-2]", "n1,n1"),
        ("a[1-3]", "a1,a1,a3"),
    ] {
        let compilation = compile(&SITE.replace(right, wrong));
        assert!(
            codes(&compilation).contains(&"RW2003"),
            "{wrong}: {:?}",
            codes(&compilation)
        );
    }
}

/// What a broken rack group held is not reported as missing on top.
#[test]
fn a_broken_rack_group_has_one_finding_and_what_depends_on_it() {
    let compilation = compile(&SITE.replace("dgx[1-4]", "dgx[1-5]"));
    assert_eq!(codes(&compilation), ["RW2007", "RW2009"]);
}

/// A deleted pool frees its nodes in the same compile.
#[test]
fn a_pool_on_its_way_out_claims_nothing() {
    let mut input = input(&SITE.replace("dgx[1-3]", "dgx[1-3],a2-n1"));
    input
        .pools
        .iter_mut()
        .find(|pool| pool.name.as_str() == "train")
        .unwrap()
        .deleting = true;
    let compilation = rackwright_planner::compile(&input).unwrap();
    assert_eq!(codes(&compilation), Vec::<&str>::new());
    assert_eq!(compilation.plan.nodes().len(), 4);
}

#[test]
fn a_small_fabric_refuses_itself_and_its_pools_with_the_arithmetic() {
    let compilation = compile(&SITE.replace("10.65.0.0/24", "10.65.0.0/30"));
    assert_eq!(codes(&compilation), ["RW2007", "RW3001"]);
    let small = compilation
        .findings
        .iter()
        .find(|finding| finding.rule.code == "RW3001")
        .unwrap();
    assert_eq!(
        small.message,
        "10.65.0.0/30 of InfiniBandFabric/storage is too small: 1 rails make a /30 each, with 2 addresses; 4 nodes need one each"
    );
    let refused: Vec<String> = compilation.refused.iter().map(ToString::to_string).collect();
    assert_eq!(refused, ["GPUPool/train", "InfiniBandFabric/storage"]);
    assert_eq!(compilation.plan.nodes().len(), 3);
}

#[test]
fn a_hostile_hostlist_is_a_finding_before_memory_goes() {
    let compilation = compile(&SITE.replace("dgx[1-3]", "n[0-999999999]"));
    assert_eq!(codes(&compilation), ["RW2003"]);
}

fn shuffled(input: &Input, seed: u64) -> Input {
    fn shuffle<T>(list: &mut [T], seed: u64) {
        let mut state = seed.wrapping_mul(2).wrapping_add(1);
        for i in (1..list.len()).rev() {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            list.swap(i, (state >> 33) as usize % (i + 1));
        }
    }
    let mut input = input.clone();
    shuffle(&mut input.superclusters, seed);
    shuffle(&mut input.pools, seed);
    shuffle(&mut input.fabrics, seed);
    shuffle(&mut input.inventories, seed);
    shuffle(&mut input.previous, seed);
    for site in &mut input.superclusters {
        shuffle(&mut site.spec.racks, seed);
    }
    input
}

/// A site of some racks, and pools over some of them.
fn site(racks: &[u8], pools: &[(u8, Vec<u8>)]) -> String {
    let group = |rack: &u8| format!("  - {{ names: \"a{rack}\", nodes: \"n[1-3]\", system: dgx-b200 }}\n");
    let site = format!(
        "apiVersion: rackwright.dev/v1alpha1\nkind: Supercluster\nmetadata: {{ name: lab }}\nspec:\n  racks:\n{}",
        racks.iter().map(group).collect::<String>()
    );
    let fabric = "apiVersion: rackwright.dev/v1alpha1\nkind: InfiniBandFabric\nmetadata: { name: compute }\nspec: { supercluster: lab, \
                  plane: Compute, topology: { type: FatTree, rails: 2 }, addressing: { ipv4: 10.64.0.0/20 } }\n";
    let pool = |(pool, racks): &(u8, Vec<u8>)| {
        let racks: Vec<String> = racks.iter().map(|rack| format!("a{rack}")).collect();
        format!(
            "apiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: {{ name: p{pool} }}\nspec: {{ supercluster: lab, \
             nodes: {{ racks: \"{}\" }}, fabrics: [ {{ name: compute }} ] }}\n",
            racks.join(",")
        )
    };
    [site, fabric.to_owned()]
        .into_iter()
        .chain(pools.iter().map(pool))
        .collect::<Vec<_>>()
        .join("---\n")
}

/// What may stand in the cluster after hands, backups and other versions have been at it.
fn hostile_previous() -> impl Strategy<Value = Vec<PreviousNode>> {
    let name = prop::sample::select(vec!["a1-n1", "a1-n2", "a2-n1", "dgx1", "dgx4", "gone", "z9-n1"]);
    // Inside, on the edges of and outside of the fabrics' prefixes.
    let address = prop_oneof![
        0x0a40_0000_u32..0x0a40_0020,
        0x0a40_0400_u32..0x0a40_0410,
        0x0a40_0fff_u32..0x0a41_0010,
        any::<u32>()
    ];
    let addresses = |most| prop::collection::vec(address.clone(), 0..most);
    let node = (name, addresses(6), addresses(3)).prop_map(|(name, addresses, quarantined)| PreviousNode {
        name: NodeName::new(name).unwrap(),
        addresses: addresses.into_iter().map(std::net::Ipv4Addr::from).collect(),
        guids: Box::default(),
        quarantined: quarantined.into_iter().map(std::net::Ipv4Addr::from).collect(),
        in_force: None,
    });
    prop::collection::vec(node, 0..8).prop_map(|mut nodes| {
        nodes.sort_by(|a, b| a.name.cmp(&b.name));
        nodes.dedup_by(|a, b| a.name == b.name);
        nodes
    })
}

/// Parts of the site, each in a right and some wrong or odd spellings.
fn odd_site() -> impl Strategy<Value = String> {
    let one_of = |right: &'static str, odd: &'static [&'static str]| {
        let odd: Vec<String> = odd.iter().map(|text| (*text).to_owned()).collect();
        prop_oneof![3 => Just(right.to_owned()), 2 => prop::sample::select(odd)]
    };
    (
        one_of("a[1-3]", &["a1,a1", "a[1-2],r1", "a[3-1]", "A1"]),
        one_of("n[1-2]", &["n1,n1", "n[1-9999999]", "n_1"]),
        one_of("dgx[1-4]", &["dgx1,dgx[1-3]", "dgx[1-5]", "a1-n1,dgx[1-3]"]),
        one_of("a[1-2]", &["a[1-9]", "a1,a1", "r1"]),
        one_of("dgx[1-3]", &["a1-n1,dgx1", "free", "dgx1,dgx1"]),
        one_of(
            "10.64.0.0/20",
            &["0.0.0.0/0", "10.64.0.0/30", "10.65.0.0/16", "255.255.255.0/24"],
        ),
        one_of("rails: 4", &["rails: 1", "rails: 3", "rails: 16"]),
    )
        .prop_map(|(racks, nodes, names, pool, second, prefix, rails)| {
            SITE.replace("a[1-3]", &racks)
                .replace("\"n[1-2]\"", &format!("\"{nodes}\""))
                .replace("dgx[1-4]", &names)
                .replace("a[1-2]", &pool)
                .replace("dgx[1-3]", &second)
                .replace("10.64.0.0/20", &prefix)
                .replace("rails: 4", &rails)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever is asked for and whatever is written already: no panic, and the independent check has nothing to say of
    /// the plan. What cannot be is a finding.
    #[test]
    fn no_input_makes_a_plan_that_fails_its_check(yaml in odd_site(), previous in hostile_previous()) {
        let mut input = input(&yaml);
        input.previous = previous;
        let compilation = rackwright_planner::compile(&input).unwrap();
        let violations = rackwright_planner::check(&input, &compilation.plan);
        prop_assert_eq!(violations, vec![], "{}", yaml);
        for node in compilation.plan.nodes() {
            let mut written = Vec::new();
            node.write_spec(&mut written);
            prop_assert_eq!(String::from_utf8(written).unwrap(), serde_json::to_string(&node.spec()).unwrap());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The order of documents and lists never shows.
    #[test]
    fn permuting_changes_nothing(seed in any::<u64>()) {
        let input = input(SITE);
        let shuffled = rackwright_planner::compile(&shuffled(&input, seed)).unwrap();
        let base = rackwright_planner::compile(&input).unwrap();
        prop_assert_eq!(configs(&shuffled), configs(&base));
        prop_assert_eq!(shuffled.findings, base.findings);
    }

    /// Adding racks and pools moves no address that was there; taking them away again gives back what was.
    #[test]
    fn growing_moves_nothing_and_shrinking_gives_back(
        old in proptest::collection::btree_set(0u8..20, 1..6),
        new in proptest::collection::btree_set(0u8..20, 1..6),
    ) {
        let old: Vec<u8> = old.into_iter().collect();
        let added: Vec<u8> = new.into_iter().filter(|rack| !old.contains(rack)).collect();
        let all: Vec<u8> = old.iter().chain(&added).copied().collect();
        let before = site(&old, &[(5, old.clone())]);
        let mut pools = vec![(5, old.clone())];
        if !added.is_empty() {
            // Sorts before and after the old pool.
            pools.push((added[0] % 10, added.clone()));
        }
        prop_assume!(pools.iter().map(|(name, _)| name).collect::<std::collections::BTreeSet<_>>().len() == pools.len());
        let first = configs(&compile(&before));
        let mut grown = input(&site(&all, &pools));
        grown.previous = previous(&first);
        let second = configs(&rackwright_planner::compile(&grown).unwrap());
        for (name, spec) in &first {
            prop_assert_eq!(&second[name], spec);
        }
        let mut shrunk = input(&before);
        shrunk.previous = previous(&second);
        prop_assert_eq!(configs(&rackwright_planner::compile(&shrunk).unwrap()), first);
    }

    /// Compiling what is already written changes nothing.
    #[test]
    fn compiling_twice_is_an_empty_diff(seed in any::<u64>()) {
        let mut again = shuffled(&input(SITE), seed);
        let first = configs(&rackwright_planner::compile(&again).unwrap());
        again.previous = previous(&first);
        let second: BTreeMap<_, _> = configs(&rackwright_planner::compile(&again).unwrap());
        prop_assert_eq!(second, first);
    }
}
