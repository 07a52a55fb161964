//! Addresses as numbers.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::{Guid, InterfaceAddress, Ipv4Address, Ipv4Prefix};

impl Ipv4Prefix {
    /// The prefix as a number; none where an octet or the length is out of range, or a host bit is set. The API
    /// server refuses those too (`isCIDR`, `masked`).
    pub fn net(&self) -> Option<Ipv4Net> {
        let net: Ipv4Net = self.as_str().parse().ok()?;
        (net.addr() == net.network()).then_some(net)
    }
}

impl Ipv4Address {
    /// The address as a number; none where an octet is out of range.
    pub fn value(&self) -> Option<Ipv4Addr> {
        self.as_str().parse().ok()
    }

    /// The address of a number.
    pub fn from_value(address: Ipv4Addr) -> Self {
        Self::trusted(&address.to_string())
    }
}

impl InterfaceAddress {
    /// The address and the prefix it lies in; none where a number is out of range.
    pub fn net(&self) -> Option<Ipv4Net> {
        let (address, length) = Self::parts_of(self.as_str())?;
        Ipv4Net::new(address, length).ok()
    }

    /// The address and the length of its prefix that a text spells; none where it is not the canonical spelling, or a
    /// number is out of range. By hand: a large plan reads millions.
    pub fn parts_of(text: &str) -> Option<(Ipv4Addr, u8)> {
        let (mut numbers, mut at, mut digits) = ([0u16; 5], 0, 0);
        for byte in text.bytes() {
            let digit = byte.wrapping_sub(b'0');
            if digit < 10 {
                let leading_zero = digits > 0 && numbers[at] == 0;
                if leading_zero || digits == 3 {
                    return None;
                }
                numbers[at] = numbers[at] * 10 + u16::from(digit);
                digits += 1;
            } else {
                if digits == 0 || b".../".get(at) != Some(&byte) {
                    return None;
                }
                at += 1;
                digits = 0;
            }
        }
        let [a, b, c, d, length] = numbers.map(|number| u8::try_from(number).ok());
        let length = length.filter(|length| at == 4 && digits > 0 && *length <= 32)?;
        Some((Ipv4Addr::new(a?, b?, c?, d?), length))
    }

    /// An address and the length of its prefix.
    pub fn from_parts(address: Ipv4Addr, prefix_length: u8) -> Self {
        let (text, length) = spelled(address, prefix_length);
        Self::trusted(ascii(&text[..length]))
    }

    /// Spells an address.
    pub fn spell(address: Ipv4Addr, prefix_length: u8, out: &mut Vec<u8>) {
        let (text, length) = spelled(address, prefix_length);
        out.extend_from_slice(&text[..length]);
    }
}

/// `255.255.255.255/255.`: more than an address has, but what the numbers can hold.
const LONGEST: usize = 20;

/// The text of an address, and how long it is. In one piece and from a table: a large plan writes millions.
fn spelled(address: Ipv4Addr, prefix_length: u8) -> ([u8; LONGEST], usize) {
    let (mut text, mut at) = ([0; LONGEST], 0);
    let mut push = |number: u8, end| {
        let (dotted, length) = &DOTTED[usize::from(number)];
        text[at..at + 4].copy_from_slice(dotted);
        at += length;
        text[at - 1] = end;
    };
    let [a, b, c, d] = address.octets();
    for octet in [a, b, c] {
        push(octet, b'.');
    }
    push(d, b'/');
    push(prefix_length, 0);
    (text, at - 1)
}

/// Each number with a dot behind it, and how long that is.
const DOTTED: [([u8; 4], usize); 256] = {
    let (mut table, mut number) = ([([b'.'; 4], 0); 256], 0);
    while number < table.len() {
        let digits = [number / 100, number / 10 % 10, number % 10];
        let mut digit = if number >= 100 {
            0
        } else if number >= 10 {
            1
        } else {
            2
        };
        let (text, length) = &mut table[number];
        while digit < digits.len() {
            text[*length] = b'0' + digits[digit] as u8;
            *length += 1;
            digit += 1;
        }
        *length += 1;
        number += 1;
    }
    table
};

/// A text that was put together from digits and punctuation.
pub(crate) fn ascii(text: &[u8]) -> &str {
    match std::str::from_utf8(text) {
        Ok(text) => text,
        Err(_) => unreachable!("digits and punctuation are ASCII"),
    }
}

