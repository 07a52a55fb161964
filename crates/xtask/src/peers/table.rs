//! Tables of costs: programs that do one job, measured in turns.

use std::iter::repeat_n;

use super::programs::Program;
use crate::measure::{self, Cost};
use crate::say;

const MIB: f64 = 1024.0 * 1024.0;

/// What a program cost, under its name and version; or the name of one that is not installed.
type Measured = Result<(String, Cost), String>;

/// Measures programs that do one job and prints what each cost. Each round runs every program once, in turns; the least
/// of each figure counts. Returns the costs in the order of the programs; none of one that is not installed.
pub fn compare(
    title: &str,
    ours: &[Program],
    peers: &[Program],
    rounds: u32,
) -> anyhow::Result<Vec<Option<Cost>>> {
    let programs: Vec<(&Program, Option<String>)> = (ours.iter().chain(peers))
        .map(|program| (program, program.name_and_version()))
        .collect();
    let mut costs: Vec<Option<Cost>> = vec![None; programs.len()];
    for _ in 0..rounds {
        for ((program, name), least) in programs.iter().zip(&mut costs) {
            if name.is_some() {
                let cost = measure::run_ending(&mut program.command(), program.code)?;
                *least = Some(least.map_or(cost, |before| before.least(cost)));
            }
        }
    }
    let measured: Vec<Measured> = (programs.into_iter().zip(costs.iter().copied()))
        .map(|((program, name), cost)| name.zip(cost).ok_or_else(|| program.name()))
        .collect();
    say(&format!("\n{title}\n"));
    for line in lines(&measured, ours.len()) {
        say(&line);
    }
    Ok(costs)
}

/// The table's lines. The first `ours` programs are ours; each has a column with the others' CPU and wall time as
/// multiples of its own.
fn lines(measured: &[Measured], ours: usize) -> Vec<String> {
    let ours: Vec<&(String, Cost)> = measured[..ours].iter().flatten().collect();
    let mut header: Vec<String> = ["program", "CPU s", "wall s", "peak MiB", "output MiB"]
        .map(str::to_owned)
        .into();
    header.extend(ours.iter().map(|(name, _)| format!("CPU, wall / `{name}`")));
    let width = header.len();
    let rule = vec!["---".to_owned(); width];
    let rows = measured.iter().map(|measured| match measured {
        Ok((name, cost)) => cells(name, cost, &ours),
        Err(name) => [name.clone(), "not installed".to_owned()]
            .into_iter()
            .chain(repeat_n("-".to_owned(), width - 2))
            .collect(),
    });
    [header, rule]
        .into_iter()
        .chain(rows)
        .map(|cells| format!("| {} |", cells.join(" | ")))
        .collect()
}

fn cells(name: &str, cost: &Cost, ours: &[&(String, Cost)]) -> Vec<String> {
    let (cpu, wall) = (cost.cpu.as_secs_f64(), cost.wall.as_secs_f64());
    let mut cells = vec![
        name.to_owned(),
        format!("{cpu:.3}"),
        format!("{wall:.3}"),
        format!("{:.1}", cost.peak as f64 / MIB),
        format!("{:.1}", cost.output as f64 / MIB),
    ];
    for (_, our) in ours {
        let (our_cpu, our_wall) = (our.cpu.as_secs_f64(), our.wall.as_secs_f64());
        cells.push(format!("{:.1}, {:.1}", cpu / our_cpu, wall / our_wall));
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn cost(cpu: u64, wall: u64) -> Cost {
        Cost {
            wall: Duration::from_millis(wall),
            cpu: Duration::from_millis(cpu),
            peak: 3 << 20,
            output: 1 << 19,
        }
    }

    #[test]
    fn ratios_are_to_ours_and_who_is_missing_is_named() {
        let measured = [
            Ok(("ours".to_owned(), cost(100, 50))),
            Ok(("helm 4".to_owned(), cost(1500, 40))),
            Err("pkl".to_owned()),
        ];
        assert_eq!(
            lines(&measured, 1),
            [
                "| program | CPU s | wall s | peak MiB | output MiB | CPU, wall / `ours` |",
                "| --- | --- | --- | --- | --- | --- |",
                "| ours | 0.100 | 0.050 | 3.0 | 0.5 | 1.0, 1.0 |",
                "| helm 4 | 1.500 | 0.040 | 3.0 | 0.5 | 15.0, 0.8 |",
                "| pkl | not installed | - | - | - | - |",
            ]
        );
    }

    #[test]
    fn without_ours_there_are_no_ratios() {
        let measured = [Ok(("diff 3".to_owned(), cost(10, 20)))];
        assert_eq!(lines(&measured, 0)[2], "| diff 3 | 0.010 | 0.020 | 3.0 | 0.5 |");
    }
}
