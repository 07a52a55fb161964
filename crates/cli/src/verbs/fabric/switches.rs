//! `--switches`: which GUID each switch has, from a capture or a list.

use std::collections::BTreeMap;
use std::path::Path;

use rackwright_fabric::netlist::{self, FoundKind};
use rackwright_fabric::placeholder::is_placeholder;

use super::read;
use crate::walk::InputError;

/// GUIDs by the names of switches.
pub type Switches = BTreeMap<String, u64>;

/// Reads either form: what ibnetdiscover prints says `switchguid=` of each switch.
pub fn from_file(path: &Path) -> Result<Switches, InputError> {
    let bytes = read(path)?;
    let text = String::from_utf8_lossy(&bytes);
    let parsed = if text.lines().any(|line| line.starts_with("switchguid=")) {
        of_capture(&text)
    } else {
        of_list(&text)
    };
    parsed.map_err(|(line, why)| InputError::NotSwitches {
        path: path.display().to_string(),
        line,
        why,
    })
}

/// A line and what is wrong with it.
type Wrong = (u32, String);

fn of_capture(text: &str) -> Result<Switches, Wrong> {
    let mut taken = Taken::default();
    let capture = netlist::read(text);
    for device in capture.devices {
        if device.kind == FoundKind::Switch {
            taken.take(device.line, device.description, device.guid)?;
        }
    }
    Ok(taken.switches)
}

/// `name guid` on each line; empty lines and comments are left out.
fn of_list(text: &str) -> Result<Switches, Wrong> {
    let mut taken = Taken::default();
    for (line, number) in text.lines().zip(1u32..) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let guid = match words[..] {
            [_, guid] => guid.strip_prefix("0x"),
            _ => None,
        };
        let digits = guid.filter(|guid| guid.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let Some(guid) = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok()) else {
            return Err((
                number,
                "a switch's name and its GUID are expected, such as `su01-l01 0xb83fd20300000001`".to_owned(),
            ));
        };
        taken.take(number, words[0].to_owned(), guid)?;
    }
    Ok(taken.switches)
}

#[derive(Default)]
struct Taken {
    switches: Switches,
    names: BTreeMap<u64, String>,
}

impl Taken {
    fn take(&mut self, line: u32, name: String, guid: u64) -> Result<(), Wrong> {
        if guid == 0 || is_placeholder(guid) {
            return Err((line, format!("0x{guid:016x} is no switch's GUID")));
        }
        if let Some(other) = self.names.insert(guid, name.clone()) {
            return Err((
                line,
                format!("{name:?} and {other:?} have the same GUID 0x{guid:016x}"),
            ));
        }
        if self.switches.contains_key(&name) {
            return Err((line, format!("{name:?} is there twice")));
        }
        self.switches.insert(name, guid);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_and_a_capture_say_the_same() {
        let list = "# ours\n\nsu01-l01 0xb83fd20300000001\n";
        let capture = "switchguid=0xb83fd20300000001(b83fd20300000001)\nSwitch\t64 \"S-b83fd20300000001\"\t\t# \"su01-l01\" base port 0 lid 1 lmc 0\n";
        let expected = BTreeMap::from([("su01-l01".to_owned(), 0xb83f_d203_0000_0001)]);
        assert_eq!(of_list(list), Ok(expected.clone()));
        assert_eq!(of_capture(capture), Ok(expected));
    }

    #[test]
    fn what_is_no_name_and_guid_is_named_by_its_line() {
        for (text, line) in [
            ("a 0x1\nb\n", 2),
            ("a 1\n", 1),
            ("a 0x\n", 1),
            ("a 0x+1\n", 1),
            ("a 0x1 c\n", 1),
            ("a 0x0\n", 1),
            ("a 0x0252000000000001\n", 1),
            ("a 0x1\nb 0x1\n", 2),
            ("a 0x1\n\na 0x2\n", 3),
        ] {
            assert_eq!(of_list(text).map_err(|(line, _)| line), Err(line), "{text:?}");
        }
    }
}
