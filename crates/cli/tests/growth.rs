//! Sites that grow: phase by phase, hall by hall, rack by rack, pool by pool. Nothing that was there moves: no seat, cable,
//! address, key, LID or name.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests are not tests to clippy"
)]

#[path = "support/mutations/example.rs"]
#[allow(dead_code, reason = "names are for mutations")]
mod example;
#[path = "support/growth/mod.rs"]
mod growth;
#[path = "support/run.rs"]
#[allow(dead_code, reason = "only files are looked at")]
mod run;
#[path = "support/tree.rs"]
mod tree;

use std::collections::{BTreeMap, BTreeSet};

use example::{Example, load};
use growth::{Facts, Grown, Keeps, Site, Standing};
use proptest::prelude::*;
use rackwright_planner::Input;
use run::{code, err, root, run_in};

/// One hall of each of three phases, two scalable units of each, nine nodes of a unit.
fn small(name: &'static str) -> Site {
    let halls = match name {
        "prometheus" => [1, 6, 20],
        _ => [1, 2, 14],
    };
    Site::new(&load(&root(), name).cut(&halls, 8, 2))
}

/// In which step each rack arrives and each pool is written, by hall; and phases that arrive whole.
#[derive(Debug, Clone)]
struct Plan {
    racks: Vec<Vec<u8>>,
    pools: Vec<[u8; 2]>,
    whole: Vec<Option<u8>>,
}

const STEPS: u8 = 5;

fn plans() -> impl Strategy<Value = Plan> {
    let racks = prop::collection::vec(prop::collection::vec(0..STEPS, 8), 3);
    let pools = prop::collection::vec([0..STEPS, 0..STEPS], 3);
    let whole = prop::collection::vec(prop::option::weighted(0.3, 0..STEPS), 3);
    (racks, pools, whole).prop_map(|(racks, pools, whole)| Plan { racks, pools, whole })
}

impl Plan {
    /// What stands after a step: racks in the order of their arrival.
    fn after(&self, step: u8) -> Vec<Standing> {
        let halls = self.racks.iter().zip(&self.pools).zip(&self.whole);
        halls
            .map(|((racks, pools), whole)| {
                let arrival = |rack: usize| whole.unwrap_or(racks[rack]);
                let mut there: Vec<usize> = (0..racks.len()).filter(|rack| arrival(*rack) <= step).collect();
                there.sort_by_key(|rack| arrival(*rack));
                Standing {
                    racks: there,
                    pools: pools.map(|written| written <= step),
                }
            })
            .collect()
    }
}

/// Grows a site and gives what moved in the first step in which anything did.
fn moved(site: &Site, plan: &Plan, keeps: Keeps) -> Vec<String> {
    let mut before = Facts::default();
    let mut previous = Vec::new();
    for step in 0..STEPS {
        let input = Input {
            previous,
            ..site.input(&plan.after(step), keeps)
        };
        let grown = Grown::new(input);
        let after = Facts::of(&grown);
        let lost = before.lost(&after);
        if !lost.is_empty() {
            return lost;
        }
        previous = match keeps {
            Keeps::Placement => Vec::new(),
            Keeps::Both | Keeps::Previous => grown.previous(),
        };
        before = after;
    }
    Vec::new()
}

proptest! {
    // A case takes seconds in a debug build.
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 10, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_in_whatever_order_moves_nothing(plan in plans(), hyperion in any::<bool>()) {
        let site = small(if hyperion { "hyperion" } else { "prometheus" });
        prop_assert_eq!(moved(&site, &plan, Keeps::Both), Vec::<String>::new());
    }
}

/// The third rack comes before the first.
fn third_before_first() -> Plan {
    Plan {
        racks: vec![vec![1, 1, 0, 1, 2, 2, 2, 2]; 3],
        pools: vec![[0, 0]; 3],
        whole: vec![None; 3],
    }
}

