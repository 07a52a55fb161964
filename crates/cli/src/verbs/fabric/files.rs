//! The files of one subnet.

use rackwright_api as api;
use rackwright_fabric::bill::{Bill, bill};
use rackwright_fabric::cables;
use rackwright_fabric::design::Design;
use rackwright_fabric::netlist::{Dialect, write};
use rackwright_fabric::network::{DeviceKind, Network};
use rackwright_fabric::opensm::{
    HIGHEST_PRIORITY, Membership, Mtu, Partition, Settings, Sweep, compute_nodes, config, guid_to_lid,
    node_names, partitions, roots,
};
use rackwright_fabric::placeholder::is_placeholder;
use rackwright_plan_check::{Port, check_isolation};
use rackwright_planner::fabric::PlannedFabric;

use super::super::VerbError;
use crate::pipeline::ToolError;

/// First line of each file that holds placeholders.
const MARK: &str = "# PLANNED: holds placeholders for GUIDs that are not known yet. Not for production.\n";

/// The file that says who can talk to whom.
const PARTITIONS: &str = "partitions.conf";

/// A subnet of a fabric.
pub struct Subnet<'a> {
    /// The fabric.
    pub fabric: &'a PlannedFabric,
    /// Its nodes at its tree.
    pub design: &'a Design,
    /// Which of its subnets.
    pub number: u32,
    /// Its folder below the one that is written, and below `/etc/opensm` on the managers.
    pub folder: String,
    /// Its devices and cables.
    pub network: Network,
}

/// HCAs and switches whose GUIDs are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// HCAs.
    pub hcas: usize,
    /// Switches.
    pub switches: usize,
}

impl Missing {
    /// Whether none is missing.
    pub fn none(self) -> bool {
        self.hcas + self.switches == 0
    }
}

/// A path below the folder of its subnet or of pictures, and the text.
pub type File = (String, String);

/// Why a subnet has no files.
pub type Refusal = String;

