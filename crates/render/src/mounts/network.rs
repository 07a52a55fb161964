//! NFS, Lustre and WekaFS.

use std::net::Ipv6Addr;

use rackwright_api::{Lustre, Mount, Nfs, Transport, Weka};

use super::{MountUnit, OVER_NETWORK, without_colon};
use crate::builder::Builder;
use crate::rails::Interfaces;

const ARTIFACT: &str = "the device of a mount unit";

/// Where mount units of network file systems are wanted.
pub(super) const REMOTE: &str = "remote-fs.target";

/// `server:/export`; RDMA has a port of its own, 20049 (node-config 3.3). The protocol names the address family too: with
/// `tcp` an IPv6 address is refused (nfs(5), `proto=`).
pub(super) fn nfs(mount: &Mount, nfs: &Nfs, out: &mut Builder) {
    let Nfs {
        connections,
        export,
        server,
        transport,
        version,
    } = nfs;
    let field = format!("mounts[{}].nfs", mount.mount_point);
    let (server, family) = match server.as_str().parse::<Ipv6Addr>() {
        Ok(address) => (format!("[{address}]"), "6"),
        Err(_) => match without_colon(server.as_str(), &format!("{field}.server"), ARTIFACT, out) {
            Some(server) => (server.to_owned(), ""),
            None => return,
        },
    };
    let mut options = Vec::new();
    match transport {
        Transport::TCP => options.push(format!("proto=tcp{family}")),
        Transport::RDMA => options.extend([format!("proto=rdma{family}"), "port=20049".to_owned()]),
    }
    if let Some(version) = version {
        options.push(format!("vers={}", version.as_str()));
    }
    if let Some(connections) = connections {
        options.push(format!("nconnect={connections}"));
    }
    let unit = MountUnit {
        what: format!("{server}:{export}"),
        kind: "nfs",
        defaults: OVER_NETWORK,
        options,
        unit: "",
        wanted_by: REMOTE,
        field,
    };
    unit.write(mount, out);
}

/// `nid:nid:/name`: a colon stands between management servers, of which one answers (node-config 3.4).
pub(super) fn lustre(mount: &Mount, lustre: &Lustre, out: &mut Builder) {
    let Lustre {
        // What the image installs.
        client: _,
        file_system,
        management_servers,
    } = lustre;
    let field = format!("mounts[{}].lustre", mount.mount_point);
    let servers: Vec<&str> = management_servers
        .iter()
        .filter_map(|nid| without_colon(nid.as_str(), &format!("{field}.managementServers"), ARTIFACT, out))
        .collect();
    let unit = MountUnit {
        what: format!("{}:/{file_system}", servers.join(":")),
        kind: "lustre",
        defaults: OVER_NETWORK,
        options: Vec::new(),
        unit: "",
        wanted_by: REMOTE,
        field,
    };
    unit.write(mount, out);
}

/// `backend,backend/name`; the first mount joins the cluster with the cores and interfaces that it names (node-config 3.5).
pub(super) fn weka(mount: &Mount, weka: &Weka, interfaces: &Interfaces, out: &mut Builder) {
    let Weka {
        backends,
        // What the cluster installs.
        client: _,
        cores,
        file_system,
    } = weka;
    let at = format!("mounts[{}]", mount.mount_point);
    let field = format!("{at}.weka");
    let servers: Vec<&str> = backends
        .iter()
        .filter_map(|server| without_colon(server.as_str(), &format!("{field}.backends"), ARTIFACT, out))
        .collect();
    let mut options = Vec::new();
    options.extend(cores.map(|cores| format!("num_cores={cores}")));
    match interfaces.of(&mount.rails) {
        Some(names) => options.extend(names.iter().map(|name| format!("net={name}"))),
        None => out.note(
            format!("{at}.rails"),
            "no option net=: not every rail has an address and a GUID in the inventory, so its interface has no name yet",
        ),
    }
    let unit = MountUnit {
        what: format!("{}/{file_system}", servers.join(",")),
        kind: "wekafs",
        defaults: OVER_NETWORK,
        options,
        unit: "",
        wanted_by: REMOTE,
        field,
    };
    unit.write(mount, out);
}
