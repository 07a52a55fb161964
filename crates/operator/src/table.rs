//! One kind's trimmed cache, which never goes back: neither an event that was overtaken by our own write nor a list
//! that began before it undoes what the write's response said.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One kind's objects, by name.
#[derive(Debug)]
pub(crate) struct Table<R> {
    entries: BTreeMap<Arc<str>, Entry<R>>,
    listing: Option<Listing<R>>,
    /// Deletions that the watch has shown since the round began, so that the response to a write before them, which may
    /// arrive after them, does not bring the object back. Absent between rounds: no response is on its way then.
    deletions: Option<BTreeMap<Arc<str>, u64>>,
    /// What we wrote while the last list came in and it does not hold: gone, or the watch is about to show it.
    unlisted: BTreeMap<Arc<str>, Arc<R>>,
    ready: bool,
    /// The highest version that the watch (not our writes) has shown.
    seen: u64,
}

#[derive(Debug)]
pub(crate) struct Entry<R> {
    pub version: u64,
    pub record: Arc<R>,
    /// We deleted it; the event is still to come.
    gone: bool,
}

impl<R> Clone for Entry<R> {
    fn clone(&self) -> Self {
        Self {
            version: self.version,
            record: Arc::clone(&self.record),
            gone: self.gone,
        }
    }
}

/// A list that is coming in.
#[derive(Debug)]
struct Listing<R> {
    entries: BTreeMap<Arc<str>, Entry<R>>,
    /// Names that we wrote since it began: the list may be older.
    written: BTreeSet<Arc<str>>,
}

impl<R> Default for Table<R> {
    fn default() -> Self {
        Self {
            entries: BTreeMap::new(),
            listing: None,
            deletions: None,
            unlisted: BTreeMap::new(),
            ready: false,
            seen: 0,
        }
    }
}

impl<R: PartialEq> Table<R> {
    /// Whether the first list is complete.
    pub(crate) fn ready(&self) -> bool {
        self.ready
    }

    pub(crate) fn seen(&self) -> u64 {
        self.seen
    }

