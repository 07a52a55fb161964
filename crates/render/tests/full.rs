//! A node that uses everything, rendered letter by letter; and the same node with a value that an artifact cannot hold.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::format_push_string,
    reason = "helpers of tests are not tests to clippy"
)]

use rackwright_api::{Facts, NodeProfileSpec};
use rackwright_render::{RenderErrors, Rendered, Unit, UnitContent, cloud_init, ignition, render};
use serde_json::{Value, json};

fn full() -> Value {
    serde_json::from_str(include_str!("full.json")).unwrap()
}

fn rendered(input: &Value) -> Result<Rendered, RenderErrors> {
    let profile: NodeProfileSpec = serde_json::from_value(input["profile"].clone()).unwrap();
    let facts: Facts = serde_json::from_value(input["facts"].clone()).unwrap();
    render("n1", &profile, &facts)
}

/// The node with one value replaced.
fn with(pointer: &str, value: Value) -> Result<Rendered, RenderErrors> {
    let mut input = full();
    *input.pointer_mut(pointer).unwrap() = value;
    rendered(&input)
}

#[test]
fn everything() {
    let rendered = rendered(&full()).unwrap();
    let mut text = String::new();
    for file in &rendered.files {
        text += &format!(
            "==> {} {:04o} ({})\n{}",
            file.path,
            file.mode,
            file.fields.join(", "),
            file.content
        );
    }
    for unit in &rendered.units {
        let Unit {
            content,
            fields,
            name,
            restart,
        } = unit;
        let (state, body) = match content {
            UnitContent::Enabled => ("enabled", ""),
            UnitContent::Masked => ("masked", ""),
            UnitContent::Own { text } => ("own", text.as_str()),
            UnitContent::DropIn { text, .. } => ("drop-in", text.as_str()),
        };
        let path = unit.path().unwrap_or_default();
        text += &format!(
            "==> {name} {state} restart={restart} {path} ({})\n{body}",
            fields.join(", ")
        );
    }
    text += &format!("==> kernel {}\n", rendered.kernel_arguments.join(" "));
    for tier in &rendered.local_tiers {
        text += &format!("==> {}\n", serde_json::to_string(tier).unwrap());
    }
    for note in &rendered.notes {
        text += &format!("==> note {}: {}\n", note.field, note.text);
    }
    insta::assert_snapshot!("everything", text);
}

#[test]
fn as_ignition_and_as_cloud_init() {
    let rendered = rendered(&full()).unwrap();
    let value: Value = serde_json::from_str(&ignition(&rendered).unwrap()).unwrap();
    assert_eq!(
        value["kernelArguments"]["shouldExist"]
            .as_array()
            .unwrap()
            .last()
            .unwrap(),
        "hugepagesz=1G hugepages=16"
    );
    let units = value["systemd"]["units"].as_array().unwrap();
    let named = |name: &str| {
        units
            .iter()
            .filter(|unit| unit["name"] == name)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        named("nvidia-imex.service"),
        [&json!({"name": "nvidia-imex.service", "mask": true})]
    );
    let mig = named("nvidia-mig-manager.service");
    assert_eq!(mig.len(), 1, "enabled and a drop-in are one entry");
    assert_eq!(
        (&mig[0]["enabled"], &mig[0]["dropins"][0]["name"]),
        (&json!(true), &json!("override.conf"))
    );
    let user_data = cloud_init(&rendered).unwrap();
    assert!(
        user_data.starts_with("#cloud-config\nwrite_files:\n"),
        "{user_data}"
    );
    assert!(user_data.contains(r"mnt-cache\x2d1.mount"));
}

