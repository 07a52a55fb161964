//! Sets of names.

use crate::error::{NameError, ParseError};
use crate::fold::fold;
use crate::limits::Limits;
use crate::list::Hostlist;
use crate::natural::natural_cmp;
use crate::parse::check_name;
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// A set of names in [natural order](natural_cmp). Displays folded: `a[001-004,006],b3`.
///
/// The folded form holds no steps, which Slurm does not read, and reads back as an equal set. Names that differ in
/// several numbers are folded number by number from the last: exact and deterministic, not always the shortest.
///
/// A name that comes several times in what a set is made from is in it once.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct HostSet {
    /// All names, one behind the other: two allocations for a set of any size.
    text: String,
    /// Where each name ends in `text`.
    ends: Vec<usize>,
}

impl HostSet {
    /// The empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// The set of some names. Each is one name as it is; brackets and commas are refused.
    pub fn from_names<I>(names: I) -> Result<Self, NameError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let mut set = Self::new();
        for name in names {
            let name = name.as_ref();
            check_name(name).map_err(|error| NameError {
                name: name.to_owned(),
                error,
            })?;
            set.push(name);
        }
        Ok(set.sorted())
    }

    /// Reads a hostlist within limits of the caller's choice; [`FromStr`] takes the default ones.
    pub fn parse(text: &str, limits: &Limits) -> Result<Self, ParseError> {
        Hostlist::parse(text, limits).map(|list| Self::from(&list))
    }

    /// How many names.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no name.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The names in natural order.
    pub fn iter(&self) -> HostSetIter<'_> {
        HostSetIter { set: self, next: 0 }
    }

    /// Whether `name` is in the set.
    pub fn contains(&self, name: &str) -> bool {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            match natural_cmp(self.name(middle), name) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return true,
            }
        }
        false
    }

    /// Whether every name is in `other` too.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.len() <= other.len() && Merge::new(self, other).all(|(_, origin)| origin != Origin::Left)
    }

    /// The names in this set or in `other`.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.select(other, |_| true)
    }

    /// The names in both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.select(other, |origin| origin == Origin::Both)
    }

    /// The names in this set and not in `other`.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.select(other, |origin| origin == Origin::Left)
    }

    /// The names in exactly one of the two sets.
    #[must_use]
    pub fn symmetric_difference(&self, other: &Self) -> Self {
        self.select(other, |origin| origin != Origin::Both)
    }

    /// The folded form. Its items come in natural order of their first names.
    pub fn fold(&self) -> Hostlist {
        fold(self.iter())
    }

    fn select(&self, other: &Self, keep: impl Fn(Origin) -> bool) -> Self {
        let mut set = Self::new();
        for (name, origin) in Merge::new(self, other) {
            if keep(origin) {
                set.push(name);
            }
        }
        set
    }

    fn push(&mut self, name: &str) {
        self.text.push_str(name);
        self.ends.push(self.text.len());
    }

    fn name(&self, index: usize) -> &str {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[index]]
    }

    /// Brings pushed names into the order of a set and drops repeated ones.
    fn sorted(self) -> Self {
        if self.iter().is_sorted_by(|a, b| natural_cmp(a, b).is_lt()) {
            return self;
        }
        let mut names: Vec<&str> = self.iter().collect();
        names.sort_unstable_by(|a, b| natural_cmp(a, b));
        names.dedup();
        let mut set = Self::new();
        for name in names {
            set.push(name);
        }
        set
    }
}

impl From<&Hostlist> for HostSet {
    fn from(list: &Hostlist) -> Self {
        let mut set = Self::new();
        list.for_each(|name| set.push(name));
        set.sorted()
    }
}

impl FromStr for HostSet {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::parse(text, &Limits::default())
    }
}

impl fmt::Display for HostSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fold().fmt(f)
    }
}

impl fmt::Debug for HostSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostSet({self})")
    }
}

/// The names of a [`HostSet`] in natural order.
#[derive(Debug, Clone)]
pub struct HostSetIter<'a> {
    set: &'a HostSet,
    next: usize,
}

impl<'a> Iterator for HostSetIter<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.next == self.set.len() {
            return None;
        }
        self.next += 1;
        Some(self.set.name(self.next - 1))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.set.len() - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for HostSetIter<'_> {}
impl std::iter::FusedIterator for HostSetIter<'_> {}

impl<'a> IntoIterator for &'a HostSet {
    type Item = &'a str;
    type IntoIter = HostSetIter<'a>;

    fn into_iter(self) -> HostSetIter<'a> {
        self.iter()
    }
}

/// Which of two sets holds a name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Left,
    Right,
    Both,
}

/// The names of two sets in order, each once.
struct Merge<'a> {
    left: std::iter::Peekable<HostSetIter<'a>>,
    right: std::iter::Peekable<HostSetIter<'a>>,
}

impl<'a> Merge<'a> {
    fn new(left: &'a HostSet, right: &'a HostSet) -> Self {
        Self {
            left: left.iter().peekable(),
            right: right.iter().peekable(),
        }
    }
}

impl<'a> Iterator for Merge<'a> {
    type Item = (&'a str, Origin);

    fn next(&mut self) -> Option<Self::Item> {
        let origin = match (self.left.peek(), self.right.peek()) {
            (Some(left), Some(right)) => match natural_cmp(left, right) {
                Ordering::Less => Origin::Left,
                Ordering::Greater => Origin::Right,
                Ordering::Equal => Origin::Both,
            },
            (Some(_), None) => Origin::Left,
            (None, _) => Origin::Right,
        };
        let name = match origin {
            Origin::Left => self.left.next(),
            Origin::Right => self.right.next(),
            Origin::Both => {
                self.right.next();
                self.left.next()
            }
        };
        name.map(|name| (name, origin))
    }
}
