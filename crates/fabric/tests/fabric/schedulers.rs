//! What schedulers get: the same neighbours as the design has, in words that they take, or an error that says why not.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use rackwright_fabric::design::{Design, Seated};
use rackwright_fabric::schedulers::kueue::{KueueError, ResourceFlavor, Topology as KueueTopology, Version};
use rackwright_fabric::schedulers::nccl::{CrossNic, Hca, NcclError, Settings};
use rackwright_fabric::schedulers::slurm::{Entry, SlurmError, Topology, block_sizes, conf, yaml};
use rackwright_fabric::schedulers::{Hierarchy, HierarchyError, Keys, LabelError, Level, labels};
use rackwright_fabric::topology::{Form, Topology as Switches};
use rackwright_fabric::tree::{Shape, Spread};
use rackwright_hostset::{Limits, expand};

use Level::{Fabric, Pod, Rack, Unit};

fn shape(nodes: u32, per_unit: u32, radix: u32, spread: Spread) -> Shape {
    Shape {
        nodes,
        rails: 8,
        spread,
        nodes_per_unit: Some(per_unit),
        radix,
        oversubscription: (1, 1),
    }
}

fn design(shape: &Shape, name: impl Fn(u32) -> String, rack: impl Fn(u32) -> Option<String>) -> Design {
    of_form(Form::FatTree, shape, name, rack)
}

fn of_form(
    form: Form,
    shape: &Shape,
    name: impl Fn(u32) -> String,
    rack: impl Fn(u32) -> Option<String>,
) -> Design {
    let nodes = (0..shape.nodes).map(|seat| Seated {
        name: name(seat).into(),
        seat,
        guids: Box::new([]),
        rack: rack(seat).map(Into::into),
    });
    let topology = Switches::new(form, shape).unwrap();
    Design::new(topology, nodes.collect(), BTreeMap::new()).unwrap()
}

/// Units of 32 nodes, four nodes a rack.
fn superpod(units: u32) -> Design {
    let name = |seat| format!("n{:04}", seat + 1);
    let rack = |seat| Some(format!("r{:02}", seat / 4 + 1));
    design(&shape(32 * units, 32, 64, Spread::Rails), name, rack)
}

fn hierarchy(design: &Design, levels: &[Level]) -> Hierarchy {
    Hierarchy::new(design, "compute", levels).unwrap()
}

#[test]
fn a_node_is_in_a_domain_of_each_level() {
    let design = superpod(16);
    let all = hierarchy(&design, &[Fabric, Pod, Unit, Rack]);
    let domains = |seat: usize| {
        all.nodes()[seat]
            .domains
            .iter()
            .map(|domain| &**domain)
            .collect::<Vec<_>>()
    };
    assert_eq!(domains(0), ["compute", "pod01", "su01", "r01"]);
    assert_eq!(domains(128), ["compute", "pod02", "su05", "r33"]);
    assert_eq!(domains(511), ["compute", "pod04", "su16", "r128"]);
    // The equal subnets of disjoint rails are one hierarchy.
    let disjoint = design_of(Spread::DisjointRails);
    assert_eq!(
        &*hierarchy(&disjoint, &[Pod, Unit]).nodes()[40].domains[0],
        "pod01"
    );
}

fn design_of(spread: Spread) -> Design {
    design(&shape(64, 32, 64, spread), |seat| format!("n{seat}"), |_| None)
}

/// Groups of a dragonfly+ are its units, and meet in the fabric.
#[test]
fn groups_of_a_dragonfly_are_units() {
    let groups = of_form(
        Form::DragonflyPlus,
        &shape(96, 32, 64, Spread::Rails),
        |seat| format!("n{:02}", seat + 1),
        |_| None,
    );
    let tree = Topology::tree(&hierarchy(&groups, &[Fabric, Unit])).unwrap();
    assert_eq!(
        conf(&tree).unwrap(),
        "SwitchName=g01 Nodes=n[01-32]\nSwitchName=g02 Nodes=n[33-64]\nSwitchName=g03 Nodes=n[65-96]\n\
         SwitchName=compute Switches=g[01-03]\n"
    );
    assert_eq!(CrossNic::of(&groups), CrossNic::Prefer);
}

