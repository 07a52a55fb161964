//! What devices of local tiers lose, and which consents that needs.

use std::borrow::Cow;

use rackwright_api::ActionClass::{self, Destructive, Drain, Reboot, Reload};
use rackwright_api::{DeviceConsent, Facts, Line, Name, NodeProfileSpec};
use rackwright_planner::change::{Diff, FactsOf, NodeState, State, diff};
use serde_json::{Value, from_value, json};

/// Mount point, tier, model, devices, RAID, file system.
type Local<'a> = (&'a str, &'a str, &'a str, u8, Option<u8>, &'a str);

const SCRATCH: Local<'static> = ("/scratch", "scratch", "SAMSUNG*", 2, Some(0), "xfs");

fn local((point, tier, model, count, raid, filesystem): Local<'_>) -> Value {
    let mut local = json!({ "devices": { "count": count, "model": model }, "filesystem": filesystem, "wipe": "WithConsent" });
    if let Some(raid) = raid {
        local["raid"] = json!(raid);
    }
    json!({ "mountPoint": point, "tier": tier, "localNVMe": local })
}

fn nfs(point: &str) -> Value {
    json!({ "mountPoint": point, "tier": "home", "nfs": { "server": "10.0.0.1", "export": "/a", "transport": "TCP" } })
}

fn profile(mounts: &[Value]) -> NodeProfileSpec {
    from_value(json!({ "schema": 1, "mounts": mounts })).unwrap()
}

fn consents(tier: &str, count: usize) -> Facts {
    let consent = |number: usize| DeviceConsent {
        serial: Line::new(format!("S{number}")).unwrap(),
        signature: Line::new(format!("xfs:{number}")).unwrap(),
        tier: Name::new(tier).unwrap(),
    };
    Facts {
        wipe_consents: (0..count).map(consent).collect(),
        ..Facts::default()
    }
}

fn node<'a>(profile: &'a str, hash: u128, facts: &'a Facts) -> NodeState<'a> {
    NodeState {
        name: "n",
        hash,
        profile,
        applied: None,
        managed: true,
        facts: FactsOf::Known(facts),
    }
}

/// Class, consent and paths of the one node that changes.
fn told(found: &Diff<'_>) -> (ActionClass, bool, Vec<String>) {
    let [node] = &found.nodes[..] else {
        panic!("{found:?}")
    };
    let paths = found.differences(node).map(|difference| difference.path.clone());
    (node.class, node.consent, paths.collect())
}

/// The same facts on both sides, so that all that differs is the profile.
fn changed(old: &[Value], new: &[Value], facts: &Facts) -> (ActionClass, bool, Vec<String>) {
    let (old, new) = (profile(old), profile(new));
    let before = State::new([node("p-0", 0, facts)], [("p-0", Cow::Borrowed(&old))]);
    let after = State::new([node("p-1", 1, facts)], [("p-1", Cow::Borrowed(&new))]);
    told(&diff(&before, &after))
}

fn class(old: &[Value], new: &[Value], facts: &Facts) -> (ActionClass, bool) {
    let (class, consent, _) = changed(old, new, facts);
    (class, consent)
}

