//! What was found, capped.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::invariant::Invariant;
use crate::table::INVARIANTS;

/// The most violations of one code that are listed one by one.
pub const CASES_SHOWN: usize = 10;

/// The most nodes that one violation names.
pub const NODES_SHOWN: usize = 5;

/// An invariant that does not hold. Ordered by code, then nodes, objects and message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// The code of the invariant, `RW9nnn`.
    pub code: &'static str,
    /// The nodes that it is about, sorted; at most [`NODES_SHOWN`].
    pub nodes: Vec<String>,
    /// The other objects that it is about, sorted.
    pub objects: Vec<Object>,
    /// What is wrong, with all names.
    pub message: String,
    /// How many cases this stands for: 1, or, for the last one of a code with more than [`CASES_SHOWN`] cases, how many
    /// are not listed. The sum over a code is the number of its cases.
    pub count: u64,
}

/// An object that a violation is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Object {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
}

/// Kinds of objects that violations are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A site.
    Supercluster,
    /// A pool.
    GPUPool,
    /// A fabric.
    InfiniBandFabric,
    /// A profile.
    NodeProfile,
    /// A storage tier.
    StorageTier,
}

impl Kind {
    /// The kind as manifests spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Supercluster => "Supercluster",
            Self::GPUPool => "GPUPool",
            Self::InfiniBandFabric => "InfiniBandFabric",
            Self::NodeProfile => "NodeProfile",
            Self::StorageTier => "StorageTier",
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.as_str(), self.name)
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl Violation {
    /// One case.
    pub(crate) fn new(invariant: &Invariant, message: String) -> Self {
        Self {
            code: invariant.code,
            nodes: Vec::new(),
            objects: Vec::new(),
            message,
            count: 1,
        }
    }

    /// Names a node.
    pub(crate) fn node(mut self, name: &str) -> Self {
        self.nodes.push(name.to_owned());
        self
    }

    /// Names an object.
    pub(crate) fn object(mut self, kind: Kind, name: impl AsRef<str>) -> Self {
        self.objects.push(Object {
            kind,
            name: name.as_ref().to_owned(),
        });
        self
    }
}

/// Collects violations; memory is bounded whatever the plan.
#[derive(Debug, Default)]
pub(crate) struct Sink {
    by_code: BTreeMap<&'static str, Cases>,
}

/// The cases of one code.
#[derive(Debug, Default)]
struct Cases {
    /// The first ones in the order of violations, whatever the order of arrival.
    shown: BTreeSet<Violation>,
    unlisted: u64,
    unlisted_nodes: BTreeSet<String>,
}

impl Sink {
    /// Takes one case.
    pub(crate) fn report(&mut self, mut case: Violation) {
        case.nodes.sort_unstable();
        case.nodes.dedup();
        case.nodes.truncate(NODES_SHOWN);
        case.objects.sort_unstable();
        case.objects.dedup();
        let cases = self.by_code.entry(case.code).or_default();
        cases.shown.insert(case);
        if cases.shown.len() > CASES_SHOWN {
            let Some(last) = cases.shown.pop_last() else {
                return;
            };
            cases.unlisted += 1;
            cases.unlisted_nodes.extend(last.nodes);
            while cases.unlisted_nodes.len() > NODES_SHOWN {
                cases.unlisted_nodes.pop_last();
            }
        }
    }

    /// All of it, by code; the cases that are not listed come last in their code.
    pub(crate) fn finish(self) -> Vec<Violation> {
        let mut all = Vec::new();
        for (code, cases) in self.by_code {
            all.extend(cases.shown);
            if cases.unlisted > 0 {
                let name = INVARIANTS
                    .iter()
                    .find(|known| known.code == code)
                    .map_or(code, |known| known.name);
                all.push(Violation {
                    code,
                    message: format!("{} more cases of {name}", cases.unlisted),
                    nodes: cases.unlisted_nodes.into_iter().collect(),
                    objects: Vec::new(),
                    count: cases.unlisted,
                });
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten cases are listed, and of the others the first five nodes.
    #[test]
    fn the_nodes_of_the_other_cases_are_the_first_five() {
        let invariant = &INVARIANTS[0];
        let reported = |cases: usize| {
            let mut sink = Sink::default();
            for at in 0..cases {
                let case = Violation::new(invariant, format!("case {at:02}"));
                let nodes = [format!("n{at:02}a"), format!("n{at:02}b")];
                sink.report(nodes.iter().fold(case, |case, node| case.node(node)));
            }
            sink.finish()
        };
        assert_eq!(reported(10).len(), 10);
        for (cases, nodes) in [
            (11, &["n10a", "n10b"][..]),
            (12, &["n10a", "n10b", "n11a", "n11b"]),
            (13, &["n10a", "n10b", "n11a", "n11b", "n12a"]),
            (15, &["n10a", "n10b", "n11a", "n11b", "n12a"]),
        ] {
            let last = reported(cases).pop().unwrap();
            assert_eq!(
                (last.count, last.nodes),
                (cases as u64 - 10, nodes.iter().map(ToString::to_string).collect())
            );
        }
    }
}
