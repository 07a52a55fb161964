//! Which versions of kernel, driver, OFED and storage clients go together.

use std::collections::BTreeMap;
use std::fmt;

use rackwright_api::{CompatibilityRow, Component, ComponentRange, Feature};
use serde_json::{Map, Value};

use super::entry::{Entry, Fact};

/// Reads the rows; the name of each is its key. A test proves that the file can be read.
pub(super) fn read(text: &str) -> BTreeMap<String, CompatibilityRow> {
    let rows: BTreeMap<String, Map<String, Value>> = serde_json::from_str(text).unwrap_or_default();
    let row = |(name, mut row): (String, Map<String, Value>)| {
        row.insert("name".to_owned(), Value::String(name.clone()));
        Some((name, serde_json::from_value(Value::Object(row)).ok()?))
    };
    rows.into_iter().filter_map(row).collect()
}

/// A range of versions in words: `from 7.4, before 7.4.6`.
pub(crate) struct Range<'a> {
    /// The first version in it.
    pub from: Option<&'a str>,
    /// The first version behind it.
    pub before: Option<&'a str>,
}

impl fmt::Display for Range<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.from, self.before) {
            (Some(from), Some(before)) => write!(f, "from {from}, before {before}"),
            (Some(from), None) => write!(f, "from {from}"),
            (None, Some(before)) => write!(f, "before {before}"),
            (None, None) => f.write_str("any"),
        }
    }
}

/// What a row allows of its component.
pub(crate) fn allowed(row: &CompatibilityRow) -> String {
    let whole = Range {
        from: row.from.as_ref().map(AsRef::as_ref),
        before: row.before.as_ref().map(AsRef::as_ref),
    };
    let holes = row.excluded.iter().map(|hole| Range {
        from: Some(hole.from.as_str()),
        before: Some(hole.before.as_str()),
    });
    let parts: Vec<String> = std::iter::once(whole.to_string())
        .chain(holes.map(|hole| format!("not {hole}")))
        .collect();
    parts.join("; ")
}

/// A component in words.
pub(crate) fn component(component: Component) -> &'static str {
    match component {
        Component::Kernel => "kernel",
        Component::Driver => "GPU driver",
        Component::OFED => "OFED",
        Component::Lustre => "Lustre client",
        Component::Weka => "Weka client",
        Component::BeeGFS => "BeeGFS client",
    }
}

/// A feature in words.
pub(crate) fn feature(feature: Feature) -> &'static str {
    match feature {
        Feature::ComputeDomains => "ComputeDomains",
        Feature::GPUDirectStorage => "GPUDirect Storage",
        Feature::Lustre => "Lustre",
        Feature::Weka => "WekaFS",
        Feature::BeeGFS => "BeeGFS",
        Feature::NFSOverRDMA => "NFS over RDMA",
    }
}

fn condition(condition: &ComponentRange) -> String {
    let range = Range {
        from: condition.from.as_ref().map(AsRef::as_ref),
        before: condition.before.as_ref().map(AsRef::as_ref),
    };
    format!("{} {range}", component(condition.component))
}

impl Entry for CompatibilityRow {
    const KIND: &'static str = "compatibility";
    const KINDS: &'static str = "compatibility";

    fn facts(&self) -> Vec<Fact<'_>> {
        let Self {
            before: _,
            component: judged,
            excluded: _,
            from: _,
            name: _,
            reason,
            source,
            when,
            when_features,
        } = self;
        let source = source.as_ref().map_or("", AsRef::as_ref);
        let features = when_features.iter().map(|used| feature(*used).to_owned());
        let conditions: Vec<String> = features.chain(when.iter().map(condition)).collect();
        let fact = |label, value| Fact { label, value, source };
        vec![
            fact(component(*judged), allowed(self)),
            fact("with", conditions.join(", ")),
            fact("because", reason.to_string()),
        ]
    }
}
