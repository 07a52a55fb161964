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

    /// Spells an address.
    pub fn from_parts(address: Ipv4Addr, prefix_length: u8) -> Self {
        // The spelling of an `Ipv4Addr` and a number below 100 is within the pattern by construction.
        Self::new(format!("{address}/{prefix_length}"))
            .unwrap_or_else(|_| unreachable!("{address}/{prefix_length}"))
    }
}

impl Guid {
    /// The GUID as a number: 8 bytes instead of a text, for tables of many.
    pub fn value(&self) -> u64 {
        u64::from_str_radix(&self.as_str()[2..], 16).unwrap_or_default()
    }

    /// Spells a number as a GUID.
    pub fn from_value(value: u64) -> Self {
        Self::new(format!("{value:#018x}")).unwrap_or_else(|_| unreachable!("{value:#018x}"))
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
        assert_eq!(address.net().unwrap().addr(), Ipv4Addr::new(10, 64, 0, 1));
    }
}
