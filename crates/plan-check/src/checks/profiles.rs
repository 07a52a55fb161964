//! Profiles: named by their content, one for each pool, with the rails of its fabrics and the sections of its spec.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ipnet::Ipv4Net;
use rackwright_api::{ImexMode, ProfileRail};
use serde::Serialize;
use serde_json::Value;

use super::columns::Id;
use super::intents::{self, Intents, Pool};
use super::{listed, storage};
use crate::canonical::{SCHEMA, profile_hash};
use crate::input::Profile;
use crate::invariant::Invariant;
use crate::table::{
    POOL_UNKNOWN, PROFILE_NAME, PROFILE_RAILS, PROFILE_SCHEMA, PROFILE_SECTIONS, PROFILE_TWICE,
};
use crate::violation::{Kind, Sink, Violation};

/// The profiles by name.
pub(super) struct Profiles<'a> {
    by_name: HashMap<&'a str, Known<'a>>,
}

/// What the nodes of a profile are compared with.
pub(super) struct Known<'a> {
    pub pool: Option<Id>,
    pub pool_name: &'a str,
    /// The hash of its content; none where it cannot be serialised.
    pub hash: Option<String>,
    /// Who runs the IMEX daemon, where one runs.
    pub imex: Option<ImexMode>,
    pub rails: Vec<KnownRail<'a>>,
    /// The site of its pool.
    pub site: Option<&'a str>,
}

/// A rail of a profile.
pub(super) struct KnownRail<'a> {
    pub rail: u8,
    pub fabric: &'a str,
    pub prefix: Prefix,
}

/// A rail's prefix.
pub(super) enum Prefix {
    Absent,
    /// Reported with the profile; its nodes cannot be compared with it.
    Unreadable,
    Net(Ipv4Net),
}

impl<'a> Profiles<'a> {
    /// Checks each profile by itself and keeps what its nodes are compared with.
    pub(super) fn check(profiles: &[Profile<'a>], intents: &Intents<'a>, sink: &mut Sink) -> Self {
        let mut by_name = HashMap::with_capacity(profiles.len());
        for profile in profiles {
            let pool = intents.pool_id(profile.pool);
            let hash = profile_hash(profile.spec);
            named_by_content(profile, hash.as_deref(), sink);
            schema(profile, sink);
            match pool {
                None => sink.report(case(
                    &POOL_UNKNOWN,
                    profile,
                    format!(
                        "the profile {} is of {}, which is no accepted pool",
                        profile.name, profile.pool
                    ),
                )),
                Some(pool) => {
                    rails_of_fabrics(profile, intents.pool(pool), intents, sink);
                    sections_of_pool(profile, intents.pool(pool), sink);
                    storage::mounts(profile, intents.pool(pool), intents, sink);
                }
            }
            let rails = profile.spec.rails.iter().map(KnownRail::new).collect();
            let imex = profile.spec.gpu.as_ref().and_then(|gpu| gpu.imex.as_ref());
            by_name.insert(
                profile.name,
                Known {
                    pool,
                    pool_name: profile.pool.as_str(),
                    hash,
                    imex: imex.map(|imex| imex.mode),
                    rails,
                    site: pool.map(|pool| intents.pool(pool).spec.supercluster.as_str()),
                },
            );
        }
        one_for_each_pool(profiles, sink);
        Self { by_name }
    }

    /// The profile of that name.
    pub(super) fn get(&self, name: &str) -> Option<&Known<'a>> {
        self.by_name.get(name)
    }
}

impl<'a> KnownRail<'a> {
    fn new(rail: &'a ProfileRail) -> Self {
        let prefix = match &rail.ipv4 {
            None => Prefix::Absent,
            Some(text) => intents::prefix(text.as_str()).map_or(Prefix::Unreadable, Prefix::Net),
        };
        Self {
            rail: rail.rail,
            fabric: rail.fabric.as_str(),
            prefix,
        }
    }
}

fn case(invariant: &Invariant, profile: &Profile<'_>, message: String) -> Violation {
    Violation::new(invariant, message)
        .object(Kind::NodeProfile, profile.name)
        .object(Kind::GPUPool, profile.pool)
}

fn named_by_content(profile: &Profile<'_>, hash: Option<&str>, sink: &mut Sink) {
    let Some(hash) = hash else {
        let message = format!(
            "the profile {} cannot be serialised, so it has no hash",
            profile.name
        );
        return sink.report(case(&PROFILE_NAME, profile, message));
    };
    let expected = format!("{}-{}", profile.pool, &hash[..12]);
    if profile.name != expected {
        let message = format!(
            "the profile {} of the pool {} must be named {expected}",
            profile.name, profile.pool
        );
        sink.report(case(&PROFILE_NAME, profile, message));
    }
}

fn schema(profile: &Profile<'_>, sink: &mut Sink) {
    if profile.spec.schema != SCHEMA {
        let message = format!(
            "the profile {} has schema {}, not {SCHEMA}",
            profile.name, profile.spec.schema
        );
        sink.report(case(&PROFILE_SCHEMA, profile, message));
    }
}

