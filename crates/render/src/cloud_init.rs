//! cloud-init user data.

use serde::Serialize;

use crate::{Rendered, UnitContent};

#[derive(Serialize)]
struct UserData<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    write_files: Vec<WriteFile<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    runcmd: Vec<Vec<&'a str>>,
}

#[derive(Serialize)]
struct WriteFile<'a> {
    path: String,
    owner: &'static str,
    permissions: String,
    content: &'a str,
}

/// Interfaces of rails that are not up take their names now: the rules act on `add`, which is said again for IPoIB interfaces
/// (type 32) without the lowest bit of their flags, `IFF_UP`. One that is up may carry the connection that this runs over,
/// and newer kernels rename it under its users' hands (since 6.2), so it waits for the next boot.
const NAME_IDLE_RAILS: &[&str] = &[
    "udevadm",
    "trigger",
    "--action=add",
    "--subsystem-match=net",
    "--attr-match=type=32",
    "--attr-match=flags=0x*[02468ace]",
    "--settle",
];

/// The node as user data for cloud-init, which writes the files and, once, runs what makes a first boot take them. Argument
/// vectors, no shell. Local devices are not in it: which they are, only the host knows.
pub fn cloud_init(rendered: &Rendered) -> Result<String, serde_yaml::ser::Error> {
    let mut write_files: Vec<WriteFile<'_>> = rendered
        .files
        .iter()
        .map(|file| WriteFile {
            path: file.path.clone(),
            owner: "root:root",
            permissions: format!("{:04o}", file.mode),
            content: &file.content,
        })
        .collect();
    let mut runcmd: Vec<Vec<&str>> = Vec::new();
    let has = |prefix: &str| rendered.files.iter().any(|file| file.path.starts_with(prefix));
    if has("/etc/udev/rules.d/") {
        runcmd.push(vec!["udevadm", "control", "--reload"]);
        runcmd.push(NAME_IDLE_RAILS.to_vec());
    }
    // After their names, by which networkd knows the interfaces.
    if has("/etc/systemd/network/") {
        runcmd.push(vec!["networkctl", "reload"]);
    }
    // Modules first: some sysctls exist only once their module is loaded (node-config 2.2).
    if has("/etc/modules-load.d/") {
        runcmd.push(vec!["systemctl", "restart", "systemd-modules-load.service"]);
    }
    if has("/etc/sysctl.d/") {
        runcmd.push(vec!["systemctl", "restart", "systemd-sysctl.service"]);
    }
    for file in rendered
        .files
        .iter()
        .filter(|file| file.path.starts_with("/etc/tmpfiles.d/"))
    {
        runcmd.push(vec!["systemd-tmpfiles", "--create", &file.path]);
    }
    if has("/etc/default/grub.d/") {
        runcmd.push(vec!["update-grub"]);
    }
    if !rendered.units.is_empty() {
        runcmd.push(vec!["systemctl", "daemon-reload"]);
    }
    for unit in &rendered.units {
        let name = unit.name.as_str();
        let (text, command) = match &unit.content {
            UnitContent::Enabled => (None, vec!["systemctl", "enable", "--now", "--no-block", name]),
            UnitContent::Masked => (None, vec!["systemctl", "mask", "--now", name]),
            UnitContent::Own { text } => (
                Some(text),
                vec!["systemctl", "enable", "--now", "--no-block", name],
            ),
            UnitContent::DropIn { text, .. } => {
                (Some(text), vec!["systemctl", "try-restart", "--no-block", name])
            }
        };
        if let (Some(text), Some(path)) = (text, unit.path()) {
            write_files.push(WriteFile {
                path,
                owner: "root:root",
                permissions: "0644".to_owned(),
                content: text,
            });
        }
        runcmd.push(command);
    }
    write_files.sort_by(|a, b| a.path.cmp(&b.path));
    let data = UserData { write_files, runcmd };
    Ok(format!("#cloud-config\n{}", serde_yaml::to_string(&data)?))
}
