//! BeeGFS: the client's file, and a mount unit that names it.

use rackwright_api::{BeeGfs, Mount, Transport};

use super::network::REMOTE;
use super::{MountUnit, OVER_NETWORK, without_colon};
use crate::builder::Builder;
use crate::rails::Interfaces;

const ARTIFACT: &str = "a BeeGFS client's file";

/// Keys as in the client's own `beegfs-client.conf` (node-config 3.5); those that are not named keep their defaults.
pub(super) fn render(
    mount: &Mount,
    beegfs: &BeeGfs,
    interfaces: &Interfaces,
    mounts: &[Mount],
    out: &mut Builder,
) {
    let BeeGfs {
        // What the image installs.
        client: _,
        management_server,
        transport,
    } = beegfs;
    let at = format!("mounts[{}]", mount.mount_point);
    let field = format!("{at}.beegfs");
    if let Some(other) = mounts
        .iter()
        .take_while(|other| *other != mount)
        .find(|other| other.beegfs.is_some())
    {
        let other = format!("mounts[{}].beegfs", other.mount_point);
        out.two_owners(
            field.clone(),
            other,
            "port 8004 of the one BeeGFS client of a node",
        );
    }
    let server = without_colon(
        management_server.as_str(),
        &format!("{field}.managementServer"),
        ARTIFACT,
        out,
    );
    let tier = &mount.tier;
    let mut body = format!(
        "sysMgmtdHost = {}\nconnAuthFile = /etc/beegfs/conn.auth\n",
        server.unwrap_or_default()
    );
    // Without the second line a client that finds no RDMA goes on over TCP and says nothing.
    let interfaces_key = match transport {
        Transport::TCP => {
            body.push_str("connUseRDMA = false\n");
            "connInterfacesFile"
        }
        Transport::RDMA => {
            body.push_str("connUseRDMA = true\nconnTCPFallbackEnabled = false\n");
            "connRDMAInterfacesFile"
        }
    };
    if !mount.rails.is_empty() {
        let rails_field = format!("{at}.rails");
        match interfaces.of(&mount.rails) {
            // No comment: each line is an interface.
            Some(names) => {
                let path = format!("/etc/beegfs/rackwright-{tier}.interfaces");
                body.push_str(&format!("{interfaces_key} = {path}\n"));
                out.plain_file(path, format!("{}\n", names.join("\n")), &[&rails_field]);
            }
            None => out.note(
                rails_field,
                "no list of interfaces: not every rail has an address and a GUID in the inventory, so its interface has no name yet",
            ),
        }
    }
    let path = format!("/etc/beegfs/rackwright-{tier}.conf");
    out.file(&path, &body, &[&field]);
    let unit = MountUnit {
        what: "beegfs_nodev".to_owned(),
        kind: "beegfs",
        defaults: OVER_NETWORK,
        options: vec![format!("cfgFile={path}")],
        unit: "",
        wanted_by: REMOTE,
        field,
    };
    unit.write(mount, out);
}
