//! Fleets for benchmarks: a site of a given size as YAML, its inventory as JSON lines.

use std::fmt::Write as _;
use std::path::Path;

/// Pools of a fleet, as in a site with that many teams.
const POOLS: u32 = 20;
/// Trays of an NVL72 rack.
const NODES_PER_RACK: u32 = 18;
/// HCAs of an NVL72 tray.
const RAILS: u8 = 4;
/// Racks of a scalable unit: 72 trays are the nodes that a leaf of 144 ports serves.
const RACKS_PER_UNIT: u32 = 4;

/// What is said of a fleet's fabrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fabrics {
    /// One, and of it the rails and addresses alone: what a template can follow.
    Addresses,
    /// One a pool, with switches, units and a place for each rack; each rail is a subnet of its own.
    Wired,
}

/// Writes `site.yaml` and `inventory.jsonl` for at least `nodes` nodes; returns how many there are.
pub fn write(folder: &Path, nodes: u32, fabrics: Fabrics) -> anyhow::Result<u32> {
    std::fs::create_dir_all(folder)?;
    let racks_per_pool = nodes.div_ceil(POOLS * NODES_PER_RACK).max(1);
    let racks = racks_per_pool * POOLS;
    std::fs::write(folder.join("site.yaml"), site(racks, racks_per_pool, fabrics))?;
    std::fs::write(folder.join("inventory.jsonl"), inventory(racks))?;
    Ok(racks * NODES_PER_RACK)
}

fn site(racks: u32, racks_per_pool: u32, fabrics: Fabrics) -> String {
    let mut yaml = format!(
        "apiVersion: rackwright.dev/v1alpha1\nkind: Supercluster\nmetadata: {{ name: fleet }}\nspec:\n  racks:\n  - {{ names: \"a[00001-{racks:05}]\", nodes: \"n[01-{NODES_PER_RACK}]\", system: gb200-nvl72 }}\n"
    );
    if fabrics == Fabrics::Addresses {
        yaml.push_str(&fabric("compute", "", "10.0.0.0/8"));
    }
    for pool in 0..POOLS {
        let first = pool * racks_per_pool + 1;
        let last = first + racks_per_pool - 1;
        let racks = format!("a[{first:05}-{last:05}]");
        let mut name = "compute".to_owned();
        if fabrics == Fabrics::Wired {
            name = format!("compute-{pool:02}");
            let wiring = format!(
                ", disjointRails: true, nodesPerUnit: {}, switch: q3400-ra, placement: [ {{ unit: 1, racks: \"{racks}\", racksPerUnit: {RACKS_PER_UNIT} }} ]",
                RACKS_PER_UNIT * NODES_PER_RACK
            );
            // Room for 131,070 nodes on each of four rails.
            yaml.push_str(&fabric(&name, &wiring, &format!("10.{}.0.0/13", pool * 8)));
        }
        let _ = write!(
            yaml,
            "---\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: {{ name: pool-{pool:02} }}\nspec:\n  supercluster: fleet\n  nodes: {{ racks: \"{racks}\" }}\n  gpu: {{ driver: {{ version: \"580.95.05\", kernelModules: Open }}, powerLimit: {}W }}\n  host:\n    kernelArguments: [ \"iommu=pt\", \"numa_balancing=disable\" ]\n    sysctls: {{ vm.max_map_count: \"262144\" }}\n  fabrics: [ {{ name: {name} }} ]\n",
            1000 + pool
        );
    }
    yaml
}

fn fabric(name: &str, wiring: &str, prefix: &str) -> String {
    format!(
        "---\napiVersion: rackwright.dev/v1alpha1\nkind: InfiniBandFabric\nmetadata: {{ name: {name} }}\nspec:\n  supercluster: fleet\n  plane: Compute\n  topology: {{ type: FatTree, rails: {RAILS}{wiring} }}\n  addressing: {{ ipv4: {prefix}, mtu: 4096 }}\n"
    )
}

fn inventory(racks: u32) -> String {
    let mut lines = String::new();
    let mut guid = 0xa088_c203_0000_0000_u64;
    for rack in 1..=racks {
        for node in 1..=NODES_PER_RACK {
            let _ = write!(
                lines,
                "{{\"apiVersion\":\"rackwright.dev/v1alpha1\",\"kind\":\"NodeInventory\",\"metadata\":{{\"name\":\"a{rack:05}-n{node:02}\"}},\"spec\":{{\"hcas\":["
            );
            for rail in 0..RAILS {
                guid += 1;
                let comma = if rail == 0 { "" } else { "," };
                let _ = write!(lines, "{comma}{{\"guid\":\"{guid:#018x}\",\"rail\":{rail}}}");
            }
            lines.push_str("],\"system\":\"gb200-nvl72\"}}\n");
        }
    }
    lines
}
