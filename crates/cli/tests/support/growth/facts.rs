//! Everything that must stay, as sentences. A site has millions, so their hashes are kept, and the sentences are told again
//! where one is missing.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use rackwright_api::NodeName;
use rackwright_fabric::design::Design;
use rackwright_fabric::network::{End, Network};
use rackwright_fabric::opensm::guid_to_lid;
use rackwright_planner::fabric::{PlannedFabric, fabrics};
use rackwright_planner::{Compilation, Input, PreviousNode, check, compile};

/// A state of a site that compiles without a mistake.
pub struct Grown {
    input: Input,
    compilation: Compilation,
}

impl Grown {
    pub fn new(input: Input) -> Rc<Self> {
        let compilation = compile(&input).unwrap();
        let errors: Vec<_> = compilation
            .findings
            .iter()
            .filter(|finding| finding.is_error())
            .collect();
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(check(&input, &compilation.plan), vec![]);
        Rc::new(Self { input, compilation })
    }

    /// What the next compile finds written.
    pub fn previous(&self) -> Vec<PreviousNode> {
        let nodes = self.compilation.plan.nodes();
        nodes
            .map(|node| PreviousNode::new(NodeName::new(node.name()).unwrap(), &node.spec()))
            .collect()
    }

    fn tell(&self, say: &mut dyn FnMut(&str)) {
        let mut spec = Vec::new();
        for node in self.compilation.plan.nodes() {
            spec.clear();
            node.write_spec(&mut spec);
            say(&format!(
                "node {} {}",
                node.name(),
                String::from_utf8_lossy(&spec)
            ));
        }
        for (name, fabric) in fabrics(&self.input, None) {
            of_fabric(name.as_str(), fabric.unwrap(), say);
        }
    }
}

fn of_fabric(name: &str, fabric: PlannedFabric, say: &mut dyn FnMut(&str)) {
    for partition in &fabric.spec.partitions {
        say(&format!(
            "key {name} {} {}",
            partition.name,
            partition.pkey.as_str()
        ));
    }
    for node in &fabric.nodes {
        say(&format!("seat {name} {} {}", node.name, node.seat));
    }
    let design = Design::new(fabric.topology, fabric.nodes, BTreeMap::new()).unwrap();
    for subnet in 0..design.topology().subnets() {
        let place = format!("{name}/{subnet}");
        let network = design.network(subnet);
        of_network(&place, &network, say);
        let lids = guid_to_lid(&network, &design.places(subnet)).unwrap();
        for line in lids.lines().filter(|line| !line.is_empty()) {
            say(&format!("lid {place} {line}"));
        }
    }
}

fn of_network(place: &str, network: &Network, say: &mut dyn FnMut(&str)) {
    for device in &network.devices {
        say(&format!("device {place} {device:?}"));
    }
    let end = |end: End| format!("{} port {}", network.device(end).name, end.port);
    for link in &network.links {
        say(&format!(
            "cable {place} {} to {}",
            end(link.lower),
            end(link.upper)
        ));
    }
}

/// What is said of a state.
#[derive(Default)]
pub struct Facts {
    /// Sorted.
    hashes: Vec<u64>,
    of: Option<Rc<Grown>>,
}

fn hash(fact: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    fact.hash(&mut hasher);
    hasher.finish()
}

impl Facts {
    pub fn of(grown: &Rc<Grown>) -> Self {
        let mut hashes = Vec::new();
        grown.tell(&mut |fact| hashes.push(hash(fact)));
        hashes.sort_unstable();
        Self {
            hashes,
            of: Some(Rc::clone(grown)),
        }
    }

    pub fn count(&self) -> usize {
        self.hashes.len()
    }

    /// What is not said any more: the first sentence of each sort and a few more.
    pub fn lost(&self, after: &Self) -> Vec<String> {
        let stays = |hash: &u64| after.hashes.binary_search(hash).is_ok();
        let mut lost: BTreeMap<String, Vec<String>> = BTreeMap::new();
        if let Some(grown) = self.of.as_ref().filter(|_| !self.hashes.iter().all(stays)) {
            grown.tell(&mut |fact| {
                if !stays(&hash(fact)) {
                    let sort = fact.split(' ').next().unwrap_or_default();
                    let of_sort = lost.entry(sort.to_owned()).or_default();
                    if of_sort.len() < 3 {
                        of_sort.push(fact.to_owned());
                    }
                }
            });
        }
        lost.into_values().flatten().collect()
    }
}
