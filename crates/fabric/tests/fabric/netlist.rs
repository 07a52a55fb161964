//! What the reader says of a text that makes no sense.

use rackwright_fabric::netlist::read;

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
