//! Hosts in racks, as groups of racks that hold equally many.

use std::collections::{BTreeMap, BTreeSet};

use rackwright_api::Name;
use rackwright_hostset::{HostSet, Limits, expand, natural_cmp};
use rackwright_planner::catalogue;

use super::{Host, is_hostlist};
use crate::verbs::VerbError;

/// A group of racks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The racks, as a hostlist.
    pub racks: String,
    /// Their nodes.
    pub nodes: Nodes,
}

/// How the nodes of a group are named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Nodes {
    /// After their racks.
    OfRack(String),
    /// As they are, so many to a rack.
    Named(String, usize),
}

/// How many nodes of a system one rack has, where the catalogue says it.
pub fn of_catalogue(system: &str) -> Option<u16> {
    let figure = catalogue::system(system)?.nodes_per_rack.as_ref()?;
    Some(figure.value)
}

fn folded(names: &[String]) -> String {
    match HostSet::from_names(names.iter().map(String::as_str)) {
        Ok(set) => set.fold().to_string(),
        Err(_) => names.join(","),
    }
}

fn unfolded(text: &str) -> Vec<String> {
    expand(text, &Limits::default()).unwrap_or_default()
}

/// Names of racks that nobody gave any.
pub fn usual(count: usize) -> Vec<String> {
    let width = count.to_string().len();
    (1..=count).map(|number| format!("r{number:0width$}")).collect()
}

/// Racks of a site that is not there yet. The last one holds what is left.
pub fn planned(nodes: u32, per_rack: u16, racks: Option<&str>) -> Result<Vec<Group>, VerbError> {
    let per_rack = u32::from(per_rack.max(1));
    let needed = nodes.div_ceil(per_rack) as usize;
    let names = match racks {
        None => usual(needed),
        Some(racks) => {
            let names = expand(racks, &Limits::default())
                .map_err(|error| VerbError::Usage(format!("--racks: {error}")))?;
            if names.len() != needed {
                return Err(VerbError::Usage(format!(
                    "--racks names {} racks, and {nodes} nodes fill {needed} at {per_rack} each",
                    names.len()
                )));
            }
            names
        }
    };
    let of_rack = |count: u32| {
        if count == 1 {
            "n1".to_owned()
        } else {
            format!("n[1-{count}]")
        }
    };
    let group = |racks: &[String], count: u32| Group {
        racks: folded(racks),
        nodes: Nodes::OfRack(of_rack(count)),
    };
    let left = nodes % per_rack;
    let (full, last) = names.split_at(if left == 0 { names.len() } else { names.len() - 1 });
    let mut groups = Vec::new();
    if !full.is_empty() {
        groups.push(group(full, per_rack));
    }
    if !last.is_empty() {
        groups.push(group(last, left));
    }
    Ok(groups)
}

/// The racks of a running site.
#[derive(Debug)]
pub struct Racks {
    /// Names that are taken.
    taken: BTreeSet<String>,
    /// Names for racks that the source does not say, as the user gave them.
    given: std::vec::IntoIter<String>,
    next: u32,
    unplaced: usize,
    renamed: Vec<String>,
}

impl Racks {
    /// Knows all racks that the source names.
    pub fn new(hosts: &BTreeMap<String, Vec<Host>>, given: Option<&str>) -> Result<Self, VerbError> {
        let racks = hosts.values().flatten().filter_map(|host| host.rack.as_deref());
        let taken = racks.map(lower).collect();
        let given = match given {
            None => Vec::new(),
            Some(given) => expand(given, &Limits::default())
                .map_err(|error| VerbError::Usage(format!("--racks: {error}")))?,
        };
        Ok(Self {
            taken,
            given: given.into_iter(),
            next: 1,
            unplaced: 0,
            renamed: Vec::new(),
        })
    }

