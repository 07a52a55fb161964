//! Short texts without an allocation: a large plan spells millions of addresses, GUIDs and hashes, most of them only to
//! be serialised.

use std::fmt;

use serde::{Serialize, Serializer};

/// A text of at most `N` bytes of ASCII, spelled from numbers.
#[derive(Clone, Copy)]
pub struct Spelled<const N: usize> {
    bytes: [u8; N],
    length: u8,
}

impl<const N: usize> Default for Spelled<N> {
    fn default() -> Self {
        Self {
            bytes: [0; N],
            length: 0,
        }
    }
}

impl<const N: usize> Spelled<N> {
    /// The text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.length)])
            .unwrap_or_else(|_| unreachable!("only digits and punctuation are pushed"))
    }

    #[inline]
    pub(crate) fn push(&mut self, byte: u8) {
        self.bytes[usize::from(self.length)] = byte;
        self.length += 1;
    }

    #[inline]
    pub(crate) fn push_decimal(&mut self, number: u8) {
        if number >= 100 {
            self.push(b'0' + number / 100);
        }
        if number >= 10 {
            self.push(b'0' + number / 10 % 10);
        }
        self.push(b'0' + number % 10);
    }

    /// Lower-case hexadecimal digits, the last `digits` of the number.
    pub(crate) fn push_hex(&mut self, number: u64, digits: u32) {
        for shift in (0..digits).rev() {
            self.push(b"0123456789abcdef"[(number >> (shift * 4)) as usize & 15]);
        }
    }
}

impl<const N: usize> fmt::Display for Spelled<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<const N: usize> fmt::Debug for Spelled<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl<const N: usize> Serialize for Spelled<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
