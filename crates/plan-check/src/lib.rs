//! Re-derives the invariants of a compiled plan from what would be written, and from the intents.
//!
//! It shares no code with the planner: what the planner believes of its own work is not evidence. Hostlists, types and
//! numbers come from the crates below both; canonical JSON, hashes, placement and every comparison are written again
//! here, from their documented definitions.
//!
//! [`check`] takes the accepted intents and the profiles as slices, and the nodes as an iterator that it walks once. It
//! keeps a few numbers and the name of each node (about 30 bytes, its name, and 24 bytes a rail), never the specs.
//! Work is linear but for the sort of addresses and GUIDs.
//!
//! What it never does: read or write anything, repair a plan, or judge intents; rules about intents are the planner's.
//! It does not know inventories. So it cannot say which nodes a label selector should find, nor whether a GUID is that
//! of its node: for pools with a selector it checks all but membership.
//!
//! An empty answer means that the plan holds. Anything else is a defect of the planner, or of whoever calls it, and the
//! plan must not be written.
//!
//! Where to start: [`INVARIANTS`] is the list of what is checked, [`Checked`] is what to hand in, `checks/` has one
//! file for each subject and one function for each invariant.

mod canonical;
mod checks;
mod input;
mod invariant;
mod isolation;
mod table;
mod violation;
mod waves;

pub use checks::check;
pub use input::{Checked, Held, Node, Profile};
pub use invariant::Invariant;
pub use isolation::{Port, check_isolation};
pub use table::INVARIANTS;
pub use violation::{CASES_SHOWN, Kind, NODES_SHOWN, Object, Violation};
pub use waves::{Before, Changing, Follows, Rollouts, Standing, Unit, WaveOf, Wired, check_waves};
