//! Which nodes belong to which pool, and in which rack: from the intents, compared with the plan in both directions.

use std::collections::BTreeMap;

use super::columns::{Columns, Id, NONE};
use super::intents::{Intents, Pool, Selection, Site};
use super::unique::Roster;
use crate::table::{NODE_FOREIGN, NODE_LEFT_OUT, POOL_EMPTY, RACK, UNRESOLVED};
use crate::violation::{Kind, Sink, Violation};

/// Checks membership and racks.
pub(super) fn check(intents: &Intents<'_>, columns: &Columns, roster: &mut Roster<'_>, sink: &mut Sink) {
    let mut members = Members::new(intents, columns, roster);
    for (name, site) in &intents.sites {
        members.walk_site(name, site, sink);
    }
    for (id, pool) in intents.pools.iter().enumerate() {
        if let Some(Selection::Names(names)) = &pool.selection {
            names.for_each(|node| {
                let found = members.roster.find(node);
                members.select(id as Id, node, found, sink);
            });
        }
    }
    members.empty_pools(sink);
    // Of a name that comes twice only the first is looked at; the other is reported already.
    for &id in members.roster.ids() {
        members.not_selected(id, sink);
        members.rack(id, sink);
    }
}

struct Members<'a, 'c> {
    intents: &'a Intents<'a>,
    columns: &'a Columns,
    roster: &'a mut Roster<'c>,
    /// Of each node: whether its pool selects it.
    selected: Vec<bool>,
    /// Of each node: the number of its rack in `racks`, where its pool's site places it.
    placed: Vec<Id>,
    racks: Vec<String>,
    counts: Vec<Count>,
}

/// The nodes of one pool.
#[derive(Clone, Copy, Default)]
struct Count {
    /// In the plan.
    planned: u64,
    /// Selected by the intents, as far as those say.
    selected: u64,
}

/// The pools that select a rack, and whether the site has it.
#[derive(Default)]
struct SelectedRack {
    pools: Vec<Id>,
    exists: bool,
}

impl<'a, 'c> Members<'a, 'c> {
    fn new(intents: &'a Intents<'a>, columns: &'a Columns, roster: &'a mut Roster<'c>) -> Self {
        let mut counts = vec![Count::default(); intents.pools.len()];
        let mut nodes = 0;
        for id in columns.ids() {
            nodes += 1;
            if let Some(pool) = columns.pool(id) {
                counts[pool as usize].planned += 1;
            }
        }
        let (selected, placed) = (vec![false; nodes], vec![NONE; nodes]);
        Self {
            intents,
            columns,
            roster,
            selected,
            placed,
            racks: Vec::new(),
            counts,
        }
    }

    /// Places the nodes of a site, and selects those of the racks that pools name.
    fn walk_site(&mut self, site_name: &str, site: &Site, sink: &mut Sink) {
        let racks = self.selected_racks(site_name, site, sink);
        let mut current = String::new();
        let mut current_id = NONE;
        let mut pools: &[Id] = &[];
        site.nodes(|rack, node| {
            if rack != current {
                rack.clone_into(&mut current);
                current_id = self.racks.len() as Id;
                self.racks.push(rack.to_owned());
                pools = racks.get(rack).map_or(&[], |selected| selected.pools.as_slice());
            }
            let found = self.roster.find(node);
            for pool in pools {
                self.select(*pool, node, found, sink);
            }
            if let Some(id) = found {
                self.place(site_name, current_id, id, sink);
            }
        });
    }

    fn selected_racks(
        &self,
        site_name: &str,
        site: &Site,
        sink: &mut Sink,
    ) -> BTreeMap<String, SelectedRack> {
        let mut racks: BTreeMap<String, SelectedRack> = BTreeMap::new();
        for (id, pool) in self.intents.pools.iter().enumerate() {
            if let (Some(Selection::Racks(names)), true) =
                (&pool.selection, pool.spec.supercluster.as_str() == site_name)
            {
                names.for_each(|rack| racks.entry(rack.to_owned()).or_default().pools.push(id as Id));
            }
        }
        site.racks(|rack| {
            if let Some(selected) = racks.get_mut(rack) {
                selected.exists = true;
            }
        });
        for (rack, selected) in racks.iter().filter(|(_, selected)| !selected.exists) {
            for pool in &selected.pools {
                let pool = self.intents.pool(*pool).name;
                let message = format!(
                    "the pool {pool} is accepted, and its rack {rack} is not one of the supercluster {site_name}"
                );
                sink.report(
                    Violation::new(&UNRESOLVED, message)
                        .object(Kind::GPUPool, pool)
                        .object(Kind::Supercluster, site_name),
                );
            }
        }
        racks
    }