/// The 16 hexadecimal digits of a number.
pub(crate) fn hex(number: u64) -> [u8; 16] {
    let mut text = [0; 16];
    for (pair, byte) in text.chunks_exact_mut(2).zip(number.to_be_bytes()) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    text
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The number that each byte is as a hexadecimal digit; 255 where it is none.
const VALUES: [u8; 256] = {
    let (mut values, mut value) = ([u8::MAX; 256], 0);
    while value < DIGITS.len() {
        values[DIGITS[value] as usize] = value as u8;
        value += 1;
    }
    values
};

impl Guid {
    /// The GUID as a number: 8 bytes instead of a text, for tables of many.
    pub fn value(&self) -> u64 {
        Self::value_of(self.as_str()).unwrap_or_default()
    }

    /// The number that a text spells as a GUID; none where it is no GUID. By hand: a large site reads millions.
    pub fn value_of(text: &str) -> Option<u64> {
        let digits: &[u8; 16] = text.strip_prefix("0x")?.as_bytes().try_into().ok()?;
        let (mut value, mut wrong) = (0, 0);
        for digit in digits {
            let digit = VALUES[usize::from(*digit)];
            wrong |= digit;
            value = value << 4 | u64::from(digit & 15);
        }
        (wrong < 16).then_some(value)
    }

    /// The GUID of a number.
    pub fn from_value(value: u64) -> Self {
        Self::trusted(ascii(&spelled_guid(value)))
    }

    /// Spells a number as a GUID.
    pub fn spell(value: u64, out: &mut Vec<u8>) {
        out.extend_from_slice(&spelled_guid(value));
    }
}

fn spelled_guid(value: u64) -> [u8; Guid::MAX as usize] {
    let mut text = *b"0x0000000000000000";
    text[2..].copy_from_slice(&hex(value));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_with_host_bits_or_wrong_numbers_are_none() {
        assert!(Ipv4Prefix::new("10.64.0.0/12").unwrap().net().is_some());
        for bad in ["10.65.0.1/12", "10.64.0.0/33", "10.256.0.0/16"] {
            assert_eq!(Ipv4Prefix::new(bad).unwrap().net(), None, "{bad}");
        }
    }

    #[test]
    fn guid_round_trip() {
        for text in ["0x0000000000000001", "0xa088c20300000001", "0xffffffffffffffff"] {
            assert_eq!(Guid::from_value(Guid::new(text).unwrap().value()).as_str(), text);
        }
        for bad in [
            "0x1",
            "0x000000000000000G",
            "+x0000000000000001",
            "0x+000000000000001",
        ] {
            assert_eq!(Guid::value_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn interface_address_round_trip() {
        let address = InterfaceAddress::from_parts(Ipv4Addr::new(10, 64, 0, 1), 20);
        assert_eq!(address.as_str(), "10.64.0.1/20");
        for ip in ["0.0.0.0", "1.20.255.100", "255.255.255.255", "10.9.99.101"] {
            let ip: Ipv4Addr = ip.parse().unwrap();
            assert_eq!(InterfaceAddress::from_parts(ip, 9).as_str(), format!("{ip}/9"));
        }
        assert_eq!(address.net().unwrap().addr(), Ipv4Addr::new(10, 64, 0, 1));
    }

    #[test]
    fn numbers_are_read_where_the_text_is_canonical() {
        let parts = |text: &str| InterfaceAddress::parts_of(text);
        assert_eq!(parts("10.64.0.1/20"), Some((Ipv4Addr::new(10, 64, 0, 1), 20)));
        assert_eq!(parts("0.0.0.0/0"), Some((Ipv4Addr::UNSPECIFIED, 0)));
        assert_eq!(parts("255.255.255.255/32"), Some((Ipv4Addr::BROADCAST, 32)));
        for bad in [
            "",
            "1.2.3.4",
            "1.2.3.4/",
            "1.2.3/4",
            "1.2.3.4.5/6",
            "1.2.3.4/33",
            "1.2.3.256/8",
            "01.2.3.4/8",
            "1.2.3.4/08",
            "1..3.4/8",
            ".1.2.3/8",
            "1.2.3.4/8/",
            "1.2.3.4/8 ",
            "+1.2.3.4/8",
            "1.2.3.4/300",
        ] {
            assert_eq!(parts(bad), None, "{bad}");
        }
    }
}
