//! Pictures: what they say is what the design has, whatever names it holds, and the bytes stay.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rackwright_fabric::design::{Design, Seated};
use rackwright_fabric::picture::{Block, Picture, Pictures, Tier, dot, svg};
use rackwright_fabric::topology::{Form, Topology};
use rackwright_fabric::tree::{Shape, Spread};

fn design(shape: &Shape, nodes: impl IntoIterator<Item = (u32, String, Option<String>)>) -> Design {
    of_form(Form::FatTree, shape, nodes)
}

fn of_form(
    form: Form,
    shape: &Shape,
    nodes: impl IntoIterator<Item = (u32, String, Option<String>)>,
) -> Design {
    let nodes = nodes.into_iter().map(|(seat, name, rack)| Seated {
        name: name.into(),
        seat,
        guids: vec![None; shape.rails as usize].into(),
        rack: rack.map(Into::into),
    });
    let topology = Topology::new(form, shape).unwrap();
    Design::new(topology, nodes.collect(), BTreeMap::new()).unwrap()
}

/// Full units of a SuperPOD: 32 nodes of eight HCAs, switches of 64 ports, four nodes a rack.
fn superpod(units: u32) -> Design {
    plain(32 * units, 32, 8, 64, Spread::Rails, 4)
}

fn plain(nodes: u32, per_unit: u32, rails: u32, radix: u32, spread: Spread, per_rack: u32) -> Design {
    let shape = Shape {
        nodes,
        rails,
        spread,
        nodes_per_unit: Some(per_unit),
        radix,
        oversubscription: (1, 1),
    };
    let nodes = (0..nodes).map(|seat| {
        (
            seat,
            format!("n{:04}", seat + 1),
            Some(format!("r{}", seat / per_rack)),
        )
    });
    design(&shape, nodes)
}

fn fabric(design: &Design, name: &str) -> Picture {
    Pictures::new(design, name).fabric()
}

fn unit(design: &Design, name: &str, unit: u32) -> Option<Picture> {
    Pictures::new(design, name).unit(unit)
}

fn node(design: &Design, name: &str, node: &str) -> Option<Picture> {
    Pictures::new(design, name).node(node)
}

fn of(picture: &Picture, tier: Tier) -> Vec<&Block> {
    picture.blocks.iter().filter(|block| block.tier == tier).collect()
}

/// Cables between two tiers.
fn cables(picture: &Picture, upper: Tier, lower: Tier) -> u64 {
    let bundles = picture.bundles.iter().filter(|bundle| {
        picture.blocks[bundle.upper].tier == upper && picture.blocks[bundle.lower].tier == lower
    });
    bundles.map(|bundle| bundle.cables).sum()
}

#[test]
fn sixty_four_units_are_all_there() {
    let picture = fabric(&superpod(64), "superpod");
    let names: Vec<&str> = of(&picture, Tier::Unit)
        .iter()
        .map(|unit| unit.name.as_str())
        .collect();
    let expected: Vec<String> = (1..=64).map(|unit| format!("unit {unit}")).collect();
    assert_eq!(names, expected);
    assert_eq!(of(&picture, Tier::Spines).len(), 16);
    assert_eq!(of(&picture, Tier::Cores)[0].name, "256 cores");
    assert_eq!(
        of(&picture, Tier::Cores)[0].notes,
        ["32 groups of 8", "g01-c01 to g32-c08"]
    );
    // The published counts of 64 units.
    assert_eq!(cables(&picture, Tier::Cores, Tier::Spines), 16_384);
    assert_eq!(cables(&picture, Tier::Spines, Tier::Unit), 16_384);
    assert_eq!(
        picture.description,
        "2,048 nodes, 64 units, 512 leaves, 512 spines, 256 cores. Numbers beside lines count cables, a square is a leaf in the colour of its rail."
    );
}

