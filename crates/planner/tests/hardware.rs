//! What rules make of the catalogue: MIG layouts and power.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::format_push_string, reason = "texts of a test are short")]

mod support;

use support::{codes, compile};

/// One pool over all racks, with a layout.
fn cut(racks: &str, layout: &str) -> String {
    format!(
        "apiVersion: rackwright.dev/v1alpha1\nkind: Supercluster\nmetadata: {{ name: lab }}\nspec:\n  racks:\n{racks}\n---\n\
         apiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: {{ name: cut }}\nspec:\n  supercluster: lab\n  \
         nodes: {{ racks: \"a,b\" }}\n  gpu: {{ mig: {{ layout: [ {layout} ] }} }}\n"
    )
}

fn rack(name: &str, system: &str) -> String {
    format!("  - {{ names: {name}, nodes: n1, system: {system} }}\n")
}

#[test]
fn each_system_of_a_pool_is_judged() {
    let layout = "{ profile: 1g.10gb, count: 5 }";
    let of = |a: &str, b: &str| compile(&cut(&(rack("a", a) + &rack("b", b)), layout));
    assert!(of("dgx-h100", "dgx-a100-80gb").findings.is_empty());
    let one = of("dgx-h100", "dgx-a100-40gb");
    assert_eq!(one.findings.len(), 1);
    assert!(
        one.findings[0].message.contains("5 x 1g.10gb and it holds 4"),
        "{}",
        one.findings[0].message
    );
    assert!(
        one.findings[0]
            .message
            .contains("spec.racks[1].system of Supercluster/lab")
    );
    let two = of("dgx-b200", "dgx-a100-40gb");
    assert_eq!(two.findings.len(), 2);
    // What is nearest on one system is no advice for a pool of two.
    assert!(
        two.findings
            .iter()
            .flat_map(|finding| &finding.parties)
            .all(|party| party.replacement.is_none())
    );
}

#[test]
fn a_system_that_is_not_known_is_not_judged() {
    let layout = "{ profile: 1g.10gb, count: 7 }, { profile: 7g.80gb, count: 1 }";
    let compilation = compile(&cut(&(rack("a", "ours-1") + &rack("b", "ours-1")), layout));
    assert_eq!(codes(&compilation), ["RW2018"]);
    assert!(compilation.refused.is_empty());
}

/// A hundred thousand nodes: 25,000 racks of four DGX B200 (57.2 kW) in 100 rows of 10 halls, a tenth of them a phase. Each
/// budget holds exactly what stands there; `level` names the budget that does not grow with the one rack that is added.
fn site_of_100k(added: bool, level: &str) -> String {
    const RACK: u64 = 57_200;
    let room = |name: &str| if added && name != level { 2 * RACK } else { 0 };
    let mut yaml = String::from(
        "apiVersion: rackwright.dev/v1alpha1\nkind: Supercluster\nmetadata: { name: campus }\nspec:\n",
    );
    // A power has nine digits; above a gigawatt it stands in kilowatts.
    let shown = |watts: u64| match watts {
        0..1_000_000_000 => format!("{watts}W"),
        _ => format!("{}kW", watts.div_ceil(1000)),
    };
    let site = (25_000 * RACK + room("site")) * 11 / 10;
    yaml += &format!(
        "  power: {{ budget: {}, pue: \"1.1\" }}\n  phases:\n",
        shown(site)
    );
    for phase in 0..10u64 {
        let racks = (phase + 1) * 2_500 * RACK;
        // What is added arrives with the last phase.
        let more = if phase == 9 { room("phase") } else { 0 };
        yaml += &format!(
            "  - {{ name: p{phase}, by: \"20{}-01-31\", powerBudget: {} }}\n",
            30 + phase,
            shown((racks + more) * 11 / 10)
        );
    }
    yaml += "  locations:\n";
    for hall in 0..10 {
        let more = if hall == 9 { room("hall") } else { 0 };
        yaml += &format!(
            "  - {{ name: hall-{hall}, powerBudget: {}W }}\n",
            2_500 * RACK + more
        );
    }
    for row in 0..100 {
        let more = if row == 99 { room("row") } else { 0 };
        let hall = row / 10;
        yaml += &format!(
            "  - {{ name: row-{row}, parent: hall-{hall}, powerBudget: {}W }}\n",
            250 * RACK + more
        );
    }
    yaml += "  racks:\n";
    let mut group = |names: String, nodes: u32, row: u32| {
        yaml += &format!(
            "  - {{ names: \"{names}\", nodes: \"n[1-{nodes}]\", system: dgx-b200, powerLimit: 57200W, location: row-{row}, phase: p{} }}\n",
            row / 10
        );
    };
    for row in 0..100 {
        group(format!("r{row:02}x[001-250]"), 4, row);
    }
    if added {
        let nodes = if level == "rack" { 5 } else { 4 };
        group("extra1".to_owned(), nodes, 99);
    }
    yaml
}

