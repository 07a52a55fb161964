//! What differs between two states, node by node.

use std::cmp::Ordering;
use std::collections::HashMap;

use rackwright_api::{ActionClass, NodeProfileSpec};
use serde_json::Value;

use super::applied::{Applied, Finder};
use super::devices::{self, MadeTier};
use super::difference::{Difference, Differences, gravest};
use super::facts::{consents, facts};
use super::power::{Caps, UNCAPPED, cap_of_profile};
use super::profile::profiles;
use super::state::{FactsOf, NodeState, State};
use super::table;

/// What differs.
#[derive(Debug, Clone, Default)]
pub struct Diff<'a> {
    /// The nodes that differ, by name.
    pub nodes: Vec<NodeChange<'a>>,
    /// What differs between profiles: once for each pair, whatever the number of nodes that go from one to the other.
    pub pairs: Vec<ProfilePair<'a>>,
    /// How many nodes are the same on both sides.
    pub unchanged: usize,
}

/// What becomes of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// It has no configuration yet. It is compared with an empty one.
    Added,
    /// Its configuration is another one.
    Changed,
    /// No pool holds it any more: it is detached, and its host stays as it is.
    Removed,
}

/// One node that differs.
#[derive(Debug, Clone)]
pub struct NodeChange<'a> {
    /// Its name.
    pub name: &'a str,
    /// What becomes of it.
    pub what: What,
    /// The gravest class of its differences.
    pub class: ActionClass,
    /// The pool that holds it; of a removed node, the pool that held it.
    pub pool: &'a str,
    /// Index into [`Diff::pairs`], where its profile is another one.
    pub pair: Option<u32>,
    /// What differs for this node alone.
    pub own: Vec<Difference>,
    /// Whether the node's new facts consent to all that its devices lose: for each tier that is made anew, to as many
    /// devices as it takes. True where nothing is lost.
    pub consent: bool,
    /// Whether its host has had the consents of its old facts, as far as anybody knows. A consent is used once.
    pub had_consents: bool,
}

/// What a node had before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Was<'a> {
    /// No configuration.
    Nothing,
    /// The profile of that name.
    Profile(&'a str),
    /// Something that nobody knows.
    Unknown,
}

/// Two profiles that nodes go between.
#[derive(Debug, Clone)]
pub struct ProfilePair<'a> {
    /// The old one.
    pub was: Was<'a>,
    /// What hosts have applied that the old one has not reached.
    pub applied: Option<Was<'a>>,
    /// The new one.
    pub new: &'a str,
    /// What differs from the old one, and what else from the applied one.
    pub differences: Vec<Difference>,
    /// The gravest class of the differences.
    pub class: ActionClass,
    /// Local tiers that are made. Those that wipe what devices held need consents.
    pub made: Vec<MadeTier>,
    /// The power caps of their GPUs.
    pub caps: Caps,
}

impl<'a> Diff<'a> {
    /// All differences of a node: those of its profile, then its own.
    pub fn differences<'d>(&'d self, node: &'d NodeChange<'a>) -> impl Iterator<Item = &'d Difference> {
        let shared = node
            .pair
            .map_or(&[][..], |pair| &self.pairs[pair as usize].differences);
        shared.iter().chain(&node.own)
    }
}

/// Compares two states. Hashes decide which nodes differ; profiles are compared once for each pair, facts only of nodes
/// that differ. A node that is detached on the old side and absent on the new one is not listed: nothing becomes of it.
///
/// Where a host has something else applied than what is written, the node goes from both: it has the differences of either,
/// and so the graver class.
///
/// Where something old cannot be known (a profile that was not given, facts that cannot be read, a hash that is not
/// that of the content), the node is listed with a difference that says so: of the gravest class that loses no data, and of
/// a graver one for each local tier whose devices may hold anything.
pub fn diff<'a>(old: &State<'a>, new: &State<'a>) -> Diff<'a> {
    let mut differ = Differ {
        old,
        new,
        applied: Finder::new(old, new),
        pairs: HashMap::new(),
        diff: Diff::default(),
    };
    let (mut before, mut after) = (old.nodes().iter().peekable(), new.nodes().iter().peekable());
    loop {
        let order = match (before.peek(), after.peek()) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(old), Some(new)) => old.name.cmp(new.name),
        };
        let was = before.next_if(|_| order != Ordering::Greater);
        let is = after.next_if(|_| order != Ordering::Less);
        match (was, is) {
            (Some(old), Some(new)) if same(old, new) => differ.diff.unchanged += 1,
            (Some(old), Some(new)) => differ.changed(old, new),
            (None, Some(new)) => differ.added(new),
            (Some(old), None) if old.managed => differ.removed(old),
            (Some(_) | None, None) => {}
        }
    }
    differ.diff
}