/// 178 units: what is not drawn one by one is counted in one box.
#[test]
fn what_is_folded_is_counted() {
    let picture = fabric(&superpod(178), "large");
    assert_eq!(of(&picture, Tier::Spines).len(), 24);
    assert_eq!(of(&picture, Tier::Spines)[23].name, "22 more pods: 704 spines");
    let last = of(&picture, Tier::Unit).pop().unwrap();
    assert_eq!(
        (last.name.as_str(), last.notes.as_slice()),
        (
            "+86 units",
            &["2,752 nodes".to_owned(), "688 leaves".to_owned()][..]
        )
    );
    assert_eq!(cables(&picture, Tier::Spines, Tier::Unit), 178 * 256);
    assert_eq!(cables(&picture, Tier::Cores, Tier::Spines), 45 * 1_024);
}

#[test]
fn a_unit_shows_every_port_of_every_node() {
    let design = superpod(4);
    let picture = unit(&design, "superpod", 2).unwrap();
    assert_eq!(of(&picture, Tier::Leaf).len(), 8);
    assert_eq!(of(&picture, Tier::Leaf)[7].name, "su03-r7-l01");
    assert_eq!(of(&picture, Tier::Rack).len(), 8);
    assert_eq!(of(&picture, Tier::Node)[0].name, "n0065");
    assert_eq!(cables(&picture, Tier::Spines, Tier::Leaf), 8 * 32);
    let mut cells = 0;
    for bundle in picture.bundles.iter().filter(|bundle| !bundle.ports.is_empty()) {
        let row = of(&picture, Tier::Node)
            .iter()
            .position(|node| **node == picture.blocks[bundle.lower]);
        assert_eq!(bundle.ports, [row.unwrap() as u16 + 1]);
        cells += 1;
    }
    assert_eq!(cells, 32 * 8);
    assert_eq!(unit(&design, "superpod", 4), None);
}

/// Eight NVL72 racks of 18 trays: a row a rack, and two leaves a rail.
#[test]
fn a_large_unit_is_shown_by_rack() {
    let picture = unit(&plain(144, 144, 4, 144, Spread::Rails, 18), "gb200", 0).unwrap();
    assert_eq!(of(&picture, Tier::Node), Vec::<&Block>::new());
    let racks = of(&picture, Tier::Rack);
    assert_eq!(
        (racks.len(), &racks[4].name, &racks[4].notes),
        (8, &"r4".to_owned(), &vec!["18 nodes".to_owned()])
    );
    let first_of_second_bank = picture
        .bundles
        .iter()
        .find(|bundle| *racks[4] == picture.blocks[bundle.lower]);
    let bundle = first_of_second_bank.unwrap();
    assert_eq!(picture.blocks[bundle.upper].name, "su01-r0-l02");
    assert_eq!(bundle.ports, (1..=18).collect::<Vec<u16>>());
    assert!(svg(&picture).contains(">1\u{2013}18</text>"));
}

#[test]
fn a_node_shows_where_each_hca_ends() {
    let design = superpod(64);
    let picture = node(&design, "superpod", "n0042").unwrap();
    let ends: Vec<(&str, &str, &[u16])> = picture
        .bundles
        .iter()
        .filter(|bundle| !bundle.ports.is_empty())
        .map(|bundle| {
            let [upper, lower] =
                [bundle.upper, bundle.lower].map(|place| picture.blocks[place].name.as_str());
            (lower, upper, bundle.ports.as_slice())
        })
        .collect();
    assert_eq!(ends.len(), 8);
    assert_eq!(ends[3], ("HCA 3", "su02-r3-l01", &[10][..]));
    assert_eq!(of(&picture, Tier::Spines).len(), 1);
    assert_eq!(cables(&picture, Tier::Cores, Tier::Spines), 1_024);
    assert_eq!(node(&design, "superpod", "nobody"), None);
}

