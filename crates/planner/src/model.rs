//! The intents, sorted and with their references, and the nodes that each pool selects.

use std::collections::BTreeMap;

use rackwright_api::{
    GPUPoolSpec, InfiniBandFabricSpec, Name, NodeSelection, StorageTierSpec, SuperclusterSpec,
};
use rackwright_manifest::Path;

use crate::catalogue::{Gpu, MaxPower, Reported, System, View};
use crate::clusters::Clusters;
use crate::finding::{Finding, at};
use crate::input::{Input, Intent, Inventory, Kind, ObjectRef, PreviousNode};
use crate::power::{Power, Waits};
use crate::rules::{hostlist_invalid, unknown_node, unknown_rack};
use crate::seats::Seats;
use crate::site::{GroupRef, Site};

/// What rules and passes look at. Everything is sorted by name, so that the order of the input never shows.
pub(crate) struct Model<'a> {
    pub superclusters: Vec<&'a Intent<SuperclusterSpec>>,
    pub pools: Vec<&'a Intent<GPUPoolSpec>>,
    pub fabrics: Vec<&'a Intent<InfiniBandFabricSpec>>,
    pub tiers: Vec<&'a Intent<StorageTierSpec>>,
    pub inventories: Vec<&'a Inventory>,
    /// What is written already, by name.
    pub previous: Vec<&'a PreviousNode>,
    /// The catalogue as each supercluster sees it.
    pub views: Vec<View>,
    /// What is wrong with each supercluster's own entries.
    pub entries: Vec<Vec<Reported<'a>>>,
    pub site: Site,
    /// The nodes that each pool selects, sorted; none for a pool that is on its way out.
    pub selected: Vec<Vec<u32>>,
    /// The seats of each fabric.
    pub seats: Vec<Option<Seats>>,
    pub power: Power,
}

/// One name that an object gives of another.
pub(crate) struct Reference {
    pub from: ObjectRef,
    pub path: Path,
    pub to: ObjectRef,
}

/// A system of a pool's nodes, and the first rack group of them.
pub(crate) struct PoolSystem<'m> {
    pub name: &'m str,
    pub system: &'m System,
    /// Its GPU, where the catalogue knows it.
    pub gpu: Option<&'m Gpu>,
    /// The catalogue that both come from.
    pub view: &'m View,
    pub site: ObjectRef,
    pub path: Path,
}

fn sorted<S>(intents: &[Intent<S>]) -> Vec<&Intent<S>> {
    let mut sorted: Vec<&Intent<S>> = intents.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    sorted
}

fn find<'a, S>(intents: &[&'a Intent<S>], name: &str) -> Option<&'a Intent<S>> {
    intents
        .binary_search_by(|intent| intent.name.as_str().cmp(name))
        .ok()
        .map(|at| intents[at])
}

impl<'a> Model<'a> {
    /// Sorts the input; nothing is expanded or selected yet.
    pub fn sorted(input: &'a Input) -> Self {
        let mut inventories: Vec<&Inventory> = input.inventories.iter().collect();
        inventories.sort_by(|a, b| a.name.cmp(&b.name));
        let mut previous: Vec<&PreviousNode> = input.previous.iter().collect();
        previous.sort_by(|a, b| a.name.cmp(&b.name));
        let superclusters = sorted(&input.superclusters);
        let views = superclusters
            .iter()
            .map(|site| View::new(site.spec.catalogue.as_ref()));
        let (views, entries) = views.unzip();
        Self {
            superclusters,
            pools: sorted(&input.pools),
            fabrics: sorted(&input.fabrics),
            tiers: sorted(&input.tiers),
            inventories,
            previous,
            views,
            entries,
            site: Site::default(),
            selected: Vec::new(),
            seats: Vec::new(),
            power: Power::default(),
        }
    }

    /// Sorts, expands and selects; what cannot be is a finding.
    pub fn new(input: &'a Input, findings: &mut Vec<Finding>) -> Self {
        let mut model = Self::sorted(input);
        let named = model.named_nodes(findings);
        let unplaced = model.unplaced(&named);
        model.site = Site::build(&model.superclusters, unplaced.into_iter(), findings);
        model.site.clusters = Clusters::read(&model, findings);
        model.selected = model
            .pools
            .iter()
            .zip(named)
            .map(|(pool, named)| model.select(pool, named, findings))
            .collect();
        model.seats = (0..model.fabrics.len())
            .map(|fabric| Seats::new(&model, fabric, findings))
            .collect();
        model.power = Power::new(&model, &Waits::default());
        model
    }

    /// The number of a supercluster.
    pub fn site_number(&self, name: &Name) -> Option<usize> {
        let found = self.superclusters.binary_search_by(|site| site.name.cmp(name));
        found.ok()
    }

