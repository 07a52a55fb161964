//! GPUs: runtime settings, MIG, IMEX.

use std::collections::BTreeMap;

use rackwright_api::{Facts, Gpu, GpuManager, Imex, ImexMode, Mig, Power, Toggle};

use rackwright_hostset::{HostSet, Limits};

use crate::UnitContent;
use crate::builder::Builder;

/// What follows is lost at a reboot, and most of it when the driver is loaded again (node-config 1.5).
const SETTINGS: &str = "rackwright-gpu.service";

const MIG_UNIT: &str = "nvidia-mig-manager.service";
const MIG_CONFIGURATION: &str = "/etc/nvidia-mig-manager/rackwright.yaml";
/// The name of our entry in that file.
const MIG_NAME: &str = "rackwright";
/// The one drop-in that nvidia-mig-manager's own tool writes and reads back (node-config 1.4): another name would lose
/// against it.
const MIG_SELECTION: &str = "override.conf";

const IMEX_UNIT: &str = "nvidia-imex.service";
/// Read by the daemon when it starts: a peer a line, the same on every node of the domain.
const IMEX_PEERS: &str = "/etc/nvidia-imex/nodes_config.cfg";

pub(crate) fn render(gpu: &Gpu, facts: &Facts, out: &mut Builder) {
    let Gpu {
        // Installing it is the image's matter, or GPU Operator's.
        driver: _,
        ecc,
        imex,
        managed_by,
        mig,
        persistence,
        power_limit,
    } = gpu;
    let handed_over = *managed_by == Some(GpuManager::GPUOperator);
    settings(*persistence, power_limit.as_ref(), *ecc, handed_over, out);
    match mig {
        Some(_) if handed_over => out.note(
            "gpu.mig",
            "GPU Operator cuts the GPUs, by the node's label nvidia.com/mig.config",
        ),
        Some(layout) => mig_manager(layout, out),
        None => {}
    }
    if let Some(imex) = imex {
        imex_service(imex, facts, out);
    }
}

/// A unit that sets what does not last, in the order in which one setting would undo the other: without persistence the
/// driver is unloaded, and with it goes the power limit.
fn settings(
    persistence: Option<Toggle>,
    power_limit: Option<&Power>,
    ecc: Option<Toggle>,
    handed_over: bool,
    out: &mut Builder,
) {
    let number = |toggle: Toggle| if toggle == Toggle::Enabled { "1" } else { "0" }.to_owned();
    let all = [
        ("gpu.persistence", "-pm", persistence.map(number)),
        (
            "gpu.powerLimit",
            "-pl",
            power_limit.map(|power| power.watts().0.to_string()),
        ),
        ("gpu.ecc", "-e", ecc.map(number)),
    ];
    let set: Vec<(&str, &str, String)> = all
        .into_iter()
        .filter_map(|(field, option, value)| Some((field, option, value?)))
        .collect();
    if handed_over {
        for (field, ..) in set {
            out.note(
                field,
                "no unit sets it: the driver's tools live in GPU Operator's container; the agent sets it",
            );
        }
        return;
    }
    if set.is_empty() {
        return;
    }
    let wants = match persistence {
        Some(Toggle::Enabled) => "Wants=nvidia-persistenced.service\n",
        Some(Toggle::Disabled) | None => "",
    };
    let mut commands = String::new();
    for (_, option, value) in &set {
        commands.push_str(&format!("ExecStart=/usr/bin/nvidia-smi {option} {value}\n"));
    }
    let body = format!(
        "[Unit]\nDescription=GPU settings that a reboot loses\n{wants}\
         After=nvidia-persistenced.service nvidia-fabricmanager.service {MIG_UNIT}\nBefore=kubelet.service\n\n\
         [Service]\nType=oneshot\nRemainAfterExit=yes\n{commands}\n[Install]\nWantedBy=multi-user.target\n"
    );
    let fields: Vec<&str> = set.iter().map(|(field, ..)| *field).collect();
    out.own_unit(SETTINGS, &body, &fields);
}

/// The layout in nvidia-mig-parted's own format, the same for each GPU, and its selection.
fn mig_manager(mig: &Mig, out: &mut Builder) {
    let mut counts: BTreeMap<&str, u8> = BTreeMap::new();
    for instances in &mig.layout {
        let profile = instances.profile.as_str();
        if counts.insert(profile, instances.count).is_some() {
            out.two_owners(
                "gpu.mig.layout".into(),
                "gpu.mig.layout",
                format!("the profile {profile}"),
            );
        }
    }
    let mut devices = String::new();
    for (profile, count) in &counts {
        devices.push_str(&format!("        \"{profile}\": {count}\n"));
    }
    let body = format!(
        "version: v1\nmig-configs:\n  {MIG_NAME}:\n    - devices: all\n      mig-enabled: true\n      mig-devices:\n{devices}"
    );
    out.file(MIG_CONFIGURATION, &body, &["gpu.mig"]);
    let selection = format!(
        "[Service]\nEnvironment=\"MIG_PARTED_CONFIG_FILE={MIG_CONFIGURATION}\"\nEnvironment=\"MIG_PARTED_SELECTED_CONFIG={MIG_NAME}\"\n"
    );
    out.drop_in(MIG_UNIT, MIG_SELECTION, &selection, &["gpu.mig"]);
    out.unit(MIG_UNIT, UnitContent::Enabled, &["gpu.mig"]);
}

/// Two exclusive ways: the DRA driver's daemons need the host's service masked (node-config 1.7).
fn imex_service(imex: &Imex, facts: &Facts, out: &mut Builder) {
    // The channels are an option of the driver's module.
    let Imex { channels: _, mode } = imex;
    match mode {
        ImexMode::DriverManaged => out.unit(IMEX_UNIT, UnitContent::Masked, &["gpu.imex.mode"]),
        ImexMode::HostManaged => {
            out.unit(IMEX_UNIT, UnitContent::Enabled, &["gpu.imex.mode"]);
            imex_peers(facts, out);
        }
    }
}

/// Peers by their names: what their management addresses are, no plan knows. The daemon takes addresses and DNS names
/// (dra-driver-nvidia-gpu, "Host-managed IMEX"; names since driver 570.158.01).
fn imex_peers(facts: &Facts, out: &mut Builder) {
    let field = "facts.imexPeers";
    let Some(peers) = &facts.imex_peers else {
        return out.note(
            "gpu.imex.mode",
            format!("{IMEX_PEERS} is not written: the site does not say which nodes share an NVLink domain"),
        );
    };
    match HostSet::parse(peers.as_str(), &Limits::default()) {
        // No comment: each line is a peer.
        Ok(names) => {
            let lines: Vec<String> = names.iter().map(|name| format!("{name}\n")).collect();
            out.plain_file(IMEX_PEERS, lines.concat(), &[field]);
            out.note(
                field,
                format!(
                    "{IMEX_PEERS} holds names: each must lead to its node, from every node of the domain"
                ),
            );
        }
        Err(_) => out.refuse(field, peers.as_str(), IMEX_PEERS, "it is not a hostlist"),
    }
}
