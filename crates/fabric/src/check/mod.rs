//! What is plugged against what is designed, as work for a technician: which end of which cable goes where.
//!
//! Start with [`check`].

mod identify;
mod moves;
mod report;
mod text;

pub(crate) use moves::{Move, Work, moves};
pub use report::{Cable, Port, Rate, Report, Step, Unlike};
pub(crate) use text::sentence;
pub use text::{markdown, text};

use crate::netlist::Capture;
use crate::network::Network;

/// Compares. `rate` is the width and speed that every cable must have, such as `4xNDR`; none: it is not looked at.
pub fn check(design: &Network, capture: &Capture, rate: Option<&str>) -> Report {
    let identities = identify::identify(design, capture);
    let found = identities.cables(design, capture);
    report::Builder::new(design, capture, &identities).build(&found, rate)
}