impl Subnet<'_> {
    /// Whose GUIDs are not known.
    pub fn missing(&self) -> Missing {
        let unknown = |is_hca: bool| {
            let devices = self.network.devices.iter();
            let unknown = devices.filter(|device| is_placeholder(device.guid));
            unknown
                .filter(|device| (device.kind == DeviceKind::Hca) == is_hca)
                .count()
        };
        Missing {
            hcas: unknown(true),
            switches: unknown(false),
        }
    }

    /// What people build from: no GUID is in it.
    pub fn schedule(&self) -> Result<Vec<File>, VerbError> {
        let csv = cables::csv(&self.network).map_err(|error| VerbError::Csv(error.to_string()))?;
        let csv = String::from_utf8(csv).map_err(|error| VerbError::Csv(error.to_string()))?;
        let rows: Vec<cables::Row<'_>> = cables::schedule(&self.network).collect();
        let bill = bill(&self.network);
        Ok(vec![
            ("cables.csv".to_owned(), csv),
            ("cables.json".to_owned(), serde_json::to_string(&rows)? + "\n"),
            (
                "bill.json".to_owned(),
                serde_json::to_string_pretty(&bill)? + "\n",
            ),
            ("bill.txt".to_owned(), bill_text(&bill)),
        ])
    }

    /// The lists of OpenSM. Those with placeholders (`planned`) are marked, and lie where no manager looks for them.
    pub fn lists(&self, planned: bool) -> Result<Vec<File>, Refusal> {
        let lids = guid_to_lid(&self.network, &self.design.places(self.number));
        let lids = lids.map_err(|missing| {
            format!("a subnet has 49151 LIDs, and {missing} are missing; make each rail a subnet of its own (topology.disjointRails), or build fewer units")
        })?;
        let mtu = self
            .fabric
            .spec
            .addressing
            .as_ref()
            .map(|addressing| match addressing.mtu {
                Some(4096) => Mtu::Bytes4096,
                // OpenSM's own.
                _ => Mtu::Bytes2048,
            });
        let tenants =
            partitions(&self.network, &self.partitions(mtu)?, mtu).map_err(|error| error.to_string())?;
        let files = [
            ("root-guids.conf", roots(&self.network)),
            ("compute-guids.conf", compute_nodes(&self.network)),
            ("node-names.conf", node_names(&self.network)),
            (PARTITIONS, tenants),
            ("guid2lid", lids),
            ("netlist.txt", write(&self.network, Dialect::Ibnetdiscover)),
        ];
        let place = |(name, text): (&str, String)| {
            if planned {
                (format!("planned/{name}"), format!("{MARK}{text}"))
            } else {
                (name.to_owned(), text)
            }
        };
        Ok(files.map(place).into())
    }

    /// What is wrong with who can talk to whom, by the file that the managers read. Not the user's mistake.
    pub fn isolation(&self, lists: &[File]) -> Result<(), ToolError> {
        let Some((_, text)) = lists.iter().find(|(path, _)| path.ends_with(PARTITIONS)) else {
            return Ok(());
        };
        let ports = self.design.hcas(self.number).zip(&self.network.devices);
        let ports = ports.map(|(hca, device)| Port {
            guid: device.guid,
            pool: self.fabric.pool_of[hca.node as usize]
                .map(|pool| self.fabric.pools[pool as usize].as_str()),
        });
        let found = check_isolation(&self.fabric.name, &self.fabric.spec, text, ports);
        if found.is_empty() {
            return Ok(());
        }
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        Err(ToolError::Partitions(found.join("; ")))
    }

    /// The configuration, and what differs between these managers.
    pub fn managers(&self, prefix: u64, hosts: &[String]) -> Vec<File> {
        let manager = self.fabric.spec.subnet_manager.as_ref();
        let engine = manager.and_then(|manager| manager.routing_engine);
        let folder = format!("/etc/opensm/{}", self.folder);
        let text = config(&Settings {
            folder: folder.clone(),
            subnet_prefix: prefix,
            routing_engine: engine.map_or(self.fabric.topology.engine(), spelled).to_owned(),
            sweep: Sweep::default(),
        });
        let mut files = vec![("opensm.conf".to_owned(), text)];
        for (at, host) in hosts.iter().enumerate() {
            let priority = HIGHEST_PRIORITY.saturating_sub(at);
            files.push((
                format!("managers/{host}.conf"),
                format!("# Written by rackwright. Arguments of opensm on {host}; the highest priority is master.\nOPENSM_ARGUMENTS=\"--config {folder}/opensm.conf --priority {priority}\"\n"),
            ));
        }
        files
    }

    /// The hosts of the managers, the preferred master first.
    pub fn hosts(&self) -> Result<Vec<String>, Refusal> {
        let Some(manager) = &self.fabric.spec.subnet_manager else {
            return Ok(Vec::new());
        };
        rackwright_hostset::expand(manager.nodes.as_str(), &rackwright_hostset::Limits::default())
            .map_err(|error| format!("subnetManager.nodes: {error}"))
    }

    fn partitions(&self, mtu: Option<Mtu>) -> Result<Vec<Partition>, Refusal> {
        let mut pools: Vec<Vec<u32>> = vec![Vec::new(); self.fabric.pools.len()];
        for (hca, device) in self.design.hcas(self.number).zip(0u32..) {
            if let Some(pool) = self.fabric.pool_of[hca.node as usize] {
                pools[pool as usize].push(device);
            }
        }
        let mut all = Vec::new();
        for partition in &self.fabric.spec.partitions {
            let mut members = Vec::new();
            for member in &partition.members {
                let Some(at) = self.fabric.pools.iter().position(|pool| *pool == member.pool) else {
                    return Err(format!(
                        "partition {} has pool {}, which is not plugged in this fabric: add the fabric to the pool, or take the pool out",
                        partition.name, member.pool
                    ));
                };
                let membership = match member.membership {
                    api::Membership::Full => Membership::Full,
                    api::Membership::Limited => Membership::Limited,
                };
                members.extend(pools[at].iter().map(|&device| (device, membership)));
            }
            members.sort_unstable();
            let digits = partition.pkey.as_str().trim_start_matches("0x");
            all.push(Partition {
                name: partition.name.to_string(),
                pkey: u16::from_str_radix(digits, 16).map_err(|error| error.to_string())?,
                ipoib: mtu,
                members,
            });
        }
        Ok(all)
    }
}

/// OpenSM's spelling.
fn spelled(engine: api::RoutingEngine) -> &'static str {
    match engine {
        api::RoutingEngine::Ftree => "ftree",
        api::RoutingEngine::Updn => "updn",
        api::RoutingEngine::Dnup => "dnup",
        api::RoutingEngine::Minhop => "minhop",
        api::RoutingEngine::Dfsssp => "dfsssp",
    }
}

fn bill_text(bill: &Bill) -> String {
    let Bill {
        switches,
        hcas,
        node_cables,
        switch_cables,
        switch_cages,
    } = *bill;
    [
        (switches, "switches"),
        (hcas, "ports of nodes"),
        (node_cables, "cables between nodes and leaves"),
        (switch_cables, "cables between switches"),
        (switch_cages, "twin-port transceivers of switches"),
    ]
    .map(|(count, what)| format!("{count:>9}  {what}\n"))
    .concat()
}
