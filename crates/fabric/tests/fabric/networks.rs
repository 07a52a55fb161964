//! Networks of any bytes, and what every file of them must keep, whatever devices are called. The fuzzer (`make fuzz`) and
//! the property tests share it.

use std::collections::BTreeSet;

use rackwright_fabric::bill::bill;
use rackwright_fabric::cables::{csv, schedule};
use rackwright_fabric::check::{check, markdown, text};
use rackwright_fabric::netlist::{Dialect, FoundKind, read, write};
use rackwright_fabric::network::{Device, DeviceKind, End, Link, Network};
use rackwright_fabric::opensm::{
    Membership, Partition, compute_nodes, guid_to_lid, node_names, partitions, roots,
};

/// Reads a network from bytes; what is missing is 0. GUIDs are unique, and a port has one cable.
pub fn network(bytes: &[u8]) -> Network {
    let mut bytes = bytes.iter().copied();
    let mut byte = move || bytes.next().unwrap_or_default();
    let mut network = Network::default();
    let mut guids = BTreeSet::new();
    for _ in 0..byte() % 16 {
        let kind = match byte() % 4 {
            0 => DeviceKind::Root,
            1 => DeviceKind::Switch,
            _ => DeviceKind::Hca,
        };
        let guid = u64::from_be_bytes(std::array::from_fn(|_| byte()));
        let ports = u16::from_be_bytes([byte(), byte()]);
        let name = name(&mut byte);
        let rack = (byte() % 2 == 1).then(|| self::name(&mut byte));
        if guids.insert(guid) {
            network.devices.push(Device {
                kind,
                guid,
                ports,
                name,
                rack,
                rack_unit: None,
            });
        }
    }
    let mut used = BTreeSet::new();
    for _ in 0..byte() % 32 {
        let mut end = || End {
            device: u32::from(byte()),
            port: u16::from_be_bytes([byte(), byte()]),
        };
        let (lower, upper) = (end(), end());
        let there = [lower, upper]
            .iter()
            .all(|end| (end.device as usize) < network.devices.len());
        if there && lower != upper && !used.contains(&lower) && !used.contains(&upper) {
            used.extend([lower, upper]);
            network.links.push(Link { lower, upper });
        }
    }
    network
}

/// Up to 127 characters, most of them ASCII.
fn name(byte: &mut impl FnMut() -> u8) -> String {
    let characters = 0..byte() % 128;
    characters
        .map(|_| match byte() {
            ascii @ 0..=0xdf => char::from(ascii & 0x7f),
            high => {
                char::from_u32(u32::from_be_bytes([0, high & 0x0f, byte(), byte()])).unwrap_or('\u{fffd}')
            }
        })
        .collect()
}

/// Every file of a network: one line a thing, and what was written is what is read.
pub fn every_file_holds(network: &Network) {
    netlists(network);
    lists(network);
    tenants(network);
    schedules(network);
    reports(network);
}

fn netlists(network: &Network) {
    for dialect in [Dialect::Ibnetdiscover, Dialect::Simulator] {
        let text = write(network, dialect);
        assert!(
            text.lines().all(|line| line.len() <= 255),
            "ibsim takes 255 bytes a line"
        );
        let capture = read(&text);
        assert_eq!(capture.problems, []);
        assert_eq!(capture.devices.len(), network.devices.len());
        for (found, device) in capture.devices.iter().zip(&network.devices) {
            let hca = device.kind == DeviceKind::Hca;
            let lower = u64::from(hca && dialect == Dialect::Simulator);
            assert_eq!(found.guid, device.guid.wrapping_sub(lower));
            assert_eq!((found.ports, found.kind == FoundKind::Ca), (device.ports, hca));
            same(&found.description, &device.name);
        }
        let mut links: Vec<[End; 2]> = network
            .links
            .iter()
            .map(|link| [link.lower.min(link.upper), link.lower.max(link.upper)])
            .collect();
        links.sort_unstable();
        let cables: Vec<[End; 2]> = capture.cables.iter().map(|cable| cable.ends).collect();
        assert_eq!(cables, links);
        let rates = capture.cables.iter().flat_map(|cable| cable.rates);
        assert!(
            rates
                .map(|rate| &capture.rates[rate as usize])
                .all(|rate| rate == "4xHDR")
        );
    }
}

/// A name as it is written: the first 63 characters, with a line for each that could end it or begin a comment.
fn same(written: &str, name: &str) {
    let kept = written.chars().zip(name.chars()).all(|(a, b)| a == b || a == '_');
    assert!(
        kept && written.chars().count() == name.chars().count().min(63),
        "{written:?} of {name:?}"
    );
    assert!(
        written
            .chars()
            .all(|c| (' '..='~').contains(&c) && !"\"#@".contains(c)),
        "{written:?}"
    );
}

