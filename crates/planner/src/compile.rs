//! The passes, in order.

use std::collections::{BTreeMap, BTreeSet};

use rackwright_api::{
    DeviceConsent, GPUPoolSpec, Hostlist, ImexMode, InfiniBandFabricSpec, NodeProfileSpec, StorageTierSpec,
    facts_hash,
};

use crate::allocate::RailPrefixes;
use crate::checks::{CHECKS, CHECKS_OF_NODES};
use crate::finding::Finding;
use crate::guids::Guids;
use crate::ignore::{self, Ignored};
use crate::input::{Input, Intent, Kind, ObjectRef, PreviousNode};
use crate::member::Membership;
use crate::model::Model;
use crate::numbers::{self, Addressed};
use crate::plan::{NONE, NodePlan, Plan, PoolPlan, RailAddress, RailPlan};
use crate::power::{self, Envelope};
use crate::profile;
use crate::quarantine;
use crate::reach::{self, Shares};
use crate::rules::{self, depends_on_refused};
use crate::seats::Seats;
use crate::site::{NO_RACK, Site};
use crate::storage::{self, PoolTier};
use crate::units::Units;

/// What a compile gives.
#[derive(Debug, Clone, Default)]
pub struct Compilation {
    /// What each node of the accepted pools must become.
    pub plan: Plan,
    /// What is wrong or doubtful, in the order of code, object and place.
    pub findings: Vec<Finding>,
    /// Warnings that the intents that they are about ignore, with the reasons; in the same order.
    pub ignored: Vec<Ignored>,
    /// Intents with an error. Nothing is written for them; what is written stays.
    pub refused: BTreeSet<ObjectRef>,
    /// How many nodes each intent reaches: of the site, selected by the pool, plugged into the fabric, mounting the
    /// tier. Refused intents are counted too.
    pub reach: BTreeMap<ObjectRef, u32>,
    /// The same by name of the member cluster; nodes of no member cluster under `None`.
    pub shares: BTreeMap<ObjectRef, Shares>,
    /// Intents that a pool refers to (or a fabric or tier, for superclusters): they are held while they are deleted.
    pub referenced: BTreeSet<ObjectRef>,
    /// Every power budget and what is drawn of it: of each site its own, its phases by date, its locations.
    pub power: Vec<Envelope>,
    /// What the tiers of each compiled pool hold and carry, by pool and tier.
    pub storage: Vec<PoolTier>,
    /// Which member cluster holds each node that has a NodeConfig.
    pub membership: Membership,
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
}

/// Compiles intents and inventory, honouring what is allocated already.
pub fn compile(input: &Input) -> Result<Compilation, CompileError> {
    compile_keeping(input).map(|(compilation, _)| compilation)
}

/// What a compile found out on its way: as long as every pool selects the same nodes and uses the same fabrics, it stays
/// true.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub site: Site,
    pub selected: Vec<Vec<u32>>,
    pub seats: Vec<Option<Seats>>,
    /// What was wrong with hostlists, racks and selections, and what the rules about nodes say.
    pub findings: Vec<Finding>,
    /// What is refused.
    pub refused: BTreeSet<ObjectRef>,
    /// Whether a fabric could not give its nodes their numbers, or a NodeConfig cannot hold what is in quarantine.
    pub unable: bool,
}

/// Compiles, and gives away what else it knows.
pub(crate) fn compile_keeping(input: &Input) -> Result<(Compilation, Kept), CompileError> {
    let mut kept = Vec::new();
    let mut model = Model::new(input, &mut kept);
    for check in CHECKS_OF_NODES {
        check(&model, &mut kept);
    }
    let (mut findings, refused_by_rules) = judge(&model, &kept);
    let mut refused = refused_by_rules.clone();
    let slots = allocate_fabrics(&model, &input.previous, &mut refused, &mut findings);
    let allocated = refused.len();
    let mut plan = assemble(&model, &refused, &slots, &input.previous)?;
    rules::quarantine_full::check(&model, &plan, &mut refused, &mut findings);
    let unable = refused.len() > refused_by_rules.len();
    power::judge(&mut model, &mut refused, &mut findings);
    if refused.len() > allocated {
        plan = assemble(&model, &refused, &slots, &input.previous)?;
    }
    let compilation = Compilation::new(&model, plan, findings, refused.clone());
    let Model {
        site,
        selected,
        seats,
        ..
    } = model;
    let kept = Kept {
        site,
        selected,
        seats,
        findings: kept,
        refused,
        unable,
    };
    Ok((compilation, kept))
}

/// What the rules but those about power say beside what is known already, and what they refuse.
pub(crate) fn judge(model: &Model<'_>, known: &[Finding]) -> (Vec<Finding>, BTreeSet<ObjectRef>) {
    let mut findings = known.to_vec();
    for check in CHECKS {
        check(model, &mut findings);
    }
    let mut refused = refused_by(&findings);
    depends_on_refused::spread(model, &mut refused, &mut findings);
    (findings, refused)
}

