//! Findings for people and for programs.

mod json;
mod text;

pub use json::{FORMAT_VERSION, json};
pub use text::{Colour, text};
