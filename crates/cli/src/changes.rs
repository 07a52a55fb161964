//! What a plan changes against an earlier state: the section `changes` of `plan --output text` and `json`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use rackwright_api::ActionClass;
use rackwright_hostset::HostSet;
use rackwright_planner::change::{Diff, Difference, NodeChange, Step, Waves, Were, What, Why};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::compared::Compared;
use crate::runs::{Run, line, runs};
use crate::summary::count;

/// Changed fields that are listed; the number of the others follows.
const FIELDS_SHOWN: usize = 100;
/// Waves that are listed.
const WAVES_SHOWN: usize = 50;
/// Characters of a list of names or of a value in the text.
const WIDTH: usize = 60;

/// What changes.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Changes {
    #[serde(skip)]
    against: String,
    /// Nodes that have no configuration yet.
    pub added: usize,
    /// Nodes whose configuration is another one.
    pub changed: usize,
    /// Nodes that no pool holds any more: they are detached, and their hosts stay as they are.
    pub removed: usize,
    /// Nodes that keep what they have: their pool is refused, or is not among the documents.
    pub kept: usize,
    /// Nodes that are the same.
    pub unchanged: usize,
    /// Added and changed nodes by class, the gravest first.
    pub classes: Vec<ClassCount>,
    /// Changed fields, the gravest first.
    pub fields: Vec<FieldChange>,
    /// How many changed fields are not listed.
    pub more_fields: usize,
    /// The order in which nodes may change.
    pub waves: Vec<WaveSummary>,
    /// How many waves are not listed.
    pub more_waves: usize,
    /// The same waves for people.
    #[serde(skip)]
    runs: Vec<Run>,
    /// Nodes that must wait.
    pub held: Vec<HeldSummary>,
}

/// A class and its nodes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ClassCount {
    /// The class.
    pub class: ActionClass,
    /// How many nodes.
    pub nodes: usize,
}

/// One field that changes in the same way on some nodes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FieldChange {
    /// What it does to a node.
    pub class: ActionClass,
    /// How many nodes.
    pub nodes: usize,
    /// The field.
    pub path: String,
    /// What it was; absent where it was not set, or where nodes differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<Value>,
    /// What it becomes; absent where it is taken away, or where nodes differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
    /// Whether the values are each node's own.
    pub various: bool,
    /// Why the class is what it is.
    pub reason: &'static str,
}

/// One wave.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WaveSummary {
    /// Its number, from 1.
    pub wave: usize,
    /// What sort of wave.
    pub step: &'static str,
    /// How many nodes.
    pub nodes: usize,
    /// Which, as a hostlist.
    pub names: String,
    /// How long they must stay healthy before the next wave, in seconds.
    pub soak: u64,
}

/// Nodes that must wait for one reason.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HeldSummary {
    /// Why.
    pub why: &'static str,
    /// Tiers that are made anew on these nodes; each device that they take needs a consent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<LackOfConsent>,
    /// How many nodes.
    pub nodes: usize,
    /// Which, as a hostlist.
    pub names: String,
}

/// A tier that wipes devices, and how many it takes of each node.
#[derive(Debug, Serialize, PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LackOfConsent {
    /// The tier.
    pub tier: String,
    /// How many consents each node needs.
    pub devices: u8,
}

