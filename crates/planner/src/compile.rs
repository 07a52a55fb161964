//! The passes, in order.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::Ipv4Net;
use rackwright_api::{DeviceConsent, GPUPoolSpec, InfiniBandFabricSpec, NodeProfileSpec, StorageTierSpec};

use crate::allocate::{self, RailPrefixes};
use crate::finding::Finding;
use crate::input::{Input, Intent, Kind, ObjectRef, PreviousNode};
use crate::model::Model;
use crate::plan::{NONE, NodePlan, Plan, PlannedNode, PoolPlan, RailAddress, RailPlan};
use crate::power::Envelope;
use crate::profile;
use crate::rules::{self, depends_on_refused, prefix_too_small};
use crate::site::NO_RACK;
use crate::storage::{self, PoolTier};

/// What a compile gives.
#[derive(Debug, Clone, Default)]
pub struct Compilation {
    /// What each node of the accepted pools must become.
    pub plan: Plan,
    /// What is wrong or doubtful, in the order of code, object and place.
    pub findings: Vec<Finding>,
    /// Intents with an error. Nothing is written for them; what is written stays.
    pub refused: BTreeSet<ObjectRef>,
    /// How many nodes each intent reaches: of the site, selected by the pool, plugged into the fabric, mounting the
    /// tier. Refused intents are counted too.
    pub reach: BTreeMap<ObjectRef, u32>,
    /// Intents that a pool refers to (or a fabric or tier, for superclusters): they are held while they are deleted.
    pub referenced: BTreeSet<ObjectRef>,
    /// Every power budget and what is drawn of it: of each site its own, its phases by date, its locations.
    pub power: Vec<Envelope>,
    /// What the tiers of each compiled pool hold and carry, by pool and tier.
    pub storage: Vec<PoolTier>,
}

/// Why a compile cannot finish; a user's mistake never leads here.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// A profile could not be serialised for its hash.
    #[error("serialising the profile of pool {pool}: {source}")]
    Profile {
        /// The pool.
        pool: String,
        /// The reason.
        source: serde_json::Error,
    },
    /// The facts of a node could not be serialised for their hash.
    #[error("serialising the facts of node {node}: {source}")]
    Facts {
        /// The node.
        node: String,
        /// The reason.
        source: serde_json::Error,
    },
}

