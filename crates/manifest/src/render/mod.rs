//! Findings for people and for programs.

mod json;
mod printable;
mod text;

pub use json::{FORMAT_VERSION, json};
pub(crate) use printable::is_printable;
pub use printable::printable;
pub use text::{Colour, text};
