//! `rackwright crds`.

use std::io::Write;

use rackwright_api::{crds, json_schema};
use serde_json::json;

use super::VerbError;
use crate::args::{Crds, Definitions};
use crate::exit::Exit;
use crate::output::{Out, forgive_broken_pipe};

/// Prints all definitions.
pub fn run(args: &Crds, out: &mut Out) -> Result<Exit, VerbError> {
    let text = match args.output {
        Definitions::Yaml => {
            let documents: Result<Vec<String>, _> =
                crds::shipped().iter().map(serde_yaml::to_string).collect();
            documents?.join("---\n")
        }
        // What `kubectl get crds -o json` prints, so that kubectl takes it back.
        Definitions::Json => {
            let list = json!({"apiVersion": "v1", "kind": "List", "items": crds::shipped()});
            serde_json::to_string_pretty(&list)? + "\n"
        }
        Definitions::JsonSchema => serde_json::to_string_pretty(&json_schema::all())? + "\n",
    };
    forgive_broken_pipe(out.write_all(text.as_bytes()))?;
    Ok(Exit::Clean)
}