/// Rules that look at the whole model and need nothing else.
const CHECKS: &[fn(&Model<'_>, &mut Vec<Finding>)] = &[
    rules::missing_reference::check,
    rules::wrong_supercluster::check,
    rules::in_use::check,
    rules::unknown_system::check,
    rules::rack_in_two_clusters::check,
    rules::node_claimed_twice::check,
    rules::empty_pool::check,
    rules::sysctl_key::check,
    rules::duplicate_guid::check,
    rules::too_many_rails::check,
    rules::mig_layout::check,
    rules::gpu_power_limit::check,
    rules::prefixes_overlap::check,
    rules::rack_power::check,
    rules::location_power::check,
    rules::site_power::check,
    rules::phase_power::check,
    rules::location_cycle::check,
    rules::catalogue_entry::check,
    rules::catalogue_no_change::check,
    rules::unknown_power::check,
    rules::phase_splits_unit::check,
    rules::server_place::check,
    rules::tier_fabric::check,
    rules::tier_plane::check,
    rules::mount_points_collide::check,
    rules::mount_point_of_fstab::check,
    rules::mount_point_of_system::check,
    rules::devices_claimed_twice::check,
    rules::raid_devices::check,
    rules::device_model::check,
    rules::consent_without_node::check,
    rules::consent_twice::check,
    rules::mount_options_contradict::check,
    rules::mount_option_foreign::check,
    rules::nfs_connections::check,
    rules::rdma_without_fabric::check,
    rules::weka_resources::check,
    rules::gpudirect_transport::check,
    rules::gpudirect_host::check,
    rules::provisioner_of_tier::check,
    rules::volume_group_devices::check,
    rules::storage_class_differs::check,
    rules::reclaim_policy::check,
    rules::disks_of_node::check,
    rules::local_volume_directory::check,
    rules::volume_without_capacity::check,
];

/// Compiles intents and inventory, honouring what is allocated already.
pub fn compile(input: &Input) -> Result<Compilation, CompileError> {
    let mut findings = Vec::new();
    let model = Model::new(input, &mut findings);
    for check in CHECKS {
        check(&model, &mut findings);
    }
    let mut refused = refused_by(&findings);
    depends_on_refused::spread(&model, &mut refused, &mut findings);
    let slots = allocate_fabrics(&model, &input.previous, &mut refused, &mut findings);
    let plan = assemble(&model, &refused, &slots, &input.previous)?;
    let storage = storage::amounts(&model, |pool| accepted(pool, &refused));
    findings.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
    let reach = reach(&model);
    let referenced = referenced(&model);
    Ok(Compilation {
        plan,
        findings,
        refused,
        reach,
        referenced,
        power: model.power.envelopes,
        storage,
    })
}

fn sort_key(finding: &Finding) -> (&str, Option<(&ObjectRef, &rackwright_manifest::Path)>, &str) {
    let first = finding.parties.first().map(|party| (&party.object, &party.path));
    (finding.rule.code, first, &finding.message)
}

fn refused_by(findings: &[Finding]) -> BTreeSet<ObjectRef> {
    let errors = findings.iter().filter(|finding| finding.is_error());
    let parties = errors.flat_map(|finding| &finding.parties);
    parties
        .filter(|party| party.refused)
        .map(|party| party.object.clone())
        .collect()
}

/// The nodes of one fabric and the slot of each; nodes sorted.
struct FabricSlots {
    prefixes: RailPrefixes,
    nodes: Vec<u32>,
    slots: Vec<u32>,
}

/// Gives every node of the accepted pools its slot in each fabric, in the order of the model's fabrics. A fabric that is
/// too small is refused, and its pools with it.
fn allocate_fabrics(
    model: &Model<'_>,
    previous: &[PreviousNode],
    refused: &mut BTreeSet<ObjectRef>,
    findings: &mut Vec<Finding>,
) -> Vec<Option<FabricSlots>> {
    let mut too_small = BTreeSet::new();
    let mut allocated = Vec::with_capacity(model.fabrics.len());
    for fabric in &model.fabrics {
        let object = ObjectRef::new(Kind::InfiniBandFabric, &fabric.name);
        let Some(net) = addressing(fabric).filter(|_| !refused.contains(&object)) else {
            allocated.push(None);
            continue;
        };
        let nodes = attached(model, fabric, refused);
        let names: Vec<&str> = nodes.iter().map(|&node| model.site.name(node)).collect();
        let prefixes = RailPrefixes::new(net, fabric.spec.topology.rails);
        let slots = prefixes.ok_or(nodes.len()).and_then(|prefixes| {
            Ok(FabricSlots {
                prefixes,
                slots: allocate::slots(prefixes, &names, previous)?,
                nodes: nodes.clone(),
            })
        });
        match slots {
            Ok(slots) => allocated.push(Some(slots)),
            Err(needed) => {
                findings.push(prefix_too_small::finding(fabric, net, needed));
                too_small.insert(object);
                allocated.push(None);
            }
        }
    }
    if !too_small.is_empty() {
        refused.extend(too_small);
        // The second time only what hangs on the small fabrics is new.
        let known: BTreeSet<ObjectRef> = refused.clone();
        let mut spread = Vec::new();
        depends_on_refused::spread(model, refused, &mut spread);
        findings.extend(
            spread
                .into_iter()
                .filter(|finding| finding.parties.iter().all(|party| !known.contains(&party.object))),
        );
    }
    allocated
}

fn addressing(fabric: &Intent<InfiniBandFabricSpec>) -> Option<Ipv4Net> {
    fabric.spec.addressing.as_ref()?.ipv4.net()
}

/// The nodes of all accepted pools that use the fabric, sorted.
fn attached(
    model: &Model<'_>,
    fabric: &Intent<InfiniBandFabricSpec>,
    refused: &BTreeSet<ObjectRef>,
) -> Vec<u32> {
    let mut nodes: Vec<u32> = (model.pools.iter().zip(&model.selected))
        .filter(|(pool, _)| {
            pool.spec.fabrics.iter().any(|used| used.name == fabric.name) && accepted(pool, refused)
        })
        .flat_map(|(_, selected)| selected.iter().copied())
        .collect();
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}

fn accepted(pool: &Intent<GPUPoolSpec>, refused: &BTreeSet<ObjectRef>) -> bool {
    !pool.deleting && !refused.contains(&ObjectRef::new(Kind::GPUPool, &pool.name))
}

/// Puts the rows of the plan together.
fn assemble(
    model: &Model<'_>,
    refused: &BTreeSet<ObjectRef>,
    slots: &[Option<FabricSlots>],
    previous: &[PreviousNode],
) -> Result<Plan, CompileError> {
    let sources_of_guids = Guids::new(model, previous);
    let mut plan = Plan {
        racks: model.site.racks.iter().map(|rack| rack.name.clone()).collect(),
        ..Plan::default()
    };
    let mut rows = Vec::new();
    // For each compiled pool, where the slots of its addressed fabrics come from.
    let mut sources: Vec<Vec<&FabricSlots>> = Vec::new();
    for (pool, selected) in model
        .pools
        .iter()
        .zip(&model.selected)
        .filter(|(pool, _)| accepted(pool, refused))
    {
        let fabrics = model.fabrics_of(pool);
        let tiers = model.tiers_of(pool);
        let profile = profile::build(&pool.spec, &fabrics, &tiers);
        consents(model, selected, &tiers, &mut plan.consents);
        let addressed: Vec<Option<&FabricSlots>> = fabrics
            .iter()
            .map(|fabric| {
                let at = model
                    .fabrics
                    .binary_search_by(|other| other.name.cmp(&fabric.name))
                    .ok()?;
                slots[at].as_ref()
            })
            .collect();
        let number = plan.pools.len() as u32;
        plan.pools.push(pool_plan(
            pool,
            profile,
            rail_plans(&fabrics, &addressed),
            selected.len(),
        )?);
        sources.push(addressed.into_iter().flatten().collect());
        rows.extend(selected.iter().map(|&node| (node, number)));
    }
    rows.sort_unstable();
    for (node, pool) in rows {
        let name = model.site.names[node as usize].clone();
        let start = plan.slots.len() as u32;
        for fabric in &sources[pool as usize] {
            if let Ok(at) = fabric.nodes.binary_search(&node) {
                plan.slots.push(fabric.slots[at]);
            }
        }
        let rack = model.site.rack_of[node as usize];
        let rails = plan.pools[pool as usize].rails.len();
        let guids = sources_of_guids.push(&name, rails, &mut plan.guids);
        plan.nodes.push(NodePlan {
            name,
            pool,
            rack: if rack == NO_RACK { NONE } else { rack },
            slots: start,
            guids,
            hash: 0,
        });
    }
    hash_nodes(&mut plan)?;
    Ok(plan)
}

/// What the tiers of a pool consent to wipe on its nodes.
fn consents(
    model: &Model<'_>,
    selected: &[u32],
    tiers: &[&Intent<StorageTierSpec>],
    consents: &mut BTreeMap<Box<str>, Vec<DeviceConsent>>,
) {
    for tier in tiers {
        for consent in tier.spec.local_nvme.iter().flat_map(|local| &local.wipe_consents) {
            let node = model.site.node(consent.node.as_str());
            if node.is_none_or(|node| selected.binary_search(&node).is_err()) {
                continue;
            }
            let of_node = consents.entry(consent.node.as_str().into()).or_default();
            of_node.push(DeviceConsent {
                serial: consent.serial.clone(),
                signature: consent.signature.clone(),
                tier: tier.name.clone(),
            });
            of_node.sort_by(|a, b| a.serial.cmp(&b.serial));
        }
    }
}

fn hash_nodes(plan: &mut Plan) -> Result<(), CompileError> {
    let hash = |node: PlannedNode<'_>| {
        let hash = node.facts().hash(&node.pool().profile_hash);
        hash.map(|hash| hash.value())
            .map_err(|source| CompileError::Facts {
                node: node.name().to_owned(),
                source,
            })
    };
    let hashes = plan.nodes().map(hash).collect::<Result<Vec<u128>, _>>()?;
    for (node, hash) in plan.nodes.iter_mut().zip(hashes) {
        node.hash = hash;
    }
    Ok(())
}

