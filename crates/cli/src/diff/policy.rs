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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::facts::ByRail;
    use crate::diff::report::Becomes;

    fn node(name: &str, class: ActionClass) -> NodeReport {
        NodeReport {
            name: name.to_owned(),
            what: Becomes::Changed,
            class,
            pool: "p".to_owned(),
            rack: None,
            wave: None,
            waits: None,
            causes: Vec::new(),
            by_rail: ByRail::default(),
        }
    }

    /// Flags and names of what is refused of a node that reboots and is drained, one that reloads and one to which nothing
    /// happens, in two domains.
    fn refused(policy: &Policy) -> Vec<(&'static str, String)> {
        let nodes = [
            node("n1", ActionClass::Reboot),
            node("n2", ActionClass::Reload),
            node("n3", ActionClass::None),
        ];
        let facts = Facts {
            domains: 2,
            digest: "0123abcd",
        };
        let holds = |at, class| match at {
            0 => matches!(class, ActionClass::Reboot | ActionClass::Drain),
            1 => class == ActionClass::Reload,
            _ => class == ActionClass::None,
        };
        let violations = policy.violations(&nodes, &facts, holds).into_iter();
        violations
            .map(|violation| (violation.flag, violation.names))
            .collect()
    }

    #[test]
    fn as_many_as_are_allowed_are_allowed() {
        let nodes = |most| Policy {
            max_nodes: Some(most),
            ..Policy::default()
        };
        let domains = |most| Policy {
            max_domains: Some(most),
            ..Policy::default()
        };
        assert_eq!(refused(&nodes(2)), []);
        assert_eq!(refused(&domains(2)), []);
        assert_eq!(refused(&nodes(1)), [("max-nodes", "n[1-2]".to_owned())]);
        assert_eq!(refused(&domains(1)), [("max-domains", "n[1-2]".to_owned())]);
    }

    #[test]
    fn a_class_is_forbidden_beside_graver_ones_too() {
        let forbid = |forbid: &[Forbidden]| Policy {
            forbid: forbid.to_vec(),
            ..Policy::default()
        };
        let of = |names: &str| ("forbid", names.to_owned());
        assert_eq!(refused(&forbid(&[Forbidden::Drain])), [of("n1")]);
        assert_eq!(
            refused(&forbid(&[Forbidden::Reload, Forbidden::Reboot])),
            [of("n2"), of("n1")]
        );
        assert_eq!(
            refused(&forbid(&[Forbidden::Restart, Forbidden::Destructive])),
            []
        );
    }

    #[test]
    fn only_the_whole_digest_is_an_approval() {
        for (approved, fine) in [
            ("0123abcd", true),
            ("0123", false),
            ("", false),
            ("0123abcd0", false),
            ("0123ABCD", false),
        ] {
            let policy = Policy {
                approved: Some(approved.to_owned()),
                ..Policy::default()
            };
            assert_eq!(refused(&policy).is_empty(), fine, "{approved:?}");
        }
    }
}
