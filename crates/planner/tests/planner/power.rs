//! What is counted against power budgets, and by which figures.

use crate::support::{codes, compile};

pub fn site(spec: &str) -> String {
    format!(
        "apiVersion: rackwright.dev/v1alpha1\nkind: Supercluster\nmetadata: {{ name: lab }}\nspec:\n{spec}"
    )
}

pub fn object(kind: &str, name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: rackwright.dev/v1alpha1\nkind: {kind}\nmetadata: {{ name: {name} }}\nspec:\n  supercluster: lab\n{spec}"
    )
}

fn messages(yaml: &str) -> Vec<String> {
    let findings = compile(yaml).findings.into_iter();
    findings
        .map(|finding| format!("{} {}", finding.rule.code, finding.message))
        .collect()
}

/// What is drawn of each budget, and how many racks are not counted.
fn drawn(spec: &str) -> Vec<(u64, usize)> {
    let power = compile(&site(spec)).power;
    power
        .iter()
        .map(|envelope| (envelope.draw, envelope.uncounted))
        .collect()
}

#[test]
fn phases_count_what_is_energised_by_their_date() {
    let spec = "  phases:
  - { name: late, by: \"2027-01-01\", powerBudget: 1GW }
  - { name: early, by: \"2026-01-01\", powerBudget: 1GW }
  - { name: same, by: \"2026-01-01\", powerBudget: 1GW }
  - { name: without, by: \"2026-06-01\" }
  racks:
  - { names: a, nodes: n1, system: dgx-b200 }
  - { names: b, nodes: n1, system: dgx-h100, phase: early }
  - { names: c, nodes: n1, system: dgx-a100-80gb, phase: same }
  - { names: d, nodes: n1, system: dgx-b300, phase: late }
  - { names: e, nodes: n1, system: dgx-h200, phase: without }
";
    let first = 14_300 + 10_200 + 6_500;
    assert_eq!(
        drawn(spec),
        [(first, 0), (first, 0), (first + 14_500 + 10_200, 0)]
    );
}

#[test]
fn racks_of_unknown_power_are_left_out_and_named() {
    let spec = "  power: { budget: 20kW, pue: \"1.005\" }
  racks:
  - { names: \"a[1-2]\", nodes: n1, system: dgx-h100 }
  - { names: \"b[1-3]\", nodes: n1, system: hgx-h100, powerLimit: 1W }
";
    assert_eq!(drawn(spec), [(20_502, 3)]);
    let compilation = compile(&site(spec));
    assert_eq!(codes(&compilation), ["RW4003", "RW4008"]);
    let message = &compilation.findings[0].message;
    assert!(
        message.ends_with(
            "502 W too much; racks a[1-2]; not counted, because their power is not known: racks b[1-3]"
        ),
        "{message}"
    );
}

#[test]
fn a_location_is_the_sum_of_what_lies_in_it() {
    let spec = "  locations:
  - { name: row, parent: hall, powerBudget: 1GW }
  - { name: other, powerBudget: 1GW }
  - { name: hall, parent: campus, powerBudget: 1GW }
  - { name: campus, powerBudget: 1GW }
  racks:
  - { names: a, nodes: \"n[1-2]\", system: dgx-h100, location: row }
  - { names: b, nodes: n1, system: dgx-h100, location: hall }
  - { names: c, nodes: n1, system: hgx-h100, location: campus }
  - { names: d, nodes: n1, system: dgx-h100 }
";
    assert_eq!(drawn(spec), [(20_400, 0), (0, 0), (30_600, 0), (30_600, 1)]);
}

#[test]
fn locations_in_a_cycle_have_a_finding_and_no_sum() {
    let spec = "  locations:
  - { name: a, parent: b, powerBudget: 1W }
  - { name: b, parent: a }
  - { name: row, parent: a, powerBudget: 1kW }
  racks:
  - { names: r, nodes: n1, system: dgx-h100, location: row }
";
    let compilation = compile(&site(spec));
    assert_eq!(codes(&compilation), ["RW4002", "RW4005"]);
    assert_eq!(compilation.power.len(), 1);
    assert!(compilation.findings[1].message.contains("a in b in a"));
}

/// An NVL72 with trays missing draws what the product draws, unless the site knows the figure of one tray.
#[test]
fn a_rack_that_is_a_product_counts_whole() {
    let racks = "  locations:
  - { name: hall, powerBudget: 263kW }
  racks:
  - { names: a, nodes: \"n[01-18]\", system: gb200-nvl72, location: hall }
  - { names: b, nodes: \"n[01-09]\", system: gb200-nvl72, location: hall }
";
    assert_eq!(drawn(racks), [(264_000, 0)]);
    assert_eq!(
        messages(&site(racks)),
        [
            "RW4002 location hall of Supercluster/lab draws 2 x 132 kW (rack of 18 gb200-nvl72) = 264 kW, and spec.locations[0].powerBudget allows 263 kW: 1 kW too much; racks a,b"
        ]
    );
    let tray = "  catalogue: { systems: [ { name: gb200-nvl72, maxPower: 7200W, maxPowerNodes: 1, source: \"rack split by its maker\" } ] }\n";
    assert_eq!(drawn(&(tray.to_owned() + racks)), [(27 * 7_200, 0)]);
    let larger = "  catalogue: { systems: [ { name: gb200-nvl72, maxPower: 140kW, source: ours } ] }\n";
    assert_eq!(drawn(&(larger.to_owned() + racks)), [(280_000, 0)]);
}

/// GPUs that a pool caps inside of their range draw less: eight times 300 W a node here.
#[test]
fn caps_lower_the_draw() {
    let of = |cap: &str, limit: &str| {
        site(&format!(
            "  power: {{ budget: 57200W }}\n  racks:\n  - {{ names: \"a[1-2]\", nodes: \"n[1-2]\", system: dgx-b200, powerLimit: {limit} }}\n"
        )) + &object(
            "GPUPool",
            "train",
            &format!("  nodes: {{ racks: a1 }}\n  gpu: {{ powerLimit: {cap} }}\n"),
        )
    };
    let draw = |cap: &str| compile(&of(cap, "1MW")).power[0].draw;
    assert_eq!(draw("1000W"), 57_200);
    assert_eq!(draw("700W"), 57_200 - 16 * 300);
    // A cap at the maximum saves nothing, and stands in no sum.
    let found = messages(&of("1000W", "1MW").replace("57200W", "57199W"));
    assert!(
        found[1].contains("= 57.2 kW") && !found[1].contains("capped"),
        "{found:?}"
    );
    // The driver refuses a cap below the range, and the GPU runs without one.
    assert_eq!(draw("100W"), 57_200);
    assert_eq!(
        messages(&of("700W", "23799W"))[1..],
        [
            "RW4001 1 rack of Supercluster/lab may draw 2 x 14.3 kW (dgx-b200) - 4.8 kW (GPUs capped by GPUPool/train) = 23.8 kW each, and spec.racks[0].powerLimit allows 23.799 kW: 1 W too much; racks a1",
            "RW4001 1 rack of Supercluster/lab may draw 2 x 14.3 kW (dgx-b200) = 28.6 kW each, and spec.racks[0].powerLimit allows 23.799 kW: 4.801 kW too much; racks a2",
        ]
    );
}

/// Nodes of a site that describes no racks are plugged into a fabric all the same.
#[test]
fn nodes_without_a_rack_need_switches() {
    let of = |racks: &str, pools: [&str; 2]| {
        let pool = |name: &str, nodes: &str| {
            object(
                "GPUPool",
                name,
                &format!("  nodes: {{ {nodes} }}\n  fabrics: [ {{ name: compute }} ]\n"),
            )
        };
        let yaml = site(&format!("  power: {{ budget: 1GW }}\n{racks}"))
            + &pool("one", pools[0])
            + &pool("two", pools[1])
            + &object(
                "InfiniBandFabric",
                "compute",
                "  plane: Compute\n  topology: { type: FatTree, rails: 8, nodesPerUnit: 32, switch: qm9700 }\n",
            );
        let compilation = compile(&yaml);
        assert_eq!(codes(&compilation), Vec::<&str>::new());
        compilation.power[0].draw
    };
    let racks = "  racks: [ { names: \"a[1-65]\", nodes: n1, system: dgx-b200 } ]\n";
    let placed = of(racks, ["racks: \"a[1-33]\"", "racks: \"a[34-65]\""]);
    // 65 nodes are three units.
    assert_eq!(placed, 65 * 14_300 + (24 + 16) * 1_720);
    assert_eq!(
        of("", ["names: \"n[1-33]\"", "names: \"n[34-65]\""]),
        (24 + 16) * 1_720
    );
}

/// All sorts of loads in one sum, in a location and at the site.
const EVERYTHING: &str = "  power: { budget: 140kW, deratingPercent: 10, reserve: 20kW, pue: \"1.2\" }
  locations:
  - { name: hall, powerBudget: 70kW, powerReserve: 1kW }
  - { name: row, parent: hall }
  equipment:
  - { name: cdu, count: 2, power: 3kW, location: row }
  racks:
  - { names: \"a[1-2]\", nodes: \"n[1-2]\", system: dgx-b200, location: row }
";

fn everything() -> String {
    site(EVERYTHING)
        + &object(
            "GPUPool",
            "train",
            "  nodes: { racks: \"a[1-2]\" }\n  gpu: { powerLimit: 900W }\n  fabrics: [ { name: compute } ]\n",
        )
        + &object(
            "InfiniBandFabric",
            "compute",
            "  plane: Compute\n  topology: { type: FatTree, rails: 8, nodesPerUnit: 32, switch: qm9700 }\n",
        )
        + &object(
            "StorageTier",
            "data",
            "  nfs: { server: nas, export: /d, transport: TCP }\n  mountPoint: /d\n  servers: { count: 10, power: 1300W, location: hall }\n",
        )
}

#[test]
fn every_load_is_counted_where_it_stands() {
    // One unit of 32 nodes has eight leaves and four spines, nodes missing or not.
    assert_eq!(
        messages(&everything())[4..],
        [
            "RW4002 location hall of Supercluster/lab draws 4 x 14.3 kW (dgx-b200) - 32 x 100 W (GPUs capped by GPUPool/train) + 2 x 3 kW (cdu) + 10 x 1.3 kW (servers of StorageTier/data) = 73 kW, and spec.locations[0].powerBudget allows 70 kW - 1 kW reserve = 69 kW: 4 kW too much; racks a[1-2]",
            "RW4003 Supercluster/lab draws 4 x 14.3 kW (dgx-b200) - 32 x 100 W (GPUs capped by GPUPool/train) + 2 x 3 kW (cdu) + 10 x 1.3 kW (servers of StorageTier/data) + 12 x 1.72 kW (qm9700 of InfiniBandFabric/compute: 8 leaves, 4 spines) = 93.64 kW x PUE 1.2 = 112.368 kW, and spec.power.budget allows 140 kW - 10 % derating - 20 kW reserve = 106 kW: 6.368 kW too much; racks a[1-2]",
        ]
    );
}

/// Everything that is added up is a party, and what the site's own catalogue says is named with its source.
#[test]
fn parties_and_sources_are_named() {
    let own = "  catalogue:
    systems: [ { name: dgx-b200, maxPower: 15kW, source: \"measured\" } ]
    gpus: [ { name: b200-sxm6-180gb, maxPower: 1100W, source: \"firmware 97\" } ]
    switches: [ { name: qm9700, maxPower: 1800W, source: \"with our optics\" } ]
";
    let yaml = everything().replace(
        "spec:\n  power: { budget",
        &format!("spec:\n{own}  power: {{ budget"),
    );
    let compilation = compile(&yaml);
    assert_eq!(codes(&compilation), ["RW2007", "RW4002", "RW4003"]);
    let finding = compilation.findings.last().unwrap();
    for part in [
        "4 x 15 kW (dgx-b200) - 32 x 200 W",
        "12 x 1.8 kW (qm9700",
        "; from this site's catalogue: b200-sxm6-180gb (spec.catalogue.gpus[0], firmware 97), dgx-b200 (spec.catalogue.systems[0], measured), qm9700 (spec.catalogue.switches[0], with our optics)",
    ] {
        assert!(finding.message.contains(part), "no {part} in {}", finding.message);
    }
    let parties: Vec<String> = finding
        .parties
        .iter()
        .map(|party| format!("{} {} {}", party.object, party.path, party.refused))
        .collect();
    assert_eq!(
        parties,
        [
            "Supercluster/lab spec.power.budget true",
            "Supercluster/lab spec.racks[0].names true",
            "Supercluster/lab spec.equipment[0].power true",
            "GPUPool/train spec.gpu.powerLimit false",
            "StorageTier/data spec.servers false",
            "InfiniBandFabric/compute spec.topology.switch false",
        ]
    );
}

/// What a phase needs is there by its date: racks, and the switches for them.
#[test]
fn phases_count_the_switches_of_their_nodes() {
    let yaml = site(
        "  phases:
  - { name: first, by: \"2030-01-31\", powerBudget: 1GW }
  - { name: second, by: \"2031-01-31\", powerBudget: 1GW }
  equipment:
  - { name: cdu, count: 1, power: 1kW, phase: second }
  racks:
  - { names: \"a[1-8]\", nodes: \"n[1-4]\", system: dgx-b200, phase: first }
  - { names: \"b[1-9]\", nodes: \"n[1-4]\", system: dgx-b200, phase: second }
",
    ) + &object(
        "GPUPool",
        "train",
        "  nodes: { racks: \"a[1-8],b[1-9]\" }\n  fabrics: [ { name: compute } ]\n",
    ) + &object(
        "InfiniBandFabric",
        "compute",
        "  plane: Compute\n  topology: { type: FatTree, rails: 8, nodesPerUnit: 32, switch: qm9700 }\n",
    ) + &object(
        "StorageTier",
        "data",
        "  nfs: { server: nas, export: /d, transport: TCP }\n  mountPoint: /d\n  servers: { count: 1, power: 7kW, phase: second }\n",
    );
    let compilation = compile(&yaml);
    assert_eq!(codes(&compilation), Vec::<&str>::new());
    let draws: Vec<u64> = compilation.power.iter().map(|envelope| envelope.draw).collect();
    // Three units for 68 nodes: 24 leaves need 12 spines; 32 uplinks have no such divisor, so 16. The first phase has one
    // unit, 8 leaves, and all spines: a bundle that grows moves cables.
    let second = 68 * 14_300 + (24 + 16) * 1_720 + 8_000;
    assert_eq!(draws, [32 * 14_300 + (8 + 16) * 1_720, second]);
    // Built for eight units: 32 spines for 64 leaves.
    let compilation = compile(&yaml.replace("nodesPerUnit: 32,", "nodesPerUnit: 32, units: 8,"));
    let draws: Vec<u64> = compilation.power.iter().map(|envelope| envelope.draw).collect();
    assert_eq!(draws[0], 32 * 14_300 + (8 + 32) * 1_720);
}

/// A site's budget has no date: the finding says with which phase it is exceeded, switches included.
#[test]
fn the_first_phase_that_exceeds_the_site_is_named() {
    let of = |budget: u64| {
        let yaml = site(&format!(
            "  power: {{ budget: {budget}W }}
  phases:
  - {{ name: second, by: \"2031-01-31\" }}
  - {{ name: first, by: \"2030-01-31\" }}
  racks:
  - {{ names: a, nodes: n1, system: dgx-b200, phase: first }}
  - {{ names: b, nodes: n1, system: dgx-b200, phase: second }}
"
        )) + &object(
            "GPUPool",
            "train",
            "  nodes: { racks: \"a,b\" }\n  fabrics: [ { name: compute } ]\n",
        ) + &object(
            "InfiniBandFabric",
            "compute",
            "  plane: Compute\n  topology: { type: FatTree, rails: 8, nodesPerUnit: 1, switch: qm9700 }\n",
        );
        messages(&yaml).pop()
    };
    // One node and its eight leaves, which share one spine; then two nodes with sixteen.
    let (first, second) = (14_300 + 9 * 1_720, 2 * 14_300 + 17 * 1_720);
    let from = |budget| of(budget).unwrap().split("; ").last().unwrap().to_owned();
    assert_eq!(from(first - 1), "from phase first (2030-01-31) on");
    assert_eq!(from(first), "from phase second (2031-01-31) on");
    assert_eq!(from(second - 1), "from phase second (2031-01-31) on");
    assert_eq!(of(second), None);
}

#[test]
fn switches_of_unknown_power_are_named_with_the_entry_to_add() {
    let of = |switch: &str| {
        compile(
            &everything()
                .replace(", switch: qm9700", switch)
                .replace("140kW", "1MW")
                .replace("70kW", "1MW"),
        )
    };
    for (switch, reason, help) in [
        (
            ", switch: q3400-ra",
            "because the maximum power of q3400-ra is not known",
            "add to spec.catalogue.switches: { name: q3400-ra, maxPower: ..., source: ... }",
        ),
        (
            ", switch: ours",
            "because the catalogue has no switch ours",
            "add to spec.catalogue.switches: { name: ours, ports: ..., portRateGbps: ..., maxPower: ..., source: ... }",
        ),
        ("", "because it names no switch", "write topology.switch"),
    ] {
        let compilation = of(switch);
        assert_eq!(codes(&compilation), ["RW4008"], "{switch}");
        let finding = &compilation.findings[0];
        assert!(finding.message.ends_with(reason), "{}", finding.message);
        assert_eq!(finding.help.as_deref(), Some(help));
        assert!(compilation.refused.is_empty());
        let site = compilation
            .power
            .iter()
            .find(|envelope| envelope.uncounted_fabrics == 1);
        assert_eq!(site.unwrap().draw, 73_000 * 12 / 10);
    }
}

/// A unit that two phases share, in the order of dates and then of rack names, is refused.
#[test]
fn a_phase_fills_whole_units() {
    let of = |first: &str, second: &str| {
        site(&format!(
            "  phases:\n  - {{ name: second, by: \"2031-01-31\" }}\n  - {{ name: first, by: \"2030-01-31\" }}\n  racks:\n  \
             - {{ names: \"b[1-10]\", nodes: \"n[1-4]\", system: dgx-b200, phase: {second} }}\n  \
             - {{ names: \"a[1-10]\", nodes: \"n[1-4]\", system: dgx-b200{first} }}\n"
        )) + &object(
            "GPUPool",
            "train",
            "  nodes: { racks: \"a[1-10],b[1-10]\" }\n  fabrics: [ { name: compute } ]\n",
        ) + &object(
            "InfiniBandFabric",
            "compute",
            "  plane: Compute\n  topology: { type: FatTree, rails: 8, nodesPerUnit: 32 }\n",
        )
    };
    let found = messages(&of(", phase: first", "second"));
    assert_eq!(
        found.last().unwrap(),
        "RW4009 with phase first (2030-01-31), 8 of the 32 nodes of unit 2 of InfiniBandFabric/compute in Supercluster/lab are energised: racks a[9-10] of the unit are there, and racks b[1-6] come with phase second (2031-01-31)"
    );
    let found = messages(&of("", "second"));
    assert_eq!(
        found.last().unwrap(),
        "RW4009 with the racks without a phase, 8 of the 32 nodes of unit 2 of InfiniBandFabric/compute in Supercluster/lab are energised: racks a[9-10] of the unit are there, and racks b[1-6] come with phase second (2031-01-31)"
    );
    // Both come at one date: the last unit stays partial, which is no mistake.
    assert_eq!(messages(&of(", phase: second", "second")), Vec::<String>::new());
}
