//! The API server's audit log: what was really asked of it, by whom.

use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

use anyhow::Context;
use serde::Deserialize;

/// One request, as the audit log has it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// create, update, patch, delete, deletecollection, …
    pub verb: String,
    user: User,
    object_ref: Option<ObjectRef>,
    response_status: Option<Status>,
}

#[derive(Debug, Clone, Deserialize)]
struct User {
    username: String,
}

#[derive(Debug, Clone, Deserialize)]
struct ObjectRef {
    #[serde(default)]
    resource: String,
    subresource: Option<String>,
    name: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Status {
    code: Option<u16>,
}

impl Entry {
    /// Who asked.
    pub fn user(&self) -> &str {
        &self.user.username
    }

    /// `nodeconfigs`, `gpupools/status`.
    pub fn resource(&self) -> String {
        match &self.object_ref {
            Some(ObjectRef {
                resource,
                subresource: Some(sub),
                ..
            }) => format!("{resource}/{sub}"),
            Some(object) => object.resource.clone(),
            None => String::new(),
        }
    }

    /// The object's name.
    pub fn name(&self) -> &str {
        self.object_ref
            .as_ref()
            .and_then(|object| object.name.as_deref())
            .unwrap_or_default()
    }

    /// The HTTP status.
    pub fn code(&self) -> u16 {
        self.response_status
            .as_ref()
            .and_then(|status| status.code)
            .unwrap_or_default()
    }
}

/// The log, from a moment on.
pub struct Audit {
    path: PathBuf,
    from: u64,
}

impl Audit {
    /// Everything from now on.
    pub fn from_now() -> anyhow::Result<Self> {
        let path = PathBuf::from(crate::variable("RACKWRIGHT_AUDIT_LOG")?);
        let from = std::fs::metadata(&path)
            .with_context(|| format!("reading {}", path.display()))?
            .len();
        Ok(Self { path, from })
    }

    /// The mutating requests of one user. Leases (leadership) and events (messages) are not part of what the issue of
    /// writes is about, and are left out here; [`Audit::all`] has them.
    pub fn writes(&self, user: &str) -> anyhow::Result<Vec<Entry>> {
        let aside = ["leases", "events"];
        Ok(self
            .all()?
            .into_iter()
            .filter(|entry| entry.user() == user && !aside.contains(&entry.resource().as_str()))
            .collect())
    }

    /// All mutating requests.
    pub fn all(&self) -> anyhow::Result<Vec<Entry>> {
        let mut file = std::fs::File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.from))?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let entries: Result<Vec<Entry>, _> = text.lines().map(serde_json::from_str).collect();
        let mutating = ["create", "update", "patch", "delete", "deletecollection"];
        Ok(entries
            .context("reading the audit log")?
            .into_iter()
            .filter(|entry| mutating.contains(&entry.verb.as_str()))
            .collect())
    }
}

/// Requests counted by verb and resource: `create nodeconfigs` -> 128.
pub fn counts(entries: &[Entry]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for entry in entries {
        *counts
            .entry(format!("{} {}", entry.verb, entry.resource()))
            .or_default() += 1;
    }
    counts
}
