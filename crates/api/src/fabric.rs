//! `InfiniBandFabric`: one plane of one site.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bounds;
use crate::cel::rules;
use crate::{Hostlist, IntentStatus, Ipv4Prefix, Name, Pkey, Ratio, SubnetPrefix};

/// One InfiniBand fabric: its topology, addresses, partitions and subnet managers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, CustomResource)]
#[kube(
    group = "rackwright.dev",
    version = "v1alpha1",
    kind = "InfiniBandFabric",
    plural = "infinibandfabrics",
    shortname = "ibf",
    category = "rackwright",
    status = "IntentStatus",
    derive = "PartialEq",
    printcolumn(name = "Supercluster", type_ = "string", json_path = ".spec.supercluster"),
    printcolumn(name = "Plane", type_ = "string", json_path = ".spec.plane"),
    printcolumn(name = "Nodes", type_ = "integer", json_path = ".status.nodes"),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Ready')].status"
    ),
    printcolumn(
        name = "Reason",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Ready')].reason"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct InfiniBandFabricSpec {
    /// IP over InfiniBand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addressing: Option<Addressing>,
    /// Partitions and their members. A key keeps its name for life: hosts and subnet managers know it by both.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::PARTITIONS), extend(
        "x-kubernetes-list-type" = "map",
        "x-kubernetes-list-map-keys" = ["name"],
        "x-kubernetes-validations" = rules(&[
            ("self.all(p, oldSelf.all(o, o.pkey != p.pkey || o.name == p.name))",
             "a partition's name cannot change: remove the partition first, then add it under its new name"),
        ]),
    ))]
    pub partitions: Vec<Partition>,
    /// What the fabric carries.
    pub plane: Plane,
    /// Who manages the subnet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subnet_manager: Option<SubnetManager>,
    /// The prefix of each subnet, in the order of the rails where each rail is a subnet of its own. Absent: prefixes that
    /// follow from the names of site and fabric.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::FABRIC_RAILS), extend("x-kubernetes-list-type" = "atomic"))]
    pub subnet_prefixes: Vec<SubnetPrefix>,
    /// The site that the fabric belongs to.
    pub supercluster: Name,
    /// How switches and nodes are wired.
    pub topology: Topology,
}

/// Planes: networks that share no switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Plane {
    /// Between the GPUs.
    Compute,
    /// To storage.
    Storage,
    /// Management.
    Admin,
}

/// How switches and nodes are wired.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules(&[
    ("!(has(self.disjointRails) && self.disjointRails && has(self.railOptimized) && !self.railOptimized)",
     "disjointRails needs rails: railOptimized must not be false"),
    ("!has(self.placement) || size(self.placement) == 0 || has(self.nodesPerUnit)", "placement goes with nodesPerUnit"),
    ("self.type != 'DragonflyPlus' || (has(self.units) && has(self.nodesPerUnit))",
     "DragonflyPlus needs units and nodesPerUnit: its groups, and the nodes of one"),
])))]
pub struct Topology {
    /// Whether each rail is a subnet of its own, which shares no switch with another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disjoint_rails: Option<bool>,
    /// Nodes of one scalable unit: those that share one set of leaf switches. Of a dragonfly+: nodes of one group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1024))]
    pub nodes_per_unit: Option<u16>,
    /// Down capacity to up capacity of a leaf.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oversubscription: Option<Ratio>,
    /// Which racks and hosts fill which scalable units, in the order of their ports. Without it the racks whose nodes are
    /// plugged in fill the units in the order in which they arrive, and a new rack may move the ports of others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::PLACEMENTS), extend("x-kubernetes-list-type" = "atomic"))]
    pub placement: Vec<UnitPlacement>,
    /// Whether HCA *i* of every node of a unit ends at leaf *i*.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rail_optimized: Option<bool>,
    /// HCAs of one node in this fabric.
    #[schemars(range(min = 1, max = bounds::FABRIC_RAILS))]
    pub rails: u8,
    /// The switch model, a name of the catalogue: `qm9700`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switch: Option<Name>,
    /// Which racks the switches stand in, for the cable schedule. The switches of a level fill the entries of their level
    /// one after the other: leaves by unit, spines by pod or group, cores by their number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::SWITCH_RACKS), extend("x-kubernetes-list-type" = "atomic"))]
    pub switch_racks: Vec<SwitchRacks>,
    /// The shape.
    #[serde(rename = "type")]
    pub type_: TopologyType,
    /// Scalable units that the levels above the leaves are built for; absent: those that have nodes. More than are there
    /// leaves room: growth up to them moves no cable. Of a dragonfly+: its groups, whose number says how many cables join
    /// each two of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = bounds::UNITS))]
    pub units: Option<u32>,
}