#[test]
fn what_gpu_operator_owns_is_not_on_the_host() {
    let mut input = full();
    input["profile"]["gpu"]["managedBy"] = json!("GPUOperator");
    let rendered = rendered(&input).unwrap();
    let texts: Vec<&str> = rendered.files.iter().map(|file| file.content.as_str()).collect();
    assert!(
        !texts
            .iter()
            .any(|text| text.contains("nvidia") || text.contains("NVreg")),
        "{texts:#?}"
    );
    let units: Vec<&str> = rendered
        .units
        .iter()
        .map(|unit| unit.name.as_str())
        .filter(|n| !n.contains("mount"))
        .collect();
    assert_eq!(units, ["containerd.service", "nvidia-imex.service"]);
    for field in [
        "gpu.mig",
        "gpu.powerLimit",
        "gpu.ecc",
        "gpu.persistence",
        "gpu.imex.channels",
        "host.modules[nvidia_peermem]",
        "host.moduleOptions[nvidia]",
    ] {
        assert!(rendered.notes.iter().any(|note| note.field == field), "{field}");
    }
}

/// Each with the field that the error must name.
#[test]
fn what_cannot_be_expressed_names_its_field() {
    let long_path = format!("/{}", "-".repeat(70).replacen('-', "a", 1));
    for (pointer, value, field) in [
        (
            "/profile/host/sysctls",
            json!({"net.x = 1 #": "1"}),
            "host.sysctls",
        ),
        (
            "/profile/host/moduleOptions/0/options",
            json!({"a b": "1"}),
            "host.moduleOptions[nvidia]",
        ),
        (
            "/profile/host/kernelArguments/0",
            json!("a=b\\"),
            "host.kernelArguments",
        ),
        (
            "/profile/mounts/0/nfs/server",
            json!("nfs1:2049"),
            "mounts[/archive].nfs.server",
        ),
        (
            "/profile/mounts/2/lustre/managementServers/0",
            json!("fd00::1@o2ib"),
            "mounts[/datasets].lustre.managementServers",
        ),
        (
            "/profile/mounts/6/weka/backends/0",
            json!("w1:14000"),
            "mounts[/weka].weka.backends",
        ),
        (
            "/profile/mounts/3/beegfs/managementServer",
            json!("m:8008"),
            "mounts[/home].beegfs.managementServer",
        ),
        (
            "/profile/mounts/1/localNVMe/devices/count",
            json!(2),
            "mounts[/mnt/cache-1].localNVMe.devices.count",
        ),
        (
            "/profile/mounts/5/tier",
            json!("a-tier-whose-name-has-28-let"),
            "mounts[/scratch].tier",
        ),
        (
            "/profile/mounts/5/options/0",
            json!("x-systemd.automount"),
            "mounts[/scratch].options",
        ),
        ("/profile/mounts/0/mountPoint", json!(long_path), "mounts[/a---"),
        (
            "/facts/rails/0/ipv4",
            json!("10.80.0.256/23"),
            "facts.rails[0].ipv4",
        ),
    ] {
        let errors = with(pointer, value).unwrap_err();
        assert_eq!(errors.iter().count(), 1, "{pointer}: {errors}");
        assert!(errors.to_string().starts_with(field), "{pointer}: {errors}");
    }
}

#[test]
fn two_owners_of_one_thing_name_both() {
    let mut same_option = full();
    same_option["profile"]["host"]["moduleOptions"][0]["options"]["NVreg_ImexChannelCount"] = json!("2048");
    let mut same_point = full();
    same_point["profile"]["mounts"][0]["mountPoint"] = json!("/datasets");
    let mut fstab = full();
    fstab["profile"]["host"]["fstabMounts"] = json!(["/models"]);
    let mut two_beegfs = full();
    two_beegfs["profile"]["mounts"][0] =
        json!({"tier": "b", "mountPoint": "/b", "beegfs": {"managementServer": "m2", "transport": "TCP"}});
    let mut same_mount_option = full();
    same_mount_option["profile"]["mounts"][4]["options"] = json!(["proto=tcp"]);
    for (input, one, other) in [
        (
            &same_mount_option,
            "mounts[/models].options",
            "mounts[/models].nfs",
        ),
        (&same_option, "gpu.imex.channels", "host.moduleOptions[nvidia]"),
        (&same_point, "mounts[/datasets].lustre", "mounts[/datasets].nfs"),
        (&fstab, "mounts[/models]", "host.fstabMounts"),
        (&two_beegfs, "mounts[/home].beegfs", "mounts[/b].beegfs"),
    ] {
        let errors = rendered(input).unwrap_err().to_string();
        assert!(
            errors.contains(one) && errors.contains(other) && errors.contains("both set"),
            "{errors}"
        );
    }
}

