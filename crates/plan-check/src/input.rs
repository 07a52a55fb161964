//! What a check looks at.

use std::net::Ipv4Addr;

use rackwright_api::{
    GPUPoolSpec, InfiniBandFabricSpec, Name, NodeConfigSpec, NodeProfileSpec, StorageTierSpec,
    SuperclusterSpec,
};

/// Everything but the nodes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Checked<'a> {
    /// The pools that the planner accepted, and no other: a refused pool has no nodes in the plan.
    pub pools: &'a [(&'a Name, &'a GPUPoolSpec)],
    /// Fabrics. Only those that an accepted pool refers to are looked at, so refused ones may be among them.
    pub fabrics: &'a [(&'a Name, &'a InfiniBandFabricSpec)],
    /// Sites. Only those that an accepted pool refers to are looked at.
    pub superclusters: &'a [(&'a Name, &'a SuperclusterSpec)],
    /// Storage tiers. Only those that an accepted pool refers to are looked at.
    pub tiers: &'a [(&'a Name, &'a StorageTierSpec)],
    /// The profiles of the plan.
    pub profiles: &'a [Profile<'a>],
    /// Nodes outside of the plan whose addresses stay theirs: detached ones, and those that keep a last-good
    /// configuration because their pool is refused. What they hold among each other is not the plan's matter.
    pub taken: &'a [Held<'a>],
    /// What nodes of the plan hold already. They keep it. All of `taken` and of this is what hosts may have.
    pub previous: &'a [Held<'a>],
}

/// One `NodeProfile` as it would be written.
#[derive(Debug, Clone, Copy)]
pub struct Profile<'a> {
    /// `metadata.name`.
    pub name: &'a str,
    /// The pool that it was compiled for.
    pub pool: &'a Name,
    /// `spec`.
    pub spec: &'a NodeProfileSpec,
}

/// One `NodeConfig` as it would be written.
#[derive(Debug, Clone)]
pub struct Node<'a> {
    /// `metadata.name`.
    pub name: &'a str,
    /// The pool that it was compiled for.
    pub pool: &'a Name,
    /// `spec`.
    pub spec: NodeConfigSpec,
}

/// A node and the addresses that it holds.
#[derive(Debug, Clone, Copy)]
pub struct Held<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its addresses.
    pub addresses: &'a [Ipv4Addr],
    /// The addresses that it had before and that its host may still have.
    pub quarantined: &'a [Ipv4Addr],
}
