//! Drift of a cluster: where it is not what its own intents say, by pool and kind, so that 100,000 nodes are a few lines.
//!
//! The planner judges each node; here the cluster is read, and what is the same of many nodes is told once.

pub mod node;
pub mod report;
mod rows;
mod said;
pub mod text;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rackwright_api::{ActionClass, Hash, NodeProfileSpec};
use rackwright_planner::PlannedNode;
use rackwright_planner::change::{NodeState, State, What, diff};
use rackwright_planner::drift::{Break, Judge, Link, State as Joint};
use rayon::prelude::*;
use serde::Deserialize;
use serde_json::Value;

use crate::before::Before;
use crate::carried::standings;
use crate::changes::{FieldChange, fields, folded};
use crate::cluster::Cluster;
use crate::object::ObjectKind;
use crate::pipeline::Outcome;
use crate::previous::Unfit;
use crate::verbs::VerbError;
use crate::walk::InputError;

use self::report::{BreakReport, Detail, Drift, LinkReport};
use self::rows::{Note, Read, Row};
use self::said::Operator;

/// Details that are told of one group.
const DETAILS: usize = 8;
/// Different details that are counted apart in one group; each may have a kilobyte.
const APART: usize = 1_000;

#[derive(Deserialize)]
struct Profile {
    metadata: ProfileName,
    #[serde(default)]
    spec: Value,
}

#[derive(Deserialize)]
struct ProfileName {
    name: String,
}

/// Finds the drift of a cluster whose intents were compiled after what is written there.
pub fn drift(cluster: &Cluster, outcome: &Outcome) -> Result<Drift, VerbError> {
    let survey = Survey::new(cluster, outcome)?;
    let number = |wanted: Found| survey.written.values().filter(|found| **found == wanted).count();
    let in_sync = number(Found::Holds);
    let known = |row: &&Row| row.chain.breaks().any(Break::is_known);
    let drifting = survey.rows.iter().filter(known).count();
    let told = Told::new(cluster, outcome)?;
    let links = Link::ALL.into_iter();
    let links = links.map(|link| told.link(link, &survey.rows, in_sync));
    Ok(Drift {
        side: cluster.name().to_owned(),
        nodes: in_sync + survey.rows.len(),
        in_sync,
        drifting,
        unknown: survey.rows.len() - drifting,
        detached: number(Found::Detached),
        elsewhere: number(Found::Elsewhere),
        links: links.collect::<Result<_, _>>()?,
    })
}

/// What was found of a NodeConfig.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Holds,
    Breaks,
    Detached,
    Elsewhere,
}

/// All nodes of a cluster.
#[derive(Debug, Default)]
pub struct Survey {
    /// Those whose chain does not hold everywhere, by name.
    rows: Vec<Row>,
    /// Those that have a NodeConfig, and those that are planned for other member clusters.
    written: BTreeMap<String, Found>,
}

impl Survey {
    /// Looks at each node.
    pub fn new(cluster: &Cluster, outcome: &Outcome) -> Result<Self, InputError> {
        let standings = standings(outcome);
        let judge = Judge::new(&outcome.compilation, &standings, profiles(cluster)?);
        let mut survey = Self::default();
        for read in configs(cluster, &judge)? {
            let (name, found) = match read {
                Read::Holds(name) => (name, Found::Holds),
                Read::Row(row) => {
                    let name = row.name.clone();
                    survey.rows.push(*row);
                    (name, Found::Breaks)
                }
                Read::Detached(name) => (name, Found::Detached),
                Read::Elsewhere(name) => (name, Found::Elsewhere),
            };
            survey.written.insert(name, found);
        }
        let plan = &outcome.compilation.plan;
        let here = |node: &PlannedNode<'_>| survey.written.contains_key(node.name());
        // Of a site with member clusters this may be one: those of which nothing at all is here are others.
        let clusters: BTreeSet<&str> = plan
            .nodes()
            .filter(here)
            .filter_map(|node| node.cluster())
            .collect();
        let elsewhere = |node: &PlannedNode<'_>| {
            let cluster = node.cluster().filter(|_| !clusters.is_empty());
            cluster.is_some_and(|cluster| !clusters.contains(cluster))
        };
        let (others, missing): (Vec<_>, Vec<_>) =
            plan.nodes().filter(|node| !here(node)).partition(elsewhere);
        let others = others
            .iter()
            .map(|node| (node.name().to_owned(), Found::Elsewhere));
        let others: Vec<_> = others.collect();
        survey.written.extend(others);
        let missing = missing.into_iter().map(|node| Row {
            name: node.name().to_owned(),
            pool: Some(node.pool().name.to_string()),
            rack: node.rack().map(ToString::to_string),
            chain: Judge::missing(),
            notes: Vec::new(),
            writers: Vec::new(),
        });
        survey.rows.extend(missing);
        survey.rows.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(survey)
    }

    /// The nodes that do no work now, by what their agents say.
    pub fn down(&self) -> BTreeSet<&str> {
        let down = |row: &&Row| {
            row.chain
                .breaks()
                .any(|what| matches!(what, Break::Applying | Break::Failed))
        };
        self.rows
            .iter()
            .filter(down)
            .map(|row| row.name.as_str())
            .collect()
    }
}

