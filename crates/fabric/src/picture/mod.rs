//! Pictures of a fabric at three zooms, for people: the fabric with its units, one unit with its leaves and nodes, and one
//! node with its HCAs and what is above them.
//!
//! [`Pictures`] makes of each a [`Picture`] of boxes and bundles of cables, which [`dot()`] writes for graphviz and [`svg()`] draws
//! by a layout of our own. Both take any name, and the same design gives the same bytes.

mod dot;
mod fabric;
mod model;
mod node;
mod svg;
mod unit;

use crate::design::Design;
use crate::graph::Graph;

pub use dot::dot;
pub use model::{Block, Bundle, Picture, Tier, Zoom};
pub use svg::svg;

/// The pictures of one design.
pub struct Pictures<'a> {
    design: &'a Design,
    name: &'a str,
    graph: Graph,
}

impl<'a> Pictures<'a> {
    /// Reads the design once for all its pictures; `name` is the fabric's, for their titles.
    pub fn new(design: &'a Design, name: &'a str) -> Self {
        Self {
            design,
            name,
            graph: Graph::new(design),
        }
    }

    /// The units that have nodes, counted from 0.
    pub fn units(&self) -> impl Iterator<Item = u32> {
        self.graph.units.keys().copied()
    }

    /// The picture of all units.
    pub fn fabric(&self) -> Picture {
        fabric::fabric(&self.graph, self.design, self.name)
    }

    /// The picture of a unit, counted from 0; none where it has no node.
    pub fn unit(&self, unit: u32) -> Option<Picture> {
        unit::unit(&self.graph, self.design, self.name, unit)
    }

    /// The picture of a node; none where the fabric has no such node.
    pub fn node(&self, node: &str) -> Option<Picture> {
        node::node(&self.graph, self.design, self.name, node)
    }
}
