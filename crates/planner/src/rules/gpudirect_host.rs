//! GPUDirect Storage lacks what it needs on the hosts of a pool.

use rackwright_api::{GPUPoolSpec, GpuManager, KernelModules, StorageTierSpec};
use rackwright_manifest::{Rule, Severity};

use crate::finding::{Finding, at};
use crate::model::Model;
use crate::tiers::{major_minor, mountings};

/// What "GDS Support for NVMe Drives Using Linux PCI P2PDMA" asks of kernel and driver.
const P2PDMA_KERNEL: (u32, u32) = (6, 2);
const P2PDMA_DRIVER: (u32, u32) = (565, 47);

/// Kernel arguments that switch the IOMMU off or let it pass through.
const IOMMU: &[&str] = &[
    "iommu=pt",
    "iommu=off",
    "intel_iommu=off",
    "amd_iommu=off",
    "iommu.passthrough=1",
];

/// See its documentation.
pub static RULE: Rule = Rule {
    code: "RW5017",
    name: "gpudirect-host",
    severity: Severity::Warning,
    summary: "GPUDirect Storage lacks what it needs on the hosts of a pool",
    doc: r#"## What it does
A pool that mounts a tier with `gpuDirectStorage: true` says three things:

- The kernel module `nvidia_fs` is loaded (`host.modules`), or GPU Operator manages the GPUs. Local devices without RAID do without it where `host.kernel` is 6.2 or newer and the driver 565.47 or newer (PCI P2PDMA).
- `gpu.driver.kernelModules` is `Open`.
- The IOMMU is off or passes through: one of `iommu=pt`, `iommu=off`, `intel_iommu=off`, `amd_iommu=off` and `iommu.passthrough=1` is among `host.kernelArguments`, or TuneD sets kernel arguments. Grace CPUs need the opposite and are not judged.

Sources: NVIDIA, "GPUDirect Storage Filesystem Kernel Driver", 7.3; "GDS Support for NVMe Drives Using Linux PCI P2PDMA", pre-installation steps; "GPUDirect Storage Best Practices Guide", system settings.

## Why
cuFile falls back to copies through the host's memory without a word, and the tier has a fraction of its throughput. A host may have from its image what the pool does not say, so this is a warning.

## Refused
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-2]", system: dgx-b200 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a1" }
  host: { kernelArguments: [ iommu=pt ] }
  gpu: { driver: { version: "580.95.05", kernelModules: Open } }
  storage: [ { tier: data } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: data }
spec:
  supercluster: lab
  localNVMe: { devices: { model: "SAMSUNG MZWLO*", count: 8 }, raid: 0, filesystem: xfs, wipe: Never }
  gpuDirectStorage: true
  mountPoint: /data
```

## Accepted
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks:
  - { names: "a[1-2]", nodes: "n[1-2]", system: dgx-b200 }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train }
spec:
  supercluster: lab
  nodes: { racks: "a1" }
  host: { kernelArguments: [ iommu=pt ], modules: [ nvidia_fs ] }
  gpu: { driver: { version: "580.95.05", kernelModules: Open } }
  storage: [ { tier: data } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: data }
spec:
  supercluster: lab
  localNVMe: { devices: { model: "SAMSUNG MZWLO*", count: 8 }, raid: 0, filesystem: xfs, wipe: Never }
  gpuDirectStorage: true
  mountPoint: /data
```

## Fix
Write what is named, and prove it on a node with `gdscheck -p`.
"#,
};

/// Every pool, for every tier that its GPUs read without a bounce buffer.
pub(crate) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for mounting in mountings(model) {
        let (pool, tier) = (&mounting.pool.spec, &mounting.tier.spec);
        if tier.gpu_direct_storage != Some(true) {
            continue;
        }
        let lacks = [
            module(pool, tier),
            open_modules(pool),
            iommu(pool, model, mounting.number),
        ];
        let lacks: Vec<&str> = lacks.into_iter().flatten().collect();
        if lacks.is_empty() {
            continue;
        }
        let (pool, tier) = (mounting.pool_object(), mounting.tier_object());
        findings.push(
            Finding::new(
                &RULE,
                format!(
                    "{tier} wants GPUDirect Storage, and {pool} does not say that {}",
                    lacks.join("; that ")
                ),
            )
            .party(pool, mounting.path(), "with GPUDirect Storage")
            .told(tier, at!("spec", "gpuDirectStorage"), "wanted here")
            .help("write it in the pool; `gdscheck -p` on a node shows what is there"),
        );
    }
}

fn module(pool: &GPUPoolSpec, tier: &StorageTierSpec) -> Option<&'static str> {
    let host = pool.host.as_ref();
    let loaded = host.is_some_and(|host| host.modules.iter().any(|module| module.as_str() == "nvidia_fs"));
    let operator = pool.gpu.as_ref().and_then(|gpu| gpu.managed_by) == Some(GpuManager::GPUOperator);
    let without_raid = tier.local_nvme.as_ref().is_some_and(|local| local.raid.is_none());
    let kernel = host.and_then(|host| host.kernel.as_ref());
    let driver = pool.gpu.as_ref().and_then(|gpu| gpu.driver.as_ref());
    let p2pdma = without_raid
        && kernel.is_some_and(|kernel| major_minor(kernel.as_str()) >= P2PDMA_KERNEL)
        && driver.is_some_and(|driver| major_minor(driver.version.as_str()) >= P2PDMA_DRIVER);
    (!loaded && !operator && !p2pdma).then_some("nvidia_fs is loaded (host.modules)")
}

fn open_modules(pool: &GPUPoolSpec) -> Option<&'static str> {
    let driver = pool.gpu.as_ref().and_then(|gpu| gpu.driver.as_ref());
    let open = driver.and_then(|driver| driver.kernel_modules) == Some(KernelModules::Open);
    (!open).then_some("the driver's kernel modules are open (gpu.driver.kernelModules)")
}

fn iommu(pool: &GPUPoolSpec, model: &Model<'_>, number: u32) -> Option<&'static str> {
    let host = pool.host.as_ref();
    let arguments = || host.iter().flat_map(|host| &host.kernel_arguments);
    let said = arguments().any(|argument| IOMMU.contains(&argument.as_str()));
    let tuned = host
        .and_then(|host| host.tuned.as_ref())
        .and_then(|tuned| tuned.kernel_arguments)
        == Some(true);
    // GB200 and GB300 trays, and whatever else has a Grace CPU beside its GPUs.
    let grace = |gpu: &str| gpu.starts_with("gb") || gpu.starts_with("gh");
    let systems = model.systems_of(number);
    let grace = systems.iter().any(|system| grace(&system.system.gpu.value));
    (!said && !tuned && !grace).then_some("the IOMMU passes through (host.kernelArguments: iommu=pt)")
}
