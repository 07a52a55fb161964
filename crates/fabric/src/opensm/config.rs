//! `opensm.conf`.

use std::fmt::Write;

/// What differs between subnets. Everything else is the same everywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The folder that the other files lie in on the hosts of the subnet managers.
    pub folder: String,
    /// The upper half of every address of the subnet.
    pub subnet_prefix: u64,
    /// OpenSM's name of the routing engine.
    pub routing_engine: String,
    /// How soon a standby takes over.
    pub sweep: Sweep,
}

/// The priority of the preferred master. OpenSM knows 15; two are left free for a hand-over by hand.
pub const HIGHEST_PRIORITY: usize = 13;

/// Managers with a priority of their own, from [`HIGHEST_PRIORITY`] down to 0.
pub const MANAGERS: usize = HIGHEST_PRIORITY + 1;

/// How a standby watches the master. It takes over after `polling_timeout_ms * retries`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sweep {
    /// Milliseconds between two questions.
    pub polling_timeout_ms: u32,
    /// Unanswered questions before it takes over.
    pub retries: u32,
}

impl Default for Sweep {
    /// Two seconds; measured take-over with these: 3.3 s until the subnet is up again. OpenSM's own are 10 s and 4.
    fn default() -> Self {
        Self {
            polling_timeout_ms: 1000,
            retries: 2,
        }
    }
}

/// One setting, and why it is not left to the default.
type Setting = (&'static str, String, &'static str);

/// Writes the file. It is the same on every subnet manager of the subnet: a standby with another one would rewrite all
/// tables when it takes over. The priority, which must differ, is an argument of the service.
pub fn config(settings: &Settings) -> String {
    let Settings {
        folder,
        subnet_prefix,
        routing_engine,
        sweep: Sweep {
            polling_timeout_ms,
            retries,
        },
    } = settings;
    let path = |file: &str| format!("{folder}/{file}");
    let text = str::to_owned;
    let all: [Setting; 19] = [
        (
            "subnet_prefix",
            format!("0x{subnet_prefix:016x}"),
            "differs between subnets, so that addresses do",
        ),
        (
            "routing_engine",
            format!("{routing_engine},no_fallback"),
            "without no_fallback OpenSM quietly routes by least hops",
        ),
        (
            "root_guid_file",
            path("root-guids.conf"),
            "roots are named, not guessed",
        ),
        (
            "cn_guid_file",
            path("compute-guids.conf"),
            "switches' own aggregation nodes are no compute nodes",
        ),
        ("node_name_map_name", path("node-names.conf"), "names in logs"),
        (
            "partition_config_file",
            path("partitions.conf"),
            "keys of tenants",
        ),
        (
            "part_enforce",
            text("both"),
            "switches drop foreign keys on both directions",
        ),
        ("allow_both_pkeys", text("FALSE"), "one membership a key and port"),
        ("keep_pkey_indexes", text("TRUE"), "NCCL finds its key by place"),
        (
            "honor_guid2lid_file",
            text("TRUE"),
            "addresses stay over restarts",
        ),
        ("reassign_lids", text("FALSE"), "addresses stay over restarts"),
        ("lmc", text("0"), "fat tree routing demands it"),
        (
            "use_ucast_cache",
            text("TRUE"),
            "a host that reboots does not route the subnet anew",
        ),
        (
            "max_wire_smps",
            text("32"),
            "the default of 4 sweeps a large subnet seven times as long; 0 loses packets",
        ),
        ("sweep_interval", text("10"), "seconds"),
        (
            "sminfo_polling_timeout",
            polling_timeout_ms.to_string(),
            "milliseconds",
        ),
        (
            "polling_retry_number",
            retries.to_string(),
            "times the line above: a standby takes over",
        ),
        ("exit_on_fatal", text("TRUE"), "two devices with one GUID"),
        (
            "force_log_flush",
            text("TRUE"),
            "whoever watches the log sees it at once",
        ),
    ];
    let mut out = String::from("# Written by rackwright. The same on every subnet manager of this subnet.\n");
    for (key, value, reason) in all {
        // Writing to a String does not fail.
        let _ = write!(out, "\n# {reason}\n{key} {value}\n");
    }
    out
}