fn pool_plan(
    pool: &Intent<GPUPoolSpec>,
    profile: NodeProfileSpec,
    rails: Vec<RailPlan>,
    nodes: usize,
) -> Result<PoolPlan, CompileError> {
    let hash = profile.hash().map_err(|source| CompileError::Profile {
        pool: pool.name.to_string(),
        source,
    })?;
    Ok(PoolPlan {
        name: pool.name.clone(),
        supercluster: pool.spec.supercluster.clone(),
        nodes: nodes as u32,
        profile_name: NodeProfileSpec::name(&pool.name, &hash),
        profile_hash: hash,
        profile,
        rails,
    })
}

fn rail_plans(fabrics: &[&Intent<InfiniBandFabricSpec>], slots: &[Option<&FabricSlots>]) -> Vec<RailPlan> {
    let mut rails: Vec<RailPlan> = Vec::new();
    let mut slot = 0u8;
    for (fabric, slots) in fabrics.iter().zip(slots) {
        for rail in 0..fabric.spec.topology.rails {
            let address = slots.map(|slots| RailAddress {
                slot,
                first: slots.prefixes.first(rail),
                prefix_length: slots.prefixes.length(),
            });
            rails.push(RailPlan {
                rail: rails.len() as u8,
                address,
            });
        }
        slot += u8::from(slots.is_some());
    }
    rails
}