/// The hash of each NodeProfile's content; none where nobody asked for them.
fn profiles(cluster: &Cluster) -> Result<Option<BTreeMap<String, Option<Hash>>>, InputError> {
    let texts = cluster.objects(ObjectKind::NodeProfile)?;
    let read = texts.into_iter().filter_map(|text| {
        let Profile { metadata, spec } = serde_json::from_str(text).ok()?;
        let spec = NodeProfileSpec::deserialize(spec).ok();
        Some((metadata.name, spec.and_then(|spec| spec.hash().ok())))
    });
    let profiles: BTreeMap<String, Option<Hash>> = read.collect();
    Ok((!profiles.is_empty()).then_some(profiles))
}

fn configs(cluster: &Cluster, judge: &Judge<'_>) -> Result<Vec<Read>, InputError> {
    let texts = cluster.objects(ObjectKind::NodeConfig)?;
    let read: Vec<Result<Read, serde_json::Error>> =
        texts.par_iter().map(|text| rows::read(judge, text)).collect();
    let refuse = |(text, read): (&&str, Result<Read, serde_json::Error>)| {
        read.map_err(|error| cluster.written.refuse_in(text, &Unfit::from(error)))
    };
    texts.iter().zip(read).map(refuse).collect()
}

/// What groups are told with.
struct Told<'a> {
    outcome: &'a Outcome,
    operator: Operator,
    before: Before<'a>,
    /// By node that is not as the intents say: the gravest class of what is still to come to its host.
    coming: BTreeMap<String, ActionClass>,
}

/// Nodes of a pool with the same break.
#[derive(Default)]
struct Group<'a> {
    names: Vec<&'a str>,
    racks: BTreeSet<&'a str>,
    writers: BTreeSet<&'a str>,
    details: BTreeMap<&'a str, BTreeMap<&'a str, usize>>,
    apart: usize,
}

impl<'a> Group<'a> {
    fn take(&mut self, row: &'a Row, what: Break) {
        self.names.push(&row.name);
        self.racks.extend(row.rack.as_deref());
        if what.link() == Link::SpecToWritten {
            self.writers.extend(row.writers.iter().map(String::as_str));
        }
        for (of, Note { path, message }) in &row.notes {
            if *of != what {
                continue;
            }
            let known = self.details.entry(path).or_default();
            if self.apart < APART || known.contains_key(message.as_str()) {
                let count = known.entry(message).or_insert_with(|| {
                    self.apart += 1;
                    0
                });
                *count += 1;
            } else {
                // Of one that stands there it is at least known that others are like it.
                *known.entry("others, each its own").or_default() += 1;
            }
        }
    }

    /// What is said of the nodes: of a field once, with what most of them say.
    fn details(&self) -> Vec<Detail> {
        let mut details = Vec::new();
        for (path, messages) in &self.details {
            let detail = |(message, nodes): (&&str, &usize), all: usize, various| Detail {
                path: (*path).to_owned(),
                message: (*message).to_owned(),
                nodes: if various { all } else { *nodes },
                various,
            };
            if path.is_empty() {
                details.extend(messages.iter().map(|one| detail(one, 0, false)));
            } else if let Some(most) = messages.iter().max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0))) {
                details.push(detail(most, messages.values().sum(), messages.len() > 1));
            }
        }
        details
    }
}

impl<'a> Told<'a> {
    fn new(cluster: &'a Cluster, outcome: &'a Outcome) -> Result<Self, InputError> {
        let before = Before::new(&cluster.written)?;
        let (written, planned) = (before.state()?, State::of(&outcome.compilation.plan));
        let diff = diff(&written, &planned);
        let coming = diff.nodes.iter().filter(|node| node.what != What::Removed);
        let coming = coming.map(|node| (node.name.to_owned(), node.class)).collect();
        drop((written, planned));
        Ok(Self {
            outcome,
            operator: Operator::read(cluster)?,
            before,
            coming,
        })
    }

