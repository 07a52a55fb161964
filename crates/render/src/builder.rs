//! Collects what is rendered, and notices when two fields want the same place.

use std::collections::BTreeMap;

use rackwright_api::AbsolutePath;

use crate::{File, LocalTier, Note, RenderError, RenderErrors, Rendered, Unit, UnitContent};

/// The first line of every file of ours that knows comments.
pub(crate) const HEADER: &str =
    "# Written by Rackwright from the node's NodeProfile; edits are overwritten.\n";

#[derive(Debug, Default)]
pub(crate) struct Builder {
    files: BTreeMap<String, File>,
    units: BTreeMap<(String, UnitSlot), Unit>,
    local_tiers: BTreeMap<AbsolutePath, LocalTier>,
    pub kernel_arguments: Vec<String>,
    notes: Vec<Note>,
    errors: Vec<RenderError>,
}

/// Things about a unit that exclude one another: one file or mask or enablement, and any number of drop-ins by name.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum UnitSlot {
    Itself,
    DropIn(&'static str),
}

impl Builder {
    /// A file that everybody may read, behind our header.
    pub fn file(&mut self, path: impl Into<String>, body: &str, fields: &[&str]) {
        self.plain_file(path, format!("{HEADER}{body}"), fields);
    }

    /// A file that everybody may read, without our header.
    pub fn plain_file(&mut self, path: impl Into<String>, content: String, fields: &[&str]) {
        let path = path.into();
        let file = File {
            content,
            fields: fields.iter().map(|&field| field.to_owned()).collect(),
            mode: 0o644,
            path: path.clone(),
        };
        let held = self.files.get(&path).map(|file| file.fields.join(", "));
        match held {
            Some(other) => self.two_owners(fields.join(", "), other, path),
            None => drop(self.files.insert(path, file)),
        }
    }

    /// A unit, or one thing about it.
    pub fn unit(&mut self, name: impl Into<String>, content: UnitContent, fields: &[&str]) {
        let name = name.into();
        let slot = match &content {
            UnitContent::DropIn { file, .. } => UnitSlot::DropIn(file),
            UnitContent::Enabled | UnitContent::Own { .. } | UnitContent::Masked => UnitSlot::Itself,
        };
        let key = (name.clone(), slot);
        if let Some(other) = self.units.get(&key).map(|unit| unit.fields.join(", ")) {
            return self.two_owners(fields.join(", "), other, name);
        }
        let restart = content != UnitContent::Masked;
        let fields = fields.iter().map(|&field| field.to_owned()).collect();
        self.units.insert(
            key,
            Unit {
                content,
                fields,
                name,
                restart,
            },
        );
    }

    /// A unit file of ours, behind our header.
    pub fn own_unit(&mut self, name: impl Into<String>, body: &str, fields: &[&str]) {
        let text = format!("{HEADER}{body}");
        self.unit(name, UnitContent::Own { text }, fields);
    }

    /// A drop-in, behind our header.
    pub fn drop_in(&mut self, unit: impl Into<String>, file: &'static str, body: &str, fields: &[&str]) {
        let text = format!("{HEADER}{body}");
        self.unit(unit, UnitContent::DropIn { file, text }, fields);
    }

    /// A file system on the node's own devices.
    pub fn local_tier(&mut self, tier: LocalTier) {
        // Two tiers at one mount point have one unit, which says so.
        self.local_tiers.insert(tier.mount_point.clone(), tier);
    }

    /// What the profile says and the host does not get from here.
    pub fn note(&mut self, field: impl Into<String>, text: impl Into<String>) {
        self.notes.push(Note {
            field: field.into(),
            text: text.into(),
        });
    }

    /// A value that the artifact cannot hold.
    pub fn refuse(
        &mut self,
        field: impl Into<String>,
        value: impl Into<String>,
        artifact: &'static str,
        why: &'static str,
    ) {
        self.errors.push(RenderError::Inexpressible {
            field: field.into(),
            value: value.into(),
            artifact,
            why,
        });
    }

    /// Two fields that set one thing.
    pub fn two_owners(&mut self, field: String, other: impl Into<String>, what: impl Into<String>) {
        self.errors.push(RenderError::TwoOwners {
            field,
            other: other.into(),
            what: what.into(),
        });
    }

    /// Everything, or everything that is wrong.
    pub fn finish(mut self) -> Result<Rendered, RenderErrors> {
        if !self.errors.is_empty() {
            self.errors.sort();
            self.errors.dedup();
            return Err(RenderErrors(self.errors));
        }
        self.notes.sort();
        Ok(Rendered {
            files: self.files.into_values().collect(),
            kernel_arguments: self.kernel_arguments,
            local_tiers: self.local_tiers.into_values().collect(),
            notes: self.notes,
            units: self.units.into_values().collect(),
        })
    }
}
