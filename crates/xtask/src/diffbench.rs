//! The diff of two plans by field, as a program that is measured beside `diff` on the same two files.

use std::io::{BufWriter, Write};
use std::path::Path;

use rackwright_planner::change::{between, diff};

/// Prints the nodes that differ, each with its class and the paths of what differs, and then how many are the same.
pub fn run(old: &Path, new: &Path) -> anyhow::Result<()> {
    let (old, new) = (std::fs::read_to_string(old)?, std::fs::read_to_string(new)?);
    let (before, after, same) = between(&old, &new)?;
    let found = diff(&before, &after);
    let mut out = BufWriter::new(std::io::stdout().lock());
    for node in &found.nodes {
        write!(out, "{} {:?} {:?}", node.name, node.what, node.class)?;
        for difference in found.differences(node) {
            write!(
                out,
                " {}: {:?} -> {:?}",
                difference.path, difference.old, difference.new
            )?;
        }
        writeln!(out)?;
    }
    writeln!(out, "{} the same", found.unchanged + same)?;
    out.flush()?;
    Ok(())
}
