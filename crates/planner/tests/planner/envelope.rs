//! A site of a hundred thousand nodes in a power envelope at every level, and one rack too many at each.

use crate::support::{codes, compile};

/// Four DGX B200, in watts.
const RACK: u64 = 57_200;
/// Racks of a row; a phase is a building of five halls of five rows.
const ROW: u64 = 100;
/// The switches of a fabric of 5,000 nodes with eight rails: 157 units of 32 nodes have 1,256 leaves in 40 pods, 1,280 spines
/// and 1,024 cores, a QM9700 each.
const FABRIC: u64 = (1_256 + 1_280 + 1_024) * 1_720;

/// What stands beside the racks.
#[derive(Clone, Copy, PartialEq)]
enum With {
    /// Two pools of 5,000 nodes a building, each with a fabric of its own; storage servers and cooling.
    All,
    /// One rack more than the budget of this level holds, and room for it in all others.
    Excess(&'static str),
}

/// A power has nine digits; above a gigawatt it stands in kilowatts.
fn power(watts: u64) -> String {
    match watts {
        0..1_000_000_000 => format!("{watts}W"),
        _ => format!("{}kW", watts.div_ceil(1000)),
    }
}

/// 250 rows of 100 racks in 50 halls and 10 buildings, each building a phase. The sizes are those of public plans
/// (building 100 to 200 MW, hall 10 to 30 MW, rack 10 to 150 kW); only rows are longer than there. Every budget holds exactly
/// what stands there: PUE 1.1, and at the site 10 % derating and a reserve of 5 MW.
fn site(with: With) -> String {
    let room = |name: &str| match with {
        With::Excess(level) if level != name => 2 * RACK,
        _ => 0,
    };
    // 40 storage servers and 20 pumps a building.
    let servers = 40 * 2_000 + 20 * 50_000;
    let more = if with == With::All {
        2 * FABRIC + servers
    } else {
        0
    };
    let building = 25 * ROW * RACK;
    let mut yaml = String::from(
        "apiVersion: rackwright.dev/v1alpha1\nkind: Supercluster\nmetadata: { name: campus }\nspec:\n",
    );
    let usable = (10 * (building + more) + room("site")) * 11 / 10;
    yaml += &format!(
        "  power: {{ budget: {}, deratingPercent: 10, reserve: 5MW, pue: \"1.1\" }}\n  phases:\n",
        power(((usable + 5_000_000) * 10).div_ceil(9))
    );
    for phase in 0..10 {
        let excess = if phase == 9 { room("phase") } else { 0 };
        let budget = ((phase + 1) * (building + more) + excess) * 11 / 10;
        yaml += &format!(
            "  - {{ name: p{phase}, by: \"20{}-01-31\", powerBudget: {} }}\n",
            30 + phase,
            power(budget)
        );
    }
    yaml += "  locations:\n";
    let mut place = |name: String, parent: String, watts: u64| {
        yaml += &format!("  - {{ name: {name}{parent}, powerBudget: {} }}\n", power(watts));
    };
    let of_building = if with == With::All { servers } else { 0 };
    for number in 0..10 {
        let excess = if number == 9 { room("building") } else { 0 };
        place(
            format!("building-{number}"),
            String::new(),
            building + of_building + excess,
        );
    }
    for hall in 0..50 {
        let excess = if hall == 49 { room("hall") } else { 0 };
        place(
            format!("hall-{hall}"),
            format!(", parent: building-{}", hall / 5),
            5 * ROW * RACK + excess,
        );
    }
    for row in 0..250 {
        let excess = if row == 249 { room("row") } else { 0 };
        place(
            format!("row-{row}"),
            format!(", parent: hall-{}", row / 5),
            ROW * RACK + excess,
        );
    }
    yaml += "  racks:\n";
    let mut group = |names: String, nodes: u32, row: u32| {
        yaml += &format!(
            "  - {{ names: \"{names}\", nodes: \"n[1-{nodes}]\", system: dgx-b200, powerLimit: 65kW, powerDeratingPercent: 12, location: row-{row}, phase: p{} }}\n",
            row / 25
        );
    };
    for row in 0..250 {
        group(format!("r{row:03}x[001-100]"), 4, row);
    }
    if let With::Excess(level) = with {
        group("extra1".to_owned(), if level == "rack" { 5 } else { 4 }, 249);
    }
    if with == With::All {
        yaml += "  equipment:\n";
        for building in 0..10 {
            yaml += &format!(
                "  - {{ name: cdu-{building}, count: 20, power: 50kW, location: building-{building}, phase: p{building} }}\n"
            );
        }
        for building in 0..10 {
            yaml += &storage(building);
            yaml += &pools(building);
        }
    }
    yaml
}

fn storage(building: u32) -> String {
    format!(
        "---\napiVersion: rackwright.dev/v1alpha1\nkind: StorageTier\nmetadata: {{ name: data-{building} }}\nspec:\n  supercluster: campus\n  \
         nfs: {{ server: nas-{building}.example, export: /data, transport: TCP }}\n  mountPoint: /data\n  \
         servers: {{ count: 40, power: 2kW, location: building-{building}, phase: p{building} }}\n"
    )
}

/// Two pools of twelve and a half rows, and their fabrics.
fn pools(building: u32) -> String {
    let mut yaml = String::new();
    let first = building * 25;
    let half = first + 12;
    let racks = [
        format!("r[{first:03}-{:03}]x[001-100],r{half:03}x[001-050]", half - 1),
        format!(
            "r{half:03}x[051-100],r[{:03}-{:03}]x[001-100]",
            half + 1,
            first + 24
        ),
    ];
    for (number, racks) in racks.iter().enumerate() {
        let name = format!("b{building}-{number}");
        yaml += &format!(
            "---\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: {{ name: {name} }}\nspec:\n  supercluster: campus\n  \
             nodes: {{ racks: \"{racks}\" }}\n  fabrics: [ {{ name: {name} }} ]\n---\n\
             apiVersion: rackwright.dev/v1alpha1\nkind: InfiniBandFabric\nmetadata: {{ name: {name} }}\nspec:\n  supercluster: campus\n  plane: Compute\n  \
             topology: {{ type: FatTree, rails: 8, nodesPerUnit: 32, switch: qm9700, oversubscription: \"1:1\" }}\n"
        );
    }
    yaml
}

#[test]
fn a_hundred_thousand_nodes_fill_their_budgets_exactly() {
    let compilation = compile(&site(With::All));
    assert_eq!(compilation.findings, vec![]);
    assert_eq!(compilation.plan.nodes().len(), 100_000);
    // The site, ten phases, ten buildings, fifty halls, 250 rows.
    assert_eq!(compilation.power.len(), 321);
    for envelope in &compilation.power {
        let left = envelope.budget.usable() - envelope.draw;
        // Where a budget is rounded to kilowatts for its spelling, less than one is left.
        assert!(left < 1_000, "{envelope:?}");
    }
    // 1,430 MW of nodes, 122.464 MW of switches (8.6 %), 10.8 MW of servers and pumps, PUE 1.1.
    assert_eq!(
        compilation.power[0].draw,
        (1_430_000_000 + 122_464_000 + 10_800_000) * 11 / 10
    );
}

/// One rack more than each budget holds, and room for it in all others: one finding, with sum, limit and racks, and the
/// site is refused.
#[test]
fn one_rack_too_many_is_refused_at_each_level() {
    let row = "404 x 14.3 kW (dgx-b200) = 5777.2 kW, and spec.locations[309].powerBudget allows 5720 kW: 57.2 kW too much";
    let hall = "2004 x 14.3 kW (dgx-b200) = 28.6572 MW, and spec.locations[59].powerBudget allows 28.6 MW: 57.2 kW too much";
    let building = "10004 x 14.3 kW (dgx-b200) = 143.0572 MW, and spec.locations[9].powerBudget allows 143 MW: 57.2 kW too much";
    let sum = "100004 x 14.3 kW (dgx-b200) = 1430.0572 MW x PUE 1.1 = 1573.06292 MW, and";
    let of_site = format!(
        "{sum} spec.power.budget allows 1753.334 MW - 10 % derating - 5000 kW reserve = 1573.0006 MW: 62.32 kW too much"
    );
    let of_phase = format!("{sum} spec.phases[9].powerBudget allows 1573 MW: 62.92 kW too much");
    let levels = [
        ("row", "RW4002", "location row-249 of ", row),
        ("hall", "RW4002", "location hall-49 of ", hall),
        ("building", "RW4002", "location building-9 of ", building),
        ("site", "RW4003", "Supercluster/campus draws ", &of_site),
        ("phase", "RW4004", "phase p9 of ", &of_phase),
    ];
    for (level, code, who, sum) in levels {
        let compilation = compile(&site(With::Excess(level)));
        assert_eq!(codes(&compilation), [code], "{level}");
        assert_eq!(compilation.findings.len(), 1, "{level}");
        let message = &compilation.findings[0].message;
        for part in [who, sum, "racks "] {
            assert!(message.contains(part), "{level}: no {part:?} in {message:?}");
        }
        // A row is short enough to name its racks; of more, the first ones.
        assert!(
            level != "row" || message.contains("racks extra1,r249x[001-100]"),
            "{message}"
        );
        assert!(
            level == "phase" || message.contains("; from phase p9 (2039-01-31) on"),
            "{message}"
        );
        assert_eq!(compilation.refused.len(), 1, "{level}");
    }
    let compilation = compile(&site(With::Excess("rack")));
    assert_eq!(codes(&compilation), ["RW4001"]);
    assert_eq!(
        compilation.findings[0].message,
        "1 rack of Supercluster/campus may draw 5 x 14.3 kW (dgx-b200) = 71.5 kW each, and spec.racks[250].powerLimit allows 65 kW - 12 % derating = 57.2 kW: 14.3 kW too much; racks extra1"
    );
    assert_eq!(compilation.refused.len(), 1);
}
