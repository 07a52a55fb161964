//! Compiling after edits gives what compiling from nothing gives, and touches only what the edit affects.

use crate::support::{configs, input};
use proptest::prelude::*;
use rackwright_api::{GPUPoolSpec, NodeConfigSpec, NodeName};
use rackwright_planner::{Compilation, Incremental, Input, Intent, PreviousNode, Recompiled};
use serde_json::{Value, json};

const SITE: &str = r#"
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-6]", nodes: "n[1-3]", system: dgx-b200 }
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: compute }
spec: { supercluster: lab, plane: Compute, topology: { type: FatTree, rails: 2, nodesPerUnit: 4 }, addressing: { ipv4: 10.64.0.0/20 } }
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: small }
spec: { supercluster: lab, plane: Storage, topology: { type: FatTree, rails: 1 }, addressing: { ipv4: 10.65.0.0/29 } }
---
apiVersion: rackwright.dev/v1alpha1
kind: NodeInventory
metadata: { name: a1-n1 }
spec: { hcas: [ { rail: 0, guid: "0xa088c20300000001" } ] }
---
apiVersion: rackwright.dev/v1alpha1
kind: NodeInventory
metadata: { name: a6-n1 }
spec: { hcas: [ { rail: 0, guid: "0xa088c20300000002" }, { rail: 1, guid: "0xa088c20300000003" } ] }
---
apiVersion: rackwright.dev/v1alpha1
kind: NodeInventory
metadata: { name: a6-n2 }
spec: { hcas: [ { rail: 0, guid: "0xa088c20300000002" } ] }
"#;

/// The same site in two member clusters, with ranges, a reservation, and numbers that are held already: by a node that
/// keeps its own, and by one that is gone.
fn clustered() -> Input {
    let site = SITE.replace(
        "system: dgx-b200 }",
        "system: dgx-b200 }\n  clusters:\n  - { name: one, racks: \"a[1-3]\" }\n  - { name: two, racks: \"a[4-6]\" }",
    );
    let ranges = "ranges: [ { cluster: one, first: 1, last: 10 }, { cluster: two, first: 11, last: 100 } ]";
    let reserved = "reservations: [ { first: 20, nodes: a5-n1 } ]";
    let site = site.replace(
        "{ ipv4: 10.64.0.0/20 }",
        &format!("{{ ipv4: 10.64.0.0/20, {ranges}, {reserved} }}"),
    );
    let held = |name: &str, host: u8| PreviousNode {
        name: NodeName::new(name).unwrap(),
        addresses: Box::new([[10, 64, 0, host].into(), [10, 64, 8, host].into()]),
        guids: Box::default(),
        quarantined: Box::default(),
        in_force: None,
    };
    Input {
        previous: vec![held("a1-n2", 7), held("gone", 3)],
        ..input(&site)
    }
}

/// A value of a field, some of them mistakes.
fn one_of(values: Vec<Value>) -> impl Strategy<Value = Value> {
    prop::sample::select(values)
}

/// A field of a pool and what it becomes; null takes it away.
fn edit() -> impl Strategy<Value = (&'static str, Value)> {
    prop_oneof![
        6 => one_of(vec![json!(null), json!({"powerLimit": "900W"}), json!({"powerLimit": "901W"}), json!({"powerLimit": "9W"}),
            json!({"mig": {"layout": [{"profile": "1g.23gb", "count": 7}]}}), json!({"mig": {"layout": [{"profile": "1g.23gb", "count": 8}]}})])
            .prop_map(|gpu| ("gpu", gpu)),
        6 => one_of(vec![json!(null), json!({"modules": ["a", "b"]}), json!({"modules": ["b", "a"]}),
            json!({"sysctls": {"vm.swappiness": "1"}}), json!({"sysctls": {"not a key": "1"}}), json!({"kernelArguments": ["iommu=pt"]})])
            .prop_map(|host| ("host", host)),
        2 => one_of(vec![json!(null), json!({"paused": true})]).prop_map(|rollout| ("rollout", rollout)),
        1 => one_of(vec![json!(null), json!("Detach")]).prop_map(|on_delete| ("onDelete", on_delete)),
        1 => one_of(vec![json!(null), json!([{"tier": "missing"}])]).prop_map(|storage| ("storage", storage)),
        2 => one_of(vec![json!({"racks": "a[1-2]"}), json!({"racks": "a[3-4]"}), json!({"racks": "a[1,5]"}), json!({"racks": "a9"}),
            json!({"names": "a6-n1"})]).prop_map(|nodes| ("nodes", nodes)),
        1 => one_of(vec![json!(null), json!([{"name": "compute"}]), json!([{"name": "small"}]), json!([{"name": "missing"}])])
            .prop_map(|fabrics| ("fabrics", fabrics)),
    ]
}

fn pool(name: &str, spec: &Value) -> Intent<GPUPoolSpec> {
    let name = rackwright_api::Name::new(name).unwrap();
    Intent::new(name, serde_json::from_value(spec.clone()).unwrap())
}

fn start(mut input: Input, pools: &[Value; 3]) -> Incremental {
    let numbered = pools.iter().enumerate();
    input.pools = numbered.map(|(at, spec)| pool(&format!("p{at}"), spec)).collect();
    Incremental::new(input).unwrap()
}