/// Each rail has spines of its own, and the fabric's picture says that it draws one of the subnets.
#[test]
fn disjoint_rails_do_not_meet() {
    let design = plain(64, 32, 8, 64, Spread::DisjointRails, 4);
    assert_eq!(of(&node(&design, "x", "n0001").unwrap(), Tier::Spines).len(), 8);
    let picture = fabric(&design, "x");
    assert!(
        picture
            .description
            .contains("16 leaves, 8 spines in 8 equal subnets, a rail each; one of them is drawn")
    );
    assert_eq!(cables(&picture, Tier::Spines, Tier::Unit), 64);
}

/// Groups of a dragonfly+ have spines of their own; what joins the groups is counted, and joins no box with one below.
#[test]
fn groups_of_a_dragonfly_stand_side_by_side() {
    let shape = Shape {
        nodes: 12,
        rails: 2,
        spread: Spread::Rails,
        nodes_per_unit: Some(4),
        radix: 8,
        oversubscription: (1, 1),
    };
    let nodes = (0..12).map(|seat| (seat, format!("n{seat}"), None));
    let design = of_form(Form::DragonflyPlus, &shape, nodes);
    let picture = fabric(&design, "x");
    let spines: Vec<&str> = of(&picture, Tier::Spines)
        .iter()
        .map(|pod| pod.notes[0].as_str())
        .collect();
    assert_eq!(
        spines,
        ["g01-s01 to g01-s02", "g02-s01 to g02-s02", "g03-s01 to g03-s02"]
    );
    assert_eq!(of(&picture, Tier::Unit).len(), 3);
    // Two leaves of four uplinks a group, and as many cables from each group to the other two.
    assert_eq!(cables(&picture, Tier::Spines, Tier::Unit), 3 * 8);
    assert_eq!(picture.bundles.len(), 3);
    assert!(
        picture
            .description
            .starts_with("12 nodes, 3 units, 6 leaves, 6 spines, 12 cables between groups."),
        "{}",
        picture.description
    );
    let group = unit(&design, "x", 1).unwrap();
    assert_eq!(of(&group, Tier::Leaf)[1].name, "g02-r1-l01");
    assert_eq!(cables(&group, Tier::Leaf, Tier::Node), 8);
    assert_eq!(of(&node(&design, "x", "n7").unwrap(), Tier::Spines).len(), 1);
}

/// However many leaves there are, each has its whole name, and each rack's ports have room: eight racks at 20 leaves.
#[test]
fn many_leaves_make_a_picture_wider() {
    let design = plain(144, 144, 4, 64, Spread::Rails, 18);
    let text = svg(&unit(&design, "x", 0).unwrap());
    for rail in 0..4 {
        for bank in 1..=5 {
            assert!(
                text.contains(&format!(">su01-r{rail}-l{bank:02}</text>")),
                "{rail} {bank}"
            );
        }
    }
    for ports in ["1\u{2013}18", "19\u{2013}32", "31\u{2013}32"] {
        assert_eq!(text.matches(&format!(">{ports}</text>")).count(), 4, "{ports}");
    }
    let width = |text: &str| -> i32 {
        let (_, rest) = text.split_once("width=\"").unwrap();
        rest.split_once('"').unwrap().0.parse().unwrap()
    };
    assert_eq!(width(&svg(&unit(&superpod(4), "x", 0).unwrap())), 1012);
    assert!(width(&text) > 1012);
}

/// A fabric of eight pods of 72 units, as hyperion has: twelve boxes a pod, and the sums are whole.
#[test]
fn large_pods_show_fewer_units() {
    let picture = fabric(&plain(72 * 576, 72, 1, 144, Spread::Rails, 18), "x");
    let units = of(&picture, Tier::Unit);
    assert_eq!((of(&picture, Tier::Spines).len(), units.len()), (8, 96));
    assert_eq!(
        (units[10].name.as_str(), units[11].name.as_str()),
        ("unit 11", "+61 units")
    );
    assert_eq!(units[11].notes, ["4,392 nodes", "61 leaves"]);
    assert_eq!(cables(&picture, Tier::Spines, Tier::Unit), 576 * 72);
}

