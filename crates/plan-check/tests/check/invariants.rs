//! A plan built by hand holds; each invariant is broken on purpose and found, by its own code and no other.

use std::collections::BTreeSet;

use crate::numbers::{self, ranges};
use crate::world::{World, address, consent, guid, name, zero};
use rackwright_api::{Grant, Hostlist, Ipv4Prefix, KernelArgument, Management, ModuleName, OnDelete, Plane};
use rackwright_plan_check::{INVARIANTS, Kind};

/// Whether the profile names and the hashes are made anew after the break.
#[derive(Clone, Copy, PartialEq)]
pub enum Seal {
    Yes,
    No,
}
use Seal::{No, Yes};

/// A planted bug: the code that must find it, what it is, how it is done.
pub type Plant = (&'static str, &'static str, Seal, fn(&mut World));

fn prefix(text: &str) -> Ipv4Prefix {
    Ipv4Prefix::new(text).unwrap()
}

pub fn list(text: &str) -> Hostlist {
    Hostlist::new(text).unwrap()
}

fn remove(world: &mut World, node: &str) {
    world.nodes.retain(|(name, _, _)| name != node);
}

/// A further node of a pool, like `of` but with addresses and GUIDs of its own.
fn add(world: &mut World, node: &str, of: &str) {
    let (_, pool, mut spec) = world
        .nodes
        .iter()
        .find(|(name, _, _)| name == of)
        .unwrap()
        .clone();
    for rail in &mut spec.facts.rails {
        rail.guid = Some(guid(0xff00 | u64::from(rail.rail)));
        rail.ipv4 = rail.ipv4.as_ref().map(|old| {
            let net = old.net().unwrap();
            let [a, b, c, _] = net.addr().octets();
            rackwright_api::InterfaceAddress::from_parts([a, b, c, 77].into(), net.prefix_len())
        });
    }
    world.nodes.push((node.to_owned(), pool, spec));
}

