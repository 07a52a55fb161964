//! A plan built by hand, small and with every case in it, that tests then break.

use std::net::Ipv4Addr;

use rackwright_api::{
    DeviceConsent, Facts, GPUPoolSpec, Guid, Hash, InfiniBandFabricSpec, InterfaceAddress, Management, Name,
    NodeConfigSpec, NodeProfileSpec, Rail, StorageTierSpec, SuperclusterSpec, TierRef,
};
use rackwright_plan_check::{Checked, Held, Node, Profile, Violation, check};
use serde_json::{Value, from_value, json};

/// What a compile would hand to the check.
#[derive(Clone)]
pub struct World {
    pub superclusters: Vec<(Name, SuperclusterSpec)>,
    pub pools: Vec<(Name, GPUPoolSpec)>,
    pub fabrics: Vec<(Name, InfiniBandFabricSpec)>,
    pub tiers: Vec<(Name, StorageTierSpec)>,
    pub profiles: Vec<(String, Name, NodeProfileSpec)>,
    pub nodes: Vec<(String, Name, NodeConfigSpec)>,
    pub taken: Vec<(String, Vec<Ipv4Addr>)>,
    /// What nodes of the plan held before.
    pub previous: Vec<(String, Vec<Ipv4Addr>)>,
    /// What hosts of nodes of either list may still have.
    pub quarantined: Vec<(String, Vec<Ipv4Addr>)>,
}

pub fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn typed<T: serde::de::DeserializeOwned>(value: Value) -> T {
    from_value(value).unwrap()
}

