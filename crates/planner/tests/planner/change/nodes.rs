//! Which nodes are listed.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use proptest::prelude::*;
use rackwright_api::{ActionClass, Facts, Hash, Name, NodeProfileSpec};
use rackwright_planner::change::{
    Diff, Difference, FactsOf, Lines, NodeState, State, What, Written, WrittenConfig, between, diff,
};
use serde_json::{from_value, json};

use crate::support::{compile, configs};

/// What a node is: its profile, its rack, whether it is managed.
type Node = (usize, usize, bool);

fn profiles() -> Vec<(String, NodeProfileSpec)> {
    let specs = [
        json!({ "schema": 1 }),
        json!({ "schema": 1, "gpu": { "powerLimit": "900W" } }),
        json!({ "schema": 1, "host": { "kernelArguments": ["a"] } }),
        json!({ "schema": 1, "mounts": [{ "mountPoint": "/s", "tier": "s", "localNVMe":
            { "devices": { "count": 1, "model": "X*" }, "filesystem": "xfs", "wipe": "WithConsent" } }] }),
        json!({ "schema": 1, "mounts": [{ "mountPoint": "/s", "tier": "s", "localNVMe":
            { "devices": { "count": 1, "model": "X*" }, "filesystem": "ext4", "wipe": "WithConsent" } }] }),
    ];
    let named = specs.into_iter().map(|spec| {
        let spec: NodeProfileSpec = from_value(spec).unwrap();
        (
            NodeProfileSpec::name(&Name::new("pool").unwrap(), &spec.hash().unwrap()),
            spec,
        )
    });
    named.collect()
}

fn facts(rack: usize) -> Facts {
    Facts {
        rack: Some(Name::new(format!("r{rack}")).unwrap()),
        ..Facts::default()
    }
}

fn hash(profile: &NodeProfileSpec, facts: &Facts) -> Hash {
    facts.hash(&profile.hash().unwrap()).unwrap()
}

fn written(nodes: &BTreeMap<String, Node>, profiles: &[(String, NodeProfileSpec)]) -> Written {
    let mut written = Written::default();
    for (name, (profile, rack, managed)) in nodes {
        let facts = facts(*rack);
        let (profile, spec) = &profiles[*profile];
        let management = if *managed {
            rackwright_api::Management::Managed
        } else {
            rackwright_api::Management::Detached
        };
        let text = serde_json::to_string(&facts).unwrap();
        let config = WrittenConfig {
            hash: &hash(spec, &facts),
            profile,
            management,
            facts: &text,
            applied: None,
        };
        written.node(name, &config);
    }
    for (name, spec) in profiles {
        written.profile(name.clone(), spec.clone());
    }
    written
}

fn fleet() -> impl Strategy<Value = BTreeMap<String, Node>> {
    proptest::collection::btree_map("n[0-9]", (0_usize..5, 0_usize..3, any::<bool>()), 0..12)
}

proptest! {
    #[test]
    fn nodes_are_listed_exactly_where_hash_or_management_differ(old in fleet(), new in fleet()) {
        let profiles = profiles();
        let (before, after) = (written(&old, &profiles), written(&new, &profiles));
        let (before, after) = (before.state(), after.state());
        let found = diff(&before, &after);
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let expected: Vec<&str> = names
            .into_iter()
            .filter(|name| match (old.get(*name), new.get(*name)) {
                (old, Some(new)) => old != Some(new),
                (Some((_, _, managed)), None) => *managed,
                (None, None) => false,
            })
            .map(String::as_str)
            .collect();
        let listed: Vec<&str> = found.nodes.iter().map(|node| node.name).collect();
        prop_assert_eq!(&listed, &expected);
        let both = new.iter().filter(|(name, node)| old.get(*name) == Some(node)).count();
        prop_assert_eq!(found.unchanged, both);
        for node in &found.nodes {
            let gravest = found.differences(node).map(Difference::class).max();
            prop_assert_eq!(node.class, gravest.unwrap_or(ActionClass::None));
            prop_assert!(node.what == What::Added || gravest.is_some(), "{} differs in nothing", node.name);
        }
        prop_assert!(diff(&before, &before).nodes.is_empty());
    }
}

