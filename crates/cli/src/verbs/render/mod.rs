//! `rackwright render`.

mod cluster;
mod node;

use super::VerbError;
use crate::args::{Render, Rendering};
use crate::exit::Exit;
use crate::output::{Out, When};

/// Renders what is asked for.
pub fn run(args: &Render, color: When, out: &mut Out) -> Result<Exit, VerbError> {
    match &args.what {
        Rendering::Node(args) => node::run(args, color, out),
        Rendering::Cluster(args) => cluster::run(args, color, out),
    }
}