    /// Hosts of one system in their racks; those of no known rack fill racks in the order of their names.
    pub fn place(&mut self, system: &str, hosts: Vec<Host>, per_rack: u16) -> Vec<Group> {
        let mut racks: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut loose = Vec::new();
        for Host { name, rack, .. } in hosts {
            match rack {
                Some(rack) => racks.entry(rack).or_default().push(name),
                None => loose.push(name),
            }
        }
        let mut placed: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (rack, names) in racks {
            let name = self.named(&rack, system, &placed);
            placed.entry(name).or_default().extend(names);
        }
        self.unplaced += loose.len();
        for names in loose.chunks(usize::from(per_rack.max(1))) {
            let name = self.fresh();
            placed.insert(name, names.to_vec());
        }
        self.taken.extend(placed.keys().cloned());
        groups(placed)
    }

    /// A rack as this API can name it, and not as a rack of another system.
    fn named(&mut self, rack: &str, system: &str, placed: &BTreeMap<String, Vec<String>>) -> String {
        let lower = lower(rack);
        // Racks are of one system. `taken` has them all; what an earlier system placed stands there with its mark.
        let mut name = lower.clone();
        if self.taken.contains(&marked(&lower)) && !placed.contains_key(&lower) {
            name = format!("{lower}-{system}");
        }
        self.taken.insert(marked(&lower));
        if name != rack {
            self.renamed.push(format!("{rack} is {name}"));
        }
        name
    }

    /// A name that no rack has.
    fn fresh(&mut self) -> String {
        loop {
            let number = self.next;
            let name = self.given.next().unwrap_or_else(|| {
                self.next += 1;
                format!("rack-{number}")
            });
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }

    /// What was assumed.
    pub fn told(self) -> Vec<String> {
        let mut told = Vec::new();
        if self.unplaced > 0 {
            told.push(format!(
                "in which rack {} stand: they fill racks in the order of their names; put them where they are, since racks decide \
                 about leaf ports, power and how many nodes may be down at once",
                crate::summary::count(self.unplaced, "host")
            ));
        }
        if !self.renamed.is_empty() {
            told.push(format!(
                "racks have lower-case names of one system here: {}",
                self.renamed.join(", ")
            ));
        }
        told
    }
}

/// The mark of a rack that a system has.
fn marked(rack: &str) -> String {
    format!("{rack}/")
}

/// A rack's name as this API can have it.
fn lower(rack: &str) -> String {
    if Name::new(rack.to_owned()).is_ok() {
        return rack.to_owned();
    }
    let letters = rack.chars().map(|letter| {
        let letter = letter.to_ascii_lowercase();
        if letter.is_ascii_alphanumeric() {
            letter
        } else {
            '-'
        }
    });
    let name: String = letters.take(Name::MAX as usize).collect();
    let name = name.trim_matches('-');
    if name.is_empty() {
        "rack".to_owned()
    } else {
        name.to_owned()
    }
}

/// Racks with equally many nodes stand together, in natural order.
fn groups(placed: BTreeMap<String, Vec<String>>) -> Vec<Group> {
    let mut by_count: BTreeMap<usize, Vec<(String, Vec<String>)>> = BTreeMap::new();
    for (rack, nodes) in placed {
        by_count.entry(nodes.len()).or_default().push((rack, nodes));
    }
    let mut found = Vec::new();
    for (per_rack, mut racks) in by_count.into_iter().rev() {
        racks.sort_by(|a, b| natural_cmp(&a.0, &b.0));
        split(&racks, per_rack, &mut found);
    }
    found
}

/// One group, or two where the names of one would not fit into its field.
fn split(racks: &[(String, Vec<String>)], per_rack: usize, out: &mut Vec<Group>) {
    let names: Vec<String> = racks.iter().map(|(rack, _)| rack.clone()).collect();
    let names = folded(&names);
    // Nodes are taken in order: that of the racks as the hostlist gives them.
    let by_name: BTreeMap<&str, &Vec<String>> =
        racks.iter().map(|(rack, nodes)| (rack.as_str(), nodes)).collect();
    let order = unfolded(&names);
    let nodes: Vec<String> = order
        .iter()
        .filter_map(|rack| by_name.get(rack.as_str()))
        .flat_map(|nodes| nodes.iter().cloned())
        .collect();
    let all = folded(&nodes);
    let text = if unfolded(&all) == nodes {
        all
    } else {
        let each = order.iter().filter_map(|rack| by_name.get(rack.as_str()));
        each.map(|nodes| folded(nodes)).collect::<Vec<_>>().join(",")
    };
    if racks.len() > 1 && !(is_hostlist(&text) && names.len() <= MAX_RACKS) {
        let (first, second) = racks.split_at(racks.len() / 2);
        split(first, per_rack, out);
        split(second, per_rack, out);
        return;
    }
    out.push(Group {
        racks: names,
        nodes: Nodes::Named(text, per_rack),
    });
}

/// Characters that a list of racks may have; `RackGroup::names` and `NodeSelection::racks` take no more.
pub const MAX_RACKS: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn host(name: &str, rack: Option<&str>) -> Host {
        Host {
            name: name.to_owned(),
            rack: rack.map(str::to_owned),
            system: None,
        }
    }

