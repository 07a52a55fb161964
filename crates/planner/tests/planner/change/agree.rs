//! The planner and the crate that does not trust it say the same of a change: what loses data, and what needs consent.

use std::borrow::Cow;
use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::select;
use rackwright_api::{ActionClass, DeviceConsent, Facts, Line, Name, NodeProfileSpec};
use rackwright_plan_check::{Before, Changing, Follows, Rollouts, Standing, check_waves};
use rackwright_planner::change::{FactsOf, NodeState, State, diff};
use serde_json::{Value, from_value, json};

use super::profiles::profile;

/// Up to two local tiers and one NFS mount, at few places, of few layouts, on few devices.
fn mounts() -> impl Strategy<Value = Vec<Value>> {
    let local = |tier: &'static str| {
        let parts = (
            select(vec!["/a", "/b", "/c"]),
            select(vec!["X*", "*Y", "Z", "XY"]),
            select(vec![1, 2]),
            select(vec!["xfs", "ext4"]),
            select(vec![
                Value::Null,
                json!(["0000:01:00.0"]),
                json!(["0000:02:00.0"]),
            ]),
        );
        let mount = parts.prop_map(move |(point, model, count, filesystem, addresses)| {
            let mut devices = json!({ "count": count, "model": model });
            if !addresses.is_null() {
                devices["pciAddresses"] = addresses;
            }
            json!({ "mountPoint": point, "tier": tier,
                "localNVMe": { "devices": devices, "filesystem": filesystem, "wipe": "WithConsent" } })
        });
        proptest::option::of(mount)
    };
    let nfs = json!({ "mountPoint": "/c", "tier": "home", "nfs": { "server": "10.0.0.1", "export": "/a", "transport": "TCP" } });
    (local("one"), local("two"), proptest::option::of(Just(nfs))).prop_map(|(one, two, nfs)| {
        let mut mounts: Vec<Value> = one.into_iter().chain(two).chain(nfs).collect();
        mounts.sort_by_key(|mount| mount["mountPoint"].as_str().unwrap().to_owned());
        mounts.dedup_by_key(|mount| mount["mountPoint"].clone());
        mounts
    })
}

fn with_mounts() -> impl Strategy<Value = NodeProfileSpec> {
    (profile(), mounts()).prop_map(|(mut profile, mounts)| {
        profile.mounts = from_value(json!(mounts)).unwrap();
        profile
    })
}

fn facts() -> impl Strategy<Value = Facts> {
    let tiers = proptest::collection::vec(select(vec!["one", "two", "gone"]), 0..4);
    tiers.prop_map(|tiers| {
        let consents = tiers.into_iter().enumerate().map(|(at, tier)| DeviceConsent {
            serial: Line::new(format!("S{at}")).unwrap(),
            signature: Line::new("xfs:1").unwrap(),
            tier: Name::new(tier).unwrap(),
        });
        Facts {
            wipe_consents: consents.collect(),
            ..Facts::default()
        }
    })
}

#[derive(Debug, Clone)]
enum Was {
    Nothing,
    Unknown,
    Profile(Box<NodeProfileSpec>),
}

fn was() -> impl Strategy<Value = Was> {
    prop_oneof![
        1 => Just(Was::Nothing),
        1 => Just(Was::Unknown),
        6 => with_mounts().prop_map(|profile| Was::Profile(Box::new(profile))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn both_say_the_same(was in was(), new in with_mounts(), had in facts(), has in facts()) {
        let node = |profile, hash, facts| NodeState {
            name: "n", hash, profile, applied: None, managed: true, facts: FactsOf::Known(facts),
        };
        let old = match &was {
            Was::Nothing => State::default(),
            Was::Unknown => State::new([node("p-0", 0, &had)], []),
            Was::Profile(profile) => State::new([node("p-0", 0, &had)], [("p-0", Cow::Borrowed(&**profile))]),
        };
        let after = State::new([node("p-1", 1, &has)], [("p-1", Cow::Borrowed(&new))]);
        let found = diff(&old, &after);
        let said = &found.nodes[0];
        let before = match &was {
            Was::Nothing => Before::Nothing,
            Was::Unknown => Before::Unknown,
            Was::Profile(profile) => Before::Profile(profile),
        };
        let pool = Name::new("p").unwrap();
        let spec = from_value(json!({ "supercluster": "lab", "nodes": { "names": "n" } })).unwrap();
        let had: &[DeviceConsent] = if matches!(was, Was::Nothing) { &[] } else { &had.wipe_consents };
        let codes = |class, consent| -> (BTreeSet<&'static str>, String) {
            let found = check_waves(&Rollouts {
                pools: &[(&pool, &spec)],
                fabrics: &[],
                superclusters: &[],
                nvlink_racks: &BTreeSet::new(),
                wired: &[],
                follows: &[Follows { before: vec![before], after: &new }],
                nodes: &[Changing {
                    at: Standing { name: "n", pool: &pool, rack: None, unit: None },
                    class,
                    consent,
                    consents: &has.wipe_consents,
                    consents_before: had,
                    follows: Some(0),
                }],
                down: &[],
                waves: &[],
                held: &[0],
            });
            let codes = found.iter().map(|violation| violation.code).collect();
            let messages: Vec<String> = found.iter().map(ToString::to_string).collect();
            (codes, messages.join("; "))
        };
        // It waits, so RW9106 speaks unless it would lose data without consent.
        let (honest, message) = codes(said.class, true);
        prop_assert!(!honest.contains("RW9107"), "{message}");
        let forbidden = said.class == ActionClass::Destructive && !said.consent;
        prop_assert_eq!(!honest.contains("RW9106"), forbidden, "{:?}", said);
        // Called milder than it is, whatever it is called.
        let (_, message) = codes(ActionClass::Reboot, true);
        prop_assert_eq!(message.contains("its change is Destructive"), said.class == ActionClass::Destructive, "{} {:?}", message, said);
    }
}
