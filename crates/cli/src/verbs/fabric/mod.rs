//! `rackwright fabric`.

mod check;
mod files;
mod render;
mod switches;

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use rackwright_api::Name;
use rackwright_planner::fabric::{NoDesign, PlannedFabric, fabrics};
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
    }
}

/// Fabrics and their designs.
type Designs = [(Name, Result<PlannedFabric, NoDesign>)];

/// The place of the fabric of this name.
fn named(all: &Designs, wanted: &str) -> Result<usize, VerbError> {
    all.iter()
        .position(|(name, _)| name.as_str() == wanted)
        .ok_or_else(|| {
            let hint = nearest(wanted, all.iter().map(|(name, _)| name.as_str()))
                .map(|near| format!("; did you mean {near}?"))
                .unwrap_or_default();
            VerbError::Unknown(format!("no fabric {wanted} in the input{hint}"))
        })
}

/// Whether the compiler refuses a fabric.
fn refused(outcome: &Outcome, fabric: &Name) -> Option<String> {
    let fabric = ObjectRef::new(Kind::InfiniBandFabric, fabric);
    let refused = outcome.refused.contains(&fabric);
    refused.then(|| "it is refused for the findings above".to_owned())
}

/// The fabric of this name, or the only one. None where it has no design, which is said.
fn planned(outcome: &Outcome, name: Option<&str>) -> Result<Option<PlannedFabric>, VerbError> {
    let mut all = fabrics(&outcome.input);
    let at = match name {
        Some(wanted) => named(&all, wanted)?,
        None if all.len() == 1 => 0,
        None if all.is_empty() => {
            return Err(VerbError::Unknown("no InfiniBandFabric in the input".to_owned()));
        }
        None => {
            let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
            return Err(VerbError::Unknown(format!(
                "the input has more than one fabric: add --fabric with one of {}",
                names.join(", ")
            )));
        }
    };
    let (name, fabric) = all.swap_remove(at);
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
