//! What the tiers of a pool hold and carry: for the whole pool, a node and a GPU, each figure with how it came about.
//!
//! Sources: RAID levels by md(4); a shared tier gives the lesser of what its servers carry and what the links of the
//! nodes carry at 90 % of their rate (node-config 3.9). What an input leaves unsaid is named, never guessed.

use std::collections::BTreeMap;

use rackwright_api::{GPUPoolSpec, LocalNvme, Name, StorageTierSpec, Throughput, TierThroughput};

use crate::input::Intent;
use crate::model::Model;
use crate::names::counted;
use crate::tiers::{fabric_of, mountings, of_pool};

/// What one tier is to one pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolTier {
    /// The pool.
    pub pool: Name,
    /// The tier.
    pub tier: Name,
    /// Bytes that it holds.
    pub capacity: Amount,
    /// Bytes per second that all nodes of the pool together read at most.
    pub read: Amount,
    /// Bytes per second that they write at most.
    pub write: Amount,
}

/// A figure for the whole pool, a node and a GPU, and how it came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount {
    /// Of the pool's nodes together; of a shared tier's capacity, the whole tier. None where an input is missing.
    pub total: Option<u64>,
    /// The share of one node.
    pub node: Option<u64>,
    /// The share of one GPU, where all nodes of the pool have as many.
    pub gpu: Option<u64>,
    /// The terms, or what is missing.
    pub how: String,
}

/// The rate of a link that is usable, in percent (node-config 3.9).
const USABLE_LINK: u64 = 90;

/// The tiers of all pools that are accepted.
pub(crate) fn amounts(model: &Model<'_>, accepted: impl Fn(&Intent<GPUPoolSpec>) -> bool) -> Vec<PoolTier> {
    let mut amounts = Vec::new();
    // Nodes that mount each tier, over all pools.
    let mut sharers: BTreeMap<&Name, u64> = BTreeMap::new();
    for mounting in mountings(model) {
        let nodes = model.selected[mounting.number as usize].len() as u64;
        *sharers.entry(&mounting.tier.name).or_default() += nodes;
    }
    for number in 0..model.pools.len() as u32 {
        if !accepted(model.pools[number as usize]) {
            continue;
        }
        let nodes = model.selected[number as usize].len() as u64;
        let gpus = gpus_of(model, number);
        let mut of_pool = of_pool(model, number);
        of_pool.sort_by(|a, b| a.tier.name.cmp(&b.tier.name));
        for mounting in of_pool {
            let tier = mounting.tier;
            let amount = |figure: Figure| figure.amount(nodes, gpus);
            let [capacity, read, write] = if let Some(local) = &tier.spec.local_nvme {
                local_figures(local)
            } else {
                let sharers = sharers.get(&tier.name).copied().unwrap_or_default();
                shared_figures(model, tier, number, nodes, sharers)
            };
            amounts.push(PoolTier {
                pool: mounting.pool.name.clone(),
                tier: tier.name.clone(),
                capacity: amount(capacity),
                read: amount(read),
                write: amount(write),
            });
        }
    }
    amounts
}

/// GPUs of one node, if that is one number.
fn gpus_of(model: &Model<'_>, pool: u32) -> Option<u64> {
    let systems = model.systems_of(pool);
    let mut gpus = systems.iter().map(|system| u64::from(system.system.gpus.value));
    let first = gpus.next()?;
    gpus.all(|other| other == first).then_some(first)
}

/// A figure before it is shared out.
enum Figure {
    OfEachNode(u64, String),
    /// Shared by so many nodes.
    OfAll(u64, u64, String),
    Unknown(String),
}

impl Figure {
    fn amount(self, nodes: u64, gpus: Option<u64>) -> Amount {
        let share = |node: u64| gpus.map(|gpus| node / gpus);
        match self {
            Self::OfEachNode(node, how) => Amount {
                total: Some(node.saturating_mul(nodes)),
                node: Some(node),
                gpu: share(node),
                how,
            },
            Self::OfAll(total, sharers, how) => {
                let node = total.checked_div(sharers);
                Amount {
                    total: Some(total),
                    node,
                    gpu: node.and_then(share),
                    how,
                }
            }
            Self::Unknown(how) => Amount {
                total: None,
                node: None,
                gpu: None,
                how,
            },
        }
    }
}

/// How many of `count` devices hold data at this level.
fn data_devices(raid: Option<u8>, count: u64) -> u64 {
    match raid {
        Some(1) => 1,
        Some(5) => count.saturating_sub(1),
        Some(6) => count.saturating_sub(2),
        Some(10) => count / 2,
        _ => count,
    }
}

fn local_figures(local: &LocalNvme) -> [Figure; 3] {
    let count = u64::from(local.devices.count);
    let data = data_devices(local.raid, count);
    let level = local
        .raid
        .map_or(String::new(), |raid| format!(" of {count} (RAID {raid})"));
    let times = |one: u64, text: &str, devices: u64| {
        Figure::OfEachNode(one.saturating_mul(devices), format!("{devices} x {text}{level}"))
    };
    let missing = |field: &str| Figure::Unknown(format!("localNVMe.devices.{field} is not stated"));
    let capacity = match &local.devices.capacity {
        Some(one) => times(one.bytes(), one.as_str(), data),
        None => missing("capacity"),
    };
    let Some(TierThroughput { read, write }) = &local.devices.throughput else {
        return [capacity, missing("throughput"), missing("throughput")];
    };
    let rate = |one: &Throughput, devices: u64| times(one.bytes_per_second(), one.as_str(), devices);
    match local.raid {
        // A write of less than a stripe reads before it writes; how much depends on the writes.
        Some(raid @ (5 | 6)) => [
            capacity,
            rate(read, data),
            Figure::Unknown(format!("writes of RAID {raid} depend on their size")),
        ],
        // Mirrors: each write goes to all copies, reads are spread over them.
        _ => [capacity, rate(read, count), rate(write, data)],
    }
}

