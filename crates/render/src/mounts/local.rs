//! Local NVMe: the array, the file system and the mount, as a plan that the host carries out once it knows its devices.

use rackwright_api::{ARRAY_NAME_MAX, Devices, Filesystem, LocalNvme, Mount, Name};

use super::MountUnit;
use crate::builder::Builder;
use crate::{Argument, LocalTier, Members};

/// Read by mdadm beside the host's own `mdadm.conf`, which may hold the array of `/` and is not ours.
const ARRAYS: &str = "/etc/mdadm/mdadm.conf.d";

/// Longest labels in bytes (node-config 4.3).
const XFS_LABEL_MAX: usize = 12;
const EXT4_LABEL_MAX: usize = 16;

pub(super) fn render(mount: &Mount, local: &LocalNvme, node: &str, out: &mut Builder) {
    let LocalNvme {
        devices,
        filesystem,
        raid,
        wipe,
        // Facts of one node.
        wipe_consents: _,
    } = local;
    let Devices {
        capacity: _,
        count,
        model,
        pci_addresses,
        throughput: _,
    } = devices;
    let field = format!("mounts[{}].localNVMe", mount.mount_point);
    let tier = &mount.tier;
    let uuid = uuid(node, tier);
    let device = format!("/dev/disk/by-uuid/{uuid}");
    let array = raid.map(|_| format!("/dev/md/{tier}"));
    if raid.is_some() && tier.as_str().len() > ARRAY_NAME_MAX {
        out.refuse(
            format!("mounts[{}].tier", mount.mount_point),
            tier.as_str(),
            "the name of an array",
            "with `any:` before it, it is longer than the 31 bytes of a superblock; give the tier a name of at most 27",
        );
    }
    if raid.is_none() && *count != 1 {
        out.refuse(
            format!("{field}.devices.count"),
            count.to_string(),
            "a file system on one device",
            "without `raid` it must be 1",
        );
    }
    if raid.is_some() {
        let body = format!("ARRAY /dev/md/{tier} metadata=1.2 name=any:{tier}\n");
        out.file(format!("{ARRAYS}/rackwright-{tier}.conf"), &body, &[&field]);
    }
    let unit = MountUnit {
        what: device.clone(),
        kind: kind(*filesystem),
        defaults: defaults(*filesystem),
        options: Vec::new(),
        // What kubelet makes below the mount point must not land under it.
        unit: "Before=kubelet.service\n",
        wanted_by: "local-fs.target",
        field,
    };
    let Some(unit) = unit.write(mount, out) else {
        return;
    };
    out.local_tier(LocalTier {
        create_array: raid.map(|level| create_array(tier, level, *count)),
        make_file_system: make_file_system(*filesystem, tier, &uuid, array.as_deref()),
        device,
        members: Members {
            count: *count,
            model: model.clone(),
            pci_addresses: pci_addresses.clone(),
        },
        mount_point: mount.mount_point.clone(),
        tier: tier.clone(),
        unit,
        volume: mount.mount_point.volume(),
        wipe: *wipe,
    });
}

fn kind(filesystem: Filesystem) -> &'static str {
    match filesystem {
        Filesystem::Xfs => "xfs",
        Filesystem::Ext4 => "ext4",
    }
}

/// node-config 3.1; a node boots without its scratch.
fn defaults(filesystem: Filesystem) -> &'static [&'static str] {
    match filesystem {
        Filesystem::Xfs => &["nofail", "noatime", "inode64", "logbsize=256k"],
        Filesystem::Ext4 => &["nofail", "noatime"],
    }
}

/// The UUID of the file system, which `mkfs` is given and the mount asks for: a disk of another node, or of another tier,
/// is never taken for this one, whatever its label says. Version 8 of RFC 9562: 122 bits of a hash of both names.
fn uuid(node: &str, tier: &Name) -> String {
    let hash = rackwright_api::hash::content_hash_value("file system", format!("{node} {tier}").as_bytes());
    let (version, variant) = (0x8 << 76, 0x8 << 60);
    let digits = format!("{:032x}", hash & !(0xf << 76) & !(0xc << 60) | version | variant);
    let groups = [
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..],
    ];
    groups.join("-")
}

