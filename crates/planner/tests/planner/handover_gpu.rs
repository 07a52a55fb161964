//! What GPU Operator gets, read by a second reader that knows only the consumer's rules.

use std::collections::BTreeMap;

use crate::support::input;
use rackwright_planner::handover::gpu_operator::{Handover, gpu_operator};
use serde_json::Value;

/// Racks of five systems, one of them unknown, and pools by rack with their GPU sections.
fn handover(pools: &[(&str, &str)]) -> Handover {
    let mut yaml = String::from(
        "apiVersion: rackwright.dev/v1alpha1\nkind: Supercluster\nmetadata: { name: lab }\nspec:\n  racks:\n",
    );
    let systems = [
        ("h", "dgx-h100"),
        ("i", "hgx-h100"),
        ("a", "dgx-a100-80gb"),
        ("g", "gb200-nvl72"),
        ("x", "ours-1"),
    ];
    for (rack, system) in systems {
        yaml.push_str("  - { names: \"");
        yaml.push_str(rack);
        yaml.push_str("[1-4]\", nodes: n1, system: ");
        yaml.push_str(system);
        yaml.push_str(" }\n");
    }
    for (number, (racks, gpu)) in pools.iter().enumerate() {
        yaml.push_str(
            &[
                "---\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: { name: p",
                &number.to_string(),
                " }\nspec:\n  supercluster: lab\n  nodes: { racks: \"",
                racks,
                "\" }\n  gpu: { ",
                gpu,
                " }\n",
            ]
            .concat(),
        );
    }
    let input = input(&yaml);
    gpu_operator(&input, &rackwright_planner::compile(&input).unwrap())
}

/// A configuration as mig-parted takes it: entries with their filter, and instances by profile where MIG is on.
type Entry = (Vec<String>, Option<BTreeMap<String, u64>>);

/// Reads a file as mig-parted bd7160f4 does (node facts 1.4): `api/spec/v1/spec.go` for fields, `pkg/types/device.go` for
/// filters, go-nvlib's `mig_profile.go` for profiles.
fn read(file: &Value) -> BTreeMap<String, Vec<Entry>> {
    let file = file.as_object().unwrap();
    assert!(file.keys().eq(["mig-configs", "version"]), "{file:?}");
    assert_eq!(file["version"], "v1");
    let configs = file["mig-configs"].as_object().unwrap();
    let entries = |list: &Value| -> Vec<Entry> {
        let list = list.as_array().unwrap();
        assert!(!list.is_empty());
        list.iter().map(entry).collect()
    };
    configs
        .iter()
        .map(|(name, list)| (name.clone(), entries(list)))
        .collect()
}

fn entry(entry: &Value) -> Entry {
    let entry = entry.as_object().unwrap();
    for field in entry.keys() {
        assert!(
            ["devices", "mig-enabled", "device-filter", "mig-devices"].contains(&field.as_str()),
            "{field}"
        );
    }
    assert_eq!(entry["devices"], "all");
    let filters = entry.get("device-filter").map_or(Vec::new(), |filters| {
        let filters: Vec<String> = serde_json::from_value(filters.clone()).unwrap();
        assert!(!filters.is_empty());
        for filter in &filters {
            let digits = filter.strip_prefix("0x").unwrap();
            assert!(
                digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_hexdigit()),
                "{filter}"
            );
            assert!(digits.ends_with("10DE"), "{filter}");
        }
        filters
    });
    let devices: Option<BTreeMap<String, u64>> = entry
        .get("mig-devices")
        .map(|devices| serde_json::from_value(devices.clone()).unwrap());
    match (entry["mig-enabled"].as_bool().unwrap(), &devices) {
        (true, None) => panic!("MIG on without mig-devices"),
        (false, Some(devices)) => assert!(devices.is_empty(), "MIG off with instances"),
        (true, Some(devices)) => assert!(devices.is_empty() || devices.values().any(|count| *count > 0)),
        (false, None) => {}
    }
    for profile in devices.iter().flat_map(BTreeMap::keys) {
        assert!(is_profile(profile), "{profile}");
    }
    (filters, devices)
}

/// `[Nc.]Ng.Ngb`, then `+attr[,attr]` or `-attr`.
fn is_profile(text: &str) -> bool {
    let (size, attributes) = match text.find(['+', '-']) {
        Some(at) => (&text[..at], Some(&text[at..])),
        None => (text, None),
    };
    let number = |part: &str, unit: &str| {
        part.strip_suffix(unit)
            .is_some_and(|number| number.parse::<u32>().is_ok())
    };
    let sized = match size.split('.').collect::<Vec<_>>()[..] {
        [g, gb] => number(g, "g") && number(gb, "gb"),
        [c, g, gb] => number(c, "c") && number(g, "g") && number(gb, "gb"),
        _ => false,
    };
    let attribute =
        |one: &str| one.starts_with(|c: char| c.is_ascii_lowercase()) && !one.contains(['+', '-']);
    sized
        && attributes.is_none_or(|attributes| match attributes.split_at(1) {
            ("+", list) => list.split(',').all(attribute),
            (_, one) => attribute(one) && !one.contains(','),
        })
}

