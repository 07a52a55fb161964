//! A plan: what each node must become. Immutable, complete, and nothing in it needs a decision.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use rackwright_api::{
    DeviceConsent, Facts, Guid, Hash, Hostlist, ImexMode, InterfaceAddress, Ipv4Address, Line, Management,
    Name, NodeConfigSpec, NodeProfileSpec, Rail,
};

use crate::units::{Sits, Unit, UnitFabric};

/// What each node must become.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    pub(crate) pools: Vec<PoolPlan>,
    pub(crate) nodes: Vec<NodePlan>,
    pub(crate) slots: Vec<u32>,
    /// By node and rail; 0 where the inventory knows none.
    pub(crate) guids: Vec<u64>,
    pub(crate) racks: Vec<Name>,
    /// The names of all sites' member clusters.
    pub(crate) clusters: Vec<Box<str>>,
    /// By rack: which of `clusters` holds it; `u32::MAX` where none does.
    pub(crate) cluster_of_rack: Vec<u32>,
    /// By rack: the nodes of the NVLink domain that it is, as a hostlist; none where it is no domain.
    pub(crate) nvlink_domains: Vec<Option<Hostlist>>,
    /// Consents to wipe by node, each node's by serial number. People write them, so they are few.
    pub(crate) consents: BTreeMap<Box<str>, Vec<DeviceConsent>>,
    /// The fabrics whose units nodes sit in.
    pub(crate) units: Vec<UnitFabric>,
    /// By node, sorted: addresses that it had and that its host may still have.
    pub(crate) quarantined: BTreeMap<Box<str>, Vec<Ipv4Addr>>,
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
    /// The scalable unit that it sits in.
    pub sits: Option<Sits>,
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
        Some(self.at(at))
    }

    /// The node of a row.
    pub(crate) fn at(&self, row: usize) -> PlannedNode<'_> {
        PlannedNode {
            plan: self,
            row: &self.nodes[row],
        }
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

    /// The hash of its profile and facts.
    pub fn hash(&self) -> u128 {
        self.row.hash
    }

    /// Its rack, where the site places it.
    pub fn rack(&self) -> Option<&'a Name> {
        self.plan.racks.get(self.row.rack as usize)
    }

    /// The member cluster that holds it, by its rack, where the site has any.
    pub fn cluster(&self) -> Option<&'a str> {
        let cluster = *self.plan.cluster_of_rack.get(self.row.rack as usize)?;
        self.plan.clusters.get(cluster as usize).map(|name| &**name)
    }

    /// The scalable unit that it sits in, where its pool's fabrics have any.
    pub fn unit(&self) -> Option<Unit<'a>> {
        let Sits { fabric, unit, leaf } = self.row.sits?;
        let fabric = self.plan.units.get(fabric as usize)?;
        Some(Unit {
            fabric: fabric.name.as_str(),
            number: unit,
            leaf,
        })
    }

    /// What only this node has.
    pub fn facts(&self) -> Facts {
        let rails = self
            .pool()
            .rails
            .iter()
            .enumerate()
            .map(|(i, rail)| Rail {
                guid: self.guid(i).map(Guid::from_value),
                ipv4: rail.address.map(|address| {
                    InterfaceAddress::from_parts(self.address(address), address.prefix_length)
                }),
                rail: rail.rail,
            })
            .collect();
        Facts {
            imex_peers: self.imex_peers().cloned(),
            rack: self.rack().cloned(),
            rails,
            wipe_consents: self.consents().to_vec(),
        }
    }

    /// The nodes of its NVLink domain, where the host runs the IMEX daemon itself.
    fn imex_peers(&self) -> Option<&'a Hostlist> {
        let imex = self.pool().profile.gpu.as_ref()?.imex.as_ref()?;
        let domain = self.plan.nvlink_domains.get(self.row.rack as usize)?.as_ref();
        domain.filter(|_| imex.mode == ImexMode::HostManaged)
    }

    /// The devices of this node that may be wiped.
    pub(crate) fn consents(&self) -> &'a [DeviceConsent] {
        self.plan.consents.get(self.name()).map_or(&[], Vec::as_slice)
    }

    /// The addresses of its rails.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = Ipv4Addr> {
        let rails = self.pool().rails.iter();
        rails.filter_map(|rail| Some(self.address(rail.address?)))
    }

    /// The addresses that it had and has no more, and that its host may still have, ascending.
    pub(crate) fn quarantined(&self) -> &'a [Ipv4Addr] {
        self.plan.quarantined.get(self.name()).map_or(&[], Vec::as_slice)
    }

    fn guid(&self, rail: usize) -> Option<u64> {
        let start = (self.row.guids != NONE).then_some(self.row.guids as usize)?;
        self.plan
            .guids
            .get(start + rail)
            .copied()
            .filter(|&guid| guid != 0)
    }

    fn address(&self, rail: RailAddress) -> Ipv4Addr {
        let slot = self.plan.slots[self.row.slots as usize + rail.slot as usize];
        Ipv4Addr::from(u32::from(rail.first) + slot)
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
            quarantined: (self.quarantined().iter().copied())
                .map(Ipv4Address::from_value)
                .collect(),
        }
    }

    /// Writes [`Self::spec`] as canonical JSON, byte for byte what it serialises to, straight from the plan's columns:
    /// a large plan has millions of small texts, which need not be built to be written. But for consents none of them
    /// can hold a character that JSON escapes: their types admit none.
    pub fn write_spec(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"facts\":");
        self.write_facts(out);
        out.extend_from_slice(b",\"hash\":\"");
        Hash::spell(self.row.hash, out);
        out.extend_from_slice(b"\",\"management\":\"Managed\",\"profile\":\"");
        out.extend_from_slice(self.pool().profile_name.as_bytes());
        out.push(b'"');
        let quarantined = self.quarantined();
        for (i, address) in quarantined.iter().enumerate() {
            let open: &[u8] = if i == 0 { b",\"quarantined\":[\"" } else { b",\"" };
            out.extend_from_slice(open);
            out.extend_from_slice(address.to_string().as_bytes());
            out.push(b'"');
        }
        if !quarantined.is_empty() {
            out.push(b']');
        }
        out.push(b'}');
    }

    /// Writes [`Self::facts`] as canonical JSON.
    pub(crate) fn write_facts(&self, out: &mut Vec<u8>) {
        let start = out.len();
        if let Some(peers) = self.imex_peers() {
            out.extend_from_slice(b",\"imexPeers\":\"");
            out.extend_from_slice(peers.as_str().as_bytes());
            out.push(b'"');
        }
        if let Some(rack) = self.rack() {
            out.extend_from_slice(b",\"rack\":\"");
            out.extend_from_slice(rack.as_str().as_bytes());
            out.push(b'"');
        }
        let rails = &self.pool().rails;
        if !rails.is_empty() {
            out.extend_from_slice(b",\"rails\":[");
            for (i, rail) in rails.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                out.push(b'{');
                self.write_rail(i, *rail, out);
                out.push(b'}');
            }
            out.push(b']');
        }
        let consents = self.consents();
        for (i, consent) in consents.iter().enumerate() {
            let open: &[u8] = if i == 0 { b",\"wipeConsents\":[{" } else { b",{" };
            out.extend_from_slice(open);
            write_consent(consent, out);
            out.push(b'}');
        }
        if !consents.is_empty() {
            out.push(b']');
        }
        // The first field began with a comma.
        match out.get_mut(start) {
            Some(first) => *first = b'{',
            None => out.push(b'{'),
        }
        out.push(b'}');
    }

    fn write_rail(&self, i: usize, rail: RailPlan, out: &mut Vec<u8>) {
        let RailPlan { rail, address } = rail;
        if let Some(guid) = self.guid(i) {
            out.extend_from_slice(b"\"guid\":\"");
            Guid::spell(guid, out);
            out.extend_from_slice(b"\",");
        }
        if let Some(address) = address {
            out.extend_from_slice(b"\"ipv4\":\"");
            InterfaceAddress::spell(self.address(address), address.prefix_length, out);
            out.extend_from_slice(b"\",");
        }
        out.extend_from_slice(b"\"rail\":");
        if rail >= 10 {
            out.push(b'0' + rail / 10);
        }
        out.push(b'0' + rail % 10);
    }
}

