//! Pictures of a fabric at three zooms, for people: the fabric with its units ([`fabric()`]), one unit with its leaves and
//! nodes ([`unit()`]), and one node with its HCAs and what is above them ([`node()`]).
//!
//! Each function makes a [`Picture`] of boxes and bundles of cables, which [`dot()`] writes for graphviz and [`svg()`] draws
//! by a layout of our own. Both take any name, and the same design gives the same bytes.

mod dot;
mod fabric;
mod model;
mod node;
mod svg;
mod unit;

pub use dot::dot;
pub use fabric::fabric;
pub use model::{Block, Bundle, Picture, Tier, Zoom};
pub use node::node;
pub use svg::svg;
pub use unit::unit;
