//! MIG: the instances that one GPU can be cut into.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a GPU can be cut; one that is not MIG-capable has no profiles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Mig {
    /// Compute slices that instances can share out.
    pub compute_slices: u8,
    /// Memory slices that they can share out.
    pub memory_slices: u8,
    /// The profiles.
    pub profiles: Vec<MigProfile>,
    /// The document, and where in it.
    pub source: String,
}

/// A profile of one GPU; the same name can mean something else on another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MigProfile {
    /// Its name as `nvidia-smi mig -lgip` prints it.
    pub name: String,
    /// Names that other boards of the model print for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Compute slices of one instance.
    pub compute_slices: u8,
    /// Memory slices of one instance.
    pub memory_slices: u8,
    /// The most instances of this profile on one GPU.
    pub max: u8,
    /// Memory slices that an instance can begin at, where they are documented.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub starts: Vec<u8>,
}

/// Why a GPU cannot hold a layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The GPU cannot be cut at all.
    NotCapable,
    /// The GPU has no such profile.
    UnknownProfile {
        /// Where it stands in the layout.
        at: usize,
        /// The profile that must have been meant: as many compute slices, the nearest memory.
        near: Option<String>,
    },
    /// There are more instances of a profile than a GPU can hold.
    TooMany {
        /// Where the profile stands in the layout.
        at: usize,
        /// How many there are.
        count: u32,
        /// How many there can be.
        max: u8,
    },
    /// Together the instances have more slices than the GPU.
    Slices {
        /// `compute` or `memory`.
        kind: &'static str,
        /// Slices of each entry of the layout: its place, how many instances, slices of one.
        terms: Vec<(usize, u32, u8)>,
        /// Their sum.
        total: u32,
        /// Slices of the GPU.
        slices: u8,
    },
}

/// Slices of one kind that an instance takes.
type SlicesOf = fn(&MigProfile) -> u8;

impl Mig {
    /// The profile of a name.
    pub fn profile(&self, name: &str) -> Option<&MigProfile> {
        self.profiles
            .iter()
            .find(|profile| profile.name == name || profile.aliases.iter().any(|alias| alias == name))
    }

    /// Why the GPU cannot hold these instances (profile and count); empty if it can.
    ///
    /// Each profile exists and comes at most `max` times, and neither compute nor memory slices run out. On the boards with
    /// seven compute and eight memory slices, exactly these layouts can be placed without overlap (the test enumerates them
    /// all), so no placement is searched.
    pub fn refusals(&self, layout: &[(&str, u8)]) -> Vec<Refusal> {
        if self.profiles.is_empty() {
            return vec![Refusal::NotCapable];
        }
        let mut refusals = Vec::new();
        let mut known: Vec<(usize, &MigProfile, u32)> = Vec::new();
        for (at, &(name, count)) in layout.iter().enumerate() {
            let Some(profile) = self.profile(name) else {
                let near = self.near(name);
                refusals.push(Refusal::UnknownProfile { at, near });
                continue;
            };
            match known.iter_mut().find(|(_, other, _)| other.name == profile.name) {
                Some((.., total)) => *total += u32::from(count),
                None => known.push((at, profile, u32::from(count))),
            }
        }
        for &(at, profile, count) in &known {
            if count > u32::from(profile.max) {
                let max = profile.max;
                refusals.push(Refusal::TooMany { at, count, max });
            }
        }
        let kinds: [(&str, u8, SlicesOf); 2] = [
            ("compute", self.compute_slices, |profile| profile.compute_slices),
            ("memory", self.memory_slices, |profile| profile.memory_slices),
        ];
        for (kind, slices, of) in kinds {
            let terms = known.iter().map(|&(at, profile, count)| (at, count, of(profile)));
            let terms: Vec<(usize, u32, u8)> = terms.collect();
            let total = terms.iter().map(|&(_, count, one)| count * u32::from(one)).sum();
            if total > u32::from(slices) {
                refusals.push(Refusal::Slices {
                    kind,
                    terms,
                    total,
                    slices,
                });
            }
        }
        refusals
    }