#[test]
fn levels_that_are_not_there_are_errors() {
    let design = design_of(Spread::Rails);
    let of = |levels: &[Level]| Hierarchy::new(&design, "compute", levels).unwrap_err();
    assert_eq!(of(&[Unit, Rack]), HierarchyError::NoRack("n0".into()));
    assert_eq!(of(&[Unit, Pod]), HierarchyError::Order(Pod, Unit));
    assert_eq!(of(&[Unit, Unit]), HierarchyError::Order(Unit, Unit));
    let mut one = shape(8, 32, 64, Spread::Rails);
    one.rails = 1;
    let lab = self::design(&one, |seat| format!("n{seat}"), |_| None);
    assert_eq!(Hierarchy::new(&lab, "lab", &[Pod]), Err(HierarchyError::NoPod(1)));
    let across = self::design(
        &shape(64, 32, 64, Spread::Rails),
        |seat| format!("n{seat}"),
        |_| Some("r1".to_owned()),
    );
    let error = Hierarchy::new(&across, "compute", &[Unit, Rack]).unwrap_err();
    assert!(
        error.to_string().starts_with("Rack r1 is in su01 and in su02:"),
        "{error}"
    );
    let twice = self::design(&shape(64, 32, 64, Spread::Rails), |_| "n".to_owned(), |_| None);
    assert_eq!(
        Hierarchy::new(&twice, "x", &[Unit]),
        Err(HierarchyError::SameName("n".into()))
    );
}

#[test]
fn labels_have_the_keys_that_one_wants() {
    let design = superpod(16);
    let all = hierarchy(&design, &[Fabric, Pod, Unit, Rack]);
    let of = |keys: &Keys| labels(&all, keys).unwrap()["n0200"].clone();
    let pairs = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    };
    assert_eq!(
        of(&Keys::plain(&[Pod, Unit])),
        pairs(&[
            ("topology.rackwright.dev/pod", "pod02"),
            ("topology.rackwright.dev/unit", "su07")
        ])
    );
    assert_eq!(
        of(&Keys::topograph(&[Fabric, Pod, Unit, Rack], Some(Rack))),
        pairs(&[
            ("accelerator.topograph.run/domain", "r50"),
            ("fabric.topograph.run/tier-0", "su07"),
            ("fabric.topograph.run/tier-1", "pod02"),
            ("fabric.topograph.run/tier-2", "compute"),
        ])
    );
    let own = Keys::new(BTreeMap::from([(Rack, "example.com/rack".to_owned())])).unwrap();
    assert_eq!(of(&own), pairs(&[("example.com/rack", "r50")]));
    let shallow = hierarchy(&design, &[Unit]);
    assert_eq!(
        labels(&shallow, &own),
        Err(LabelError::NoLevel(Rack, "example.com/rack".to_owned()))
    );
    let same = BTreeMap::from([(Unit, "a/b".to_owned()), (Rack, "a/b".to_owned())]);
    assert_eq!(Keys::new(same), Err(LabelError::SameKey("a/b".to_owned())));
    let host = BTreeMap::from([(Unit, "kubernetes.io/hostname".to_owned())]);
    assert_eq!(Keys::new(host), Err(LabelError::Hostname));
}

#[test]
fn kueue_gets_levels_from_the_widest() {
    let keys = Keys::topograph(&[Pod, Unit, Rack], Some(Rack));
    let topology = KueueTopology::new(Version::V1Beta2, "compute", &keys, true).unwrap();
    let json = serde_json::to_value(&topology).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "apiVersion": "kueue.x-k8s.io/v1beta2",
            "kind": "Topology",
            "metadata": {"name": "compute"},
            "spec": {"levels": [
                {"nodeLabel": "fabric.topograph.run/tier-1"},
                {"nodeLabel": "fabric.topograph.run/tier-0"},
                {"nodeLabel": "accelerator.topograph.run/domain"},
                {"nodeLabel": "kubernetes.io/hostname"},
            ]},
        })
    );
    let of_pool = BTreeMap::from([("rackwright.dev/pool".to_owned(), "train".to_owned())]);
    let flavor = ResourceFlavor::new(Version::V1Beta1, "train", Some(&topology), of_pool).unwrap();
    assert_eq!(
        serde_json::to_value(&flavor).unwrap(),
        serde_json::json!({
            "apiVersion": "kueue.x-k8s.io/v1beta1",
            "kind": "ResourceFlavor",
            "metadata": {"name": "train"},
            "spec": {"nodeLabels": {"rackwright.dev/pool": "train"}, "topologyName": "compute"},
        })
    );
}

