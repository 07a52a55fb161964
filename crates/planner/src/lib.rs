//! Compiles intents and inventory into a plan.
//!
//! [`compile`] is the one compiler of the project: the command line, the operator and the simulator call it. It is
//! pure: no clock, randomness, environment, network, file or task; the same [`Input`] in any order gives the same
//! [`Plan`] and the same [`Finding`]s.
//!
//! What it never does: write anything, stop at the first mistake, or guess. An intent with an error is refused
//! whole, and with it what depends on it; the rest compiles.
//!
//! Where to start: [`compile`] lists the passes; each rule is one file in `rules/`, with its documentation and two
//! examples that are its tests.

mod allocate;
pub mod catalogue;
pub mod change;
mod check;
mod checks;
mod claims;
mod clusters;
mod compile;
mod domains;
pub mod drift;
pub mod fabric;
mod finding;
mod glob;
mod guids;
pub mod handover;
mod ignore;
mod incremental;
mod input;
mod kernel_argument;
mod locations;
mod member;
mod model;
mod names;
mod numbers;
mod plan;
pub mod power;
mod profile;
mod quarantine;
mod reach;
pub mod rules;
mod seats;
mod selects;
mod site;
mod standing;
pub mod storage;
mod sysctl;
mod tiers;
mod units;
mod version;
mod written;

pub use check::check;
pub use compile::{Compilation, CompileError, compile};
pub use finding::{Finding, Party};
pub use ignore::Ignored;
pub use incremental::{Incremental, Recompiled};
pub use input::{Disks, InForce, Input, Intent, Inventory, Kind, ObjectRef, Port, PreviousNode};
pub use member::{Membership, UnknownCluster};
pub use plan::{Plan, PlannedNode, PoolPlan};
pub use selects::pools_of;
pub use standing::{KnownPool, Standing, Standings, Written};
pub use units::Unit;
