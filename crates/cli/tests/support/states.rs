//! A site and the states that a node of it may be in, each with what is broken by it.

use rackwright_planner::drift::Break;
use serde_json::{Value, json};

use super::saved::{Saved, WHEN, condition, object};

/// Two pools that compile, one of them without addresses, and one that is refused for a fabric that is not there.
pub fn site(swappiness: &str) -> Vec<Value> {
    let racks = json!([{"names": "a[1-9]", "nodes": "n[1-4]", "system": "dgx-b200"}]);
    let sysctls = json!({"sysctls": {"vm.swappiness": swappiness}});
    vec![
        object("Supercluster", "lab", json!({ "racks": racks })),
        object(
            "GPUPool",
            "plain",
            json!({"supercluster": "lab", "nodes": {"racks": "a[1-3]"}, "host": sysctls}),
        ),
        object(
            "GPUPool",
            "train",
            json!({"supercluster": "lab", "nodes": {"racks": "a[4-6]"}, "fabrics": [{"name": "compute"}], "host": sysctls}),
        ),
        object(
            "GPUPool",
            "refused",
            json!({"supercluster": "lab", "nodes": {"racks": "a7"}, "fabrics": [{"name": "none"}]}),
        ),
        object(
            "InfiniBandFabric",
            "compute",
            json!({"supercluster": "lab", "plane": "Compute", "topology": {"type": "FatTree", "rails": 2}, "addressing": {"ipv4": "10.64.0.0/24"}}),
        ),
    ]
}

/// How a state is made, and what is broken by it.
pub type State = (&'static str, fn(&mut Saved, &str), &'static [Break]);

fn status(saved: &mut Saved, node: &str, change: impl FnOnce(&mut Value)) {
    change(&mut saved.config(node)["status"]);
}

fn hash(digit: &str) -> Value {
    json!({"at": WHEN, "hash": digit.repeat(32)})
}

/// The host has something else, and waits for this.
fn waits(status: &mut Value, phase: &str) {
    status["phase"] = json!(phase);
    status["applied"] = hash("7");
    status["observed"] = hash("7");
}

