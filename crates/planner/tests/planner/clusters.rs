//! Member clusters, ranges, reservations and phases: what allocation promises.

use std::collections::BTreeMap;

use crate::support::{configs, input, previous};
use proptest::prelude::*;
use rackwright_api::NodeConfigSpec;
use rackwright_planner::{Compilation, Input, PreviousNode};

type Configs = BTreeMap<String, NodeConfigSpec>;

/// The racks of random sites. A rack has its cluster and its phase for life; sites differ in which of them stand.
#[derive(Debug, Clone)]
struct Rack {
    /// None, or one of three.
    cluster: Option<u8>,
    /// None, or one of three.
    phase: Option<u8>,
    pool: u8,
}

/// The phases' names sort unlike their dates.
const DATES: [(&str, &str); 3] = [("z", "2026-06-30"), ("m", "2026-12-31"), ("a", "2027-06-30")];
const NODES: usize = 3;

fn racks() -> impl Strategy<Value = Vec<Rack>> {
    let rack = (prop::option::of(0u8..3), prop::option::of(0u8..3), 0u8..4);
    let rack = rack.prop_map(|(cluster, phase, pool)| Rack { cluster, phase, pool });
    prop::collection::vec(rack, 4..12)
}

/// Which racks stand, and which pools take them.
fn some(racks: usize) -> impl Strategy<Value = Vec<bool>> {
    prop::collection::vec(prop::bool::weighted(0.7), racks)
}

/// The site, with the ranges of its clusters and what is reserved, by number and node.
fn yaml(racks: &[Rack], stands: &[bool], selects: &[bool], reserved: &[(u32, String)]) -> String {
    let all = || racks.iter().enumerate().filter(|(at, _)| stands[*at]);
    let mut text =
        "apiVersion: rackwright.dev/v1alpha1\nkind: Supercluster\nmetadata: { name: lab }\nspec:\n  racks:\n"
            .to_owned();
    for (at, rack) in all() {
        let phase = rack.phase.map_or(String::new(), |phase| {
            format!(", phase: {}", DATES[phase as usize].0)
        });
        text += &format!("  - {{ names: a{at}, nodes: \"n[1-{NODES}]\", system: dgx-b200{phase} }}\n");
    }
    text += "  - { names: \"z[0-2]\", nodes: n1, system: dgx-b200 }\n  phases:\n";
    for (name, by) in DATES {
        text += &format!("  - {{ name: {name}, by: \"{by}\" }}\n");
    }
    text += "  clusters:\n";
    for cluster in 0..3 {
        let held: Vec<String> = all()
            .filter(|(_, rack)| rack.cluster == Some(cluster))
            .map(|(at, _)| format!("a{at},"))
            .collect();
        text += &format!(
            "  - {{ name: c{cluster}, racks: \"{}z{cluster}\" }}\n",
            held.concat()
        );
    }
    text += "---\napiVersion: rackwright.dev/v1alpha1\nkind: InfiniBandFabric\nmetadata: { name: compute }\nspec:\n  supercluster: lab\n  \
             plane: Compute\n  topology: { type: FatTree, rails: 2 }\n  addressing:\n    ipv4: 10.64.0.0/22\n    ranges:\n";
    for cluster in 0..3 {
        text += &format!(
            "    - {{ cluster: c{cluster}, first: {}, last: {} }}\n",
            cluster * 100 + 11,
            cluster * 100 + 110
        );
    }
    if !reserved.is_empty() {
        text += "    reservations:\n";
        for (number, node) in reserved {
            text += &format!("    - {{ first: {number}, nodes: {node} }}\n");
        }
    }
    for pool in 0..4 {
        let held: Vec<String> = all()
            .filter(|(at, rack)| rack.pool == pool && selects[*at])
            .map(|(at, _)| format!("a{at}"))
            .collect();
        if !held.is_empty() {
            text += &format!(
                "---\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: {{ name: p{pool} }}\nspec: {{ supercluster: lab, \
                              nodes: {{ racks: \"{}\" }}, fabrics: [ {{ name: compute }} ] }}\n",
                held.join(",")
            );
        }
    }
    text
}

/// Compiles without a finding and without an objection of the plan check.
fn clean(input: &Input) -> Compilation {
    let compilation = rackwright_planner::compile(input).unwrap();
    let serious: Vec<_> = compilation
        .findings
        .iter()
        .filter(|finding| finding.is_error())
        .collect();
    assert!(serious.is_empty(), "{serious:?}");
    assert_eq!(rackwright_planner::check(input, &compilation.plan), vec![]);
    compilation
}

