//! Addresses as numbers.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

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

    /// Spells an address. By hand: a large plan spells millions.
    pub fn from_parts(address: Ipv4Addr, prefix_length: u8) -> Self {
        let mut text = String::with_capacity(Self::MAX as usize);
        for (i, octet) in address.octets().into_iter().enumerate() {
            if i > 0 {
                text.push('.');
            }
            push_decimal(&mut text, octet);
        }
        text.push('/');
        push_decimal(&mut text, prefix_length);
        Self::trusted(text)
    }
}

fn push_decimal(text: &mut String, number: u8) {
    let digit = |number: u8| char::from(b'0' + number % 10);
    if number >= 100 {
        text.push(digit(number / 100));
    }
    if number >= 10 {
        text.push(digit(number / 10));
    }
    text.push(digit(number));
}

impl Guid {
    /// The GUID as a number: 8 bytes instead of a text, for tables of many.
    pub fn value(&self) -> u64 {
        u64::from_str_radix(&self.as_str()[2..], 16).unwrap_or_default()
    }

    /// Spells a number as a GUID. By hand: a large plan spells millions.
    pub fn from_value(value: u64) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = String::with_capacity(Self::MAX as usize);
        text.push_str("0x");
        for shift in (0..16).rev() {
            text.push(char::from(DIGITS[(value >> (shift * 4)) as usize & 15]));
        }
        Self::trusted(text)
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
