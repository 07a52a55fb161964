//! What Kubernetes and the provisioners of local devices are told of a tier.

use rackwright_api::{Name, StorageTierSpec};
use rackwright_planner::handover::storage;
use serde_json::{Value, json};

fn tier(kind: &str, value: Value, provisioner: &str, more: &Value) -> StorageTierSpec {
    let mut spec = json!({
        "supercluster": "lab",
        "kubernetes": { "provisioner": provisioner, "storageClass": "fast" },
    });
    spec[kind] = value;
    if !matches!(provisioner, "TopoLVM" | "LVMS") {
        spec["mountPoint"] = json!("/mnt/data");
    }
    for (key, value) in more.as_object().unwrap() {
        spec[key] = value.clone();
    }
    serde_json::from_value(spec).unwrap()
}

fn name() -> Name {
    Name::new("data").unwrap()
}

fn local() -> Value {
    json!({ "devices": { "count": 2, "pciAddresses": ["0000:1c:00.0", "0000:1b:00.0"] }, "filesystem": "ext4", "wipe": "Never" })
}

fn nfs() -> Value {
    json!({ "server": "nas1", "export": "/a", "transport": "RDMA", "version": "4.2", "connections": 8 })
}

fn lustre() -> Value {
    json!({ "fileSystem": "data", "managementServers": ["10.80.0.1@o2ib", "10.80.0.2@o2ib"] })
}

#[test]
fn nfs_by_its_driver_takes_the_fields_as_options() {
    let spec = tier("nfs", nfs(), "CSI", &json!({ "mountOptions": ["noatime"] }));
    assert_eq!(
        json!(storage::class(&name(), &spec)),
        json!({
            "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": { "name": "fast" },
            "mountOptions": ["vers=4.2", "proto=rdma", "port=20049", "nconnect=8", "noatime"],
            "parameters": { "server": "nas1", "share": "/a" },
            "provisioner": "nfs.csi.k8s.io", "reclaimPolicy": "Retain", "volumeBindingMode": "Immediate",
        })
    );
    assert_eq!(storage::shared_volume(&name(), &spec), None);
}

#[test]
fn a_server_by_its_ipv6_address_is_reached_over_ipv6() {
    for (transport, proto) in [("TCP", "proto=tcp6"), ("RDMA", "proto=rdma6")] {
        let nfs = json!({ "server": "fd00::1", "export": "/a", "transport": transport });
        let class = json!(storage::class(&name(), &tier("nfs", nfs, "CSI", &json!({}))));
        assert_eq!(class["mountOptions"][0], proto);
    }
}

#[test]
fn a_static_nfs_volume_has_the_capacity_of_the_tier() {
    let spec = tier("nfs", nfs(), "Static", &json!({ "capacity": "1500TB" }));
    let volume = json!(storage::shared_volume(&name(), &spec));
    assert_eq!(volume["spec"]["capacity"], json!({ "storage": "1500T" }));
    assert_eq!(volume["spec"]["nfs"], json!({ "path": "/a", "server": "nas1" }));
    assert_eq!(volume["spec"]["accessModes"], json!(["ReadWriteMany"]));
    let class = json!(storage::class(&name(), &spec));
    assert_eq!(class["provisioner"], "kubernetes.io/no-provisioner");
    assert_eq!(class["mountOptions"], Value::Null);
    let without = tier("nfs", nfs(), "Static", &json!({}));
    assert_eq!(storage::shared_volume(&name(), &without), None);
}

#[test]
fn lustre_is_its_servers_to_its_driver_and_a_directory_without() {
    let capacity = json!({ "capacity": "15PB" });
    let by_driver = json!(storage::shared_volume(
        &name(),
        &tier("lustre", lustre(), "CSI", &capacity)
    ));
    assert_eq!(
        by_driver["spec"]["csi"],
        json!({ "driver": "lustre-csi.hpe.com", "fsType": "lustre", "volumeHandle": "10.80.0.1@o2ib:10.80.0.2@o2ib:/data" })
    );
    let by_host = json!(storage::shared_volume(
        &name(),
        &tier("lustre", lustre(), "Static", &capacity)
    ));
    assert_eq!(
        by_host["spec"]["hostPath"],
        json!({ "path": "/mnt/data/volume", "type": "Directory" })
    );
}