#[test]
fn what_kueue_refuses_is_an_error() {
    let keys = Keys::plain(&[Unit]);
    let topology = |name: &str, keys: &Keys| KueueTopology::new(Version::V1Beta2, name, keys, false);
    assert_eq!(
        topology("Compute", &keys),
        Err(KueueError::Name("Compute".to_owned()))
    );
    assert_eq!(topology("c", &Keys::plain(&[])), Err(KueueError::NoLevel));
    let good = topology("c", &keys).unwrap();
    let flavor = |topology, labels: BTreeMap<String, String>| {
        ResourceFlavor::new(Version::V1Beta2, "f", topology, labels)
    };
    assert_eq!(flavor(Some(&good), BTreeMap::new()), Err(KueueError::NoLabel));
    assert!(flavor(None, BTreeMap::new()).is_ok());
    let many = |count: u32| (0..count).map(|n| (format!("l{n}"), String::new())).collect();
    assert!(flavor(Some(&good), many(8)).is_ok());
    assert_eq!(flavor(Some(&good), many(9)), Err(KueueError::TooManyLabels(9)));
    let bad = BTreeMap::from([("a".to_owned(), "b c".to_owned())]);
    assert_eq!(
        flavor(None, bad),
        Err(KueueError::Label("a".to_owned(), "b c".to_owned()))
    );
}

#[test]
fn slurm_gets_a_tree() {
    let design = superpod(16);
    let tree = Topology::tree(&hierarchy(&design, &[Fabric, Pod, Unit])).unwrap();
    let text = conf(&tree).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 16 + 4 + 1);
    assert_eq!(lines[0], "SwitchName=su01 Nodes=n[0001-0032]");
    assert_eq!(lines[17], "SwitchName=pod02 Switches=su[05-08]");
    assert_eq!(lines[20], "SwitchName=compute Switches=pod[01-04]");
    let entries = [Entry {
        name: "fabric",
        cluster_default: true,
        topology: &tree,
    }];
    let text = yaml(&entries).unwrap();
    assert!(text.starts_with(
        "---\n- topology: \"fabric\"\n  cluster_default: true\n  tree:\n    switches:\n      \
         - switch: \"su01\"\n        nodes: \"n[0001-0032]\"\n"
    ));
    assert!(text.ends_with("      - switch: \"compute\"\n        children: \"pod[01-04]\"\n"));
}

#[test]
fn slurm_gets_blocks() {
    let racks = |seat: u32| Some(format!("rack{:02}", seat / 18 + 1));
    let design = design(
        &shape(144, 144, 144, Spread::Rails),
        |seat| format!("t{:03}", seat + 1),
        racks,
    );
    let hierarchy = hierarchy(&design, &[Unit, Rack]);
    let blocks = Topology::block(&hierarchy, Rack, None).unwrap();
    let text = conf(&blocks).unwrap();
    assert!(text.starts_with("BlockName=rack01 Nodes=t[001-018]\n"));
    assert!(text.ends_with("BlockName=rack08 Nodes=t[127-144]\nBlockSizes=18,36,72,144\n"));
    let tree = Topology::tree(&hierarchy).unwrap();
    let entry = |name, cluster_default, topology| Entry {
        name,
        cluster_default,
        topology,
    };
    let text = yaml(&[entry("tree", true, &tree), entry("nvl", false, &blocks)]).unwrap();
    assert!(
        text.contains(
            "- topology: \"nvl\"\n  cluster_default: false\n  block:\n    block_sizes:\n      - 18\n"
        )
    );
    assert!(text.contains("      - block: \"rack02\"\n        nodes: \"t[019-036]\"\n"));
    assert!(yaml(&[entry("a", true, &tree), entry("a", false, &tree)]).is_err());
    assert!(yaml(&[entry("a", false, &tree)]).is_err());
    for (sizes, right) in [
        (vec![16], true),
        (vec![18, 72], true),
        (vec![], false),
        (vec![0], false),
        (vec![18, 54], false),
        (vec![18, 27], false),
        (vec![36, 18], false),
        (vec![18, 18], false),
        (vec![1, 1 << 15], true),
        (vec![1, 1 << 16], false),
    ] {
        let result = Topology::block(&hierarchy, Rack, Some(sizes.clone()));
        assert_eq!(result.is_ok(), right, "{sizes:?}");
    }
    assert_eq!(
        Topology::block(&hierarchy, Rack, Some(vec![19])),
        Err(SlurmError::Small {
            block: "rack01".into(),
            nodes: 18,
            base: 19
        })
    );
}