    /// What is there, without what we deleted.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Entry<R>)> {
        self.entries.iter().filter(|(_, entry)| !entry.gone)
    }

    /// One object, unless we deleted it.
    pub(crate) fn get(&self, name: &str) -> Option<&Entry<R>> {
        self.entries.get(name).filter(|entry| !entry.gone)
    }

    /// Every record that may be there: also what the last list was too early for.
    pub(crate) fn possible(&self) -> impl Iterator<Item = &Arc<R>> {
        self.iter()
            .map(|(_, entry)| &entry.record)
            .chain(self.unlisted.values())
    }

    /// A list begins.
    pub(crate) fn list_begins(&mut self) {
        self.listing = Some(Listing {
            entries: BTreeMap::new(),
            written: BTreeSet::new(),
        });
    }

    /// An object of the list.
    pub(crate) fn listed(&mut self, name: Arc<str>, version: u64, record: R) {
        if let Some(listing) = &mut self.listing {
            listing.entries.insert(
                name,
                Entry {
                    version,
                    record: Arc::new(record),
                    gone: false,
                },
            );
        }
    }

    /// The list is complete and replaces what was there, even by older versions (a restored etcd), but for what we wrote
    /// meanwhile. What we wrote and the list does not hold is gone, or the watch is about to show it. Says whether a
    /// compile could see a difference.
    pub(crate) fn list_ends(&mut self) -> bool {
        let Some(listing) = self.listing.take() else {
            return false;
        };
        let mut entries = listing.entries;
        self.unlisted.clear();
        for name in listing.written {
            let Some(mine) = self.entries.get(&name) else {
                continue;
            };
            match entries.get_mut(&name) {
                Some(listed) if listed.version < mine.version => *listed = mine.clone(),
                Some(_) => {}
                None => {
                    self.unlisted.insert(name, Arc::clone(&mine.record));
                }
            }
        }
        self.seen = entries
            .values()
            .map(|entry| entry.version)
            .fold(self.seen, u64::max);
        let changed = !self.ready
            || self.entries.len() != entries.len()
            || self
                .entries
                .iter()
                .zip(&entries)
                .any(|((a, old), (b, new))| a != b || old.record != new.record);
        self.entries = entries;
        self.ready = true;
        changed
    }

    /// The watch shows an object. Says whether a compile could see a difference.
    pub(crate) fn applied(&mut self, name: Arc<str>, version: u64, record: R) -> bool {
        self.seen = self.seen.max(version);
        self.unlisted.remove(&name);
        match self.entries.get_mut(&name) {
            Some(entry) if entry.version >= version => false,
            Some(entry) => {
                let changed = entry.gone || *entry.record != record;
                entry.version = version;
                entry.gone = false;
                if changed {
                    entry.record = Arc::new(record);
                }
                changed
            }
            None => {
                self.entries.insert(
                    name,
                    Entry {
                        version,
                        record: Arc::new(record),
                        gone: false,
                    },
                );
                true
            }
        }
    }

    /// The watch shows a deletion. Says whether a compile could see a difference.
    pub(crate) fn deleted(&mut self, name: &Arc<str>, version: u64) -> bool {
        self.seen = self.seen.max(version);
        self.unlisted.remove(name);
        if let Some(deletions) = &mut self.deletions {
            deletions.insert(Arc::clone(name), version);
        }
        if self.entries.get(name).is_none_or(|entry| entry.version > version) {
            return false;
        }
        self.entries.remove(name).is_some_and(|entry| !entry.gone)
    }

    /// The response to our own write.
    pub(crate) fn wrote(&mut self, name: &Arc<str>, version: u64, record: R) {
        let deleted = self.deletions.as_ref().and_then(|all| all.get(name));
        if deleted.is_some_and(|deleted| *deleted > version) {
            return;
        }
        if self.entries.get(name).is_none_or(|entry| entry.version < version) {
            self.entries.insert(
                Arc::clone(name),
                Entry {
                    version,
                    record: Arc::new(record),
                    gone: false,
                },
            );
        }
        if let Some(listing) = &mut self.listing {
            listing.written.insert(Arc::clone(name));
        }
    }

    /// A round begins: responses to its writes will come.
    pub(crate) fn round_begins(&mut self) {
        self.deletions = Some(BTreeMap::new());
    }

    /// The round ended: no response is on its way.
    pub(crate) fn round_ends(&mut self) {
        self.deletions = None;
    }

    /// Our own deletion was accepted.
    pub(crate) fn removed(&mut self, name: &str) {
        if let Some(entry) = self.entries.get_mut(name) {
            entry.gone = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[(&str, u64, u8)]) -> Table<u8> {
        let mut table = Table::default();
        table.list_begins();
        for &(name, version, record) in rows {
            table.listed(name.into(), version, record);
        }
        assert!(
            table.list_ends(),
            "the first list is a change: it makes the store ready"
        );
        table
    }

    fn rows(table: &Table<u8>) -> Vec<(&str, u64, u8)> {
        table
            .iter()
            .map(|(name, entry)| (&**name, entry.version, *entry.record))
            .collect()
    }

    #[test]
    fn an_older_event_never_undoes_our_write() {
        let mut table = table(&[("a", 1, 0)]);
        table.wrote(&"a".into(), 5, 2);
        assert!(!table.applied("a".into(), 3, 1));
        assert!(!table.deleted(&"a".into(), 4));
        assert!(!table.applied("a".into(), 5, 2), "the echo is no change");
        assert_eq!(rows(&table), [("a", 5, 2)]);
        assert!(table.applied("a".into(), 6, 3));
    }

    #[test]
    fn a_new_version_without_a_difference_is_no_change() {
        let mut table = table(&[("a", 1, 0)]);
        assert!(!table.applied("a".into(), 2, 0));
        assert_eq!(rows(&table), [("a", 2, 0)]);
    }

    #[test]
    fn a_list_that_began_before_our_write_does_not_undo_it() {
        let mut table = table(&[("a", 1, 0), ("b", 1, 0)]);
        table.list_begins();
        table.listed("a".into(), 1, 0);
        table.wrote(&"a".into(), 5, 2);
        table.wrote(&"b".into(), 6, 2);
        assert!(table.list_ends());
        assert_eq!(
            rows(&table),
            [("a", 5, 2)],
            "b was deleted before the list was made"
        );
        assert!(table.applied("b".into(), 6, 2), "or else the watch shows it");
    }

    #[test]
    fn a_late_response_does_not_bring_back_what_is_deleted() {
        let mut table = table(&[("a", 1, 0)]);
        table.round_begins();
        assert!(table.deleted(&"a".into(), 7));
        table.wrote(&"a".into(), 6, 1);
        assert!(rows(&table).is_empty());
        table.wrote(&"a".into(), 8, 1);
        assert_eq!(rows(&table), [("a", 8, 1)]);
    }

    /// A standby makes no rounds: what it kept would grow for ever.
    #[test]
    fn deletions_are_kept_during_a_round_only() {
        let mut table = table(&[("a", 1, 0), ("b", 1, 0)]);
        table.deleted(&"a".into(), 2);
        assert!(table.deletions.is_none());
        table.round_begins();
        table.deleted(&"b".into(), 3);
        assert_eq!(table.deletions.as_ref().map(BTreeMap::len), Some(1));
        table.round_ends();
        assert!(table.deletions.is_none());
    }

    #[test]
    fn what_a_list_was_too_early_for_stays_possible() {
        let possible = |table: &Table<u8>| table.possible().map(|record| **record).collect::<Vec<_>>();
        let written_during_a_list = || {
            let mut table = table(&[("a", 1, 0)]);
            table.list_begins();
            table.wrote(&"b".into(), 5, 2);
            table.listed("a".into(), 1, 0);
            assert!(table.list_ends());
            assert_eq!(rows(&table), [("a", 1, 0)]);
            assert_eq!(possible(&table), [0, 2]);
            table
        };
        let mut table = written_during_a_list();
        table.applied("b".into(), 6, 3);
        assert_eq!(possible(&table), [0, 3], "the watch shows it");
        let mut table = written_during_a_list();
        table.deleted(&"b".into(), 6);
        assert_eq!(possible(&table), [0], "or that it is gone");
        let mut table = written_during_a_list();
        table.list_begins();
        table.list_ends();
        assert!(possible(&table).is_empty(), "or a list that began after it");
    }

    #[test]
    fn a_list_may_go_back() {
        let mut table = table(&[("a", 9, 1)]);
        table.list_begins();
        table.listed("a".into(), 4, 0);
        assert!(table.list_ends());
        assert_eq!(rows(&table), [("a", 4, 0)]);
    }

    #[test]
    fn a_list_without_a_difference_is_no_change() {
        let mut table = table(&[("a", 1, 0)]);
        table.list_begins();
        table.listed("a".into(), 2, 0);
        assert!(!table.list_ends());
    }

    #[test]
    fn what_we_deleted_stays_away() {
        let mut table = table(&[("a", 1, 0)]);
        table.removed("a");
        assert!(rows(&table).is_empty());
        assert!(!table.applied("a".into(), 1, 0), "an event that was on its way");
        assert!(rows(&table).is_empty());
        assert!(!table.deleted(&"a".into(), 3));
        table.wrote(&"a".into(), 7, 1);
        assert_eq!(rows(&table), [("a", 7, 1)]);
    }

    #[test]
    fn only_the_watch_counts_as_seen() {
        let mut table = table(&[("a", 3, 0)]);
        table.wrote(&"a".into(), 9, 1);
        assert_eq!(table.seen(), 3);
        table.applied("b".into(), 7, 0);
        assert_eq!(table.seen(), 7);
    }
}