fn specs() -> [Value; 3] {
    let on = |racks: &str| json!({"supercluster": "lab", "nodes": {"racks": racks}, "fabrics": [{"name": "compute"}]});
    [on("a[1-2]"), on("a[3-4]"), on("a5")]
}

/// How many nodes are not what they were.
fn changed(before: &Compilation, after: &Compilation) -> u32 {
    let (before, after) = (configs(before), configs(after));
    after
        .iter()
        .filter(|(name, spec)| before.get(*name) != Some(spec))
        .count() as u32
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn edits_give_what_a_full_compile_gives(
        clusters in any::<bool>(),
        edits in prop::collection::vec((0..3usize, edit()), 1..12),
    ) {
        let mut specs = specs();
        let mut compiler = start(if clusters { clustered() } else { input(SITE) }, &specs);
        for (at, (field, value)) in edits {
            match value {
                Value::Null => drop(specs[at].as_object_mut().unwrap().remove(field)),
                value => specs[at][field] = value,
            }
            let before = compiler.compilation().clone();
            let recompiled = compiler.set_pool(pool(&format!("p{at}"), &specs[at])).unwrap();
            let full = rackwright_planner::compile(compiler.input()).unwrap();
            prop_assert_eq!(format!("{:?}", compiler.compilation()), format!("{full:?}"), "{} of p{}", field, at);
            if let Recompiled::Nodes(nodes) = recompiled {
                prop_assert_eq!(nodes, changed(&before, &full));
            }
        }
    }
}

#[test]
fn only_the_nodes_of_an_edited_pool_are_compiled() {
    let mut specs = specs();
    let mut compiler = start(input(SITE), &specs);
    let edited = |specs: &mut [Value; 3], field: &str, value: Value| {
        specs[1][field] = value;
        pool("p1", &specs[1])
    };
    for (field, value, expected) in [
        ("gpu", json!({"powerLimit": "900W"}), Recompiled::Nodes(6)),
        ("gpu", json!({"powerLimit": "900W"}), Recompiled::Nodes(0)),
        ("rollout", json!({"paused": true}), Recompiled::Nodes(0)),
        ("nodes", json!({"racks": "a3"}), Recompiled::All),
        ("host", json!({"modules": ["a"]}), Recompiled::Nodes(3)),
        ("fabrics", json!([]), Recompiled::All),
        ("supercluster", json!("other"), Recompiled::All),
    ] {
        let recompiled = compiler.set_pool(edited(&mut specs, field, value)).unwrap();
        assert_eq!(recompiled, expected, "{field}");
    }
}

#[test]
fn an_edit_that_refuses_is_compiled_in_full_and_back() {
    let mut specs = specs();
    let mut compiler = start(input(SITE), &specs);
    specs[0]["host"] = json!({"sysctls": {"not a key": "1"}});
    assert_eq!(compiler.set_pool(pool("p0", &specs[0])).unwrap(), Recompiled::All);
    assert_eq!(compiler.compilation().plan.pools().len(), 2);
    specs[0]["host"] = json!({});
    assert_eq!(compiler.set_pool(pool("p0", &specs[0])).unwrap(), Recompiled::All);
    assert_eq!(compiler.compilation().plan.pools().len(), 3);
}

#[test]
fn numbers_of_clusters_stay_where_an_edit_leaves_them() {
    let mut specs = specs();
    let mut compiler = start(clustered(), &specs);
    assert_eq!(compiler.compilation().plan.pools().len(), 3);
    let before = configs(compiler.compilation());
    specs[2]["host"] = json!({"modules": ["a"]});
    let recompiled = compiler.set_pool(pool("p2", &specs[2])).unwrap();
    assert_eq!(recompiled, Recompiled::Nodes(3));
    for (name, host) in [("a1-n1", 1), ("a1-n2", 7), ("a5-n1", 20), ("a4-n1", 11)] {
        let after = configs(compiler.compilation());
        let address = |spec: &NodeConfigSpec| spec.facts.rails[0].ipv4.as_ref().unwrap().as_str().to_owned();
        assert_eq!(address(&before[name]), address(&after[name]), "{name}");
        assert_eq!(address(&after[name]), format!("10.64.0.{host}/21"), "{name}");
    }
}

/// The peers of IMEX daemons are looked up with the first pool whose hosts run them themselves.
#[test]
fn imex_peers_come_with_an_edit() {
    let site = input(&SITE.replace("dgx-b200", "gb200-nvl72"));
    let mut incremental = start(site, &specs());
    let mut spec = specs()[0].clone();
    spec["gpu"] = json!({"imex": {"mode": "HostManaged"}});
    let recompiled = incremental.set_pool(pool("p0", &spec)).unwrap();
    assert!(matches!(recompiled, Recompiled::Nodes(_)), "{recompiled:?}");
    let alone = configs(incremental.compilation());
    let full = configs(&rackwright_planner::compile(incremental.input()).unwrap());
    assert_eq!(alone, full);
    assert_eq!(
        alone["a1-n1"]
            .facts
            .imex_peers
            .as_ref()
            .map(rackwright_api::Hostlist::as_str),
        Some("a1-n[1-3]")
    );
}