/// One leaf alone, and a unit that is not full.
#[test]
fn small_fabrics_have_nothing_above() {
    let picture = fabric(&plain(8, 32, 1, 64, Spread::Rails, 4), "lab");
    assert_eq!(picture.bundles, []);
    assert_eq!(of(&picture, Tier::Unit)[0].notes, ["8/32 nodes", "1 leaf"]);
    assert!(svg(&picture).contains(">unit 1</text>"));
}

/// The same bytes each time, nothing loaded from elsewhere, and a title and a description for those who do not see it.
#[test]
fn a_picture_is_a_file_of_its_own() {
    let text = svg(&fabric(&superpod(4), "superpod"));
    assert_eq!(text, svg(&fabric(&superpod(4), "superpod")));
    assert!(text.contains("role=\"img\" aria-labelledby=\"title desc\""));
    assert!(text.contains("<title id=\"title\">superpod</title>\n<desc id=\"desc\">128 nodes, 4 units"));
    assert!(text.contains("@media (prefers-color-scheme: dark)"));
    let elsewhere = text.replace("http://www.w3.org/2000/svg", "");
    for reference in ["href", "url(", "http", "@import", "<script"] {
        assert!(!elsewhere.contains(reference), "{reference}");
    }
}

/// Whether a text is markup in which every element ends, with no character that XML does not allow.
fn well_formed(text: &str) {
    let mut open: Vec<&str> = Vec::new();
    for part in text.split('<').skip(1) {
        let (tag, content) = part.split_once('>').unwrap();
        assert!(!content.contains('>') || content.contains("text{"), "{content}");
        for entity in content.split('&').skip(1) {
            let known = ["amp;", "lt;", "gt;", "quot;"];
            assert!(known.iter().any(|known| entity.starts_with(known)), "{entity}");
        }
        match tag.strip_prefix('/') {
            Some(end) => assert_eq!(open.pop(), Some(end)),
            None if tag.ends_with('/') => {}
            None => open.push(tag.split(' ').next().unwrap()),
        }
    }
    assert_eq!(open, Vec::<&str>::new());
    let bad = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{fffe}' | '\u{ffff}');
    assert!(!text.contains(bad));
}

/// The words between quotes are the only place of names in DOT: outside of them there is only our own spelling.
fn outside_of_quotes(text: &str) -> String {
    let (mut out, mut inside, mut escaped) = (String::new(), false, false);
    for c in text.chars() {
        match (inside, escaped, c) {
            (true, true, _) => escaped = false,
            (true, false, '\\') => escaped = true,
            (_, _, '"') => inside = !inside,
            (false, _, c) => out.push(c),
            (true, ..) => assert!(!c.is_control(), "{c:?}"),
        }
    }
    assert!(!inside);
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn hostile_names_break_nothing(
        name in any::<String>(),
        rack in prop::option::of(any::<String>()),
        title in any::<String>(),
        spread in prop::sample::select(vec![Spread::Rails, Spread::DisjointRails, Spread::Packed]),
    ) {
        let shape = Shape {
            nodes: 6,
            rails: 2,
            spread,
            nodes_per_unit: Some(2),
            radix: 4,
            oversubscription: (1, 1),
        };
        let hostile = design(&shape, [(0, name.clone(), rack), (5, "plain".into(), None)]);
        let tame = design(&shape, [(0, "a".into(), Some("b".into())), (5, "plain".into(), None)]);
        let pictures = [
            Some(fabric(&hostile, &title)),
            unit(&hostile, &title, 0),
            node(&hostile, &title, &name),
        ];
        for picture in pictures {
            let picture = picture.unwrap();
            well_formed(&svg(&picture));
            prop_assert!(!outside_of_quotes(&dot(&picture)).contains(|c: char| !c.is_ascii()));
        }
        // Names change no structure.
        prop_assert_eq!(
            outside_of_quotes(&dot(&fabric(&hostile, &title))),
            outside_of_quotes(&dot(&fabric(&tame, "x")))
        );
    }
}
