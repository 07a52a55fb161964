//! What is derived of a change from what a node had and becomes.

use std::collections::BTreeSet;

use rackwright_api::ActionClass;
use serde_json::{Value, json};

use crate::waves::{Run, Was, capped, local};

/// Fields that need a boot, each alone.
const BOOTS: &[&str] = &[
    r#"{ "host": { "kernelArguments": ["iommu=pt"] } }"#,
    r#"{ "host": { "moduleOptions": [{ "module": "nvidia", "options": { "a": "1" } }] } }"#,
    r#"{ "host": { "hugePages": [{ "count": 8, "size": "1Gi" }] } }"#,
    r#"{ "gpu": { "driver": { "kernelModules": "Open", "version": "580.95.05" } } }"#,
    r#"{ "gpu": { "ecc": "Enabled" } }"#,
    r#"{ "gpu": { "imex": { "channels": 8, "mode": "HostManaged" } } }"#,
    r#"{ "gpu": { "mig": { "layout": [{ "count": 7, "profile": "1g.23gb" }] } } }"#,
];

#[test]
fn what_needs_a_boot_is_not_called_milder() {
    for fields in BOOTS {
        let mut profile: Value = serde_json::from_str(fields).unwrap();
        profile["schema"] = json!(1);
        for class in [ActionClass::Drain, ActionClass::Reboot] {
            let mut run = Run::valid();
            run.class(1, class);
            run.goes(1, Was::Nothing, profile.clone());
            let codes = run.codes();
            assert_eq!(
                codes.contains("RW9107"),
                class == ActionClass::Drain,
                "{fields}: {codes:?}"
            );
        }
    }
}

/// What is no milder than it is called, beside the valid roll-out.
#[test]
fn what_nodes_become_may_be_called_so() {
    type Change = fn(&mut Run);
    let allowed: [(&str, Change); 13] = [
        ("a tier that moves as it is", |r| {
            r.goes(
                1,
                Was::Profile(local("/a", "s", "X*", "xfs")),
                local("/b", "t", "X*", "xfs"),
            );
        }),
        ("a tier on devices of no tier", |r| {
            r.goes(
                5,
                Was::Profile(local("/a", "s", "X*", "xfs")),
                local("/b", "t", "Y*", "ext4"),
            );
        }),
        ("a first tier on blank devices", |r| {
            r.goes(5, Was::Nothing, local("/s", "s", "X*", "xfs"));
        }),
        ("a consent that was used", |r| r.consents[5] = (vec!["s"], 1)),
        ("a driver that is taken away", |r| {
            let driver = json!({ "kernelModules": "Open", "version": "580.95.05" });
            r.goes(
                5,
                Was::Profile(json!({ "schema": 1, "gpu": { "driver": driver } })),
                json!({ "schema": 1 }),
            );
        }),
        ("a driver of another version and the same flavour", |r| {
            let driver = |version: &str| json!({ "schema": 1, "gpu": { "driver": { "kernelModules": "Open", "version": version } } });
            r.goes(1, Was::Profile(driver("580.95.05")), driver("580.105.08"));
        }),
        ("ECC that stays as it is", |r| {
            let ecc = json!({ "schema": 1, "gpu": { "ecc": "Enabled" } });
            r.goes(5, Was::Profile(ecc.clone()), ecc);
        }),
        ("ECC of which nothing is said any more", |r| {
            let ecc = json!({ "schema": 1, "gpu": { "ecc": "Enabled" } });
            r.goes(5, Was::Profile(ecc), json!({ "schema": 1 }));
        }),
        ("more consents than devices", |r| r.consents[6].0.push("s")),
        ("more power after less", |r| {
            r.goes(0, Was::Profile(capped("900W")), capped("700W"));
            r.goes(9, Was::Profile(capped("700W")), capped("900W"));
        }),
        ("more power before what loses data draws less", |r| {
            r.goes(0, Was::Profile(capped("700W")), capped("900W"));
            let mut was = local("/s", "s", "X*", "xfs");
            was["gpu"] = capped("900W")["gpu"].clone();
            let mut is = local("/s", "s", "X*", "ext4");
            is["gpu"] = capped("700W")["gpu"].clone();
            r.goes(6, Was::Profile(was), is);
        }),
        ("no budget, no order", |r| {
            r.no_budget();
            r.goes(0, Was::Profile(capped("700W")), capped("900W"));
            r.goes(9, Was::Profile(capped("900W")), capped("700W"));
        }),
        ("a node that waits for power", |r| {
            r.goes(8, Was::Profile(capped("900W")), capped("700W"));
            r.goes(10, Was::Profile(capped("700W")), capped("900W"));
            r.waves.remove(5);
            r.held.push(10);
        }),
    ];
    for (what, change) in allowed {
        let mut run = Run::valid();
        change(&mut run);
        assert_eq!(run.codes(), BTreeSet::new(), "{what}");
    }
}