/// States of a planned node.
pub const PLANNED: &[State] = &[
    ("in sync", |_, _| {}, &[]),
    (
        "not there",
        |saved, node| saved.remove("NodeConfig", node),
        &[Break::NotWritten],
    ),
    (
        "an address in quarantine that the host has let go",
        quarantine,
        &[],
    ),
    (
        "an address in quarantine that it may still have",
        |saved, node| {
            quarantine(saved, node);
            saved.config(node)["status"].take();
        },
        &[Break::NeverReported],
    ),
    (
        "an older configuration",
        |saved, node| saved.older(node),
        &[Break::Behind, Break::OtherGeneration],
    ),
    (
        "detached by hand",
        |saved, node| saved.config(node)["spec"]["management"] = json!("Detached"),
        &[Break::Behind],
    ),
    (
        "without its label",
        |saved, node| saved.config(node)["metadata"]["labels"] = json!({}),
        &[Break::Behind],
    ),
    (
        "another rack by hand",
        |saved, node| saved.config(node)["spec"]["facts"]["rack"] = json!("a9"),
        &[Break::Edited],
    ),
    (
        "a profile that is not there",
        |saved, node| saved.config(node)["spec"]["profile"] = json!("plain-0123456789ab"),
        &[Break::NoProfile],
    ),
    (
        "of the refused pool",
        |saved, node| saved.config(node)["metadata"]["labels"]["rackwright.dev/pool"] = json!("refused"),
        &[Break::Blocked],
    ),
    (
        "no status",
        |saved, node| saved.config(node)["status"] = json!({}),
        &[Break::NeverReported],
    ),
    (
        "before the first look",
        |saved, node| saved.config(node)["status"] = json!({"observedGeneration": -1}),
        &[Break::NeverReported],
    ),
    (
        "an older generation",
        |saved, node| saved.config(node)["metadata"]["generation"] = json!(2),
        &[Break::OtherGeneration],
    ),
    (
        "a phase of the future",
        |saved, node| status(saved, node, |status| status["phase"] = json!("Dreaming")),
        &[Break::UnreadableStatus],
    ),
    (
        "a hash that is none",
        |saved, node| status(saved, node, |status| status["applied"] = json!({"hash": 7})),
        &[Break::UnreadableStatus],
    ),
    (
        "applied, and another hash",
        |saved, node| status(saved, node, |status| waits(status, "Applied")),
        &[Break::Contradicts],
    ),
    (
        "no grant",
        |saved, node| status(saved, node, |status| waits(status, "Pending")),
        &[Break::NoGrant],
    ),
    (
        "no phase and no grant",
        |saved, node| {
            status(saved, node, |status| {
                waits(status, "Pending");
                status.as_object_mut().unwrap().remove("phase");
            });
        },
        &[Break::NoGrant],
    ),
    (
        "differences of what is to come",
        |saved, node| {
            status(saved, node, |status| {
                waits(status, "Pending");
                status["differences"] = json!([{"path": "host", "message": "not yet"}]);
            });
        },
        &[Break::NoGrant],
    ),
    (
        "a grant for something else",
        |saved, node| {
            saved.config(node)["spec"]["grant"] = json!({"hash": "3".repeat(32), "wave": 1});
            status(saved, node, |status| waits(status, "Pending"));
        },
        &[Break::OtherGrant],
    ),
    (
        "granted",
        |saved, node| {
            let spec = &mut saved.config(node)["spec"];
            spec["grant"] = json!({"hash": spec["hash"], "wave": 1});
            status(saved, node, |status| waits(status, "Pending"));
        },
        &[Break::Granted],
    ),
    (
        "at work",
        |saved, node| {
            status(saved, node, |status| {
                waits(status, "Applying");
                status["observed"] = hash("8");
            });
        },
        &[Break::Applying],
    ),
    (
        "rolled back",
        |saved, node| status(saved, node, |status| waits(status, "RolledBack")),
        &[Break::RolledBack],
    ),
    (
        "failed on what is applied",
        |saved, node| {
            status(saved, node, |status| {
                status["phase"] = json!("Failed");
                status["conditions"] = json!([condition("Ready", "False", "Busy", "a device is in use")]);
            });
        },
        &[Break::Failed],
    ),
    (
        "changed on the host",
        |saved, node| {
            status(saved, node, |status| {
                status["differences"] =
                    json!([{"path": "host.sysctls", "message": format!("{node} has another")}]);
            });
        },
        &[Break::ChangedOnHost],
    ),
    (
        "another hash seen",
        |saved, node| status(saved, node, |status| status["observed"] = hash("9")),
        &[Break::ChangedOnHost],
    ),
    (
        "changed while it waits",
        |saved, node| {
            status(saved, node, |status| {
                waits(status, "Pending");
                status["observed"] = hash("9");
            });
        },
        &[Break::NoGrant, Break::ChangedOnHost],
    ),
    (
        "changed, by an older generation's status",
        |saved, node| {
            saved.config(node)["metadata"]["generation"] = json!(5);
            status(saved, node, |status| status["observed"] = hash("9"));
        },
        &[Break::OtherGeneration, Break::ChangedOnHost],
    ),
];

/// An address of its own in quarantine.
fn quarantine(saved: &mut Saved, node: &str) {
    let digits: Vec<u32> = node.chars().filter_map(|c| c.to_digit(10)).collect();
    saved.config(node)["spec"]["quarantined"] =
        json!([format!("10.64.0.{}", 80 + digits[0] * 4 + digits[1])]);
}

/// States of a node that no pool has.
pub const OTHERS: &[State] = &[
    (
        "let go",
        |saved, node| saved.config(node)["spec"]["management"] = json!("Detached"),
        &[],
    ),
    ("still held", |_, _| {}, &[Break::NotLetGo]),
    (
        "of the refused pool",
        |saved, node| saved.config(node)["metadata"]["labels"]["rackwright.dev/pool"] = json!("refused"),
        &[Break::Kept],
    ),
    (
        "of a pool that is not there",
        |saved, node| saved.config(node)["metadata"]["labels"]["rackwright.dev/pool"] = json!("gone"),
        &[Break::Orphan],
    ),
    (
        "without a label",
        |saved, node| saved.config(node)["metadata"]["labels"] = json!({}),
        &[Break::NoPool],
    ),
];
