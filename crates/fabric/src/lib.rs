//! An InfiniBand fabric: every switch, port and cable of a design, and the files that people and programs read of it.
//!
//! Start with [`tree::Tree`], the arithmetic, and its neighbour [`dragonfly::DragonflyPlus`], then [`design::Design`], which
//! seats nodes at one of them, and [`network::Network`], one subnet as a graph.
//!
//! It never allocates a seat (the planner does), never reads a file or a host, and never writes a GUID that it was not given
//! into a file for production.

pub mod bill;
pub mod cables;
pub mod check;
pub mod compare;
pub mod design;
pub mod dragonfly;
mod graph;
mod leaves;
mod names;
pub mod netlist;
pub mod network;
pub mod opensm;
pub mod picture;
pub mod placeholder;
pub mod racks;
pub mod schedulers;
pub mod topology;
pub mod tree;
