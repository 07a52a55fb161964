//! What a pipeline allows, and what of it a change does not keep to.

use clap::ValueEnum;
use rackwright_api::ActionClass;
use serde::Serialize;

use super::report::NodeReport;
use crate::changes::folded;
use crate::summary::count;

/// What is allowed.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Nodes to which anything happens.
    pub max_nodes: Option<usize>,
    /// Domains of these nodes.
    pub max_domains: Option<usize>,
    /// Classes of which nothing may differ.
    pub forbid: Vec<Forbidden>,
    /// The digest that somebody approved of.
    pub approved: Option<String>,
}

/// A class that can be forbidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Forbidden {
    /// Applied to the running host
    Reload,
    /// A service restarts
    Restart,
    /// The node is drained
    Drain,
    /// The node reboots
    Reboot,
    /// Data is lost
    Destructive,
}

impl Forbidden {
    /// The class.
    pub const fn class(self) -> ActionClass {
        match self {
            Self::Reload => ActionClass::Reload,
            Self::Restart => ActionClass::Restart,
            Self::Drain => ActionClass::Drain,
            Self::Reboot => ActionClass::Reboot,
            Self::Destructive => ActionClass::Destructive,
        }
    }
}

/// What is not kept to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Violation {
    /// The flag, without its dashes.
    pub flag: &'static str,
    /// What is wrong, with the numbers.
    pub message: String,
    /// The nodes that it is about, as a hostlist.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub names: String,
}

/// What the policy looks at beside the nodes.
pub struct Facts<'a> {
    /// How many domains are touched.
    pub domains: usize,
    /// The digest.
    pub digest: &'a str,
}

impl Policy {
    /// What is not kept to, in the order of the flags. `holds` says whether anything of a class differs on a node.
    pub fn violations(
        &self,
        nodes: &[NodeReport],
        facts: &Facts<'_>,
        holds: impl Fn(usize, ActionClass) -> bool,
    ) -> Vec<Violation> {
        let mut found = Vec::new();
        let touched = || nodes.iter().filter(|node| node.class > ActionClass::None);
        let names = |nodes: &mut dyn Iterator<Item = &NodeReport>| {
            let names: Vec<&str> = nodes.map(|node| node.name.as_str()).collect();
            folded(names.iter().copied())
        };
        let number = touched().count();
        if let Some(most) = self.max_nodes.filter(|&most| number > most) {
            found.push(Violation {
                flag: "max-nodes",
                message: format!("{} would change, and {most} may", count(number, "node")),
                names: names(&mut touched()),
            });
        }
        if let Some(most) = self.max_domains.filter(|&most| facts.domains > most) {
            found.push(Violation {
                flag: "max-domains",
                message: format!(
                    "nodes of {} would change, and of {most} may",
                    count(facts.domains, "domain")
                ),
                names: names(&mut touched()),
            });
        }
        for forbidden in &self.forbid {
            let class = forbidden.class();
            let of = || {
                nodes
                    .iter()
                    .enumerate()
                    .filter(|(at, _)| holds(*at, class))
                    .map(|(_, node)| node)
            };
            let number = of().count();
            if number > 0 {
                found.push(Violation {
                    flag: "forbid",
                    message: format!("{} would have a change of class {class:?}", count(number, "node")),
                    names: names(&mut of()),
                });
            }
        }
        if let Some(approved) = self
            .approved
            .as_deref()
            .filter(|approved| *approved != facts.digest)
        {
            found.push(Violation {
                flag: "require-approval-of",
                message: format!(
                    "approved is {approved}, and this change is {}: look at it again",
                    facts.digest
                ),
                names: String::new(),
            });
        }
        found
    }
}
