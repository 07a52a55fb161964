//! What the peers read: the fleet that ours reads, as one JSON value.
//!
//! All that a template cannot know is given: the name of each pool's profile (it ends in a hash), and each node's host
//! number (addresses are allocated once and then kept). Pools, racks and prefixes come from the fleet's own documents,
//! not from our plan, so that comparing the outputs proves something. The peers find the pool of a rack and compute the
//! addresses.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use ipnet::Ipv4Net;
use rackwright_hostset::{Limits, expand};
use serde::Serialize;
use serde_json::Value;

use super::objects::{self, Object};

/// The JSON value.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Fleet {
    fabric: Fabric,
    pools: BTreeMap<String, Pool>,
    nodes: Vec<Node>,
}

/// Where addresses begin; numbers, so that no peer has to read an address.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Fabric {
    /// The first address of rail 0.
    base: u32,
    /// From a rail's first address to that of the next.
    stride: u32,
    /// The length of a rail's prefix.
    prefix_length: u8,
}

#[derive(Debug, Serialize)]
struct Pool {
    profile: String,
    racks: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Node {
    name: String,
    rack: String,
    /// The host number, the same on every rail.
    host: u32,
    hcas: Value,
}

/// Writes the JSON value of the fleet in `folder`, with the names of profiles from its plan.
pub fn write(folder: &Path, plan: &BTreeMap<String, Object>, file: &Path) -> anyhow::Result<()> {
    let site = std::fs::read_to_string(folder.join("site.yaml"))?;
    let site = objects::read(site.as_bytes())?;
    let fleet = Fleet {
        fabric: fabric(&site)?,
        pools: pools(&site, plan)?,
        nodes: nodes(&std::fs::read_to_string(folder.join("inventory.jsonl"))?)?,
    };
    Ok(std::fs::write(file, serde_json::to_vec(&fleet)?)?)
}

fn fabric(site: &BTreeMap<String, Object>) -> anyhow::Result<Fabric> {
    let fabric = objects::of_kind(site, "InfiniBandFabric")
        .next()
        .context("no fabric")?;
    let prefix = fabric.text("/spec/addressing/ipv4")?.parse::<Ipv4Net>()?;
    let rails = fabric.number("/spec/topology/rails")?;
    let prefix_length = prefix.prefix_len() + u8::try_from(rails.next_power_of_two().trailing_zeros())?;
    Ok(Fabric {
        base: u32::from(prefix.network()),
        stride: 1 << (32 - prefix_length),
        prefix_length,
    })
}

fn pools(
    site: &BTreeMap<String, Object>,
    plan: &BTreeMap<String, Object>,
) -> anyhow::Result<BTreeMap<String, Pool>> {
    let mut profiles = BTreeMap::new();
    for profile in objects::of_kind(plan, "NodeProfile") {
        profiles.insert(
            profile.text("/metadata/labels/rackwright.dev~1pool")?,
            profile.name(),
        );
    }
    let pool = |pool: &Object| {
        let racks = expand(pool.text("/spec/nodes/racks")?, &Limits::default())?;
        let profile = profiles.get(pool.name()).context("a pool without profile")?;
        let profile = (*profile).to_owned();
        Ok((pool.name().to_owned(), Pool { profile, racks }))
    };
    objects::of_kind(site, "GPUPool").map(pool).collect()
}

/// Host numbers follow the order of the names, which is that of the inventory.
fn nodes(inventory: &str) -> anyhow::Result<Vec<Node>> {
    let node = |(host, line): (u32, &str)| {
        let found = Object::new(serde_json::from_str(line)?)?;
        let name = found.name().to_owned();
        let (rack, _) = name.rsplit_once('-').context("a node without rack")?;
        Ok(Node {
            rack: rack.to_owned(),
            host,
            hcas: found.value("/spec/hcas")?.clone(),
            name,
        })
    };
    (1..).zip(inventory.lines()).map(node).collect()
}
