//! The plain subset of JSON, read without building values: texts of printable ASCII without escapes, whole numbers from
//! zero to eighteen digits, objects and lists.
//!
//! Every method answers none where the text holds anything else. That says nothing about the text but that another
//! reader must look at it.

/// Reads one value after the other.
pub struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    /// Reads from a text of printable ASCII without backslashes.
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        let bytes = bytes.trim_ascii();
        let text = plain(bytes).then(|| std::str::from_utf8(bytes).ok())??;
        Some(Self { text, at: 0 })
    }

    /// An object; `field` gets each key and reads its value.
    pub fn object(&mut self, mut field: impl FnMut(&mut Self, &'a str) -> Option<()>) -> Option<()> {
        self.entries(b'{', b'}', |scan| {
            let key = scan.text()?;
            scan.expect(b':')?;
            field(scan, key)
        })
    }

    /// A list; `item` reads each of its values.
    pub fn list(&mut self, item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.entries(b'[', b']', item)
    }

    fn entries(&mut self, open: u8, close: u8, mut entry: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.expect(open)?;
        if self.peek()? == close {
            return self.expect(close);
        }
        loop {
            entry(self)?;
            match self.peek()? {
                b',' => self.at += 1,
                _ => return self.expect(close),
            }
        }
    }

    /// A text.
    pub fn text(&mut self) -> Option<&'a str> {
        self.expect(b'"')?;
        let rest = self.text.get(self.at..)?;
        let end = quote(rest.as_bytes())?;
        self.at += end + 1;
        rest.get(..end)
    }

    /// A number.
    pub fn number(&mut self) -> Option<u64> {
        self.peek()?;
        let digits = self.text.get(self.at..)?;
        let end = digits.bytes().position(|byte| !byte.is_ascii_digit())?;
        let digits = &digits[..end];
        self.at += end;
        let canonical = matches!(end, 1..=18) && (end == 1 || !digits.starts_with('0'));
        canonical.then(|| digits.parse().ok())?
    }

    /// The end of the text.
    pub fn end(mut self) -> Option<()> {
        self.peek().is_none().then_some(())
    }

    /// The next byte that is not a blank.
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(b' ') = bytes.get(self.at) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then_some(())?;
        self.at += 1;
        Some(())
    }
}

/// One in each of eight bytes, which are looked at together.
const ONES: u64 = u64::from_ne_bytes([1; 8]);

/// Whether all bytes are printable ASCII and none is a backslash.
fn plain(bytes: &[u8]) -> bool {
    let words = bytes.chunks_exact(8);
    let odd = |byte: &u8| !(0x20..0x7f).contains(byte) || *byte == b'\\';
    let rest = words.remainder().iter().any(odd);
    let highest = words.fold(0, |found, word| {
        let word = word.try_into().map_or(u64::MAX, u64::from_le_bytes);
        // What is too large sets the highest bit of its byte here, with the one that is added or before.
        let large = word | word.wrapping_add(ONES);
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        found | large | control | zero(word ^ (ONES * u64::from(b'\\')))
    });
    !rest && highest & (ONES << 7) == 0
}

/// Has the highest bit of a byte where the word has a zero. Of several, the first one counts: from a zero one cannot be
/// taken without borrowing from the next byte.
fn zero(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word
}

/// Where the next quote is, looked for in eight bytes at a time.
fn quote(bytes: &[u8]) -> Option<usize> {
    let mut words = bytes.chunks_exact(8);
    for (at, word) in words.by_ref().enumerate() {
        let word = u64::from_le_bytes(word.try_into().ok()?);
        let found = zero(word ^ (ONES * u64::from(b'"'))) & (ONES << 7);
        if found != 0 {
            return Some(8 * at + found.trailing_zeros() as usize / 8);
        }
    }
    let rest = words.remainder();
    let last = rest.iter().position(|byte| *byte == b'"')?;
    Some(bytes.len() - rest.len() + last)
}

/// Sets what must come once.
pub fn once<T>(slot: &mut Option<T>, value: T) -> Option<()> {
    slot.replace(value).is_none().then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(json: &str) -> Option<String> {
        let mut scan = Scan::new(json.as_bytes())?;
        let text = scan.text()?.to_owned();
        scan.end().map(|()| text)
    }

    #[test]
    fn quotes_are_found_wherever_they_are() {
        for length in 0..40 {
            let mut text = vec![b'!'; length];
            assert_eq!(quote(&text), None);
            for at in (0..length).rev() {
                text[at] = b'"';
                assert_eq!(quote(&text), Some(at));
                // What a borrow could mistake for one.
                text[at] = b'#';
                assert_eq!(quote(&text[..=at]), None);
                text[at] = b'"';
            }
        }
    }

    #[test]
    fn bytes_are_plain_wherever_they_are() {
        for length in 1..20 {
            for (at, byte) in (0..length).flat_map(|at| (0..=u8::MAX).map(move |byte| (at, byte))) {
                for other in [b' ', b'~'] {
                    let mut text = vec![other; length];
                    text[at] = byte;
                    let expected = matches!(byte, b' '..=b'[' | b']'..=b'~');
                    assert_eq!(plain(&text), expected, "{byte:#x} at {at} of {length}");
                }
            }
        }
    }

    fn numbers(json: &str) -> Option<Vec<u64>> {
        let mut scan = Scan::new(json.as_bytes())?;
        let mut numbers = Vec::new();
        scan.list(|scan| {
            numbers.push(scan.number()?);
            Some(())
        })?;
        scan.end().map(|()| numbers)
    }

    #[test]
    fn plain_values_are_read() {
        assert_eq!(text(" \"a ~\"\r").as_deref(), Some("a ~"));
        assert_eq!(text("\"\"").as_deref(), Some(""));
        assert_eq!(numbers("[ ]"), Some(vec![]));
        assert_eq!(
            numbers("[0, 7 ,999999999999999999]"),
            Some(vec![0, 7, 999_999_999_999_999_999])
        );
    }

    #[test]
    fn whatever_else_is_left_to_another_reader() {
        for odd in [
            r#""a\n""#,
            "\"a\tb\"",
            "\"a\u{7f}\"",
            "\"ä\"",
            "\"a",
            "'a'",
            "\"a\" x",
            "null",
            "",
        ] {
            assert_eq!(text(odd), None, "{odd:?}");
        }
        for odd in [
            "[01]",
            "[-1]",
            "[1.0]",
            "[1e2]",
            "[1000000000000000000]",
            "[1,]",
            "[,]",
            "[1 2]",
            "[1",
            "[]]",
            "[\"1\"]",
        ] {
            assert_eq!(numbers(odd), None, "{odd:?}");
        }
    }
}
