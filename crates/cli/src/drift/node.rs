//! The chain of one node: what `explain node` tells of a cluster.

use rackwright_manifest::render::printable;
use rackwright_planner::drift::{Link, State as Joint};
use serde::Serialize;

use super::report::{BreakReport, LinkName};
use super::rows::Row;
use super::text::{more, words};
use super::{Found, Group, Survey, Told};
use crate::cluster::Cluster;
use crate::pipeline::Outcome;
use crate::verbs::VerbError;

/// How far one node is what the intents say.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeDrift {
    /// The cluster, as the command line names it.
    cluster: String,
    /// `Managed`; or that nobody compares: `Detached`, `Elsewhere`.
    management: Management,
    /// Its links, in order; none where nobody compares.
    links: Vec<NodeLink>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
enum Management {
    Managed,
    /// It was let go.
    Detached,
    /// It is of another member cluster.
    Elsewhere,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct NodeLink {
    link: LinkName,
    state: LinkState,
    #[serde(rename = "break", skip_serializing_if = "Option::is_none")]
    broken: Option<BreakReport>,
}

#[derive(Debug, Clone, Copy, Serialize)]
enum LinkState {
    Holds,
    Breaks,
    Silent,
}

/// Finds how far a node is; none where the cluster neither plans nor has it.
pub fn of_node(
    cluster: &Cluster,
    outcome: &Outcome,
    survey: &Survey,
    name: &str,
) -> Result<Option<NodeDrift>, VerbError> {
    let row = survey.rows.iter().find(|row| row.name == name);
    let management = match survey.written.get(name) {
        None if row.is_none() => return Ok(None),
        None | Some(Found::Holds | Found::Breaks) => Management::Managed,
        Some(Found::Detached) => Management::Detached,
        Some(Found::Elsewhere) => Management::Elsewhere,
    };
    let told = Told::new(cluster, outcome)?;
    let links = Link::ALL
        .into_iter()
        .filter(|_| management == Management::Managed);
    let links = links.map(|link| told.of_node(link, row));
    Ok(Some(NodeDrift {
        cluster: cluster.name().to_owned(),
        management,
        links: links.collect::<Result<_, _>>()?,
    }))
}

impl Told<'_> {
    fn of_node(&self, link: Link, row: Option<&Row>) -> Result<NodeLink, VerbError> {
        let state = row.map_or(Joint::Holds, |row| row.chain.links()[link as usize].1);
        let broken = match (row, state) {
            (Some(row), Joint::Breaks(what)) => {
                let mut group = Group::default();
                group.take(row, what);
                Some(self.group(what, row.pool.as_deref(), &group)?)
            }
            _ => None,
        };
        Ok(NodeLink {
            link: link.into(),
            state: match state {
                Joint::Holds => LinkState::Holds,
                Joint::Silent => LinkState::Silent,
                Joint::Breaks(_) => LinkState::Breaks,
            },
            broken,
        })
    }
}

impl NodeDrift {
    /// The section for people.
    pub fn text(&self) -> String {
        let mut out = format!("\n## In {}\n\n", printable(&self.cluster));
        match self.management {
            Management::Managed => {}
            Management::Detached => {
                out.push_str("it was let go: its host stays as it is, and nobody compares\n");
            }
            Management::Elsewhere => out.push_str("it is of another member cluster\n"),
        }
        for NodeLink { link, state, broken } in &self.links {
            let told = match (state, broken) {
                (LinkState::Breaks, Some(broken)) => format!("{}: {}", broken.kind, broken.means),
                (LinkState::Silent, _) => "nothing to compare yet".to_owned(),
                (LinkState::Holds | LinkState::Breaks, _) => "in sync".to_owned(),
            };
            out.push_str(&format!("{}: {told}\n", words(*link)));
            let lines = broken.iter().flat_map(more);
            out.extend(lines.map(|line| format!("    {line}\n")));
        }
        out
    }
}
