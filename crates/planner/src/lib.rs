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
mod check;
mod compile;
pub mod fabric;
mod finding;
mod glob;
pub mod handover;
mod input;
mod locations;
mod model;
mod names;
mod plan;
pub mod power;
mod profile;
pub mod rules;
mod site;
pub mod storage;
mod tiers;

pub use check::check;
pub use compile::{Compilation, CompileError, compile};
pub use finding::{Finding, Party};
pub use input::{Input, Intent, Inventory, Kind, ObjectRef, PreviousNode};
pub use plan::{Plan, PlannedNode, PoolPlan};
