//! All that a diff tells, in the form of `--output json`; the other forms are made from it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use rackwright_api::ActionClass;
use rackwright_planner::Kind;
use rackwright_planner::change::{State, Touched, What, touched};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::causes::Causes;
use super::edits::Edit;
use super::facts::{ByRail, capacity, hash, rack};
use super::policy::{Facts, Policy, Violation};
use super::side::{Side, Source};
use crate::changes::{Changes, folded, reason};
use crate::compared::Compared;
use crate::pipeline::Outcome;
use crate::power::PowerSummary;

/// The form of the JSON; another number when a reader of this one would misread it.
pub const FORMAT_VERSION: u32 = 1;

/// What a change does.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The form of this text.
    pub format_version: u32,
    /// Whether anything differs, and whether that is allowed.
    pub verdict: Verdict,
    /// What `--require-approval-of` takes: the same as long as the same nodes change in the same way and order.
    pub digest: String,
    /// What is compared.
    pub sides: [SideReport; 2],
    /// Nodes by class, fields, waves, and who must wait.
    pub changes: Changes,
    /// How far it reaches.
    pub reach: Reach,
    /// What changes them, the gravest first; absent where a side is a saved plan, which holds no documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causes: Option<Vec<CauseReport>>,
    /// Other edits, which bring no node into this list.
    pub other_edits: Vec<EditReport>,
    /// Addresses that nodes lose or change.
    pub addresses: Vec<AddressChange>,
    /// Power budgets whose draw or size changes.
    pub power: Vec<PowerChange>,
    /// Pools whose size changes.
    pub capacity: Vec<CapacityChange>,
    /// The nodes that differ, by name.
    pub nodes: Vec<NodeReport>,
    /// What the policy flags do not allow.
    pub violations: Vec<Violation>,
}

/// Whether anything differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub enum Verdict {
    /// No node differs.
    Same,
    /// Some do.
    Different,
    /// Some do, and a policy flag does not allow it.
    Refused,
}

/// One side.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SideReport {
    /// As the command line names it.
    pub name: String,
    /// What it was read from.
    pub source: Source,
}

/// How far a change reaches, over the nodes to which anything happens.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reach {
    /// Nodes.
    pub nodes: usize,
    /// Racks, as a hostlist.
    pub racks: String,
    /// How many racks.
    pub rack_count: usize,
    /// Rails whose interfaces change.
    pub rails: Vec<u8>,
    /// Scalable units, by the fabric that makes them.
    pub units: Vec<String>,
    /// Racks that are NVLink domains, as a hostlist.
    pub nvlink_domains: String,
    /// Domains as the budgets of the pools count them.
    pub domains: usize,
    /// Waves.
    pub waves: usize,
    /// The most nodes that are unavailable at once, while budgets are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub down_at_once: Option<usize>,
    /// The most racks that are touched at once by nodes that are unavailable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub racks_at_once: Option<usize>,
}

/// Edits and what they change.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CauseReport {
    /// The edits: one, or several that only together can be undone or make the difference.
    pub edits: Vec<EditReport>,
    /// The gravest class of what they change.
    pub class: ActionClass,
    /// How many nodes.
    pub nodes: usize,
    /// Which, as a hostlist.
    pub names: String,
    /// What they change on nodes.
    pub fields: Vec<CausedField>,
    /// How many more fields they change.
    #[serde(rename = "moreFields")]
    pub more_fields: usize,
}

/// One field that an edit changes on nodes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CausedField {
    /// What it does to a node.
    pub class: ActionClass,
    /// The field.
    pub path: String,
}

/// An edit of a document.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct EditReport {
    /// The object, as `GPUPool/train`.
    pub object: String,
    /// The field; absent where the whole object comes or goes.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// What it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<Value>,
    /// What it becomes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
    /// The file: of the new side, or of the old one where something is taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line in it, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// An address that a node loses or changes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AddressChange {
    /// The node.
    pub node: String,
    /// The rail.
    pub rail: u8,
    /// What it was.
    pub old: Value,
    /// What it becomes; absent where it is taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
}

/// A power budget before and after.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PowerChange {
    /// The site.
    pub supercluster: String,
    /// `site`, `phase` or `location`.
    pub level: &'static str,
    /// The phase or the location.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The most that was drawn, in watts; absent where the budget is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draw_before: Option<u64>,
    /// The most that is drawn, in watts; absent where the budget is taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draw_after: Option<u64>,
    /// What may be drawn after, in watts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usable: Option<u64>,
}

/// A pool before and after.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CapacityChange {
    /// The pool.
    pub pool: String,
    /// Its nodes before.
    pub nodes_before: u64,
    /// Its nodes after.
    pub nodes_after: u64,
    /// Its GPUs before; absent where a system is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpus_before: Option<u64>,
    /// Its GPUs after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpus_after: Option<u64>,
}

