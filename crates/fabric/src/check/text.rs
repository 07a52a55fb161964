//! The report for people: lines for a terminal, a table for a ticket.

use std::fmt::Write;

use crate::names::line;

use super::report::{Cable, Port, Report, Step};

/// One line a step, headed by rack where racks are known.
pub fn text(report: &Report) -> String {
    let mut out = String::new();
    let mut rack: Option<&str> = None;
    for step in &report.steps {
        let here = step.first().and_then(|port| port.rack.as_deref());
        if here != rack {
            rack = here;
            // Writing to a String does not fail.
            let _ = writeln!(out, "rack {}", line(here.unwrap_or("unknown")));
        }
        let _ = writeln!(
            out,
            "{}{}",
            if here.is_some() { "  " } else { "" },
            line(&sentence(step))
        );
    }
    let _ = writeln!(out, "{}", summary(report));
    for (number, reason) in &report.unreadable {
        let _ = writeln!(out, "line {number} of the capture: {reason}");
    }
    out
}

/// A table of the steps.
pub fn markdown(report: &Report) -> String {
    let mut out = String::from("| rack | what to do |\n|---|---|\n");
    for step in &report.steps {
        let rack = step.first().and_then(|port| port.rack.as_deref()).unwrap_or("");
        let _ = writeln!(out, "| {} | {} |", cell(rack), cell(&sentence(step)));
    }
    let _ = writeln!(out, "\n{}", cell(&summary(report)));
    out
}

fn summary(report: &Report) -> String {
    let wrong = report.steps.len();
    let steps = if wrong == 1 { "step" } else { "steps" };
    format!(
        "{} of {} cables are where they belong; {wrong} {steps}",
        report.right, report.designed
    )
}

/// What a cell of a table cannot hold, or would act as markup: a device's description could hold a picture to load.
fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in line(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '\\' | '|' | '[' | '`' | '*' => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }
    out
}

pub(crate) fn sentence(step: &Step) -> String {
    match step {
        Step::Swap {
            cables: [one, other],
            same_devices,
        } => {
            let note = if *same_devices {
                "; both join the same devices, so traffic does not suffer"
            } else {
                ""
            };
            format!(
                "swap the cable ends at {} and {} (the one from {} belongs to {}, the one from {} to {}{note})",
                named(&one.from),
                named(&other.from),
                named(&one.fixed),
                named(&one.to),
                named(&other.fixed),
                named(&other.to)
            )
        }
        Step::Rotate { cables } => {
            let moves: Vec<String> = cables.iter().map(moved).collect();
            format!("pull {} cable ends, then: {}", cables.len(), moves.join("; "))
        }
        Step::Move { cable } => format!("move {}", moved(cable)),
        Step::Connect { ends: [a, b] } => {
            format!("connect {} to {}: the cable is missing", named(a), named(b))
        }
        Step::Remove { ends: [a, b] } => format!(
            "take out the cable between {} and {}: it is not in the design",
            named(a),
            named(b)
        ),
        Step::MissingDevice { device, cables } => {
            format!("{} was not found, nor its {}", device.device, counted(*cables))
        }
        Step::UnknownDevice { device, at } => {
            let ports: Vec<String> = at.iter().map(named).collect();
            format!(
                "unknown device {:?} ({}) is plugged in at {}",
                device.description,
                device.guid,
                ports.join(", ")
            )
        }
        Step::ReplacedDevice { expected, device } => format!(
            "{} is not who was expected: {:?} ({}) sits there; correct the inventory or put the right one in",
            expected.device, device.description, device.guid
        ),
        Step::DuplicateDevice { expected, device } => format!(
            "{:?} ({}) is a second {}",
            device.description, device.guid, expected.device
        ),
        Step::Degraded { ends: [a, b], rate } => format!(
            "the cable between {} and {} runs at {} instead of {}",
            named(a),
            named(b),
            rate.found,
            rate.expected
        ),
    }
}

fn moved(cable: &Cable) -> String {
    format!(
        "the cable at {} from {} to {}",
        named(&cable.fixed),
        named(&cable.from),
        named(&cable.to)
    )
}

fn named(port: &Port) -> String {
    match port.port {
        Some(number) => format!("{} port {number}", port.device),
        None => port.device.clone(),
    }
}

fn counted(cables: u32) -> String {
    match cables {
        1 => "1 cable".to_owned(),
        many => format!("{many} cables"),
    }
}