impl Compilation {
    pub(crate) fn new(
        model: &Model<'_>,
        plan: Plan,
        mut findings: Vec<Finding>,
        refused: BTreeSet<ObjectRef>,
    ) -> Self {
        sort_findings(&mut findings);
        let ignored = ignore::apply(model, &refused, &mut findings);
        let storage = storage::amounts(model, |pool| accepted(pool, &refused));
        let shares = reach::shares(model);
        Self {
            plan,
            findings,
            ignored,
            refused,
            reach: reach::total(&shares),
            shares,
            referenced: referenced(model),
            power: model.power.envelopes.clone(),
            storage,
            membership: Membership::new(model),
        }
    }
}

/// In the order of code, object and place.
pub(crate) fn sort_findings(findings: &mut [Finding]) {
    findings.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
}

fn sort_key(finding: &Finding) -> (&str, Option<(&ObjectRef, &rackwright_manifest::Path)>, &str) {
    let first = finding.parties.first().map(|party| (&party.object, &party.path));
    (finding.rule.code, first, &finding.message)
}

pub(crate) fn refused_by(findings: &[Finding]) -> BTreeSet<ObjectRef> {
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

/// Gives every node of the accepted pools its slot in each fabric, in the order of the model's fabrics. A fabric that
/// cannot give them is refused, and its pools with it.
fn allocate_fabrics(
    model: &Model<'_>,
    previous: &[PreviousNode],
    refused: &mut BTreeSet<ObjectRef>,
    findings: &mut Vec<Finding>,
) -> Vec<Option<FabricSlots>> {
    let mut unable = BTreeSet::new();
    let mut allocated = Vec::with_capacity(model.fabrics.len());
    for fabric in &model.fabrics {
        let object = ObjectRef::new(Kind::InfiniBandFabric, &fabric.name);
        let addressed = Addressed::new(model, fabric).filter(|_| !refused.contains(&object));
        let Some(addressed) = addressed else {
            allocated.push(None);
            continue;
        };
        let nodes = attached(model, fabric, refused);
        match numbers::allocate(model, &addressed, &nodes, previous) {
            Ok((prefixes, slots)) => allocated.push(Some(FabricSlots {
                prefixes,
                nodes,
                slots,
            })),
            Err(refusals) => {
                findings.extend(refusals);
                unable.insert(object);
                allocated.push(None);
            }
        }
    }
    if !unable.is_empty() {
        refused.extend(unable);
        let known = refused.clone();
        depends_on_refused::spread_beyond(model, &known, refused, findings);
    }
    allocated
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

pub(crate) fn accepted(pool: &Intent<GPUPoolSpec>, refused: &BTreeSet<ObjectRef>) -> bool {
    !pool.deleting && !refused.contains(&ObjectRef::new(Kind::GPUPool, &pool.name))
}

/// Puts the rows of the plan together.
fn assemble(
    model: &Model<'_>,
    refused: &BTreeSet<ObjectRef>,
    slots: &[Option<FabricSlots>],
    previous: &[PreviousNode],
) -> Result<Plan, CompileError> {
    let mut sources_of_guids = Guids::new(model);
    let mut plan = Plan {
        racks: model.site.racks.iter().map(|rack| rack.name.clone()).collect(),
        clusters: model.cluster_names(),
        cluster_of_rack: model.clusters_of_racks(),
        nvlink_domains: imex_domains(model),
        ..Plan::default()
    };
    let mut rows = Vec::new();
    // For each compiled pool, where the slots of its addressed fabrics come from.
    let mut sources: Vec<Vec<&FabricSlots>> = Vec::new();
    let mut pools = Vec::new();
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
        pools.push(*pool);
        rows.extend(selected.iter().map(|&node| (node, number)));
    }
    rows.sort_unstable();
    let units = Units::new(model, &pools, rows.iter().copied());
    plan.nodes.reserve_exact(rows.len());
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
            sits: units.of(node),
            slots: start,
            guids,
            hash: 0,
        });
    }
    plan.units = units.fabrics;
    plan.quarantined = quarantine::of(&plan, previous);
    hash_nodes(&mut plan, None);
    Ok(plan)
}

/// The NVLink domains by rack, where a host runs the IMEX daemon itself and must know its peers.
pub(crate) fn imex_domains(model: &Model<'_>) -> Vec<Option<Hostlist>> {
    let mut modes_of_imex = model
        .pools
        .iter()
        .filter_map(|pool| pool.spec.gpu.as_ref()?.imex.as_ref());
    if modes_of_imex.any(|imex| imex.mode == ImexMode::HostManaged) {
        return model.nvlink_domains();
    }
    Vec::new()
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

/// Hashes the nodes of one pool, by its number, or of all; returns how many.
pub(crate) fn hash_nodes(plan: &mut Plan, pool: Option<u32>) -> u32 {
    let mut json = Vec::new();
    let mut hashed = 0;
    for at in 0..plan.nodes.len() {
        if pool.is_some_and(|pool| plan.nodes[at].pool != pool) {
            continue;
        }
        let node = plan.at(at);
        let profile = &node.pool().profile_hash;
        plan.nodes[at].hash = facts_hash(|out| node.write_facts(out), profile, &mut json);
        hashed += 1;
    }
    hashed
}

pub(crate) fn pool_plan(
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

/// What must stay while something refers to it: everything but pools, which may always go.
fn referenced(model: &Model<'_>) -> BTreeSet<ObjectRef> {
    model
        .references()
        .map(|reference| reference.to)
        .filter(|to| to.kind != Kind::GPUPool)
        .collect()
}
