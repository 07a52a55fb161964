//! Definitions of other groups, given with `--crd`: objects of their kinds are judged as the API server would.

use std::io::Read as _;
use std::path::PathBuf;

use rackwright_manifest::schema::Schemas;
use rackwright_manifest::{Limits, Severity, Sources, read};

use crate::walk::{InputError, Walk};

/// The definitions in these files and directories. What else stands there is left alone.
pub fn definitions(paths: &[PathBuf]) -> Result<Vec<Schemas>, InputError> {
    let mut schemas = Vec::new();
    for path in paths {
        let before = schemas.len();
        let walk = Walk::new(std::slice::from_ref(path));
        if let Some(error) = walk.errors.into_iter().next() {
            return Err(error);
        }
        for source in walk.sources {
            let shown = source.shown().into_owned();
            let mut bytes = Vec::new();
            let text = source.open().and_then(|mut text| text.read_to_end(&mut bytes));
            text.map_err(|error| InputError::io(shown.as_ref(), error))?;
            schemas.append(&mut of_text(&shown, bytes)?);
        }
        if schemas.len() == before {
            return Err(InputError::NoDefinition(path.display().to_string()));
        }
    }
    Ok(schemas)
}

fn of_text(shown: &str, bytes: Vec<u8>) -> Result<Vec<Schemas>, InputError> {
    let fault = |why: String| InputError::Definition {
        path: shown.to_owned(),
        why,
    };
    let mut sources = Sources::new();
    let read = read(&mut sources, shown, bytes, &Limits::default());
    let errors = read.diagnostics.iter();
    if let Some(error) = errors.clone().find(|finding| finding.severity == Severity::Error) {
        let line = error.primary().map_or(1, |span| sources.position(span).line);
        return Err(fault(format!("line {line}: {}: {}", error.code, error.message)));
    }
    let definitions = read
        .documents
        .into_iter()
        .filter(|document| document.kind() == Some("CustomResourceDefinition"));
    definitions
        .map(|document| Schemas::from_crds([document.value]).map_err(|error| fault(error.to_string())))
        .collect()
}