impl World {
    /// Two pools by racks (one of them a single rack), one by names with a node that the site does not place, one by
    /// selector with a node, and one by selector without.
    pub fn valid() -> Self {
        let site = typed(json!({ "racks": [
            { "names": "r[1-2]", "nodes": "n[1-2]", "system": "dgx-b200" },
            { "names": "q1", "nodes": "n[1-2]", "system": "dgx-b200" },
            { "names": "s[1-2]", "nodeNames": "dgx[1-4]", "nodesPerRack": 2, "system": "dgx-b200" },
        ]}));
        let host = json!({ "kernelArguments": ["iommu=pt"], "modules": ["b", "a"], "sysctls": { "vm.swappiness": "1" } });
        let gpu = json!({ "driver": { "version": "580.95.05" }, "powerLimit": "1000W",
            "mig": { "layout": [{ "profile": "1g.23gb", "count": 7 }] } });
        let pool = |nodes: Value, fabrics: Value| {
            typed(
                json!({ "supercluster": "site", "nodes": nodes, "fabrics": fabrics, "gpu": gpu, "host": host }),
            )
        };
        let compute_and_storage = json!([{ "name": "compute" }, { "name": "storage" }]);
        let labels = |value: &str| json!({ "selector": { "matchLabels": { "for": value } } });
        let pools = vec![
            (
                name("train"),
                pool(json!({ "racks": "r[1-2]" }), compute_and_storage.clone()),
            ),
            (name("infer"), pool(json!({ "racks": "q1" }), compute_and_storage)),
            (
                name("adopted"),
                pool(
                    json!({ "names": "dgx[1-4],login" }),
                    json!([{ "name": "admin" }, { "name": "storage" }]),
                ),
            ),
            (name("picked"), pool(labels("picked"), json!([]))),
            (name("idle"), pool(labels("idle"), json!([{ "name": "spare" }]))),
        ];
        let fabric = |plane: &str, rails: u8, addressing: Value| {
            typed(
                json!({ "supercluster": "site", "plane": plane, "addressing": addressing,
                "topology": { "type": "FatTree", "rails": rails } }),
            )
        };
        let fabrics = vec![
            (
                name("compute"),
                fabric("Compute", 2, json!({ "ipv4": "10.64.0.0/16", "mtu": 4096 })),
            ),
            (
                name("storage"),
                fabric("Storage", 1, json!({ "ipv4": "10.80.0.0/24" })),
            ),
            (name("admin"), fabric("Admin", 1, Value::Null)),
            (
                name("spare"),
                fabric("Compute", 2, json!({ "ipv4": "10.96.0.0/16" })),
            ),
        ];

        let devices =
            json!({ "model": "SAMSUNG MZ*", "count": 2, "pciAddresses": ["0000:1c:00.0", "0000:1b:00.0"] });
        let scratch = json!({ "devices": devices, "raid": 0, "filesystem": "xfs", "wipe": "WithConsent" });
        let mut given = scratch.clone();
        given["devices"]["capacity"] = json!("3840GB");
        given["wipeConsents"] = json!([
            { "node": "r1-n2", "serial": "S2", "signature": "xfs:2" },
            { "node": "r1-n2", "serial": "S1", "signature": "xfs:1" },
            { "node": "q1-n1", "serial": "S3", "signature": "xfs:3" },
        ]);
        let nfs = json!({ "server": "nas1", "export": "/a", "transport": "RDMA" });
        let tiers = vec![
            (
                name("scratch"),
                typed(json!({ "supercluster": "site", "localNVMe": given, "mountPoint": "/scratch" })),
            ),
            (
                name("data"),
                typed(
                    json!({ "supercluster": "site", "nfs": nfs, "mountPoint": "/data", "fabric": "storage",
                    "capacity": "15PB", "mountOptions": ["ro", "noatime"] }),
                ),
            ),
            (
                name("volumes"),
                typed(json!({ "supercluster": "site", "localNVMe": scratch,
                    "kubernetes": { "provisioner": "TopoLVM", "storageClass": "volumes" } })),
            ),
        ];
        let mounts = json!([
            { "mountPoint": "/data", "nfs": nfs, "options": ["ro", "noatime"], "rails": [2], "tier": "data" },
            { "localNVMe": scratch, "mountPoint": "/scratch", "tier": "scratch" },
        ]);

        let compute = |i: u8| json!({ "fabric": "compute", "fabricRail": i, "ipv4": format!("10.64.{i}.0/24"), "mtu": 4096, "plane": "Compute", "rail": i });
        let storage = |rail: u8| json!({ "fabric": "storage", "fabricRail": 0, "ipv4": "10.80.0.0/24", "plane": "Storage", "rail": rail });
        let spare = |i: u8| json!({ "fabric": "spare", "fabricRail": i, "ipv4": format!("10.96.{i}.0/24"), "plane": "Compute", "rail": i });
        let admin = json!({ "fabric": "admin", "fabricRail": 0, "plane": "Admin", "rail": 0 });
        let rails = [
            ("train", json!([compute(0), compute(1), storage(2)])),
            ("infer", json!([compute(0), compute(1), storage(2)])),
            ("adopted", json!([admin, storage(1)])),
            ("picked", json!([])),
            ("idle", json!([spare(0), spare(1)])),
        ];
        let profiles: Vec<(String, Name, NodeProfileSpec)> = rails
            .into_iter()
            .map(|(pool, rails)| {
                let mounts = if pool == "train" {
                    mounts.clone()
                } else {
                    json!([])
                };
                let spec = json!({ "gpu": gpu, "host": host, "mounts": mounts, "rails": rails, "schema": 1 });
                (pool.to_owned(), name(pool), typed(spec))
            })
            .collect();

        let placed = [
            ("r1-n1", "train", Some("r1")),
            ("r1-n2", "train", Some("r1")),
            ("r2-n1", "train", Some("r2")),
            ("r2-n2", "train", Some("r2")),
            ("q1-n1", "infer", Some("q1")),
            ("q1-n2", "infer", Some("q1")),
            ("dgx1", "adopted", Some("s1")),
            ("dgx2", "adopted", Some("s1")),
            ("dgx3", "adopted", Some("s2")),
            ("dgx4", "adopted", Some("s2")),
            ("login", "adopted", None),
            ("free.example", "picked", None),
        ];
        let nodes = placed
            .into_iter()
            .zip(1_u8..)
            .map(|((node, pool, rack), number)| {
                let profile = profiles.iter().find(|(_, of, _)| of.as_str() == pool).unwrap();
                let rails = profile.2.rails.iter().map(|rail| Rail {
                    guid: Some(guid(u64::from(number) << 8 | u64::from(rail.rail))),
                    ipv4: rail.ipv4.as_ref().map(|prefix| {
                        let prefix = prefix.net().unwrap();
                        let address = u32::from(prefix.network()) + u32::from(number);
                        InterfaceAddress::from_parts(address.into(), prefix.prefix_len())
                    }),
                    rail: rail.rail,
                });
                let spec = NodeConfigSpec {
                    facts: Facts {
                        imex_peers: None,
                        rack: rack.map(name),
                        rails: rails.collect(),
                        wipe_consents: consents(node),
                    },
                    grant: None,
                    hash: zero(),
                    management: Management::Managed,
                    profile: pool.to_owned(),
                    quarantined: Vec::new(),
                };
                (node.to_owned(), name(pool), spec)
            })
            .collect();
        let taken = vec![
            (
                "gone1".to_owned(),
                vec![Ipv4Addr::new(10, 64, 0, 200), Ipv4Addr::new(10, 64, 1, 200)],
            ),
            // Two detached nodes with one address are not the plan's matter.
            ("gone2".to_owned(), vec![Ipv4Addr::new(10, 64, 0, 200)]),
        ];
        let mut world = Self {
            superclusters: vec![(name("site"), site)],
            pools,
            fabrics,
            tiers,
            profiles,
            nodes,
            taken,
            previous: Vec::new(),
            quarantined: Vec::new(),
        };
        world.pool("train").storage = ["scratch", "data", "volumes"]
            .map(|tier| TierRef { tier: name(tier) })
            .to_vec();
        world.seal();
        world
    }

