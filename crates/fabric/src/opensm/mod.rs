//! OpenSM's files for one subnet.
//!
//! OpenSM fails open: what it cannot read it leaves out, and goes on. So everything here is written in the one spelling
//! that it reads as meant (`full` in lower case, lines far below its 4,094 bytes, the rule for everybody before the rule
//! for itself, where the last match wins), and nothing is left to a default that differs between builds.

mod config;
mod lists;
mod partitions;

pub use config::{HIGHEST_PRIORITY, MANAGERS, Settings, Sweep, config};
pub use lists::{LAST_LID, compute_nodes, guid_to_lid, node_names, roots};
pub use partitions::{Membership, Mtu, Partition, PartitionError, partitions};
