//! The API server as the consumer of StorageClasses and PersistentVolumes: its strict dry run takes those of every tier
//! of the examples, and of one tier of each kind and provisioner.

use rackwright_api::{Name, StorageTierSpec};
use rackwright_e2e::cluster::{Cluster, run};
use rackwright_e2e::{root, variable};
use rackwright_manifest::{Limits, Sources, read};
use rackwright_planner::handover::storage;
use serde_json::{Value, json};

/// The tiers of the examples, by file.
fn of_examples() -> Vec<(String, Name, StorageTierSpec)> {
    let mut tiers = Vec::new();
    for file in [
        "tiny/lab.yaml",
        "superpod-b200/storage.yaml",
        "gitops/base/storage.yaml",
    ] {
        let text = std::fs::read(root().join("examples").join(file)).unwrap();
        let read = read(&mut Sources::default(), file, text, &Limits::default());
        for document in read
            .documents
            .iter()
            .filter(|document| document.value["kind"] == "StorageTier")
        {
            let name = Name::new(document.value["metadata"]["name"].as_str().unwrap()).unwrap();
            let spec = serde_json::from_value(document.value["spec"].clone()).unwrap();
            tiers.push((file.to_owned(), name, spec));
        }
    }
    tiers
}

/// One tier of each kind with each provisioner that fits it.
fn of_each_kind() -> Vec<(String, Name, StorageTierSpec)> {
    let local = json!({ "devices": { "model": "SAMSUNG MZ*", "count": 2, "capacity": "3840GB" }, "filesystem": "xfs", "wipe": "Never" });
    let kinds = [
        (
            "local",
            "localNVMe",
            local,
            &["Static", "LocalStaticProvisioner", "TopoLVM"][..],
        ),
        (
            "nfs",
            "nfs",
            json!({ "server": "nas1", "export": "/a", "transport": "RDMA", "version": "4.2", "connections": 8 }),
            &["Static", "CSI"],
        ),
        (
            "lustre",
            "lustre",
            json!({ "fileSystem": "data", "managementServers": ["10.80.0.1@o2ib", "10.80.0.2@o2ib"] }),
            &["Static", "CSI"],
        ),
        (
            "weka",
            "weka",
            json!({ "backends": ["weka1"], "fileSystem": "data" }),
            &["Static", "CSI"],
        ),
        (
            "beegfs",
            "beegfs",
            json!({ "managementServer": "mgmt1", "transport": "RDMA" }),
            &["Static", "CSI"],
        ),
    ];
    let mut tiers = Vec::new();
    for (name, field, value, provisioners) in kinds {
        for provisioner in provisioners {
            let mut spec = json!({
                "supercluster": "lab", "capacity": "15PB", "mountOptions": ["noatime"],
                "kubernetes": { "provisioner": provisioner, "storageClass": name },
            });
            spec[field] = value.clone();
            if *provisioner != "TopoLVM" {
                spec["mountPoint"] = json!("/mnt/data");
            }
            let case = format!("{name} by {provisioner}");
            tiers.push((
                case,
                Name::new(name).unwrap(),
                serde_json::from_value(spec).unwrap(),
            ));
        }
    }
    tiers
}

#[tokio::test]
async fn the_server_accepts_classes_and_volumes_of_every_tier() {
    Cluster::fresh().await.unwrap();
    let kubectl = variable("RACKWRIGHT_KUBECTL").unwrap();
    let mut accepted = 0;
    for (case, name, spec) in of_examples().into_iter().chain(of_each_kind()) {
        let mut objects: Vec<Value> = Vec::new();
        objects.extend(storage::class(&name, &spec).map(|class| json!(class)));
        objects.extend(storage::shared_volume(&name, &spec).map(|volume| json!(volume)));
        let local = storage::local_volume(&name, &spec, "a001-n01.example", 7_680_000_000_000);
        objects.extend(local.map(|volume| json!(volume)));
        for object in objects {
            let arguments = [
                "create",
                "--dry-run=server",
                "--validate=strict",
                "--output=json",
                "--filename=-",
            ];
            let output = run(&kubectl, &arguments, &object.to_string()).await.unwrap();
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{case}, {name}: {object}: {errors}");
            let stored: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(
                stored["spec"]["capacity"], object["spec"]["capacity"],
                "{case}: a quantity of another spelling"
            );
            accepted += 1;
        }
    }
    println!("{accepted} objects accepted by the server");
    assert!(accepted >= 20, "{accepted}");
}
