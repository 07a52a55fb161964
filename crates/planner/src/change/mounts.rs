//! The differences of two lists of mounts.

use rackwright_api::{BeeGfs, Devices, LocalNvme, Lustre, Mount, Nfs, Weka, WipeConsent};

use super::difference::{Differences, Pair, by_key, present, take_apart};
use super::table;

/// By mount point.
pub(super) fn mounts(out: &mut Differences, pair: Pair<'_, Vec<Mount>>) {
    for (key, pair) in by_key(pair, |mount| mount.mount_point.as_str()) {
        if out.both(&table::MOUNT, &[key], pair) {
            mount(out, key, pair);
        }
    }
}

fn mount(out: &mut Differences, key: &str, pair: Pair<'_, Mount>) {
    take_apart!(pair => Mount { beegfs, gpu_direct_storage, local_nvme, lustre, nfs, options, rails, tier, weka; mount_point });
    let keys = [key];
    if out.both(&table::BEEGFS, &keys, present(beegfs)) {
        take_apart!(present(beegfs) => BeeGfs { client, management_server, transport });
        out.field(&table::BEEGFS_CLIENT, &keys, present(client));
        out.field(&table::BEEGFS_MANAGEMENT_SERVER, &keys, management_server);
        out.field(&table::BEEGFS_TRANSPORT, &keys, transport);
    }
    out.field(&table::GPU_DIRECT_STORAGE, &keys, present(gpu_direct_storage));
    if out.both(&table::LOCAL_NVME, &keys, present(local_nvme)) {
        local(out, key, present(local_nvme));
    }
    if out.both(&table::LUSTRE, &keys, present(lustre)) {
        take_apart!(present(lustre) => Lustre { client, file_system, management_servers });
        out.field(&table::LUSTRE_CLIENT, &keys, present(client));
        out.field(&table::LUSTRE_FILE_SYSTEM, &keys, file_system);
        out.list(&table::LUSTRE_MANAGEMENT_SERVERS, &keys, management_servers);
    }
    if out.both(&table::NFS, &keys, present(nfs)) {
        take_apart!(present(nfs) => Nfs { connections, export, server, transport, version });
        out.field(&table::NFS_CONNECTIONS, &keys, present(connections));
        out.field(&table::NFS_EXPORT, &keys, export);
        out.field(&table::NFS_SERVER, &keys, server);
        out.field(&table::NFS_TRANSPORT, &keys, transport);
        out.field(&table::NFS_VERSION, &keys, present(version));
    }
    out.list(&table::MOUNT_OPTIONS, &keys, options);
    out.list(&table::MOUNT_RAILS, &keys, rails);
    out.field(&table::MOUNT_TIER, &keys, tier);
    if out.both(&table::WEKA, &keys, present(weka)) {
        take_apart!(present(weka) => Weka { backends, client, cores, file_system });
        out.list(&table::WEKA_BACKENDS, &keys, backends);
        out.field(&table::WEKA_CLIENT, &keys, present(client));
        out.field(&table::WEKA_CORES, &keys, present(cores));
        out.field(&table::WEKA_FILE_SYSTEM, &keys, file_system);
    }
}

fn local(out: &mut Differences, key: &str, pair: Pair<'_, LocalNvme>) {
    let keys = [key];
    take_apart!(pair => LocalNvme { devices, filesystem, raid, wipe, wipe_consents });
    take_apart!(devices => Devices { capacity, count, model, pci_addresses, throughput });
    out.field(&table::LOCAL_CAPACITY, &keys, present(capacity));
    out.field(&table::LOCAL_COUNT, &keys, count);
    out.field(&table::LOCAL_MODEL, &keys, present(model));
    out.list(&table::LOCAL_PCI_ADDRESSES, &keys, pci_addresses);
    out.field(&table::LOCAL_THROUGHPUT, &keys, present(throughput));
    out.field(&table::LOCAL_FILESYSTEM, &keys, filesystem);
    out.field(&table::LOCAL_RAID, &keys, present(raid));
    out.field(&table::LOCAL_WIPE, &keys, wipe);
    out.list::<WipeConsent>(&table::LOCAL_WIPE_CONSENTS, &keys, wipe_consents);
}