/// Where the GUIDs of a node's rails come from.
struct Guids<'a> {
    model: &'a Model<'a>,
    /// Sorted by name.
    previous: Vec<&'a PreviousNode>,
}

impl<'a> Guids<'a> {
    fn new(model: &'a Model<'a>, previous: &'a [PreviousNode]) -> Self {
        let mut previous: Vec<_> = previous.iter().filter(|node| !node.guids.is_empty()).collect();
        previous.sort_by(|a, b| a.name.cmp(&b.name));
        Self { model, previous }
    }

    /// What the node's inventory says, or, without one, what is written already: a missing inventory is no evidence that
    /// the HCAs changed.
    fn of(&self, name: &str) -> &'a [(u8, u64)] {
        let inventories = &self.model.inventories;
        if let Ok(at) = inventories.binary_search_by(|found| found.name.as_str().cmp(name)) {
            return &inventories[at].guids;
        }
        let at = self
            .previous
            .binary_search_by(|node| node.name.as_str().cmp(name));
        at.map_or(&[], |at| &self.previous[at].guids)
    }

    /// Appends the GUIDs of a node's rails, if any is known.
    fn push(&self, name: &str, rails: usize, guids: &mut Vec<u64>) -> u32 {
        let found = self.of(name);
        if rails == 0 || found.is_empty() {
            return NONE;
        }
        let start = guids.len() as u32;
        guids.extend((0..rails).map(|rail| {
            let of_rail = found.iter().find(|(number, _)| usize::from(*number) == rail);
            of_rail.map_or(0, |(_, guid)| *guid)
        }));
        start
    }
}

fn reach(model: &Model<'_>) -> BTreeMap<ObjectRef, u32> {
    let mut reach = BTreeMap::new();
    for (index, site) in model.superclusters.iter().enumerate() {
        let racks = (0..model.site.racks.len() as u32)
            .filter(|&rack| model.site.racks[rack as usize].group.supercluster == index as u32);
        let nodes = racks.map(|rack| model.site.nodes_of(rack).len() as u32).sum();
        reach.insert(ObjectRef::new(Kind::Supercluster, &site.name), nodes);
    }
    for fabric in &model.fabrics {
        reach.insert(ObjectRef::new(Kind::InfiniBandFabric, &fabric.name), 0);
    }
    for tier in &model.tiers {
        reach.insert(ObjectRef::new(Kind::StorageTier, &tier.name), 0);
    }
    for (pool, selected) in model.pools.iter().zip(&model.selected) {
        let nodes = selected.len() as u32;
        reach.insert(ObjectRef::new(Kind::GPUPool, &pool.name), nodes);
        let fabrics = pool
            .spec
            .fabrics
            .iter()
            .map(|used| ObjectRef::new(Kind::InfiniBandFabric, &used.name));
        let tiers = pool
            .spec
            .storage
            .iter()
            .map(|used| ObjectRef::new(Kind::StorageTier, &used.tier));
        for used in fabrics.chain(tiers) {
            if let Some(total) = reach.get_mut(&used) {
                *total += nodes;
            }
        }
    }
    reach
}

/// What must stay while something refers to it: everything but pools, which may always go.
fn referenced(model: &Model<'_>) -> BTreeSet<ObjectRef> {
    model
        .references()
        .map(|reference| reference.to)
        .filter(|to| to.kind != Kind::GPUPool)
        .collect()
}