const PLANTS: &[Plant] = &[
    ("RW9001", "a name that Kubernetes refuses", No, |w| {
        let at = w
            .nodes
            .iter()
            .position(|(name, _, _)| name == "free.example")
            .unwrap();
        w.nodes[at].0 = "Free_1".into();
    }),
    ("RW9001", "an empty name", No, |w| {
        let at = w
            .nodes
            .iter()
            .position(|(name, _, _)| name == "free.example")
            .unwrap();
        w.nodes[at].0 = String::new();
    }),
    ("RW9002", "a node twice", Yes, |w| add(w, "r1-n1", "r1-n1")),
    ("RW9002", "a node in the plan and outside of it", No, |w| {
        w.taken.push(("r1-n1".into(), vec![]));
    }),
    ("RW9003", "an address twice in the plan", Yes, |w| {
        w.rail("q1-n1", 2).ipv4 = w.rail("dgx1", 1).ipv4.clone();
    }),
    ("RW9003", "an address of a detached node", No, |w| {
        w.taken.push(("old".into(), vec![[10, 64, 1, 3].into()]));
    }),
    ("RW9004", "an address of another prefix", Yes, |w| {
        w.rail("r1-n1", 2).ipv4 = Some(address("10.80.1.1/24"));
    }),
    ("RW9004", "another prefix length", Yes, |w| {
        w.rail("r1-n1", 2).ipv4 = Some(address("10.80.0.1/25"));
    }),
    ("RW9004", "an octet out of range", Yes, |w| {
        w.rail("r1-n1", 2).ipv4 = Some(address("10.80.0.256/24"));
    }),
    ("RW9005", "the network address", Yes, |w| {
        w.rail("r1-n1", 2).ipv4 = Some(address("10.80.0.0/24"));
    }),
    ("RW9005", "the broadcast address", Yes, |w| {
        w.rail("r1-n1", 2).ipv4 = Some(address("10.80.0.255/24"));
    }),
    ("RW9006", "no address where there is a prefix", Yes, |w| {
        w.rail("r1-n1", 0).ipv4 = None;
    }),
    ("RW9006", "an address where there is no prefix", Yes, |w| {
        w.rail("dgx1", 0).ipv4 = Some(address("10.99.0.1/24"));
    }),
    ("RW9007", "a prefix outside of the fabric", Yes, |w| {
        w.profile("idle").rails[1].ipv4 = Some(prefix("10.97.0.0/24"));
    }),
    ("RW9007", "a prefix with host bits", Yes, |w| {
        w.profile("idle").rails[1].ipv4 = Some(prefix("10.96.1.1/24"));
    }),
    ("RW9008", "rails of different sizes", Yes, |w| {
        w.profile("idle").rails[1].ipv4 = Some(prefix("10.96.1.0/25"));
    }),
    ("RW9009", "one prefix for two rails", Yes, |w| {
        w.profile("idle").rails[1].ipv4 = Some(prefix("10.96.0.0/24"));
    }),
    ("RW9010", "prefixes the wrong way round", Yes, |w| {
        let rails = &mut w.profile("idle").rails;
        (rails[0].ipv4, rails[1].ipv4) = (Some(prefix("10.96.1.0/24")), Some(prefix("10.96.0.0/24")));
    }),
    (
        "RW9011",
        "two profiles with different prefixes of a rail",
        Yes,
        |w| {
            w.profile("infer").rails[1].ipv4 = Some(prefix("10.64.2.0/24"));
            w.rail("q1-n1", 1).ipv4 = Some(address("10.64.2.5/24"));
            w.rail("q1-n2", 1).ipv4 = Some(address("10.64.2.6/24"));
        },
    ),
    ("RW9012", "one fabric inside another", No, |w| {
        w.fabric("spare").addressing.as_mut().unwrap().ipv4 = prefix("10.64.0.0/10");
    }),
    ("RW9013", "a rail too few", Yes, |w| {
        drop(w.profile("idle").rails.pop());
    }),
    ("RW9013", "no rails at all", Yes, |w| {
        w.profile("idle").rails.clear();
    }),
    ("RW9013", "rails in another order", Yes, |w| {
        w.profile("idle").rails.swap(0, 1);
    }),
    ("RW9013", "an HCA number twice", Yes, |w| {
        w.profile("idle").rails[1].rail = 0;
    }),
    ("RW9013", "another plane", Yes, |w| {
        w.profile("idle").rails[1].plane = Plane::Admin;
    }),
    ("RW9013", "another MTU", Yes, |w| {
        w.profile("idle").rails[1].mtu = Some(2048);
    }),
    ("RW9013", "no prefix where the fabric has addressing", Yes, |w| {
        w.profile("idle").rails[1].ipv4 = None;
    }),
    ("RW9013", "a fabric that the pool does not have", Yes, |w| {
        drop(w.pool("idle").fabrics.pop());
    }),
    ("RW9014", "a rail that is missing", Yes, |w| {
        w.node("r1-n1").facts.rails.pop();
    }),
    ("RW9014", "rails in another order", Yes, |w| {
        w.node("r1-n1").facts.rails.swap(0, 1);
    }),
    ("RW9015", "another host number on the second rail", Yes, |w| {
        w.rail("r1-n1", 1).ipv4 = Some(address("10.64.1.99/24"));
    }),
    ("RW9016", "a GUID on two nodes", Yes, |w| {
        w.rail("r1-n1", 1).guid = w.rail("dgx3", 0).guid.clone();
    }),
    ("RW9016", "a GUID on two rails of a node", Yes, |w| {
        w.rail("r1-n1", 1).guid = w.rail("r1-n1", 0).guid.clone();
    }),
    ("RW9017", "a profile named by other content", No, |w| {
        // The nodes' hashes come from the content, so only the name is wrong.
        let wrong = "train-000000000000".to_owned();
        let right = std::mem::replace(&mut w.profiles[0].0, wrong.clone());
        w.nodes
            .iter_mut()
            .filter(|(_, _, node)| node.profile == right)
            .for_each(|(_, _, n)| n.profile.clone_from(&wrong));
    }),
    ("RW9018", "a hash that does not change with the facts", No, |w| {
        w.rail("r1-n1", 0).guid = Some(guid(0xabc));
    }),
    ("RW9018", "a hash of nothing", No, |w| {
        w.node("r1-n1").hash = zero();
    }),
    ("RW9019", "a profile that is not there", No, |w| {
        w.node("r1-n1").profile = "train-000000000000".into();
    }),
    ("RW9020", "another pool's profile", Yes, |w| {
        w.node("r1-n1").profile = w.node("q1-n1").profile.clone();
    }),
    ("RW9021", "another schema", Yes, |w| w.profile("train").schema = 2),
    ("RW9022", "a second profile of a pool", Yes, |w| {
        let (_, pool, mut spec) = w.profiles[3].clone();
        // The same set in another order: other content, and nothing else that is wrong.
        spec.host.as_mut().unwrap().modules.reverse();
        w.profiles.push((String::from("second"), pool, spec));
    }),
    ("RW9023", "nodes of a refused pool", No, |w| {
        w.pools.retain(|(pool, _)| pool.as_str() != "picked");
    }),
    ("RW9024", "a node of another rack", Yes, |w| {
        w.superclusters[0].1.racks[1].names = list("q[1-2]");
        add(w, "q2-n1", "r1-n1");
        w.node("q2-n1").facts.rack = Some(name("q2"));
    }),
    ("RW9024", "a node beyond the names", No, |w| {
        w.pool("adopted").nodes.names = Some(list("dgx[1-4]"));
    }),
    ("RW9025", "a node of a rack is missing", No, |w| {
        remove(w, "r2-n1");
    }),
    ("RW9025", "a node of the names is missing", No, |w| {
        remove(w, "login");
    }),
    ("RW9025", "two pools select a node, and one has it", No, |w| {
        w.pool("infer").nodes.racks = Some(list("q1,r2"));
    }),
    ("RW9026", "a pool without its nodes", No, |w| {
        w.nodes.retain(|(_, pool, _)| pool.as_str() != "infer");
    }),
    ("RW9027", "a wrong rack", Yes, |w| {
        w.node("r1-n1").facts.rack = Some(name("r2"));
    }),
    ("RW9027", "no rack where the site places the node", Yes, |w| {
        w.node("dgx3").facts.rack = None;
    }),
    ("RW9027", "a rack where the site places none", Yes, |w| {
        w.node("login").facts.rack = Some(name("r1"));
    }),
    ("RW9028", "a detached node", No, |w| {
        w.node("r1-n1").management = Management::Detached;
    }),
    ("RW9029", "a grant", No, |w| {
        w.node("r1-n1").grant = Some(Grant {
            hash: zero(),
            wave: 1,
        });
    }),
    ("RW9030", "no such fabric", No, |w| {
        w.fabrics.retain(|(fabric, _)| fabric.as_str() != "spare");
    }),
    ("RW9030", "no such site", No, |w| w.superclusters.clear()),
    ("RW9030", "no such rack", No, |w| {
        w.pool("train").nodes.racks = Some(list("r[1-3]"));
    }),
    ("RW9030", "a hostlist that cannot be read", No, |w| {
        w.pool("train").nodes.racks = Some(list("r[1-"));
    }),
    ("RW9030", "a site that cannot be read", No, |w| {
        w.superclusters[0].1.racks[0].nodes = Some(list("n[1-"));
    }),
    ("RW9030", "a site too large to walk", No, |w| {
        w.superclusters[0].1.racks[0].names = list("r[1-900000]");
        w.superclusters[0].1.racks[0].nodes = Some(list("n[1-900000]"));
    }),
    ("RW9030", "two ways to select", No, |w| {
        w.pool("train").nodes.names = Some(list("r1-n1"));
    }),
    ("RW9030", "a fabric's prefix with host bits", No, |w| {
        w.fabric("spare").addressing.as_mut().unwrap().ipv4 = prefix("10.96.0.1/16");
    }),
    ("RW9030", "a node in two racks", No, |w| {
        w.superclusters[0].1.racks[2].names = list("s[1-3]");
        w.superclusters[0].1.racks[2].node_names = Some(list("dgx[1-4],dgx3"));
    }),
    ("RW9031", "kernel arguments in another order", No, |w| {
        w.pool("train")
            .host
            .as_mut()
            .unwrap()
            .kernel_arguments
            .push(KernelArgument::new("quiet").unwrap());
    }),
    ("RW9031", "a module too few", No, |w| {
        w.pool("train")
            .host
            .as_mut()
            .unwrap()
            .modules
            .push(ModuleName::new("nvidia_peermem").unwrap());
    }),
    ("RW9031", "a sysctl too many", No, |w| {
        w.pool("train").host.as_mut().unwrap().sysctls.clear();
    }),
    ("RW9031", "no GPU section", No, |w| w.pool("train").gpu = None),
    ("RW9031", "another MIG layout", No, |w| {
        w.pool("train").gpu.as_mut().unwrap().mig = None;
    }),
    ("RW9041", "a mount that is missing", Yes, |w| {
        drop(w.profile("train").mounts.remove(0));
    }),
    (
        "RW9041",
        "a mount of a tier that the pool does not have",
        Yes,
        |w| {
            let mount = w.profile("train").mounts[0].clone();
            w.profile("infer").mounts.push(mount);
        },
    ),
    ("RW9041", "options in another order", Yes, |w| {
        w.profile("train").mounts[0].options.reverse();
    }),
    ("RW9041", "the rails of another fabric", Yes, |w| {
        w.profile("train").mounts[0].rails = vec![0];
    }),
    ("RW9041", "the consents of a tier in a profile", Yes, |w| {
        let consents = w.tiers[0].1.local_nvme.as_ref().unwrap().wipe_consents.clone();
        w.profile("train").mounts[1]
            .local_nvme
            .as_mut()
            .unwrap()
            .wipe_consents = consents;
    }),
    ("RW9042", "two tiers at one mount point", Yes, |w| {
        w.tiers[0].1.mount_point = w.tiers[1].1.mount_point.clone();
        w.profile("train").mounts[1].mount_point = w.profile("train").mounts[0].mount_point.clone();
    }),
    ("RW9043", "a consent on another node", Yes, |w| {
        let consent = w.node("r1-n2").facts.wipe_consents.pop().unwrap();
        w.node("r1-n1").facts.wipe_consents.push(consent);
    }),
    ("RW9043", "a consent for another content", Yes, |w| {
        w.node("r1-n2").facts.wipe_consents[0] = consent("S1", "ext4:1");
    }),
    ("RW9043", "consents out of order", Yes, |w| {
        w.node("r1-n2").facts.wipe_consents.reverse();
    }),
    (
        "RW9043",
        "a consent of a tier that the pool does not mount",
        Yes,
        |w| {
            w.node("q1-n1").facts.wipe_consents.push(consent("S3", "xfs:3"));
        },
    ),
    ("RW9030", "a tier that does not exist", Yes, |w| {
        w.tiers.pop();
    }),
    ("RW9030", "ranges that cannot be read", No, |w| {
        ranges(w);
        w.superclusters[0].1.clusters[0].racks = list("r[1-");
    }),
];

