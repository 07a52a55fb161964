//! How many of each thing an object may hold. Every list and map in a CRD has a bound: no object grows with the number
//! of nodes, and the API server multiplies these numbers into the cost that it grants a CEL rule.

/// Rack groups of a supercluster. Each holds a hostlist, so this is not a number of racks.
pub const RACK_GROUPS: usize = 256;
/// Groups of equipment that draws power and is no GPU node.
pub const EQUIPMENT: usize = 128;
/// Entries of each section of a supercluster's own catalogue: a site has a handful of models of each sort.
pub const CATALOGUE_ENTRIES: usize = 64;
/// MIG profiles of one GPU of that catalogue; the largest built-in table has eleven.
pub const CATALOGUE_PROFILES: usize = 32;
/// Ranges of host numbers and reservations of one fabric.
pub const ADDRESS_RANGES: usize = 128;
/// Locations (campus, building, hall, row) of a supercluster. 1,024 would put the rule on parents, which looks at each
/// pair, 3.6 times over the API server's cost budget.
pub const LOCATIONS: usize = 512;
/// Growth phases of a supercluster.
pub const PHASES: usize = 128;
/// Member Kubernetes clusters of a supercluster: 600,000 nodes at 5,000 a cluster.
pub const CLUSTERS: usize = 128;
/// Rows of compatibility that a site adds, and that it switches off.
pub const COMPATIBILITY_ROWS: usize = 64;
/// Conditions, and ranges that are left out, of one row of compatibility.
pub const COMPATIBILITY_CONDITIONS: usize = 8;
/// Kernel arguments of a pool; the kernel's own line holds 2,048 characters on x86 (COMMAND_LINE_SIZE).
pub const KERNEL_ARGUMENTS: usize = 128;
/// Sysctls of a pool.
pub const SYSCTLS: usize = 256;
/// Kernel modules of a pool.
pub const MODULES: usize = 64;
/// Options of one kernel module.
pub const MODULE_OPTIONS: usize = 32;
/// Services whose limits a pool sets.
pub const SERVICES: usize = 16;
/// Mount points of `/etc/fstab` that a pool leaves alone.
pub const FSTAB_MOUNTS: usize = 64;
/// Labels that a pool gives its nodes.
pub const NODE_LABELS: usize = 32;
/// Taints that a pool gives its nodes.
pub const NODE_TAINTS: usize = 16;
/// Mount options of one tier.
pub const MOUNT_OPTIONS: usize = 32;
/// Consents to wipe one device, in one tier: each is written by a person.
pub const WIPE_CONSENTS: usize = 256;
/// MIG profiles in one layout: a GPU has at most seven instances (node-config 1.2).
pub const MIG_PROFILES: usize = 7;
/// Fabrics that one pool is plugged into: compute, storage, admin, and a second of one of them.
pub const POOL_FABRICS: usize = 4;
/// Storage tiers that one pool mounts.
pub const POOL_TIERS: usize = 16;
/// Labels of a selector.
pub const SELECTOR_LABELS: usize = 16;
/// Partitions of a fabric. An adapter's table holds 128 keys (infiniband B3), a fabric may have more tenants than that.
/// 1,024 would put the rule on names, which looks at each pair, 4.2 times over the API server's cost budget.
pub const PARTITIONS: usize = 384;
/// Pools that are members of one partition.
pub const PARTITION_MEMBERS: usize = 64;
/// Scalable units of one fabric: more than the largest site has racks.
pub const UNITS: usize = 65_536;
/// Entries that say which racks and hosts fill which units of a fabric.
pub const PLACEMENTS: usize = 256;
/// Entries that say which racks the switches of a fabric stand in.
pub const SWITCH_RACKS: usize = 64;
/// Rails of one fabric: HCAs of one node in one plane. DGX has 8, NVL72 trays 4.
pub const FABRIC_RAILS: usize = 16;
/// Rails of one node over all its fabrics.
pub const NODE_RAILS: usize = 32;
/// Addresses of one node in quarantine: a node of eight rails fills them with 32 moves that no agent has confirmed. The
/// API server refuses more, and then nothing is freed.
pub const QUARANTINED: usize = 256;
/// Mounts of one node.
pub const MOUNTS: usize = 16;
/// Mount options, servers of one tier.
pub const SERVERS: usize = 32;
/// GPUs of one node (PCIe boxes hold 10).
pub const GPUS: usize = 32;
/// Local disks of one node.
pub const DISKS: usize = 64;
/// Conditions of one object.
pub const CONDITIONS: usize = 16;
/// Differences that a NodeConfig shows.
pub const DIFFERENCES: usize = 32;
/// Findings that an intent's status shows; the count beside them is complete.
pub const STATUS_FINDINGS: usize = 16;
/// Characters of a message in a status.
pub const MESSAGE: usize = 1024;
