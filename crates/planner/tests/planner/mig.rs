//! MIG: the documented verdict on every combination of profiles, on every GPU of the documentation's tables.
//!
//! What is accepted is not computed from slices here, as the compiler does, but read off the documentation: the layouts
//! that cannot grow (MIG User Guide r580, "Supported MIG Profiles"), and everything that is a part of one of them.

use rackwright_planner::catalogue::{Gpu, gpu, gpus};

/// How many instances of each shape: 1g, 1g+me, 1g with double memory, 2g, 3g, 4g, 7g.
type Counts = [u8; 7];

/// GPUs of seven compute and eight memory slices, by the entries of the catalogue, with the names of the seven shapes as
/// mig-parted's `config-default.yaml` and the MIG User Guide print them. Boards of one entry may print either row.
const NAMES: &[(&[&str], [&str; 7])] = &[
    (
        &["a100-pcie-40gb", "a100-sxm4-40gb"],
        [
            "1g.5gb",
            "1g.5gb+me",
            "1g.10gb",
            "2g.10gb",
            "3g.20gb",
            "4g.20gb",
            "7g.40gb",
        ],
    ),
    (
        &[
            "a100-pcie-80gb",
            "a100-sxm4-80gb",
            "h100-pcie-80gb",
            "h100-sxm5-80gb",
        ],
        [
            "1g.10gb",
            "1g.10gb+me",
            "1g.20gb",
            "2g.20gb",
            "3g.40gb",
            "4g.40gb",
            "7g.80gb",
        ],
    ),
    (
        &["h100-nvl-94gb"],
        [
            "1g.12gb",
            "1g.12gb+me",
            "1g.24gb",
            "2g.24gb",
            "3g.47gb",
            "4g.47gb",
            "7g.94gb",
        ],
    ),
    (
        &["gh200-96gb"],
        [
            "1g.12gb",
            "1g.12gb+me",
            "1g.24gb",
            "2g.24gb",
            "3g.48gb",
            "4g.48gb",
            "7g.96gb",
        ],
    ),
    (
        &["h200-nvl-141gb", "h200-sxm5-141gb"],
        [
            "1g.18gb",
            "1g.18gb+me",
            "1g.35gb",
            "2g.35gb",
            "3g.71gb",
            "4g.71gb",
            "7g.141gb",
        ],
    ),
    (
        &["gh200-144gb"],
        [
            "1g.18gb",
            "1g.18gb+me",
            "1g.36gb",
            "2g.36gb",
            "3g.72gb",
            "4g.72gb",
            "7g.144gb",
        ],
    ),
    (
        &["b200-sxm6-180gb"],
        [
            "1g.23gb",
            "1g.23gb+me",
            "1g.45gb",
            "2g.45gb",
            "3g.90gb",
            "4g.90gb",
            "7g.180gb",
        ],
    ),
    (
        &["gb200-186gb"],
        [
            "1g.23gb",
            "1g.23gb+me",
            "1g.47gb",
            "2g.47gb",
            "3g.93gb",
            "4g.93gb",
            "7g.186gb",
        ],
    ),
    (
        &["gb200-186gb"],
        [
            "1g.24gb",
            "1g.24gb+me",
            "1g.47gb",
            "2g.47gb",
            "3g.95gb",
            "4g.95gb",
            "7g.189gb",
        ],
    ),
    (
        &["b300-sxm6-269gb"],
        [
            "1g.34gb",
            "1g.34gb+me",
            "1g.67gb",
            "2g.67gb",
            "3g.135gb",
            "4g.135gb",
            "7g.269gb",
        ],
    ),
    (
        &["gb300-278gb"],
        [
            "1g.35gb",
            "1g.35gb+me",
            "1g.70gb",
            "2g.70gb",
            "3g.139gb",
            "4g.139gb",
            "7g.278gb",
        ],
    ),
];

/// The most instances of each shape on one GPU.
const MOST: Counts = [7, 1, 4, 3, 2, 1, 1];