/// The tables of topograph's documentation.
#[test]
fn block_sizes_are_those_of_topograph() {
    for (blocks, expected) in [
        (1, vec![8]),
        (2, vec![8, 16]),
        (3, vec![8, 16]),
        (4, vec![8, 16, 32]),
        (8, vec![8, 16, 32, 64]),
    ] {
        assert_eq!(block_sizes(&vec![8; blocks]), expected);
    }
    assert_eq!(block_sizes(&[18, 17, 18]), [17, 34]);
    assert_eq!(block_sizes(&[]), Vec::<u32>::new());
}

#[test]
fn what_slurm_refuses_is_an_error() {
    let design = superpod(4);
    assert_eq!(
        Topology::tree(&hierarchy(&design, &[Unit])),
        Err(SlurmError::NoRoot("su01".into(), "su02".into()))
    );
    assert_eq!(Topology::tree(&hierarchy(&design, &[])), Err(SlurmError::NoLevel));
    let same = Hierarchy::new(&design, "su01", &[Fabric, Unit]).unwrap();
    assert_eq!(Topology::tree(&same), Err(SlurmError::SameName("su01".into())));
    let odd = self::design(
        &shape(64, 32, 64, Spread::Rails),
        |seat| format!("n {seat}"),
        |_| None,
    );
    let error = Topology::tree(&hierarchy(&odd, &[Fabric, Unit])).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("Slurm cannot hold the name \"n 0\": "),
        "{error}"
    );
    let none = self::design(&shape(0, 32, 64, Spread::Rails), |_| String::new(), |_| None);
    assert_eq!(
        Topology::tree(&hierarchy(&none, &[Fabric])),
        Err(SlurmError::Empty)
    );
}

fn settings(devices: &[&str]) -> Settings {
    let hcas = devices.iter().zip(0..).map(|(device, rail)| Hca {
        device: (*device).to_owned(),
        port: 1,
        rail: Some(rail),
    });
    Settings {
        hcas: hcas.collect(),
        cross_nic: CrossNic::Prefer,
        pkey_index: None,
        more: BTreeMap::new(),
    }
}

#[test]
fn nccl_gets_exact_devices() {
    let mut settings = settings(&["mlx5_0", "mlx5_3"]);
    assert_eq!(settings.text().unwrap(), "NCCL_IB_HCA==mlx5_0:1:0,mlx5_3:1:1\n");
    settings.hcas[0].rail = None;
    settings.cross_nic = CrossNic::Never;
    settings.pkey_index = Some(1);
    settings
        .more
        .insert("NCCL_IB_TIMEOUT".to_owned(), "22".to_owned());
    assert_eq!(
        settings.text().unwrap(),
        "NCCL_CROSS_NIC=0\nNCCL_IB_HCA==mlx5_0:1,mlx5_3:1:1\nNCCL_IB_PKEY=1\nNCCL_IB_TIMEOUT=22\n"
    );
    assert_eq!(CrossNic::of(&design_of(Spread::DisjointRails)), CrossNic::Never);
    assert_eq!(CrossNic::of(&design_of(Spread::Rails)), CrossNic::Prefer);
    assert_eq!(CrossNic::of(&design_of(Spread::Packed)), CrossNic::Prefer);
    let one_leaf = design(
        &shape(8, 4, 64, Spread::Packed),
        |seat| format!("n{seat}"),
        |_| None,
    );
    assert_eq!(CrossNic::of(&one_leaf), CrossNic::Always);
}