    /// The most that nodes of a system of a site draw, where its catalogue knows it.
    pub fn max_power(&self, site: usize, system: &str) -> Option<&MaxPower> {
        self.views[site].systems.get(system)?.max_power.as_ref()
    }

    /// The system, and where the site took its maximum power from, if it is not built in.
    pub fn power_origin<'m>(&'m self, site: usize, system: &'m str) -> Option<(&'m str, &'m str)> {
        let source = &self.max_power(site, system)?.source;
        let origin = self.views[site].systems.origin(system, source)?;
        Some((system, origin))
    }

    /// The GPU of a system, and where the site took its highest cap from, if it is not built in.
    pub fn cap_origin(&self, site: usize, system: &str) -> Option<(&str, &str)> {
        let view = &self.views[site];
        let name = &view.systems.get(system)?.gpu.value;
        let figure = view.gpus.get(name)?.max_power_watts.as_ref()?;
        Some((name, view.gpus.origin(name, &figure.source)?))
    }

    /// A switch, and where the site took its maximum power from, if it is not built in.
    pub fn switch_origin<'m>(&'m self, site: usize, switch: &'m str) -> Option<(&'m str, &'m str)> {
        let switches = &self.views[site].switches;
        let figure = switches.get(switch)?.max_power_watts.as_ref()?;
        Some((switch, switches.origin(switch, &figure.source)?))
    }

    /// The names that each pool lists, read once.
    fn named_nodes(&self, findings: &mut Vec<Finding>) -> Vec<Vec<String>> {
        self.pools
            .iter()
            .map(|pool| {
                let object = ObjectRef::new(Kind::GPUPool, &pool.name);
                let list = pool.spec.nodes.names.as_ref();
                list.and_then(|list| {
                    hostlist_invalid::read(list, &object, &at!("spec", "nodes", "names"), findings)
                })
                .map(|list| list.iter().collect())
                .unwrap_or_default()
            })
            .collect()
    }

    /// Nodes that pools of sites without racks name or select.
    fn unplaced(&self, named: &[Vec<String>]) -> Vec<String> {
        let mut unplaced = Vec::new();
        for (pool, named) in self
            .pools
            .iter()
            .zip(named)
            .filter(|(pool, _)| !self.describes_racks(pool))
        {
            let valid = named
                .iter()
                .filter(|name| rackwright_api::NodeName::is_valid(name));
            unplaced.extend(valid.cloned());
            if let Some(selector) = &pool.spec.nodes.selector {
                let matching = self
                    .inventories
                    .iter()
                    .filter(|found| matches(&selector.match_labels, &found.labels));
                unplaced.extend(matching.map(|found| found.name.to_string()));
            }
        }
        unplaced
    }

    /// Whether the pool's site lists its racks.
    fn describes_racks(&self, pool: &Intent<GPUPoolSpec>) -> bool {
        find(&self.superclusters, pool.spec.supercluster.as_str())
            .is_some_and(|site| !site.spec.racks.is_empty())
    }

    fn select(
        &self,
        pool: &Intent<GPUPoolSpec>,
        named: Vec<String>,
        findings: &mut Vec<Finding>,
    ) -> Vec<u32> {
        let object = ObjectRef::new(Kind::GPUPool, &pool.name);
        let site = self.site_number(&pool.spec.supercluster);
        // A missing supercluster is RW2001's finding; without it no name can be judged.
        let (false, Some(site)) = (pool.deleting, site) else {
            return Vec::new();
        };
        let site = site as u32;
        let NodeSelection {
            names: _,
            racks,
            selector,
        } = &pool.spec.nodes;
        let mut nodes: Vec<u32> = Vec::new();
        if let Some(racks) = racks {
            for rack in self.racks(site, racks, &object, &at!("spec", "nodes", "racks"), findings) {
                nodes.extend_from_slice(self.site.nodes_of(rack));
            }
        }
        let describes_racks = self.describes_racks(pool);
        // A site that lists no racks has the nodes that no other site places.
        let placed = describes_racks.then_some(site);
        let here = |node: u32| self.site.supercluster_of(node) == placed;
        let mut unknown = Vec::new();
        for name in named {
            match self.site.node(&name).filter(|&node| here(node)) {
                Some(node) => nodes.push(node),
                None => unknown.push(name),
            }
        }
        if !unknown.is_empty() && !self.site.incomplete[site as usize] {
            let path = at!("spec", "nodes", "names");
            findings.push(unknown_node::finding(
                &object,
                &path,
                &unknown,
                &pool.spec.supercluster,
            ));
        }
        if let Some(selector) = selector {
            let matching = self
                .inventories
                .iter()
                .filter(|found| matches(&selector.match_labels, &found.labels));
            nodes.extend(
                matching
                    .filter_map(|found| self.site.node(found.name.as_str()))
                    .filter(|&node| here(node)),
            );
        }
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }

    /// The racks that a hostlist names, each once; a rack that the site does not have is a finding.
    pub fn racks(
        &self,
        supercluster: u32,
        list: &rackwright_api::Hostlist,
        object: &ObjectRef,
        path: &Path,
        findings: &mut Vec<Finding>,
    ) -> Vec<u32> {
        let Some(parsed) = hostlist_invalid::read(list, object, path, findings) else {
            return Vec::new();
        };
        let mut racks = Vec::new();
        let mut unknown = Vec::new();
        parsed.for_each(|name| match self.site.rack(supercluster, name) {
            Some(rack) => racks.push(rack),
            None => unknown.push(name.to_owned()),
        });
        if !unknown.is_empty() && !self.site.incomplete[supercluster as usize] {
            let site = self.superclusters[supercluster as usize];
            let known = self
                .site
                .racks
                .iter()
                .filter(|rack| rack.group.supercluster == supercluster);
            let known = known.map(|rack| rack.name.as_str());
            findings.push(unknown_rack::finding(object, path, &unknown, &site.name, known));
        }
        racks.sort_unstable();
        racks.dedup();
        racks
    }

    /// Every name that an intent gives of another, in the order of object and place.
    pub fn references(&self) -> impl Iterator<Item = Reference> + '_ {
        let site = |from: ObjectRef, name: &Name| Reference {
            from,
            path: at!("spec", "supercluster"),
            to: ObjectRef::new(Kind::Supercluster, name),
        };
        let pools = self.pools.iter().flat_map(move |pool| {
            let from = ObjectRef::new(Kind::GPUPool, &pool.name);
            let fabrics = pool.spec.fabrics.iter().enumerate().map({
                let from = from.clone();
                move |(i, fabric)| Reference {
                    from: from.clone(),
                    path: at!("spec", "fabrics", i, "name"),
                    to: ObjectRef::new(Kind::InfiniBandFabric, &fabric.name),
                }
            });
            let tiers = pool.spec.storage.iter().enumerate().map({
                let from = from.clone();
                move |(i, tier)| Reference {
                    from: from.clone(),
                    path: at!("spec", "storage", i, "tier"),
                    to: ObjectRef::new(Kind::StorageTier, &tier.tier),
                }
            });
            std::iter::once(site(from, &pool.spec.supercluster))
                .chain(fabrics)
                .chain(tiers)
        });
        let fabrics = self.fabrics.iter().flat_map(move |fabric| {
            let from = ObjectRef::new(Kind::InfiniBandFabric, &fabric.name);
            let members = fabric.spec.partitions.iter().enumerate().flat_map({
                let from = from.clone();
                move |(i, partition)| {
                    let from = from.clone();
                    partition
                        .members
                        .iter()
                        .enumerate()
                        .map(move |(j, member)| Reference {
                            from: from.clone(),
                            path: at!("spec", "partitions", i, "members", j, "pool"),
                            to: ObjectRef::new(Kind::GPUPool, &member.pool),
                        })
                }
            });
            std::iter::once(site(from, &fabric.spec.supercluster)).chain(members)
        });
        let tiers = self.tiers.iter().flat_map(move |tier| {
            let from = ObjectRef::new(Kind::StorageTier, &tier.name);
            let fabric = tier.spec.fabric.as_ref().map(|fabric| Reference {
                from: from.clone(),
                path: at!("spec", "fabric"),
                to: ObjectRef::new(Kind::InfiniBandFabric, fabric),
            });
            std::iter::once(site(from, &tier.spec.supercluster)).chain(fabric)
        });
        pools.chain(fabrics).chain(tiers)
    }

    /// Whether an object is there, on its way out or not.
    pub fn exists(&self, object: &ObjectRef) -> bool {
        self.deleting(object).is_some()
    }

    /// Whether an object is on its way out.
    pub fn is_deleting(&self, object: &ObjectRef) -> bool {
        self.deleting(object) == Some(true)
    }

    fn deleting(&self, object: &ObjectRef) -> Option<bool> {
        let name = &object.name;
        match object.kind {
            Kind::Supercluster => find(&self.superclusters, name).map(|intent| intent.deleting),
            Kind::GPUPool => find(&self.pools, name).map(|intent| intent.deleting),
            Kind::InfiniBandFabric => find(&self.fabrics, name).map(|intent| intent.deleting),
            Kind::StorageTier => find(&self.tiers, name).map(|intent| intent.deleting),
            Kind::NodeInventory => None,
        }
    }

    /// The site that an object belongs to.
    pub fn supercluster_of(&self, object: &ObjectRef) -> Option<&'a Name> {
        let name = &object.name;
        match object.kind {
            Kind::GPUPool => find(&self.pools, name).map(|intent| &intent.spec.supercluster),
            Kind::InfiniBandFabric => find(&self.fabrics, name).map(|intent| &intent.spec.supercluster),
            Kind::StorageTier => find(&self.tiers, name).map(|intent| &intent.spec.supercluster),
            Kind::Supercluster | Kind::NodeInventory => None,
        }
    }

    /// The names of all objects of a kind.
    pub fn names_of(&self, kind: Kind) -> Vec<&'a str> {
        match kind {
            Kind::Supercluster => self
                .superclusters
                .iter()
                .map(|intent| intent.name.as_str())
                .collect(),
            Kind::GPUPool => self.pools.iter().map(|intent| intent.name.as_str()).collect(),
            Kind::InfiniBandFabric => self.fabrics.iter().map(|intent| intent.name.as_str()).collect(),
            Kind::StorageTier => self.tiers.iter().map(|intent| intent.name.as_str()).collect(),
            Kind::NodeInventory => self.inventories.iter().map(|found| found.name.as_str()).collect(),
        }
    }

    /// The fabrics of a pool in the order of its rails: by plane, then by name.
    pub fn fabrics_of(&self, pool: &Intent<GPUPoolSpec>) -> Vec<&'a Intent<InfiniBandFabricSpec>> {
        let mut fabrics: Vec<_> = pool
            .spec
            .fabrics
            .iter()
            .filter_map(|fabric| find(&self.fabrics, fabric.name.as_str()))
            .collect();
        fabrics.sort_by(|a, b| (a.spec.plane, &a.name).cmp(&(b.spec.plane, &b.name)));
        fabrics
    }

    /// The seats of a fabric, where it has any.
    pub fn seats_of(&self, fabric: &Name) -> Option<&Seats> {
        let found = self.fabrics.binary_search_by(|known| known.name.cmp(fabric));
        self.seats[found.ok()?].as_ref()
    }

    /// The tiers of a pool, by name.
    pub fn tiers_of(&self, pool: &Intent<GPUPoolSpec>) -> Vec<&'a Intent<StorageTierSpec>> {
        let mut tiers: Vec<_> = pool
            .spec
            .storage
            .iter()
            .filter_map(|used| find(&self.tiers, used.tier.as_str()))
            .collect();
        tiers.sort_by(|a, b| a.name.cmp(&b.name));
        tiers
    }

    /// The pools that select one of these nodes.
    pub fn pools_of<'n>(&self, nodes: impl Iterator<Item = &'n str>) -> Vec<u32> {
        let nodes: Vec<u32> = nodes.filter_map(|name| self.site.node(name)).collect();
        let selects = |selected: &[u32]| nodes.iter().any(|node| selected.binary_search(node).is_ok());
        (0..self.pools.len() as u32)
            .filter(|&pool| selects(&self.selected[pool as usize]))
            .collect()
    }

    /// The systems of a pool's nodes that the catalogue knows, by name, each once.
    pub fn systems_of(&self, pool: u32) -> Vec<PoolSystem<'_>> {
        let mut groups: Vec<GroupRef> = Vec::new();
        for &node in &self.selected[pool as usize] {
            // Neighbours in the order of names mostly stand in one group.
            let rack = self.site.racks.get(self.site.rack_of[node as usize] as usize);
            if let Some(group) = rack
                .map(|rack| rack.group)
                .filter(|group| groups.last() != Some(group))
            {
                groups.push(group);
            }
        }
        groups.sort_unstable();
        groups.dedup();
        let mut systems: BTreeMap<(&str, u32), PoolSystem<'_>> = BTreeMap::new();
        for at in groups {
            let site = self.superclusters[at.supercluster as usize];
            let name = site.spec.racks[at.group as usize].system.as_str();
            let view = &self.views[at.supercluster as usize];
            let Some(system) = view.systems.get(name) else {
                continue;
            };
            systems
                .entry((name, at.supercluster))
                .or_insert_with(|| PoolSystem {
                    name,
                    system,
                    gpu: view.gpu_of(system),
                    view,
                    site: ObjectRef::new(Kind::Supercluster, &site.name),
                    path: at!("spec", "racks", at.group as usize, "system"),
                });
        }
        systems.into_values().collect()
    }

    /// Where a pool says which nodes it wants.
    pub fn selection_path(&self, pool: u32) -> Path {
        let NodeSelection {
            names,
            racks,
            selector: _,
        } = &self.pools[pool as usize].spec.nodes;
        let field = match (names, racks) {
            (Some(_), _) => "names",
            (_, Some(_)) => "racks",
            _ => "selector",
        };
        at!("spec", "nodes", field)
    }
}

fn matches(wanted: &BTreeMap<String, String>, labels: &BTreeMap<String, String>) -> bool {
    wanted.iter().all(|(key, value)| labels.get(key) == Some(value))
}