fn one_for_each_pool(profiles: &[Profile<'_>], sink: &mut Sink) {
    let mut by_pool: BTreeMap<&str, Vec<&Profile<'_>>> = BTreeMap::new();
    for profile in profiles {
        by_pool.entry(profile.pool.as_str()).or_default().push(profile);
    }
    for (pool, mut several) in by_pool.into_iter().filter(|(_, profiles)| profiles.len() > 1) {
        several.sort_unstable_by_key(|profile| profile.name);
        let names: Vec<&str> = several.iter().map(|profile| profile.name).collect();
        let message = format!(
            "the pool {pool} has {} profiles: {}",
            names.len(),
            listed(&names, names.len())
        );
        let case = Violation::new(&PROFILE_TWICE, message).object(Kind::GPUPool, pool);
        sink.report(
            names
                .iter()
                .fold(case, |case, name| case.object(Kind::NodeProfile, name)),
        );
    }
}

fn rails_of_fabrics(profile: &Profile<'_>, pool: &Pool<'_>, intents: &Intents<'_>, sink: &mut Sink) {
    let mut complain = |fabric: &str, what: String| {
        let case = case(
            &PROFILE_RAILS,
            profile,
            format!("the profile {} {what}", profile.name),
        );
        sink.report(case.object(Kind::InfiniBandFabric, fabric));
    };
    let rails = &profile.spec.rails;
    for pair in rails.windows(2) {
        if pair[0].rail >= pair[1].rail {
            let what = format!("has rail {} after rail {}", pair[1].rail, pair[0].rail);
            complain(pair[1].fabric.as_str(), what);
        }
    }
    for name in pool.spec.fabrics.iter().map(|fabric| fabric.name.as_str()) {
        // A fabric that is not there was reported with its pool.
        let Some(fabric) = intents.fabrics.get(name) else {
            continue;
        };
        let count = fabric.spec.topology.rails;
        let of_fabric = || rails.iter().filter(|rail| rail.fabric.as_str() == name);
        if !of_fabric().map(|rail| rail.fabric_rail).eq(0..count) {
            let numbers: Vec<String> = of_fabric().map(|rail| rail.fabric_rail.to_string()).collect();
            let numbers = if numbers.is_empty() {
                "no rails".into()
            } else {
                format!("rails {}", numbers.join(", "))
            };
            complain(
                name,
                format!("has {numbers} of the fabric {name}, which has {count}, counted from 0"),
            );
        }
        let mtu = fabric
            .spec
            .addressing
            .as_ref()
            .and_then(|addressing| addressing.mtu);
        for rail in of_fabric() {
            let number = rail.rail;
            if rail.plane != fabric.spec.plane {
                let (has, is) = (rail.plane, fabric.spec.plane);
                complain(
                    name,
                    format!("has rail {number} on the plane {has:?}, and its fabric {name} is {is:?}"),
                );
            }
            if rail.mtu != mtu {
                let show = |mtu: Option<u16>| mtu.map_or("none".to_owned(), |mtu| mtu.to_string());
                let (has, is) = (show(rail.mtu), show(mtu));
                complain(
                    name,
                    format!("has the MTU {has} on rail {number}, and its fabric {name} has {is}"),
                );
            }
            if rail.ipv4.is_some() != fabric.prefix.is_some() {
                let what = if fabric.prefix.is_some() {
                    format!("has no prefix on rail {number}, and its fabric {name} has addressing")
                } else {
                    format!("has a prefix on rail {number}, and its fabric {name} has no addressing")
                };
                complain(name, what);
            }
        }
    }
    let of_pool: BTreeSet<&str> = pool
        .spec
        .fabrics
        .iter()
        .map(|fabric| fabric.name.as_str())
        .collect();
    for rail in rails
        .iter()
        .filter(|rail| !of_pool.contains(rail.fabric.as_str()))
    {
        let (number, name) = (rail.rail, &rail.fabric);
        complain(
            name.as_str(),
            format!(
                "has rail {number} of the fabric {name}, which the pool {} does not refer to",
                pool.name
            ),
        );
    }
}

fn sections_of_pool(profile: &Profile<'_>, pool: &Pool<'_>, sink: &mut Sink) {
    let (made, wanted) = (profile.spec, pool.spec);
    let same = [
        ("gpu", section(made.gpu.as_ref()) == section(wanted.gpu.as_ref())),
        (
            "host",
            section(made.host.as_ref()) == section(wanted.host.as_ref()),
        ),
        (
            "kubernetes",
            section(made.kubernetes.as_ref()) == section(wanted.kubernetes.as_ref()),
        ),
    ];
    for (section, _) in same.into_iter().filter(|(_, same)| !same) {
        let message = format!(
            "the section {section} of the profile {} is not that of {}",
            profile.name, pool.name
        );
        sink.report(case(&PROFILE_SECTIONS, profile, message));
    }
}

/// A section in a form in which only what means something differs: lists are sorted, but for kernel arguments, whose
/// order is theirs; a section that says nothing is empty.
fn section(section: Option<&impl Serialize>) -> Value {
    let mut value = serde_json::to_value(section).unwrap_or_default();
    sort_lists(&mut value);
    if value.is_null() {
        value = Value::Object(serde_json::Map::new());
    }
    value
}

fn sort_lists(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.iter_mut().for_each(sort_lists);
            items.sort_by_key(Value::to_string);
        }
        Value::Object(members) => members
            .iter_mut()
            .filter(|(name, _)| *name != "kernelArguments")
            .for_each(|(_, value)| sort_lists(value)),
        _ => {}
    }
}
