//! Rackwright's custom resources (group `rackwright.dev`, version `v1alpha1`, all cluster-scoped).
//!
//! Intents, written by people: [`Supercluster`], [`GPUPool`], [`InfiniBandFabric`], [`StorageTier`].
//! Results, written by us: [`NodeProfile`], [`NodeConfig`]; and [`NodeInventory`], written by each node's agent.
//!
//! What this crate does: it defines the kinds with their bounds, canonical spellings and CEL rules, generates the CRDs
//! ([`crds::all`]), and says how content is hashed ([`hash`]). What it never does: talk to an API server, look at a clock,
//! or decide anything that needs two objects; that is the crate `planner`.
//!
//! Where to start: one file a kind ([`gpupool`] first), field types in [`text`], the CRDs in [`crds`].

pub mod bounds;
pub mod catalogue;
mod cel;
pub mod compatibility;
pub mod crds;
pub mod fabric;
pub mod gpupool;
pub mod hash;
pub mod host;
pub mod inventory;
pub mod json_schema;
pub mod labels;
pub mod net;
pub mod nodeconfig;
pub mod profile;
pub mod quantity;
pub mod status;
pub mod storage;
pub mod supercluster;
pub mod text;

pub use catalogue::*;
pub use compatibility::*;
pub use fabric::*;
pub use gpupool::*;
pub use host::*;
pub use inventory::*;
pub use nodeconfig::*;
pub use profile::*;
pub use status::{Condition, ConditionStatus, IntentStatus, StatusFinding};
pub use storage::*;
pub use supercluster::*;
pub use text::*;
