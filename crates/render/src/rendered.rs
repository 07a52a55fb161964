//! The shapes of what is rendered.

use rackwright_api::{AbsolutePath, ModelPattern, Name, PciAddress, Wipe};
use serde::Serialize;

use crate::systemd;

/// What one node must become on its host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rendered {
    /// Files other than units, by path.
    pub files: Vec<File>,
    /// Arguments of the kernel in their order. Whoever writes them deletes the ones that we added before and appends these
    /// (node-config 2.1): an ordered list with legal repeats cannot be merged.
    pub kernel_arguments: Vec<String>,
    /// File systems on devices of the node itself, by mount point.
    pub local_tiers: Vec<LocalTier>,
    /// What the profile says and the host does not get from here.
    pub notes: Vec<Note>,
    /// systemd units, by name; drop-ins behind the unit that they belong to.
    pub units: Vec<Unit>,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct File {
    /// Its content, with a line break at the end.
    pub content: String,
    /// The fields that it comes from, as paths below the profile's spec or, with `facts.`, below the NodeConfig's.
    pub fields: Vec<String>,
    /// Permission bits.
    pub mode: u32,
    /// Its absolute path.
    pub path: String,
}

/// One thing about one systemd unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unit {
    /// What about it.
    pub content: UnitContent,
    /// The fields that it comes from, as paths below the profile's spec.
    pub fields: Vec<String>,
    /// The unit with its suffix.
    pub name: String,
    /// Whether a running unit must be restarted (a mount: unmounted and mounted) to take a change.
    pub restart: bool,
}

/// What is done about a unit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum UnitContent {
    /// Somebody else's unit is enabled.
    Enabled,
    /// A unit of ours, enabled.
    Own {
        /// The unit file.
        text: String,
    },
    /// A drop-in of somebody else's unit.
    DropIn {
        /// The name of the drop-in, with `.conf`.
        file: &'static str,
        /// The drop-in.
        text: String,
    },
    /// Nobody may start it: the unit is a link to `/dev/null` (node-config 4.4).
    Masked,
}

impl Unit {
    /// Where its file lies; none where somebody else's unit is only enabled.
    pub fn path(&self) -> Option<String> {
        match &self.content {
            UnitContent::Enabled => None,
            UnitContent::Own { .. } | UnitContent::Masked => {
                Some(format!("{}/{}", systemd::UNITS, self.name))
            }
            UnitContent::DropIn { file, .. } => Some(format!("{}/{}.d/{file}", systemd::UNITS, self.name)),
        }
    }
}

/// Something that the profile says and the host does not get from here.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    /// The field.
    pub field: String,
    /// Why, and who does it.
    pub text: String,
}

/// A file system on devices of the node itself. Which devices they are, and that they are blank or may be wiped, only the
/// host can say (node-config 3.1): what is here is what to do with them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LocalTier {
    /// Makes the array, as an argument vector; none where the tier is one device without RAID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_array: Option<Vec<Argument>>,
    /// The path under which the file system is found at every boot: by its UUID, which is of this node and this tier.
    pub device: String,
    /// Makes the file system, as an argument vector.
    pub make_file_system: Vec<Argument>,
    /// The devices.
    pub members: Members,
    /// Where it is mounted.
    pub mount_point: AbsolutePath,
    /// The tier.
    pub tier: Name,
    /// Its mount unit.
    pub unit: String,
    /// A directory to make once, after the new file system is mounted for the first time and never without: there a
    /// PersistentVolume of the tier lies.
    pub volume: String,
    /// Whether devices with old content may be wiped.
    pub wipe: Wipe,
}

/// Devices by what they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Members {
    /// How many.
    pub count: u8,
    /// Their model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelPattern>,
    /// The slots that they sit in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pci_addresses: Vec<PciAddress>,
}

/// One argument of a program, never passed through a shell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", untagged)]
pub enum Argument {
    /// A text.
    Text(String),
    /// The path of a member, once the host knows it; counted from 0.
    Member {
        /// Which member.
        member: u8,
    },
}

impl Argument {
    /// Argument vectors from texts.
    pub(crate) fn texts<const N: usize>(texts: [&str; N]) -> Vec<Self> {
        texts
            .into_iter()
            .map(|text| Self::Text(text.to_owned()))
            .collect()
    }
}
