//! The list of what is checked.

use crate::invariant::{Invariant, invariants};

invariants! {
    NODE_NAME = "RW9001", "node-name-invalid", "A node's name is not a Kubernetes node name.",
        does "Reads each node's name as the name of a Kubernetes Node (RFC 1123 subdomain, at most 253 characters).",
        why "A NodeConfig is named as its node; the API server would refuse it halfway through a run.",
        example "Node `A001_N01`.";
    NODE_TWICE = "RW9002", "node-twice", "A node is in the plan more than once.",
        does "Counts each node's name over all pools, and over the nodes that are outside of the plan.",
        why "Two pools would write the same NodeConfig in turns.",
        example "`a001-n01` in the pool `train` and again in the pool `infer`.";
    ADDRESS_TWICE = "RW9003", "address-twice", "An address is given more than once.",
        does "Counts each IPv4 address over all rails of all nodes, and over what nodes outside of the plan hold.",
        why "Two hosts with one address lose each other's traffic; a detached host keeps its addresses.",
        example "`10.64.0.1` on rail 0 of `a001-n01` and of `a001-n02`.";
    ADDRESS_OUTSIDE = "RW9004", "address-outside-rail", "An address does not lie in the prefix of its rail.",
        does "Compares each address and its prefix length with the rail's prefix in the node's profile.",
        why "A host that believes in another subnet than its neighbours reaches none of them.",
        example "`10.64.16.1/20` on a rail whose prefix is `10.64.0.0/20`.";
    ADDRESS_RESERVED = "RW9005", "address-reserved", "An address is the first or the last one of its prefix.",
        does "Compares each address with the network and the broadcast address of its rail's prefix. Prefixes of 31 and \
              32 bits therefore hold no node at all.",
        why "No host may have the network address, and the broadcast address reaches all of them.",
        example "`10.64.0.0/20`, or `10.64.15.255/20`.";
    ADDRESS_PRESENCE = "RW9006", "address-presence", "A rail has no address where its fabric has addressing, or one where it has none.",
        does "Compares each rail of each node with the same rail of the node's profile.",
        why "A rail without its address is silent; an address without a prefix has no owner.",
        example "Rail 0 of `a001-n01` has no address, and its profile says `10.64.0.0/20`.";
    PREFIX_OUTSIDE = "RW9007", "rail-prefix-outside-fabric", "A rail's prefix does not lie in its fabric's.",
        does "Compares the prefix of each rail of each profile with `spec.addressing.ipv4` of the fabric.",
        why "The user gave that prefix and no other; the rest of the network belongs to others.",
        example "Rail 3 has `10.80.0.0/20`, and the fabric has `10.64.0.0/12`.";
    PREFIXES_UNEQUAL = "RW9008", "rail-prefixes-unequal", "The rails of a fabric have prefixes of different sizes.",
        does "Compares the prefix lengths of all rails of one fabric.",
        why "Every node has a port on every rail, so a smaller rail runs out first.",
        example "Rail 0 has a `/20` and rail 1 a `/21`.";
    PREFIXES_OVERLAP = "RW9009", "rail-prefixes-overlap", "Two rails of a fabric share addresses.",
        does "Looks for prefixes of one fabric that overlap.",
        why "With one subnet on two interfaces the kernel answers for either on both.",
        example "Rails 0 and 1 both have `10.64.0.0/20`.";
    PREFIXES_ORDER = "RW9010", "rail-prefixes-out-of-order", "A fabric's rail prefixes do not ascend with the rails.",
        does "Compares the prefix of each rail with that of the rail before.",
        why "People find the rail in the address; that works only in order, and only in the same order for ever.",
        example "Rail 0 has `10.64.16.0/20` and rail 1 `10.64.0.0/20`.";
    PREFIXES_DISAGREE = "RW9011", "rail-prefixes-disagree", "Two profiles give one rail of a fabric different prefixes.",
        does "Compares the prefixes of each fabric's rails over all profiles.",
        why "The pools of one fabric are one network: nodes of the one must reach those of the other on each rail.",
        example "Rail 0 of `compute` is `10.64.0.0/20` for the pool `train` and `10.64.16.0/20` for `infer`.";
    FABRICS_OVERLAP = "RW9012", "fabric-prefixes-overlap", "Two fabrics in use share addresses.",
        does "Looks for `spec.addressing.ipv4` that overlap, among the fabrics that accepted pools refer to.",
        why "A node of both could not tell them apart.",
        example "`compute` has `10.64.0.0/12` and `storage` `10.72.0.0/16`.";
    PROFILE_RAILS = "RW9013", "profile-rails-unlike-fabrics", "A profile's rails are not those of its pool's fabrics.",
        does "Compares the rails of each profile with the fabrics of its pool: each rail of each fabric once and in order, \
              with the fabric's plane and MTU, with a prefix exactly where the fabric has addressing, and HCA numbers that \
              ascend.",
        why "Rails are how every other document speaks of a port.",
        example "The fabric `compute` has 4 rails, and the profile has 3 of them.";
    NODE_RAILS = "RW9014", "node-rails-unlike-profile", "A node's rails are not those of its profile.",
        does "Compares the rail numbers of each node, in order, with those of its profile.",
        why "Nodes of one pool are wired alike; a node that lacks a rail slows every collective that it takes part in.",
        example "`a001-n01` has the rails 0, 1 and 3, and its profile has 0 to 3.";
    HOST_NUMBER = "RW9015", "host-number-differs", "A node has different host numbers on the rails of one fabric.",
        does "Subtracts the rail's prefix from each address and compares the rest over the rails of a fabric.",
        why "With the same number on each rail, one address tells all others of the node.",
        example "`10.64.0.5` on rail 0 and `10.64.16.6` on rail 1.";
    GUID_TWICE = "RW9016", "guid-twice", "A port GUID is given more than once.",
        does "Counts each port GUID over all rails of all nodes.",
        why "GUIDs are unique in the world; partitions are made of them, so one given twice lets a stranger in.",
        example "`0x506b4b0300a1b2c3` on rail 0 of `a001-n01` and on rail 1 of `a001-n02`.";
    PROFILE_NAME = "RW9017", "profile-name-not-its-hash", "A profile is not named by its content.",
        does "Computes the hash of each profile anew and compares its first 12 digits, after the pool's name, with the \
              profile's name.",
        why "Profiles are immutable because other content has another name; with a wrong name a change reaches no node, or \
             all of them.",
        example "`train-4f9c2a71b03d`, and the hash begins with `77e01c`.";
    NODE_HASH = "RW9018", "node-hash-wrong", "A node's hash is not that of its profile and facts.",
        does "Computes the hash of each node anew.",
        why "Whether a node changes, and what a grant permits, is decided by this hash alone.",
        example "The hash is that of the facts before the last change.";
    PROFILE_MISSING = "RW9019", "profile-missing", "A node refers to a profile that is not in the plan.",
        does "Looks up the profile of each node among the profiles that would be written.",
        why "The agent would wait for it for ever.",
        example "`a001-n01` refers to `train-4f9c2a71b03d`, which is not there.";
    PROFILE_FOREIGN = "RW9020", "profile-of-another-pool", "A node refers to the profile of another pool.",
        does "Compares the pool of each node with that of its profile.",
        why "It would get another pool's driver and kernel arguments.",
        example "`a001-n01` of the pool `train` refers to `infer-4f9c2a71b03d`.";
    PROFILE_SCHEMA = "RW9021", "profile-schema", "A profile's schema number is not 1.",
        does "Reads the schema number of each profile.",
        why "The number says how the hash is to be read; a new one is a decision, and it is made here as well.",
        example "`schema: 2`.";
    PROFILE_TWICE = "RW9022", "profile-twice", "A pool has more than one profile.",
        does "Counts the profiles of each pool.",
        why "Nodes of one pool are configured alike.",
        example "`train-4f9c2a71b03d` and `train-77e01c55aa10` in one plan.";
    POOL_UNKNOWN = "RW9023", "pool-unknown", "A node or a profile belongs to no accepted pool.",
        does "Looks up the pool of each node and each profile among the accepted ones.",
        why "A refused pool must leave its nodes as they are.",
        example "`a001-n01` of the pool `train`, which was refused.";
    NODE_FOREIGN = "RW9024", "node-not-selected", "A node is in a pool that does not select it.",
        does "Reads the racks or names of each pool, and the site's racks, and looks for nodes beyond them. Pools with a \
              selector are not looked at: inventories are not part of the check.",
        why "Configuration would reach a machine that nobody put under it.",
        example "`b001-n01` in a pool with the racks `a[001-128]`.";
    NODE_LEFT_OUT = "RW9025", "node-left-out", "A node that a pool selects is not among the pool's nodes.",
        does "Reads the racks or names of each pool, and the site's racks, and looks for nodes that are not there, or in \
              another pool. Pools with a selector are not looked at.",
        why "A machine that is left out looks managed and is not.",
        example "`a001-n18` is missing in a pool with the rack `a001`.";
    POOL_EMPTY = "RW9026", "pool-without-nodes", "A pool selects nodes, and none of them is in the plan.",
        does "Counts the nodes of each pool. It speaks once, in place of one message for each node.",
        why "An empty list is never an order: a pool does not lose all its nodes at once.",
        example "`train` selects 2304 nodes, and the plan has none.";
    RACK = "RW9027", "rack-wrong", "A node's rack is not where its site places it.",
        does "Reads the site's racks (`<rack>-<node>`, or `nodeNames` with `nodesPerRack`) and compares. A node that the \
              site does not place has no rack.",
        why "Roll-outs go rack by rack: with a wrong rack, two fault domains are down at once.",
        example "`a001-n01` with the rack `a002`.";
    MANAGEMENT = "RW9028", "node-not-managed", "A node of the plan is not managed.",
        does "Reads `spec.management` of each node.",
        why "A pool holds the node; its agent would stand still.",
        example "`management: Detached` on a node of the pool `train`.";
    GRANTED = "RW9029", "node-granted", "A node of the plan carries a grant.",
        does "Looks for `spec.grant`.",
        why "Only the rollout controller grants, within its budgets.",
        example "`grant: { hash: …, wave: 1 }` on a compiled node.";
    UNRESOLVED = "RW9030", "intent-unresolved", "An accepted pool refers to what is not there or cannot be read.",
        does "Looks up each pool's site, fabrics and racks, reads their hostlists and prefixes, and looks for nodes that a \
              site places in two racks.",
        why "Such a pool is refused, on every object involved. What depends on it cannot be checked.",
        example "The pool `train` is accepted, and its fabric `compute` does not exist.";
    PROFILE_SECTIONS = "RW9031", "profile-sections-unlike-pool", "A profile's GPU or host section is not its pool's.",
        does "Compares driver, MIG layout, power limit, kernel arguments (in order), modules and sysctls of each profile \
              with its pool. An absent section equals an empty one.",
        why "What the user wrote is what the nodes become.",
        example "The pool has `iommu=pt`, and the profile has no kernel arguments.";
    PROFILE_MOUNTS = "RW9041", "profile-mounts-unlike-tiers", "A profile's mounts are not those of its pool's tiers.",
        does "Derives each mount from its tier: what the tier is, its mount point and options (in order), and the rails of its \
              fabric; without consents, capacity and throughput. A tier without a mount point has no mount.",
        why "A mount of another pool would show one tenant's data to another.",
        example "The pool `train` has the tiers `scratch` and `datasets`, and the profile mounts `scratch` alone.";
    MOUNT_TWICE = "RW9042", "mount-point-twice", "A profile mounts two tiers at one mount point.",
        does "Counts each mount point of each profile.",
        why "One of them would be hidden, and the API server refuses the profile: mount points are the keys of its list.",
        example "`scratch` and `cache` both at `/mnt/scratch`.";
    CONSENTS = "RW9043", "consents-unlike-tiers", "A node's consents to wipe devices are not those that its tiers give it.",
        does "Compares the consents of each node, in the order of serial numbers, with those that the tiers of its pool hold \
              for it.",
        why "A consent that reaches another node wipes a disk that nobody looked at.",
        example "A consent for `a001-n01` in the facts of `a001-n02`.";
    IMEX_PEERS = "RW9044", "imex-peers", "A node's IMEX peers are not those of its rack, or it is not among them.",
        does "Compares the peers of each node with those of the other nodes of its rack, and looks for the node in them. Only \
              nodes whose profile has the host run the daemon have peers.",
        why "Daemons that do not agree on their peers refuse memory between nodes, and say nothing.",
        example "`a001-n01` has the peers `a001-n[01-18]`, and `a001-n02` has `a001-n[02-18]`.";
    NUMBER_RANGE = "RW9051", "host-number-out-of-range", "A node's host number is not one of its member cluster.",
        does "Reads the ranges of each fabric and the racks of the site's member clusters. The host number of a node of a \
              member cluster lies in the cluster's range, that of any other node in none.",
        why "Each member cluster gives away the numbers of its range without seeing the others.",
        example "`a001-n01` of `prom-1`, whose range is 1 to 8192, is host 9000.";
    NUMBER_RESERVED = "RW9052", "host-number-not-as-reserved", "A host number is not given as it is reserved.",
        does "Reads the reservations of each fabric: their nodes have just these numbers, and no other node has one of \
              them.",
        why "The number stands in configurations that are not ours; the next node to come is promised it.",
        example "Host 10 is reserved for `a001-n01`, and `a001-n02` has it.";
    NUMBER_MOVED = "RW9053", "host-number-moved", "A node has another host number than before.",
        does "Compares the host number of each node in each fabric with the one that it held, unless another is reserved for \
              it, or a second host may have an address of that number.",
        why "An address that moves takes down every connection to its host, and whoever wrote it down finds another one.",
        example "`a001-n01` was host 7 of `compute`, and is host 8.";
    ADDRESS_ELSEWHERE = "RW9054", "address-still-elsewhere", "A node gets an address that another host may still have.",
        does "Takes each address of each node that the node had not before, and looks for it in what other nodes had: in their \
              NodeConfigs as they are written, and in the quarantine of these.",
        why "A host lets go of an address when its agent has applied its NodeConfig, not when the plan drops it. Until then \
             two hosts would have it.",
        example "`a001-n01` was host 7 of `compute` until now, and the new node `a002-n01` becomes host 7.";
    QUARANTINE = "RW9055", "quarantine-incomplete", "What a node had and has no more is not in its quarantine, or something else is.",
        does "Adds the addresses and the quarantine that each node had, takes away the addresses that it gets, and compares the \
              rest with `spec.quarantined`.",
        why "The NodeConfig is the only memory of it: what is missing there is given away with the next compile.",
        example "`a001-n01` moves from `10.64.0.7` to `10.64.0.60`, and `quarantined` is empty.";
    TENANTS_TOGETHER = "RW9061", "tenants-together", "Ports can talk that no partition lets.",
        does "Reads partitions.conf of a subnet as OpenSM does, works out the table of keys of each port, and compares who can \
              talk (both have a key, one of them as a full member) with the partitions of the fabric and their pools.",
        why "One tenant would see another, and nothing on the fabric says so.",
        example "A port of `train` and one of `research` are full members of key 0x0011.";
    TENANTS_APART = "RW9062", "tenants-apart", "Ports cannot talk that a partition joins.",
        does "As RW9061, in the other direction: each two ports whose pools a partition joins, one of them as a full member, have \
              a key for it.",
        why "A job would hang at its start, and OpenSM reports nothing.",
        example "Two ports of `train` have key 0x0011 as limited members only.";
    PARTITIONS_UNREADABLE = "RW9063", "partitions-unreadable", "OpenSM reads partitions.conf otherwise than meant.",
        does "Looks for what OpenSM 3.3.23 takes in silence for something else: lines above 4,094 bytes, other words than `full` \
              and `limited`, keys that it would mask or replace, members that are no GUID or no port of a node, a statement \
              without end, an empty file.",
        why "It then drops all partitions, or one member, and goes on.",
        example "`0xb83fd20300000000=Full`, which is a limited member.";
    WAVE_ONCE = "RW9101", "wave-not-once", "A node that changes is not in exactly one wave.",
        does "Counts each node that changes over all waves and over the nodes that wait.",
        why "A node that is in no wave never changes, and one that is in two changes while others rely on it.",
        example "`a001-n01` in the waves 2 and 5.";
    WAVE_NODES = "RW9102", "wave-too-many-nodes", "A wave makes more nodes of a pool unavailable than the pool allows.",
        does "Counts, of each pool, the nodes of each wave that restart a service, are drained, reboot or lose data, together \
              with those that are unavailable already, and compares with `maxUnavailable`. Without it, one is allowed.",
        why "The others must carry the work.",
        example "19 nodes of `train` in wave 3, where 18 may be unavailable.";
    WAVE_DOMAINS = "RW9103", "wave-too-many-domains", "A wave touches more domains than a pool in it allows.",
        does "Derives the domain of each node from its facts, and counts the domains of each wave over all pools, together with \
              those of nodes that are unavailable already. Without `domains`, one rack is allowed.",
        why "A roll-out never touches two fault domains at once unless somebody asked for it.",
        example "Nodes of the racks `a001` and `a002` in wave 3, where one rack may be touched.";
    WAVE_CANARY = "RW9104", "wave-canary", "The nodes of a pool that go first do not go first.",
        does "Looks, of each pool with a canary, for a place between two waves with exactly that many nodes before it, and for \
              the time that they must stay healthy. Nodes that lose data are counted last.",
        why "What breaks a canary must not have reached the others.",
        example "`train` has a canary of 1 node, and 18 of its nodes are in its first wave.";
    WAVE_FORBIDDEN = "RW9105", "wave-forbidden", "A node is in a wave that must not start, or not yet.",
        does "Looks in the waves for nodes of paused pools, nodes that lose data without consent, and nodes that lose data before \
              others that do not. A local tier that is made on devices which held another one, or of which nobody knows what they \
              held, needs as many consents of the node as it takes devices.",
        why "A pause is an order, and data does not come back.",
        example "`a001-n01` loses `/scratch` in wave 3, and its facts hold no consent.";
    WAVE_WAITS = "RW9106", "wave-waits-without-reason", "A node waits without reason.",
        does "Looks, for each node that waits, for a paused pool, a missing consent, a budget that unavailable nodes use up, or power \
              that others of its site do not free yet.",
        why "A change that reaches nobody looks like one that is done.",
        example "`a001-n01` of `train` waits, the pool is not paused, and no node is unavailable.";
    WAVE_CLASS = "RW9107", "wave-class-too-mild", "A node's change is called milder than its fields say.",
        does "Reads what each changing node had and becomes: local tiers whose devices held another layout, or of which nobody knows \
              what they held, and consents that are new, lose data; kernel arguments, options of modules, the flavour of the driver, \
              ECC, the MIG mode, IMEX channels and pages of 1 GiB need a boot; another driver a drained node. The class that the node \
              has in the waves is not milder.",
        why "A node that is called live is given no budget, no canary of its own and no drained jobs, and reboots or loses data all \
             the same.",
        example "`a001-n01` is called Drain, and its tier `scratch` moves from `/a` to `/b` with another file system on the same \
                 devices.";
    WAVE_FIRST_LOSS = "RW9108", "wave-first-loss", "The first node of a pool that loses data does not go alone.",
        does "Looks, of each pool, for the first wave with nodes that lose data: it has one of the pool, and the time that a canary of the \
              pool must stay healthy.",
        why "A canary that only reloads says nothing about a wipe that goes wrong, and data does not come back.",
        example "Four nodes of `train` lose `/scratch` in wave 5, and none did before.";
    WAVE_POWER = "RW9109", "wave-power-order", "A node may draw more power before others draw less.",
        does "Compares the power cap of each changing node's GPUs with the one that it had. On a site with any power budget, each node \
              that may draw more is in a later wave than all that are to draw less. Nodes that lose data come last whatever they draw: \
              only such nodes wait for one another.",
        why "Budgets that hold before and after the roll-out are exceeded in between.",
        example "`train` goes from 700 W to 1000 W in wave 2, `infer` from 1000 W to 700 W in wave 3.";
    WAVE_UNIT = "RW9110", "wave-unit", "A node is counted in another scalable unit than the one that it sits in.",
        does "Counts the seats of each fabric again, from its placement or from the racks that are plugged in and their phases, and \
              compares unit and leaf of each node that changes or is unavailable with what the planner says.",
        why "A wave that counts units by something else takes down two nodes of one set of leaves at once, or names a unit to people \
             that is not the one on the cables.",
        example "`a001-n01` is counted in unit 2 of `compute`, and its rack is placed in unit 1.";
}