    fn link(&self, link: Link, rows: &[Row], in_sync: usize) -> Result<LinkReport, VerbError> {
        let (mut holds, mut silent) = (in_sync, 0);
        let mut groups: BTreeMap<(Break, Option<&str>), Group<'_>> = BTreeMap::new();
        for row in rows {
            let (_, state) = row.chain.links()[link as usize];
            match state {
                Joint::Holds => holds += 1,
                Joint::Silent => silent += 1,
                Joint::Breaks(what) => {
                    let group = groups.entry((what, row.pool.as_deref())).or_default();
                    group.take(row, what);
                }
            }
        }
        let breaks = groups
            .into_iter()
            .map(|((what, pool), group)| self.group(what, pool, &group));
        Ok(LinkReport {
            link: link.into(),
            holds,
            silent,
            breaks: breaks.collect::<Result<_, _>>()?,
        })
    }

    fn group(&self, what: Break, pool: Option<&str>, group: &Group<'_>) -> Result<BreakReport, VerbError> {
        let mut details = group.details();
        if what == Break::Behind {
            details.extend(self.behind(&group.names)?);
        }
        if what == Break::NoGrant && pool.is_some_and(|pool| self.is_paused(pool)) {
            details.push(Detail {
                path: String::new(),
                message: "the pool is paused".to_owned(),
                nodes: group.names.len(),
                various: false,
            });
        }
        details.sort_by(|a, b| {
            let key = |detail: &Detail| (detail.path.clone(), detail.message.clone());
            b.nodes.cmp(&a.nodes).then_with(|| key(a).cmp(&key(b)))
        });
        let more_details = details.len().saturating_sub(DETAILS);
        details.truncate(DETAILS);
        let coming = group.names.iter().filter_map(|name| self.coming.get(*name));
        // What somebody did to a host is not what comes to it.
        let coming = coming.filter(|_| what.link() != Link::AppliedToObserved);
        Ok(BreakReport {
            class: coming.max().copied(),
            kind: format!("{what:?}"),
            known: what.is_known(),
            means: what.words(),
            pool: pool.map(str::to_owned),
            nodes: group.names.len(),
            names: folded(group.names.iter().copied()),
            racks: folded(group.racks.iter().copied()),
            why: pool.and_then(|pool| self.operator.why(what, pool, self.outcome)),
            writers: group.writers.iter().map(ToString::to_string).collect(),
            details,
            more_details,
        })
    }

    fn is_paused(&self, pool: &str) -> bool {
        let mut pools = self.outcome.input.pools.iter();
        let known = pools.find(|known| known.name.as_str() == pool);
        let rollout = known.and_then(|known| known.spec.rollout.as_ref());
        rollout.and_then(|rollout| rollout.paused).unwrap_or(false)
    }

    /// What the NodeConfigs of these nodes, in order, say otherwise than the intents.
    fn behind(&self, names: &[&str]) -> Result<Vec<Detail>, VerbError> {
        let (written, planned) = (self.before.state()?, State::of(&self.outcome.compilation.plan));
        let (written, planned) = (of_nodes(&written, names), of_nodes(&planned, names));
        let fields = fields(&diff(&written, &planned));
        let details: Vec<Detail> = fields.iter().map(Detail::of).collect();
        if details.is_empty() {
            return Ok(vec![Detail {
                path: String::new(),
                message: "only the pool's label or the addresses in quarantine differ".to_owned(),
                nodes: names.len(),
                various: false,
            }]);
        }
        Ok(details)
    }
}

impl Detail {
    fn of(field: &FieldChange) -> Self {
        Self {
            path: field.path.clone(),
            message: field.values(),
            nodes: field.nodes,
            various: field.various,
        }
    }
}

/// These nodes of a state, in order, as if their hosts had what is written, with their profiles.
fn of_nodes<'a>(state: &'a State<'a>, names: &[&str]) -> State<'a> {
    let listed = state.nodes().iter();
    let nodes: Vec<NodeState<'a>> = listed
        .filter(|node| names.binary_search(&node.name).is_ok())
        .map(|node| NodeState {
            applied: None,
            ..node.clone()
        })
        .collect();
    let used: HashMap<&str, &NodeProfileSpec> = nodes
        .iter()
        .filter_map(|node| Some((node.profile, state.profile(node.profile)?)))
        .collect();
    let profiles: Vec<_> = used
        .into_iter()
        .map(|(name, spec)| (name, std::borrow::Cow::Borrowed(spec)))
        .collect();
    State::new(nodes, profiles)
}
