//! Mounts, as systemd mount units.

mod beegfs;
mod local;
mod network;

use std::collections::BTreeSet;

use rackwright_api::{Host, Mount, MountOption};

use crate::builder::Builder;
use crate::rails::Interfaces;
use crate::systemd;

pub(crate) fn render(mounts: &[Mount], host: &Host, interfaces: &Interfaces, node: &str, out: &mut Builder) {
    for mount in mounts {
        let at = format!("mounts[{}]", mount.mount_point);
        if host.fstab_mounts.contains(&mount.mount_point) {
            out.two_owners(at.clone(), "host.fstabMounts", mount.mount_point.as_str());
        }
        for option in mount
            .options
            .iter()
            .filter(|option| option.as_str().starts_with("x-systemd."))
        {
            out.refuse(
                format!("{at}.options"),
                option.as_str(),
                "a mount unit",
                "systemd reads x-systemd options in /etc/fstab only; remove it",
            );
        }
        let Mount {
            beegfs,
            gpu_direct_storage: _, // gds
            local_nvme,
            lustre,
            mount_point: _,
            nfs,
            options: _,
            rails: _,
            tier: _,
            weka,
        } = mount;
        if let Some(beegfs) = beegfs {
            beegfs::render(mount, beegfs, interfaces, mounts, out);
        }
        if let Some(local) = local_nvme {
            local::render(mount, local, node, out);
        }
        if let Some(lustre) = lustre {
            network::lustre(mount, lustre, out);
        }
        if let Some(nfs) = nfs {
            network::nfs(mount, nfs, out);
        }
        if let Some(weka) = weka {
            network::weka(mount, weka, interfaces, out);
        }
    }
}

/// What a mount unit says beside where.
struct MountUnit<'a> {
    what: String,
    kind: &'a str,
    /// What is well without anybody's word; an option of the user with the same key replaces it.
    defaults: &'a [&'a str],
    /// What fields of the tier say: an option of the user with the same key is a second owner.
    options: Vec<String>,
    /// Settings of the section `[Unit]`, beside the description.
    unit: &'a str,
    wanted_by: &'a str,
    field: String,
}

impl MountUnit<'_> {
    /// Writes the unit and gives its name; none where the path has no unit.
    fn write(self, mount: &Mount, out: &mut Builder) -> Option<String> {
        let path = mount.mount_point.as_str();
        let Some(name) = systemd::mount_unit(path) else {
            out.refuse(
                format!("mounts[{path}].mountPoint"),
                path,
                "a mount unit",
                "its unit's name would be longer than 255 bytes (each dash counts four); choose a shorter path",
            );
            return None;
        };
        let key = |option: &str| option.split('=').next().unwrap_or_default().to_owned();
        let theirs: BTreeSet<String> = mount.options.iter().map(|option| key(option.as_str())).collect();
        for option in self.options.iter().filter(|option| theirs.contains(&key(option))) {
            let what = format!("the mount option {}", key(option));
            out.two_owners(format!("mounts[{path}].options"), &self.field, what);
        }
        let defaults = self
            .defaults
            .iter()
            .filter(|option| !theirs.contains(&key(option)));
        let options: Vec<&str> = defaults
            .copied()
            .chain(self.options.iter().map(String::as_str))
            .chain(mount.options.iter().map(MountOption::as_str))
            .collect();
        let body = format!(
            "[Unit]\nDescription=Storage tier {tier}\n{unit}\n[Mount]\nWhat={what}\nWhere={path}\nType={kind}\nOptions={options}\n\n[Install]\nWantedBy={wanted_by}\n",
            tier = mount.tier,
            unit = self.unit,
            what = systemd::setting(&self.what),
            kind = self.kind,
            options = systemd::setting(&options.join(",")),
            wanted_by = self.wanted_by,
        );
        out.own_unit(&name, &body, &[&self.field]);
        Some(name)
    }
}

/// Options of every mount over a network: it waits for the network, and a node boots without it (node-config 3.2).
const OVER_NETWORK: &[&str] = &["_netdev", "nofail"];

/// A server in a place that ends at a colon; refused where it holds one itself.
fn without_colon<'a>(
    server: &'a str,
    field: &str,
    artifact: &'static str,
    out: &mut Builder,
) -> Option<&'a str> {
    if server.contains(':') {
        out.refuse(
            field,
            server,
            artifact,
            "a colon ends the server there; use a host name or an IPv4 address without a port",
        );
        return None;
    }
    Some(server)
}