#[test]
fn what_nccl_would_misread_is_an_error() {
    assert_eq!(settings(&[]).text(), Err(NcclError::NoHca));
    for device in [
        "",
        "^mlx5",
        "a,b",
        "a:1",
        "a b",
        "ä",
        "a\nNCCL_DEBUG=INFO",
        &"a".repeat(64),
    ] {
        assert_eq!(
            settings(&[device]).text(),
            Err(NcclError::Device(device.to_owned()))
        );
    }
    let names: Vec<String> = (0..33).map(|n| format!("m{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert!(settings(&names[..32]).text().is_ok());
    assert_eq!(settings(&names).text(), Err(NcclError::TooManyHcas(33)));
    assert_eq!(
        settings(&["a", "a"]).text(),
        Err(NcclError::Twice("a:1".to_owned()))
    );
    let long: Vec<String> = (0..32).map(|n| format!("{n:060}")).collect();
    let long: Vec<&str> = long.iter().map(String::as_str).collect();
    assert!(matches!(settings(&long).text(), Err(NcclError::Value(..))));
    let mut port = settings(&["a"]);
    port.hcas[0].port = 0;
    assert_eq!(port.text(), Err(NcclError::Port("a".to_owned())));
    for (name, value) in [
        ("PATH", "x"),
        ("NCCL_ib", "x"),
        ("NCCL_A=B", "x"),
        ("NCCL_IB_HCA", "x"),
        ("NCCL_DEBUG", "a\nb"),
        ("NCCL_DEBUG", &"x".repeat(1024)),
    ] {
        let mut settings = settings(&["a"]);
        settings.more.insert(name.to_owned(), value.to_owned());
        assert!(settings.text().is_err(), "{name}");
    }
}

/// The nodes of each switch of a `topology.conf`, read as Slurm's man page says.
fn read(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let lines = text.lines().map(|line| {
        let (name, below) = line.split_once(' ').unwrap();
        let (_, list) = below.split_once('=').unwrap();
        // Slurm takes nothing after a bracket but a comma.
        assert!(
            list.split(']')
                .skip(1)
                .all(|rest| rest.is_empty() || rest.starts_with(',')),
            "{list}"
        );
        let names = expand(list, &Limits::default()).unwrap();
        (
            name.strip_prefix("SwitchName=").unwrap().to_owned(),
            names.into_iter().collect(),
        )
    });
    lines.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// A name is in the file as it is, or there is no file.
    #[test]
    fn names_arrive_or_are_refused(
        names in prop::collection::btree_set("[a-z0-9_.-]{1,6}|n[0-9]{1,3}|r[0-9]n[0-9]{1,2}(-ib)?|\\PC{1,4}", 1..12),
        fabric in "[a-z]{1,5}|\\PC{0,3}",
    ) {
        let names: Vec<String> = names.into_iter().collect();
        let mut of = shape(names.len() as u32, 4, 16, Spread::Rails);
        of.rails = 2;
        let design = design(&of, |seat| names[seat as usize].clone(), |_| None);
        let hierarchy = Hierarchy::new(&design, &fabric, &[Fabric, Unit]).unwrap();
        if let Ok(text) = Topology::tree(&hierarchy).and_then(|tree| conf(&tree)) {
            let switches = read(&text);
            prop_assert_eq!(switches.len(), 1 + names.len().div_ceil(4));
            for (unit, names) in names.chunks(4).enumerate() {
                let expected: BTreeSet<String> = names.iter().cloned().collect();
                prop_assert_eq!(&switches[&format!("su{:02}", unit + 1)], &expected);
            }
        }
        if let Ok(labels) = labels(&hierarchy, &Keys::plain(&[Fabric, Unit])) {
            prop_assert_eq!(labels.len(), names.len());
            let value = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            for value_of in labels.values().flat_map(BTreeMap::values) {
                prop_assert!(!value_of.is_empty() && value_of.chars().all(value));
            }
        }
    }
}
