//! One side of a diff: what nodes are, or what they become.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use rackwright_api::{DeviceConsent, Facts, Hash, Management, NodeProfileSpec};

use crate::input::pool_of_profile;
use crate::plan::{Plan, PlannedNode};

/// Nodes and the profiles that they refer to. A side is small: facts are read only where hashes differ.
#[derive(Debug, Clone, Default)]
pub struct State<'a> {
    pub(super) nodes: Vec<NodeState<'a>>,
    pub(super) profiles: BTreeMap<&'a str, Cow<'a, NodeProfileSpec>>,
}

/// One node.
#[derive(Debug, Clone)]
pub struct NodeState<'a> {
    /// Its name.
    pub name: &'a str,
    /// The hash of profile and facts.
    pub hash: u128,
    /// The name of its profile.
    pub profile: &'a str,
    /// The hash of what its host has applied, where a status says so. Without one, what is written is all that is known.
    pub applied: Option<u128>,
    /// Whether a pool holds it.
    pub managed: bool,
    /// What only it has.
    pub facts: FactsOf<'a>,
}

/// The facts of a node, in whatever form the caller has them.
#[derive(Debug, Clone)]
pub enum FactsOf<'a> {
    /// In a plan.
    Planned(PlannedNode<'a>),
    /// As an object.
    Known(&'a Facts),
    /// As JSON, which is read only if it is needed.
    Json(&'a str),
}

impl<'a> State<'a> {
    /// Nodes in any order, and profiles by name.
    pub fn new(
        nodes: impl IntoIterator<Item = NodeState<'a>>,
        profiles: impl IntoIterator<Item = (&'a str, Cow<'a, NodeProfileSpec>)>,
    ) -> Self {
        let mut nodes: Vec<NodeState<'a>> = nodes.into_iter().collect();
        if !nodes.is_sorted_by(|a, b| a.name < b.name) {
            nodes.sort_by(|a, b| a.name.cmp(b.name));
        }
        Self {
            nodes,
            profiles: profiles.into_iter().collect(),
        }
    }

    /// A plan.
    pub fn of(plan: &'a Plan) -> Self {
        Self::of_nodes(plan, plan.nodes())
    }

    /// Some nodes of a plan.
    pub fn of_nodes(plan: &'a Plan, nodes: impl IntoIterator<Item = PlannedNode<'a>>) -> Self {
        let nodes = nodes.into_iter().map(|node| NodeState {
            name: node.name(),
            hash: node.hash(),
            profile: &node.pool().profile_name,
            applied: None,
            managed: true,
            facts: FactsOf::Planned(node),
        });
        let profiles = plan
            .pools()
            .iter()
            .map(|pool| (pool.profile_name.as_str(), Cow::Borrowed(&pool.profile)));
        Self::new(nodes, profiles)
    }

    /// The nodes, by name.
    pub fn nodes(&self) -> &[NodeState<'a>] {
        &self.nodes
    }

    /// One profile, if this side has it.
    pub fn profile(&self, name: &str) -> Option<&NodeProfileSpec> {
        self.profiles.get(name).map(AsRef::as_ref)
    }
}

impl<'a> NodeState<'a> {
    /// The pool that the node's profile was compiled for: the profile's name without the digits of its hash.
    pub fn pool(&self) -> &'a str {
        pool_of_profile(self.profile)
    }
}

impl<'a> FactsOf<'a> {
    /// The facts; none where they cannot be read.
    pub(super) fn read(&self) -> Option<Cow<'a, Facts>> {
        match self {
            Self::Planned(node) => Some(Cow::Owned(node.facts())),
            Self::Known(facts) => Some(Cow::Borrowed(facts)),
            Self::Json(text) => serde_json::from_str(text).ok().map(Cow::Owned),
        }
    }

    /// The consents among them; none where they cannot be read.
    pub(super) fn consents(&self) -> Cow<'a, [DeviceConsent]> {
        match self {
            Self::Planned(node) => Cow::Borrowed(node.consents()),
            Self::Known(facts) => Cow::Borrowed(&facts.wipe_consents),
            Self::Json(_) => self.read().map_or(Cow::Borrowed(&[]), |facts| {
                Cow::Owned(facts.into_owned().wipe_consents)
            }),
        }
    }
}

/// NodeConfigs and NodeProfiles as they were written, kept small: facts stay JSON.
#[derive(Debug, Clone, Default)]
pub struct Written {
    nodes: Vec<WrittenNode>,
    /// Names of profiles that nodes refer to, each once.
    names: Vec<String>,
    by_name: HashMap<String, u32>,
    profiles: BTreeMap<String, NodeProfileSpec>,
}

#[derive(Debug, Clone)]
struct WrittenNode {
    name: Box<str>,
    hash: u128,
    profile: u32,
    applied: Option<u128>,
    managed: bool,
    facts: Box<str>,
}

/// What a diff needs of a NodeConfig.
#[derive(Debug, Clone, Copy)]
pub struct WrittenConfig<'a> {
    /// `spec.hash`.
    pub hash: &'a Hash,
    /// `spec.profile`.
    pub profile: &'a str,
    /// `spec.management`.
    pub management: Management,
    /// `spec.facts` as JSON.
    pub facts: &'a str,
    /// `status.applied.hash`, where there is one.
    pub applied: Option<&'a Hash>,
}

impl Written {
    /// Takes a NodeConfig.
    pub fn node(&mut self, name: &str, config: &WrittenConfig<'_>) {
        let profile = if let Some(&known) = self.by_name.get(config.profile) {
            known
        } else {
            let next = self.names.len() as u32;
            self.names.push(config.profile.to_owned());
            self.by_name.insert(config.profile.to_owned(), next);
            next
        };
        self.nodes.push(WrittenNode {
            name: name.into(),
            hash: config.hash.value(),
            profile,
            applied: config.applied.map(Hash::value),
            managed: config.management == Management::Managed,
            facts: config.facts.into(),
        });
    }

    /// Takes a NodeProfile.
    pub fn profile(&mut self, name: String, spec: NodeProfileSpec) {
        self.profiles.insert(name, spec);
    }

    /// As one side of a diff.
    pub fn state(&self) -> State<'_> {
        let nodes = self.nodes.iter().map(|node| NodeState {
            name: &node.name,
            hash: node.hash,
            profile: &self.names[node.profile as usize],
            applied: node.applied,
            managed: node.managed,
            facts: FactsOf::Json(&node.facts),
        });
        let profiles = self
            .profiles
            .iter()
            .map(|(name, spec)| (name.as_str(), Cow::Borrowed(spec)));
        State::new(nodes, profiles)
    }
}
