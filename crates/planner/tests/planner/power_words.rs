//! What a finding about a budget says in full: its sum, the places of what draws, who caps what.

use crate::power::{object, site};
use crate::support::{codes, compile, told};

/// A pool caps the GPUs of one of two racks: it is told of that rack only, and the site's own figure of the GPU stands there
/// only; how many nodes fit is said where nothing is capped.
#[test]
fn a_rack_without_capped_gpus_names_no_pool() {
    let yaml = site(
        "  catalogue: { gpus: [ { name: b200-sxm6-180gb, defaultPower: 990W, maxPower: 990W, source: measured } ] }
  racks: [ { names: \"a[1-2]\", nodes: \"n[1-2]\", system: dgx-b200, powerLimit: 15kW } ]
",
    ) + &object(
        "GPUPool",
        "train",
        "  nodes: { racks: a1 }\n  gpu: { powerLimit: 900W }\n",
    );
    let found: Vec<String> = (compile(&yaml).findings.iter())
        .filter(|finding| finding.rule.code == "RW4001")
        .map(told)
        .collect();
    assert_eq!(
        found,
        [
            "RW4001 1 rack of Supercluster/lab may draw 2 x 14.3 kW (dgx-b200) - 1.44 kW (GPUs capped by GPUPool/train) = 27.16 kW each, and \
             spec.racks[0].powerLimit allows 15 kW: 12.16 kW too much; racks a1; from this site's catalogue: b200-sxm6-180gb \
             (spec.catalogue.gpus[0], measured)\n  refuses Supercluster/lab at spec.racks[0].powerLimit: 27.16 kW is drawn\n  refuses \
             Supercluster/lab at spec.racks[0].system: 2 nodes a rack\n  tells GPUPool/train at spec.gpu.powerLimit: caps its GPUs\n",
            "RW4001 1 rack of Supercluster/lab may draw 2 x 14.3 kW (dgx-b200) = 28.6 kW each, and spec.racks[0].powerLimit allows 15 kW: \
             13.6 kW too much; racks a2\n  refuses Supercluster/lab at spec.racks[0].powerLimit: 28.6 kW is drawn\n  refuses \
             Supercluster/lab at spec.racks[0].system: 2 nodes a rack\n  help: 1 node fits below 15 kW\n",
        ]
    );
}

/// Racks that could not be read are no part of a sum, nor is their system.
#[test]
fn a_group_that_is_refused_draws_nothing() {
    let yaml = site(
        "  power: { budget: 14299W }
  racks:
  - { names: a1, nodes: n1, system: dgx-b200 }
  - { names: a2, nodeNames: \"n[1-3]\", nodesPerRack: 2, system: dgx-h100 }
",
    );
    let compilation = compile(&yaml);
    assert_eq!(codes(&compilation), ["RW2009", "RW4003"]);
    assert_eq!(
        told(&compilation.findings[1]),
        "RW4003 Supercluster/lab draws 1 x 14.3 kW (dgx-b200) = 14.3 kW, and spec.power.budget allows 14.299 kW: 1 W too much; rack a1\n  \
         refuses Supercluster/lab at spec.power.budget: 14.3 kW is drawn\n  refuses Supercluster/lab at spec.racks[0].names: 1 rack, 14.3 kW\n  \
         help: take racks out, or write the budget and the PUE that the site really has\n"
    );
}

/// Each sort of load stands in the sum and has its place; a fabric that no node is plugged into and a pool without a cap do not.
#[test]
fn each_load_of_a_sum_has_its_place() {
    let fabric = |name: &str| {
        let spec =
            "  plane: Compute\n  topology: { type: FatTree, rails: 8, nodesPerUnit: 32, switch: qm9700 }\n";
        object("InfiniBandFabric", name, spec)
    };
    let yaml = site(
        "  power: { budget: 140kW, pue: \"1.2\" }
  equipment: [ { name: cdu, count: 2, power: 3kW } ]
  racks: [ { names: \"a[1-2]\", nodes: \"n[1-4]\", system: dgx-b200 } ]
",
    ) + &object(
        "GPUPool",
        "first",
        "  nodes: { racks: a1 }\n  fabrics: [ { name: used } ]\n",
    ) + &object(
        "GPUPool",
        "second",
        "  nodes: { racks: a2 }\n  gpu: { powerLimit: 900W }\n  fabrics: [ { name: used } ]\n",
    ) + &fabric("free")
        + &fabric("used")
        + &object(
            "StorageTier",
            "data",
            "  nfs: { server: nas, export: /d, transport: TCP }\n  mountPoint: /d\n  servers: { count: 10, power: 1300W }\n",
        );
    let compilation = compile(&yaml);
    let finding = compilation
        .findings
        .iter()
        .find(|finding| finding.rule.code == "RW4003");
    assert_eq!(
        told(finding.unwrap()),
        "RW4003 Supercluster/lab draws 8 x 14.3 kW (dgx-b200) - 32 x 100 W (GPUs capped by GPUPool/second) + 2 x 3 kW (cdu) + 10 x 1.3 kW \
         (servers of StorageTier/data) + 12 x 1.72 kW (qm9700 of InfiniBandFabric/used: 8 leaves, 4 spines) = 150.84 kW x PUE 1.2 = \
         181.008 kW, and spec.power.budget allows 140 kW: 41.008 kW too much; racks a[1-2]\n  refuses Supercluster/lab at \
         spec.power.budget: 181.008 kW is drawn\n  refuses Supercluster/lab at spec.racks[0].names: 2 racks, 111.2 kW\n  refuses \
         Supercluster/lab at spec.equipment[0].power: 2 x 3 kW\n  tells GPUPool/second at spec.gpu.powerLimit: caps its GPUs\n  tells \
         StorageTier/data at spec.servers: 10 x 1.3 kW\n  tells InfiniBandFabric/used at spec.topology.switch: 8 leaves, 4 spines\n  \
         help: take racks out, or write the budget and the PUE that the site really has\n"
    );
}
