//! How Kubernetes sees the tiers of a plan, and what the provisioners of local devices are told.

use std::collections::BTreeMap;

use rackwright_api::{Name, StorageTierSpec};
use rackwright_planner::handover::storage;
use serde::Serialize;
use serde_json::{Value, json};

use super::{File, Form, Note, Objects, Parts, Pool, config_map, yaml};
use crate::verbs::VerbError;

/// The name that the chart of the local static provisioner gives its ConfigMap.
const STATIC_PROVISIONER_CONFIG: &str = "local-provisioner-config";

/// All files about storage.
pub(super) fn files<'a>(parts: &'a Parts<'_>) -> Vec<File<'a>> {
    let tiers = parts.used_tiers();
    let classes: BTreeMap<Option<String>, _> = tiers
        .iter()
        .filter_map(|(name, tier)| storage::class(name, tier))
        .map(|class| (class.metadata.name.clone(), class))
        .collect();
    let lvm_cluster = storage::lvm_cluster(None, tiers.values().copied());
    let mut files = vec![
        yaml(
            "local-static-provisioner/configmap.yaml",
            "ConfigMap",
            "the local static provisioner",
            static_provisioner(&tiers),
        ),
        yaml(
            "lvms/lvmcluster.yaml",
            "LVMCluster",
            "LVMS",
            lvm_cluster.map(object),
        ),
        yaml(
            "storage/storageclasses.yaml",
            "StorageClass",
            "Kubernetes",
            classes.into_values().map(object),
        ),
        File {
            path: "storage/persistentvolumes.jsonl".to_owned(),
            content: "PersistentVolume",
            read_by: "Kubernetes",
            form: Form::Lines,
            objects: volumes(parts, tiers),
        },
    ];
    files.extend(parts.pools().filter_map(lvmd));
    files
}

/// What a volume that is written needs of somebody.
pub(super) fn notes(parts: &Parts<'_>) -> Vec<Note> {
    let tiers = parts.used_tiers().into_iter();
    let by_hand = tiers.filter_map(|(name, tier)| {
        storage::shared_volume(name, tier)?;
        let directory = storage::directory_made_by_hand(tier)?;
        Some(Note {
            object: format!("StorageTier/{name}"),
            text: format!(
                "its PersistentVolume is {directory}, which nobody makes: pods wait (hostPath type check failed) until it is \
                 there. Once, on a host where the tier is mounted: mkdir {directory}"
            ),
        })
    });
    by_hand.collect()
}

/// Volumes that are written once: one of each shared tier, and of each local tier one a node.
fn volumes<'a>(parts: &'a Parts<'_>, tiers: BTreeMap<&'a Name, &'a StorageTierSpec>) -> Objects<'a> {
    let compilation = &parts.outcome.compilation;
    let of_one_node: BTreeMap<(&str, &str), u64> = compilation
        .storage
        .iter()
        .filter_map(|tier| Some(((tier.pool.as_str(), tier.tier.as_str()), tier.capacity.node?)))
        .collect();
    let objects = tiers.into_iter().flat_map(move |(name, tier)| -> Objects<'a> {
        if tier.local_nvme.is_none() {
            return Box::new(storage::shared_volume(name, tier).map(object).into_iter());
        }
        if !storage::is_static(tier) {
            return Box::new(std::iter::empty());
        }
        // Those of the pools that mount it; by pool, because lookups for each node would repeat.
        let bytes: BTreeMap<&str, u64> = parts
            .pools
            .keys()
            .filter_map(|pool| {
                let bytes = of_one_node.get(&(pool.as_str(), name.as_str()))?;
                Some((pool.as_str(), *bytes))
            })
            .collect();
        let nodes = compilation.plan.nodes();
        Box::new(nodes.filter_map(move |node| {
            let bytes = bytes.get(node.pool().name.as_str())?;
            storage::local_volume(name, tier, node.name(), *bytes).map(object)
        }))
    });
    Box::new(objects)
}

/// The ConfigMap of the local static provisioner, whose map of classes is a text of YAML.
fn static_provisioner(tiers: &BTreeMap<&Name, &StorageTierSpec>) -> Option<Result<Value, VerbError>> {
    let classes: BTreeMap<&str, _> = tiers
        .values()
        .filter_map(|tier| {
            let class = tier.kubernetes.as_ref()?.storage_class.as_str();
            Some((class, storage::static_provisioner_class(tier)?))
        })
        .collect();
    (!classes.is_empty()).then(|| {
        let map = serde_yaml::to_string(&classes)?;
        let data = BTreeMap::from([("storageClassMap".to_owned(), map)]);
        Ok(config_map(STATIC_PROVISIONER_CONFIG, &data))
    })
}

/// The configuration of TopoLVM's `lvmd` on the nodes of one pool: it does not start where a volume group is missing.
fn lvmd<'a>(pool: Pool<'_>) -> Option<File<'a>> {
    let classes = storage::topolvm_device_classes(pool.tiers());
    (!classes.is_empty()).then(|| {
        yaml(
            format!("topolvm/lvmd-{}.yaml", pool.plan.name),
            "lvmd configuration",
            "TopoLVM's lvmd",
            [Ok(json!({ "device-classes": classes }))],
        )
    })
}

fn object(typed: impl Serialize) -> Result<Value, VerbError> {
    Ok(serde_json::to_value(typed)?)
}
