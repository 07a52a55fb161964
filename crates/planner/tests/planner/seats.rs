//! Seats: where each rack and host of a fabric is plugged in.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rackwright_fabric::tree::Spread;
use rackwright_planner::fabric::{NoDesign, PlannedFabric, fabrics};

use crate::support::{codes, compile, input};

/// A site of these racks with one pool of some of them, and a fabric with this topology.
fn yaml(racks: &str, pool: &str, topology: &str) -> String {
    format!(
        "apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: {{ name: lab }}
spec:
  phases:
  - {{ name: early, by: \"2026-01-31\" }}
  - {{ name: late, by: \"2027-01-31\" }}
  racks:
{racks}
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: {{ name: compute }}
spec:
  supercluster: lab
  plane: Compute
  topology: {{ type: FatTree, rails: 2, switch: qm9700, {topology} }}
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: {{ name: train }}
spec:
  supercluster: lab
  nodes: {{ racks: \"{pool}\" }}
  fabrics: [ {{ name: compute }} ]
"
    )
}

const RACKS: &str = "  - { names: \"a[1-12]\", nodes: \"n[1-2]\", system: dgx-b200 }";

fn fabric(yaml: &str) -> PlannedFabric {
    let mut all = fabrics(&input(yaml), None);
    assert_eq!(all.len(), 1);
    all.remove(0).1.unwrap()
}

fn seats(yaml: &str) -> BTreeMap<String, u32> {
    let nodes = fabric(yaml).nodes.into_iter();
    nodes.map(|node| (node.name.into(), node.seat)).collect()
}

fn names(yaml: &str) -> Vec<String> {
    let nodes = fabric(yaml).nodes.into_iter();
    nodes.map(|node| format!("{}={}", node.name, node.seat)).collect()
}

/// Racks in the order of their numbers, and a rack of which a pool has one node has a seat for both.
#[test]
fn without_placement_racks_stand_side_by_side() {
    let some = yaml(RACKS, "a[2,10]", "nodesPerUnit: 2");
    assert_eq!(names(&some), ["a2-n1=0", "a2-n2=1", "a10-n1=2", "a10-n2=3"]);
    let one = some.replace("racks: \"a[2,10]\"", "names: \"a2-n2,a10-n1\"");
    assert_eq!(names(&one), names(&some));
    assert_eq!(fabric(&one).pool_of, [None, Some(0), Some(0), None]);
    assert_eq!(fabric(&one).pools[0].as_str(), "train");
}

/// What arrives later sits behind, whatever it is called.
#[test]
fn without_placement_later_phases_sit_behind() {
    let racks = "  - { names: \"a[1-2]\", nodes: \"n1\", system: dgx-b200, phase: late }
  - { names: \"b1\", nodes: \"n1\", system: dgx-b200, phase: early }
  - { names: \"c1\", nodes: \"n1\", system: dgx-b200 }";
    let seats = names(&yaml(racks, "a[1-2],b1,c1", "nodesPerUnit: 2"));
    assert_eq!(seats, ["c1-n1=0", "b1-n1=1", "a1-n1=2", "a2-n1=3"]);
}

/// Units start at their first seat, full or not; racks that no pool has are cabled as well; hosts take what is left.
#[test]
fn a_placement_says_where_racks_and_hosts_sit() {
    let placement = "nodesPerUnit: 6, placement: [ { unit: 1, racks: \"a[3,1,2,4]\", racksPerUnit: 2 }, \
                     { unit: 2, hosts: \"sm1,sm2\" }, { unit: 4, racks: a12 } ]";
    let seats = names(&yaml(RACKS, "a[1-2]", placement));
    let expected = [
        "a3-n1=0",
        "a3-n2=1",
        "a1-n1=2",
        "a1-n2=3",
        "a2-n1=6",
        "a2-n2=7",
        "a4-n1=8",
        "a4-n2=9",
        "sm1=10",
        "sm2=11",
        "a12-n1=18",
        "a12-n2=19",
    ];
    assert_eq!(seats, expected);
    let planned = fabric(&yaml(RACKS, "a[1-2]", placement));
    assert_eq!(planned.topology.units(), 4);
    let pools: Vec<bool> = planned.pool_of.iter().map(Option::is_some).collect();
    let of_pool = [
        false, false, true, true, true, true, false, false, false, false, false, false,
    ];
    assert_eq!(pools, of_pool);
    let wider = placement.replace(
        "nodesPerUnit: 6,",
        "nodesPerUnit: 6, units: 9, disjointRails: true,",
    );
    let planned = fabric(&yaml(RACKS, "a[1-2]", &wider));
    assert_eq!((planned.topology.units(), planned.topology.subnets()), (9, 2));
    assert_eq!(planned.topology.shape().spread, Spread::DisjointRails);
}

/// GUIDs of the fabric's own rails: those of the compute fabric come first.
#[test]
fn guids_are_those_of_the_fabrics_rails() {
    let two = yaml(RACKS, "a1", "nodesPerUnit: 2")
        .replace("[ { name: compute } ]", "[ { name: compute }, { name: data } ]")
        + "---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: data }
spec: { supercluster: lab, plane: Storage, topology: { type: FatTree, rails: 1, switch: qm9700 } }
---
apiVersion: rackwright.dev/v1alpha1
kind: NodeInventory
metadata: { name: a1-n2 }
spec:
  hcas:
  - { rail: 0, guid: \"0x0000000000000a00\", device: mlx5_0 }
  - { rail: 2, guid: \"0x0000000000000a02\", device: mlx5_2 }
";
    let all = fabrics(&input(&two), None);
    let guids = |fabric: usize| -> Vec<Vec<Option<u64>>> {
        let nodes = all[fabric].1.as_ref().unwrap().nodes.iter();
        nodes.map(|node| node.guids.to_vec()).collect()
    };
    assert_eq!(guids(0), [vec![None, None], vec![Some(0xa00), None]]);
    assert_eq!(guids(1), [vec![None], vec![Some(0xa02)]]);
}

#[test]
fn a_fabric_without_a_switch_has_no_design() {
    let text = yaml(RACKS, "a1", "nodesPerUnit: 2");
    let none = fabrics(&input(&text.replace("switch: qm9700,", "")), None);
    assert_eq!(none[0].1.as_ref().unwrap_err(), &NoDesign::NoSwitch);
    let none = fabrics(&input(&text.replace("qm9700", "qm1")), None);
    assert_eq!(none[0].1.as_ref().unwrap_err(), &NoDesign::NoSwitch);
}

/// Exactly full is full, one more is too many; a host counts like a node.
#[test]
fn a_unit_holds_as_many_as_it_has_places() {
    let of = |placement: &str| {
        let text = yaml(
            RACKS,
            "a[1-2]",
            &format!("nodesPerUnit: 4, placement: [ {placement} ]"),
        );
        // What hangs on it is refused as well.
        let compilation = compile(&text);
        let codes = codes(&compilation).into_iter().filter(|code| *code != "RW2007");
        codes.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(of("{ unit: 1, racks: \"a[1-2]\" }"), Vec::<String>::new());
    assert_eq!(of("{ unit: 1, racks: \"a[1-3]\" }"), ["RW2032"]);
    assert_eq!(
        of("{ unit: 1, racks: \"a[1-2]\" }, { unit: 1, hosts: sm1 }"),
        ["RW2032"]
    );
    assert_eq!(
        of("{ unit: 1, racks: \"a[1-2]\" }, { unit: 2, hosts: \"sm[1-4]\" }"),
        Vec::<String>::new()
    );
    // A node of a rack that is placed, as a host.
    assert_eq!(
        of("{ unit: 1, racks: \"a[1-2]\" }, { unit: 2, hosts: a1-n1 }"),
        ["RW2031"]
    );
    assert_eq!(
        of("{ unit: 1, racks: \"a[1-2]\" }, { unit: 2, hosts: \"sm1\" }, { unit: 3, hosts: sm1 }"),
        ["RW2031"]
    );
    // A node of a rack that is not placed may sit alone.
    assert_eq!(
        of("{ unit: 1, racks: a1 }, { unit: 2, hosts: \"a2-n[1-2]\" }"),
        Vec::<String>::new()
    );
    assert_eq!(
        of("{ unit: 1, racks: a1 }, { unit: 2, hosts: \"a2-n1\" }"),
        ["RW2034"]
    );
    assert_eq!(of("{ unit: 1, racks: \"a[1-2],b7\" }"), ["RW2004"]);
}

/// Units of which one rack of each comes later are one finding; a unit short of a node is none.
#[test]
fn phases_are_judged_by_placement() {
    let racks = "  - { names: \"a[1-4]\", nodes: \"n[1-2]\", system: dgx-b200, phase: early }
  - { names: \"b[1-4]\", nodes: \"n[1-2]\", system: dgx-b200, phase: late }";
    let of = |placement: &str| {
        let text = yaml(
            racks,
            "a[1-4],b[1-4]",
            &format!("nodesPerUnit: 5, placement: [ {placement} ]"),
        );
        let compilation = compile(&text);
        let findings = compilation.findings.iter();
        findings
            .filter(|finding| finding.rule.code == "RW4009")
            .map(|finding| finding.message.clone())
            .collect::<Vec<_>>()
    };
    let whole = "{ unit: 1, racks: \"a[1-4],b[1-4]\", racksPerUnit: 2 }";
    assert_eq!(of(whole), Vec::<String>::new());
    let split = of("{ unit: 1, racks: \"a1,b1,a2,b2,a[3-4],b[3-4]\", racksPerUnit: 2 }");
    assert_eq!(split.len(), 1, "{split:?}");
    assert_eq!(
        split[0],
        "with phase early (2026-01-31), 2 of the 5 nodes of unit 1 of InfiniBandFabric/compute in Supercluster/lab are \
         energised: racks a1 of the unit are there, and racks b1 come with phase late (2027-01-31); 1 unit more alike"
    );
}

proptest! {
    /// With a placement no other pool, rack or host moves a node, in whatever order racks come; and no seat comes twice.
    #[test]
    fn what_is_placed_stays(pools in proptest::sample::subsequence((1..=12).collect::<Vec<u32>>(), 1..=12), order in Just((1..=12).collect::<Vec<u32>>()).prop_shuffle()) {
        let list = |racks: &[u32]| racks.iter().map(|rack| format!("a{rack}")).collect::<Vec<_>>().join(",");
        let placement = format!("nodesPerUnit: 6, units: 5, placement: [ {{ unit: 2, racks: \"{}\", racksPerUnit: 3 }} ]", list(&order));
        let all = seats(&yaml(RACKS, "a[1-12]", &placement));
        prop_assert_eq!(&seats(&yaml(RACKS, &list(&pools), &placement)), &all);
        let more = RACKS.replace("a[1-12]", "0[1-3],a[1-12]");
        prop_assert_eq!(&seats(&yaml(&more, "a[1-12]", &placement)), &all);
        let mut taken: Vec<u32> = all.values().copied().collect();
        taken.sort_unstable();
        taken.dedup();
        prop_assert_eq!(taken.len(), 24);
    }
}