/// For people, who see it in `lsblk`: the tier's name where it fits, else its beginning and six digits of its hash.
fn label(tier: &Name, filesystem: Filesystem) -> String {
    let most = match filesystem {
        Filesystem::Xfs => XFS_LABEL_MAX,
        Filesystem::Ext4 => EXT4_LABEL_MAX,
    };
    let name = tier.as_str();
    if name.len() <= most {
        return name.to_owned();
    }
    let hash = rackwright_api::hash::content_hash("label", name.as_bytes());
    format!("{}-{}", &name[..most - 7], &hash.as_str()[..6])
}

/// Never with `--run`, which answers every question of mdadm with yes: with standard input closed a question ends the
/// program, which is what a device with content must do. On blank devices it asks nothing as long as the version of the
/// superblock is said (a mirror whose version it chose itself may not boot: `did_default` in Create.c), and, in newer
/// versions, the bitmap. Its own look knows ext2 to ext4, partitions and superblocks only, so whoever runs it looks first
/// (node-config 3.1).
fn create_array(tier: &Name, level: u8, count: u8) -> Vec<Argument> {
    let device = format!("/dev/md/{tier}");
    let name = format!("--name={tier}");
    let mut vector = Argument::texts([
        "mdadm",
        "--create",
        &device,
        "--metadata=1.2",
        &name,
        "--homehost=any",
    ]);
    vector.push(Argument::Text(format!("--level={level}")));
    if level != 0 {
        vector.push(Argument::Text("--bitmap=internal".to_owned()));
    }
    vector.push(Argument::Text(format!("--raid-devices={count}")));
    vector.extend((0..count).map(|member| Argument::Member { member }));
    vector
}

/// Never with `-f`: `mkfs.xfs` then refuses a device with content. `mkfs.ext4` does not ask without a terminal, so whoever
/// runs it looks first (node-config 3.1). Over an array the log's stripe of 512 KiB is more than XFS takes; 32 KiB is what
/// it would fall back to with a warning.
fn make_file_system(filesystem: Filesystem, tier: &Name, uuid: &str, array: Option<&str>) -> Vec<Argument> {
    let label = label(tier, filesystem);
    let mut vector = match filesystem {
        Filesystem::Xfs => Argument::texts(["mkfs.xfs", "-L", &label, "-m", &format!("uuid={uuid}")]),
        Filesystem::Ext4 => Argument::texts(["mkfs.ext4", "-q", "-L", &label, "-U", uuid]),
    };
    if filesystem == Filesystem::Xfs && array.is_some() {
        vector.extend(Argument::texts(["-l", "su=32k"]));
    }
    vector.push(match array {
        Some(device) => Argument::Text(device.to_owned()),
        None => Argument::Member { member: 0 },
    });
    vector
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_fit_and_differ() {
        let label = |name: &str, filesystem| label(&Name::new(name).unwrap(), filesystem);
        assert_eq!(label("twelve-bytes", Filesystem::Xfs), "twelve-bytes");
        let long = label("thirteen-byte", Filesystem::Xfs);
        assert_eq!((long.len(), &long[..6]), (12, "thirt-"));
        assert_ne!(long, label("thirteen-bytes", Filesystem::Xfs));
        assert_eq!(label("thirteen-byte", Filesystem::Ext4), "thirteen-byte");
        assert_eq!(label("a-name-of-18-bytes", Filesystem::Ext4).len(), 16);
    }

    #[test]
    fn a_uuid_is_one_of_version_8_and_of_one_tier_of_one_node() {
        let uuid = |node, tier: &str| uuid(node, &Name::new(tier).unwrap());
        let one = uuid("n1", "scratch");
        let groups: Vec<usize> = one.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12]);
        assert_eq!(
            (&one[14..15], "89ab".contains(&one[19..20])),
            ("8", true),
            "{one}"
        );
        assert_eq!(one, uuid("n1", "scratch"));
        assert_ne!(one, uuid("n2", "scratch"));
        assert_ne!(one, uuid("n1", "cache"));
    }

    #[test]
    fn arrays_that_can_lose_a_member_have_a_bitmap_and_no_question_is_answered() {
        let tier = Name::new("t").unwrap();
        let has = |level, argument: &str| {
            create_array(&tier, level, 4).contains(&Argument::Text(argument.to_owned()))
        };
        for (level, bitmap) in [(0, false), (1, true), (5, true), (6, true), (10, true)] {
            assert_eq!(
                (
                    has(level, "--bitmap=internal"),
                    has(level, "--run"),
                    has(level, "--metadata=1.2")
                ),
                (bitmap, false, true),
                "{level}"
            );
        }
    }
}
