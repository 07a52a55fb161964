//! What can be set from outside.

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use rackwright_api::Name;

/// Settings of the operator; each flag is also read from the environment.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "rackwright-operator",
    version,
    about = "Keeps a cluster's NodeConfigs equal to the compiled plan"
)]
pub struct Options {
    /// Namespace of the leader lease.
    #[arg(long, env = "RACKWRIGHT_LEASE_NAMESPACE", default_value = "rackwright-system")]
    pub lease_namespace: String,
    /// Name of the leader lease.
    #[arg(long, env = "RACKWRIGHT_LEASE_NAME", default_value = "rackwright-operator")]
    pub lease_name: String,
    /// Who this process is in the lease and in events, unique among the replicas; random if it is not given.
    #[arg(long, env = "RACKWRIGHT_IDENTITY")]
    pub identity: Option<String>,
    /// Where /healthz, /readyz and /metrics are served.
    #[arg(long, env = "RACKWRIGHT_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// How the log is written.
    #[arg(long, env = "RACKWRIGHT_LOG_FORMAT", default_value = "text")]
    pub log_format: LogFormat,
    /// The member cluster that this operator serves, a name of a Supercluster's `spec.clusters`: the whole documents are
    /// compiled, and only its nodes are written. All nodes if it is not given.
    #[arg(long, env = "RACKWRIGHT_CLUSTER", value_parser = name)]
    pub cluster: Option<Name>,
    /// How long it must be quiet after a change before a compile starts; after ten times this it starts anyway.
    #[arg(long, env = "RACKWRIGHT_DEBOUNCE", default_value = "500ms", value_parser = duration)]
    pub debounce: Duration,
    /// How often to compile without a change. A resync without a difference writes nothing.
    #[arg(long, env = "RACKWRIGHT_RESYNC", default_value = "10m", value_parser = duration)]
    pub resync: Duration,
    /// Writes in flight at the same time, at most; fewer when the API server is slow or says 429.
    #[arg(long, env = "RACKWRIGHT_WRITE_CONCURRENCY", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub write_concurrency: u16,
    /// How long one watch request lasts. A silent half-open connection is noticed 5 s later at most.
    #[arg(long, env = "RACKWRIGHT_WATCH_TIMEOUT", default_value = "2m", value_parser = duration)]
    pub watch_timeout: Duration,
    /// Act without a lease. Only for one replica: two unelected operators would write against each other.
    #[arg(long, env = "RACKWRIGHT_NO_LEADER_ELECTION")]
    pub no_leader_election: bool,
    /// Fill caches by watching from the start instead of paged lists. Needs the API server's WatchList feature; where
    /// it is missing, the operator never becomes ready.
    #[arg(long, env = "RACKWRIGHT_STREAMING_LISTS")]
    pub streaming_lists: bool,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            lease_namespace: "rackwright-system".to_owned(),
            lease_name: "rackwright-operator".to_owned(),
            identity: None,
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            log_format: LogFormat::Text,
            cluster: None,
            debounce: Duration::from_millis(500),
            resync: Duration::from_secs(600),
            write_concurrency: 16,
            watch_timeout: Duration::from_secs(120),
            no_leader_election: false,
            streaming_lists: false,
        }
    }
}

impl Options {
    /// Quick and without a lease, on any free port.
    pub fn for_tests() -> Self {
        Self {
            identity: Some("test".to_owned()),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            debounce: Duration::from_millis(20),
            no_leader_election: true,
            ..Self::default()
        }
    }
}

fn name(text: &str) -> Result<Name, String> {
    Name::new(text).map_err(|error| error.to_string())
}

/// A positive span such as `500ms`, `10s`, `5m`.
fn duration(text: &str) -> Result<Duration, String> {
    let span: jiff::SignedDuration = text.parse().map_err(|error: jiff::Error| error.to_string())?;
    Duration::try_from(span)
        .ok()
        .filter(|span| !span.is_zero())
        .ok_or_else(|| format!("{text} is not a positive duration"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_and_defaults_agree() {
        let parsed = Options::try_parse_from(["rackwright-operator"]).unwrap();
        assert_eq!(format!("{parsed:?}"), format!("{:?}", Options::default()));
    }

    #[test]
    fn durations_are_positive() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
        for bad in ["0s", "-1s", "soon", "10"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_flags_of_the_chart_are_read() {
        let arguments = [
            "rackwright-operator",
            "--listen=0.0.0.0:8080",
            "--log-format=json",
            "--debounce=500ms",
            "--write-concurrency=16",
            "--streaming-lists",
            "--cluster=prom-1",
            "--lease-namespace=rackwright-system",
            "--lease-name=rackwright-operator",
        ];
        let options = Options::try_parse_from(arguments).unwrap();
        assert_eq!(options.log_format, LogFormat::Json);
        assert_eq!(options.cluster.unwrap().as_str(), "prom-1");
        assert!(Options::try_parse_from(["rackwright-operator", "--cluster="]).is_err());
    }
}
