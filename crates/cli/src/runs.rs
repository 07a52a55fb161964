//! Waves for people. A roll-out may have one for each of hundreds of racks, so like ones that follow each other share a line.

use std::collections::BTreeSet;

use rackwright_planner::change::{Step, Wave};

use crate::changes::{cut, step};
use crate::summary::count;

/// Waves that share a line, at least.
const LIKE: usize = 3;

/// Waves that follow each other and are of one sort, with as many racks each.
#[derive(Debug)]
pub struct Run {
    first: usize,
    last: usize,
    step: Step,
    soak: u64,
    racks: usize,
    /// The least and the most nodes of one of them.
    nodes: (usize, usize),
    names: String,
}

/// Puts like waves together; fewer than three stay alone. `rack` says where a node stands, `names` folds the names of some.
pub fn runs<'r>(
    waves: &[Wave],
    rack: impl Fn(usize) -> Option<&'r str>,
    names: impl Fn(&[u32]) -> String,
) -> Vec<Run> {
    let racks = |wave: &Wave| {
        let racks = wave.nodes.iter().filter_map(|&node| rack(node as usize));
        racks.collect::<BTreeSet<_>>().len()
    };
    let kinds: Vec<(Step, u64, usize)> = waves
        .iter()
        .map(|wave| (wave.step, wave.soak, racks(wave)))
        .collect();
    let mut runs = Vec::new();
    let mut first = 0;
    for like in kinds.chunk_by(PartialEq::eq) {
        let length = if like.len() < LIKE { 1 } else { like.len() };
        for waves in waves[first..first + like.len()].chunks(length) {
            let sizes = || waves.iter().map(|wave| wave.nodes.len());
            let nodes: Vec<u32> = waves.iter().flat_map(|wave| &wave.nodes).copied().collect();
            let (step, soak, racks) = like[0];
            runs.push(Run {
                first: first + 1,
                last: first + waves.len(),
                step,
                soak,
                racks,
                nodes: (sizes().min().unwrap_or(0), sizes().max().unwrap_or(0)),
                names: names(&nodes),
            });
            first += waves.len();
        }
    }
    runs
}

impl Run {
    /// How many waves.
    pub fn waves(&self) -> usize {
        self.last + 1 - self.first
    }

    /// One line.
    pub fn text(&self) -> String {
        let (least, most) = self.nodes;
        let nodes = count(most, "node");
        let what = match (self.waves(), self.racks) {
            (1, _) => nodes,
            (waves, racks) => {
                let at_most = if least < most { "at most " } else { "" };
                let racks = match racks {
                    0 => String::new(),
                    racks => format!("{} and ", count(racks, "rack")),
                };
                format!("{} of {racks}{at_most}{nodes} each", count(waves, "wave"))
            }
        };
        line(
            (self.first, self.last),
            step(self.step),
            &what,
            &self.names,
            self.soak,
        )
    }
}

/// One wave or several: their numbers, what sort they are, how many nodes, which, and how long these must stay healthy.
pub fn line((first, last): (usize, usize), step: &str, what: &str, names: &str, soak: u64) -> String {
    let numbers = if first == last {
        first.to_string()
    } else {
        format!("{first}-{last}")
    };
    let soak = match soak {
        0 => String::new(),
        soak => format!("; healthy for {} before the next", spell(soak)),
    };
    format!("  {numbers:<4} {step}: {what} ({}){soak}\n", cut(names))
}

/// A time in the largest unit that it is whole in, as documents spell it.
fn spell(seconds: u64) -> String {
    match seconds {
        _ if seconds.is_multiple_of(3600) => format!("{}h", seconds / 3600),
        _ if seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(waves: &[(Step, &[u32])], racks: &[&'static str]) -> Vec<String> {
        let waves: Vec<Wave> = waves
            .iter()
            .map(|(step, nodes)| Wave {
                step: *step,
                nodes: nodes.to_vec(),
                soak: if *step == Step::Canary { 1800 } else { 0 },
            })
            .collect();
        let names = |nodes: &[u32]| format!("{}..{}", nodes[0], nodes[nodes.len() - 1]);
        let runs = runs(&waves, |node| racks.get(node).copied(), names);
        runs.iter().map(Run::text).collect()
    }

    #[test]
    fn like_waves_share_a_line() {
        let waves: &[(Step, &[u32])] = &[
            (Step::Canary, &[0]),
            (Step::Disruptive, &[1]),
            (Step::Disruptive, &[2, 3]),
            (Step::Disruptive, &[4, 5]),
            // In two racks.
            (Step::Disruptive, &[6, 8]),
            (Step::Disruptive, &[7, 9]),
            (Step::Destructive, &[10]),
            (Step::Destructive, &[11]),
            (Step::Destructive, &[12]),
        ];
        let racks = ["a", "a", "b", "b", "c", "c", "d", "d", "e", "e", "f", "f", "g"];
        assert_eq!(
            told(waves, &racks),
            [
                "  1    canary: 1 node (0..0); healthy for 30m before the next\n",
                "  2-4  within the budgets: 3 waves of 1 rack and at most 2 nodes each (1..5)\n",
                "  5    within the budgets: 2 nodes (6..8)\n",
                "  6    within the budgets: 2 nodes (7..9)\n",
                "  7-9  DATA IS LOST, with consent: 3 waves of 1 rack and 1 node each (10..12)\n",
            ]
        );
        // Nobody knows where they stand.
        assert_eq!(
            told(&waves[6..], &[]),
            ["  1-3  DATA IS LOST, with consent: 3 waves of 1 node each (10..12)\n"]
        );
    }
}
