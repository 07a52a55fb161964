//! What the quantities mean in numbers.

use crate::text::{Pue, Span};
use crate::{Capacity, Name, PciAddress, Power, Throughput};

/// Watts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Watts(pub u64);

impl Power {
    /// The power in watts; the type's pattern keeps it below 10^18.
    pub fn watts(&self) -> Watts {
        let text = self.as_str();
        let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let factor = match &text[number.len()..] {
            "kW" => 1_000,
            "MW" => 1_000_000,
            "GW" => 1_000_000_000,
            _ => 1,
        };
        Watts(number.parse::<u64>().unwrap_or_default().saturating_mul(factor))
    }
}

impl Pue {
    /// Thousandths: `1.15` is 1150.
    pub fn thousandths(&self) -> u32 {
        let (whole, fraction) = self.as_str().split_once('.').unwrap_or((self.as_str(), ""));
        let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
        whole.parse::<u32>().unwrap_or_default() * 1000 + digits.parse::<u32>().unwrap_or_default()
    }
}

/// A whole number and what its decimal unit multiplies it with.
fn decimal(text: &str) -> u64 {
    let number = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let factor = match text.as_bytes()[number.len()..].first() {
        Some(b'M') => 1_000_000,
        Some(b'G') => 1_000_000_000,
        Some(b'T') => 1_000_000_000_000,
        Some(b'P') => 1_000_000_000_000_000,
        _ => 1,
    };
    number.parse::<u64>().unwrap_or_default().saturating_mul(factor)
}

impl Capacity {
    /// The capacity in bytes; decimal units, capped at `u64::MAX`.
    pub fn bytes(&self) -> u64 {
        decimal(self.as_str())
    }
}

impl Throughput {
    /// Bytes per second.
    pub fn bytes_per_second(&self) -> u64 {
        decimal(self.as_str())
    }
}

impl PciAddress {
    /// The address as a number: 16 bits of domain, 8 of bus, 5 of device, 3 of function.
    pub fn value(&self) -> u32 {
        let numbers = self.as_str().split([':', '.']);
        let numbers = numbers.map(|digits| u32::from_str_radix(digits, 16).unwrap_or_default());
        let widths = [16, 8, 5, 3];
        (numbers.zip(widths)).fold(0, |value, (number, width)| value << width | number)
    }
}

impl Span {
    /// The span in seconds.
    pub fn seconds(&self) -> u64 {
        let text = self.as_str();
        let (number, unit) = text.split_at(text.len() - 1);
        let factor = match unit {
            "h" => 3600,
            "m" => 60,
            _ => 1,
        };
        number.parse::<u64>().unwrap_or_default() * factor
    }
}

impl Name {
    /// The longest name that a GPU pool may have, so that its profiles (`<pool>-<12 hex>`) and label values fit 63
    /// characters.
    pub const MAX_POOL: u32 = 50;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn power_in_watts() {
        for (text, watts) in [
            ("1W", 1),
            ("1000W", 1000),
            ("132kW", 132_000),
            ("1020MW", 1_020_000_000),
            ("5GW", 5_000_000_000),
        ] {
            assert_eq!(Power::new(text).unwrap().watts(), Watts(watts), "{text}");
        }
    }

    #[test]
    fn pue_in_thousandths() {
        for (text, value) in [("1", 1000), ("1.1", 1100), ("1.15", 1150), ("1.005", 1005)] {
            assert_eq!(Pue::new(text).unwrap().thousandths(), value, "{text}");
        }
    }

    #[test]
    fn capacity_and_throughput_in_bytes() {
        for (text, value) in [
            ("1MB", 1_000_000),
            ("3840GB", 3_840_000_000_000),
            ("15PB", 15_000_000_000_000_000),
        ] {
            assert_eq!(Capacity::new(text).unwrap().bytes(), value, "{text}");
        }
        assert_eq!(
            Throughput::new("40GB/s").unwrap().bytes_per_second(),
            40_000_000_000
        );
        assert_eq!(Capacity::new("999999999PB").unwrap().bytes(), u64::MAX);
    }

    #[test]
    fn pci_addresses_as_numbers() {
        for (text, value) in [
            ("0000:00:00.0", 0),
            ("0000:1b:00.0", 0x1b00),
            ("0001:1b:1f.7", 0x0001_1bff),
            ("ffff:ff:1f.7", u32::MAX),
        ] {
            assert_eq!(PciAddress::new(text).unwrap().value(), value, "{text}");
        }
    }

    #[test]
    fn span_in_seconds() {
        for (text, value) in [("45s", 45), ("30m", 1800), ("2h", 7200)] {
            assert_eq!(Span::new(text).unwrap().seconds(), value, "{text}");
        }
    }
}
