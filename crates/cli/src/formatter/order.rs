//! In which order the keys of a map stand.

use serde_json::Value;

/// The keys of an object.
const OBJECT: &[&str] = &["apiVersion", "kind", "metadata", "spec", "status"];

/// The keys of `metadata` that people write.
const METADATA: &[&str] = &["name", "namespace", "labels", "annotations"];

/// The fields of all intents, in the order in which people tell a site: what a thing is and belongs to, what it is made of, how
/// it behaves. The types declare their fields by the alphabet, for the sake of hashes, which nobody would read that way.
/// One list for all, so that a name has the same neighbours everywhere.
const FIELDS: &[&str] = &[
    // What it is, and what it belongs to.
    "name",
    "key",
    "value",
    "effect",
    "kind",
    "type",
    "mode",
    "channels",
    "tier",
    "pool",
    "membership",
    "cluster",
    "module",
    "service",
    "options",
    "profile",
    "size",
    "model",
    "pciAddresses",
    "component",
    "like",
    "supercluster",
    "plane",
    "by",
    "parent",
    // The site.
    "count",
    "power",
    "budget",
    "pue",
    "deratingPercent",
    "reserve",
    "catalogue",
    "systems",
    "phases",
    "locations",
    "level",
    "unit",
    "hosts",
    "selector",
    "matchLabels",
    "racks",
    "racksPerUnit",
    "perRack",
    "rackUnit",
    "height",
    "equipment",
    "clusters",
    "compatibility",
    "rows",
    "disabled",
    "names",
    "nodeNames",
    "routingEngine",
    "node",
    "nodes",
    "domains",
    "domain",
    "soak",
    "first",
    "last",
    // Hardware.
    "computeLinks",
    "gpu",
    "gpus",
    "switches",
    "adapters",
    "nodesPerRack",
    "nvlinkDomain",
    "system",
    "product",
    "pciDevice",
    "pciAddress",
    "memoryMiB",
    "coherent",
    "link",
    "ports",
    "cages",
    "portRateGbps",
    "rateGbps",
    "pkeyTable",
    "defaultPower",
    "minPower",
    "typicalPower",
    "maxPower",
    "maxPowerNodes",
    "computeSlices",
    "memorySlices",
    "max",
    "profiles",
    // A fabric.
    "topology",
    "rails",
    "railOptimized",
    "nodesPerUnit",
    "switch",
    "oversubscription",
    "disjointRails",
    "units",
    "placement",
    "switchRacks",
    "addressing",
    "ipv4",
    "mtu",
    "ranges",
    "reservations",
    "subnetPrefixes",
    "pkey",
    "members",
    "partitions",
    "subnetManager",
    // A pool.
    "driver",
    "managedBy",
    "imex",
    "ecc",
    "persistence",
    "powerLimit",
    "powerBudget",
    "powerDeratingPercent",
    "powerReserve",
    "phase",
    "location",
    "mig",
    "layout",
    "host",
    "kernel",
    "ofed",
    "kernelArguments",
    "sysctls",
    "modules",
    "moduleOptions",
    "hugePages",
    "serviceLimits",
    "memlock",
    "nofile",
    "stack",
    "managementInterface",
    "fstabMounts",
    "tuned",
    "labels",
    "taints",
    "fabrics",
    "storage",
    "rollout",
    "paused",
    "maxUnavailable",
    "canary",
    "failureBudget",
    "onDelete",
    // A tier.
    "localNVMe",
    "devices",
    "raid",
    "filesystem",
    "wipe",
    "wipeConsents",
    "serial",
    "signature",
    "nfs",
    "lustre",
    "weka",
    "beegfs",
    "fileSystem",
    "managementServer",
    "managementServers",
    "backends",
    "cores",
    "server",
    "export",
    "transport",
    "version",
    "kernelModules",
    "connections",
    "client",
    "mountPoint",
    "mountOptions",
    "fabric",
    "capacity",
    "throughput",
    "read",
    "write",
    "gpuDirectStorage",
    "servers",
    "kubernetes",
    "storageClass",
    "provisioner",
    "reclaimPolicy",
    // What goes together.
    "from",
    "before",
    "excluded",
    "when",
    "whenFeatures",
    "reason",
    "source",
];

/// Which map of a document is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Map<'a> {
    /// The document.
    Object,
    /// Its `metadata`.
    Metadata,
    /// A map that a schema describes.
    Of(&'a Value),
}

impl Map<'_> {
    /// Where a key belongs; none where nothing is known of it, as of labels and sysctls: there people make the order.
    fn rank(self, key: &str) -> Option<usize> {
        let table = match self {
            Self::Object => OBJECT,
            Self::Metadata => METADATA,
            Self::Of(schema) => {
                schema.get("properties")?.get(key)?;
                FIELDS
            }
        };
        table.iter().position(|known| *known == key)
    }

    /// The entries of a map in their order, by where they stand now. What has no order keeps its place.
    pub fn sorted(self, keys: &[&str]) -> Vec<usize> {
        let mut ranked: Vec<(usize, usize)> = keys
            .iter()
            .enumerate()
            .filter_map(|(at, key)| Some((self.rank(key)?, at)))
            .collect();
        let mut places: Vec<usize> = ranked.iter().map(|(_, at)| *at).collect();
        ranked.sort_unstable();
        let mut order: Vec<usize> = (0..keys.len()).collect();
        for (place, (_, at)) in places.drain(..).zip(ranked) {
            order[place] = at;
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rackwright_api::crds;

    use super::*;

    /// The named fields of a schema.
    fn fields(schema: &Value, into: &mut BTreeSet<String>) {
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            into.insert(name.clone());
            fields(field, into);
        }
        for inner in ["items", "additionalProperties"] {
            if let Some(inner) = schema.get(inner) {
                fields(inner, into);
            }
        }
    }

    /// A new field needs its place here.
    #[test]
    fn each_field_of_an_intent_has_a_place_and_each_place_a_field() {
        let mut known = BTreeSet::new();
        for kind in super::super::INTENTS {
            let crd = crds::generated(kind.as_str());
            fields(
                &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"],
                &mut known,
            );
        }
        let listed: BTreeSet<String> = FIELDS.iter().map(|field| (*field).to_owned()).collect();
        assert_eq!(listed, known);
        assert_eq!(listed.len(), FIELDS.len(), "one place each");
    }

    #[test]
    fn what_is_not_known_keeps_its_place() {
        let keys = ["spec", "extra", "kind", "apiVersion"];
        assert_eq!(Map::Object.sorted(&keys), [3, 1, 2, 0]);
        let labels = serde_json::json!({ "additionalProperties": { "type": "string" } });
        assert_eq!(Map::Of(&labels).sorted(&["name", "kind"]), [0, 1]);
    }
}
