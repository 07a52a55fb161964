//! What schedulers are told, as options.

use std::collections::{BTreeMap, BTreeSet};

use clap::{Args, ValueEnum};
use rackwright_fabric::schedulers::{Keys, Level, kueue};

/// Options about schedulers.
#[derive(Debug, Args)]
pub struct SchedulerOptions {
    /// Levels of the topology, separated by commas; without it those that each compute fabric has: fabric, pod where
    /// there are core switches, unit, rack
    #[arg(long, value_name = "LEVELS", value_enum, value_delimiter = ',')]
    pub topology_levels: Vec<LevelName>,
    /// Keys of the labels that say where a node is: rackwright (topology.rackwright.dev/unit and the like), topograph
    /// (fabric.topograph.run/tier-0 and the like), none, or your own as LEVEL=KEY,…
    #[arg(long, value_name = "KEYS", value_parser = label_keys, default_value = "rackwright")]
    pub topology_keys: LabelKeys,
    /// Version of Kueue's Topology and ResourceFlavor
    #[arg(long, value_name = "VERSION", value_enum, default_value = "v1beta2")]
    pub kueue: KueueVersion,
    /// RDMA devices of a node by rail, as a hostlist such as mlx5_[0-7]; without it no nccl.conf is written
    #[arg(long, value_name = "DEVICES")]
    pub rdma_devices: Option<String>,
}

impl SchedulerOptions {
    /// A key for a level that is not among those that are asked for.
    pub fn contradiction(&self) -> Option<String> {
        let (LabelKeys::Own(keys), Some(levels)) = (&self.topology_keys, self.levels()) else {
            return None;
        };
        let mut keys = keys.iter();
        let (level, key) = keys.find(|(level, _)| !levels.contains(level))?;
        Some(format!(
            "--topology-keys names {key}, and --topology-levels has no level {level:?}"
        ))
    }

    /// The levels that are asked for, the widest first; none: those that there are.
    pub fn levels(&self) -> Option<Vec<Level>> {
        let levels: BTreeSet<Level> = match (&self.topology_keys, self.topology_levels.as_slice()) {
            (LabelKeys::Own(keys), []) => keys.iter().map(|(level, _)| level).collect(),
            (_, []) => return None,
            (_, names) => names.iter().copied().map(Level::from).collect(),
        };
        Some(levels.into_iter().collect())
    }
}

/// Which labels nodes get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LabelKeys {
    /// None.
    None,
    /// Ours.
    Rackwright,
    /// Those of topograph.
    Topograph,
    /// One for each of these levels.
    Own(Keys),
}

/// Levels by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LevelName {
    /// The whole fabric
    Fabric,
    /// Units below the same spines
    Pod,
    /// A scalable unit
    Unit,
    /// A rack: of NVL72 the NVLink domain
    Rack,
}

/// Versions of Kueue's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KueueVersion {
    /// Of older releases; deprecated
    V1beta1,
    /// Of releases that store it
    V1beta2,
}

impl From<LevelName> for Level {
    fn from(name: LevelName) -> Self {
        match name {
            LevelName::Fabric => Self::Fabric,
            LevelName::Pod => Self::Pod,
            LevelName::Unit => Self::Unit,
            LevelName::Rack => Self::Rack,
        }
    }
}

impl From<KueueVersion> for kueue::Version {
    fn from(version: KueueVersion) -> Self {
        match version {
            KueueVersion::V1beta1 => Self::V1Beta1,
            KueueVersion::V1beta2 => Self::V1Beta2,
        }
    }
}

fn label_keys(text: &str) -> Result<LabelKeys, String> {
    match text {
        "none" => return Ok(LabelKeys::None),
        "rackwright" => return Ok(LabelKeys::Rackwright),
        "topograph" => return Ok(LabelKeys::Topograph),
        _ => {}
    }
    let mut keys = BTreeMap::new();
    for pair in text.split(',') {
        let Some((level, key)) = pair.split_once('=') else {
            return Err(format!(
                "{pair:?} is not LEVEL=KEY; other values are rackwright, topograph and none"
            ));
        };
        let level = Level::from(LevelName::from_str(level, false)?);
        if keys.insert(level, key.to_owned()).is_some() {
            return Err(format!("{level:?} has two keys"));
        }
    }
    let keys = Keys::new(keys).map_err(|why| why.to_string())?;
    Ok(LabelKeys::Own(keys))
}
