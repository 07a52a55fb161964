//! Changes: what differs between two plans, what each difference does to a node, and in which order nodes may change.
//!
//! - [`FIELDS`]: every field of a profile and of a node's facts with its action class, as data (`docs/action-classes.md`).
//! - [`diff`]: the differences of two [`State`]s (plans, or what is written already), by exhaustive destructuring: a new
//!   field without a decision does not compile.
//! - [`waves`]: which nodes may change at the same time, from differences, budgets and the nodes' places.
//!
//! What it never does: read a clock, remember what was granted, or guess what an unknown profile held.

mod applied;
mod budget;
mod check;
mod devices;
mod diff;
mod difference;
mod domain;
mod facts;
mod fields;
mod intended;
mod lines;
mod mounts;
mod planned;
mod power;
mod profile;
mod state;
mod table;
mod touched;
mod waves;

pub use budget::Budget;
pub use check::check_waves;
pub use devices::{MadeTier, Were};
pub use diff::{Diff, NodeChange, ProfilePair, Was, What, diff};
pub use difference::Difference;
pub use fields::{Field, Turn};
pub use intended::intended;
pub use lines::{LineError, Lines, between};
pub use planned::planned;
pub use power::{Caps, Supply, UNCAPPED, cap_of_profile};
pub use state::{FactsOf, NodeState, State, Written, WrittenConfig};
pub use table::FIELDS;
pub use touched::{Touched, touched};
pub use waves::{Held, Step, Wave, Waves, Why, waves};