fn with(yaml: &str, previous: Vec<PreviousNode>) -> Input {
    Input {
        previous,
        ..input(yaml)
    }
}

/// What stays stored: what a plan says, and what it does not speak of any more.
fn stored(mut before: Configs, after: Configs) -> Configs {
    before.extend(after);
    before
}

fn number(config: &NodeConfigSpec) -> u32 {
    let address = config.facts.rails[0].ipv4.as_ref().unwrap().net().unwrap();
    u32::from(address.addr()) - u32::from(address.network())
}

fn cluster_of(racks: &[Rack], node: &str) -> Option<u8> {
    let rack = node.split_once('-').unwrap().0.strip_prefix('a').unwrap();
    racks[rack.parse::<usize>().unwrap()].cluster
}

/// A number of its cluster's range for the first node of each rack that says so.
fn reservations(racks: &[Rack], stands: &[bool], wanted: &[bool]) -> Vec<(u32, String)> {
    let first = |cluster: Option<u8>| cluster.map_or(1, |cluster| u32::from(cluster) * 100 + 11);
    (racks.iter().enumerate())
        .filter(|(at, rack)| stands[*at] && wanted[*at] && (rack.cluster.is_some() || *at < 10))
        .map(|(at, rack)| (first(rack.cluster) + at as u32, format!("a{at}-n1")))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Each member cluster compiles the whole documents with its own NodeConfigs and inventories only, and gets for its
    /// nodes what a compile of the whole gives: from nothing, and after the site has changed twice.
    #[test]
    fn a_member_cluster_gets_what_the_whole_site_gives(
        (racks, reserves, turns) in racks().prop_flat_map(|racks| {
            let turns = prop::collection::vec((some(racks.len()), some(racks.len())), 3);
            let reserves = some(racks.len());
            (Just(racks), reserves, turns)
        }),
    ) {
        let mut whole = Configs::new();
        let mut members = [Configs::new(), Configs::new(), Configs::new()];
        for (mut stands, selects) in turns {
            for (stands, reserves) in stands.iter_mut().zip(&reserves) {
                *stands |= reserves;
            }
            let text = yaml(&racks, &stands, &selects, &reservations(&racks, &stands, &reserves));
            let mut document = with(&text, previous(&whole));
            let inventories: String = (0..racks.len()).map(|at| format!(
                "---\napiVersion: rackwright.dev/v1alpha1\nkind: NodeInventory\nmetadata: {{ name: a{at}-n2 }}\n\
                 spec: {{ hcas: [ {{ rail: 0, guid: \"0xa088c203000000{at:02x}\" }} ] }}\n")).collect();
            document.inventories = input(&inventories).inventories;
            let compiled = clean(&document);
            let planned = configs(&compiled);
            for (cluster, state) in members.iter_mut().enumerate() {
                let own = |name: &str| cluster_of(&racks, name) == Some(cluster as u8);
                let mut mine = document.clone();
                mine.inventories.retain(|found| own(found.name.as_str()));
                mine.previous = previous(state);
                let mut part = clean(&mine);
                part.keep_member(&format!("c{cluster}")).unwrap();
                let expected: Configs = planned.clone().into_iter().filter(|(name, _)| own(name)).collect();
                let expected_profiles: Vec<&str> = compiled.plan.nodes().filter(|node| own(node.name())).map(|node| node.pool().profile_name.as_str()).collect();
                let profiles: Vec<&str> = part.plan.nodes().map(|node| node.pool().profile_name.as_str()).collect();
                prop_assert_eq!(profiles, expected_profiles);
                prop_assert_eq!(part.plan.pools().iter().map(|pool| pool.nodes as usize).sum::<usize>(), expected.len());
                prop_assert_eq!(part.reach.iter().filter(|(object, _)| object.kind == rackwright_planner::Kind::GPUPool).map(|(_, nodes)| *nodes as usize).sum::<usize>(), expected.len());
                prop_assert_eq!(&configs(&part), &expected);
                *state = stored(std::mem::take(state), expected);
            }
            whole = stored(whole, planned);
        }
    }

    /// Reserved nodes have their numbers, and every node one of its range, or of none.
    #[test]
    fn numbers_lie_where_they_belong(
        (racks, stands, selects, wanted) in racks().prop_flat_map(|racks| {
            let n = racks.len();
            (Just(racks), some(n), some(n), some(n))
        }),
    ) {
        let reserved = reservations(&racks, &stands, &wanted);
        let planned = configs(&clean(&input(&yaml(&racks, &stands, &selects, &reserved))));
        let promised: BTreeMap<&str, u32> = reserved.iter().map(|(number, node)| (node.as_str(), *number)).collect();
        for (node, config) in &planned {
            let number = number(config);
            let range = cluster_of(&racks, node).map_or(1..=10, |cluster| u32::from(cluster) * 100 + 11..=u32::from(cluster) * 100 + 110);
            prop_assert!(range.contains(&number) || (cluster_of(&racks, node).is_none() && number > 310), "{node}: {number}");
            match promised.get(node.as_str()) {
                Some(promise) => prop_assert_eq!(number, *promise),
                None => prop_assert!(!promised.values().any(|promise| *promise == number), "{} took {}", node, number),
            }
        }
    }

    /// A plan of the first phases is the same part of a plan of everything, from nothing or after one another.
    #[test]
    fn a_later_phase_changes_nothing_of_an_earlier_one(
        (racks, selects) in racks().prop_flat_map(|racks| { let n = racks.len(); (Just(racks), some(n)) }),
        last in 0u8..3,
    ) {
        let everything = vec![true; racks.len()];
        let early: Vec<bool> = racks.iter().map(|rack| rack.phase.is_none_or(|phase| phase <= last)).collect();
        let first = configs(&clean(&input(&yaml(&racks, &early, &selects, &[]))));
        let whole = configs(&clean(&input(&yaml(&racks, &everything, &selects, &[]))));
        let after = configs(&clean(&with(&yaml(&racks, &everything, &selects, &[]), previous(&first))));
        prop_assert_eq!(&after, &whole);
        let part: Configs = whole.into_iter().filter(|(name, _)| first.contains_key(name)).collect();
        prop_assert_eq!(&part, &first);
        // Added and removed again.
        let back = configs(&clean(&with(&yaml(&racks, &early, &selects, &[]), previous(&after))));
        prop_assert_eq!(back, first);
    }

    /// Documents of another site, whatever their names, and documents from several files in any order.
    #[test]
    fn unrelated_documents_change_nothing(
        (racks, selects) in racks().prop_flat_map(|racks| { let n = racks.len(); (Just(racks), some(n)) }),
        name in "[a-w]x[a-z]{0,6}",
        first in any::<bool>(),
    ) {
        let text = yaml(&racks, &vec![true; racks.len()], &selects, &[]);
        let other = format!(
            "apiVersion: rackwright.dev/v1alpha1\nkind: Supercluster\nmetadata: {{ name: {name} }}\nspec: {{ racks: [ {{ names: x1, nodes: n1, system: dgx-b200 }} ] }}\n\
             ---\napiVersion: rackwright.dev/v1alpha1\nkind: InfiniBandFabric\nmetadata: {{ name: {name} }}\nspec: {{ supercluster: {name}, plane: Compute, \
             topology: {{ type: FatTree, rails: 1 }}, addressing: {{ ipv4: 10.80.0.0/24 }} }}\n\
             ---\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: {{ name: {name} }}\nspec: {{ supercluster: {name}, nodes: {{ racks: x1 }}, fabrics: [ {{ name: {name} }} ] }}\n"
        );
        let alone = configs(&clean(&input(&text)));
        let both = if first { format!("{other}---\n{text}") } else { format!("{text}---\n{other}") };
        let mut beside = configs(&clean(&input(&both)));
        prop_assert!(beside.remove("x1-n1").is_some());
        prop_assert_eq!(beside, alone);
    }
}

/// Nothing in a compile is shared between threads.
#[test]
fn eight_threads_compile_what_one_does() {
    let racks: Vec<Rack> = (0u8..40)
        .map(|at| Rack {
            cluster: (at % 4).checked_sub(1),
            phase: (at % 3).checked_sub(1),
            pool: at % 4,
        })
        .collect();
    let all = vec![true; racks.len()];
    let input = input(&yaml(&racks, &all, &all, &[]));
    let one = configs(&clean(&input));
    assert_eq!(one.len(), 120);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| configs(&clean(&input)))).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), one);
        }
    });
}
