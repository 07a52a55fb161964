//! An address that a host may still have is given to nobody else, whatever is edited, and a host's word frees it.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::{configs, input, previous};
use proptest::prelude::*;
use rackwright_api::NodeConfigSpec;
use rackwright_planner::{Compilation, Input};

type Configs = BTreeMap<String, NodeConfigSpec>;

const RACKS: usize = 6;

/// What stands in the documents for one turn.
#[derive(Debug, Clone)]
struct Turn {
    /// By rack: which of two pools takes it.
    pool_of: Vec<Option<bool>>,
    /// By pool: whether it uses the fabrics `compute` and `storage`.
    uses: [(bool, bool); 2],
    /// Reservations in `compute`: by node, which number of its cluster's range.
    reserved: BTreeMap<usize, u32>,
    /// Rails of `compute`: with another number its prefix is cut in another way.
    rails: u8,
    /// By node: whether its agent applies what is written after the turn.
    applies: Vec<bool>,
    /// A node whose NodeConfig is deleted after the turn.
    gone: Option<usize>,
}

fn turn() -> impl Strategy<Value = Turn> {
    let nodes = RACKS * 2;
    let often = prop::bool::weighted(0.8);
    (
        prop::collection::vec(prop::option::weighted(0.8, any::<bool>()), RACKS),
        [(often, often), (often, often)],
        prop::collection::btree_map(0..nodes, 0u32..12, 0..3),
        prop_oneof![9 => Just(2u8), 1 => Just(4u8)],
        prop::collection::vec(prop::bool::weighted(0.3), nodes),
        prop::option::weighted(0.1, 0..nodes),
    )
        .prop_map(|(pool_of, uses, reserved, rails, applies, gone)| Turn {
            pool_of,
            uses,
            reserved,
            rails,
            applies,
            gone,
        })
}

fn node(at: usize) -> String {
    format!("a{}-n{}", at / 2, at % 2)
}

/// The first three racks are of the member cluster `one`, the others of `two`.
fn yaml(turn: &Turn) -> String {
    let reserved: BTreeMap<u32, usize> = (turn.reserved.iter())
        .map(|(&node, number)| (number + if node < RACKS { 1 } else { 21 }, node))
        .collect();
    let reserved: Vec<String> = reserved
        .into_iter()
        .map(|(first, at)| format!("{{ first: {first}, nodes: {} }}", node(at)))
        .collect();
    let mut text = format!(
        r#"
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: {{ name: lab }}
spec:
  racks: [ {{ names: "a[0-5]", nodes: "n[0-1]", system: dgx-b200 }} ]
  clusters: [ {{ name: one, racks: "a[0-2]" }}, {{ name: two, racks: "a[3-5]" }} ]
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: {{ name: compute }}
spec:
  supercluster: lab
  plane: Compute
  topology: {{ type: FatTree, rails: {} }}
  addressing:
    ipv4: 10.64.0.0/23
    ranges: [ {{ cluster: one, first: 1, last: 20 }}, {{ cluster: two, first: 21, last: 120 }} ]
    reservations: [ {} ]
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: {{ name: storage }}
spec:
  supercluster: lab
  plane: Storage
  topology: {{ type: FatTree, rails: 1 }}
  addressing:
    ipv4: 10.80.0.0/26
    ranges: [ {{ cluster: one, first: 1, last: 20 }}, {{ cluster: two, first: 21, last: 40 }} ]
"#,
        turn.rails,
        reserved.join(", ")
    );
    for (at, (compute, storage)) in turn.uses.into_iter().enumerate() {
        let takes = |rack: &usize| turn.pool_of[*rack] == Some(at == 1);
        let racks: Vec<String> = (0..RACKS).filter(takes).map(|rack| format!("a{rack}")).collect();
        if racks.is_empty() {
            continue;
        }
        let fabrics = [(compute, "{ name: compute }"), (storage, "{ name: storage }")];
        let fabrics: Vec<&str> = fabrics.iter().filter(|used| used.0).map(|used| used.1).collect();
        text += &format!(
            "---\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: {{ name: p{at} }}\nspec: {{ supercluster: lab, \
             nodes: {{ racks: \"{}\" }}, fabrics: [ {} ] }}\n",
            racks.join(","),
            fabrics.join(", ")
        );
    }
    text
}

/// What is written, and what each host may have.
#[derive(Debug, Clone, Default)]
struct World {
    stored: Configs,
    /// Nodes whose status shows that the host is what the NodeConfig says.
    applied: BTreeSet<String>,
    hosts: BTreeMap<String, BTreeSet<String>>,
}

impl World {
    fn input(&self, yaml: &str) -> Input {
        let mut known = self.stored.clone();
        for (name, spec) in &mut known {
            if self.applied.contains(name) {
                spec.quarantined.clear();
            }
        }
        Input {
            previous: previous(&known),
            ..input(yaml)
        }
    }

