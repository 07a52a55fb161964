//! Compiling again after edits of pools, without the work that the edit does not touch.
//!
//! Most edits change what a pool's nodes become: a driver, a power limit, a sysctl. They leave alone which nodes it has,
//! how these are plugged in and what they mount, and so every rack, selection and address of the site. After such an edit the rules
//! run again, and only that pool's profile and the hashes of its nodes are computed. Any other edit is a full compile,
//! and so is one that changes what is refused.

use rackwright_api::{GPUPoolSpec, Name};

use crate::compile::{
    Compilation, CompileError, Kept, compile_keeping, hash_nodes, imex_domains, judge, pool_plan,
};
use crate::input::{Input, Intent};
use crate::model::Model;
use crate::power::{self, Power, Waits};
use crate::profile;

/// A compiler that remembers its last input and result. What it gives is always what [`compile`](crate::compile) gives
/// for the same input.
#[derive(Debug)]
pub struct Incremental {
    input: Input,
    kept: Kept,
    compilation: Compilation,
}

/// How much was computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recompiled {
    /// Everything.
    All,
    /// So many nodes of one pool: all that it has, or none where its profile stayed the same.
    Nodes(u32),
}

impl Incremental {
    /// Compiles in full.
    pub fn new(input: Input) -> Result<Self, CompileError> {
        let (compilation, kept) = compile_keeping(&input)?;
        Ok(Self {
            input,
            kept,
            compilation,
        })
    }

    /// What was compiled last.
    pub fn input(&self) -> &Input {
        &self.input
    }

    /// What came of it.
    pub fn compilation(&self) -> &Compilation {
        &self.compilation
    }

    /// Adds a pool, or puts it in the place of the one with its name. After an error nothing can be said of the result.
    pub fn set_pool(&mut self, pool: Intent<GPUPoolSpec>) -> Result<Recompiled, CompileError> {
        self.set_pools(vec![pool])
    }

    /// The same with several pools, in one go.
    pub fn set_pools(&mut self, pools: Vec<Intent<GPUPoolSpec>>) -> Result<Recompiled, CompileError> {
        let names: Vec<Name> = pools.iter().map(|pool| pool.name.clone()).collect();
        let mut local = true;
        for pool in pools {
            let known = self.input.pools.iter_mut();
            let mut found: Vec<&mut Intent<GPUPoolSpec>> =
                known.filter(|other| other.name == pool.name).collect();
            if let [before] = &mut found[..] {
                local &= Self::is_local(before, &pool);
                **before = pool;
            } else {
                local = false;
                self.input.pools.push(pool);
            }
        }
        if local && let Some(nodes) = self.pools(&names)? {
            return Ok(Recompiled::Nodes(nodes));
        }
        self.all()
    }

    /// Takes an edit of anything.
    pub fn edit(&mut self, edit: impl FnOnce(&mut Input)) -> Result<Recompiled, CompileError> {
        edit(&mut self.input);
        self.all()
    }

    fn all(&mut self) -> Result<Recompiled, CompileError> {
        (self.compilation, self.kept) = compile_keeping(&self.input)?;
        Ok(Recompiled::All)
    }

    /// Compiles pools after local edits; none where these change what is refused, or where a fabric cannot
    /// give its nodes their numbers and what it refuses would have to be found again.
    fn pools(&mut self, names: &[Name]) -> Result<Option<u32>, CompileError> {
        let kept = &mut self.kept;
        let mut model = Model::sorted(&self.input);
        model.site = std::mem::take(&mut kept.site);
        model.selected = std::mem::take(&mut kept.selected);
        model.seats = std::mem::take(&mut kept.seats);
        // A pool's power cap changes what its racks draw.
        model.power = Power::new(&model, &Waits::default());
        let (mut findings, mut refused) = judge(&model, &kept.findings);
        power::judge(&mut model, &mut refused, &mut findings);
        if kept.unable || refused != kept.refused {
            return Ok(None);
        }
        let mut plan = std::mem::take(&mut self.compilation.plan);
        let mut hashed = 0;
        for name in names {
            let number = plan.pools.iter().position(|pool| pool.name == *name);
            let intent = model.pools.iter().find(|pool| pool.name == *name);
            let (Some(number), Some(intent)) = (number, intent) else {
                continue;
            };
            let before = &mut plan.pools[number];
            let profile = profile::build(&intent.spec, &model.fabrics_of(intent), &model.tiers_of(intent));
            let rails = std::mem::take(&mut before.rails);
            let after = pool_plan(intent, profile, rails, before.nodes as usize)?;
            let same = after.profile_hash == before.profile_hash;
            *before = after;
            // The first pool whose hosts run the IMEX daemon themselves is what they are looked up for.
            if plan.nvlink_domains.is_empty() {
                plan.nvlink_domains = imex_domains(&model);
            }
            if !same {
                hashed += hash_nodes(&mut plan, Some(number as u32));
            }
        }
        self.compilation = Compilation::new(&model, plan, findings, refused);
        (kept.site, kept.selected, kept.seats) = (model.site, model.selected, model.seats);
        Ok(Some(hashed))
    }

    /// Whether an edit leaves alone which nodes a pool has, how these are plugged in, and what they mount: then it reaches no
    /// node of another pool.
    pub fn is_local(before: &Intent<GPUPoolSpec>, after: &Intent<GPUPoolSpec>) -> bool {
        let GPUPoolSpec {
            fabrics,
            gpu: _,
            host: _,
            kubernetes: _,
            nodes,
            on_delete: _,
            rollout: _,
            storage,
            supercluster,
        } = &before.spec;
        // Tiers bring consents to wipe, which are facts of single nodes.
        let same = *fabrics == after.spec.fabrics
            && *nodes == after.spec.nodes
            && *storage == after.spec.storage
            && *supercluster == after.spec.supercluster;
        same && !before.deleting && !after.deleting
    }
}