const CUT: &str = "managedBy: GPUOperator, mig: { layout: [ { profile: 1g.10gb+me, count: 1 }, { profile: 3g.40gb, count: 1 }, { profile: 1g.10gb, count: 2 } ] }";

#[test]
fn layouts_become_configurations_that_mig_parted_reads() {
    let found = handover(&[
        ("h[1-2]", CUT),
        ("a1", CUT),
        (
            "g1",
            "managedBy: GPUOperator, mig: { layout: [ { profile: 1g.24gb, count: 7 } ] }",
        ),
        ("h3", "managedBy: GPUOperator"),
        (
            "h4",
            "managedBy: Host, mig: { layout: [ { profile: 7g.80gb, count: 1 } ] }",
        ),
        (
            "a2",
            "managedBy: GPUOperator, mig: { layout: [ { profile: 7g.80gb, count: 2 } ] }",
        ),
        ("x1", "managedBy: GPUOperator"),
    ]);
    let configs = read(&serde_json::to_value(found.mig_parted.unwrap()).unwrap());
    let devices = |devices: &[(&str, u64)]| {
        Some(
            devices
                .iter()
                .map(|(name, count)| ((*name).to_owned(), *count))
                .collect(),
        )
    };
    let filters = |filters: &[&str]| filters.iter().map(|filter| (*filter).to_owned()).collect();
    let expected: BTreeMap<String, Vec<Entry>> = [
        (
            "2x1g.10gb-1x1g.10gb.me-1x3g.40gb",
            (
                filters(&["0x20B210DE", "0x233010DE"]),
                devices(&[("1g.10gb", 2), ("1g.10gb+me", 1), ("3g.40gb", 1)]),
            ),
        ),
        (
            "7x1g.24gb",
            (filters(&["0x294110DE"]), devices(&[("1g.24gb", 7)])),
        ),
        ("all-disabled", (Vec::new(), None)),
    ]
    .map(|(name, entry)| (name.to_owned(), vec![entry]))
    .into();
    assert_eq!(configs, expected);
    // A pool of the host's own, one that is refused and one whose GPUs are not known get no configuration.
    let labels: Vec<(&str, Option<&str>)> = found
        .pools
        .iter()
        .map(|pool| {
            (
                pool.pool.as_str(),
                pool.labels.get("nvidia.com/mig.config").map(String::as_str),
            )
        })
        .collect();
    assert_eq!(
        labels,
        [
            ("p0", Some("2x1g.10gb-1x1g.10gb.me-1x3g.40gb")),
            ("p1", Some("2x1g.10gb-1x1g.10gb.me-1x3g.40gb")),
            ("p2", Some("7x1g.24gb")),
            ("p3", Some("all-disabled")),
            ("p6", None),
        ]
    );
}

/// A filter must hold every GPU that the layout is for: where one is not known there is none.
#[test]
fn a_layout_for_a_gpu_that_is_not_known_has_no_filter() {
    for pools in [
        &[("h1,x1", CUT)][..],
        &[("h1", CUT), ("x1", CUT)],
        &[("x1", CUT), ("h1", CUT)],
    ] {
        let found = handover(pools);
        let configs = read(&serde_json::to_value(found.mig_parted.unwrap()).unwrap());
        assert_eq!(
            configs["2x1g.10gb-1x1g.10gb.me-1x3g.40gb"][0].0,
            Vec::<String>::new(),
            "{pools:?}"
        );
    }
}

/// A name is a label's value, whatever the layout.
#[test]
fn names_of_long_layouts_fit_a_label() {
    let profiles = ["a", "b", "c", "d", "e"]
        .map(|letter| format!("{{ profile: 1g.100gb+{}, count: 1 }}", letter.repeat(9)));
    let gpu = format!(
        "managedBy: GPUOperator, mig: {{ layout: [ {} ] }}",
        profiles.join(", ")
    );
    let found = handover(&[("x1", &gpu)]);
    let name = &found.pools[0].labels["nvidia.com/mig.config"];
    assert!(name.starts_with("layout-") && name.len() == 19, "{name}");
    assert!(rackwright_api::LabelValue::is_valid(name));
    assert!(found.mig_parted.unwrap().names().any(|known| known == name));
}

#[test]
fn the_driver_and_its_parameters_are_handed_over() {
    let found = handover(&[
        (
            "g1",
            "managedBy: GPUOperator, driver: { version: 580.95.05, kernelModules: Open }, imex: { mode: DriverManaged, channels: 4096 }",
        ),
        ("h1", "managedBy: GPUOperator"),
    ]);
    let [one, two] = &found.pools[..] else { panic!() };
    assert_eq!(one.driver_version.as_ref().unwrap().as_str(), "580.95.05");
    assert_eq!(one.kernel_module_type, Some("open"));
    assert_eq!(
        one.kernel_module_config,
        [(
            "nvidia.conf".to_owned(),
            "NVreg_ImexChannelCount=4096\n".to_owned()
        )]
        .into()
    );
    assert_eq!((&two.driver_version, two.kernel_module_type), (&None, None));
    assert!(two.kernel_module_config.is_empty());
    assert_eq!(handover(&[("h1", "managedBy: Host")]), Handover::default());
}
