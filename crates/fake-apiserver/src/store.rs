//! Objects, their history, and the one global resource version.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use tokio::sync::watch;

use crate::object::Stored;

/// Namespace (empty for cluster-scoped) and name; sorts as etcd's keys do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) namespace: Box<str>,
    pub(crate) name: Box<str>,
}

impl Key {
    pub(crate) fn new(namespace: &str, name: &str) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
        }
    }
}

/// One change.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) rv: u64,
    pub(crate) key: Key,
    pub(crate) before: Option<Arc<Stored>>,
    pub(crate) after: Option<Arc<Stored>>,
}

/// All objects of one resource.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) objects: BTreeMap<Key, Arc<Stored>>,
    /// Oldest first.
    history: VecDeque<Change>,
    /// Changes up to and including this resource version are forgotten.
    pub(crate) compacted: u64,
    /// The resource version at which the resource began to be served: no watch can start earlier, as the real server's
    /// watch cache begins there.
    pub(crate) born: u64,
    /// The resource version of the latest change.
    latest: u64,
    changed: watch::Sender<u64>,
}

impl Table {
    fn new(born: u64) -> Self {
        Self {
            objects: BTreeMap::new(),
            history: VecDeque::new(),
            compacted: 0,
            born,
            latest: 0,
            changed: watch::Sender::new(0),
        }
    }
}

impl Table {
    /// Wakes its receiver on each change of the table.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Changes after `rv`, oldest first.
    pub(crate) fn since(&self, rv: u64) -> impl DoubleEndedIterator<Item = &Change> {
        let from = self.history.partition_point(|change| change.rv <= rv);
        self.history.range(from..)
    }

    /// The objects as they were at `rv`, none if history does not reach that far back.
    pub(crate) fn at(&self, rv: u64) -> Option<BTreeMap<Key, Arc<Stored>>> {
        if rv < self.compacted {
            return None;
        }
        let mut objects = self.objects.clone();
        for change in self.since(rv).rev() {
            match &change.before {
                Some(before) => objects.insert(change.key.clone(), Arc::clone(before)),
                None => objects.remove(&change.key),
            };
        }
        Some(objects)
    }

    /// Whether anything changed after `rv`.
    pub(crate) fn changed_since(&self, rv: u64) -> bool {
        self.latest > rv
    }

    fn compact(&mut self, rv: u64) {
        let upto = self.history.partition_point(|change| change.rv <= rv);
        self.history.drain(..upto);
        self.compacted = self.compacted.max(rv);
    }
}

/// Where an object is: its table and its key in it.
pub(crate) type Place = (Arc<str>, Key);

/// The store.
#[derive(Debug)]
pub(crate) struct Store {
    /// The resource version of the latest write.
    pub(crate) rv: u64,
    tables: BTreeMap<Arc<str>, Table>,
    /// Changes that each table remembers.
    history_limit: usize,
    by_uid: BTreeMap<Arc<str>, Place>,
    /// Objects that name a uid as an owner.
    dependents: BTreeMap<Box<str>, BTreeSet<Place>>,
}

impl Store {
    pub(crate) fn new(history_limit: usize) -> Self {
        Self {
            rv: 1,
            tables: BTreeMap::new(),
            history_limit: history_limit.max(1),
            by_uid: BTreeMap::new(),
            dependents: BTreeMap::new(),
        }
    }

    pub(crate) fn table(&mut self, table: &Arc<str>) -> &mut Table {
        let born = self.rv;
        self.tables
            .entry(Arc::clone(table))
            .or_insert_with(|| Table::new(born))
    }

    pub(crate) fn get(&self, table: &str, key: &Key) -> Option<Arc<Stored>> {
        self.tables
            .get(table)
            .and_then(|table| table.objects.get(key))
            .cloned()
    }

    /// Where the object with this uid is.
    pub(crate) fn place_of(&self, uid: &str) -> Option<&Place> {
        self.by_uid.get(uid)
    }

    /// Objects that name `uid` as an owner.
    pub(crate) fn dependents_of(&self, uid: &str) -> Vec<Place> {
        self.dependents.get(uid).into_iter().flatten().cloned().collect()
    }

    /// Everything in a namespace.
    pub(crate) fn in_namespace(&self, namespace: &str) -> Vec<Place> {
        let mut out = Vec::new();
        let from = Key::new(namespace, "");
        for (name, table) in &self.tables {
            let inside = table
                .objects
                .range(from.clone()..)
                .take_while(|(key, _)| &*key.namespace == namespace);
            out.extend(inside.map(|(key, _)| (Arc::clone(name), key.clone())));
        }
        out
    }

    /// The resource version of the next write.
    pub(crate) fn next_rv(&self) -> u64 {
        self.rv + 1
    }

    /// Writes the next revision of an object (or none: the object goes), and where its owners are to be found.
    pub(crate) fn commit(
        &mut self,
        table: &Arc<str>,
        key: &Key,
        after: Option<&Arc<Stored>>,
        owners: (&[String], &[String]),
    ) {
        let rv = self.next_rv();
        self.rv = rv;
        let limit = self.history_limit;
        let entry = self
            .tables
            .entry(Arc::clone(table))
            .or_insert_with(|| Table::new(rv - 1));
        let before = match after {
            Some(after) => entry.objects.insert(key.clone(), Arc::clone(after)),
            None => entry.objects.remove(key),
        };
        entry.history.push_back(Change {
            rv,
            key: key.clone(),
            before: before.clone(),
            after: after.cloned(),
        });
        while entry.history.len() > limit {
            if let Some(oldest) = entry.history.pop_front() {
                entry.compacted = entry.compacted.max(oldest.rv);
            }
        }
        entry.latest = rv;
        entry.changed.send_replace(rv);

        let place = (Arc::clone(table), key.clone());
        match (&before, after) {
            (None, Some(after)) => {
                self.by_uid.insert(Arc::clone(&after.uid), place.clone());
            }
            (Some(before), None) => {
                self.by_uid.remove(&before.uid);
            }
            _ => {}
        }
        let (old_owners, new_owners) = owners;
        for owner in old_owners {
            if let Some(set) = self.dependents.get_mut(owner.as_str()) {
                set.remove(&place);
                if set.is_empty() {
                    self.dependents.remove(owner.as_str());
                }
            }
        }
        for owner in new_owners {
            self.dependents
                .entry(owner.as_str().into())
                .or_default()
                .insert(place.clone());
        }
    }

    /// Forgets history up to and including `rv`, in every table.
    pub(crate) fn compact(&mut self, rv: u64) {
        let rv = rv.min(self.rv);
        for table in self.tables.values_mut() {
            table.compact(rv);
            // A watch that fell behind has to notice.
            table.changed.send_replace(self.rv);
        }
    }

    /// Number of objects in a table.
    pub(crate) fn count(&self, table: &str) -> usize {
        self.tables.get(table).map_or(0, |table| table.objects.len())
    }
}