    /// Names profiles by their content again, and computes the hash of each node: after this, a planted bug is no
    /// longer a wrong hash. Names and hashes come from the API, so that the check's own are compared with them.
    pub fn seal(&mut self) {
        for (old, pool, spec) in &mut self.profiles {
            let hash = spec.hash().unwrap();
            let new = NodeProfileSpec::name(pool, &hash);
            for (_, _, node) in self.nodes.iter_mut().filter(|(_, _, node)| node.profile == *old) {
                node.profile.clone_from(&new);
            }
            *old = new;
        }
        for (_, _, node) in &mut self.nodes {
            if let Some((_, _, profile)) = self.profiles.iter().find(|(name, _, _)| *name == node.profile) {
                node.hash = node.facts.hash(&profile.hash().unwrap()).unwrap();
            }
        }
    }

    pub fn check(&self) -> Vec<Violation> {
        let superclusters: Vec<_> = self
            .superclusters
            .iter()
            .map(|(name, spec)| (name, spec))
            .collect();
        let pools: Vec<_> = self.pools.iter().map(|(name, spec)| (name, spec)).collect();
        let fabrics: Vec<_> = self.fabrics.iter().map(|(name, spec)| (name, spec)).collect();
        let tiers: Vec<_> = self.tiers.iter().map(|(name, spec)| (name, spec)).collect();
        let profiles: Vec<_> = self
            .profiles
            .iter()
            .map(|(name, pool, spec)| Profile { name, pool, spec })
            .collect();
        let (taken, previous) = (self.held(&self.taken), self.held(&self.previous));
        let checked = Checked {
            pools: &pools,
            fabrics: &fabrics,
            tiers: &tiers,
            superclusters: &superclusters,
            profiles: &profiles,
            taken: &taken,
            previous: &previous,
        };
        check(
            &checked,
            self.nodes.iter().map(|(name, pool, spec)| Node {
                name,
                pool,
                spec: spec.clone(),
            }),
        )
    }

    fn held<'a>(&'a self, nodes: &'a [(String, Vec<Ipv4Addr>)]) -> Vec<Held<'a>> {
        let quarantined = |name: &str| {
            let mut found = self.quarantined.iter().filter(|(of, _)| of == name);
            found.next().map_or(&[][..], |(_, addresses)| addresses)
        };
        let held = nodes.iter().map(|(name, addresses)| Held {
            name,
            addresses,
            quarantined: quarantined(name),
        });
        held.collect()
    }

    pub fn node(&mut self, name: &str) -> &mut NodeConfigSpec {
        &mut self.nodes.iter_mut().find(|(node, _, _)| node == name).unwrap().2
    }

    pub fn rail(&mut self, node: &str, rail: usize) -> &mut Rail {
        &mut self.node(node).facts.rails[rail]
    }

    pub fn profile(&mut self, pool: &str) -> &mut NodeProfileSpec {
        &mut self
            .profiles
            .iter_mut()
            .find(|(_, of, _)| of.as_str() == pool)
            .unwrap()
            .2
    }

    pub fn pool(&mut self, pool: &str) -> &mut GPUPoolSpec {
        &mut self
            .pools
            .iter_mut()
            .find(|(name, _)| name.as_str() == pool)
            .unwrap()
            .1
    }

    pub fn fabric(&mut self, fabric: &str) -> &mut InfiniBandFabricSpec {
        &mut self
            .fabrics
            .iter_mut()
            .find(|(name, _)| name.as_str() == fabric)
            .unwrap()
            .1
    }
}

/// What the tier `scratch` consents to; `q1-n1` is in a pool without the tier.
fn consents(node: &str) -> Vec<DeviceConsent> {
    let consents = [("r1-n2", "S1", "xfs:1"), ("r1-n2", "S2", "xfs:2")];
    let of_node = consents.into_iter().filter(|(of, ..)| *of == node);
    of_node
        .map(|(_, serial, signature)| consent(serial, signature))
        .collect()
}

pub fn consent(serial: &str, signature: &str) -> DeviceConsent {
    typed(json!({ "serial": serial, "signature": signature, "tier": "scratch" }))
}

pub fn guid(number: u64) -> Guid {
    Guid::new(format!("0x{number:016x}")).unwrap()
}

pub fn address(text: &str) -> InterfaceAddress {
    InterfaceAddress::new(text).unwrap()
}

pub fn zero() -> Hash {
    Hash::new("0".repeat(32)).unwrap()
}
