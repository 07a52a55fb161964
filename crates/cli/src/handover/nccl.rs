//! `nccl.conf` of each pool. Documents do not say what its RDMA devices are called, and what an agent found is not stable, so the
//! names come from the command line, by rail of the node.

use std::collections::BTreeMap;

use rackwright_api::{Name, Plane};
use rackwright_fabric::schedulers::nccl::{CrossNic, Hca, Settings};
use rackwright_hostset::{Limits, expand};

use super::{File, Note, Parts, Pool, text};
use crate::args::SchedulerOptions;
use crate::verbs::VerbError;

/// A file for each pool with rails of a compute fabric. `fabrics` says where rails meet.
pub(super) fn files<'a>(
    parts: &Parts<'_>,
    options: &SchedulerOptions,
    fabrics: &BTreeMap<Name, CrossNic>,
) -> Result<(Vec<File<'a>>, Vec<Note>), VerbError> {
    let (mut files, mut notes) = (Vec::new(), Vec::new());
    let Some(devices) = &options.rdma_devices else {
        return Ok((files, notes));
    };
    let devices = expand(devices, &Limits::default())
        .map_err(|error| VerbError::Usage(format!("--rdma-devices: {error}")))?;
    for pool in parts.pools() {
        let mut hcas = Vec::new();
        let mut of_fabrics: Vec<&Name> = Vec::new();
        for rail in &pool.plan.profile.rails {
            if rail.plane != Plane::Compute {
                continue;
            }
            let device = devices.get(usize::from(rail.rail)).ok_or_else(|| {
                VerbError::Usage(format!(
                    "--rdma-devices names {} devices, and nodes of pool {} have a rail {}; they are counted from 0",
                    devices.len(),
                    pool.plan.name,
                    rail.rail
                ))
            })?;
            hcas.push(Hca {
                device: device.clone(),
                port: 1,
                rail: None,
            });
            if !of_fabrics.contains(&&rail.fabric) {
                of_fabrics.push(&rail.fabric);
            }
        }
        if hcas.is_empty() {
            continue;
        }
        let cross_nic = match of_fabrics.as_slice() {
            [one] => fabrics.get(*one).copied().unwrap_or(CrossNic::Prefer),
            // Rails of two fabrics meet nowhere.
            _ => CrossNic::Never,
        };
        let settings = Settings {
            hcas,
            cross_nic,
            pkey_index: None,
            more: BTreeMap::new(),
        };
        notes.extend(several_partitions(parts, pool, &of_fabrics));
        let settings = settings
            .text()
            .map_err(|why| VerbError::Usage(format!("--rdma-devices: pool {}: {why}", pool.plan.name)))?;
        files.push(text(
            format!("nccl/{}.conf", pool.plan.name),
            "nccl.conf",
            "NCCL",
            settings,
        ));
    }
    Ok((files, notes))
}

/// NCCL takes the key at index 0 of the adapter's table, which is the partition's where it is the only one.
fn several_partitions(parts: &Parts<'_>, pool: Pool<'_>, fabrics: &[&Name]) -> Option<Note> {
    let input = &parts.outcome.input;
    let fabric = input.fabrics.iter().find(|fabric| {
        let partitions = fabric.spec.partitions.iter();
        let with_pool = partitions.filter(|partition| {
            let mut members = partition.members.iter();
            members.any(|member| member.pool == pool.plan.name)
        });
        fabrics.contains(&&fabric.name) && with_pool.count() > 1
    })?;
    Some(Note {
        object: format!("GPUPool/{}", pool.plan.name),
        text: format!(
            "is in more than one partition of {}, so its nccl.conf names none: set NCCL_IB_PKEY to the index of the job's key in the adapter's table",
            fabric.name
        ),
    })
}
