//! A large example, taken apart so that a part of it can stand.

use std::collections::BTreeSet;

use rackwright_api::{
    GPUPoolSpec, Hostlist, InfiniBandFabricSpec, MemberCluster, Name, PartitionMember, RackGroup,
    StorageTierSpec, SuperclusterSpec, UnitPlacement,
};
use rackwright_hostset::{Limits, expand};
use rackwright_planner::{Input, Intent};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::example::Example;

/// A site whose halls each are a rack group, a member cluster, a fabric and a pool.
pub struct Site {
    document: Intent<SuperclusterSpec>,
    tiers: Vec<Intent<StorageTierSpec>>,
    halls: Vec<Hall>,
}

struct Hall {
    group: RackGroup,
    cluster: MemberCluster,
    fabric: Intent<InfiniBandFabricSpec>,
    pool: Intent<GPUPoolSpec>,
    racks: Vec<String>,
}

/// What stands of a hall.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Racks by their number, in the order of their arrival.
    pub racks: Vec<usize>,
    /// Which pools are written: one has the racks of even numbers, the other the rest.
    pub pools: [bool; 2],
}

/// What keeps things in their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeps {
    /// A placement, and the plan of before.
    Both,
    /// The placement alone.
    Placement,
    /// The plan of before alone.
    Previous,
}

fn intent<S: DeserializeOwned>(object: &Value) -> Intent<S> {
    let name = object["metadata"]["name"].as_str().unwrap();
    let spec = serde_json::from_value(object["spec"].clone()).unwrap();
    Intent::new(Name::new(name).unwrap(), spec)
}

fn list(names: &[&str]) -> Hostlist {
    Hostlist::new(names.join(",")).unwrap()
}

impl Site {
    pub fn new(example: &Example) -> Self {
        let of_kind = |kind: &'static str| {
            example
                .objects
                .iter()
                .filter(move |object| object["kind"] == kind)
        };
        let site: Intent<SuperclusterSpec> = intent(of_kind("Supercluster").next().unwrap());
        let groups = site.spec.racks.iter().zip(&site.spec.clusters);
        let objects = of_kind("InfiniBandFabric").zip(of_kind("GPUPool"));
        let halls = groups
            .zip(objects)
            .map(|((group, cluster), (fabric, pool))| Hall {
                racks: expand(group.names.as_str(), &Limits::default()).unwrap(),
                group: group.clone(),
                cluster: cluster.clone(),
                fabric: intent(fabric),
                pool: intent(pool),
            });
        let halls: Vec<Hall> = halls.collect();
        assert_eq!(halls.len(), site.spec.racks.len());
        Self {
            tiers: of_kind("StorageTier").map(intent).collect(),
            document: site,
            halls,
        }
    }

    /// How many phases bring racks.
    pub fn phases(&self) -> usize {
        let of_hall = self.halls.iter().map(|hall| &hall.group.phase);
        of_hall.collect::<BTreeSet<_>>().len()
    }

    /// The documents of the halls of the first phases, as they are.
    pub fn first_phases(&self, phases: usize) -> Input {
        let order: Vec<&Name> = self
            .document
            .spec
            .phases
            .iter()
            .map(|phase| &phase.name)
            .collect();
        let brings = |phase: &&Name| {
            self.halls
                .iter()
                .any(|hall| hall.group.phase.as_ref() == Some(*phase))
        };
        let there: BTreeSet<&Name> = order.into_iter().filter(brings).take(phases).collect();
        let mut input = self.empty();
        for hall in &self.halls {
            if hall
                .group
                .phase
                .as_ref()
                .is_some_and(|phase| there.contains(phase))
            {
                let site = &mut input.superclusters[0].spec;
                site.racks.push(hall.group.clone());
                site.clusters.push(hall.cluster.clone());
                input.fabrics.push(hall.fabric.clone());
                input.pools.push(hall.pool.clone());
            }
        }
        input
    }

    fn empty(&self) -> Input {
        let mut site = self.document.clone();
        site.spec.racks.clear();
        site.spec.clusters.clear();
        Input {
            superclusters: vec![site],
            tiers: self.tiers.clone(),
            ..Input::default()
        }
    }

    /// What stands of each hall, as its users write it down: each rack behind those that were there before.
    pub fn input(&self, standing: &[Standing], keeps: Keeps) -> Input {
        let mut input = self.empty();
        for (hall, standing) in self.halls.iter().zip(standing) {
            if !standing.racks.is_empty() {
                hall.stand(standing, keeps, &mut input);
            }
        }
        input
    }
}

impl Hall {
    fn stand(&self, standing: &Standing, keeps: Keeps, input: &mut Input) {
        let named = |racks: &mut dyn Iterator<Item = usize>| -> Vec<&str> {
            racks.map(|rack| self.racks[rack].as_str()).collect()
        };
        let all = list(&named(&mut standing.racks.iter().copied()));
        let site = &mut input.superclusters[0].spec;
        site.racks.push(RackGroup {
            names: all.clone(),
            ..self.group.clone()
        });
        site.clusters.push(MemberCluster {
            racks: all,
            ..self.cluster.clone()
        });
        let mut fabric = self.fabric.clone();
        let topology = &mut fabric.spec.topology;
        let per_unit = usize::from(topology.placement[0].racks_per_unit.unwrap());
        topology.placement.clear();
        if keeps != Keeps::Previous {
            let units: BTreeSet<usize> = standing.racks.iter().map(|rack| rack / per_unit).collect();
            topology.placement.extend(units.into_iter().map(|unit| {
                let mut racks = standing
                    .racks
                    .iter()
                    .copied()
                    .filter(|rack| rack / per_unit == unit);
                UnitPlacement {
                    hosts: None,
                    racks: Some(list(&named(&mut racks))),
                    racks_per_unit: None,
                    unit: unit as u32 + 1,
                }
            }));
        }
        let members = &mut fabric.spec.partitions[0].members;
        let member = members.remove(0);
        for (half, name) in [
            self.pool.name.as_str().to_owned(),
            format!("{}-odd", self.pool.name),
        ]
        .into_iter()
        .enumerate()
        {
            let racks = named(&mut standing.racks.iter().copied().filter(|rack| rack % 2 == half));
            if !standing.pools[half] || racks.is_empty() {
                continue;
            }
            let mut pool = self.pool.clone();
            pool.name = Name::new(name).unwrap();
            pool.spec.nodes.racks = Some(list(&racks));
            members.push(PartitionMember {
                pool: pool.name.clone(),
                ..member.clone()
            });
            input.pools.push(pool);
        }
        input.fabrics.push(fabric);
    }
}

/// The documents of an input.
pub fn manifests(input: &Input) -> String {
    fn documents<S: Serialize>(kind: &str, intents: &[Intent<S>]) -> String {
        let document = |intent: &Intent<S>| {
            let value = json!({
                "apiVersion": "rackwright.dev/v1alpha1",
                "kind": kind,
                "metadata": { "name": intent.name },
                "spec": intent.spec,
            });
            format!("---\n{value}\n")
        };
        intents.iter().map(document).collect()
    }
    documents("Supercluster", &input.superclusters)
        + &documents("InfiniBandFabric", &input.fabrics)
        + &documents("GPUPool", &input.pools)
        + &documents("StorageTier", &input.tiers)
}
