//! What a compile looks at: intents, inventory, and what was allocated before.

use std::collections::BTreeMap;
use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

#[cfg(doc)]
use rackwright_api::labels::IGNORE_ANNOTATION;
use rackwright_api::{
    GPUPoolSpec, InfiniBandFabricSpec, Ipv4Address, Line, Name, NodeConfigSpec, NodeInventorySpec, NodeName,
    PciAddress, StorageTierSpec, SuperclusterSpec,
};

/// Everything that a compile looks at. The order of the lists never matters.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// Sites.
    pub superclusters: Vec<Intent<SuperclusterSpec>>,
    /// Pools.
    pub pools: Vec<Intent<GPUPoolSpec>>,
    /// Fabrics.
    pub fabrics: Vec<Intent<InfiniBandFabricSpec>>,
    /// Storage tiers.
    pub tiers: Vec<Intent<StorageTierSpec>>,
    /// What the agents found.
    pub inventories: Vec<Inventory>,
    /// What is written already: the NodeConfigs of a previous compile. Their addresses stay theirs, and those that they
    /// had stay theirs until their hosts were seen to let go.
    pub previous: Vec<PreviousNode>,
}

/// One intent.
#[derive(Debug, Clone)]
pub struct Intent<S> {
    /// Its name.
    pub name: Name,
    /// Whether it is on its way out (`metadata.deletionTimestamp`).
    pub deleting: bool,
    /// Warnings that its author knows (`metadata.annotations`, [`IGNORE_ANNOTATION`]), as they stand there.
    pub ignore: Option<Box<str>>,
    /// What the user wrote.
    pub spec: S,
}

impl<S> Intent<S> {
    /// An intent that is here to stay.
    pub fn new(name: Name, spec: S) -> Self {
        Self {
            name,
            deleting: false,
            ignore: None,
            spec,
        }
    }
}

/// What a compile needs of a NodeInventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    /// The node.
    pub name: NodeName,
    /// Labels of the object, which selectors look at.
    pub labels: BTreeMap<String, String>,
    /// Port GUIDs by rail, in rail order, as numbers: a site has millions.
    pub guids: Box<[(u8, u64)]>,
    /// Disks, by model.
    pub disks: Box<[Disks]>,
    /// Where the HCAs sit, as numbers.
    pub hca_addresses: Box<[u32]>,
}

/// The disks of one model in one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disks {
    /// The model as the device reports it; empty where it is not known.
    pub model: Box<str>,
    /// Each disk by its PCI address as a number, or [`NO_ADDRESS`].
    pub addresses: Box<[u32]>,
}

/// The PCI address of a disk that does not say where it sits: the last function of the last bus, where no disk is.
pub const NO_ADDRESS: u32 = u32::MAX;

/// A port of an HCA, as numbers.
#[derive(Debug, Clone, Copy)]
pub struct Port {
    /// Its rail.
    pub rail: u8,
    /// Its GUID.
    pub guid: u64,
    /// The PCI address of the HCA, where the inventory says it.
    pub address: Option<u32>,
}

impl Inventory {
    /// Takes from an inventory what a compile needs.
    pub fn new(name: NodeName, labels: BTreeMap<String, String>, spec: &NodeInventorySpec) -> Self {
        let ports = spec.hcas.iter().map(|hca| Port {
            rail: hca.rail,
            guid: hca.guid.value(),
            address: hca.pci_address.as_ref().map(PciAddress::value),
        });
        let disks = spec.disks.iter().map(|disk| {
            let model = disk.model.as_ref().map_or("", Line::as_str);
            (model, disk.pci_address.as_ref().map(PciAddress::value))
        });
        Self::from_parts(name, labels, &ports.collect::<Vec<_>>(), disks)
    }

