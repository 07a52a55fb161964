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
        Self::trusted(address.to_string())
    }
}

impl InterfaceAddress {
    /// The address and the prefix it lies in; none where a number is out of range.
    pub fn net(&self) -> Option<Ipv4Net> {
        self.as_str().parse().ok()
    }

    /// The address and the length of its prefix that a text spells; none where it is not the canonical spelling, or a
    /// number is out of range. By hand: a large plan reads millions.
    pub fn parts_of(text: &str) -> Option<(Ipv4Addr, u8)> {
        let (mut numbers, mut at) = ([None::<u8>; 5], 0);
        for byte in text.bytes() {
            match byte {
                b'0'..=b'9' => {
                    let digit = byte - b'0';
                    numbers[at] = Some(match numbers[at] {
                        None => digit,
                        Some(0) => return None,
                        Some(number) => number.checked_mul(10)?.checked_add(digit)?,
                    });
                }
                b'.' if at < 3 => at += 1,
                b'/' if at == 3 => at += 1,
                _ => return None,
            }
        }
        let [a, b, c, d, length] = numbers;
        let length = length.filter(|length| *length <= 32)?;
        Some((Ipv4Addr::new(a?, b?, c?, d?), length))
    }

    /// An address and the length of its prefix.
    pub fn from_parts(address: Ipv4Addr, prefix_length: u8) -> Self {
        let mut text = Vec::with_capacity(Self::MAX as usize);
        Self::spell(address, prefix_length, &mut text);
        Self::trusted(ascii(text))
    }

    /// Spells an address.
    pub fn spell(address: Ipv4Addr, prefix_length: u8, out: &mut Vec<u8>) {
        for (i, octet) in address.octets().into_iter().enumerate() {
            if i > 0 {
                out.push(b'.');
            }
            push_decimal(octet, out);
        }
        out.push(b'/');
        push_decimal(prefix_length, out);
    }
}

fn push_decimal(number: u8, out: &mut Vec<u8>) {
    let digits = [b'0' + number / 100, b'0' + number / 10 % 10, b'0' + number % 10];
    let zeros = usize::from(number < 100) + usize::from(number < 10);
    out.extend_from_slice(&digits[zeros..]);
}

/// A text that was put together from digits and punctuation.
pub(crate) fn ascii(text: Vec<u8>) -> String {
    String::from_utf8(text).unwrap_or_else(|_| unreachable!("digits and punctuation are ASCII"))
}

/// The 16 hexadecimal digits of a number.
pub(crate) fn hex(number: u64) -> [u8; 16] {
    std::array::from_fn(|at| b"0123456789abcdef"[(number >> (60 - 4 * at)) as usize & 15])
}

impl Guid {
    /// The GUID as a number: 8 bytes instead of a text, for tables of many.
    pub fn value(&self) -> u64 {
        Self::value_of(self.as_str()).unwrap_or_default()
    }

    /// The number that a text spells as a GUID; none where it is no GUID. By hand: a large site reads millions.
    pub fn value_of(text: &str) -> Option<u64> {
        let digits: &[u8; 16] = text.strip_prefix("0x")?.as_bytes().try_into().ok()?;
        digits.iter().try_fold(0, |value, digit| {
            let digit = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'f' => digit - b'a' + 10,
                _ => return None,
            };
            Some(value << 4 | u64::from(digit))
        })
    }

    /// The GUID of a number.
    pub fn from_value(value: u64) -> Self {
        let mut text = Vec::with_capacity(Self::MAX as usize);
        Self::spell(value, &mut text);
        Self::trusted(ascii(text))
    }

    /// Spells a number as a GUID.
    pub fn spell(value: u64, out: &mut Vec<u8>) {
        out.extend_from_slice(b"0x");
        out.extend_from_slice(&hex(value));
    }
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