fn lists(network: &Network) {
    let of = |kind| {
        network
            .of_kind(kind)
            .map(|device| device.guid)
            .collect::<Vec<u64>>()
    };
    for (text, guids) in [
        (roots(network), of(DeviceKind::Root)),
        (compute_nodes(network), of(DeviceKind::Hca)),
    ] {
        let lines: Vec<u64> = text.lines().skip(1).map(guid).collect();
        assert_eq!(lines, guids);
    }
    let names = node_names(network);
    let lines: Vec<&str> = names.lines().skip(1).collect();
    assert_eq!(lines.len(), network.devices.len());
    for (line, device) in lines.iter().zip(&network.devices) {
        assert!(line.len() < 256, "the map is read by lines of 255 bytes");
        let (number, name) = line.split_once(' ').unwrap();
        assert_eq!(guid(number), device.guid);
        same(
            name.strip_prefix('"').unwrap().strip_suffix('"').unwrap(),
            &device.name,
        );
    }
    let mut hcas_first = network.clone();
    hcas_first
        .devices
        .sort_by_key(|device| device.kind != DeviceKind::Hca);
    let hcas = of(DeviceKind::Hca).len() as u32;
    let places: Vec<u32> = (0..hcas).chain(0..network.devices.len() as u32 - hcas).collect();
    let lids = guid_to_lid(&hcas_first, &places).unwrap();
    let lines: Vec<&str> = lids.lines().filter(|line| !line.is_empty()).collect();
    let distinct: BTreeSet<&str> = lines.iter().map(|line| &line[18..]).collect();
    assert_eq!(
        (lines.len(), distinct.len()),
        (network.devices.len(), network.devices.len())
    );
}

fn guid(text: &str) -> u64 {
    assert_eq!(text.len(), 18, "{text:?}");
    u64::from_str_radix(text.strip_prefix("0x").unwrap(), 16).unwrap()
}

/// A partition for each device's name: refused, or written as a rule that ends where it should.
fn tenants(network: &Network) {
    let hcas = network
        .devices
        .iter()
        .zip(0u32..)
        .filter(|(device, _)| device.kind == DeviceKind::Hca);
    let members: Vec<(u32, Membership)> = hcas.map(|(_, place)| (place, Membership::Full)).collect();
    for device in &network.devices {
        let partition = Partition {
            name: device.name.clone(),
            pkey: 1,
            ipoib: None,
            members: members.clone(),
        };
        if let Ok(text) = partitions(network, &[partition], None) {
            let rules = 1 + usize::from(!members.is_empty());
            assert_eq!(
                (text.matches(';').count(), text.matches('#').count()),
                (rules, 1),
                "{text}"
            );
            assert!(text.lines().all(|line| line.len() < 4094), "{text}");
        }
    }
}

fn schedules(network: &Network) {
    let text = String::from_utf8(csv(network).unwrap()).unwrap();
    assert_eq!(text.matches('\n').count(), network.links.len() + 1);
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    // Every second quote ends a field, and a comma outside of one parts two.
    for line in text.lines() {
        let outside: Vec<&str> = line.split('"').step_by(2).collect();
        assert_eq!(line.matches('"').count() % 2, 0, "{line}");
        assert_eq!(
            outside
                .iter()
                .map(|part| part.matches(',').count())
                .sum::<usize>(),
            9,
            "{line}"
        );
        for field in fields(line) {
            let first = field.trim_start().chars().next().unwrap_or('x');
            assert!(
                !"=+-@\u{ff1d}\u{ff0b}\u{ff0d}\u{ff20}".contains(first),
                "{field:?}"
            );
        }
    }
    let json = serde_json::to_string(&schedule(network).collect::<Vec<_>>()).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json.as_array().unwrap().len(), network.links.len());
    let bill = bill(network);
    assert_eq!(bill.node_cables + bill.switch_cables, network.links.len() as u64);
}

/// The fields of a line of CSV.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            _ => fields.last_mut().unwrap().push(c),
        }
    }
    fields
}

/// A network against another: its own half, so that there is much to say.
fn reports(network: &Network) {
    let mut half = network.clone();
    half.links.truncate(network.links.len() / 2);
    let report = check(
        network,
        &read(&write(&half, Dialect::Ibnetdiscover)),
        Some("4xNDR"),
    );
    says_one_line_a_step(&report);
}

/// A report for people: as many lines as there is to say, and nothing that a terminal would obey.
pub fn says_one_line_a_step(report: &rackwright_fabric::check::Report) {
    let harmless = |text: &str| !text.chars().any(|c| c.is_control() && c != '\n');
    let said = text(report);
    assert!(harmless(&said), "{said:?}");
    let racks = said.lines().filter(|line| line.starts_with("rack ")).count();
    assert!(said.lines().count() >= report.steps.len() + 1 + report.unreadable.len());
    assert!(said.lines().count() <= report.steps.len() + 1 + report.unreadable.len() + racks);
    let table = markdown(report);
    assert!(harmless(&table), "{table:?}");
    assert_eq!(table.lines().count(), report.steps.len() + 4);
    serde_json::to_string(report).unwrap();
}