impl Changes {
    /// Sums up what differs from the state of that name. `rack` says where a node that differs stands, by its place among these.
    pub fn new<'r>(compared: &Compared<'_>, against: &str, rack: impl Fn(usize) -> Option<&'r str>) -> Self {
        let diff = &compared.diff;
        let none = Waves::default();
        let order = compared.order.as_ref().unwrap_or(&none);
        let names = |nodes: &[u32]| folded(nodes.iter().map(|&node| diff.nodes[node as usize].name));
        let waves: Vec<WaveSummary> = order
            .waves
            .iter()
            .zip(1..)
            .take(WAVES_SHOWN)
            .map(|(wave, number)| WaveSummary {
                wave: number,
                step: step(wave.step),
                nodes: wave.nodes.len(),
                names: names(&wave.nodes),
                soak: wave.soak,
            })
            .collect();
        let mut held: BTreeMap<Why, Vec<u32>> = BTreeMap::new();
        for node in &order.held {
            held.entry(node.why).or_default().push(node.node);
        }
        let fields = fields(diff);
        let number = |what| diff.nodes.iter().filter(|node| node.what == what).count();
        Self {
            against: against.to_owned(),
            added: number(What::Added),
            changed: number(What::Changed),
            removed: number(What::Removed),
            kept: compared.kept,
            unchanged: diff.unchanged,
            classes: classes(&diff.nodes),
            more_fields: fields.len().saturating_sub(FIELDS_SHOWN),
            fields: fields.into_iter().take(FIELDS_SHOWN).collect(),
            more_waves: order.waves.len() - waves.len(),
            waves,
            runs: runs(&order.waves, rack, names),
            held: held
                .into_iter()
                .map(|(why, nodes)| HeldSummary {
                    why: reason(why),
                    lacks: if why == Why::NoConsent {
                        lacks(diff, &nodes)
                    } else {
                        Vec::new()
                    },
                    nodes: nodes.len(),
                    names: names(&nodes),
                })
                .collect(),
        }
    }

    /// The section for people.
    pub fn text(&self) -> String {
        let mut out = format!(
            "\nchanges against {}: {} changed, {} added, {} removed, {} the same",
            self.against, self.changed, self.added, self.removed, self.unchanged
        );
        if self.kept > 0 {
            out.push_str(&format!(", {} left as they are", self.kept));
        }
        out.push('\n');
        for ClassCount { class, nodes } in &self.classes {
            let mark = if *class == ActionClass::Destructive {
                "  !! DATA IS LOST"
            } else {
                ""
            };
            out.push_str(&format!(
                "  {:<11}  {}{mark}\n",
                format!("{class:?}"),
                count(*nodes, "node")
            ));
        }
        if !self.fields.is_empty() {
            out.push_str("\nchanged fields\n");
        }
        for field in &self.fields {
            out.push_str(&field.text());
        }
        if self.more_fields > 0 {
            out.push_str(&format!("  ... and {} more\n", count(self.more_fields, "field")));
        }
        out + &self.order()
    }

    /// Waves, like ones in one line, and who must wait, for people.
    pub fn order(&self) -> String {
        let shown = self.runs.iter().take(WAVES_SHOWN);
        let more: usize = self.runs.iter().skip(WAVES_SHOWN).map(Run::waves).sum();
        self.listed(shown.map(Run::text), more)
    }

    /// Waves one by one, and who must wait, for people.
    pub fn each_wave(&self) -> String {
        let lines = self.waves.iter().map(|wave| {
            let (number, step, soak) = (wave.wave, wave.step, wave.soak);
            line(
                (number, number),
                step,
                &count(wave.nodes, "node"),
                &wave.names,
                soak,
            )
        });
        self.listed(lines, self.more_waves)
    }

    fn listed(&self, lines: impl Iterator<Item = String>, more: usize) -> String {
        let mut out = String::new();
        if !self.waves.is_empty() {
            out.push_str("\nwaves, one after the other\n");
        }
        out.extend(lines);
        if more > 0 {
            out.push_str(&format!("  ... and {} more\n", count(more, "wave")));
        }
        for held in &self.held {
            out.push_str(&format!(
                "  wait {}: {} ({})\n",
                held.why,
                count(held.nodes, "node"),
                cut(&held.names)
            ));
            for LackOfConsent { tier, devices } in &held.lacks {
                out.push_str(&format!(
                    "       StorageTier/{tier} wipes {} of each: spec.localNVMe.wipeConsents must name every one\n",
                    count(usize::from(*devices), "device")
                ));
            }
        }
        out
    }
}

impl FieldChange {
    /// From what to what.
    pub fn values(&self) -> String {
        let value = |value: &Option<Value>| match value {
            None => "(none)".to_owned(),
            Some(Value::String(text)) => cut(text),
            Some(value) => cut(&value.to_string()),
        };
        if self.various {
            return "each node its own".to_owned();
        }
        format!("{} -> {}", value(&self.old), value(&self.new))
    }

    /// Class, nodes, path, values and reason, for people.
    pub fn text(&self) -> String {
        let values = self.values();
        let mark = if self.class == ActionClass::Destructive {
            "!!"
        } else {
            "  "
        };
        format!(
            "{mark}{:<11}  {}  {}: {values}\n               {}\n",
            format!("{:?}", self.class),
            count(self.nodes, "node"),
            self.path,
            self.reason
        )
    }
}

