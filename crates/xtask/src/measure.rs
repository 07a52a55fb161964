//! What a program costs: wall time, CPU seconds, peak memory. Read from `/proc`, so that any program can be measured
//! without a wrapper of its own.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};

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
    let mut total = once(command)?;
    for _ in 1..repeats {
        let cost = once(command)?;
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

/// Runs a program, draining its output.
#[expect(clippy::disallowed_methods, reason = "measuring time is the point")]
fn once(command: &mut Command) -> anyhow::Result<Cost> {
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
    let cpu = loop {
        peak = peak.max(peak_memory(id).unwrap_or_default());
        let (state, cpu) = state_and_cpu(id).context("reading /proc")?;
        // A process that has ended keeps its times until it is waited for.
        if state == 'Z' {
            break cpu;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    let wall = start.elapsed();
    let status = child.wait()?;
    let output = drain.join().unwrap_or_default();
    if !status.success() {
        bail!("{command:?} ended with {status}");
    }
    Ok(Cost {
        wall,
        cpu,
        peak,
        output,
    })
}

fn peak_memory(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? * 1024)
}

/// State letter and CPU time of a process (proc_pid_stat(5): fields 3, 14 and 15, the times in ticks of 10 ms).
fn state_and_cpu(id: u32) -> Option<(char, Duration)> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let rest = &stat[stat.rfind(')')? + 2..];
    let fields: Vec<&str> = rest.split(' ').collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some((rest.chars().next()?, Duration::from_millis(ticks * 10)))
}
