//! A site's own catalogue: by which figures it is judged, and which entries cannot be.

use crate::support::compile;

fn site(spec: &str) -> String {
    format!(
        "apiVersion: rackwright.dev/v1alpha1\nkind: Supercluster\nmetadata: {{ name: lab }}\nspec:\n{spec}"
    )
}

fn object(kind: &str, name: &str, spec: &str) -> String {
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

/// Entries of a site's own catalogue are used by every rule, and named as the source.
#[test]
fn own_entries_are_judged_by() {
    let own = "  catalogue:
    gpus:
    - name: ours-gpu
      minPower: 300W
      maxPower: 500W
      mig: { computeSlices: 4, memorySlices: 4, profiles: [ { name: 1g.10gb, computeSlices: 1, memorySlices: 1, max: 4 } ] }
      source: \"its data sheet\"
    systems:
    - { name: ours, gpu: ours-gpu, gpus: 4, maxPower: 5kW, source: \"its data sheet\" }
    - { name: like-b200, like: dgx-b200, source: \"the same box\" }
  racks:
  - { names: a, nodes: n1, system: ours, powerLimit: 4kW }
  - { names: b, nodes: n1, system: like-b200, powerLimit: 14kW }
";
    let pool = "  nodes: { racks: a }\n  gpu: { powerLimit: 200W, mig: { layout: [ { profile: 1g.10gb, count: 5 } ] } }\n";
    let found = messages(&(site(own) + &object("GPUPool", "cut", pool)));
    let expected = [
        "RW2019 the MIG layout of GPUPool/cut does not fit ours-gpu, the GPU of ours (spec.racks[0].system of Supercluster/lab): 5 x 1g.10gb and it holds 4; 5 x 1 (1g.10gb) = 5 compute slices and it has 4; 5 x 1 (1g.10gb) = 5 memory slices and it has 4; from this site's catalogue: ours-gpu (spec.catalogue.gpus[0], its data sheet)",
        "RW2020 GPUPool/cut caps its GPUs at 200 W, and ours-gpu, the GPU of ours (spec.racks[0].system of Supercluster/lab), takes 300 to 500 W; from this site's catalogue: ours-gpu (spec.catalogue.gpus[0], its data sheet)",
        "RW4001 1 rack of Supercluster/lab may draw 1 x 5 kW (ours) = 5 kW each, and spec.racks[0].powerLimit allows 4 kW: 1 kW too much; racks a; from this site's catalogue: ours (spec.catalogue.systems[0], its data sheet)",
        "RW4001 1 rack of Supercluster/lab may draw 1 x 14.3 kW (like-b200) = 14.3 kW each, and spec.racks[1].powerLimit allows 14 kW: 300 W too much; racks b",
    ];
    assert_eq!(found, expected);
}

/// What is wrong with an entry, in words; one that cannot be used leaves the built-in one in place.
#[test]
fn entries_that_cannot_be_are_refused() {
    let of = |section: &str, entry: &str| {
        messages(&site(&format!(
            "  catalogue: {{ {section}: [ {{ source: x, {entry} }} ] }}\n  racks: [ {{ names: a, nodes: n1, system: dgx-b200, powerLimit: 14300W }} ]\n"
        )))
    };
    for (section, entry, why) in [
        (
            "systems",
            "name: new, like: dgx-b20",
            "like an entry that the built-in catalogue has not",
        ),
        (
            "systems",
            "name: dgx-b200, like: dgx-h100",
            "is a built-in entry, and starts from itself",
        ),
        ("systems", "name: new", "is a new entry and lacks gpu and gpus"),
        ("systems", "name: new, gpus: 8", "is a new entry and lacks gpu"),
        (
            "systems",
            "name: new, gpu: none, gpus: 8",
            "has the GPU none, which the catalogue has not",
        ),
        ("gpus", "name: new", "is a new entry and lacks mig"),
        ("gpus", "name: l40s, minPower: 351W", "has caps out of order"),
        (
            "switches",
            "name: new, ports: 64",
            "is a new entry and lacks portRateGbps",
        ),
        (
            "switches",
            "name: qm9700, typicalPower: 1721W",
            "typically draws 1721 W and at most 1720 W",
        ),
        (
            "gpus",
            "name: l40s, mig: { computeSlices: 7, memorySlices: 8, profiles: [ { name: 7g.48gb, computeSlices: 8, memorySlices: 8, max: 1 } ] }",
            "has the MIG profile 7g.48gb of 8 compute and 8 memory slices, and the GPU has 7 and 8",
        ),
        (
            "gpus",
            "name: l40s, mig: { computeSlices: 7, memorySlices: 8, profiles: [ { name: 7g.48gb, computeSlices: 7, memorySlices: 9, max: 1 } ] }",
            "has the MIG profile 7g.48gb of 7 compute and 9 memory slices, and the GPU has 7 and 8",
        ),
        (
            "adapters",
            "name: new",
            "is a new entry and lacks pciDevice and pkeyTable and rateGbps",
        ),
    ] {
        let found = of(section, entry);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].starts_with("RW4006 ") && found[0].contains(why),
            "{entry}: {found:?}"
        );
    }
    for (section, entry) in [
        ("systems", "name: dgx-b200, gpus: 8"),
        ("gpus", "name: b200-sxm6-180gb, maxPower: 1kW"),
        ("switches", "name: qm9700"),
        ("adapters", "name: connectx-7, pkeyTable: 128"),
    ] {
        let found = of(section, entry);
        assert!(
            found.len() == 1 && found[0].starts_with("RW4007 "),
            "{entry}: {found:?}"
        );
    }
    for (section, entry) in [
        ("adapters", "name: connectx-7, pkeyTable: 64"),
        ("gpus", "name: l40s, minPower: 350W"),
        (
            "gpus",
            "name: l40s, mig: { computeSlices: 7, memorySlices: 8, profiles: [ { name: 7g.48gb, computeSlices: 7, memorySlices: 8, max: 1 } ] }",
        ),
        ("switches", "name: qm9700, typicalPower: 1720W"),
        ("switches", "name: qm9700, typicalPower: 1W"),
    ] {
        assert_eq!(of(section, entry), Vec::<String>::new(), "{entry}");
    }
}

/// More loads of a sort than a message holds are added up.
#[test]
fn many_loads_are_added_up() {
    let kinds: Vec<String> = (0..7)
        .map(|at| format!("{{ name: e{at}, count: 2, power: {}W }}", at + 1))
        .collect();
    let found = messages(&site(&format!(
        "  power: {{ budget: 55W }}\n  equipment: [ {} ]\n",
        kinds.join(", ")
    )));
    assert_eq!(
        found,
        [
            "RW4003 Supercluster/lab draws 2 x 1 W (e0) + 2 x 2 W (e1) + 2 x 3 W (e2) + 2 x 4 W (e3) + 36 W (3 more equipment) = 56 W, and spec.power.budget allows 55 W: 1 W too much; no racks"
        ]
    );
}

/// The arithmetic of storage takes the port rate from the same view.
#[test]
fn links_have_the_rate_of_the_sites_own_switch() {
    let yaml = site(
        "  catalogue: { switches: [ { name: qm9700, portRateGbps: 200, source: \"split cables\" } ] }\n  racks: [ { names: a, nodes: n1, system: dgx-b200 } ]\n",
    ) + &object(
        "GPUPool",
        "train",
        "  nodes: { racks: a }\n  fabrics: [ { name: storage } ]\n  storage: [ { tier: data } ]\n",
    ) + &object(
        "InfiniBandFabric",
        "storage",
        "  plane: Storage\n  topology: { type: FatTree, rails: 2, switch: qm9700 }\n",
    ) + &object(
        "StorageTier",
        "data",
        "  nfs: { server: nas, export: /d, transport: TCP }\n  mountPoint: /d\n  fabric: storage\n  throughput: { read: 900GB/s, write: 900GB/s }\n",
    );
    let storage = compile(&yaml).storage;
    assert_eq!(storage[0].read.total, Some(45_000_000_000));
    let how = &storage[0].read.how;
    assert!(
        how.ends_with("2 x 200 Gb/s x 0.9 (spec.catalogue.switches[0], split cables)"),
        "{how}"
    );
}