    /// The nodes of one member cluster.
    fn part(&self, cluster: &str) -> Self {
        let own = |name: &str| (&name[1..2] < "3") == (cluster == "one");
        let mut part = self.clone();
        part.stored.retain(|name, _| own(name));
        part
    }

    fn write(&mut self, configs: Configs) {
        for (name, spec) in configs {
            if self.stored.get(&name) != Some(&spec) {
                self.applied.remove(&name);
            }
            self.hosts
                .entry(name.clone())
                .or_default()
                .extend(addresses(&spec));
            self.stored.insert(name, spec);
        }
    }

    fn apply(&mut self, name: &str) {
        if let Some(spec) = self.stored.get(name) {
            self.hosts.insert(name.to_owned(), addresses(spec).collect());
            self.applied.insert(name.to_owned());
        }
    }

    fn delete(&mut self, name: &str) {
        self.stored.remove(name);
        self.applied.remove(name);
        self.hosts.remove(name);
    }
}

fn addresses(spec: &NodeConfigSpec) -> impl Iterator<Item = String> {
    let rails = spec.facts.rails.iter();
    rails.filter_map(|rail| Some(rail.ipv4.as_ref()?.net()?.addr().to_string()))
}

fn compiled(input: &Input) -> Option<Compilation> {
    let compilation = rackwright_planner::compile(input).unwrap();
    assert_eq!(rackwright_planner::check(input, &compilation.plan), vec![]);
    // Where a reserved number may still be on another host, or no number is left, nothing of this turn is written.
    compilation.refused.is_empty().then_some(compilation)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_a_host_may_have_is_given_to_no_other(turns in prop::collection::vec(turn(), 1..8)) {
        let mut world = World::default();
        for turn in turns {
            let text = yaml(&turn);
            if let Some(compilation) = compiled(&world.input(&text)) {
                let planned = configs(&compilation);
                for (name, spec) in &planned {
                    for address in addresses(spec) {
                        let had = world.hosts.get(name).is_some_and(|had| had.contains(&address));
                        let elsewhere = world.hosts.iter().find(|(host, has)| *host != name && has.contains(&address));
                        prop_assert!(had || elsewhere.is_none(), "{name} gets {address} of {elsewhere:?}");
                    }
                }
                // Each member cluster finds the same from its own NodeConfigs alone.
                for cluster in ["one", "two"] {
                    let part = world.part(cluster);
                    let mut compilation = compiled(&part.input(&text)).unwrap();
                    compilation.keep_member(cluster).unwrap();
                    let whole = World { stored: planned.clone(), ..World::default() };
                    prop_assert_eq!(configs(&compilation), whole.part(cluster).stored);
                }
                world.write(planned.clone());
                let again = compiled(&world.input(&text)).unwrap();
                prop_assert_eq!(configs(&again), planned);
            }
            for (at, applies) in turn.applies.iter().enumerate() {
                if *applies {
                    world.apply(&node(at));
                }
            }
            if let Some(gone) = turn.gone {
                world.delete(&node(gone));
            }
        }
    }
}

const SITE: &str = r#"
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec: { racks: [ { names: "a[1-2]", nodes: "n[1-2]", system: dgx-b200 } ] }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec: { supercluster: lab, nodes: { names: "a1-n1,a1-n2" }, fabrics: [ { name: compute } ] }
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: compute }
spec:
  supercluster: lab
  plane: Compute
  topology: { type: FatTree, rails: 2 }
  addressing: { ipv4: 10.64.0.0/24 }
"#;

