//! What differs between two states, node by node.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

use rackwright_api::{ActionClass, NodeProfileSpec};
use serde_json::Value;

use super::difference::{Difference, Differences, gravest};
use super::facts::facts;
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
    /// Whether each destructive difference has a consent in the node's new facts. True where there is none.
    pub consent: bool,
}

/// Two profiles that nodes go between.
#[derive(Debug, Clone)]
pub struct ProfilePair<'a> {
    /// The old one; none for nodes without configuration.
    pub old: Option<&'a str>,
    /// The new one.
    pub new: &'a str,
    /// What differs.
    pub differences: Vec<Difference>,
    /// The gravest class of the differences.
    pub class: ActionClass,
    /// Tiers whose devices lose what they hold.
    destroys: BTreeSet<String>,
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
/// Where something old cannot be known (a profile that was not given, facts that cannot be read, a hash that is not
/// that of the content), the node is listed with a difference that says so, of the gravest class that loses no data.
pub fn diff<'a>(old: &State<'a>, new: &State<'a>) -> Diff<'a> {
    let mut differ = Differ {
        old,
        new,
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
            (Some(old), Some(new)) if old.hash == new.hash && old.managed == new.managed => {
                differ.diff.unchanged += 1;
            }
            (Some(old), Some(new)) => differ.changed(old, new),
            (None, Some(new)) => differ.added(new),
            (Some(old), None) if old.managed => differ.removed(old),
            (Some(_) | None, None) => {}
        }
    }
    differ.diff
}

struct Differ<'d, 'a> {
    old: &'d State<'a>,
    new: &'d State<'a>,
    pairs: HashMap<(Option<&'a str>, &'a str), u32>,
    diff: Diff<'a>,
}

impl<'a> Differ<'_, 'a> {
    fn changed(&mut self, old: &NodeState<'a>, new: &NodeState<'a>) {
        let mut own = Differences::default();
        if old.managed != new.managed {
            let side = |managed| Some(Value::from(if managed { "Managed" } else { "Detached" }));
            own.push(&table::MANAGEMENT, &[], side(old.managed), side(new.managed));
        }
        let pair = (old.profile != new.profile).then(|| self.pair(Some(old.profile), new.profile));
        if old.hash != new.hash {
            let found = own.0.len();
            compare_facts(&mut own, Some(&old.facts), &new.facts);
            if own.0.len() == found && pair.is_none() {
                let side = |hash: u128| Some(Value::from(format!("{hash:032x}")));
                own.push(&table::UNKNOWN_HASH, &[], side(old.hash), side(new.hash));
            }
        }
        self.push(new, What::Changed, pair, own.0);
    }

    fn added(&mut self, new: &NodeState<'a>) {
        let mut own = Differences::default();
        let pair = self.pair(None, new.profile);
        compare_facts(&mut own, None, &new.facts);
        self.push(new, What::Added, Some(pair), own.0);
    }

    fn removed(&mut self, old: &NodeState<'a>) {
        let mut own = Differences::default();
        let side = |text: &str| Some(Value::from(text));
        own.push(&table::MANAGEMENT, &[], side("Managed"), side("Detached"));
        self.push(old, What::Removed, None, own.0);
    }

    fn push(&mut self, node: &NodeState<'a>, what: What, pair: Option<u32>, own: Vec<Difference>) {
        let shared = pair.map(|pair| &self.diff.pairs[pair as usize]);
        let class = gravest(&own).max(shared.map_or(ActionClass::None, |pair| pair.class));
        self.diff.nodes.push(NodeChange {
            name: node.name,
            what,
            class,
            pool: node.pool(),
            pair,
            own,
            consent: shared.is_none_or(|pair| consents(&pair.destroys, &node.facts)),
        });
    }

    /// The differences of two profiles, computed the first time.
    fn pair(&mut self, old: Option<&'a str>, new: &'a str) -> u32 {
        if let Some(&known) = self.pairs.get(&(old, new)) {
            return known;
        }
        // A profile is named by its content, so either side may know it.
        let (left, right) = (self.old, self.new);
        let find = |name: &str| left.profile(name).or_else(|| right.profile(name));
        let (before, after) = (old.map(find), find(new));
        let mut found = Differences::default();
        match (before, after) {
            (Some(None), _) | (_, None) => {
                found.push(
                    &table::UNKNOWN_PROFILE,
                    &[],
                    old.map(Value::from),
                    Some(Value::from(new)),
                );
            }
            (before, Some(after)) => profiles(&mut found, (before.flatten(), Some(after))),
        }
        let number = self.diff.pairs.len() as u32;
        self.diff.pairs.push(ProfilePair {
            old,
            new,
            class: gravest(&found.0),
            destroys: destroyed_tiers(&found.0, after),
            differences: found.0,
        });
        self.pairs.insert((old, new), number);
        number
    }
}

/// The tiers of the new profile at whose mount points something is lost.
fn destroyed_tiers(differences: &[Difference], new: Option<&NodeProfileSpec>) -> BTreeSet<String> {
    let destructive: Vec<&str> = differences
        .iter()
        .filter(|difference| difference.class() == ActionClass::Destructive)
        .map(|difference| difference.path.as_str())
        .collect();
    let mounts = new.map_or(&[][..], |new| &new.mounts);
    let lost = mounts.iter().filter(|mount| {
        let start = format!("mounts[\"{}\"]", mount.mount_point);
        destructive.iter().any(|path| path.starts_with(&start))
    });
    lost.map(|mount| mount.tier.to_string()).collect()
}

/// Whether the node consents to what is lost, tier by tier.
fn consents(destroyed: &BTreeSet<String>, facts: &FactsOf<'_>) -> bool {
    if destroyed.is_empty() {
        return true;
    }
    let facts = facts.read();
    let consents = facts.as_ref().map_or(&[][..], |facts| &facts.wipe_consents);
    destroyed
        .iter()
        .all(|tier| consents.iter().any(|consent| consent.tier.as_str() == tier))
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
        }
        (before, Some(after)) => facts(out, (before.flatten().as_deref(), Some(&after))),
    }
}