#[test]
fn rails_without_a_guid_name_no_interface() {
    let mut input = full();
    input["facts"]["rails"][1].as_object_mut().unwrap().remove("guid");
    let rendered = rendered(&input).unwrap();
    let text: String = rendered.files.iter().map(|file| file.content.as_str()).collect();
    assert!(!text.contains("lnet") && !text.contains("rail1"), "{text}");
    assert!(
        rendered
            .notes
            .iter()
            .any(|note| note.field == "mounts[/datasets].rails")
    );
    assert!(
        rendered
            .notes
            .iter()
            .any(|note| note.field == "rails" && note.text.ends_with(": 1, 2"))
    );
}

/// GPUs read directly or fail where all tiers are meant for it; with another tier beside it cuFile may fall back.
#[test]
fn cufile_is_told_of_tiers_that_gpus_read() {
    let of = |mounts: Value| -> Value {
        let mut input = full();
        input["profile"]["mounts"] = mounts;
        let rendered = rendered(&input).unwrap();
        let file = rendered.files.iter().find(|file| file.path == "/etc/cufile.json");
        file.map_or(Value::Null, |file| serde_json::from_str(&file.content).unwrap())
    };
    let weka = json!({
        "tier": "weka", "mountPoint": "/weka", "rails": [0, 1], "gpuDirectStorage": true,
        "weka": {"backends": ["w1"], "fileSystem": "fs1"},
    });
    let nfs = |direct| {
        json!({
            "tier": "models", "mountPoint": "/models", "rails": [1], "gpuDirectStorage": direct,
            "nfs": {"export": "/models", "server": "nfs1", "transport": "RDMA"},
        })
    };
    assert_eq!(
        of(json!([weka, nfs(false)])),
        json!({"properties": {"allow_compat_mode": true, "rdma_dev_addr_list": ["10.80.0.7", "10.80.2.7"]}})
    );
    assert_eq!(
        of(json!([nfs(true)])),
        json!({"properties": {"allow_compat_mode": false}})
    );
    assert_eq!(of(json!([nfs(false)])), Value::Null);
}

#[test]
fn the_hosts_own_imex_daemon_knows_its_peers() {
    let of = |peers: Value| {
        let mut input = full();
        input["profile"]["gpu"]["imex"]["mode"] = json!("HostManaged");
        input["facts"]["imexPeers"] = peers;
        rendered(&input)
    };
    let file = |rendered: &Rendered| {
        let found = rendered
            .files
            .iter()
            .find(|file| file.path == "/etc/nvidia-imex/nodes_config.cfg");
        found.map(|file| file.content.clone())
    };
    let rendered = of(json!("a1-n[1-3]")).unwrap();
    assert_eq!(file(&rendered).unwrap(), "a1-n1\na1-n2\na1-n3\n");
    let without = of(Value::Null).unwrap();
    assert_eq!(file(&without), None);
    assert!(without.notes.iter().any(|note| note.field == "gpu.imex.mode"));
    let errors = of(json!("a1-n[1-")).unwrap_err();
    assert!(errors.to_string().starts_with("facts.imexPeers: "), "{errors}");
    // The DRA driver's daemons find their own.
    let mut input = full();
    input["facts"]["imexPeers"] = json!("a1-n[1-3]");
    assert_eq!(file(&self::rendered(&input).unwrap()), None);
}
