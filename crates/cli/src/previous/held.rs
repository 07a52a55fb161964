//! Nodes of an earlier state and what their profiles say, while it is read.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use rackwright_planner::{InForce, PreviousNode};

use super::{Object, ProfileName};

/// Nodes on their way: those of a pool have the same profile, so they share what it says.
#[derive(Default)]
pub(super) struct Held {
    nodes: Vec<(PreviousNode, usize)>,
    /// Names of profiles, and whether their hosts have them in force.
    profiles: Vec<(String, bool)>,
    by_name: HashMap<String, [Option<usize>; 2]>,
    caps: BTreeMap<String, Option<u64>>,
}

impl Held {
    /// Takes what a text says, if anything.
    pub(super) fn take(&mut self, text: &[u8], object: Option<Object>) {
        match object {
            None => {}
            Some(Object::Profile(name, cap)) => {
                self.caps.insert(name, cap);
            }
            Some(Object::Node(node, ProfileName::Owned(profile), in_force)) => {
                self.node(node, &profile, in_force);
            }
            Some(Object::Node(node, ProfileName::Within(range), in_force)) => {
                // It was read there as text.
                let profile = text.get(range).unwrap_or_default();
                self.node(node, &String::from_utf8_lossy(profile), in_force);
            }
        }
    }

    fn node(&mut self, node: PreviousNode, profile: &str, in_force: bool) {
        let known = self
            .by_name
            .get(profile)
            .and_then(|both| both[usize::from(in_force)]);
        let at = known.unwrap_or_else(|| {
            let at = self.profiles.len();
            self.profiles.push((profile.to_owned(), in_force));
            let both = self.by_name.entry(profile.to_owned()).or_default();
            both[usize::from(in_force)] = Some(at);
            at
        });
        self.nodes.push((node, at));
    }

    /// All nodes, each with what its profile says.
    pub(super) fn nodes(self) -> Vec<PreviousNode> {
        let profiles = self.profiles.iter();
        let shared: Vec<Arc<InForce>> = profiles
            .map(|(name, in_force)| {
                let cap = self.caps.get(name).copied().flatten().filter(|_| *in_force);
                Arc::new(InForce::new(name, cap))
            })
            .collect();
        let nodes = self.nodes.into_iter().map(|(node, at)| PreviousNode {
            in_force: Some(Arc::clone(&shared[at])),
            ..node
        });
        nodes.collect()
    }
}