pub fn classes(nodes: &[NodeChange<'_>]) -> Vec<ClassCount> {
    let mut classes: BTreeMap<Reverse<ActionClass>, usize> = BTreeMap::new();
    for node in nodes.iter().filter(|node| node.what != What::Removed) {
        *classes.entry(Reverse(node.class)).or_default() += 1;
    }
    let counted = classes.into_iter();
    counted
        .map(|(Reverse(class), nodes)| ClassCount { class, nodes })
        .collect()
}

/// Fields of profiles with their values; facts by field alone, because their values are each node's own. The detached
/// nodes are counted elsewhere.
pub fn fields(diff: &Diff<'_>) -> Vec<FieldChange> {
    type Key = (Reverse<ActionClass>, String, String);
    let mut fields: BTreeMap<Key, FieldChange> = BTreeMap::new();
    let mut take = |difference: &Difference, nodes: usize, shared: bool| {
        let class = difference.class();
        let values = if shared {
            format!("{:?} {:?}", difference.old, difference.new)
        } else {
            String::new()
        };
        let key = (Reverse(class), difference.path.clone(), values);
        let field = fields.entry(key).or_insert_with(|| FieldChange {
            class,
            nodes: 0,
            path: difference.path.clone(),
            old: difference.old.clone(),
            new: difference.new.clone(),
            various: false,
            reason: difference.field.reason,
        });
        field.nodes += nodes;
        if field.old != difference.old || field.new != difference.new {
            (field.old, field.new, field.various) = (None, None, true);
        }
    };
    let mut of_pair = vec![0; diff.pairs.len()];
    for node in diff.nodes.iter().filter(|node| node.what != What::Removed) {
        if let Some(pair) = node.pair {
            of_pair[pair as usize] += 1;
        }
        node.own.iter().for_each(|difference| take(difference, 1, false));
    }
    for (pair, nodes) in diff.pairs.iter().zip(of_pair) {
        pair.differences
            .iter()
            .for_each(|difference| take(difference, nodes, true));
    }
    fields.into_values().collect()
}

/// The tiers that wipe devices of these nodes.
fn lacks(diff: &Diff<'_>, nodes: &[u32]) -> Vec<LackOfConsent> {
    let pairs: BTreeSet<u32> = nodes
        .iter()
        .filter_map(|&node| diff.nodes[node as usize].pair)
        .collect();
    let made = pairs.into_iter().flat_map(|pair| &diff.pairs[pair as usize].made);
    let wiped: BTreeSet<LackOfConsent> = made
        .filter(|tier| tier.were != Were::Free)
        .map(|tier| LackOfConsent {
            tier: tier.tier.to_string(),
            devices: tier.devices,
        })
        .collect();
    wiped.into_iter().collect()
}

/// Names as a hostlist; those that are none stand one by one.
pub fn folded<'a>(names: impl Iterator<Item = &'a str> + Clone) -> String {
    match HostSet::from_names(names.clone()) {
        Ok(set) => set.fold().to_string(),
        Err(_) => names.collect::<Vec<_>>().join(","),
    }
}

pub fn cut(text: &str) -> String {
    if text.chars().count() <= WIDTH {
        return text.to_owned();
    }
    let kept: String = text.chars().take(WIDTH).collect();
    format!("{kept}...")
}

/// What sort of wave, in words.
pub fn step(step: Step) -> &'static str {
    match step {
        Step::AtOnce => "nothing happens on the host",
        Step::Canary => "canary",
        Step::Live => "applied to running hosts",
        Step::Disruptive => "within the budgets",
        Step::DestructiveFirst => "DATA IS LOST, with consent: the first of each pool",
        Step::DestructiveCanary => "DATA IS LOST, with consent: canary",
        Step::Destructive => "DATA IS LOST, with consent",
    }
}

pub fn reason(why: Why) -> &'static str {
    match why {
        Why::Paused => "because the pool is paused",
        Why::NoConsent => "because DATA WOULD BE LOST and consents are missing",
        Why::NoBudget => "because what is unavailable uses the budget up",
        Why::NoPower => {
            "because they would draw more, and nodes that keep a higher power cap for now leave too little"
        }
    }
}
