//! A site with one fabric of a given size: DGX nodes with eight rails, units of 32, switches of 64 ports.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use rackwright_cli::pipeline;
use rackwright_fabric::design::{Design, Seated};
use rackwright_fabric::network::Network;
use rackwright_fabric::tree::{Shape, Spread, Tree};
use rackwright_planner::fabric::fabrics;

const RAILS: u32 = 8;
const NODES_PER_UNIT: u32 = 32;
const NODES_PER_RACK: u32 = 4;

/// How many racks have so many HCAs: whole racks.
fn racks(hcas: u32) -> u32 {
    hcas.div_ceil(RAILS * NODES_PER_RACK)
}

/// Writes the site. With disjoint rails each rail is a subnet of its own, as the addresses of one are 49,151.
pub fn write(file: &Path, hcas: u32, disjoint_rails: bool) -> anyhow::Result<()> {
    let list = format!("r[00001-{:05}]", racks(hcas));
    let per_unit = NODES_PER_UNIT / NODES_PER_RACK;
    let yaml = format!(
        "apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: {{ name: site }}
spec:
  racks:
  - {{ names: \"{list}\", nodes: \"n[1-{NODES_PER_RACK}]\", system: dgx-b200 }}
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: {{ name: compute }}
spec:
  supercluster: site
  plane: Compute
  topology:
    type: FatTree
    rails: {RAILS}
    disjointRails: {disjoint_rails}
    nodesPerUnit: {NODES_PER_UNIT}
    switch: qm9700
    placement: [ {{ unit: 1, racks: \"{list}\", racksPerUnit: {per_unit} }} ]
  addressing: {{ ipv4: 10.0.0.0/8, mtu: 4096 }}
  partitions: [ {{ name: train, pkey: \"0x0011\", members: [ {{ pool: train, membership: Full }} ] }} ]
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: {{ name: train }}
spec:
  supercluster: site
  nodes: {{ racks: \"{list}\" }}
  fabrics: [ {{ name: compute }} ]
"
    );
    Ok(std::fs::write(file, yaml)?)
}

/// The one subnet of a site that was written.
pub fn network(file: &Path) -> anyhow::Result<Network> {
    let outcome = pipeline::run(&[file.to_owned()], Vec::new())?;
    let (_, fabric) = fabrics(&outcome.input, None).pop().context("a fabric")?;
    let fabric = fabric?;
    Ok(Design::new(fabric.topology, fabric.nodes, BTreeMap::new())?.network(0))
}

/// The same without documents, in one subnet whatever its size: addresses are no matter of wiring.
pub fn designed(hcas: u32) -> anyhow::Result<Network> {
    let nodes = hcas.div_ceil(RAILS);
    let tree = Tree::new(&Shape {
        nodes,
        rails: RAILS,
        spread: Spread::Rails,
        nodes_per_unit: Some(NODES_PER_UNIT),
        radix: 64,
        oversubscription: (1, 1),
    })?;
    let seated = (0..nodes).map(|seat| Seated {
        name: format!("n{:05}", seat + 1).into(),
        seat,
        guids: Box::new([]),
        rack: Some(format!("r{:05}", seat / NODES_PER_RACK + 1).into()),
    });
    Ok(Design::new(tree, seated.collect(), BTreeMap::new())?.network(0))
}