fn shared_figures(
    model: &Model<'_>,
    tier: &Intent<StorageTierSpec>,
    pool: u32,
    nodes: u64,
    sharers: u64,
) -> [Figure; 3] {
    let capacity = match &tier.spec.capacity {
        Some(capacity) => {
            let how = format!(
                "{capacity} of the whole tier, which {} share",
                counted(sharers as usize, "node")
            );
            Figure::OfAll(capacity.bytes(), sharers, how)
        }
        None => Figure::Unknown("capacity is not stated".to_owned()),
    };
    let Some(TierThroughput { read, write }) = &tier.spec.throughput else {
        let missing = || Figure::Unknown("throughput is not stated".to_owned());
        return [capacity, missing(), missing()];
    };
    let links = links(model, &tier.spec, pool);
    let least = |servers: &Throughput| match &links {
        Ok(link) => {
            let links = link.bytes_per_second.saturating_mul(nodes);
            let how = format!(
                "the lesser of {servers} of the servers and {} of {} x {}",
                rate(links),
                counted(nodes as usize, "node"),
                link.how
            );
            Figure::OfAll(servers.bytes_per_second().min(links), nodes, how)
        }
        Err(missing) => Figure::Unknown(format!("the servers carry {servers}; {missing}")),
    };
    [capacity, least(read), least(write)]
}

/// What the links of one node carry.
struct Links {
    bytes_per_second: u64,
    how: String,
}

fn links(model: &Model<'_>, tier: &StorageTierSpec, pool: u32) -> Result<Links, String> {
    let fabric = fabric_of(model, tier).ok_or("the tier names no fabric")?;
    let name = &fabric.name;
    let mut plugged = model.pools[pool as usize].spec.fabrics.iter();
    if !plugged.any(|used| used.name == *name) {
        return Err(format!("the pool is not plugged into {name}"));
    }
    let topology = &fabric.spec.topology;
    let switch = topology.switch.as_ref();
    let switch = switch.ok_or_else(|| format!("topology.switch of {name} is not stated"))?;
    let site = model.site_number(&fabric.spec.supercluster);
    let switches = site.map(|site| &model.views[site].switches);
    let known = switches.and_then(|switches| switches.get(switch.as_str()));
    let known = known.ok_or_else(|| format!("the catalogue does not know the switch {switch} of {name}"))?;
    let (rails, gbps) = (u64::from(topology.rails), u64::from(known.port_rate_gbps.value));
    let source = &known.port_rate_gbps.source;
    let origin = switches.and_then(|switches| switches.origin(switch.as_str(), source));
    let origin = origin.map_or(String::new(), |origin| format!(" ({origin})"));
    Ok(Links {
        // Gb/s to bytes, and the usable part: 10^9 / 8 / 100.
        bytes_per_second: rails * gbps * USABLE_LINK * 1_250_000,
        how: format!("{rails} x {gbps} Gb/s x 0.9{origin}"),
    })
}

/// Bytes as people read them, in decimal units and cut to two digits after the point: `30.72 TB`.
pub fn shown(bytes: u64) -> String {
    let units = [
        (1_000_000_000_000_000, "PB"),
        (1_000_000_000_000, "TB"),
        (1_000_000_000, "GB"),
        (1_000_000, "MB"),
    ];
    let Some(&(unit, name)) = units.iter().find(|(unit, _)| bytes >= *unit) else {
        return format!("{bytes} B");
    };
    let hundredths = u128::from(bytes) * 100 / u128::from(unit);
    let fraction = format!("{:02}", hundredths % 100);
    match fraction.trim_end_matches('0') {
        "" => format!("{} {name}", hundredths / 100),
        fraction => format!("{}.{fraction} {name}", hundredths / 100),
    }
}

/// A rate as people read it: `40 GB/s`.
pub fn rate(bytes_per_second: u64) -> String {
    format!("{}/s", shown(bytes_per_second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_cut_to_two_digits() {
        for (bytes, text) in [
            (0, "0 B"),
            (999_999, "999999 B"),
            (1_000_000, "1 MB"),
            (30_720_000_000_000, "30.72 TB"),
            (3_845_999_999_999, "3.84 TB"),
            (15_000_000_000_000_000, "15 PB"),
            (u64::MAX, "18446.74 PB"),
        ] {
            assert_eq!(shown(bytes), text);
        }
    }

    #[test]
    fn levels_give_up_devices() {
        for (raid, count, data) in [
            (None, 1, 1),
            (Some(0), 8, 8),
            (Some(1), 2, 1),
            (Some(5), 8, 7),
            (Some(6), 8, 6),
            (Some(10), 8, 4),
        ] {
            assert_eq!(data_devices(raid, count), data, "{raid:?} of {count}");
        }
    }
}