/// Compiles after an edit, checks, and writes.
fn edit(world: &mut World, edits: &[(&str, &str)]) -> Configs {
    let text = edits.iter().fold(SITE.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    let planned = configs(&compiled(&world.input(&text)).unwrap());
    world.write(planned.clone());
    planned
}

fn first(configs: &Configs, node: &str) -> Option<String> {
    addresses(&configs[node]).next()
}

fn quarantined(configs: &Configs, node: &str) -> Vec<String> {
    configs[node]
        .quarantined
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn a_dropped_fabric_leaves_its_addresses_in_quarantine_until_the_host_has_let_go() {
    let fabrics = ", fabrics: [ { name: compute } ]";
    let other = "---\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: { name: other }\n\
                 spec: { supercluster: lab, nodes: { names: \"a2-n1\" }, fabrics: [ { name: compute } ] }\n---\n\
                 apiVersion: rackwright.dev/v1alpha1\nkind: InfiniBandFabric";
    let split = (
        "---\napiVersion: rackwright.dev/v1alpha1\nkind: InfiniBandFabric",
        other,
    );
    let mut world = World::default();
    let before = edit(&mut world, &[]);
    assert_eq!(first(&before, "a1-n1").as_deref(), Some("10.64.0.1"));
    let dropped = edit(&mut world, &[(fabrics, "")]);
    assert_eq!(quarantined(&dropped, "a1-n1"), ["10.64.0.1", "10.64.0.129"]);
    // The hash is what the host must become, and quarantine is not.
    let facts = &dropped["a1-n1"];
    assert_eq!(
        facts.hash,
        edit(&mut World::default(), &[(fabrics, "")])["a1-n1"].hash
    );

    let new = edit(&mut world.clone(), &[(fabrics, ""), split]);
    assert_eq!(first(&new, "a2-n1").as_deref(), Some("10.64.0.3"));
    world.apply("a1-n1");
    let new = edit(&mut world.clone(), &[(fabrics, ""), split]);
    assert_eq!(first(&new, "a2-n1").as_deref(), Some("10.64.0.1"));
    assert_eq!(quarantined(&new, "a1-n1"), [""; 0]);
    assert_eq!(quarantined(&new, "a1-n2"), ["10.64.0.2", "10.64.0.130"]);
    // Who comes back to the fabric has what was kept for it.
    let back = edit(&mut world, &[]);
    assert_eq!(first(&back, "a1-n2").as_deref(), Some("10.64.0.2"));
    assert_eq!(quarantined(&back, "a1-n2"), [""; 0]);
}

#[test]
fn a_number_that_a_reservation_moved_a_node_from_is_not_free() {
    let reserved = |list: &str| format!("ipv4: 10.64.0.0/24, reservations: [ {list} ]");
    let more = ("a1-n1,a1-n2", "a1-n[1-2],a2-n1");
    let mut world = World::default();
    edit(&mut world, &[]);
    let move_it = reserved("{ first: 60, nodes: a1-n1 }");
    let moved = edit(&mut world, &[("ipv4: 10.64.0.0/24", &move_it)]);
    assert_eq!(first(&moved, "a1-n1").as_deref(), Some("10.64.0.60"));
    assert_eq!(quarantined(&moved, "a1-n1"), ["10.64.0.1", "10.64.0.129"]);
    let grown = edit(&mut world.clone(), &[("ipv4: 10.64.0.0/24", &move_it), more]);
    assert_eq!(first(&grown, "a2-n1").as_deref(), Some("10.64.0.3"));
    // Not even a reservation gives it away.
    let take_it = reserved("{ first: 60, nodes: a1-n1 }, { first: 1, nodes: a2-n1 }");
    let text = SITE
        .replace("ipv4: 10.64.0.0/24", &take_it)
        .replace(more.0, more.1);
    let refused = rackwright_planner::compile(&world.input(&text)).unwrap();
    assert_eq!(crate::support::codes(&refused), ["RW2007", "RW2027"]);
    world.apply("a1-n1");
    let given = edit(&mut world, &[("ipv4: 10.64.0.0/24", &take_it), more]);
    assert_eq!(first(&given, "a2-n1").as_deref(), Some("10.64.0.1"));
    assert_eq!(quarantined(&given, "a1-n1"), [""; 0]);
}

/// A NodeConfig holds 256 addresses in quarantine: the pool of a node that would have one more is refused, and only it.
#[test]
fn a_full_quarantine_refuses_the_pool() {
    let pool = |name: &str, rack: &str| {
        format!(
            "---\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: {{ name: {name} }}\nspec: {{ supercluster: lab, nodes: {{ racks: {rack} }}, fabrics: [ {{ name: compute }} ] }}\n"
        )
    };
    let yaml = "apiVersion: rackwright.dev/v1alpha1\nkind: Supercluster\nmetadata: { name: lab }\nspec: { racks: [ { names: \"a[1-2]\", nodes: \"n[1-2]\", system: dgx-b200 } ] }\n\
                ---\napiVersion: rackwright.dev/v1alpha1\nkind: InfiniBandFabric\nmetadata: { name: compute }\nspec: { supercluster: lab, plane: Compute, topology: { type: FatTree, rails: 1 }, addressing: { ipv4: 10.64.0.0/24 } }\n"
        .to_owned()
        + &pool("one", "a1")
        + &pool("two", "a2");
    let first = rackwright_planner::compile(&input(&yaml)).unwrap();
    for (held, refused) in [(256, false), (257, true)] {
        let mut before = previous(&configs(&first));
        before[0].quarantined = (0..held).map(|at| (0x0a09_0000_u32 + at).into()).collect();
        let input = Input {
            previous: before,
            ..input(&yaml)
        };
        let compiled = rackwright_planner::compile(&input).unwrap();
        assert_eq!(rackwright_planner::check(&input, &compiled.plan), vec![]);
        let messages: Vec<&str> = compiled
            .findings
            .iter()
            .map(|found| found.message.as_str())
            .collect();
        let expected = "1 node of GPUPool/one would have up to 257 addresses in quarantine, and a NodeConfig holds 256: a1-n1";
        assert_eq!(messages, [expected][..usize::from(refused)]);
        let planned: Vec<&str> = compiled
            .plan
            .pools()
            .iter()
            .map(|pool| pool.name.as_str())
            .collect();
        assert_eq!(planned, ["one", "two"][usize::from(refused)..]);
    }
}
