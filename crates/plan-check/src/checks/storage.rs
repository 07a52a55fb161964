//! Storage: the mounts of a profile are those of its pool's tiers, and consents reach just the node that they name.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rackwright_api::{ProfileRail, StorageTierSpec};
use serde_json::{Map, Value};

use super::columns::Id;
use super::intents::{Intents, Pool};
use crate::input::{Node, Profile};
use crate::table::{CONSENTS, MOUNT_TWICE, PROFILE_MOUNTS};
use crate::violation::{Kind, Sink, Violation};

/// Compares the mounts of a profile with the tiers of its pool, both as JSON.
pub(super) fn mounts(profile: &Profile<'_>, pool: &Pool<'_>, intents: &Intents<'_>, sink: &mut Sink) {
    let case = |what: String| {
        Violation::new(&PROFILE_MOUNTS, format!("the profile {} {what}", profile.name))
            .object(Kind::NodeProfile, profile.name)
            .object(Kind::GPUPool, profile.pool)
    };
    let mut wanted: BTreeMap<&str, Value> = BTreeMap::new();
    for name in pool.spec.storage.iter().map(|used| used.tier.as_str()) {
        // A tier that is not there was reported with its pool; one without a mount point is nobody's mount.
        let tier = intents.tiers.get(name);
        if let Some(mount) = tier.and_then(|tier| mount_of(name, tier, &profile.spec.rails)) {
            wanted.insert(name, mount);
        }
    }
    let mut points = BTreeSet::new();
    for mount in &profile.spec.mounts {
        let name = mount.tier.as_str();
        if !points.insert(mount.mount_point.as_str()) {
            let message = format!(
                "the profile {} mounts two tiers at {}",
                profile.name, mount.mount_point
            );
            let violation = Violation::new(&MOUNT_TWICE, message).object(Kind::NodeProfile, profile.name);
            sink.report(violation.object(Kind::GPUPool, profile.pool));
        }
        let made = serde_json::to_value(mount)
            .map(sorted_devices)
            .unwrap_or_default();
        match wanted.remove(name) {
            None => {
                let what = format!(
                    "mounts {name}, which the pool {} does not, or not again",
                    pool.name
                );
                sink.report(case(what).object(Kind::StorageTier, name));
            }
            Some(wanted) if wanted != made => {
                let what = format!("mounts {name} otherwise than the tier says");
                sink.report(case(what).object(Kind::StorageTier, name));
            }
            Some(_) => {}
        }
    }
    for name in wanted.keys() {
        let what = format!("does not mount {name}, which the pool {} does", pool.name);
        sink.report(case(what).object(Kind::StorageTier, name));
    }
}

/// The mount that a tier means, as JSON: what it is, without what is arithmetic or one node's, and the rails of its
/// fabric.
fn mount_of(name: &str, tier: &StorageTierSpec, rails: &[ProfileRail]) -> Option<Value> {
    let Ok(Value::Object(mut tier_fields)) = serde_json::to_value(tier) else {
        return None;
    };
    tier_fields.get("mountPoint")?;
    let mut mount = Map::new();
    for field in [
        "beegfs",
        "gpuDirectStorage",
        "localNVMe",
        "lustre",
        "mountPoint",
        "nfs",
        "weka",
    ] {
        mount.extend(tier_fields.remove_entry(field));
    }
    if let Some(options) = tier_fields.remove("mountOptions") {
        mount.insert("options".to_owned(), options);
    }
    if let Some(Value::Object(local)) = mount.get_mut("localNVMe") {
        local.remove("wipeConsents");
        if let Some(Value::Object(devices)) = local.get_mut("devices") {
            devices.remove("capacity");
            devices.remove("throughput");
        }
    }
    let fabric = tier.fabric.as_ref().map(rackwright_api::Name::as_str);
    let on_fabric = |rail: &&ProfileRail| Some(rail.fabric.as_str()) == fabric;
    let rails: Vec<u8> = rails.iter().filter(on_fabric).map(|rail| rail.rail).collect();
    if !rails.is_empty() {
        mount.insert("rails".to_owned(), rails.into());
    }
    mount.insert("tier".to_owned(), name.into());
    Some(sorted_devices(Value::Object(mount)))
}

/// PCI addresses are a set; every other list of a mount has an order.
fn sorted_devices(mut mount: Value) -> Value {
    let addresses = mount.pointer_mut("/localNVMe/devices/pciAddresses");
    if let Some(Value::Array(addresses)) = addresses {
        addresses.sort_by_key(Value::to_string);
    }
    mount
}

/// Serial number, signature and tier.
type Consent<'a> = (&'a str, &'a str, &'a str);

/// The consents that tiers give, by pool and node.
pub(super) struct Consents<'a> {
    of_node: HashMap<(Id, &'a str), BTreeSet<Consent<'a>>>,
}

impl<'a> Consents<'a> {
    pub(super) fn new(intents: &Intents<'a>) -> Self {
        let mut of_node: HashMap<_, BTreeSet<_>> = HashMap::new();
        for (id, pool) in intents.pools.iter().enumerate() {
            for used in &pool.spec.storage {
                let Some((name, tier)) = intents.tiers.get_key_value(used.tier.as_str()) else {
                    continue;
                };
                for consent in tier.local_nvme.iter().flat_map(|local| &local.wipe_consents) {
                    let of_node = of_node.entry((id as Id, consent.node.as_str())).or_default();
                    of_node.insert((consent.serial.as_str(), consent.signature.as_str(), *name));
                }
            }
        }
        Self { of_node }
    }

    /// Compares the consents of a node with those that the tiers of its pool give it.
    pub(super) fn check(&self, node: &Node<'_>, pool: Id, sink: &mut Sink) {
        let made = &node.spec.facts.wipe_consents;
        if made.is_empty() && self.of_node.is_empty() {
            return;
        }
        let given = self.of_node.get(&(pool, node.name));
        let made_of = || {
            made.iter().map(|consent| {
                (
                    consent.serial.as_str(),
                    consent.signature.as_str(),
                    consent.tier.as_str(),
                )
            })
        };
        let same = given.map_or(made.is_empty(), |given| made_of().eq(given.iter().copied()));
        if !same {
            let message = format!(
                "the node {} has {} consents to wipe devices, in this order, unlike the {} that the tiers of {} give it",
                node.name,
                made.len(),
                given.map_or(0, BTreeSet::len),
                node.pool
            );
            sink.report(
                Violation::new(&CONSENTS, message)
                    .node(node.name)
                    .object(Kind::GPUPool, node.pool),
            );
        }
    }
}