    /// The same from ports, and from models and PCI addresses of disks, each in the order of the inventory.
    pub fn from_parts<'d>(
        name: NodeName,
        labels: BTreeMap<String, String>,
        ports: &[Port],
        disks: impl Iterator<Item = (&'d str, Option<u32>)>,
    ) -> Self {
        let mut guids: Vec<(u8, u64)> = ports.iter().map(|port| (port.rail, port.guid)).collect();
        guids.sort_unstable();
        let mut by_model: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        for (model, address) in disks {
            by_model
                .entry(model)
                .or_default()
                .push(address.unwrap_or(NO_ADDRESS));
        }
        let disks = by_model.into_iter().map(|(model, addresses)| Disks {
            model: model.into(),
            addresses: addresses.into(),
        });
        Self {
            name,
            labels,
            guids: guids.into_boxed_slice(),
            disks: disks.collect(),
            hca_addresses: ports.iter().filter_map(|port| port.address).collect(),
        }
    }
}

/// What a compile needs of a NodeConfig that is written already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviousNode {
    /// The node.
    pub name: NodeName,
    /// The addresses that it holds.
    pub addresses: Box<[Ipv4Addr]>,
    /// The GUIDs of its rails, as numbers: they stay while no inventory says otherwise.
    pub guids: Box<[(u8, u64)]>,
    /// The addresses that it held before and that its host may still have. None, whatever the NodeConfig lists, once its
    /// host was seen to be what the NodeConfig says.
    pub quarantined: Box<[Ipv4Addr]>,
    /// What its host has in force, as far as power goes; none where nobody knows.
    pub in_force: Option<Arc<InForce>>,
}

/// What hosts have in force, as far as power goes: once for all nodes that have the same profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    /// The pool that the profile was compiled for.
    pub pool: Box<str>,
    /// The power cap of a GPU in watts, [`UNCAPPED`](crate::change::UNCAPPED) without one; none where nobody knows.
    pub cap: Option<u64>,
}

impl InForce {
    /// By the name of the profile that is written, and the cap of the one that hosts have applied, where that is known.
    pub fn new(profile: &str, cap: Option<u64>) -> Self {
        Self {
            pool: pool_of_profile(profile).into(),
            cap,
        }
    }
}

/// The pool that a profile was compiled for: the profile's name without the digits of its hash.
pub(crate) fn pool_of_profile(profile: &str) -> &str {
    profile.rsplit_once('-').map_or(profile, |(pool, _)| pool)
}

impl PreviousNode {
    /// Takes from a NodeConfig what a compile needs; nothing is known of its host.
    pub fn new(name: NodeName, spec: &NodeConfigSpec) -> Self {
        let rails = &spec.facts.rails;
        Self {
            name,
            addresses: rails
                .iter()
                .filter_map(|rail| Some(rail.ipv4.as_ref()?.net()?.addr()))
                .collect(),
            guids: rails
                .iter()
                .filter_map(|rail| Some((rail.rail, rail.guid.as_ref()?.value())))
                .collect(),
            quarantined: spec.quarantined.iter().filter_map(Ipv4Address::value).collect(),
            in_force: None,
        }
    }

    /// Every address that its host may have.
    pub(crate) fn may_have(&self) -> impl Iterator<Item = Ipv4Addr> {
        self.addresses.iter().chain(&self.quarantined).copied()
    }
}

/// Kinds that findings can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A site.
    Supercluster,
    /// A pool.
    GPUPool,
    /// A fabric.
    InfiniBandFabric,
    /// A tier.
    StorageTier,
    /// What an agent found.
    NodeInventory,
}

impl Kind {
    /// The kind as manifests spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Supercluster => "Supercluster",
            Self::GPUPool => "GPUPool",
            Self::InfiniBandFabric => "InfiniBandFabric",
            Self::StorageTier => "StorageTier",
            Self::NodeInventory => "NodeInventory",
        }
    }
}

/// One object, by kind and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectRef {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
}

impl ObjectRef {
    /// Names an object.
    pub fn new(kind: Kind, name: impl AsRef<str>) -> Self {
        Self {
            kind,
            name: name.as_ref().to_owned(),
        }
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.as_str(), self.name)
    }
}
