//! What a cluster that is one side of a diff brings along, whichever side it is: its nodes keep what they have, and documents
//! without inventories go by those that the cluster has.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use rackwright_api::{Hash, Management};
use rackwright_planner::{Inventory, PlannedNode, PreviousNode};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::side::{Side, Source};
use crate::carried::{Carried, Fate};
use crate::live::Clusters;
use crate::pipeline::Outcome;
use crate::plan_objects::{profile, write_node};
use crate::previous::{Previous, Unfit};
use crate::schemas::OwnSchemas;
use crate::verbs::VerbError;
use crate::walk::InputError;

/// What lies below both sides.
#[derive(Debug, Default)]
pub struct Ground<'a> {
    /// What is written in the cluster, if a side is one.
    pub written: Option<&'a Previous>,
    /// Inventories that the old side, documents, does not have to bring.
    pub inventories: Vec<Inventory>,
}

impl<'a> Ground<'a> {
    /// Reads it, where a side is a cluster. A saved plan is an earlier state itself.
    pub fn new([a, b]: [&'a Side; 2], clusters: &Clusters, schemas: &OwnSchemas) -> Result<Self, InputError> {
        let (cluster, inventories) = match (a.source, &a.cluster, &b.cluster) {
            // It reads its own.
            (_, Some(cluster), _) => (cluster, Vec::new()),
            (Source::Documents, None, Some(cluster)) => (cluster, cluster.inventories(clusters, schemas)?),
            (_, None, _) => return Ok(Self::default()),
        };
        Ok(Self {
            written: Some(&cluster.written),
            inventories,
        })
    }

    /// What hosts have.
    pub fn nodes(&self) -> Result<Vec<PreviousNode>, InputError> {
        self.written.map_or_else(|| Ok(Vec::new()), Previous::nodes)
    }

    /// The old side, compiled, as the state that the new side comes after. What the cluster has already as it shall be, is as
    /// it stands there, and what hosts say of themselves stays true whatever is planned.
    /// `carried` is what stays beside it of what is written.
    pub fn state(&self, name: &str, outcome: &Outcome, carried: &Carried) -> Result<Previous, VerbError> {
        let stored = self.written.map(Stored::new).transpose()?.unwrap_or_default();
        let plan = &outcome.compilation.plan;
        let mut text = Vec::new();
        let mut profiles = BTreeSet::new();
        for pool in plan.pools().iter().filter(|pool| pool.nodes > 0) {
            serde_json::to_writer(&mut text, &profile(pool))?;
            text.push(b'\n');
            profiles.insert(pool.profile_name.as_str());
        }
        // Hosts may still have what these say.
        for (name, line) in &stored.profiles {
            if !profiles.contains(&**name) {
                push(&mut text, line);
            }
        }
        for node in plan.nodes() {
            match stored.nodes.get(node.name()) {
                Some(config) if config.is(node) || carried.is_blocked(node.name()) => {
                    push(&mut text, config.line);
                }
                Some(Config {
                    status: Some(status), ..
                }) => {
                    write_node(node, &mut text);
                    text.pop();
                    text.extend_from_slice(b",\"status\":");
                    text.extend(on_one_line(status.get()));
                    push(&mut text, "}");
                }
                Some(_) | None => {
                    write_node(node, &mut text);
                    text.push(b'\n');
                }
            }
        }
        for name in &stored.order {
            if plan.node(name).is_some() {
                continue;
            }
            match (carried.fate(name), carried.objects.get(&**name)) {
                (Some(Fate::LetGo), Some(object)) => {
                    let mut object = object.clone();
                    if let Some(status) = stored.nodes[name].status {
                        object["status"] = serde_json::from_str(status.get())?;
                    }
                    push(&mut text, &object.to_string());
                }
                _ => push(&mut text, stored.nodes[name].line),
            }
        }
        let text = String::from_utf8_lossy(&text).into_owned();
        Ok(Previous::of_lines(name.to_owned(), text))
    }
}

fn push(text: &mut Vec<u8>, line: &str) {
    text.extend(on_one_line(line));
    text.push(b'\n');
}

/// JSON without line breaks, which are space in it.
fn on_one_line(json: &str) -> impl Iterator<Item = u8> + '_ {
    json.bytes().map(|byte| if byte == b'\n' { b' ' } else { byte })
}

/// What is written, by name.
#[derive(Default)]
struct Stored<'a> {
    profiles: Vec<(Cow<'a, str>, &'a str)>,
    nodes: HashMap<Cow<'a, str>, Config<'a>>,
    /// The nodes as they come.
    order: Vec<Cow<'a, str>>,
}

/// A NodeConfig.
struct Config<'a> {
    line: &'a str,
    hash: Hash,
    profile: Cow<'a, str>,
    management: Management,
    status: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Header<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    metadata: Metadata<'a>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    spec: Spec<'a>,
    #[serde(borrow)]
    status: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Spec<'a> {
    hash: Hash,
    management: Management,
    #[serde(borrow)]
    profile: Cow<'a, str>,
}

impl<'a> Stored<'a> {
    fn new(written: &'a Previous) -> Result<Self, InputError> {
        let mut stored = Self::default();
        for line in written.objects()? {
            let wrong = |error| written.refuse_in(line, &Unfit::from(error));
            let Header { kind, metadata } = serde_json::from_str(line).map_err(wrong)?;
            if kind == "NodeProfile" {
                stored.profiles.push((metadata.name, line));
                continue;
            }
            if kind != "NodeConfig" {
                continue;
            }
            let Body { spec, status } = serde_json::from_str(line).map_err(wrong)?;
            let Spec {
                hash,
                management,
                profile,
            } = spec;
            let config = Config {
                line,
                hash,
                profile,
                management,
                status,
            };
            stored.order.push(metadata.name.clone());
            stored.nodes.insert(metadata.name, config);
        }
        Ok(stored)
    }
}

impl Config<'_> {
    /// Whether it is what the plan has.
    fn is(&self, node: PlannedNode<'_>) -> bool {
        self.management == Management::Managed
            && self.hash.value() == node.hash()
            && *self.profile == *node.pool().profile_name
    }
}