#[test]
fn a_hundred_thousand_nodes_fill_their_budgets_exactly() {
    let compilation = compile(&site_of_100k(false, ""));
    assert_eq!(compilation.findings, vec![]);
    // The site, ten phases, ten halls, a hundred rows.
    assert_eq!(compilation.power.len(), 121);
    assert!(
        compilation
            .power
            .iter()
            .all(|envelope| envelope.draw == envelope.budget)
    );
    assert_eq!(compilation.power[0].budget, 1_573_000_000);
}

/// One rack more than each budget holds, and room for it in all others: one finding, with sum, limit and racks.
#[test]
fn one_rack_too_many_is_found_at_each_level() {
    for (level, code, who, sum, limit) in [
        (
            "row",
            "RW4002",
            "location row-99 of ",
            "1004 x 14.3 kW (dgx-b200) = 14.3572 MW",
            "14.3 MW",
        ),
        (
            "hall",
            "RW4002",
            "location hall-9 of ",
            "10004 x 14.3 kW (dgx-b200) = 143.0572 MW",
            "143 MW",
        ),
        (
            "site",
            "RW4003",
            "Supercluster/campus draws",
            "100004 x 14.3 kW (dgx-b200) = 1430.0572 MW x PUE 1.1 = 1573.06292 MW",
            "1573 MW",
        ),
        (
            "phase",
            "RW4004",
            "phase p9 of ",
            "100004 x 14.3 kW (dgx-b200) = 1430.0572 MW x PUE 1.1 = 1573.06292 MW",
            "1573 MW",
        ),
    ] {
        let compilation = compile(&site_of_100k(true, level));
        assert_eq!(codes(&compilation), [code], "{level}");
        assert_eq!(compilation.findings.len(), 1, "{level}");
        let message = &compilation.findings[0].message;
        let over = if code == "RW4002" {
            "57.2 kW too much"
        } else {
            "62.92 kW too much"
        };
        for part in [who, sum, &format!("allows {limit}: {over}"), "racks "] {
            assert!(message.contains(part), "{level}: no {part:?} in {message:?}");
        }
        assert!(
            compilation.refused.is_empty(),
            "figures of a table freeze nothing"
        );
    }
    let compilation = compile(&site_of_100k(true, "rack"));
    assert_eq!(codes(&compilation), ["RW4001"]);
    assert_eq!(
        compilation.findings[0].message,
        "1 rack of Supercluster/campus may draw 5 x 14.3 kW (dgx-b200) = 71.5 kW each, and spec.racks[100].powerLimit allows 57.2 kW: 14.3 kW too much; racks extra1"
    );
}

fn site(spec: &str) -> String {
    format!(
        "apiVersion: rackwright.dev/v1alpha1\nkind: Supercluster\nmetadata: {{ name: lab }}\nspec:\n{spec}"
    )
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
    assert_eq!(codes(&compilation), ["RW4003"]);
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

/// The codes of one pool of a system with a cap.
fn capped(system: &str, cap: &str) -> Vec<&'static str> {
    let pool = format!(
        "---\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: {{ name: p }}\nspec:\n  supercluster: lab\n  nodes: {{ racks: a }}\n  gpu: {{ powerLimit: {cap} }}\n"
    );
    let compilation = compile(&(site(&format!("  racks:\n{}", rack("a", system))) + &pool));
    // A warning: the pool compiles.
    assert_eq!(compilation.plan.nodes().len(), 1);
    codes(&compilation)
}

#[test]
fn a_cap_lies_within_the_range_of_the_gpu() {
    for (system, cap, inside) in [
        ("dgx-b200", "199W", false),
        ("dgx-b200", "200W", true),
        ("dgx-b200", "1kW", true),
        ("dgx-b200", "1001W", false),
        ("dgx-a100-40gb", "100W", true),
        ("gb200-nvl72", "1200W", true),
        ("gb200-nvl72", "1201W", false),
        // No range is known: nothing is said.
        ("dgx-b300", "9kW", true),
        ("gb300-nvl72", "1W", true),
    ] {
        let expected: &[&str] = if inside { &[] } else { &["RW2020"] };
        assert_eq!(capped(system, cap), expected, "{system} {cap}");
    }
}