/// Whether nothing becomes of a node: it is written as it shall be, and its host does not wait for that.
fn same(old: &NodeState<'_>, new: &NodeState<'_>) -> bool {
    let waits = old.applied.is_some_and(|applied| applied != new.hash);
    old.hash == new.hash && old.managed == new.managed && !waits
}

/// The old profile, what is applied beside it, and the new profile.
type PairKey<'a> = (Was<'a>, Option<Was<'a>>, &'a str);

struct Differ<'d, 'a> {
    old: &'d State<'a>,
    new: &'d State<'a>,
    applied: Finder<'a>,
    pairs: HashMap<PairKey<'a>, u32>,
    diff: Diff<'a>,
}

impl<'a> Differ<'_, 'a> {
    fn changed(&mut self, old: &NodeState<'a>, new: &NodeState<'a>) {
        let mut own = Differences::default();
        if old.managed != new.managed {
            let side = |managed| Some(Value::from(if managed { "Managed" } else { "Detached" }));
            own.push(&table::MANAGEMENT, &[], side(old.managed), side(new.managed));
        }
        let applied = self.applied.find(old, new.hash);
        let beside = match applied {
            Applied::AsWritten => None,
            Applied::Profile(name) | Applied::WithoutConsents(name) => Some(Was::Profile(name)),
            Applied::Unknown => Some(Was::Unknown),
        };
        // Under the new profile already: only facts differ.
        let beside = beside.filter(|was| *was != Was::Profile(new.profile));
        let other = old.profile != new.profile || beside.is_some();
        let pair = other.then(|| self.pair((Was::Profile(old.profile), beside, new.profile)));
        if old.hash != new.hash {
            let found = own.0.len();
            compare_facts(&mut own, Some(&old.facts), &new.facts);
            if own.0.len() == found && pair.is_none() {
                let side = |hash: u128| Some(Value::from(format!("{hash:032x}")));
                own.push(&table::UNKNOWN_HASH, &[], side(old.hash), side(new.hash));
            }
        }
        let had_consents = !matches!(applied, Applied::WithoutConsents(_) | Applied::Unknown);
        if !had_consents {
            consents(&mut own, &new.facts.consents());
        }
        self.push(new, (What::Changed, had_consents), pair, own);
    }

    fn added(&mut self, new: &NodeState<'a>) {
        let mut own = Differences::default();
        let pair = self.pair((Was::Nothing, None, new.profile));
        compare_facts(&mut own, None, &new.facts);
        self.push(new, (What::Added, false), Some(pair), own);
    }

    fn removed(&mut self, old: &NodeState<'a>) {
        let mut own = Differences::default();
        let side = |text: &str| Some(Value::from(text));
        own.push(&table::MANAGEMENT, &[], side("Managed"), side("Detached"));
        self.push(old, (What::Removed, true), None, own);
    }

    fn push(
        &mut self,
        node: &NodeState<'a>,
        (what, had_consents): (What, bool),
        pair: Option<u32>,
        mut own: Differences,
    ) {
        let shared = pair.map(|pair| &self.diff.pairs[pair as usize]);
        let made = shared.map_or(&[][..], |pair| &pair.made);
        let mut consent = true;
        if !made.is_empty() {
            let consents = node.facts.consents();
            consent = made.iter().all(|tier| tier.allowed(&consents));
            for tier in made.iter().filter(|tier| tier.wipes_free(&consents)) {
                let side = Some(Value::from(tier.devices));
                own.push(&table::DEVICES_WIPED, &[tier.tier.as_str()], None, side);
            }
        }
        let class = gravest(&own.0).max(shared.map_or(ActionClass::None, |pair| pair.class));
        self.diff.nodes.push(NodeChange {
            name: node.name,
            what,
            class,
            pool: node.pool(),
            pair,
            own: own.0,
            consent,
            had_consents,
        });
    }

    /// The differences of two profiles, computed the first time.
    fn pair(&mut self, key: PairKey<'a>) -> u32 {
        if let Some(&known) = self.pairs.get(&key) {
            return known;
        }
        let (was, applied, new) = key;
        let mut found = Differences::default();
        let mut made = self.follow(&mut found, was, new);
        if let Some(applied) = applied {
            let mut more = Differences::default();
            for tier in self.follow(&mut more, applied, new) {
                match made.iter_mut().find(|known| known.tier == tier.tier) {
                    Some(known) => known.were = known.were.max(tier.were),
                    None => made.push(tier),
                }
            }
            more.0.retain(|difference| !found.0.contains(difference));
            found.0.extend(more.0);
        }
        let number = self.diff.pairs.len() as u32;
        self.diff.pairs.push(ProfilePair {
            was,
            applied,
            new,
            class: gravest(&found.0),
            caps: self.caps(applied.unwrap_or(was), new),
            made,
            differences: found.0,
        });
        self.pairs.insert(key, number);
        number
    }

    /// A profile. It is named by its content, so either side may know it.
    fn find(&self, name: &str) -> Option<&NodeProfileSpec> {
        self.old.profile(name).or_else(|| self.new.profile(name))
    }

    /// The caps of what a host has and becomes.
    fn caps(&self, was: Was<'a>, new: &'a str) -> Caps {
        Caps {
            before: match was {
                Was::Nothing => Some(UNCAPPED),
                Was::Profile(name) => self.find(name).map(cap_of_profile),
                Was::Unknown => None,
            },
            after: self.find(new).map_or(UNCAPPED, cap_of_profile),
        }
    }

    /// What differs where a profile follows what was there, and the local tiers that it makes.
    fn follow(&self, out: &mut Differences, was: Was<'a>, new: &'a str) -> Vec<MadeTier> {
        let after = self.find(new);
        let mounts = after.map_or(&[][..], |profile| &profile.mounts);
        let before = match was {
            Was::Nothing => Some(None),
            Was::Profile(name) => self.find(name).map(Some),
            Was::Unknown => None,
        };
        let (Some(before), Some(after)) = (before, after) else {
            let (field, old) = match was {
                Was::Nothing => (&table::UNKNOWN_PROFILE, None),
                Was::Profile(name) => (&table::UNKNOWN_PROFILE, Some(name)),
                Was::Unknown => (&table::UNKNOWN_APPLIED, None),
            };
            out.push(field, &[], old.map(Value::from), Some(Value::from(new)));
            return devices::unknown(out, mounts);
        };
        profiles(out, (before, Some(after)));
        devices::follow(out, before.map_or(&[], |before| &before.mounts), mounts)
    }
}

fn compare_facts<'a>(out: &mut Differences, old: Option<&FactsOf<'a>>, new: &FactsOf<'a>) {
    if let (Some(FactsOf::Json(old)), FactsOf::Json(new)) = (old, new)
        && old == new
    {
        return;
    }
    match (old.map(FactsOf::read), new.read()) {
        (Some(None), _) | (_, None) => {
            let side = |text: &str| Some(Value::from(text));
            out.push(
                &table::UNKNOWN_FACTS,
                &[],
                side("unreadable"),
                side("other facts"),
            );
            // Whether an old one was there already is not known.
            consents(out, &new.consents());
        }
        (before, Some(after)) => facts(out, (before.flatten().as_deref(), Some(&after))),
    }
}