    fn place(hosts: &[Host], per_rack: u16) -> (Vec<Group>, Vec<String>) {
        let all = BTreeMap::from([("dgx-b200".to_owned(), hosts.to_vec())]);
        let mut racks = Racks::new(&all, None).unwrap();
        let groups = racks.place("dgx-b200", hosts.to_vec(), per_rack);
        (groups, racks.told())
    }

    fn named(racks: &str, nodes: &str, per_rack: usize) -> Group {
        Group {
            racks: racks.to_owned(),
            nodes: Nodes::Named(nodes.to_owned(), per_rack),
        }
    }

    #[test]
    fn nodes_stand_in_the_order_of_their_racks() {
        // The second rack has the first names.
        let hosts = [
            host("n3", Some("a1")),
            host("n4", Some("a1")),
            host("n1", Some("a2")),
            host("n2", Some("a2")),
        ];
        assert_eq!(
            place(&hosts, 4),
            (vec![named("a[1-2]", "n[3-4],n[1-2]", 2)], vec![])
        );
    }

    #[test]
    fn racks_of_unequal_size_and_hosts_without_a_rack_have_groups_of_their_own() {
        let hosts = [
            host("n1", Some("A 1")),
            host("n2", None),
            host("n3", None),
            host("n4", None),
        ];
        let (groups, told) = place(&hosts, 2);
        assert_eq!(
            groups,
            [named("rack-1", "n[2-3]", 2), named("a-1,rack-2", "n[1,4]", 1)]
        );
        assert_eq!(told.len(), 2, "{told:?}");
    }

    #[test]
    fn a_rack_with_two_systems_is_two() {
        let one = |system: &str, name: &str| (system.to_owned(), vec![host(name, Some("a1"))]);
        let all = BTreeMap::from([one("dgx-b200", "n1"), one("dgx-h100", "n2")]);
        let mut racks = Racks::new(&all, None).unwrap();
        let names: Vec<String> = all
            .into_iter()
            .flat_map(|(system, hosts)| racks.place(&system, hosts, 4))
            .map(|group| group.racks)
            .collect();
        assert_eq!(names, ["a1", "a1-dgx-h100"]);
    }

    #[test]
    fn the_last_rack_of_a_plan_holds_what_is_left() {
        let group = |racks: &str, nodes: &str| Group {
            racks: racks.to_owned(),
            nodes: Nodes::OfRack(nodes.to_owned()),
        };
        assert_eq!(
            planned(10, 4, None).unwrap(),
            [group("r[1-2]", "n[1-4]"), group("r3", "n[1-2]")]
        );
        assert_eq!(planned(1, 4, Some("a7")).unwrap(), [group("a7", "n1")]);
        assert!(planned(10, 4, Some("a[1-2]")).is_err());
    }
}
