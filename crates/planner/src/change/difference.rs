//! One field that differs, and how differences are collected.

use std::collections::BTreeMap;

use rackwright_api::ActionClass;
use serde::Serialize;
use serde_json::Value;

use super::fields::{Field, Turn};

/// One field that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The field: `gpu.driver.version`, `rails[3].ipv4`, `mounts["/scratch"].nfs.server`.
    pub path: String,
    /// What it was; none where it was absent.
    pub old: Option<Value>,
    /// What it becomes; none where it is taken away.
    pub new: Option<Value>,
    /// Its row in the action-class table.
    pub field: &'static Field,
}

impl Difference {
    /// Set, changed or taken away.
    pub fn turn(&self) -> Turn {
        match (&self.old, &self.new) {
            (None, _) => Turn::Set,
            (Some(_), Some(_)) => Turn::Change,
            (Some(_), None) => Turn::Unset,
        }
    }

    /// What it does to a node.
    pub fn class(&self) -> ActionClass {
        self.field.class(self.turn())
    }
}

/// The gravest class of differences.
pub(super) fn gravest<'a>(differences: impl IntoIterator<Item = &'a Difference>) -> ActionClass {
    let classes = differences.into_iter().map(Difference::class);
    classes.max().unwrap_or(ActionClass::None)
}

/// One thing in the old and in the new object; absent where what holds it is.
pub(super) type Pair<'a, T> = (Option<&'a T>, Option<&'a T>);

/// A pair whose absence is written as an absent field.
pub(super) fn present<T>((old, new): Pair<'_, Option<T>>) -> Pair<'_, T> {
    (old.and_then(Option::as_ref), new.and_then(Option::as_ref))
}

/// Takes a pair of structures apart into a pair of each field. Every field must be named: a new one does not compile until
/// it is, and one that is named and not compared is an unused variable. Fields after the semicolon are the key by which the
/// pair was found: they are equal.
macro_rules! take_apart {
    ($pair:expr => $type:ident { $($field:ident),* $(; $($key:ident),+)? }) => {
        let (old, new): Pair<'_, $type> = $pair;
        if let Some($type { $($field: _,)* $($($key: _),+)? }) = new {}
        $(let $field = (old.map(|old| &old.$field), new.map(|new| &new.$field));)*
    };
}

pub(super) use take_apart;

/// Collects differences.
#[derive(Debug, Default)]
pub(super) struct Differences(pub Vec<Difference>);

impl Differences {
    /// Compares one field; `keys` go into its path.
    pub fn field<T: PartialEq + Serialize>(
        &mut self,
        field: &'static Field,
        keys: &[&str],
        (old, new): Pair<'_, T>,
    ) {
        if old != new {
            self.push(field, keys, old.map(value), new.map(value));
        }
    }

    /// Compares one list as a whole; an empty one is an absent one.
    pub fn list<T: PartialEq + Serialize>(
        &mut self,
        field: &'static Field,
        keys: &[&str],
        (old, new): Pair<'_, Vec<T>>,
    ) {
        let there = |list: &&Vec<T>| !list.is_empty();
        self.field(field, keys, (old.filter(there), new.filter(there)));
    }

    /// Compares one item that stands in one of two lists only; true where it stands in both.
    pub fn both<T: PartialEq + Serialize>(
        &mut self,
        field: &'static Field,
        keys: &[&str],
        pair: Pair<'_, T>,
    ) -> bool {
        let both = pair.0.is_some() == pair.1.is_some();
        if !both {
            self.field(field, keys, pair);
        }
        both
    }

    /// Takes a difference that is known to be one.
    pub fn push(&mut self, field: &'static Field, keys: &[&str], old: Option<Value>, new: Option<Value>) {
        self.0.push(Difference {
            path: field.at(keys),
            old,
            new,
            field,
        });
    }
}

/// A field as JSON. Every type of the API serialises: its maps have text keys and it holds no floating-point number.
fn value<T: Serialize>(field: &T) -> Value {
    serde_json::to_value(field).unwrap_or(Value::Null)
}

/// Two lists whose items have a key, side by side, in the order of the keys.
pub(super) fn by_key<'a, T, K: Ord>(
    pair: Pair<'a, Vec<T>>,
    key: impl Fn(&'a T) -> K,
) -> BTreeMap<K, Pair<'a, T>> {
    let mut pairs: BTreeMap<K, Pair<'_, T>> = BTreeMap::new();
    for item in pair.0.into_iter().flatten() {
        pairs.entry(key(item)).or_default().0 = Some(item);
    }
    for item in pair.1.into_iter().flatten() {
        pairs.entry(key(item)).or_default().1 = Some(item);
    }
    pairs
}

/// Two maps side by side.
pub(super) fn joined<V>((old, new): Pair<'_, BTreeMap<String, V>>) -> BTreeMap<&str, Pair<'_, V>> {
    let mut pairs: BTreeMap<&str, Pair<'_, V>> = BTreeMap::new();
    for (key, value) in old.into_iter().flatten() {
        pairs.entry(key).or_default().0 = Some(value);
    }
    for (key, value) in new.into_iter().flatten() {
        pairs.entry(key).or_default().1 = Some(value);
    }
    pairs
}