/// The layouts that cannot grow, without `+me`. The first twelve are those of the five base shapes.
const MAXIMAL: [Counts; 28] = [
    [0, 0, 0, 0, 0, 0, 1],
    [0, 0, 0, 0, 1, 1, 0],
    [1, 0, 0, 1, 0, 1, 0],
    [3, 0, 0, 0, 0, 1, 0],
    [0, 0, 0, 0, 2, 0, 0],
    [0, 0, 0, 2, 1, 0, 0],
    [2, 0, 0, 1, 1, 0, 0],
    [4, 0, 0, 0, 1, 0, 0],
    [1, 0, 0, 3, 0, 0, 0],
    [3, 0, 0, 2, 0, 0, 0],
    [5, 0, 0, 1, 0, 0, 0],
    [7, 0, 0, 0, 0, 0, 0],
    [0, 0, 1, 1, 0, 1, 0],
    [0, 0, 2, 0, 0, 1, 0],
    [2, 0, 1, 0, 0, 1, 0],
    [0, 0, 1, 1, 1, 0, 0],
    [0, 0, 2, 0, 1, 0, 0],
    [2, 0, 1, 0, 1, 0, 0],
    [0, 0, 1, 3, 0, 0, 0],
    [0, 0, 2, 2, 0, 0, 0],
    [2, 0, 1, 2, 0, 0, 0],
    [0, 0, 3, 1, 0, 0, 0],
    [2, 0, 2, 1, 0, 0, 0],
    [4, 0, 1, 1, 0, 0, 0],
    [0, 0, 4, 0, 0, 0, 0],
    [2, 0, 3, 0, 0, 0, 0],
    [4, 0, 2, 0, 0, 0, 0],
    [6, 0, 1, 0, 0, 0, 0],
];

/// The documented verdict: a part of a layout that cannot grow, where one 1g may be one with media engines.
fn documented(counts: Counts) -> bool {
    let [plain, media, ..] = counts;
    let mut merged = counts;
    (merged[0], merged[1]) = (plain + media, 0);
    let part = |maximal: &Counts| merged.iter().zip(maximal).all(|(count, most)| count <= most);
    media <= 1 && MAXIMAL.iter().any(part)
}

/// The compiler's verdict on instances by name.
fn accepts(gpu: &Gpu, names: &[&str], counts: &[u8]) -> bool {
    let layout: Vec<(&str, u8)> = names
        .iter()
        .copied()
        .zip(counts.iter().copied())
        .filter(|(_, count)| *count > 0)
        .collect();
    gpu.mig.refusals(&layout).is_empty()
}

/// Every combination of counts from none to one more than a GPU holds of anything.
fn combinations(most: &[u8]) -> Vec<Vec<u8>> {
    most.iter().fold(vec![Vec::new()], |combinations, &most| {
        let longer =
            |counts: Vec<u8>| (0..=most + 1).map(move |count| [counts.as_slice(), &[count]].concat());
        combinations.into_iter().flat_map(longer).collect()
    })
}

#[test]
fn every_combination_gets_the_documented_verdict() {
    let all = combinations(&MOST);
    assert_eq!(all.len(), 9 * 3 * 6 * 5 * 4 * 3 * 3);
    let mut boards = std::collections::BTreeSet::new();
    for (entries, names) in NAMES {
        for entry in *entries {
            let gpu = gpu(entry).unwrap();
            let (mut whole, mut plain, mut base) = (0, 0, 0);
            for counts in &all {
                let counts: Counts = counts.as_slice().try_into().unwrap();
                let verdict = accepts(gpu, names, &counts);
                assert_eq!(verdict, documented(counts), "{entry}: {names:?} x {counts:?}");
                if verdict && counts != [0; 7] {
                    whole += 1;
                    plain += u32::from(counts[1] == 0);
                    base += u32::from(counts[1] == 0 && counts[2] == 0);
                }
            }
            // Node facts 1.3.
            assert_eq!((whole, plain, base), (127, 77, 37), "{entry}");
            boards.insert(*entry);
        }
    }
    let eight = gpus().iter().filter(|(_, gpu)| gpu.mig.memory_slices == 8);
    assert!(eight.map(|(name, _)| name.as_str()).eq(boards.iter().copied()));
}

/// Twelve layouts of the five base shapes cannot grow, 28 with the double memory 1g.
#[test]
fn the_documented_layouts_cannot_grow() {
    for (entries, names) in NAMES {
        for entry in *entries {
            let gpu = gpu(entry).unwrap();
            let grows = |counts: &Counts, shapes: &[usize]| {
                shapes.iter().any(|&shape| {
                    let mut more = *counts;
                    more[shape] += 1;
                    accepts(gpu, names, &more)
                })
            };
            for (at, counts) in MAXIMAL.iter().enumerate() {
                assert!(accepts(gpu, names, counts), "{entry}: {counts:?}");
                assert!(!grows(counts, &[0, 2, 3, 4, 5, 6]), "{entry}: {counts:?}");
                assert_eq!(at < 12, counts[2] == 0, "{counts:?}");
            }
        }
    }
}