const SITE: &str = r#"
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec: { racks: [ { names: "a[1-3]", nodes: "n[1-2]", system: dgx-b200 } ] }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec: { supercluster: lab, nodes: { racks: "a[1-3]" }, gpu: { powerLimit: 900W }, fabrics: [ { name: compute } ] }
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: compute }
spec: { supercluster: lab, plane: Compute, topology: { type: FatTree, rails: 2 }, addressing: { ipv4: 10.64.0.0/24 } }
"#;

/// A plan as `--output jsonl` prints it.
fn lines(compilation: &rackwright_planner::Compilation) -> String {
    let mut lines = String::new();
    for pool in compilation.plan.pools() {
        let profile = json!({ "apiVersion": "rackwright.dev/v1alpha1", "kind": "NodeProfile",
            "metadata": { "name": pool.profile_name }, "spec": pool.profile });
        writeln!(lines, "{profile}").unwrap();
    }
    for (name, spec) in configs(compilation) {
        let spec = serde_json::to_string(&spec).unwrap();
        writeln!(
            lines,
            "{{\"apiVersion\":\"rackwright.dev/v1alpha1\",\"kind\":\"NodeConfig\",\"metadata\":{{\"name\":\"{name}\"}},\"spec\":{spec}}}"
        )
        .unwrap();
    }
    lines
}

#[test]
fn plans_and_their_lines_differ_alike() {
    let old = compile(SITE);
    let new = compile(
        &SITE
            .replace("900W", "1000W")
            .replace("racks: \"a[1-3]\"", "racks: \"a[1-2]\"")
            .replace("/24", "/25"),
    );
    let (old_lines, new_lines) = (lines(&old), lines(&new));
    let (old_read, new_read) = (
        State::from_lines(&old_lines).unwrap(),
        State::from_lines(&new_lines).unwrap(),
    );
    let (old, new) = (State::of(&old.plan), State::of(&new.plan));
    let told = |old: &State<'_>, new: &State<'_>| {
        let diff = diff(old, new);
        let nodes = diff.nodes.iter().map(|node| {
            let differences: Vec<String> = diff
                .differences(node)
                .map(|d| format!("{} {:?} {:?} {:?}", d.path, d.old, d.new, d.class()))
                .collect();
            format!("{} {:?} {:?} {differences:#?}", node.name, node.what, node.class)
        });
        nodes.collect::<Vec<_>>()
    };
    let planned = told(&old, &new);
    assert_eq!(planned.len(), 6, "{planned:#?}");
    assert!(
        planned[0].contains("facts.rails[0].ipv4") && planned[0].contains("gpu.powerLimit"),
        "{}",
        planned[0]
    );
    assert!(planned[4].contains("Removed"), "{}", planned[4]);
    assert_eq!(told(&old_read, &new_read), planned);
    assert_eq!(told(&old_read, &new), planned);
    let (old_part, new_part, same) = between(Lines::new(&old_lines), Lines::new(&new_lines)).unwrap();
    assert_eq!((told(&old_part, &new_part), same), (planned, 0));
}

/// The same as `--output json` prints it.
fn listed(lines: &str) -> String {
    let kind = |kind: &str| {
        let of_kind: Vec<&str> = lines.lines().filter(|line| line.contains(kind)).collect();
        let begin = if of_kind.is_empty() { "" } else { "\n" };
        format!("{begin}{}", of_kind.join(",\n"))
    };
    let (profiles, nodes) = (kind("\"NodeProfile\""), kind("\"NodeConfig\""));
    format!("{{\"formatVersion\":1,\"summary\":{{}},\"profiles\":[{profiles}],\"nodes\":[{nodes}]}}\n")
}

