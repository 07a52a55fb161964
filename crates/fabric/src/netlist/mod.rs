//! Netlists in the dialect of ibnetdiscover, which ibsim reads too.

mod read;
mod write;

pub use read::{Cable, Capture, Found, FoundKind, Problem, read};
pub use write::{Dialect, write};
