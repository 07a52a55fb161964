//! GUIDs of devices that nobody has seen yet.
//!
//! A design can be simulated before its hardware exists, and a simulator wants GUIDs. Those given here have the bit of
//! locally administered addresses, which no vendor's GUID has, and a prefix of their own: they can be told from real ones
//! for ever, and production files refuse them.

use crate::tree::Switch;

/// The two highest bytes: locally administered, then `R`.
const PREFIX: u64 = 0x0252;

/// Whether a GUID was given here.
pub fn is_placeholder(guid: u64) -> bool {
    guid >> 48 == PREFIX
}

/// The port GUID of HCA `rail` at a seat: odd, so that the number below it is free for the HCA itself. A simulator counts
/// port GUIDs from there.
pub fn hca(seat: u32, rail: u32) -> u64 {
    guid(0, (u64::from(seat) << 8 | u64::from(rail)) << 1 | 1)
}

/// The GUID of a switch of a subnet.
pub fn switch(subnet: u32, switch: Switch) -> u64 {
    let (level, number) = match switch {
        Switch::Leaf(number) => (1, number),
        Switch::Spine(number) => (2, number),
        Switch::Core(number) => (3, number),
    };
    guid(level, u64::from(subnet) << 32 | u64::from(number))
}

fn guid(level: u64, number: u64) -> u64 {
    PREFIX << 48 | level << 44 | number
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_device_has_its_own() {
        let hcas = (0..600u32).flat_map(|seat| (0..16).map(move |rail| hca(seat * 1000, rail)));
        let switches = (0..16u32).flat_map(|subnet| {
            (0..100u32).flat_map(move |n| {
                [Switch::Leaf(n), Switch::Spine(n), Switch::Core(n)].map(|at| switch(subnet, at))
            })
        });
        let all: Vec<u64> = hcas.chain(switches).collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        assert!(all.iter().all(|&guid| is_placeholder(guid)));
    }

    /// Vendors' identifiers are universally administered: the second lowest bit of the first byte is 0.
    #[test]
    fn no_vendor_has_one() {
        for real in [
            0x0002_c903_00f1_0001,
            0xe41d_2d03_0000_0000,
            0xb83f_d203_0000_0001,
            0x9c05_9103_0000_0000,
        ] {
            assert!(!is_placeholder(real));
            assert_eq!(real >> 56 & 2, 0);
        }
        assert_eq!(hca(0, 0) >> 56 & 2, 2);
    }
}