    /// The profile with as many compute slices and the same attributes whose memory is nearest.
    fn near(&self, name: &str) -> Option<String> {
        let (compute, memory, attributes) = parts(name)?;
        let alike = self.profiles.iter().filter_map(|profile| {
            let (other, gb, same) = parts(&profile.name)?;
            (other == compute && same == attributes).then(|| (gb.abs_diff(memory), profile))
        });
        alike
            .min_by_key(|(distance, _)| *distance)
            .map(|(_, profile)| profile.name.clone())
    }
}

/// Compute slices, memory in GB and attributes of a profile's name.
fn parts(name: &str) -> Option<(u32, u32, &str)> {
    let (compute, rest) = name.split_once("g.")?;
    let (memory, attributes) = rest.split_once("gb")?;
    Some((compute.parse().ok()?, memory.parse().ok()?, attributes))
}

impl fmt::Display for MigProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} compute, {} memory, at most {}",
            self.name, self.compute_slices, self.memory_slices, self.max
        )?;
        if !self.aliases.is_empty() {
            write!(f, "; also {}", self.aliases.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::gpus;

    /// `gb = round(f x G)` with `G` the memory in GiB, rounded up, and `f` the share of it in eighths, rounded up
    /// (mig-parted, go-nvlib `mig_profile.go`); checked against each 8-slice board whose memory is known.
    #[test]
    fn names_follow_from_the_memory() {
        let mut checked = 0;
        for (board, gpu) in gpus() {
            let Some(memory) = gpu.memory_mib.as_ref().filter(|_| gpu.mig.memory_slices == 8) else {
                continue;
            };
            let gib = memory.value.div_ceil(1024);
            for profile in &gpu.mig.profiles {
                // Rounding half away from zero, in eighths.
                let gb = (u32::from(profile.memory_slices) * gib * 2 + 8) / 16;
                let name = format!("{}g.{gb}gb", profile.compute_slices);
                assert_eq!(profile.name.trim_end_matches("+me"), name, "{board}");
            }
            checked += 1;
        }
        assert_eq!(checked, 14);
    }

    /// A board with seven compute and eight memory slices, and a count for each of its seven profiles, in the order of
    /// the catalogue: 1g, 1g+me, 1g with double memory, 2g, 3g, 4g, 7g.
    type Counts = [u8; 7];

    fn accepts(mig: &Mig, counts: Counts) -> bool {
        let layout: Vec<(&str, u8)> = (mig.profiles.iter().zip(counts))
            .filter(|(_, count)| *count > 0)
            .map(|(profile, count)| (profile.name.as_str(), count))
            .collect();
        mig.refusals(&layout).is_empty()
    }

    /// Whether instances can lie side by side: each at one of its starts, no memory slice used twice, and no more compute
    /// slices than there are. The search that the rule does without.
    fn placeable(mig: &Mig, counts: Counts) -> bool {
        fn place(rest: &[&MigProfile], used: u8) -> bool {
            let Some((first, rest)) = rest.split_first() else {
                return true;
            };
            first.starts.iter().any(|&start| {
                let mask = ((1u16 << first.memory_slices) - 1) << start;
                mask < 256 && used & mask as u8 == 0 && place(rest, used | mask as u8)
            })
        }
        let mut instances: Vec<&MigProfile> = Vec::new();
        for (profile, count) in mig.profiles.iter().zip(counts) {
            if count > profile.max {
                return false;
            }
            instances.extend((0..count).map(|_| profile));
        }
        instances.sort_by_key(|profile| std::cmp::Reverse(profile.memory_slices));
        let compute: u8 = instances.iter().map(|profile| profile.compute_slices).sum();
        compute <= mig.compute_slices && place(&instances, 0)
    }

    fn all_counts() -> Vec<Counts> {
        let mut all = vec![[0u8; 7]];
        for profile in 0..7 {
            all = all
                .into_iter()
                .flat_map(|counts| {
                    (0..=8).map(move |count| {
                        let mut counts = counts;
                        counts[profile] = count;
                        counts
                    })
                })
                // No verdict depends on what lies far beyond the slices.
                .filter(|counts| counts.iter().sum::<u8>() <= 9)
                .collect();
        }
        all
    }

    fn boards() -> impl Iterator<Item = (&'static String, &'static Mig)> {
        gpus()
            .iter()
            .map(|(name, gpu)| (name, &gpu.mig))
            .filter(|(_, mig)| mig.memory_slices == 8)
    }

    /// The search and the rule agree on every layout; `tests/mig.rs` compares the rule with the documentation.
    #[test]
    fn exactly_the_placeable_layouts_are_accepted() {
        let all = all_counts();
        for (board, mig) in boards() {
            for &counts in &all {
                assert_eq!(
                    accepts(mig, counts),
                    placeable(mig, counts),
                    "{board}: {counts:?}"
                );
            }
        }
        assert_eq!(boards().count(), 15);
    }

    /// Every profile of every GPU alone: `max` instances of it, and not one more.
    #[test]
    fn each_profile_comes_as_often_as_documented() {
        let mut profiles = 0;
        for (board, gpu) in gpus() {
            for profile in &gpu.mig.profiles {
                for name in profile.aliases.iter().chain([&profile.name]) {
                    assert_eq!(
                        gpu.mig.refusals(&[(name, profile.max)]),
                        vec![],
                        "{board}: {name}"
                    );
                    let more = gpu.mig.refusals(&[(name, profile.max + 1)]);
                    let (count, max) = (u32::from(profile.max) + 1, profile.max);
                    assert!(
                        more.contains(&Refusal::TooMany { at: 0, count, max }),
                        "{board}: {name}: {more:?}"
                    );
                }
                profiles += 1;
            }
        }
        assert_eq!(profiles, 15 * 7 + 5 + 11);
    }

    #[test]
    fn what_cannot_be_says_why() {
        let h200 = &gpus()["h200-sxm5-141gb"].mig;
        let unknown = |near: Option<&str>| {
            vec![Refusal::UnknownProfile {
                at: 0,
                near: near.map(str::to_owned),
            }]
        };
        assert_eq!(h200.refusals(&[("3g.70gb", 1)]), unknown(Some("3g.71gb")));
        assert_eq!(h200.refusals(&[("1g.23gb+me", 1)]), unknown(Some("1g.18gb+me")));
        assert_eq!(h200.refusals(&[("1g.30gb", 1)]), unknown(Some("1g.35gb")));
        assert_eq!(h200.refusals(&[("5g.90gb", 1)]), unknown(None));
        assert_eq!(
            h200.refusals(&[("4g.71gb", 1), ("1g.18gb", 2), ("2g.35gb", 1)]),
            vec![Refusal::Slices {
                kind: "compute",
                terms: vec![(0, 1, 4), (1, 2, 1), (2, 1, 2)],
                total: 8,
                slices: 7,
            }]
        );
        assert_eq!(
            h200.refusals(&[("3g.71gb", 2), ("1g.18gb", 1)]),
            vec![Refusal::Slices {
                kind: "memory",
                terms: vec![(0, 2, 4), (1, 1, 1)],
                total: 9,
                slices: 8,
            }]
        );
        // A profile that stands twice counts twice.
        let twice = h200.refusals(&[("7g.141gb", 1), ("7g.141gb", 1)]);
        assert!(twice.contains(&Refusal::TooMany {
            at: 0,
            count: 2,
            max: 1
        }));
        for board in ["l40s", "t4"] {
            assert_eq!(
                gpus()[board].mig.refusals(&[("1g.6gb", 1)]),
                vec![Refusal::NotCapable]
            );
        }
    }
}
