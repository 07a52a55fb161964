//! The flags of `rackwright init`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::ArgValueCandidates;

use crate::complete;
use crate::live::Clusters;

/// `rackwright init`.
#[derive(Debug, Clone, Args)]
pub struct Init {
    /// What a running site says of itself: a file, `live:` or `live:CONTEXT` for the Nodes of a cluster, or `-` for standard
    /// input
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// How clusters are reached.
    #[command(flatten)]
    pub clusters: Clusters,
    /// Host names that exist, as a hostlist
    #[arg(long, value_name = "HOSTLIST", conflicts_with_all = ["from", "nodes"])]
    pub names: Option<String>,
    /// Nodes of a new site, which are named after their racks
    #[arg(long, value_name = "NUMBER", conflicts_with = "from", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub nodes: Option<u32>,
    /// The node model, a name of the catalogue, such as dgx-b200: of every host whose own the source does not say
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(complete::systems))]
    pub system: Option<String>,
    /// Name of the Supercluster
    #[arg(long, value_name = "NAME", default_value = "site")]
    pub name: String,
    /// Nodes of one rack
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub nodes_per_rack: Option<u16>,
    /// The racks, as a hostlist: of hosts whose rack the source does not say, in their order
    #[arg(long, value_name = "HOSTLIST")]
    pub racks: Option<String>,
    /// Compute ports of a node
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(1..=16))]
    pub rails: Option<u8>,
    /// Nodes of one scalable unit of the compute fabric
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub nodes_per_unit: Option<u16>,
    /// The switches of the compute fabric, a name of the catalogue
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(complete::fabric_switches))]
    pub switch: Option<String>,
    /// Write no fabric
    #[arg(long, conflicts_with_all = ["rails", "nodes_per_unit", "switch"])]
    pub no_fabric: bool,
    /// NVMe devices of a node that become one tier at /scratch
    #[arg(long, value_name = "NUMBER", requires = "scratch_model", value_parser = clap::value_parser!(u8).range(1..=32))]
    pub scratch: Option<u8>,
    /// Model of these devices, where `*` stands for any characters: it must not fit the disk that the host boots from
    #[arg(long, value_name = "MODEL", requires = "scratch")]
    pub scratch_model: Option<String>,
    /// An NFS export that all nodes mount at /shared, as SERVER:/EXPORT
    #[arg(long, value_name = "SOURCE")]
    pub nfs: Option<String>,
    /// File to write, which must not be there; standard output without it
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Ask for what no flag says, one line a question; without any flag, on a terminal, this is what happens
    #[arg(long, conflicts_with = "from")]
    pub ask: bool,
}

impl Init {
    /// Whether no flag says what to write, so that somebody before a terminal can be asked.
    pub fn says_nothing(&self) -> bool {
        let Self {
            from,
            names,
            nodes,
            system,
            name: _,
            nodes_per_rack,
            racks,
            rails,
            nodes_per_unit,
            switch,
            no_fabric,
            scratch,
            scratch_model: _,
            nfs,
            out: _,
            ask: _,
            clusters: _,
        } = self;
        let hosts = from.is_none() && names.is_none() && nodes.is_none() && system.is_none();
        let racks = nodes_per_rack.is_none() && racks.is_none();
        let fabric = rails.is_none() && nodes_per_unit.is_none() && switch.is_none() && !no_fabric;
        hosts && racks && fabric && scratch.is_none() && nfs.is_none()
    }
}
