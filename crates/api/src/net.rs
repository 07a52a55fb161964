//! Addresses as numbers.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::spelled::Spelled;
use crate::{Guid, InterfaceAddress, Ipv4Prefix};

impl Ipv4Prefix {
    /// The prefix as a number; none where an octet or the length is out of range, or a host bit is set. The API
    /// server refuses those too (`isCIDR`, `masked`).
    pub fn net(&self) -> Option<Ipv4Net> {
        let net: Ipv4Net = self.as_str().parse().ok()?;
        (net.addr() == net.network()).then_some(net)
    }
}

impl InterfaceAddress {
    /// The address and the prefix it lies in; none where a number is out of range.
    pub fn net(&self) -> Option<Ipv4Net> {
        self.as_str().parse().ok()
    }

    /// An address and the length of its prefix.
    pub fn from_parts(address: Ipv4Addr, prefix_length: u8) -> Self {
        Self::trusted(Self::spell(address, prefix_length).as_str().to_owned())
    }

    /// Spells an address.
    pub fn spell(address: Ipv4Addr, prefix_length: u8) -> Spelled<18> {
        let mut text = Spelled::default();
        for (i, octet) in address.octets().into_iter().enumerate() {
            if i > 0 {
                text.push(b'.');
            }
            text.push_decimal(octet);
        }
        text.push(b'/');
        text.push_decimal(prefix_length);
        text
    }
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

    /// Spells a number as a GUID.
    pub fn from_value(value: u64) -> Self {
        Self::trusted(Self::spell(value).as_str().to_owned())
    }

    /// Spells a number as a GUID.
    pub fn spell(value: u64) -> Spelled<18> {
        let mut text = Spelled::default();
        text.push(b'0');
        text.push(b'x');
        text.push_hex(value, 16);
        text
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
}