fn write_consent(consent: &DeviceConsent, out: &mut Vec<u8>) {
    let DeviceConsent {
        serial,
        signature,
        tier,
    } = consent;
    out.extend_from_slice(b"\"serial\":\"");
    write_line(serial, out);
    out.extend_from_slice(b"\",\"signature\":\"");
    write_line(signature, out);
    out.extend_from_slice(b"\",\"tier\":\"");
    out.extend_from_slice(tier.as_str().as_bytes());
    out.push(b'"');
}

/// A line is printable ASCII: JSON escapes two of its characters.
fn write_line(line: &Line, out: &mut Vec<u8>) {
    for byte in line.as_str().bytes() {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Input, Intent, compile};
    use serde_json::{from_value, json};

    /// With a rack, which is an NVLink domain, with consents whose texts JSON escapes, with both and with neither; with
    /// addresses in quarantine.
    #[test]
    fn written_specs_are_the_serialised_ones() {
        let racks = json!({"racks": [{"names": "a1", "nodes": "n[1-2]", "system": "gb200-nvl72"}]});
        let gpu = json!({"imex": {"mode": "HostManaged"}});
        let pool = json!({"supercluster": "lab", "nodes": {"racks": "a1"}, "gpu": gpu});
        let name = |name: &str| Name::new(name).unwrap();
        let input = Input {
            superclusters: vec![Intent::new(name("lab"), from_value(racks).unwrap())],
            pools: vec![Intent::new(name("train"), from_value(pool).unwrap())],
            ..Input::default()
        };
        let mut plan = compile(&input).unwrap().plan;
        let consent = |serial: &str| DeviceConsent {
            serial: Line::new(serial).unwrap(),
            signature: Line::new(r#"a "quoted" \ text"#).unwrap(),
            tier: name("scratch"),
        };
        plan.consents
            .insert("a1-n1".into(), vec![consent("\""), consent("S1")]);
        let two = vec![[10, 64, 0, 1].into(), [10, 64, 0, 129].into()];
        plan.quarantined.insert("a1-n2".into(), two);
        for rack in [0, NONE] {
            for node in &mut plan.nodes {
                node.rack = rack;
            }
            for node in plan.nodes() {
                let mut written = Vec::new();
                node.write_spec(&mut written);
                let serialised = serde_json::to_string(&node.spec()).unwrap();
                assert_eq!(String::from_utf8(written).unwrap(), serialised);
            }
        }
    }
}