/// Seats in the order of names, as they are without a placement, and host numbers without the earlier plan: both move what
/// was there, and both are seen here.
#[test]
fn without_placement_or_the_earlier_plan_something_moves() {
    let site = small("prometheus");
    for (keeps, what) in [(Keeps::Previous, "seat "), (Keeps::Placement, "node ")] {
        let lost = moved(&site, &third_before_first(), keeps);
        assert!(
            lost.iter().any(|fact| fact.starts_with(what)),
            "{keeps:?}: {lost:?}"
        );
    }
    assert_eq!(
        moved(&site, &third_before_first(), Keeps::Both),
        Vec::<String>::new()
    );
}

/// Files that only get longer; bills, pictures and hashes say how much there is.
const KEPT: [&str; 8] = [
    "/cables.csv",
    "/cables.json",
    "/compute-guids.conf",
    "/guid2lid",
    "/netlist.txt",
    "/node-names.conf",
    "/partitions.conf",
    "/root-guids.conf",
];

/// What `fabric render` writes: a file of the earlier state has no line that the later one has not. A partition's members
/// share lines, so that they are taken apart.
#[test]
fn rendered_files_keep_their_lines() {
    let site = small("prometheus");
    let plan = third_before_first();
    let folder = tempfile::tempdir().unwrap();
    let mut before: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for step in 0..3 {
        let input = site.input(&plan.after(step), Keeps::Both);
        std::fs::write(folder.path().join("site.yaml"), growth::manifests(&input)).unwrap();
        let line = [
            "fabric",
            "render",
            "site.yaml",
            "--planned",
            "--fabric",
            "compute-06",
            "--out",
            "out",
        ];
        let output = run_in(folder.path(), &line, b"");
        assert_eq!(code(&output), 0, "{}", err(&output));
        let mut files = tree::tree(&folder.path().join("out"));
        files.retain(|name, _| KEPT.iter().any(|kept| name.ends_with(kept)));
        let lines = files.into_iter().map(|(name, text)| {
            let text = text.replace("},{", "\n");
            let ends = |c: char| c == '\n' || (c == ',' && name.ends_with("partitions.conf"));
            let lines = text
                .split(ends)
                .map(|line| line.trim_matches([' ', ';', ',', '[', ']']).to_owned());
            (name.clone(), lines.collect())
        });
        let after: BTreeMap<String, BTreeSet<String>> = lines.collect();
        for (name, lines) in &before {
            let lost: Vec<&String> = lines.difference(&after[name]).take(5).collect();
            assert_eq!(lost, Vec::<&String>::new(), "{name} after step {step}");
        }
        assert!(
            after.len() == KEPT.len() && after.values().all(|lines| lines.len() > 1),
            "{after:?}"
        );
        before = after;
    }
}

/// The documents as they are, with the racks of the first phases only, then of one more.
fn phase_by_phase(example: &Example) {
    let site = Site::new(example);
    let (mut before, mut previous) = (Facts::default(), Vec::new());
    for phases in 1..=site.phases() {
        let input = Input {
            previous,
            ..site.first_phases(phases)
        };
        let grown = Grown::new(input);
        let after = Facts::of(&grown);
        assert_eq!(before.lost(&after), Vec::<String>::new(), "phase {phases}");
        assert!(after.count() > before.count(), "phase {phases} brings nothing");
        previous = grown.previous();
        before = after;
    }
}

/// A site with all its halls; whole with `RACKWRIGHT_GROWTH=whole`, which wants an optimised build, else with one unit of
/// each hall and six nodes of a rack.
fn all_halls(name: &'static str) -> Example {
    let example = load(&root(), name);
    if std::env::var_os("RACKWRIGHT_GROWTH").is_some_and(|value| value == "whole") {
        return example;
    }
    let every: Vec<usize> = (1..=20).collect();
    example.cut(&every, 4, 6)
}

#[test]
fn prometheus_phase_by_phase() {
    phase_by_phase(&all_halls("prometheus"));
}

#[test]
fn hyperion_phase_by_phase() {
    phase_by_phase(&all_halls("hyperion"));
}
