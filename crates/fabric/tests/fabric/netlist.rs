//! What is written is what is read.

use proptest::prelude::*;
use rackwright_fabric::netlist::{Dialect, FoundKind, read, write};
use rackwright_fabric::network::DeviceKind;

use crate::check::small;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Devices, ports and cables come back, whatever devices are called: names cannot end a line or a quote early.
    #[test]
    fn round_trip(names in prop::collection::vec("(?s).{0,80}", 12)) {
        let mut network = small(4);
        for (device, name) in network.devices.iter_mut().zip(names) {
            device.name = name;
        }
        let text = write(&network, Dialect::Ibnetdiscover);
        prop_assert!(text.lines().all(|line| line.len() <= 255), "ibsim takes 255 bytes a line");
        let capture = read(&text);
        prop_assert_eq!(&capture.problems, &[]);
        prop_assert_eq!(capture.devices.len(), network.devices.len());
        for (found, device) in capture.devices.iter().zip(&network.devices) {
            prop_assert_eq!(found.guid, device.guid);
            prop_assert_eq!(found.ports, device.ports);
            prop_assert_eq!(found.kind == FoundKind::Ca, device.kind == DeviceKind::Hca);
            let same = found.description.chars().zip(device.name.chars()).all(|(a, b)| a == b || a == '_');
            prop_assert!(same && found.description.chars().count() == device.name.chars().count().min(63));
        }
        let mut links: Vec<_> = network.links.iter().map(|link| [link.lower.min(link.upper), link.lower.max(link.upper)]).collect();
        links.sort_unstable();
        let cables: Vec<_> = capture.cables.iter().map(|cable| cable.ends).collect();
        prop_assert_eq!(cables, links);
        prop_assert!(capture.cables.iter().all(|cable| cable.rates.map(|rate| capture.rates[rate as usize].as_str()) == ["4xHDR"; 2]));
    }
}

#[test]
fn problems_are_named_by_line() {
    let text = "vendid=0x2c9\nwhat is this\ncaguid=0xzz\nCa\tmany \"H-01\"\t# \"a\"\n[1]\t\"S-02\"[1]\nSwitch\t4 \"S-02\"\t# \"s\" enhanced port 0 lid 1 lmc 0\n[1]\t\"H-01\"[1]\n[x]\t\"H-01\"[1]\n[2]\tH-01\n";
    let problems: Vec<(u32, String)> = read(text)
        .problems
        .into_iter()
        .map(|problem| (problem.line, problem.reason))
        .collect();
    assert_eq!(
        problems,
        [
            (2, "neither a device, nor a port, nor key=value".to_owned()),
            (3, "\"0xzz\" is no GUID".to_owned()),
            (
                4,
                "the number of ports is missing or no number up to 65535".to_owned()
            ),
            (7, "the other end \"H-01\" is no device of this text".to_owned()),
            (
                8,
                "the port's number is missing or no number up to 65535".to_owned()
            ),
            (9, "the other end in quotes is missing".to_owned()),
        ]
    );
    assert_eq!(
        read("[1]\t\"H-01\"[1]").problems[0].reason,
        "a port without a device above"
    );
}