/// Who fills a scalable unit, or several one after the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules(&[
    ("has(self.racks) != has(self.hosts)", "exactly one of racks and hosts is needed"),
    ("!has(self.racksPerUnit) || has(self.racks)", "racksPerUnit goes with racks"),
])))]
pub struct UnitPlacement {
    /// Hosts, as a hostlist, `nodesPerUnit` to a unit: nodes that no rack holds, and what is plugged in beside nodes, such
    /// as subnet managers and storage servers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub hosts: Option<Hostlist>,
    /// Racks, as a hostlist. A rack has a port for each of its nodes, whether a pool has them or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub racks: Option<Hostlist>,
    /// How many racks fill one unit; absent: all of them fill one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1024))]
    pub racks_per_unit: Option<u16>,
    /// The unit that the first of them fill, counted from 1; the others fill the next ones.
    #[schemars(range(min = 1, max = bounds::UNITS))]
    pub unit: u32,
}

/// Racks that switches of one level stand in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SwitchRacks {
    /// Height of one switch in rack units; absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 64))]
    pub height: Option<u8>,
    /// The level.
    pub level: SwitchLevel,
    /// How many of them stand in one rack.
    #[schemars(range(min = 1, max = 64))]
    pub per_rack: u8,
    /// The rack unit, counted from 1, that the first switch of each rack begins at; the others stand above it. Absent: the
    /// schedule names racks only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 64))]
    pub rack_unit: Option<u8>,
    /// The racks, as a hostlist. They need not be among the site's racks, which hold nodes.
    #[schemars(length(max = 4096))]
    pub racks: Hostlist,
}

/// Levels of switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum SwitchLevel {
    /// Nodes are plugged into these.
    Leaf,
    /// Above the leaves.
    Spine,
    /// Above the spines of a tree of three levels.
    Core,
}

/// Shapes of a fabric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TopologyType {
    /// Groups of leaves and spines; the spines of each two groups are joined.
    DragonflyPlus,
    /// Leaves, spines and, above the radix, cores.
    FatTree,
}

/// IP over InfiniBand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Addressing {
    /// The prefix that is cut into one equal prefix a rail.
    #[schemars(extend("x-kubernetes-validations" = rules(&[
        ("isCIDR(self) && cidr(self) == cidr(self).masked()", "must be an IPv4 prefix whose host bits are zero, such as 10.64.0.0/12"),
    ])))]
    pub ipv4: Ipv4Prefix,
    /// The InfiniBand MTU in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = [2048, 4096]))]
    pub mtu: Option<u16>,
    /// Host numbers of each member cluster, where the fabric reaches more than one: what one cluster allocates then
    /// never depends on another. The host number is the same on each rail, counted from the rail's prefix.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::ADDRESS_RANGES), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["cluster"]))]
    pub ranges: Vec<ClusterRange>,
    /// Host numbers of nodes that must have just these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::ADDRESS_RANGES), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["nodes"]))]
    pub reservations: Vec<Reservation>,
}

/// The host numbers of one member cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules(&[
    ("self.first <= self.last", "first must not be above last"),
])))]
pub struct ClusterRange {
    /// The member cluster: a name of the site's `spec.clusters`.
    pub cluster: Name,
    /// The first host number, at least 1.
    #[schemars(range(min = 1, max = 16_777_214))]
    pub first: u32,
    /// The last host number.
    #[schemars(range(min = 1, max = 16_777_214))]
    pub last: u32,
}

/// Host numbers of nodes that must have just these.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reservation {
    /// The host number of the first node; the others follow.
    #[schemars(range(min = 1, max = 16_777_214))]
    pub first: u32,
    /// The nodes, as a hostlist.
    #[schemars(length(max = 4096))]
    pub nodes: Hostlist,
}

/// A partition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Partition {
    /// The pools that belong to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = bounds::PARTITION_MEMBERS), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["pool"]))]
    pub members: Vec<PartitionMember>,
    /// Its name, unique in the fabric.
    pub name: Name,
    /// Its key without the membership bit; 0x0000 is not a key, 0x7fff is the default partition's.
    #[schemars(extend("x-kubernetes-validations" = rules(&[
        ("self != '0x0000' && self != '0x7fff'", "0x0000 is not a key and 0x7fff is the default partition's"),
    ])))]
    pub pkey: Pkey,
}

/// A pool in a partition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PartitionMember {
    /// Full members see each other and the limited ones; limited members see only full ones.
    pub membership: Membership,
    /// The pool's name.
    pub pool: Name,
}

/// Membership in a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Membership {
    /// Sees every member.
    Full,
    /// Sees full members only.
    Limited,
}

/// Who manages the subnet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubnetManager {
    /// The program.
    pub kind: SubnetManagerKind,
    /// The hosts that run it, as a hostlist; the first is the preferred master.
    #[schemars(length(max = 1024))]
    pub nodes: Hostlist,
    /// OpenSM's routing engine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing_engine: Option<RoutingEngine>,
}

/// Subnet managers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SubnetManagerKind {
    /// The open subnet manager.
    OpenSM,
}

/// Routing engines, in OpenSM's spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RoutingEngine {
    /// Fat tree.
    Ftree,
    /// Up/down.
    Updn,
    /// Up/down, after the least hops.
    Dnup,
    /// Least hops.
    Minhop,
    /// Deadlock-free single-source shortest path.
    Dfsssp,
}
