//! Metrics, in the OpenMetrics text format.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text::encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WriteLabels {
    kind: &'static str,
    verb: &'static str,
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct NodeLabels {
    pool: String,
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CodeLabels {
    code: String,
}

/// All metrics.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Mutex<Registry>,
    compiles: Counter,
    rejected: Counter,
    rounds_failed: Counter,
    failing: Gauge,
    compile_seconds: Histogram,
    writes: Family<WriteLabels, Counter>,
    watch_errors: Family<KindLabels, Counter>,
    nodes: Family<NodeLabels, Gauge>,
    findings: Family<CodeLabels, Gauge>,
    leader: Gauge,
    width: Gauge<f64, AtomicU64>,
    orphans: Gauge,
    last_success: Gauge<f64, AtomicU64>,
}

impl Default for Metrics {
    fn default() -> Self {
        let metrics = Self {
            registry: Mutex::default(),
            compiles: Counter::default(),
            rejected: Counter::default(),
            rounds_failed: Counter::default(),
            failing: Gauge::default(),
            // 1 ms to 32 s: from a handful of nodes to a hundred thousand.
            compile_seconds: Histogram::new(exponential_buckets(0.001, 2.0, 16)),
            writes: Family::default(),
            watch_errors: Family::default(),
            nodes: Family::default(),
            findings: Family::default(),
            leader: Gauge::default(),
            width: Gauge::default(),
            orphans: Gauge::default(),
            last_success: Gauge::default(),
        };
        let mut registry = Registry::with_prefix("rackwright");
        registry.register("compiles", "Compiles", metrics.compiles.clone());
        registry.register(
            "plans_rejected",
            "Plans that the independent checker rejected: nothing was written",
            metrics.rejected.clone(),
        );
        registry.register(
            "rounds_failed",
            "Rounds that stopped before anything was written: the compile failed, or what it needs to know is not known",
            metrics.rounds_failed.clone(),
        );
        registry.register(
            "round_failing",
            "1 where the last round stopped before anything was written",
            metrics.failing.clone(),
        );
        registry.register_with_unit(
            "compile",
            "Time of a compile with its check and comparison",
            Unit::Seconds,
            metrics.compile_seconds.clone(),
        );
        registry.register("writes", "Requests that change something", metrics.writes.clone());
        registry.register(
            "watch_errors",
            "Errors of watches and lists",
            metrics.watch_errors.clone(),
        );
        registry.register("nodes", "NodeConfigs by pool and state", metrics.nodes.clone());
        registry.register(
            "findings",
            "Findings of the last compile",
            metrics.findings.clone(),
        );
        registry.register(
            "leader",
            "1 where this process holds the lease",
            metrics.leader.clone(),
        );
        registry.register(
            "write_concurrency",
            "Writes that may be in flight at the same time, by what the API server bears",
            metrics.width.clone(),
        );
        registry.register(
            "orphan_nodes",
            "Managed NodeConfigs whose pool is absent or does not speak for them; they are left as they are",
            metrics.orphans.clone(),
        );
        registry.register(
            "last_success_timestamp_seconds",
            "Unix time of the last compile whose results are all written",
            metrics.last_success.clone(),
        );
        *metrics.registry.lock().unwrap_or_else(PoisonError::into_inner) = registry;
        metrics
    }
}

/// Where the NodeConfigs of a pool stand after a compile.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct NodeCounts {
    pub managed: u32,
    pub pending: u32,
    pub detached: u32,
}

impl Metrics {
    pub(crate) fn compiled(&self, took: Duration) {
        self.compiles.inc();
        self.compile_seconds.observe(took.as_secs_f64());
    }

    pub(crate) fn plan_rejected(&self) {
        self.rejected.inc();
    }

    /// Whether the last round stopped early.
    pub(crate) fn round_failed(&self, failed: bool) {
        self.rounds_failed.inc_by(u64::from(failed));
        self.failing.set(i64::from(failed));
    }

    pub(crate) fn write(&self, kind: &'static str, verb: &'static str, result: &'static str) {
        self.writes
            .get_or_create(&WriteLabels { kind, verb, result })
            .inc();
    }

    pub(crate) fn watch_error(&self, kind: &'static str) {
        self.watch_errors.get_or_create(&KindLabels { kind }).inc();
    }

    pub(crate) fn nodes<'a>(&self, pools: impl IntoIterator<Item = (&'a str, NodeCounts)>, orphans: u32) {
        self.nodes.clear();
        for (pool, counts) in pools {
            for (state, count) in [
                ("managed", counts.managed),
                ("pending", counts.pending),
                ("detached", counts.detached),
            ] {
                let labels = NodeLabels {
                    pool: pool.to_owned(),
                    state,
                };
                self.nodes.get_or_create(&labels).set(i64::from(count));
            }
        }
        self.orphans.set(i64::from(orphans));
    }

    pub(crate) fn findings<'a>(&self, codes: impl IntoIterator<Item = &'a str>) {
        self.findings.clear();
        for code in codes {
            self.findings
                .get_or_create(&CodeLabels {
                    code: code.to_owned(),
                })
                .inc();
        }
    }

    pub(crate) fn leader(&self, leads: bool) {
        self.leader.set(i64::from(leads));
    }

    pub(crate) fn width(&self, width: f64) {
        self.width.set(width);
    }

    pub(crate) fn succeeded(&self, now: jiff::Timestamp) {
        self.last_success.set(now.as_duration().as_secs_f64());
    }

    /// The text that Prometheus reads.
    pub(crate) fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(
            &mut text,
            &self.registry.lock().unwrap_or_else(PoisonError::into_inner),
        )?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_have_the_names_that_dashboards_use() {
        let metrics = Metrics::default();
        metrics.compiled(Duration::from_millis(3));
        metrics.write("NodeConfig", "create", "ok");
        metrics.watch_error("GPUPool");
        metrics.nodes(
            [(
                "train",
                NodeCounts {
                    managed: 3,
                    pending: 1,
                    detached: 2,
                },
            )],
            4,
        );
        metrics.findings(["RW2001", "RW2001"]);
        metrics.findings(["RW2002"]);
        metrics.leader(true);
        let text = metrics.text().unwrap();
        for line in [
            "rackwright_compiles_total 1",
            r#"rackwright_writes_total{kind="NodeConfig",verb="create",result="ok"} 1"#,
            r#"rackwright_watch_errors_total{kind="GPUPool"} 1"#,
            r#"rackwright_nodes{pool="train",state="detached"} 2"#,
            "rackwright_orphan_nodes 4",
            r#"rackwright_findings{code="RW2002"} 1"#,
            "rackwright_leader 1",
            "rackwright_compile_seconds_count 1",
        ] {
            assert!(
                text.lines().any(|found| found == line),
                "{line} is not in\n{text}"
            );
        }
        assert!(
            !text.contains("RW2001"),
            "findings of an earlier compile are gone"
        );
    }
}
