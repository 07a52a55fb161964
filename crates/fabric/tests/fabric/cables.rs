//! The cable schedule and the bill.

use rackwright_fabric::bill::{Bill, bill};
use rackwright_fabric::cables::{cage, schedule};
use rackwright_fabric::network::Network;

use crate::check::small;

fn csv(network: &Network) -> String {
    String::from_utf8(rackwright_fabric::cables::csv(network).unwrap()).unwrap()
}

#[test]
fn each_cable_has_a_row() {
    let mut network = small(4);
    let text = csv(&network);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 1 + network.links.len());
    assert_eq!(
        lines[0],
        "from_rack,from_unit,from,from_port,to_rack,to_unit,to,to_port,to_cage,kind"
    );
    assert_eq!(lines[4], "r1,,n02 HCA-1,1,,,su01-r1-l01,2,1,node");
    assert_eq!(lines[9], ",,su01-r0-l01,5,,,pod01-s01,1,1,switch");
    assert_eq!(schedule(&network).count(), network.links.len());
    // Names that a spreadsheet would take apart, or run.
    network.devices[0].name = "=cmd, \"x\"".into();
    assert!(csv(&network).contains("\nr1,,\"'=cmd, \"\"x\"\"\",1,,,su01-r0-l01,1,1,node\n"));
}

#[test]
fn the_bill_counts_cages_apart_from_ports() {
    assert_eq!([1, 2, 3, 63, 64].map(cage), [1, 1, 2, 32, 32]);
    // Three nodes: a leaf has three ports below in two cages, four above in two; the spine has eight in four.
    assert_eq!(
        bill(&small(3)),
        Bill {
            switches: 3,
            hcas: 6,
            node_cables: 6,
            switch_cables: 8,
            switch_cages: 2 * (2 + 2) + 4
        }
    );
}