    /// Notes that a pool selects a node, and reports one that is not there. A pool that lacks all its nodes is
    /// reported once, later.
    fn select(&mut self, pool: Id, node: &str, found: Option<Id>, sink: &mut Sink) {
        let count = &mut self.counts[pool as usize];
        count.selected += 1;
        let actual = found.and_then(|id| self.columns.pool(id));
        if let (Some(id), true) = (found, actual == Some(pool)) {
            self.selected[id as usize] = true;
        } else if count.planned > 0 {
            let name = self.intents.pool(pool).name;
            let has = match (found, actual) {
                (None, _) => "does not have it".to_owned(),
                (Some(_), None) => "has it in no accepted pool".to_owned(),
                (Some(_), Some(actual)) => format!("has it in the pool {}", self.intents.pool(actual).name),
            };
            let message = format!("the pool {name} selects the node {node}, and the plan {has}");
            sink.report(
                Violation::new(&NODE_LEFT_OUT, message)
                    .node(node)
                    .object(Kind::GPUPool, name),
            );
        }
    }

    /// Notes that a site places a node in a rack, if the node's pool is of that site.
    fn place(&mut self, site_name: &str, rack: Id, id: Id, sink: &mut Sink) {
        let of_site = |pool: &Pool<'_>| pool.spec.supercluster.as_str() == site_name;
        if !self
            .columns
            .pool(id)
            .is_some_and(|pool| of_site(self.intents.pool(pool)))
        {
            return;
        }
        let Some(before) = self.racks.get(self.placed[id as usize] as usize) else {
            self.placed[id as usize] = rack;
            return;
        };
        let (rack, node) = (&self.racks[rack as usize], self.columns.name(id));
        let message =
            format!("the supercluster {site_name} places the node {node} in the racks {before} and {rack}");
        sink.report(
            Violation::new(&UNRESOLVED, message)
                .node(node)
                .object(Kind::Supercluster, site_name),
        );
    }

    fn empty_pools(&self, sink: &mut Sink) {
        for (pool, count) in self.intents.pools.iter().zip(&self.counts) {
            if count.planned == 0 && count.selected > 0 {
                let message = format!(
                    "the pool {} selects {} nodes, and the plan has none",
                    pool.name, count.selected
                );
                sink.report(Violation::new(&POOL_EMPTY, message).object(Kind::GPUPool, pool.name));
            }
        }
    }

    fn not_selected(&self, id: Id, sink: &mut Sink) {
        let Some(pool) = self.columns.pool(id).map(|pool| self.intents.pool(pool)) else {
            return;
        };
        let known = match pool.selection {
            Some(Selection::Racks(_)) => self.site_of(pool).is_some(),
            Some(Selection::Names(_)) => true,
            Some(Selection::Selector) | None => false,
        };
        if known && !self.selected[id as usize] {
            let node = self.columns.name(id);
            let message = format!(
                "the node {node} is in the pool {}, which does not select it",
                pool.name
            );
            sink.report(
                Violation::new(&NODE_FOREIGN, message)
                    .node(node)
                    .object(Kind::GPUPool, pool.name),
            );
        }
    }

    fn rack(&self, id: Id, sink: &mut Sink) {
        let Some(pool) = self.columns.pool(id).map(|pool| self.intents.pool(pool)) else {
            return;
        };
        if self.site_of(pool).is_none() {
            return;
        }
        let placed = self
            .racks
            .get(self.placed[id as usize] as usize)
            .map(String::as_str);
        let fact = self.columns.rack(id);
        if fact != placed {
            let node = self.columns.name(id);
            let show =
                |rack: Option<&str>| rack.map_or("no rack".to_owned(), |rack| format!("the rack {rack}"));
            let message = format!(
                "the node {node} has {}, and the supercluster {} places it in {}",
                show(fact),
                pool.spec.supercluster,
                show(placed)
            );
            sink.report(
                Violation::new(&RACK, message)
                    .node(node)
                    .object(Kind::GPUPool, pool.name)
                    .object(Kind::Supercluster, &pool.spec.supercluster),
            );
        }
    }

    fn site_of(&self, pool: &Pool<'_>) -> Option<&'a Site> {
        self.intents.sites.get(pool.spec.supercluster.as_str())
    }
}
