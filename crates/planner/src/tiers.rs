//! Storage tiers as pools mount them, and what the rules about them share.

use rackwright_api::{
    BeeGfs, Devices, GPUPoolSpec, InfiniBandFabricSpec, LocalNvme, Lustre, Nfs, Provisioner, StorageTierSpec,
    Transport, Weka,
};
use rackwright_manifest::Path;

use crate::finding::at;
use crate::glob;
use crate::input::{Intent, Kind, ObjectRef};
use crate::model::Model;

/// What a tier is. A tier is exactly one of these: the schema refuses others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum FileSystem<'a> {
    Local(&'a LocalNvme),
    Nfs(&'a Nfs),
    Lustre(&'a Lustre),
    Weka(&'a Weka),
    BeeGfs(&'a BeeGfs),
}

impl<'a> FileSystem<'a> {
    pub fn of(tier: &'a StorageTierSpec) -> Option<Self> {
        let local = tier.local_nvme.as_ref().map(Self::Local);
        local
            .or(tier.nfs.as_ref().map(Self::Nfs))
            .or(tier.lustre.as_ref().map(Self::Lustre))
            .or(tier.weka.as_ref().map(Self::Weka))
            .or(tier.beegfs.as_ref().map(Self::BeeGfs))
    }

    /// The field of the tier that it stands in.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Local(_) => "localNVMe",
            Self::Nfs(_) => "nfs",
            Self::Lustre(_) => "lustre",
            Self::Weka(_) => "weka",
            Self::BeeGfs(_) => "beegfs",
        }
    }

    pub const fn is_local(self) -> bool {
        matches!(self, Self::Local(_))
    }

    /// Where the tier says that it travels on RDMA, as a place and what stands there.
    pub fn rdma(self) -> Option<(Path, String)> {
        let transport = |field: &str, transport: Transport| {
            (transport == Transport::RDMA)
                .then(|| (at!("spec", field, "transport"), "transport RDMA".to_owned()))
        };
        match self {
            Self::Local(_) | Self::Weka(_) => None,
            Self::Nfs(nfs) => transport("nfs", nfs.transport),
            Self::BeeGfs(beegfs) => transport("beegfs", beegfs.transport),
            Self::Lustre(lustre) => {
                let mut nids = lustre.management_servers.iter();
                let at = nids.position(|nid| nid.network().starts_with("o2ib"))?;
                let nid = &lustre.management_servers[at];
                Some((
                    at!("spec", "lustre", "managementServers", at),
                    format!("the NID {nid}"),
                ))
            }
        }
    }
}

/// A tier in the list of a pool.
pub(crate) struct Mounting<'a> {
    /// The number of the pool.
    pub number: u32,
    pub pool: &'a Intent<GPUPoolSpec>,
    /// Its place in the pool's `spec.storage`.
    pub at: usize,
    pub tier: &'a Intent<StorageTierSpec>,
}

impl Mounting<'_> {
    pub fn pool_object(&self) -> ObjectRef {
        ObjectRef::new(Kind::GPUPool, &self.pool.name)
    }

    pub fn tier_object(&self) -> ObjectRef {
        object(self.tier)
    }

    /// Where the pool names the tier.
    pub fn path(&self) -> Path {
        at!("spec", "storage", self.at, "tier")
    }
}

/// A tier as an object.
pub(crate) fn object(tier: &Intent<StorageTierSpec>) -> ObjectRef {
    ObjectRef::new(Kind::StorageTier, &tier.name)
}

/// The tiers of one pool that are there, in the order that the pool names them.
pub(crate) fn of_pool<'a>(model: &Model<'a>, number: u32) -> Vec<Mounting<'a>> {
    let pool = model.pools[number as usize];
    let used = pool.spec.storage.iter().enumerate();
    used.filter_map(|(at, used)| {
        let found = model.tiers.binary_search_by(|tier| tier.name.cmp(&used.tier));
        Some(Mounting {
            number,
            pool,
            at,
            tier: model.tiers[found.ok()?],
        })
    })
    .collect()
}

/// Every tier of every pool.
pub(crate) fn mountings<'a>(model: &Model<'a>) -> Vec<Mounting<'a>> {
    (0..model.pools.len() as u32)
        .flat_map(|number| of_pool(model, number))
        .collect()
}

/// The fabric that a tier travels on, where it is there.
pub(crate) fn fabric_of<'a>(
    model: &Model<'a>,
    tier: &StorageTierSpec,
) -> Option<&'a Intent<InfiniBandFabricSpec>> {
    let name = tier.fabric.as_ref()?;
    let found = model.fabrics.binary_search_by(|fabric| fabric.name.cmp(name));
    Some(model.fabrics[found.ok()?])
}

/// Whether a program in the cluster owns the tier's devices as a volume group.
pub(crate) fn owns_volume_group(tier: &StorageTierSpec) -> bool {
    tier.kubernetes
        .as_ref()
        .is_some_and(|kubernetes| matches!(kubernetes.provisioner, Provisioner::TopoLVM | Provisioner::LVMS))
}

/// Whether one device can be among both selections. A device has one address and one model, so one difference is enough.
pub(crate) fn devices_meet(one: &Devices, other: &Devices) -> bool {
    let models = match (&one.model, &other.model) {
        (Some(a), Some(b)) => glob::meet(a.as_str(), b.as_str()),
        _ => true,
    };
    let (a, b) = (&one.pci_addresses, &other.pci_addresses);
    models && (a.is_empty() || b.is_empty() || a.iter().any(|address| b.contains(address)))
}

/// Whether a path lies below another one.
pub(crate) fn below(inner: &str, outer: &str) -> bool {
    inner
        .strip_prefix(outer)
        .is_some_and(|rest| rest.starts_with('/'))
}

/// The first two numbers of a version: (6, 8) of `6.8.0-1024-nvidia`.
pub(crate) fn major_minor(version: &str) -> (u32, u32) {
    let mut numbers = version
        .split(|c: char| !c.is_ascii_digit())
        .map(|digits| digits.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_end_at_slashes() {
        assert!(below("/mnt/a", "/mnt"));
        assert!(!below("/mnt", "/mnt"));
        assert!(!below("/mnt2/a", "/mnt"));
    }

    #[test]
    fn versions_are_read_up_to_the_second_number() {
        assert_eq!(major_minor("6.8.0-1024-nvidia"), (6, 8));
        assert_eq!(major_minor("2.15.5"), (2, 15));
        assert_eq!(major_minor("7"), (7, 0));
    }
}
