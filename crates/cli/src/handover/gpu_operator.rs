//! NVIDIA's GPU Operator: values for its Helm chart, and the objects that they name.
//!
//! ClusterPolicy, which the chart writes, knows one driver. Where the pools differ, each gets an NVIDIADriver instead
//! (gpu-operator, `api/nvidia/v1alpha1/nvidiadriver_types.go`: `image` and the rest have defaults there).

use std::collections::{BTreeMap, BTreeSet};

use rackwright_api::labels::POOL;
use rackwright_planner::handover::gpu_operator::{Handover, MigParted, PoolHandover};
use serde_json::{Map, Value, json};

use super::{File, Note, config_map, yaml};
use crate::verbs::VerbError;

/// The ConfigMap that `migManager.config.name` names.
const MIG_CONFIG: &str = "rackwright-mig-parted";

/// The ConfigMap that `driver.kernelModuleConfig.name` names; with more than one, the pool follows.
const KERNEL_MODULES: &str = "rackwright-kernel-modules";

/// The files of all pools that it manages.
pub(super) fn files<'a>(handover: Handover, notes: &mut Vec<Note>) -> Vec<File<'a>> {
    let Handover { mig_parted, pools } = handover;
    if pools.is_empty() {
        return Vec::new();
    }
    let mut values = Map::new();
    let mut drivers = Vec::new();
    let mut modules = Vec::new();
    let distinct: BTreeSet<_> = pools.iter().map(told).collect();
    if let (Some(pool), 1) = (pools.first(), distinct.len()) {
        let driver = driver(pool, KERNEL_MODULES, &mut modules);
        if !driver.is_empty() {
            values.insert("driver".to_owned(), Value::Object(driver));
        }
    } else {
        // Without an NVIDIADriver of its own the chart's default one would drive every node.
        let own = json!({ "nvidiaDriverCRD": { "deployDefaultCR": false, "enabled": true } });
        values.insert("driver".to_owned(), own);
        for pool in &pools {
            if pool.driver_version.is_none() {
                notes.push(no_driver(pool));
                continue;
            }
            let name = format!("{KERNEL_MODULES}-{}", pool.pool);
            drivers.push(Ok(nvidia_driver(pool, driver(pool, &name, &mut modules))));
        }
    }
    if mig_parted.is_some() {
        values.insert(
            "migManager".to_owned(),
            json!({ "config": { "name": MIG_CONFIG } }),
        );
    }
    let values = (!values.is_empty()).then_some(Ok(Value::Object(values)));
    vec![
        yaml(
            "gpu-operator/kernel-modules.yaml",
            "ConfigMap",
            "GPU Operator's driver",
            modules,
        ),
        yaml(
            "gpu-operator/mig-parted.yaml",
            "ConfigMap",
            "GPU Operator's MIG manager",
            mig_parted.map(|file| mig_config(&file)),
        ),
        yaml(
            "gpu-operator/nvidiadrivers.yaml",
            "NVIDIADriver",
            "GPU Operator",
            drivers,
        ),
        yaml(
            "gpu-operator/values.yaml",
            "Helm values",
            "the chart gpu-operator",
            values,
        ),
    ]
}

/// What a pool says about the driver, as far as pools can differ in it.
fn told(pool: &PoolHandover) -> (Option<&str>, Option<&'static str>, &BTreeMap<String, String>) {
    let PoolHandover {
        pool: _,
        driver_version,
        kernel_module_type,
        kernel_module_config,
        labels: _,
    } = pool;
    let version = driver_version.as_ref().map(AsRef::as_ref);
    (version, *kernel_module_type, kernel_module_config)
}

/// The fields of a driver, which ClusterPolicy and NVIDIADriver call the same, and the ConfigMap that they name.
fn driver(
    pool: &PoolHandover,
    name: &str,
    modules: &mut Vec<Result<Value, VerbError>>,
) -> Map<String, Value> {
    let (version, flavour, config) = told(pool);
    let mut fields = Map::new();
    if !config.is_empty() {
        modules.push(Ok(config_map(name, config)));
        fields.insert("kernelModuleConfig".to_owned(), json!({ "name": name }));
    }
    fields.extend(flavour.map(|flavour| ("kernelModuleType".to_owned(), json!(flavour))));
    fields.extend(version.map(|version| ("version".to_owned(), json!(version))));
    fields
}

fn nvidia_driver(pool: &PoolHandover, mut spec: Map<String, Value>) -> Value {
    spec.insert("driverType".to_owned(), json!("gpu"));
    spec.insert("nodeSelector".to_owned(), json!({ POOL: pool.pool }));
    json!({
        "apiVersion": "nvidia.com/v1alpha1",
        "kind": "NVIDIADriver",
        "metadata": { "name": format!("rackwright-{}", pool.pool) },
        "spec": spec,
    })
}

fn no_driver(pool: &PoolHandover) -> Note {
    Note {
        object: format!("GPUPool/{}", pool.pool),
        text: "names no gpu.driver.version while other pools of GPU Operator have another driver, so no NVIDIADriver is written for it and its nodes get no driver; write the version".to_owned(),
    }
}

fn mig_config(file: &MigParted) -> Result<Value, VerbError> {
    let data = BTreeMap::from([("config.yaml".to_owned(), serde_yaml::to_string(file)?)]);
    Ok(config_map(MIG_CONFIG, &data))
}
