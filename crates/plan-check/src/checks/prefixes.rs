//! Prefixes of rails and fabrics.

use std::collections::BTreeMap;

use ipnet::Ipv4Net;

use super::intents::{self, Intents};
use crate::input::Profile;
use crate::table::{
    FABRICS_OVERLAP, PREFIX_OUTSIDE, PREFIXES_DISAGREE, PREFIXES_ORDER, PREFIXES_OVERLAP, PREFIXES_UNEQUAL,
};
use crate::violation::{Kind, Sink, Violation};

/// The prefix of each rail of one fabric, by the rail's number in the fabric.
type Rails = BTreeMap<u8, Ipv4Net>;

/// Checks them all.
pub(super) fn check(profiles: &[Profile<'_>], intents: &Intents<'_>, sink: &mut Sink) {
    fabrics_disjoint(intents, sink);
    for profile in profiles {
        inside_fabric(profile, intents, sink);
    }
    for (fabric, rails) in agreed(profiles, sink) {
        equal_sizes(fabric, &rails, sink);
        disjoint(fabric, &rails, sink);
        in_rail_order(fabric, &rails, sink);
    }
}

fn fabrics_disjoint(intents: &Intents<'_>, sink: &mut Sink) {
    let prefixes = intents
        .fabrics
        .iter()
        .filter_map(|(name, fabric)| Some((fabric.prefix?, *name)));
    for ((a_net, a), (b_net, b)) in overlaps(prefixes.collect()) {
        let message = format!("the fabrics {a} ({a_net}) and {b} ({b_net}) share addresses");
        sink.report(
            Violation::new(&FABRICS_OVERLAP, message)
                .object(Kind::InfiniBandFabric, a)
                .object(Kind::InfiniBandFabric, b),
        );
    }
}

fn inside_fabric(profile: &Profile<'_>, intents: &Intents<'_>, sink: &mut Sink) {
    for rail in &profile.spec.rails {
        let (Some(text), name) = (&rail.ipv4, &rail.fabric) else {
            continue;
        };
        let fabric = intents
            .fabrics
            .get(name.as_str())
            .and_then(|fabric| fabric.prefix);
        let what = match (intents::prefix(text.as_str()), fabric) {
            (None, _) => format!("{text}, which is not an IPv4 prefix"),
            (Some(net), Some(fabric)) if !fabric.contains(&net) => {
                format!("{net}, which is not within {fabric} of its fabric {name}")
            }
            _ => continue,
        };
        sink.report(
            Violation::new(
                &PREFIX_OUTSIDE,
                format!("rail {} of the profile {} has {what}", rail.rail, profile.name),
            )
            .object(Kind::NodeProfile, profile.name)
            .object(Kind::InfiniBandFabric, name),
        );
    }
}

/// The prefixes of each fabric's rails. Where profiles differ, that is reported, and the first one by name counts.
fn agreed<'a>(profiles: &[Profile<'a>], sink: &mut Sink) -> BTreeMap<&'a str, Rails> {
    let mut sorted: Vec<&Profile<'a>> = profiles.iter().collect();
    sorted.sort_unstable_by_key(|profile| profile.name);
    let mut first: BTreeMap<(&str, u8), (Ipv4Net, &str)> = BTreeMap::new();
    for profile in sorted {
        for rail in &profile.spec.rails {
            let Some(net) = rail.ipv4.as_ref().and_then(|text| intents::prefix(text.as_str())) else {
                continue;
            };
            let (other_net, other) = *first
                .entry((rail.fabric.as_str(), rail.fabric_rail))
                .or_insert((net, profile.name));
            if other_net != net {
                let message = format!(
                    "rail {} of the fabric {} is {other_net} in the profile {other} and {net} in the profile {}",
                    rail.fabric_rail, rail.fabric, profile.name
                );
                sink.report(
                    Violation::new(&PREFIXES_DISAGREE, message)
                        .object(Kind::InfiniBandFabric, &rail.fabric)
                        .object(Kind::NodeProfile, other)
                        .object(Kind::NodeProfile, profile.name),
                );
            }
        }
    }
    let mut by_fabric: BTreeMap<&str, Rails> = BTreeMap::new();
    for ((fabric, rail), (net, _)) in first {
        by_fabric.entry(fabric).or_default().insert(rail, net);
    }
    by_fabric
}

fn equal_sizes(fabric: &str, rails: &Rails, sink: &mut Sink) {
    let Some((first, first_net)) = rails.first_key_value() else {
        return;
    };
    for (rail, net) in rails
        .iter()
        .filter(|(_, net)| net.prefix_len() != first_net.prefix_len())
    {
        let message =
            format!("rail {rail} of the fabric {fabric} has {net}, and rail {first} has {first_net}");
        sink.report(Violation::new(&PREFIXES_UNEQUAL, message).object(Kind::InfiniBandFabric, fabric));
    }
}

fn disjoint(fabric: &str, rails: &Rails, sink: &mut Sink) {
    let prefixes = rails.iter().map(|(rail, net)| (*net, *rail)).collect();
    for ((a_net, a), (b_net, b)) in overlaps(prefixes) {
        let message = format!("rails {a} ({a_net}) and {b} ({b_net}) of the fabric {fabric} share addresses");
        sink.report(Violation::new(&PREFIXES_OVERLAP, message).object(Kind::InfiniBandFabric, fabric));
    }
}

fn in_rail_order(fabric: &str, rails: &Rails, sink: &mut Sink) {
    for ((a, a_net), (b, b_net)) in rails.iter().zip(rails.iter().skip(1)) {
        if b_net.network() < a_net.network() {
            let message =
                format!("rail {b} ({b_net}) of the fabric {fabric} comes before rail {a} ({a_net})");
            sink.report(Violation::new(&PREFIXES_ORDER, message).object(Kind::InfiniBandFabric, fabric));
        }
    }
}

/// Each prefix that shares addresses with one before it, with the one that reaches farthest. Prefixes nest or are
/// disjoint, so after sorting one comparison for each is enough.
fn overlaps<T: Copy + Ord>(mut prefixes: Vec<(Ipv4Net, T)>) -> Vec<((Ipv4Net, T), (Ipv4Net, T))> {
    prefixes.sort_unstable_by_key(|(net, of)| (net.network(), net.prefix_len(), *of));
    let mut found = Vec::new();
    let mut farthest: Option<(Ipv4Net, T)> = None;
    for next in prefixes {
        match farthest {
            Some(before) if next.0.network() <= before.0.broadcast() => found.push((before, next)),
            _ => farthest = Some(next),
        }
    }
    found
}
