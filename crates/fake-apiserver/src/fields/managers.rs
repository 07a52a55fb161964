//! `metadata.managedFields`: who owns which fields.

use serde_json::{Value, json};

use super::set::Set;

/// A writer, as `managedFields` tells writers apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Who {
    /// `Apply` or `Update`; `Apply` sorts first, as the server lists it.
    pub(crate) operation: &'static str,
    /// The field manager's name.
    pub(crate) manager: String,
    /// The version that the writer spoke.
    pub(crate) api_version: String,
    /// `status`, or empty.
    pub(crate) subresource: String,
}

/// One entry.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) who: Who,
    /// When the writer last changed something; empty if it only ever agreed with what was there.
    pub(crate) time: String,
    pub(crate) fields: Set,
}

/// All entries of an object.
#[derive(Clone, Debug, Default)]
pub(crate) struct Managers(pub(crate) Vec<Entry>);

impl Managers {
    /// Reads the entries of an object.
    pub(crate) fn of(object: &Value) -> Self {
        let text = |entry: &Value, name: &str| {
            entry
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let entries = object
            .pointer("/metadata/managedFields")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        Self(
            entries
                .map(|entry| Entry {
                    who: Who {
                        operation: if text(entry, "operation") == "Apply" {
                            "Apply"
                        } else {
                            "Update"
                        },
                        manager: text(entry, "manager"),
                        api_version: text(entry, "apiVersion"),
                        subresource: text(entry, "subresource"),
                    },
                    time: text(entry, "time"),
                    fields: entry.get("fieldsV1").map(Set::from_json).unwrap_or_default(),
                })
                .collect(),
        )
    }

    /// The fields that `who` owns.
    pub(crate) fn get(&self, who: &Who) -> Option<&Set> {
        self.0
            .iter()
            .find(|entry| entry.who == *who)
            .map(|entry| &entry.fields)
    }

    /// When `who` last changed something.
    fn time_of(&self, who: &Who) -> String {
        self.0
            .iter()
            .find(|entry| entry.who == *who)
            .map(|entry| entry.time.clone())
            .unwrap_or_default()
    }

    /// Puts the time of `who` back to what it was: it changed nothing.
    pub(crate) fn keep_time(&mut self, who: &Who, before: &Self) {
        let time = before.time_of(who);
        for entry in self.0.iter_mut().filter(|entry| entry.who == *who) {
            entry.time.clone_from(&time);
        }
    }

    /// Replaces the fields of `who`; an empty set ends the entry.
    pub(crate) fn put(&mut self, who: &Who, fields: Set, time: &str) {
        self.0.retain(|entry| entry.who != *who);
        if !fields.is_empty() {
            self.0.push(Entry {
                who: who.clone(),
                time: time.to_owned(),
                fields,
            });
        }
    }

    /// Whether the owners and their fields are the same, whatever the times.
    pub(crate) fn same_owners(&self, other: &Self) -> bool {
        let sorted = |managers: &Self| {
            let mut list: Vec<(Who, Value)> = managers
                .0
                .iter()
                .map(|entry| (entry.who.clone(), entry.fields.to_json()))
                .collect();
            list.sort_by(|a, b| a.0.cmp(&b.0));
            list
        };
        sorted(self) == sorted(other)
    }

    /// Writes the entries into an object, in the server's order.
    pub(crate) fn write(mut self, object: &mut Value) {
        let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
            return;
        };
        if self.0.is_empty() {
            metadata.remove("managedFields");
            return;
        }
        self.0
            .sort_by(|a, b| (a.who.operation, &a.time, &a.who).cmp(&(b.who.operation, &b.time, &b.who)));
        let entries = self.0.into_iter().map(|entry| {
            let mut json = json!({
                "manager": entry.who.manager, "operation": entry.who.operation, "apiVersion": entry.who.api_version,
                "fieldsType": "FieldsV1", "fieldsV1": entry.fields.to_json(),
            });
            if !entry.time.is_empty() {
                json["time"] = entry.time.into();
            }
            if !entry.who.subresource.is_empty() {
                json["subresource"] = entry.who.subresource.into();
            }
            json
        });
        metadata.insert("managedFields".to_owned(), entries.collect());
    }
}
