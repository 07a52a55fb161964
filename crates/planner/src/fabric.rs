//! Fabrics with everyone who is plugged in: what [`rackwright_fabric::design::Design`] is made of.
//!
//! A plan does not need them, so they are read from the documents when somebody asks. They say nothing of what is refused:
//! ask the [`Compilation`](crate::Compilation) of the same input.

use rackwright_api::{self as api, InfiniBandFabricSpec, Name};
use rackwright_fabric::design::Seated;
use rackwright_fabric::racks::{Level, Racks, SwitchRacks};
use rackwright_fabric::topology::Topology;
use rackwright_fabric::tree::SizeError;
use rackwright_hostset::{Limits, expand};

use crate::guids::Guids;
use crate::input::{Input, Intent};
use crate::model::Model;
use crate::plan::NONE;
use crate::seats::Seats;

/// A fabric and its nodes.
#[derive(Debug, Clone)]
pub struct PlannedFabric {
    /// Its name.
    pub name: Name,
    /// What the user wrote.
    pub spec: InfiniBandFabricSpec,
    /// Its switches.
    pub topology: Topology,
    /// Nodes and other hosts by seat. Nodes of racks that no pool has are among them: cables do not follow pools.
    pub nodes: Vec<Seated>,
    /// The pool of each of `nodes` that a pool plugs in, as its place in `pools`.
    pub pool_of: Vec<Option<u32>>,
    /// The pools that are plugged in, by name.
    pub pools: Vec<Name>,
    /// Whether each rack of its nodes is an NVLink domain.
    pub nvlink_racks: bool,
    /// Where its switches stand.
    pub racks: Racks,
}

impl PlannedFabric {
    /// The folder of a subnet's files: that of the fabric, where it has one subnet.
    pub fn folder(&self, subnet: u32) -> String {
        match self.topology.subnets() {
            1 => self.name.to_string(),
            _ => format!("{}/rail-{subnet}", self.name),
        }
    }
}

/// Why a fabric has no design.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoDesign {
    /// Its site is not there.
    #[error("Supercluster/{0} is not among the documents")]
    NoSite(Name),
    /// It names no switch, or one that the catalogue does not know.
    #[error("spec.topology.switch names no switch of the catalogue: without its ports nothing can be wired")]
    NoSwitch,
    /// There is no such topology.
    #[error(transparent)]
    NoTopology(#[from] SizeError),
}

/// All fabrics by name, or the one of this name.
pub fn fabrics(input: &Input, only: Option<&str>) -> Vec<(Name, Result<PlannedFabric, NoDesign>)> {
    fabrics_of(input, |name| only.is_none_or(|only| name == only))
}

/// The fabrics whose names are wanted, by name: one look at the whole site, however many they are.
pub fn fabrics_of(
    input: &Input,
    wanted: impl Fn(&str) -> bool,
) -> Vec<(Name, Result<PlannedFabric, NoDesign>)> {
    let model = Model::new(input, &mut Vec::new());
    let all = model.fabrics.iter().zip(&model.seats);
    let all = all.filter(|(intent, _)| wanted(intent.name.as_str()));
    all.map(|(intent, seats)| {
        let site = &intent.spec.supercluster;
        let planned = match seats.as_ref().map(|seats| (seats, &seats.topology)) {
            _ if model.site_number(site).is_none() => Err(NoDesign::NoSite(site.clone())),
            Some((seats, Some(Ok(topology)))) => Ok(planned(&model, seats, *topology)),
            Some((_, Some(Err(error)))) => Err(NoDesign::NoTopology(*error)),
            Some((_, None)) | None => Err(NoDesign::NoSwitch),
        };
        (intent.name.clone(), planned)
    })
    .collect()
}

/// Where switches stand. A hostlist that cannot be read is a finding of the same input.
fn stands(written: &[api::SwitchRacks]) -> Racks {
    let mut racks = Racks::new();
    for entry in written {
        let api::SwitchRacks {
            height,
            level,
            per_rack,
            rack_unit,
            racks: names,
        } = entry;
        let level = match level {
            api::SwitchLevel::Leaf => Level::Leaf,
            api::SwitchLevel::Spine => Level::Spine,
            api::SwitchLevel::Core => Level::Core,
        };
        racks.entry(level).or_default().push(SwitchRacks {
            racks: expand(names.as_str(), &Limits::default()).unwrap_or_default(),
            per_rack: u32::from(*per_rack),
            rack_unit: rack_unit.map(u16::from),
            height: height.map_or(1, u16::from),
        });
    }
    racks
}

/// A node in the order of names, which is that of its number.
struct Plugged {
    node: Option<u32>,
    name: Box<str>,
    seat: u32,
}

fn planned(model: &Model<'_>, seats: &Seats, topology: Topology) -> PlannedFabric {
    let intent = model.fabrics[seats.fabric];
    let racks = seats.racks.iter().flat_map(|rack| Seats::nodes_of(model, rack));
    let mut plugged: Vec<Plugged> = racks
        .map(|(node, seat)| Plugged {
            node: Some(node),
            name: model.site.name(node).into(),
            seat,
        })
        .chain(seats.hosts.iter().map(|host| Plugged {
            node: host.node,
            name: host.name.clone(),
            seat: host.seat,
        }))
        .collect();
    plugged.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    let rails = usize::from(intent.spec.topology.rails);
    let mut pools = Vec::new();
    // By node: its pool, the rails of all its fabrics and the first that is of this one.
    let mut pool_of = vec![None; model.site.names.len()];
    for (pool, selected) in model.pools.iter().zip(&model.selected) {
        let fabrics = model.fabrics_of(pool);
        let Some(at) = fabrics.iter().position(|fabric| fabric.name == intent.name) else {
            continue;
        };
        let count = |fabric: &&Intent<InfiniBandFabricSpec>| usize::from(fabric.spec.topology.rails);
        let first: usize = fabrics[..at].iter().map(count).sum();
        let all: usize = fabrics.iter().map(count).sum();
        for &node in selected {
            pool_of[node as usize] = Some((pools.len() as u32, first, all));
        }
        pools.push(pool.name.clone());
    }
    let mut racks = seats.racks.iter();
    let nvlink_racks = !seats.racks.is_empty() && racks.all(|rack| model.is_nvlink_domain(rack.rack));
    let mut sources = Guids::new(model);
    let mut nodes: Vec<(Seated, Option<u32>)> = Vec::with_capacity(plugged.len());
    let mut guids = Vec::new();
    for Plugged { node, name, seat } in plugged {
        let pool = node.and_then(|node| pool_of[node as usize]);
        let mut of_node = vec![None; rails];
        if let Some((_, first, all)) = pool {
            guids.clear();
            if sources.push(&name, all, &mut guids) != NONE {
                let found = guids.iter().skip(first);
                for (guid, found) in of_node.iter_mut().zip(found) {
                    *guid = Some(*found).filter(|guid| *guid != 0);
                }
            }
        }
        let rack = node.and_then(|node| model.site.racks.get(model.site.rack_of[node as usize] as usize));
        let seated = Seated {
            name,
            seat,
            guids: of_node.into(),
            rack: rack.map(|rack| rack.name.as_str().into()),
        };
        nodes.push((seated, pool.map(|(pool, _, _)| pool)));
    }
    nodes.sort_by_key(|(node, _)| node.seat);
    let (nodes, pool_of) = nodes.into_iter().unzip();
    PlannedFabric {
        name: intent.name.clone(),
        spec: intent.spec.clone(),
        topology,
        nodes,
        pool_of,
        pools,
        nvlink_racks,
        racks: stands(&intent.spec.topology.switch_racks),
    }
}
