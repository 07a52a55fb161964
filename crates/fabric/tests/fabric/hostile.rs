//! Names that somebody chose to break files, and text that is no capture.

use std::time::Instant;

use proptest::prelude::*;
use rackwright_fabric::check::check;
use rackwright_fabric::netlist::{Dialect, read, write};

use crate::check::small;
use crate::networks::{every_file_holds, network, says_one_line_a_step};

const HOSTILE: &[&str] = &[
    "",
    "=cmd|'/c calc'!A1",
    " \t+1",
    "-1\u{2028}-2",
    "\u{ff20}SUM(1)",
    "a\"b\"#c@d",
    "a\" lid 3 4xNDR\n[1]\t\"S-0252100000000000\"[1]",
    "\r\nDefault=0x7fff : ALL=full ;",
    "\x1b[2J\x07\x00",
    "| a | ![](http://x) | `b` | <img src=x>",
    "[1](2) \\ , ; :",
    "\u{202e}gnp.exe",
    "an-office-of-sixty-three-characters-is-as-long-as-a-name-can-get",
    "ﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺ",
];

#[test]
fn no_name_breaks_a_file() {
    for name in HOSTILE {
        let mut network = small(4);
        for device in &mut network.devices {
            device.name = (*name).to_owned();
            device.rack = Some((*name).to_owned());
        }
        every_file_holds(&network);
    }
}

proptest! {
    #[test]
    fn files_of_any_network_hold(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        every_file_holds(&network(&bytes));
    }

    /// Lines and words of a capture in any order, with anything between them.
    #[test]
    fn any_text_is_read(parts in prop::collection::vec((0usize..400, "(?s).{0,3}"), 0..200)) {
        let design = small(4);
        let capture = write(&design, Dialect::Ibnetdiscover);
        let words: Vec<&str> = capture.split_inclusive([' ', '\n', '"', '[', ']', '(']).collect();
        let text: String = parts.iter().map(|(word, any)| words[word % words.len()].to_owned() + any).collect();
        says_one_line_a_step(&check(&design, &read(&text), Some("4xHDR")));
    }
}

/// Reading takes time by length, whatever stands in a text: 64 times the text may take 1,000 times as long, since a busy
/// machine interrupts long runs more often; time by the square of the length would be 4,096 times.
#[test]
#[allow(clippy::disallowed_methods, reason = "what takes time is measured")]
fn reading_takes_time_by_length() {
    let design = write(&small(4), Dialect::Ibnetdiscover);
    for piece in [
        &design[..],
        "[",
        "\"",
        "[1]\t\"H-1\"[1]\n",
        "Ca\t1 \"H-1\"\n",
        "(",
        "#",
        "x=\n",
        "Switch\t1 \"S-1\"\n[1]\t\"S-1\"[1]\n",
    ] {
        let least = |length: usize| {
            let text = piece.repeat(length / piece.len());
            let runs = (0..3).map(|_| {
                let start = Instant::now();
                std::hint::black_box(read(&text));
                start.elapsed()
            });
            runs.min().unwrap()
        };
        let (short, long) = (least(1 << 13), least(1 << 19));
        assert!(long < short * 1000, "{piece:?}: {short:?}, {long:?}");
    }
}
