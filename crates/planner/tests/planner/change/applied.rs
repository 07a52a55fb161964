//! A host that waits for the change before goes from what it has applied, not only from what is written.

use std::borrow::Cow;

use rackwright_api::ActionClass::{self, Destructive, Reboot, Reload};
use rackwright_api::{DeviceConsent, Facts, Line, Name, NodeProfileSpec};
use rackwright_planner::change::{FactsOf, NodeState, State, diff};
use serde_json::{Value, from_value, json};

/// Three profiles, one after the other: a reboot between the first two, a reload between the last two.
fn profiles() -> Vec<(String, NodeProfileSpec)> {
    named(&[
        json!({ "schema": 1 }),
        json!({ "schema": 1, "host": { "kernelArguments": ["iommu=pt"] } }),
        json!({ "schema": 1, "host": { "kernelArguments": ["iommu=pt"], "sysctls": { "vm.swappiness": "1" } } }),
    ])
}

fn named(specs: &[Value]) -> Vec<(String, NodeProfileSpec)> {
    let named = specs.iter().map(|spec| {
        let spec: NodeProfileSpec = from_value(spec.clone()).unwrap();
        let pool = Name::new("pool").unwrap();
        (NodeProfileSpec::name(&pool, &spec.hash().unwrap()), spec)
    });
    named.collect()
}

fn hash(spec: &NodeProfileSpec, facts: &Facts) -> u128 {
    facts.hash(&spec.hash().unwrap()).unwrap().value()
}

fn consent() -> Facts {
    let consent = DeviceConsent {
        serial: Line::new("S1").unwrap(),
        signature: Line::new("xfs:1").unwrap(),
        tier: Name::new("s").unwrap(),
    };
    Facts {
        wipe_consents: vec![consent],
        ..Facts::default()
    }
}

/// The class and the paths of a node that is written as one profile, has applied a hash, and becomes another profile; none
/// where nothing becomes of it.
fn told(
    known: &[(String, NodeProfileSpec)],
    (written, new): (usize, usize),
    facts: &Facts,
    applied: Option<u128>,
) -> Option<(ActionClass, bool, Vec<String>)> {
    let state = |at: usize, applied| {
        let (name, spec) = &known[at];
        let node = NodeState {
            name: "n",
            hash: hash(spec, facts),
            profile: name,
            applied,
            managed: true,
            facts: FactsOf::Known(facts),
        };
        State::new(
            [node],
            known
                .iter()
                .map(|(name, spec)| (name.as_str(), Cow::Borrowed(spec))),
        )
    };
    let (old, new) = (state(written, applied), state(new, None));
    let found = diff(&old, &new);
    assert_eq!(found.unchanged, usize::from(found.nodes.is_empty()));
    let node = found.nodes.first()?;
    let paths = found.differences(node).map(|difference| difference.path.clone());
    Some((node.class, node.consent, paths.collect()))
}

#[test]
fn the_graver_of_both_ways_counts() {
    let known = profiles();
    let facts = Facts::default();
    let applied = |at: usize| Some(hash(&known[at].1, &facts));
    let told = |way, applied| told(&known, way, &facts, applied).map(|(class, _, paths)| (class, paths));
    let (arguments, sysctl) = (
        "host.kernelArguments".to_owned(),
        "host.sysctls[\"vm.swappiness\"]".to_owned(),
    );
    for known in [None, applied(1)] {
        assert_eq!(told((1, 2), known), Some((Reload, vec![sysctl.clone()])));
    }
    // The host has not rebooted for the change before. What both ways say, they say once.
    let both = (Reboot, vec![sysctl.clone(), arguments.clone()]);
    assert_eq!(told((1, 2), applied(0)), Some(both));
    // Nothing new is written, and the host waits still.
    assert_eq!(told((1, 1), applied(0)), Some((Reboot, vec![arguments.clone()])));
    assert_eq!(told((1, 1), applied(1)), None);
    // Back to what the host has: it may be on its way.
    assert_eq!(told((1, 0), applied(0)), Some((Reboot, vec![arguments])));
    // Already there, while another one is written.
    assert_eq!(told((1, 2), applied(2)), Some((Reload, vec![sysctl.clone()])));
    // What it has is none of the known ones.
    assert_eq!(
        told((1, 2), Some(7)),
        Some((Reboot, vec![sysctl, "applied".to_owned()]))
    );
}

#[test]
fn a_consent_that_waits_is_still_to_be_used() {
    let local = |filesystem: &str, cap: &str| {
        json!({ "schema": 1, "gpu": { "powerLimit": cap }, "mounts": [{ "mountPoint": "/s", "tier": "s", "localNVMe":
            { "devices": { "count": 1, "model": "X*" }, "filesystem": filesystem, "wipe": "WithConsent" } }] })
    };
    let known = named(&[local("xfs", "900W"), local("ext4", "900W"), local("ext4", "800W")]);
    let facts = consent();
    let told =
        |way, applied| told(&known, way, &facts, Some(applied)).map(|(class, consent, _)| (class, consent));
    let done = hash(&known[1].1, &facts);
    assert_eq!(told((1, 2), done), Some((Reload, true)));
    // The wipe before has not happened: neither the file system nor the consent is there.
    let before = hash(&known[0].1, &Facts::default());
    assert_eq!(told((1, 2), before), Some((Destructive, true)));
    // The profile is, the consent is not.
    let without = hash(&known[1].1, &Facts::default());
    assert_eq!(told((1, 2), without), Some((Destructive, true)));
    assert_eq!(told((1, 1), without), Some((Destructive, true)));
    // Nobody knows.
    assert_eq!(told((1, 2), 7), Some((Destructive, true)));
    assert_eq!(told((2, 2), 7), Some((Destructive, true)));
}