fn report(world: &World) -> Vec<String> {
    world.check().iter().map(ToString::to_string).collect()
}

#[test]
fn a_valid_plan_holds() {
    assert_eq!(report(&World::valid()), Vec::<String>::new());
}

#[test]
fn each_planted_bug_is_found_by_its_own_code() {
    let mut wrong = Vec::new();
    for (code, what, seal, plant) in PLANTS.iter().chain(numbers::PLANTS).chain(crate::imex::PLANTS) {
        let mut world = World::valid();
        plant(&mut world);
        if *seal == Yes {
            world.seal();
        }
        let violations = world.check();
        let codes: BTreeSet<&str> = violations.iter().map(|violation| violation.code).collect();
        if codes != BTreeSet::from([*code]) {
            wrong.push(format!("{code}, {what}: {:#?}", report(&world)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_invariant_has_a_planted_bug() {
    let of_plans = PLANTS
        .iter()
        .chain(numbers::PLANTS)
        .chain(crate::imex::PLANTS)
        .map(|plant| plant.0);
    let planted: BTreeSet<&str> = of_plans
        .chain(crate::isolation::PLANTS.iter().map(|plant| plant.0))
        .chain(crate::waves::PLANTS.iter().map(|plant| plant.0))
        .chain(crate::units::PLANTS.iter().map(|plant| plant.0))
        .collect();
    let known: BTreeSet<&str> = INVARIANTS.iter().map(|invariant| invariant.code).collect();
    assert_eq!(planted, known);
}

#[test]
fn the_table_is_in_order_and_complete() {
    assert!(INVARIANTS.windows(2).all(|pair| pair[0].code < pair[1].code));
    let names: BTreeSet<&str> = INVARIANTS.iter().map(|invariant| invariant.name).collect();
    assert_eq!(names.len(), INVARIANTS.len());
    for invariant in INVARIANTS {
        assert!(
            invariant.code.len() == 6 && invariant.code.starts_with("RW9"),
            "{}",
            invariant.code
        );
        assert!(invariant.summary.ends_with('.'), "{}", invariant.code);
        for section in ["## What it does\n", "## Why\n", "## Example\n", "## Fix\n"] {
            assert!(
                invariant.doc.contains(section),
                "{} lacks {section}",
                invariant.code
            );
        }
    }
}

#[test]
fn a_violation_names_its_parties() {
    let mut world = World::valid();
    world.rail("q1-n1", 2).ipv4 = world.rail("dgx1", 1).ipv4.clone();
    world.seal();
    let [violation] = world.check().try_into().unwrap();
    assert_eq!(
        violation.message,
        "the address 10.80.0.7 is given 2 times, to dgx1 and q1-n1"
    );
    assert_eq!(violation.nodes, ["dgx1", "q1-n1"]);

    let mut world = World::valid();
    world.node("r1-n1").facts.rack = Some(name("r2"));
    world.seal();
    let [violation] = world.check().try_into().unwrap();
    assert_eq!(
        violation.message,
        "the node r1-n1 has the rack r2, and the supercluster site places it in the rack r1"
    );
    let objects: Vec<String> = violation.objects.iter().map(ToString::to_string).collect();
    assert_eq!(objects, ["Supercluster/site", "GPUPool/train"]);
    assert_eq!(violation.objects[1].kind, Kind::GPUPool);
}

#[test]
fn many_cases_are_counted_and_few_are_listed() {
    let mut world = World::valid();
    for (_, _, node) in &mut world.nodes {
        node.hash = zero();
    }
    let violations = world.check();
    assert_eq!(violations.len(), 11);
    assert!(violations.iter().all(|violation| violation.code == "RW9018"));
    assert_eq!(
        violations.iter().map(|violation| violation.count).sum::<u64>(),
        world.nodes.len() as u64
    );
    assert_eq!(violations[10].message, "2 more cases of node-hash-wrong");
    assert_eq!(violations[10].nodes, ["r2-n1", "r2-n2"]);
}

#[test]
fn the_order_of_the_input_does_not_matter() {
    let mut world = World::valid();
    for (_, _, node) in &mut world.nodes {
        node.hash = zero();
        node.management = Management::Detached;
    }
    world.rail("q1-n1", 2).ipv4 = world.rail("dgx1", 1).ipv4.clone();
    let forwards = world.check();
    world.nodes.reverse();
    world.pools.reverse();
    world.fabrics.reverse();
    world.profiles.reverse();
    assert_eq!(world.check(), forwards);
}

#[test]
fn what_only_refused_pools_use_is_not_looked_at() {
    let mut world = World::valid();
    world.pools.retain(|(pool, _)| pool.as_str() != "idle");
    world.profiles.retain(|(_, pool, _)| pool.as_str() != "idle");
    world.fabric("spare").addressing.as_mut().unwrap().ipv4 = prefix("10.64.0.0/10");
    assert_eq!(report(&world), Vec::<String>::new());
}

#[test]
fn what_has_no_bearing_on_nodes_is_not_compared() {
    let mut world = World::valid();
    world.pool("train").on_delete = Some(OnDelete::Detach);
    world.pool("train").host.as_mut().unwrap().modules.reverse();
    assert_eq!(report(&world), Vec::<String>::new());
}
