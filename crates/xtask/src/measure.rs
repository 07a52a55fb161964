//! What a program costs: wall time, CPU seconds, peak memory. Any program can be measured, without a wrapper of its own.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// What one run cost.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// From start to exit.
    pub wall: Duration,
    /// User and system time.
    pub cpu: Duration,
    /// The largest resident set, in bytes (sampled each millisecond, so the last allocation may be missed).
    pub peak: u64,
    /// Bytes on standard output.
    pub output: u64,
}

impl Cost {
    /// The least of each figure: noise only adds.
    pub fn least(self, other: Self) -> Self {
        Self {
            wall: self.wall.min(other.wall),
            cpu: self.cpu.min(other.cpu),
            peak: self.peak.min(other.peak),
            output: self.output,
        }
    }
}

/// Runs a program some times and returns what one run cost on average, and the largest memory.
pub fn run(command: &mut Command, repeats: u32) -> anyhow::Result<Cost> {
    let mut total = once(command, 0)?;
    for _ in 1..repeats {
        let cost = once(command, 0)?;
        total.wall += cost.wall;
        total.cpu += cost.cpu;
        total.peak = total.peak.max(cost.peak);
    }
    Ok(Cost {
        wall: total.wall / repeats,
        cpu: total.cpu / repeats,
        ..total
    })
}

/// Runs once a program that ends with an exit code of its own, as `diff` does with 1.
pub fn run_ending(command: &mut Command, code: i32) -> anyhow::Result<Cost> {
    once(command, code)
}

/// Runs a program, draining its output.
#[expect(clippy::disallowed_methods, reason = "measuring time is the point")]
fn once(command: &mut Command, code: i32) -> anyhow::Result<Cost> {
    let cpu_before = cpu_of_children()?;
    let start = std::time::Instant::now();
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("starting {command:?}"))?;
    let mut pipe = child.stdout.take().context("standard output")?;
    let drain = std::thread::spawn(move || {
        let mut buffer = vec![0; 1 << 20];
        let mut total = 0u64;
        while let Ok(read) = pipe.read(&mut buffer) {
            if read == 0 {
                break;
            }
            total += read as u64;
        }
        total
    });
    let id = child.id();
    let mut peak = 0;
    let status = loop {
        peak = peak.max(peak_memory(id).unwrap_or_default());
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    let wall = start.elapsed();
    let cpu = cpu_of_children()?.saturating_sub(cpu_before);
    let output = drain.join().unwrap_or_default();
    if status.code() != Some(code) {
        bail!("{command:?} ended with {status}");
    }
    Ok(Cost {
        wall,
        cpu,
        peak,
        output,
    })
}

/// The resident set's high-water mark of a program. The one that wait4 returns would not do: exec hands on that of the
/// process that started the program, and ours has held a whole fleet.
fn peak_memory(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? * 1024)
}

/// User and system time of all children that were waited for, as wait4 counted it, to the microsecond: `/proc` has it in
/// ticks of 10 ms.
fn cpu_of_children() -> anyhow::Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(Duration::from_micros(u64::try_from(micros)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_program_costs_something() {
        let cost = run(
            &mut shell("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo done"),
            2,
        )
        .unwrap();
        assert_eq!(cost.output, 5);
        assert!(cost.cpu > Duration::ZERO, "{cost:?}");
        assert!(cost.peak > 1 << 16, "{cost:?}");
    }

    #[test]
    fn another_exit_code_is_an_error() {
        assert!(run(&mut shell("exit 1"), 1).is_err());
        assert!(run_ending(&mut shell("exit 1"), 1).is_ok());
        assert!(run_ending(&mut shell("exit 0"), 1).is_err());
    }
}