/// One node that differs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NodeReport {
    /// Its name.
    pub name: String,
    /// What becomes of it.
    pub what: Becomes,
    /// The gravest class of its differences.
    pub class: ActionClass,
    /// The pool that holds it, or that held it.
    pub pool: String,
    /// Its rack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rack: Option<String>,
    /// Its wave, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wave: Option<usize>,
    /// Why it must wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits: Option<&'static str>,
    /// Its causes, as indices from 0.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<usize>,
    /// What differs, by rail.
    #[serde(skip)]
    pub by_rail: ByRail,
}

/// What becomes of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub enum Becomes {
    /// It has no configuration yet.
    Added,
    /// Its configuration is another one.
    Changed,
    /// No pool holds it any more: it is detached, and its host stays as it is.
    Removed,
}

/// What a report is made from.
pub struct Found<'a> {
    /// Both sides.
    pub sides: [&'a Side; 2],
    /// What the sides compiled to, where they are documents.
    pub outcomes: [Option<&'a Outcome>; 2],
    /// The states.
    pub states: [&'a State<'a>; 2],
    /// The comparison.
    pub compared: &'a Compared<'a>,
    /// The edits, and the causes among them, where both sides are documents.
    pub causes: Option<(&'a [Edit], &'a Causes)>,
    /// The inventory that differs, or how many do.
    pub inventories: Option<String>,
}

/// Fields that are listed of a cause.
const FIELDS_SHOWN: usize = 20;

impl Report {
    /// Tells what was found, and judges it.
    pub fn new(found: &Found<'_>, policy: &Policy) -> Self {
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
            let node = &diff.nodes[at];
            node.what != What::Removed
                && diff
                    .differences(node)
                    .any(|difference| difference.class() == class)
        };
        let facts = Facts {
            domains: reach.domains,
            digest: &digest,
        };
        let violations = policy.violations(&nodes, &facts, holds);
        Self {
            format_version: FORMAT_VERSION,
            verdict: match (violations.is_empty(), nodes.is_empty()) {
                (false, _) => Verdict::Refused,
                (true, false) => Verdict::Different,
                (true, true) => Verdict::Same,
            },
            digest,
            sides: found.sides.map(|side| SideReport {
                name: side.name.clone(),
                source: side.source,
            }),
            changes: Changes::new(found.compared, &found.sides[0].name),
            reach,
            causes,
            other_edits,
            addresses: addresses(found),
            power: power(found),
            capacity: capacities(found),
            nodes,
            violations,
        }
    }
}

fn reach(found: &Found<'_>, nodes: &[NodeReport]) -> Reach {
    let on = || nodes.iter().filter(|node| node.class > ActionClass::None);
    let mut racks: BTreeSet<&str> = on().filter_map(|node| node.rack.as_deref()).collect();
    let mut all = Touched::default();
    if let Some(outcome) = found.outcomes[1] {
        let plan = &outcome.compilation.plan;
        all = touched(&outcome.input, on().filter_map(|node| plan.node(&node.name)));
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
            .map(|(fabric, unit)| format!("{fabric}/{unit}"))
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
    let report = |edit: usize| {
        edits.get(edit).map_or_else(
            || EditReport {
                object: found.inventories.clone().unwrap_or_default(),
                path: String::new(),
                old: None,
                new: None,
                file: None,
                line: None,
            },
            |edit| edit.report(),
        )
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
    let effective: BTreeSet<usize> = order
        .iter()
        .flat_map(|&cause| causes.all[cause].edits.iter().copied())
        .collect();
    let idle =
        (0..edits.len() + usize::from(found.inventories.is_some())).filter(|edit| !effective.contains(edit));
    let told = order.iter().map(|&number| {
        let cause = &causes.all[number];
        let shown = cause.fields.iter().take(FIELDS_SHOWN);
        CauseReport {
            edits: cause.edits.iter().map(|&edit| report(edit)).collect(),
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
    (Some(told.collect()), idle.map(report).collect())
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
    let [Some(before), Some(after)] = found.outcomes else {
        return Vec::new();
    };
    let budgets = |outcome: &Outcome| {
        let budgets = outcome.compilation.power.iter().map(|envelope| {
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
    let [Some(before), Some(after)] = found.outcomes else {
        return Vec::new();
    };
    let (before, after) = (capacity(before), capacity(after));
    let pools: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differ = pools
        .into_iter()
        .filter(|pool| before.get(*pool) != after.get(*pool));
    let none = (0, Some(0));
    let changes = differ.map(|pool| {
        let (was, is) = (
            before.get(pool).unwrap_or(&none),
            after.get(pool).unwrap_or(&none),
        );
        CapacityChange {
            pool: pool.clone(),
            nodes_before: was.0,
            nodes_after: is.0,
            gpus_before: was.1,
            gpus_after: is.1,
        }
    });
    changes.collect()
}
