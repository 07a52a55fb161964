//! Slurm's topology, as a tree of switches or as blocks, in `topology.conf` and `topology.yaml`.
//!
//! Limits are those of SchedMD/slurm 284c3b9 (26.11): `doc/man/man5/topology.conf.5` and `topology.yaml.5`,
//! `src/plugins/topology/tree/switch_record.c`, `src/plugins/topology/block/block_record.c`. Blocks came with Slurm 23.11.
//! The YAML file came with 25.05 (`RELEASE_NOTES.md` of the branch slurm-25.05: topologies for specific partitions), and
//! 25.05.2 is the first to send it to configless nodes (`CHANGELOG/slurm-25.05.md`); where it is there, `topology.conf` is
//! not read (`topology.yaml.5`).

mod names;
mod topology;
mod write;

pub use names::SlurmError;
pub use topology::{Block, Switch, Topology, block_sizes};
pub use write::{Entry, conf, yaml};
