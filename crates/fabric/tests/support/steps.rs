//! What the wiring check says, in short.

use rackwright_fabric::check::{Cable, Port, Step};

/// A port as people write it.
pub fn named(port: &Port) -> String {
    port.port
        .map_or(port.device.clone(), |number| format!("{}[{number}]", port.device))
}

/// A step as one line, with all that it says.
pub fn short(step: &Step) -> String {
    let moved = |cable: &Cable| {
        format!(
            "{}: {} -> {}",
            named(&cable.fixed),
            named(&cable.from),
            named(&cable.to)
        )
    };
    match step {
        Step::Swap {
            cables: [one, other],
            same_devices,
        } => format!("swap {}, {} {same_devices}", moved(one), moved(other)),
        Step::Rotate { cables } => format!(
            "rotate {}",
            cables.iter().map(moved).collect::<Vec<_>>().join(", ")
        ),
        Step::Move { cable } => format!("move {}", moved(cable)),
        Step::Connect { ends: [a, b] } => format!("connect {} {}", named(a), named(b)),
        Step::Remove { ends: [a, b] } => format!("remove {} {}", named(a), named(b)),
        Step::MissingDevice { device, cables } => format!("missing {} {cables}", named(device)),
        Step::UnknownDevice { device, at } => format!(
            "unknown {} at {}",
            device.description,
            at.iter().map(named).collect::<Vec<_>>().join(" ")
        ),
        Step::ReplacedDevice { expected, device } => {
            format!("replaced {} by {}", named(expected), device.description)
        }
        Step::DuplicateDevice { expected, device } => {
            format!("duplicate {} {}", named(expected), device.description)
        }
        Step::Degraded { ends: [a, b], rate } => format!(
            "degraded {} {} {} {}",
            named(a),
            named(b),
            rate.found,
            rate.expected
        ),
    }
}
