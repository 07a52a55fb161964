//! `rackwright fabric check`.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use rackwright_fabric::check::{Report, check, markdown, text};
use rackwright_fabric::design::Design;
use rackwright_fabric::netlist;
use rackwright_manifest::render::printable;
use serde::Serialize;

use super::super::{VerbError, plan};
use super::{planned, read};
use crate::args::{FabricCheck, ReportForm};
use crate::exit::Exit;
use crate::output::{Out, When, eprint, forgive_broken_pipe};
use crate::walk::InputError;
use crate::{progress, report};

/// Compiles, reads the capture, compares, prints.
pub fn run(args: &FabricCheck, color: When, out: &mut Out) -> Result<Exit, VerbError> {
    let stdin = Path::new("-");
    if args.capture == stdin && args.paths.paths.iter().any(|path| path == stdin) {
        return Err(VerbError::Usage(
            "standard input cannot be the capture and the manifests: save one of them to a file".to_owned(),
        ));
    }
    let outcome = crate::pipeline::run(&args.paths, Vec::new())?;
    let exit = report::exit(&outcome, false);
    plan::findings(&outcome, color);
    report::errors(&outcome);
    if exit > Exit::Findings {
        eprint("nothing is compared because of the errors above\n");
        return Ok(exit);
    }
    let Some(fabric) = planned(&outcome, args.fabric.as_deref())? else {
        return Ok(Exit::Findings);
    };
    let subnet = subnet(args.rail, fabric.topology.subnets())?;
    let design = Design::new(fabric.topology, fabric.nodes, BTreeMap::new())
        .map_err(|error| VerbError::Unknown(format!("fabric {}: {error}", fabric.name)))?
        .in_racks(fabric.racks);
    let bytes = read(&args.capture)?;
    let phase = progress::phase(|| format!("comparing {}", args.capture.display()));
    let capture = netlist::read(&String::from_utf8_lossy(&bytes));
    if capture.devices.is_empty() {
        return Err(InputError::NotACapture(args.capture.display().to_string()).into());
    }
    let report = check(&design.network(subnet), &capture, args.rate.as_deref());
    drop(phase);
    let shown = match args.output {
        // What devices call themselves must not reach a terminal as it is.
        ReportForm::Text => lines(&text(&report)),
        ReportForm::Markdown => lines(&markdown(&report)),
        ReportForm::Json => {
            let whole = Whole {
                format_version: 1,
                fabric: fabric.name.as_str(),
                subnet,
                report: &report,
            };
            serde_json::to_string(&whole)? + "\n"
        }
    };
    forgive_broken_pipe(out.write_all(shown.as_bytes()))?;
    let clean = report.steps.is_empty() && report.unreadable.is_empty();
    Ok(exit.max(if clean { Exit::Clean } else { Exit::Findings }))
}

/// The report for programs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Whole<'a> {
    format_version: u32,
    fabric: &'a str,
    subnet: u32,
    #[serde(flatten)]
    report: &'a Report,
}

/// The subnet that was captured.
fn subnet(rail: Option<u32>, subnets: u32) -> Result<u32, VerbError> {
    match (rail, subnets) {
        (None, 0 | 1) => Ok(0),
        (None, _) => Err(VerbError::Unknown(format!(
            "each of the {subnets} rails is a subnet of its own: add --rail with the one that was captured, from 0"
        ))),
        (Some(_), 0 | 1) => Err(VerbError::Unknown(
            "all rails of this fabric are one subnet: leave --rail out".to_owned(),
        )),
        (Some(rail), _) if rail < subnets => Ok(rail),
        (Some(rail), _) => Err(VerbError::Unknown(format!(
            "no rail {rail}: the last of this fabric is {}",
            subnets - 1
        ))),
    }
}

fn lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        out.push_str(&printable(line));
        out.push('\n');
    }
    out
}
