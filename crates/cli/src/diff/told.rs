//! From what was found to what is told.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use rackwright_api::ActionClass;
use rackwright_planner::change::{State, Touched, What, touched};
use rackwright_planner::{Kind, Plan};
use serde_json::Value;

use super::cables::Cables;
use super::causes::{Cause, Causes};
use super::edits::Edit;
use super::facts::{ByRail, hash, rack};
use super::inventories::Changed;
use super::known::Known;
use super::policy::{Facts, Policy};
use super::report::{
    AddressChange, Becomes, CapacityChange, CauseReport, CausedField, EditReport, FORMAT_VERSION, NodeReport,
    PowerChange, Reach, Report, SideReport, Verdict,
};
use super::side::Side;
use crate::changes::{Changes, folded, reason};
use crate::compared::Compared;
use crate::drift::report::Drift;
use crate::power::PowerSummary;

/// What a report is made from.
pub struct Found<'a> {
    /// Both sides.
    pub sides: [&'a Side; 2],
    /// What is known of the sides beside their nodes.
    pub known: [Option<Known<'a>>; 2],
    /// The new side as a plan that can be asked where its nodes stand, where it is known.
    pub plan: Option<&'a Plan>,
    /// The states.
    pub states: [&'a State<'a>; 2],
    /// The comparison.
    pub compared: &'a Compared<'a>,
    /// The edits, and the causes among them, where both sides are documents.
    pub causes: Option<(&'a [Edit], &'a Causes)>,
    /// The inventories that differ, where both sides are documents.
    pub inventories: Option<&'a Changed<'a>>,
    /// Edits of which nobody tried what they change.
    pub untried: Vec<Edit>,
    /// The drift of the sides that are clusters.
    pub drift: Vec<Drift>,
}

/// Fields that are listed of a cause.
const FIELDS_SHOWN: usize = 20;

impl Report {
    /// Tells what was found, and judges it.
    pub fn new(mut found: Found<'_>, policy: &Policy) -> Self {
        let drift = std::mem::take(&mut found.drift);
        let found = &found;
        let diff = &found.compared.diff;
        let by_pair: Vec<ByRail> = diff
            .pairs
            .iter()
            .map(|pair| ByRail::of(&pair.differences))
            .collect();
        let mut nodes: Vec<NodeReport> = Vec::with_capacity(diff.nodes.len());
        for node in &diff.nodes {
            let mut by_rail = ByRail::of(&node.own);
            if let Some(pair) = node.pair {
                by_rail.join(&by_pair[pair as usize]);
            }
            let [old, new] = found.states;
            nodes.push(NodeReport {
                name: node.name.to_owned(),
                what: match node.what {
                    What::Added => Becomes::Added,
                    What::Changed => Becomes::Changed,
                    What::Removed => Becomes::Removed,
                },
                class: node.class,
                pool: node.pool.to_owned(),
                rack: rack(new, node.name).or_else(|| rack(old, node.name)),
                wave: None,
                waits: None,
                causes: Vec::new(),
                by_rail,
            });
        }
        let (mut waves, mut down, mut racks) = (0, None, None);
        if let Some(order) = &found.compared.order {
            waves = order.waves.len();
            for (wave, number) in order.waves.iter().zip(1..) {
                let mut unavailable: BTreeSet<String> = BTreeSet::new();
                let mut count = 0;
                for &node in &wave.nodes {
                    nodes[node as usize].wave = Some(number);
                    let node = &nodes[node as usize];
                    if node.class >= ActionClass::Restart {
                        count += 1;
                        unavailable.insert(node.rack.as_ref().unwrap_or(&node.name).clone());
                    }
                }
                down = down.max(Some(count));
                racks = racks.max(Some(unavailable.len()));
            }
            for held in &order.held {
                nodes[held.node as usize].waits = Some(reason(held.why));
            }
        }
        let mut reach = reach(found, &nodes);
        (reach.waves, reach.down_at_once, reach.racks_at_once) = (waves, down, racks);
        let (causes, other_edits) = told(found, &mut nodes);
        let digest = digest(found, &nodes);
        let holds = |at: usize, class| {
            let mut differences = diff.differences(&diff.nodes[at]);
            differences.any(|difference| difference.class() == class)
        };
        let facts = Facts {
            domains: reach.domains,
            digest: &digest,
        };
        let violations = policy.violations(&nodes, &facts, holds);
        let cables = match &found.known {
            [Some(before), Some(after)] => Some(Cables::new(found.sides, [before, after])),
            _ => None,
        };
        let mut report = Self {
            format_version: FORMAT_VERSION,
            verdict: Verdict::Same,
            digest,
            sides: found.sides.map(|side| SideReport {
                name: side.name.clone(),
                source: side.source,
            }),
            changes: Changes::new(found.compared, &found.sides[0].name, |node| {
                nodes[node].rack.as_deref()
            }),
            reach,
            causes,
            other_edits,
            untried_edits: found.untried.iter().map(Edit::report).collect(),
            addresses: addresses(found),
            power: power(found),
            cables,
            capacity: capacities(found),
            nodes,
            violations,
            drift,
        };
        if !report.violations.is_empty() {
            report.verdict = Verdict::Refused;
        } else if !report.nodes.is_empty() || !report.beside_nodes().is_empty() {
            report.verdict = Verdict::Different;
        }
        report
    }
}

fn reach(found: &Found<'_>, nodes: &[NodeReport]) -> Reach {
    let on = || nodes.iter().filter(|node| node.class > ActionClass::None);
    let mut racks: BTreeSet<&str> = on().filter_map(|node| node.rack.as_deref()).collect();
    let mut all = Touched::default();
    if let (Some(known), Some(plan)) = (&found.known[1], found.plan) {
        all = touched(known.input, on().filter_map(|node| plan.node(&node.name)));
        racks.clone_from(&all.racks);
    } else {
        all.budgeted = racks.len() + on().filter(|node| node.rack.is_none()).count();
    }
    let rails = on().flat_map(|node| &node.by_rail.rails);
    let rails: BTreeSet<u8> = rails
        .filter(|(_, class)| **class > ActionClass::None)
        .map(|(rail, _)| *rail)
        .collect();
    Reach {
        nodes: on().count(),
        rack_count: racks.len(),
        racks: folded(racks.iter().copied()),
        rails: rails.into_iter().collect(),
        units: all
            .units
            .iter()
            .map(|(fabric, unit)| format!("{fabric}/{}", unit + 1))
            .collect(),
        nvlink_domains: folded(all.nvlink.iter().copied()),
        domains: all.budgeted,
        waves: 0,
        down_at_once: None,
        racks_at_once: None,
    }
}

/// The causes, the gravest first, and the other edits; nodes get the numbers of theirs.
fn told(found: &Found<'_>, nodes: &mut [NodeReport]) -> (Option<Vec<CauseReport>>, Vec<EditReport>) {
    let Some((edits, causes)) = found.causes else {
        return (None, Vec::new());
    };
    let gravest = |number: usize| {
        causes.all[number]
            .nodes
            .values()
            .copied()
            .max()
            .unwrap_or(ActionClass::None)
    };
    let mut order: Vec<usize> = (0..causes.all.len())
        .filter(|&cause| !causes.all[cause].nodes.is_empty())
        .collect();
    order.sort_by_key(|&cause| {
        (
            Reverse(gravest(cause)),
            Reverse(causes.all[cause].nodes.len()),
            cause,
        )
    });
    let numbers: BTreeMap<usize, usize> = order.iter().copied().zip(0..).collect();
    for (node, of) in nodes.iter_mut().zip(&causes.of) {
        node.causes = of
            .iter()
            .filter_map(|cause| numbers.get(cause).copied())
            .collect();
        node.causes.sort_unstable();
    }
    let inventories = found.inventories;
    let all = inventories.map_or(0, Changed::len);
    // The inventories that an edit of a cause is.
    let which = |cause: &Cause, edit: usize| -> Vec<usize> {
        let of_node = |node: &usize| inventories?.number(&nodes[*node].name);
        match edit.checked_sub(edits.len()) {
            None => Vec::new(),
            Some(0) if cause.own => cause.nodes.keys().filter_map(of_node).collect(),
            Some(0) => (0..all).collect(),
            Some(one) => vec![one - 1],
        }
    };
    let report = |cause: &Cause, edit: usize| match (edits.get(edit), inventories) {
        (Some(edit), _) => edit.report(),
        (None, None) => EditReport::default(),
        (None, Some(inventories)) => inventories.report(&which(cause, edit)),
    };
    let (mut effective, mut of_inventories): (BTreeSet<usize>, BTreeSet<usize>) = Default::default();
    for cause in order.iter().map(|&cause| &causes.all[cause]) {
        effective.extend(&cause.edits);
        of_inventories.extend(cause.edits.iter().flat_map(|&edit| which(cause, edit)));
    }
    let idle = edits.iter().zip(0..).filter(|(_, at)| !effective.contains(at));
    let mut idle: Vec<EditReport> = idle.map(|(edit, _)| edit.report()).collect();
    let inventories_idle: Vec<usize> = (0..all).filter(|at| !of_inventories.contains(at)).collect();
    if let (Some(inventories), false) = (inventories, inventories_idle.is_empty()) {
        idle.push(inventories.report(&inventories_idle));
    }
    let told = order.iter().map(|&number| {
        let cause = &causes.all[number];
        let shown = cause.fields.iter().take(FIELDS_SHOWN);
        CauseReport {
            edits: cause.edits.iter().map(|&edit| report(cause, edit)).collect(),
            each: cause.own && cause.nodes.len() > 1,
            class: gravest(number),
            nodes: cause.nodes.len(),
            names: folded(cause.nodes.keys().map(|&node| nodes[node].name.as_str())),
            fields: shown
                .map(|(class, path)| CausedField {
                    class: class.0,
                    path: path.clone(),
                })
                .collect(),
            more_fields: cause.fields.len().saturating_sub(FIELDS_SHOWN),
        }
    });
    (Some(told.collect()), idle)
}

impl Edit {
    /// For people and programs.
    pub fn report(&self) -> EditReport {
        let (kind, name) = &self.id;
        let (file, line) = self.place.clone().unzip();
        // A whole object says nothing that its file does not say better.
        let value = |value: &Option<Value>| value.clone().filter(|_| !self.is_whole());
        EditReport {
            object: format!("{}/{name}", Kind::as_str(*kind)),
            names: String::new(),
            path: self.path.clone(),
            old: value(&self.old),
            new: value(&self.new),
            file,
            line,
        }
    }
}

/// A digest of which nodes change from what to what, how gravely, and when.
fn digest(found: &Found<'_>, nodes: &[NodeReport]) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"rackwright diff 1\n");
    let [old, new] = found.states;
    for node in nodes {
        let side = |hash: Option<u128>| hash.map_or_else(|| "-".to_owned(), |hash| format!("{hash:032x}"));
        let (was, is) = (side(hash(old, &node.name)), side(hash(new, &node.name)));
        let wave = node.wave.unwrap_or_default();
        let line = format!(
            "{} {:?} {was} {is} {:?} {wave}\n",
            node.name, node.what, node.class
        );
        hasher.update(line.as_bytes());
    }
    hasher.finalize().to_hex()[..32].to_owned()
}

fn addresses(found: &Found<'_>) -> Vec<AddressChange> {
    let changed = found
        .compared
        .diff
        .nodes
        .iter()
        .filter(|node| node.what == What::Changed);
    let addresses = changed.flat_map(|node| {
        node.own.iter().filter_map(|difference| {
            let rail = difference.path.strip_prefix("facts.rails[")?;
            let (rail, field) = rail.split_once(']')?;
            let address = |value: &Option<Value>| match field {
                ".ipv4" => value.clone(),
                // A whole rail that comes or goes.
                "" => value.as_ref()?.get("ipv4").cloned(),
                _ => None,
            };
            Some(AddressChange {
                node: node.name.to_owned(),
                rail: rail.parse().ok()?,
                old: address(&difference.old)?,
                new: address(&difference.new),
            })
        })
    });
    addresses.collect()
}

fn power(found: &Found<'_>) -> Vec<PowerChange> {
    let [Some(before), Some(after)] = &found.known else {
        return Vec::new();
    };
    // Plans that were saved after another state say of the same documents that something else is drawn.
    let edits = found.causes.map_or(found.untried.len(), |(edits, _)| edits.len());
    let inventories = found.inventories.map_or(0, Changed::len);
    if edits + inventories == 0 && found.compared.diff.nodes.is_empty() {
        return Vec::new();
    }
    let budgets = |known: &Known<'_>| {
        let budgets = known.power.iter().map(|envelope| {
            let summary = PowerSummary::new(envelope);
            let key = (summary.supercluster, summary.level, summary.name);
            (key, (summary.draw_watts, summary.usable_watts))
        });
        budgets.collect::<BTreeMap<_, _>>()
    };
    let (before, after) = (budgets(before), budgets(after));
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let differ = keys.into_iter().filter(|key| before.get(key) != after.get(key));
    let changes = differ.map(|key| PowerChange {
        supercluster: key.0.clone(),
        level: key.1,
        name: key.2.clone(),
        draw_before: before.get(key).map(|(draw, _)| *draw),
        draw_after: after.get(key).map(|(draw, _)| *draw),
        usable: after.get(key).map(|(_, usable)| *usable),
    });
    changes.collect()
}

fn capacities(found: &Found<'_>) -> Vec<CapacityChange> {
    let [
        Some(Known { capacity: before, .. }),
        Some(Known { capacity: after, .. }),
    ] = &found.known
    else {
        return Vec::new();
    };
    let pools: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let none = (0, Some(0));
    let changes = pools.into_iter().filter_map(|pool| {
        let (was, is) = (
            before.get(pool).unwrap_or(&none),
            after.get(pool).unwrap_or(&none),
        );
        // What one side does not know is no difference.
        let gpus = was.1.zip(is.1).is_some_and(|(was, is)| was != is);
        (was.0 != is.0 || gpus).then(|| CapacityChange {
            pool: pool.clone(),
            nodes_before: was.0,
            nodes_after: is.0,
            gpus_before: was.1,
            gpus_after: is.1,
        })
    });
    changes.collect()
}
