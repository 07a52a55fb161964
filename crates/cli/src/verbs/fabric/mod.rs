//! `rackwright fabric`.

mod check;
mod compare;
mod files;
mod pictures;
mod render;
mod switches;

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use rackwright_api::Name;
use rackwright_planner::fabric::{PlannedFabric, fabrics};
use rackwright_planner::{Kind, ObjectRef};

use super::VerbError;
use crate::args::{Fabric, FabricVerb};
use crate::exit::Exit;
use crate::output::{Out, When, eprint};
use crate::pipeline::Outcome;
use crate::suggest::nearest;
use crate::walk::InputError;

/// Does what is asked for.
pub fn run(args: &Fabric, color: When, out: &mut Out) -> Result<Exit, VerbError> {
    match &args.what {
        FabricVerb::Render(args) => render::run(args, color, out),
        FabricVerb::Check(args) => check::run(args, color, out),
        FabricVerb::Compare(args) => compare::run(args, out),
    }
}

/// Looks whether there is a fabric of this name.
fn known(outcome: &Outcome, wanted: &str) -> Result<(), VerbError> {
    let names = || outcome.input.fabrics.iter().map(|fabric| fabric.name.as_str());
    if names().any(|name| name == wanted) {
        return Ok(());
    }
    let hint = nearest(wanted, names())
        .map(|near| format!("; did you mean {near}?"))
        .unwrap_or_default();
    Err(VerbError::Unknown(format!(
        "no fabric {wanted} in the input{hint}"
    )))
}

/// Whether the compiler refuses a fabric.
fn refused(outcome: &Outcome, fabric: &Name) -> Option<String> {
    let fabric = ObjectRef::new(Kind::InfiniBandFabric, fabric);
    let refused = outcome.refused.contains(&fabric);
    refused.then(|| "it is refused for the findings above".to_owned())
}

/// The fabric of this name, or the only one. None where it has no design, which is said.
fn planned(outcome: &Outcome, name: Option<&str>) -> Result<Option<PlannedFabric>, VerbError> {
    if let Some(wanted) = name {
        known(outcome, wanted)?;
    }
    let mut all = fabrics(&outcome.input, name);
    let Some((name, fabric)) = all.pop() else {
        return Err(VerbError::Unknown("no InfiniBandFabric in the input".to_owned()));
    };
    if !all.is_empty() {
        let others = all.iter().map(|(name, _)| name.as_str());
        let names: Vec<&str> = others.chain([name.as_str()]).collect();
        return Err(VerbError::Unknown(format!(
            "the input has more than one fabric: add --fabric with one of {}",
            names.join(", ")
        )));
    }
    match (refused(outcome, &name), fabric) {
        (None, Ok(fabric)) => return Ok(Some(fabric)),
        (Some(why), _) => eprint(&format!("error: fabric {name}: {why}\n")),
        (None, Err(why)) => eprint(&format!("error: fabric {name}: there is no design: {why}\n")),
    }
    Ok(None)
}

/// A file, or standard input.
fn read(path: &Path) -> Result<Vec<u8>, InputError> {
    let read = if path == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(path)
    };
    read.map_err(|error| InputError::io(path, error))
}
