//! The action-class table: every field of a profile and of a node's facts.
//!
//! Where only the host can know how mild a change is (whether a module is in use, whether memory is fragmented), the row
//! has the graver class: a plan promises no more than it knows.

use rackwright_api::ActionClass;

use super::fields::{Field, fields};

fields! {
    DRIVER_KERNEL_MODULES = "gpu.driver.kernelModules": Reboot Reboot None,
        "another flavour of the modules needs a boot; taken away, the host keeps the driver that it has", "4.2, 1.6";
    DRIVER_VERSION = "gpu.driver.version": Drain Drain None,
        "modules and user space change together while nothing uses a GPU; taken away, the host keeps the driver that it has", "1.6, 1.9";
    ECC = "gpu.ecc": Reboot Reboot None,
        "the pending mode becomes the current one with a reset or a boot, and survives both", "4.2, 1.5";
    IMEX_CHANNELS = "gpu.imex.channels": Reboot,
        "NVreg_ImexChannelCount is an option of a loaded module", "1.6, 1.7";
    IMEX_MODE = "gpu.imex.mode": Drain,
        "the daemon moves between host and DRA driver, under memory that jobs share", "1.7";
    MANAGED_BY = "gpu.managedBy": Drain,
        "driver, module options and MIG pass from one owner to another", "1.9";
    MIG = "gpu.mig": Reboot,
        "the MIG mode changes with a reset of the GPU or a boot", "4.2, 1.3";
    MIG_LAYOUT = "gpu.mig.layout[\"*\"]": Drain,
        "instances are made and destroyed while nothing uses the GPU", "4.2, 1.3";
    MIG_COUNT = "gpu.mig.layout[\"*\"].count": Drain,
        "instances are made and destroyed while nothing uses the GPU", "4.2, 1.3";
    PERSISTENCE = "gpu.persistence": Reload,
        "set while the GPU works", "1.5";
    POWER_LIMIT = "gpu.powerLimit": Reload,
        "set while the GPU works; taken away, the default limit comes back", "4.2, 1.5, 4.6";

    FSTAB_MOUNTS = "host.fstabMounts": None,
        "says what /etc/fstab owns; the agent leaves it alone", "3.2";
    HUGE_PAGES_2MI = "host.hugePages[\"2Mi\"].count": Reload,
        "set while the host runs, as far as memory is not fragmented", "4.2";
    HUGE_PAGES_1GI = "host.hugePages[\"1Gi\"].count": Reboot,
        "set aside by kernel arguments", "4.2, 2.1";
    KERNEL = "host.kernel": None,
        "is checked against drivers and clients; installing it is the image's matter", "host.kernel";
    KERNEL_ARGUMENTS = "host.kernelArguments": Reboot,
        "read by the kernel at boot", "4.2, 2.1";
    MANAGEMENT_INTERFACE_NAME = "host.managementInterface.name": None,
        "says which interface no change may cut", "host.managementInterface";
    MANAGEMENT_INTERFACE_PCI = "host.managementInterface.pciAddress": None,
        "says which interface no change may cut", "host.managementInterface";
    MODULE_OPTIONS = "host.moduleOptions[\"*\"].options[\"*\"]": Reboot,
        "read when the module loads; a module in use cannot be loaded again", "4.2, 1.6";
    MODULES = "host.modules[\"*\"]": Reload,
        "loaded at once; taken away, it stays loaded until the next boot", "4.2";
    OFED = "host.ofed": None,
        "is checked against drivers and clients; installing it is the image's matter", "host.ofed";
    LIMIT_MEMLOCK = "host.serviceLimits[\"*\"].memlock": Restart,
        "read when the service starts", "4.2, 2.3";
    LIMIT_NOFILE = "host.serviceLimits[\"*\"].nofile": Restart,
        "read when the service starts", "4.2, 2.3";
    LIMIT_STACK = "host.serviceLimits[\"*\"].stack": Restart,
        "read when the service starts", "4.2, 2.3";
    SYSCTLS = "host.sysctls[\"*\"]": Reload,
        "written while the host runs; taken away, the recorded value comes back", "4.2, 2.2";
    TUNED_KERNEL_ARGUMENTS = "host.tuned.kernelArguments": None,
        "says what TuneD owns; the agent leaves it alone", "2.3";
    TUNED_PROFILE = "host.tuned.profile": None,
        "says what TuneD owns; the agent leaves it alone", "2.3";
    TUNED_SYSCTLS = "host.tuned.sysctls": None,
        "says what TuneD owns; the agent leaves it alone", "2.3";

    LABELS = "kubernetes.labels[\"*\"]": None,
        "written to the Node object", "4.2";
    TAINTS = "kubernetes.taints[\"*\"]": None,
        "written to the Node object; pods that run stay", "4.2";
    TAINTS_VALUE = "kubernetes.taints[\"*\"].value": None,
        "written to the Node object; pods that run stay", "4.2";
    TAINTS_NO_EXECUTE = "kubernetes.taints[\"*:NoExecute\"]": Drain Drain None,
        "evicts the pods that do not tolerate it", "kubernetes.taints.effect";
    TAINTS_NO_EXECUTE_VALUE = "kubernetes.taints[\"*:NoExecute\"].value": Drain,
        "evicts the pods that do not tolerate the new value", "kubernetes.taints.effect";

    MOUNT = "mounts[\"*\"]": Reload Drain Drain,
        "mounted at once, a local tier on blank devices or on what it held; unmounted only while nothing uses it", "4.2, 3.2";
    BEEGFS = "mounts[\"*\"].beegfs": Drain,
        "another file system at the same place: unmounted and mounted", "4.2, 3.2";
    BEEGFS_CLIENT = "mounts[\"*\"].beegfs.client": Drain,
        "the client's kernel module changes while nothing is mounted", "3.5";
    BEEGFS_MANAGEMENT_SERVER = "mounts[\"*\"].beegfs.managementServer": Drain,
        "the source of a mount changes with unmounting it", "3.2, 3.5";
    BEEGFS_TRANSPORT = "mounts[\"*\"].beegfs.transport": Drain,
        "read when the client starts", "3.5";
    GPU_DIRECT_STORAGE = "mounts[\"*\"].gpuDirectStorage": Reload,
        "cuFile's settings are read by each process that starts", "3.6";
    LOCAL_NVME = "mounts[\"*\"].localNVMe": Drain,
        "another file system at the same place; what the devices hold stays on them", "3.1, 3.2, 4.6";
    LOCAL_CAPACITY = "mounts[\"*\"].localNVMe.devices.capacity": None,
        "arithmetic of the site", "storage.devices";
    LOCAL_COUNT = "mounts[\"*\"].localNVMe.devices.count": Destructive,
        "an array of other devices is made anew; what the old one held is lost", "3.1, 4.2";
    LOCAL_MODEL = "mounts[\"*\"].localNVMe.devices.model": Destructive,
        "an array of other devices is made anew; what the old one held is lost", "3.1, 4.2";
    LOCAL_PCI_ADDRESSES = "mounts[\"*\"].localNVMe.devices.pciAddresses": Destructive,
        "an array of other devices is made anew; what the old one held is lost", "3.1, 4.2";
    LOCAL_THROUGHPUT = "mounts[\"*\"].localNVMe.devices.throughput": None,
        "arithmetic of the site", "storage.devices";
    LOCAL_FILESYSTEM = "mounts[\"*\"].localNVMe.filesystem": Destructive,
        "formatting loses what the devices hold", "3.1, 4.2";
    LOCAL_RAID = "mounts[\"*\"].localNVMe.raid": Destructive,
        "an array of another level is made anew; what the old one held is lost", "3.1, 4.2";
    LOCAL_WIPE = "mounts[\"*\"].localNVMe.wipe": None,
        "a permission alone: each wipe needs its own consent", "3.1";
    LOCAL_WIPE_CONSENTS = "mounts[\"*\"].localNVMe.wipeConsents": Destructive Destructive None,
        "the device is wiped", "3.1";
    LUSTRE = "mounts[\"*\"].lustre": Drain,
        "another file system at the same place: unmounted and mounted", "4.2, 3.2";
    LUSTRE_CLIENT = "mounts[\"*\"].lustre.client": Drain,
        "the client's kernel modules change while nothing is mounted", "3.4";
    LUSTRE_FILE_SYSTEM = "mounts[\"*\"].lustre.fileSystem": Drain,
        "the source of a mount changes with unmounting it", "3.2, 3.4";
    LUSTRE_MANAGEMENT_SERVERS = "mounts[\"*\"].lustre.managementServers": Drain,
        "the source of a mount changes with unmounting it", "3.2, 3.4";
    NFS = "mounts[\"*\"].nfs": Drain,
        "another file system at the same place: unmounted and mounted", "4.2, 3.2";
    NFS_CONNECTIONS = "mounts[\"*\"].nfs.connections": Drain,
        "taken when the mount is made", "3.3, 4.2";
    NFS_EXPORT = "mounts[\"*\"].nfs.export": Drain,
        "the source of a mount changes with unmounting it", "3.2";
    NFS_SERVER = "mounts[\"*\"].nfs.server": Drain,
        "the source of a mount changes with unmounting it", "3.2";
    NFS_TRANSPORT = "mounts[\"*\"].nfs.transport": Drain,
        "taken when the mount is made", "3.3, 4.2";
    NFS_VERSION = "mounts[\"*\"].nfs.version": Drain,
        "taken when the mount is made", "3.3, 4.2";
    MOUNT_OPTIONS = "mounts[\"*\"].options": Drain,
        "not every option can be changed by a remount", "4.2";
    MOUNT_RAILS = "mounts[\"*\"].rails": Drain,
        "the client binds its interfaces when it starts", "3.4, 3.5";
    MOUNT_TIER = "mounts[\"*\"].tier": Drain,
        "other data at the same place: unmounted and mounted", "4.2, 3.2";
    WEKA = "mounts[\"*\"].weka": Drain,
        "another file system at the same place: unmounted and mounted", "4.2, 3.2";
    WEKA_BACKENDS = "mounts[\"*\"].weka.backends": Drain,
        "taken with the client's first mount only", "3.5";
    WEKA_CLIENT = "mounts[\"*\"].weka.client": Drain,
        "the client changes while nothing is mounted", "3.5";
    WEKA_CORES = "mounts[\"*\"].weka.cores": Drain,
        "taken with the client's first mount only", "3.5";
    WEKA_FILE_SYSTEM = "mounts[\"*\"].weka.fileSystem": Drain,
        "the source of a mount changes with unmounting it", "3.2, 3.5";

    RAIL = "rails[*]": Reload Drain Drain,
        "an interface that nobody uses yet; taken away under its jobs otherwise", "4.2";
    RAIL_FABRIC = "rails[*].fabric": Drain,
        "the interface changes under its jobs", "4.2";
    RAIL_FABRIC_RAIL = "rails[*].fabricRail": Drain,
        "the interface changes under its jobs", "4.2";
    RAIL_IPV4 = "rails[*].ipv4": Reload Drain Drain,
        "the interface changes under its jobs", "4.2";
    RAIL_MTU = "rails[*].mtu": Drain,
        "the interface changes under its jobs", "4.2, 2.3";
    RAIL_PLANE = "rails[*].plane": Drain,
        "the interface changes under its jobs", "4.2";
    SCHEMA = "schema": None,
        "another layout of the hash over the same content", "ARCHITECTURE.md";

    FACTS_IMEX_PEERS = "facts.imexPeers": Drain,
        "the daemon reads its peers when it starts, and jobs share memory through it", "1.7";
    FACTS_RACK = "facts.rack": None,
        "says where the node stands", "facts.rack";
    FACTS_RAIL = "facts.rails[*]": Reload Drain Drain,
        "an interface that nobody uses yet; taken away under its jobs otherwise", "4.2";
    FACTS_GUID = "facts.rails[*].guid": None,
        "says which HCA was found", "facts.rails";
    FACTS_IPV4 = "facts.rails[*].ipv4": Reload Drain Drain,
        "a first address harms nobody; another one cuts the jobs that use it", "4.2";
    FACTS_CONSENT = "facts.wipeConsents[\"*\"]": Destructive Destructive None,
        "the device is wiped; taken away, it is not", "3.1";
    FACTS_CONSENT_SIGNATURE = "facts.wipeConsents[\"*\"].signature": Destructive,
        "the device is wiped", "3.1";
    FACTS_CONSENT_TIER = "facts.wipeConsents[\"*\"].tier": Destructive,
        "the device is wiped", "3.1";

    MANAGEMENT = "management": None,
        "a pool takes the node up again, or lets it go; the host stays as it is", "design, invariant 8";
    DEVICES = "devices[\"*\"]": Destructive,
        "the tier or its devices stood elsewhere in another layout: it is made anew; what the old one held is lost", "3.1, 4.2";
    DEVICES_UNKNOWN = "devices[\"*\"].before": Destructive,
        "nobody can say what the devices of this local tier hold, because what the node had is not known: its profile is not in the previous state", "3.1; design, invariants 4 and 8";
    DEVICES_WIPED = "devices[\"*\"].wipeConsents": Destructive,
        "the tier is new on the node, and the node consents to wipe devices for it; without consents only blank devices are taken", "3.1; design, invariant 8";
    UNKNOWN_APPLIED = "applied": Reboot,
        "the host has something else applied than what is written, and no known profile gives its hash: the gravest class that loses no data", "design, invariant 4";
    UNKNOWN_PROFILE = "profile": Reboot,
        "the old profile is not known, so nobody can say what changes: the gravest class that loses no data, and graver for each local tier", "design, invariant 4";
    UNKNOWN_FACTS = "facts": Reboot,
        "the old facts cannot be read, so nobody can say what changes: the gravest class that loses no data", "design, invariant 4";
    UNKNOWN_HASH = "hash": Reboot,
        "the old hash is not that of the old content, so nobody can say what changes: the gravest class that loses no data", "design, invariant 4";
}
