//! Slurm's two spellings of a topology.

use std::fmt::Write;

use super::names::{SlurmError, check, fold};
use super::topology::{Block, Switch, Topology};

/// A topology of `topology.yaml`, which partitions name.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether partitions that name none have it.
    pub cluster_default: bool,
    /// The topology.
    pub topology: &'a Topology,
}

/// `topology.conf`, for `TopologyPlugin=topology/tree` or `topology/block` of `slurm.conf`.
///
/// # Errors
/// Where Slurm cannot hold a name.
pub fn conf(topology: &Topology) -> Result<String, SlurmError> {
    let mut out = String::new();
    match topology {
        Topology::Tree(switches) => {
            for Switch {
                name,
                children,
                nodes,
            } in switches
            {
                let (what, below) = if nodes.is_empty() {
                    ("Switches", children)
                } else {
                    ("Nodes", nodes)
                };
                let below = fold(below.iter().map(|name| &**name))?;
                let _ = writeln!(out, "SwitchName={name} {what}={below}");
            }
        }
        Topology::Block { blocks, sizes } => {
            for Block { name, nodes } in blocks {
                let nodes = fold(nodes.iter().map(|name| &**name))?;
                let _ = writeln!(out, "BlockName={name} Nodes={nodes}");
            }
            let sizes: Vec<String> = sizes.iter().map(u32::to_string).collect();
            let _ = writeln!(out, "BlockSizes={}", sizes.join(","));
        }
    }
    Ok(out)
}

/// `topology.yaml`. Texts are between quotes, so that none is taken for a number or a list; Slurm's names hold nothing that
/// would need more.
///
/// # Errors
/// Where Slurm cannot hold a name, or not exactly one topology is the default.
pub fn yaml(entries: &[Entry]) -> Result<String, SlurmError> {
    let defaults = entries.iter().filter(|entry| entry.cluster_default).count();
    if defaults != 1 {
        return Err(SlurmError::Entries(format!(
            "one topology is the cluster's default, not {defaults}"
        )));
    }
    let mut out = String::from("---\n");
    for (place, entry) in entries.iter().enumerate() {
        let Entry {
            name,
            cluster_default,
            topology,
        } = entry;
        check(name)?;
        if entries[..place].iter().any(|other| other.name == *name) {
            return Err(SlurmError::Entries(format!("two topologies are named {name}")));
        }
        let _ = writeln!(
            out,
            "- topology: \"{name}\"\n  cluster_default: {cluster_default}"
        );
        match topology {
            Topology::Tree(switches) => {
                out.push_str("  tree:\n    switches:\n");
                for Switch {
                    name,
                    children,
                    nodes,
                } in switches
                {
                    let (what, below) = if nodes.is_empty() {
                        ("children", children)
                    } else {
                        ("nodes", nodes)
                    };
                    let below = fold(below.iter().map(|name| &**name))?;
                    let _ = writeln!(out, "      - switch: \"{name}\"\n        {what}: \"{below}\"");
                }
            }
            Topology::Block { blocks, sizes } => {
                out.push_str("  block:\n    block_sizes:\n");
                for size in sizes {
                    let _ = writeln!(out, "      - {size}");
                }
                out.push_str("    blocks:\n");
                for Block { name, nodes } in blocks {
                    let nodes = fold(nodes.iter().map(|name| &**name))?;
                    let _ = writeln!(out, "      - block: \"{name}\"\n        nodes: \"{nodes}\"");
                }
            }
        }
    }
    Ok(out)
}