#[test]
fn a_local_volume_stays_on_its_node() {
    let volume = json!(storage::local_volume(
        &name(),
        &tier("localNVMe", local(), "Static", &json!({})),
        "n1.example",
        7_680_500_000_000
    ));
    assert_eq!(volume["metadata"]["name"], "data.n1.example");
    assert_eq!(volume["spec"]["capacity"], json!({ "storage": "7680500M" }));
    // Not the mount point, which is there without the mount.
    assert_eq!(volume["spec"]["local"], json!({ "path": "/mnt/data/volume" }));
    let terms = &volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"];
    assert_eq!(
        *terms,
        json!([{ "matchExpressions": [{ "key": "kubernetes.io/hostname", "operator": "In", "values": ["n1.example"] }] }])
    );
}

#[test]
fn the_local_static_provisioner_finds_the_one_mount_point() {
    let spec = tier("localNVMe", local(), "LocalStaticProvisioner", &json!({}));
    assert_eq!(
        json!(storage::static_provisioner_class(&spec)),
        json!({ "hostDir": "/mnt", "mountDir": "/mnt", "namePattern": "data", "volumeMode": "Filesystem" })
    );
    let class = json!(storage::class(&name(), &spec));
    assert_eq!(class["volumeBindingMode"], "WaitForFirstConsumer");
}

#[test]
fn topolvm_gets_volume_groups_of_which_one_is_the_default() {
    let spec = tier("localNVMe", local(), "TopoLVM", &json!({}));
    let other = tier("localNVMe", local(), "LocalStaticProvisioner", &json!({}));
    let names = ["zeta", "data", "other"].map(|name| Name::new(name).unwrap());
    let tiers = names.iter().zip([&spec, &spec, &other]);
    assert_eq!(
        json!(storage::topolvm_device_classes(tiers)),
        json!([
            { "default": true, "name": "data", "stripe": 2, "volume-group": "data" },
            { "name": "zeta", "stripe": 2, "volume-group": "zeta" },
        ])
    );
    assert_eq!(storage::topolvm_device_classes([]), []);
    let class = json!(storage::class(&name(), &spec));
    assert_eq!(
        class["parameters"],
        json!({ "csi.storage.k8s.io/fstype": "ext4", "topolvm.io/device-class": "data" })
    );
}

#[test]
fn lvms_gets_paths_and_makes_the_class_itself() {
    let lvms = json!({ "kubernetes": { "provisioner": "LVMS", "storageClass": "lvms-fast" } });
    let spec = tier("localNVMe", local(), "LVMS", &lvms);
    assert_eq!(storage::class(&name(), &spec), None);
    assert_eq!(
        json!(storage::lvm_cluster(Some("openshift-storage"), [&spec, &spec])),
        json!({
            "apiVersion": "lvm.topolvm.io/v1alpha1", "kind": "LVMCluster",
            "metadata": { "name": "rackwright", "namespace": "openshift-storage" },
            "spec": { "storage": { "deviceClasses": [ {
                "deviceSelector": { "paths": ["/dev/disk/by-path/pci-0000:1b:00.0-nvme-1", "/dev/disk/by-path/pci-0000:1c:00.0-nvme-1"] },
                "fstype": "ext4", "name": "fast",
                "nodeSelector": { "nodeSelectorTerms": [ { "matchExpressions": [
                    { "key": "lvms.rackwright.dev/fast", "operator": "Exists" }
                ] } ] },
            } ] } },
        })
    );
    assert_eq!(storage::lvm_cluster(Some("openshift-storage"), []), None);
    // The nodes of the pools that have the tier, and no others.
    assert_eq!(
        json!(storage::lvms_node_labels([&spec])),
        json!({ "lvms.rackwright.dev/fast": "true" })
    );
}