/// A profile of a GPU of four slices: its name, its slices, and the most of it.
type Profile = (&'static str, u8, u8);

/// GPUs of four slices (MIG User Guide; mig-parted `config-default.yaml`).
const FOUR_SLICES: [(&str, &[Profile]); 2] = [
    (
        "a30",
        &[
            ("1g.6gb", 1, 4),
            ("1g.6gb+me", 1, 1),
            ("2g.12gb", 2, 2),
            ("2g.12gb+me", 2, 1),
            ("4g.24gb", 4, 1),
        ],
    ),
    (
        "rtx-pro-6000-server",
        &[
            ("1g.24gb", 1, 4),
            ("1g.24gb-me", 1, 4),
            ("1g.24gb+gfx", 1, 4),
            ("1g.24gb+me", 1, 1),
            ("1g.24gb+me.all", 1, 1),
            ("2g.48gb", 2, 2),
            ("2g.48gb-me", 2, 2),
            ("2g.48gb+gfx", 2, 2),
            ("2g.48gb+me.all", 2, 1),
            ("4g.96gb", 4, 1),
            ("4g.96gb+gfx", 4, 1),
        ],
    ),
];

#[test]
fn gpus_of_four_slices_hold_four() {
    for (entry, profiles) in FOUR_SLICES {
        let gpu = gpu(entry).unwrap();
        let names: Vec<&str> = profiles.iter().map(|profile| profile.0).collect();
        assert_eq!(names.len(), gpu.mig.profiles.len(), "{entry}");
        // All pairs and triples of profiles, in every number up to one too many.
        let most: Vec<u8> = profiles.iter().map(|profile| profile.2).collect();
        for one in 0..names.len() {
            for two in one + 1..names.len() {
                for three in two + 1..names.len() {
                    for few in combinations(&[most[one], most[two], most[three]]) {
                        let mut counts = vec![0; names.len()];
                        (counts[one], counts[two], counts[three]) = (few[0], few[1], few[2]);
                        let slices: u8 = profiles
                            .iter()
                            .zip(&counts)
                            .map(|(profile, count)| profile.1 * count)
                            .sum();
                        let fits = slices <= 4 && counts.iter().zip(&most).all(|(count, most)| count <= most);
                        assert_eq!(
                            accepts(gpu, &names, &counts),
                            fits,
                            "{entry}: {counts:?} of {names:?}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn gpus_without_mig_hold_nothing() {
    for entry in ["l40s", "t4"] {
        let gpu = gpu(entry).unwrap();
        assert!(!accepts(gpu, &["1g.6gb"], &[1]), "{entry}");
    }
}

/// A name that another GPU has is refused where it does not exist, and judged by the GPU where it is something else.
#[test]
fn names_of_one_gpu_are_unknown_to_others() {
    for (entries, names) in NAMES {
        for (others, foreign) in NAMES {
            for (entry, other) in entries.iter().zip(others.iter()) {
                if entry == other {
                    continue;
                }
                let gpu = gpu(entry).unwrap();
                for (shape, name) in foreign
                    .iter()
                    .enumerate()
                    .filter(|(_, name)| !names.contains(name))
                {
                    let alias = gpu.mig.profile(name).is_some();
                    assert_eq!(
                        accepts(gpu, &[name], &[1]),
                        alias,
                        "{entry}: {name} of {other}, shape {shape}"
                    );
                    assert!(!alias || *entry == "gb200-186gb", "{entry}: {name}");
                }
            }
        }
    }
    for (entry, name, most) in [
        ("a100-sxm4-40gb", "1g.10gb", 4),
        ("a100-sxm4-80gb", "1g.10gb", 7),
        ("h200-sxm5-141gb", "1g.35gb", 4),
        ("gb300-278gb", "1g.35gb", 7),
        ("h100-nvl-94gb", "1g.24gb", 4),
        ("gh200-96gb", "1g.24gb", 4),
        ("gb200-186gb", "1g.24gb", 7),
        ("rtx-pro-6000-server", "1g.24gb", 4),
        ("b200-sxm6-180gb", "1g.23gb", 7),
        ("gb200-186gb", "1g.23gb", 7),
    ] {
        let gpu = gpu(entry).unwrap();
        assert!(accepts(gpu, &[name], &[most]), "{entry}: {most} x {name}");
        assert!(
            !accepts(gpu, &[name], &[most + 1]),
            "{entry}: {} x {name}",
            most + 1
        );
    }
}
