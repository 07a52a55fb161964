//! A plan: what each node must become. Immutable, complete, and nothing in it needs a decision.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use rackwright_api::{
    DeviceConsent, Facts, Guid, Hash, InterfaceAddress, Management, Name, NodeConfigSpec, NodeProfileSpec,
    Rail,
};

/// What each node must become.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    pub(crate) pools: Vec<PoolPlan>,
    pub(crate) nodes: Vec<NodePlan>,
    pub(crate) slots: Vec<u32>,
    /// By node and rail; 0 where the inventory knows none.
    pub(crate) guids: Vec<u64>,
    pub(crate) racks: Vec<Name>,
    /// Consents to wipe by node, each node's by serial number. People write them, so they are few.
    pub(crate) consents: BTreeMap<Box<str>, Vec<DeviceConsent>>,
}

/// What one pool compiled to.
#[derive(Debug, Clone)]
pub struct PoolPlan {
    /// The pool.
    pub name: Name,
    /// Its site.
    pub supercluster: Name,
    /// How many nodes it has.
    pub nodes: u32,
    /// The name of its profile: `<pool>-<first 12 digits of the hash>`.
    pub profile_name: String,
    /// The hash of its profile.
    pub profile_hash: Hash,
    /// Its profile.
    pub profile: NodeProfileSpec,
    pub(crate) rails: Vec<RailPlan>,
}

/// How one rail of a pool finds its address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RailPlan {
    /// The number of the HCA in the node.
    pub rail: u8,
    /// Which of the node's slots, and the first host address of the rail with its prefix length; none without
    /// addressing.
    pub address: Option<RailAddress>,
}

/// The addresses of one rail: slot *s* is `first + s`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RailAddress {
    pub slot: u8,
    pub first: Ipv4Addr,
    pub prefix_length: u8,
}

/// One row of the plan.
#[derive(Debug, Clone)]
pub(crate) struct NodePlan {
    pub name: Box<str>,
    pub pool: u32,
    /// Index into the plan's racks; `u32::MAX` where the site does not place the node.
    pub rack: u32,
    /// Where the node's slots start.
    pub slots: u32,
    /// Where the node's GUIDs start; `u32::MAX` where the inventory has none.
    pub guids: u32,
    /// The hash of profile and facts; computed once, because a plan is looked at more often than made.
    pub hash: u128,
}

pub(crate) const NONE: u32 = u32::MAX;

impl Plan {
    /// The pools that compiled, by name.
    pub fn pools(&self) -> &[PoolPlan] {
        &self.pools
    }

    /// The nodes, by name (byte order, as the API server lists them).
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = PlannedNode<'_>> {
        self.nodes.iter().map(|row| PlannedNode { plan: self, row })
    }

    /// One node.
    pub fn node(&self, name: &str) -> Option<PlannedNode<'_>> {
        let at = self.nodes.binary_search_by(|row| (*row.name).cmp(name)).ok()?;
        Some(PlannedNode {
            plan: self,
            row: &self.nodes[at],
        })
    }
}

/// One node of a plan.
#[derive(Debug, Clone, Copy)]
pub struct PlannedNode<'a> {
    plan: &'a Plan,
    row: &'a NodePlan,
}

impl<'a> PlannedNode<'a> {
    /// Its name.
    pub fn name(&self) -> &'a str {
        &self.row.name
    }

    /// Its pool.
    pub fn pool(&self) -> &'a PoolPlan {
        &self.plan.pools[self.row.pool as usize]
    }

    /// Its rack, where the site places it.
    pub fn rack(&self) -> Option<&'a Name> {
        self.plan.racks.get(self.row.rack as usize)
    }

    /// What only this node has.
    pub fn facts(&self) -> Facts {
        let rails = self
            .pool()
            .rails
            .iter()
            .enumerate()
            .map(|(i, rail)| Rail {
                guid: self.guid(i),
                ipv4: rail.address.map(|address| self.address(address)),
                leaf: None,
                port: None,
                rail: rail.rail,
            })
            .collect();
        Facts {
            rack: self.rack().cloned(),
            rails,
            wipe_consents: self.plan.consents.get(self.name()).cloned().unwrap_or_default(),
        }
    }

    fn guid(&self, rail: usize) -> Option<Guid> {
        let start = (self.row.guids != NONE).then_some(self.row.guids as usize)?;
        self.plan
            .guids
            .get(start + rail)
            .filter(|&&guid| guid != 0)
            .map(|&guid| Guid::from_value(guid))
    }

    fn address(&self, rail: RailAddress) -> InterfaceAddress {
        let slot = self.plan.slots[self.row.slots as usize + rail.slot as usize];
        InterfaceAddress::from_parts(Ipv4Addr::from(u32::from(rail.first) + slot), rail.prefix_length)
    }

    /// The NodeConfig that the node must get, without the grant, which is not the compiler's.
    pub fn spec(&self) -> NodeConfigSpec {
        let pool = self.pool();
        NodeConfigSpec {
            facts: self.facts(),
            grant: None,
            hash: Hash::from_value(self.row.hash),
            management: Management::Managed,
            profile: pool.profile_name.clone(),
        }
    }
}
