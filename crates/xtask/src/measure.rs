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
    let before = cpu_of_children()?;
    let mut total = once(command)?;
    for _ in 1..repeats {
        let cost = once(command)?;
        total.wall += cost.wall;
        total.peak = total.peak.max(cost.peak);
    }
    Ok(Cost {
        wall: total.wall / repeats,
        cpu: cpu_of_children()?.saturating_sub(before) / repeats,
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
    while child.try_wait()?.is_none() {
        peak = peak.max(peak_memory(id).unwrap_or_default());
        std::thread::sleep(Duration::from_millis(1));
    }
    let wall = start.elapsed();
    let status = child.wait()?;
    let output = drain.join().unwrap_or_default();
    if !status.success() {
        bail!("{command:?} ended with {status}");
    }
    Ok(Cost {
        wall,
        cpu: Duration::ZERO,
        peak,
        output,
    })
}

fn peak_memory(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? * 1024)
}

/// User and system time of the children that were waited for (proc_pid_stat(5): fields 16 and 17, in ticks of 10 ms).
/// The kernel adds them up in nanoseconds, so that over many runs the ticks do not matter.
fn cpu_of_children() -> anyhow::Result<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat
        .rsplit_once(") ")
        .context("/proc/self/stat")?
        .1
        .split(' ')
        .collect();
    let ticks = |field: usize| anyhow::Ok(fields.get(field - 3).context("a field")?.parse::<u64>()?);
    Ok(Duration::from_millis((ticks(16)? + ticks(17)?) * 10))
}
