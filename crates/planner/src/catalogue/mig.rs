//! MIG: the instances that one GPU can be cut into.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a GPU can be cut; one that is not MIG-capable has no profiles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Mig {
    /// Compute slices that instances can share out.
    pub compute_slices: u8,
    /// Memory slices that they can share out.
    pub memory_slices: u8,
    /// The profiles.
    pub profiles: Vec<MigProfile>,
    /// The document, and where in it.
    pub source: String,
}

/// A profile of one GPU; the same name can mean something else on another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MigProfile {
    /// Its name as `nvidia-smi mig -lgip` prints it.
    pub name: String,
    /// Names that other boards of the model print for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Compute slices of one instance.
    pub compute_slices: u8,
    /// Memory slices of one instance.
    pub memory_slices: u8,
    /// The most instances of this profile on one GPU.
    pub max: u8,
    /// Memory slices that an instance can begin at, where they are documented.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub starts: Vec<u8>,
}

impl fmt::Display for MigProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} compute, {} memory, at most {}",
            self.name, self.compute_slices, self.memory_slices, self.max
        )?;
        if !self.aliases.is_empty() {
            write!(f, "; also {}", self.aliases.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::catalogue::gpus;

    /// `gb = round(f x G)` with `G` the memory in GiB, rounded up, and `f` the share of it in eighths, rounded up
    /// (mig-parted, go-nvlib `mig_profile.go`); checked against each 8-slice board whose memory is known.
    #[test]
    fn names_follow_from_the_memory() {
        let mut checked = 0;
        for (board, gpu) in gpus() {
            let Some(memory) = gpu.memory_mib.as_ref().filter(|_| gpu.mig.memory_slices == 8) else {
                continue;
            };
            let gib = memory.value.div_ceil(1024);
            for profile in &gpu.mig.profiles {
                // Rounding half away from zero, in eighths.
                let gb = (u32::from(profile.memory_slices) * gib * 2 + 8) / 16;
                let name = format!("{}g.{gb}gb", profile.compute_slices);
                assert_eq!(profile.name.trim_end_matches("+me"), name, "{board}");
            }
            checked += 1;
        }
        assert_eq!(checked, 14);
    }
}