/// One value is read as its lines, and only where it is laid out as it is printed.
#[test]
fn a_value_laid_out_in_lines_is_read_by_line() {
    let lines = lines(&compile(SITE));
    let text = listed(&lines);
    let (head, objects) = Lines::listed(&text).unwrap();
    assert!(
        head.starts_with("{\"formatVersion\":1,\"summary\":{},\"profiles\":["),
        "{head}"
    );
    let (read, of_lines) = (
        State::of_lines(objects).unwrap(),
        State::from_lines(&lines).unwrap(),
    );
    assert_eq!(format!("{read:?}"), format!("{of_lines:?}"));
    // A plan of nodes alone, whose profiles another plan has.
    let nodes: String = lines
        .lines()
        .filter(|line| line.contains("\"NodeConfig\""))
        .map(|line| format!("{line}\n"))
        .collect();
    let without = listed(&nodes);
    let read = State::of_lines(Lines::listed(&without).unwrap().1).unwrap();
    assert_eq!(
        format!("{read:?}"),
        format!("{:?}", State::from_lines(&nodes).unwrap())
    );
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    for other in [
        serde_json::to_string_pretty(&value).unwrap(),
        value.to_string(),
        text.replace("\"profiles\":[\n", "\"profiles\": [\n"),
        text.replace("]}\n", "],\"more\":1}\n"),
        listed(""),
    ] {
        assert!(Lines::listed(&other).is_none(), "{other}");
    }
    let broken = text.replace("\"hash\"", "\"hush\"");
    let said = State::of_lines(Lines::listed(&broken).unwrap().1)
        .unwrap_err()
        .to_string();
    assert!(said.starts_with("line 3: "), "{said}");
}

proptest! {
    /// What is skipped as the same is the same, wherever lines are missing, added or different.
    #[test]
    fn only_what_differs_is_read(picks in proptest::collection::vec((0..3_u8, 0..3_u8), 6)) {
        let all = lines(&compile(SITE));
        let side = |pick: fn(&(u8, u8)) -> u8| {
            let mut at = 0;
            let kept = all.lines().filter_map(|line| {
                if line.contains("NodeProfile") {
                    return Some(line.to_owned());
                }
                at += 1;
                match pick(&picks[at - 1]) {
                    0 => None,
                    1 => Some(line.to_owned()),
                    _ => {
                        let (start, hash) = line.split_once("\"hash\":\"").unwrap();
                        let digit = if hash.starts_with('0') { '1' } else { '0' };
                        Some(format!("{start}\"hash\":\"{digit}{}", &hash[1..]))
                    }
                }
            });
            kept.map(|line| line + "\n").collect::<String>()
        };
        let (old, new) = (side(|pick| pick.0), side(|pick| pick.1));
        let (before, after) = (State::from_lines(&old).unwrap(), State::from_lines(&new).unwrap());
        let whole = diff(&before, &after);
        let (before, after, same) = between(Lines::new(&old), Lines::new(&new)).unwrap();
        let part = diff(&before, &after);
        let names = |diff: &Diff<'_>| diff.nodes.iter().map(|node| (node.name.to_owned(), node.what)).collect::<Vec<_>>();
        prop_assert_eq!(names(&part), names(&whole));
        prop_assert_eq!(part.unchanged + same, whole.unchanged);
        let (old, new) = (listed(&old), listed(&new));
        let (old, new) = (Lines::listed(&old).unwrap().1, Lines::listed(&new).unwrap().1);
        let (before, after, same) = between(old, new).unwrap();
        let part = diff(&before, &after);
        prop_assert_eq!(names(&part), names(&whole));
        prop_assert_eq!(part.unchanged + same, whole.unchanged);
    }
}

#[test]
fn lines_that_are_no_plan_are_refused_with_their_number() {
    let message = |text: &str| State::from_lines(text).unwrap_err().to_string();
    assert!(message("\n{").starts_with("line 2: "), "{}", message("\n{"));
    assert_eq!(message("{\"kind\":\"Pod\"}"), "line 1: an object of kind Pod");
}

fn node<'a>(profile: &'a str, hash: u128, facts: &'a Facts) -> NodeState<'a> {
    NodeState {
        name: "n",
        hash,
        profile,
        applied: None,
        managed: true,
        facts: FactsOf::Known(facts),
    }
}

#[test]
fn what_is_not_known_is_said_and_grave() {
    let profiles = profiles();
    let (name, spec) = &profiles[0];
    let facts = Facts::default();
    let new = State::new([node(name, 1, &facts)], [(name.as_str(), Cow::Borrowed(spec))]);
    for (old, path) in [
        (node("pool-000000000000", 0, &facts), "profile"),
        (node(name, 0, &facts), "hash"),
        (
            NodeState {
                facts: FactsOf::Json("{"),
                ..node(name, 0, &facts)
            },
            "facts",
        ),
    ] {
        let old = State::new([old], []);
        let found = diff(&old, &new);
        let paths: Vec<&str> = found
            .differences(&found.nodes[0])
            .map(|d| d.path.as_str())
            .collect();
        assert_eq!((paths, found.nodes[0].class), (vec![path], ActionClass::Reboot));
    }
}