#[test]
fn another_layout_is_destructive_wherever_the_tier_stood() {
    let none = Facts::default();
    let (_, tier, model, count, raid, filesystem) = SCRATCH;
    let old = [local(SCRATCH)];
    let others: [(&str, Local<'_>); 6] = [
        (
            "file system and place",
            ("/fast", tier, model, count, raid, "ext4"),
        ),
        (
            "RAID and place",
            ("/fast", tier, model, count, Some(1), filesystem),
        ),
        (
            "devices and place",
            ("/fast", tier, "KIOXIA*", count, raid, filesystem),
        ),
        ("number and place", ("/fast", tier, model, 4, raid, filesystem)),
        (
            "tier, place and file system",
            ("/fast", "cache", model, count, raid, "ext4"),
        ),
        (
            "tier and pattern, on devices that both take",
            ("/fast", "cache", "*MZ*", count, raid, filesystem),
        ),
    ];
    for (what, new) in others {
        let (class, consent, paths) = changed(&old, &[local(new)], &none);
        assert_eq!((class, consent), (Destructive, false), "{what}");
        assert!(
            paths.contains(&format!("devices[\"{}\"]", new.1)),
            "{what}: {paths:?}"
        );
    }
    // At the same place the fields of the mount say it.
    let (class, consent, paths) = changed(
        &old,
        &[local(("/scratch", tier, model, count, raid, "ext4"))],
        &none,
    );
    assert_eq!(
        (class, consent, paths),
        (
            Destructive,
            false,
            vec!["mounts[\"/scratch\"].localNVMe.filesystem".to_owned()]
        )
    );
}

#[test]
fn the_same_layout_is_adopted() {
    let none = Facts::default();
    let (_, tier, model, count, raid, filesystem) = SCRATCH;
    let old = [local(SCRATCH)];
    for (what, new) in [
        ("another place", ("/fast", tier, model, count, raid, filesystem)),
        ("another name", ("/fast", "cache", model, count, raid, filesystem)),
    ] {
        assert_eq!(class(&old, &[local(new)], &none), (Drain, true), "{what}");
    }
}

/// The host takes blank devices alone, unless the node consents.
#[test]
fn devices_of_no_tier_are_wiped_only_where_the_node_consents() {
    let other = ("/fast", "cache", "KIOXIA*", 4, Some(0), "xfs");
    let new = [local(SCRATCH)];
    for (what, old, mild) in [
        ("a first tier", vec![], Reload),
        ("in the place of NFS", vec![nfs("/scratch")], Drain),
        ("beside another one", vec![local(other)], Drain),
    ] {
        assert_eq!(class(&old, &new, &Facts::default()), (mild, true), "{what}");
        assert_eq!(class(&old, &new, &consents("other", 2)), (mild, true), "{what}");
        let (class, consent, paths) = changed(&old, &new, &consents("scratch", 1));
        assert_eq!((class, consent), (Destructive, true), "{what}");
        assert!(
            paths.contains(&"devices[\"scratch\"].wipeConsents".to_owned()),
            "{what}: {paths:?}"
        );
    }
    // NFS gives way to a tier that had the devices, at another place and in another layout.
    let (_, tier, model, count, raid, _) = SCRATCH;
    let moved = [
        local(("/fast", tier, model, count, raid, "ext4")),
        nfs("/scratch"),
    ];
    assert_eq!(class(&moved, &new, &Facts::default()), (Destructive, false));
}

#[test]
fn each_device_needs_its_own_consent() {
    let (point, tier, model, _, raid, filesystem) = SCRATCH;
    let of = |count| local((point, tier, model, count, raid, filesystem));
    for (given, consent) in [(0, false), (1, false), (3, false), (4, true), (5, true)] {
        let facts = consents("scratch", given);
        assert_eq!(
            class(&[of(2)], &[of(4)], &facts),
            (Destructive, consent),
            "{given}"
        );
    }
    assert_eq!(
        class(&[of(2)], &[of(4)], &consents("other", 4)),
        (Destructive, false)
    );
    // Each tier its own.
    let two = |filesystem| {
        [
            local(("/a", "one", "SAMSUNG*", 1, None, filesystem)),
            local(("/b", "two", "KIOXIA*", 1, None, filesystem)),
        ]
    };
    let mut facts = consents("one", 1);
    assert_eq!(class(&two("xfs"), &two("ext4"), &facts), (Destructive, false));
    facts.wipe_consents.extend(consents("two", 1).wipe_consents);
    assert_eq!(class(&two("xfs"), &two("ext4"), &facts), (Destructive, true));
}

#[test]
fn a_consent_is_destructive_itself() {
    let (name, spec) = ("p-0", profile(&[local(SCRATCH)]));
    let state = |hash, facts| State::new([node(name, hash, facts)], [(name, Cow::Borrowed(&spec))]);
    let (none, some) = (Facts::default(), consents("scratch", 1));
    let (class, consent, _) = told(&diff(&state(0, &none), &state(1, &some)));
    assert_eq!((class, consent), (Destructive, true));
    let (class, ..) = told(&diff(&state(0, &some), &state(1, &none)));
    assert_eq!(class, ActionClass::None);
    // Nobody knows whether the host has used it.
    let unreadable = State::new(
        [NodeState {
            facts: FactsOf::Json("{"),
            ..node(name, 0, &none)
        }],
        [(name, Cow::Borrowed(&spec))],
    );
    let (class, ..) = told(&diff(&unreadable, &state(1, &some)));
    assert_eq!(class, Destructive);
    let (class, ..) = told(&diff(&unreadable, &state(1, &none)));
    assert_eq!(class, Reboot);
}

#[test]
fn a_profile_that_is_not_known_may_have_held_the_devices() {
    let spec = profile(&[local(SCRATCH), nfs("/home")]);
    for (given, consent) in [(0, false), (1, false), (2, true)] {
        let facts = consents("scratch", given);
        let before = State::new([node("p-0", 0, &facts)], []);
        let after = State::new([node("p-1", 1, &facts)], [("p-1", Cow::Borrowed(&spec))]);
        let found = diff(&before, &after);
        let paths = vec!["profile".to_owned(), "devices[\"scratch\"].before".to_owned()];
        assert_eq!(told(&found), (Destructive, consent, paths));
        let said = found.differences(&found.nodes[0]).last().unwrap().field.reason;
        assert!(
            said.contains("its profile is not in the previous state"),
            "{said}"
        );
    }
}
