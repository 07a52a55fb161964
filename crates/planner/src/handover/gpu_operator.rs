//! NVIDIA's GPU Operator: what is handed over for the pools that it manages, in its own formats.
//!
//! Pure functions from intents to typed content; writing it as YAML or applying it is the caller's matter. The formats are
//! those of GPU Operator a22dbf671 and mig-parted bd7160f4.

use std::collections::BTreeMap;

use rackwright_api::{DriverVersion, GPUPoolSpec, GpuManager, KernelModules, Name};

pub use super::mig_parted::{DISABLED, MigParted};

use crate::catalogue::Gpu;
use crate::compile::Compilation;
use crate::input::{Input, Intent, Kind, ObjectRef};
use crate::model::Model;

/// The longest value of a label (apimachinery, `validation.LabelValueMaxLength`).
pub(super) const MAX_LABEL: usize = 63;

/// The label that picks a configuration for the MIG manager (mig-parted `pkg/mig/reconfigure`).
pub const MIG_CONFIG: &str = "nvidia.com/mig.config";

/// What GPU Operator gets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Handover {
    /// The content of the ConfigMap that ClusterPolicy names in `migManager.config.name`; none where no GPU can be cut.
    pub mig_parted: Option<MigParted>,
    /// What the nodes of each pool get, by pool.
    pub pools: Vec<PoolHandover>,
}

/// What the nodes of one pool get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolHandover {
    /// The pool.
    pub pool: Name,
    /// `driver.version` of ClusterPolicy or NVIDIADriver.
    pub driver_version: Option<DriverVersion>,
    /// `driver.kernelModuleType`: `open` or `proprietary`; absent: GPU Operator's own choice, `auto`.
    pub kernel_module_type: Option<&'static str>,
    /// The content of the ConfigMap that `driver.kernelModuleConfig.name` names: files by name, one for each module.
    pub kernel_module_config: BTreeMap<String, String>,
    /// Labels of the Node objects.
    pub labels: BTreeMap<String, String>,
}

/// What is handed over for every accepted pool with `gpu.managedBy: GPUOperator`.
pub fn gpu_operator(input: &Input, compilation: &Compilation) -> Handover {
    // What is wrong with the intents the compilation has said.
    let model = Model::new(input, &mut Vec::new());
    let mut handover = Handover::default();
    for (number, pool) in model.pools.iter().enumerate() {
        let refused = compilation
            .refused
            .contains(&ObjectRef::new(Kind::GPUPool, &pool.name));
        if refused || pool.deleting || !is_managed(&pool.spec) {
            continue;
        }
        let gpus = model.known_gpus(number as u32);
        let config = mig_config(&mut handover.mig_parted, &pool.spec, gpus.as_deref());
        handover.pools.push(pool_handover(pool, config));
    }
    handover
}

fn is_managed(pool: &GPUPoolSpec) -> bool {
    pool.gpu.as_ref().and_then(|gpu| gpu.managed_by) == Some(GpuManager::GPUOperator)
}

/// The name of the pool's MIG configuration, which is added to the file; none for GPUs that cannot be cut, or may not.
fn mig_config(file: &mut Option<MigParted>, pool: &GPUPoolSpec, gpus: Option<&[&Gpu]>) -> Option<String> {
    let mig = pool.gpu.as_ref().and_then(|gpu| gpu.mig.as_ref());
    let capable = gpus.is_some_and(|gpus| gpus.iter().any(|gpu| !gpu.mig.profiles.is_empty()));
    match mig {
        Some(mig) => Some(file.get_or_insert_with(MigParted::new).add(mig, gpus)),
        None if capable => {
            file.get_or_insert_with(MigParted::new);
            Some(DISABLED.to_owned())
        }
        None => None,
    }
}

fn pool_handover(pool: &Intent<GPUPoolSpec>, mig_config: Option<String>) -> PoolHandover {
    let gpu = pool.spec.gpu.as_ref();
    let driver = gpu.and_then(|gpu| gpu.driver.as_ref());
    let flavour = driver.and_then(|driver| driver.kernel_modules);
    let channels = gpu
        .and_then(|gpu| gpu.imex.as_ref())
        .and_then(|imex| imex.channels);
    // A file for each module, a parameter a line (GPU Operator, "Customizing NVIDIA GPU Driver Parameters").
    let nvidia = channels.map(|channels| {
        let parameters = format!("NVreg_ImexChannelCount={channels}\n");
        ("nvidia.conf".to_owned(), parameters)
    });
    PoolHandover {
        pool: pool.name.clone(),
        driver_version: driver.map(|driver| driver.version.clone()),
        kernel_module_type: flavour.map(|flavour| match flavour {
            KernelModules::Open => "open",
            KernelModules::Proprietary => "proprietary",
        }),
        kernel_module_config: nvidia.into_iter().collect(),
        labels: mig_config
            .into_iter()
            .map(|config| (MIG_CONFIG.to_owned(), config))
            .collect(),
    }
}
