//! Formats of strings and numbers, as `k8s.io/kube-openapi/pkg/validation/strfmt` understands them. A format that the
//! API server does not know is ignored, as there.

use super::node::Type;
use regex::Regex;
use std::net::Ipv6Addr;
use std::sync::LazyLock;

/// A format that is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Int32,
    Int64,
    Float,
    Double,
    Cidr,
    Date,
    DateTime,
    Duration,
    Hostname,
    Ipv4,
    Ipv6,
    LongName,
    Mac,
    ShortName,
    Uuid(Option<u8>),
}

impl Format {
    /// The format of a schema of this type, none for formats without effect.
    pub(super) fn of(name: Option<&str>, kind: Type) -> Option<Self> {
        let name = name?;
        match kind {
            Type::Integer => match name {
                "int32" => Some(Self::Int32),
                "int64" => Some(Self::Int64),
                _ => None,
            },
            Type::Number => match name {
                "float" => Some(Self::Float),
                "double" => Some(Self::Double),
                _ => None,
            },
            Type::Any | Type::String => Some(match name.replace('-', "").as_str() {
                "cidr" => Self::Cidr,
                "date" => Self::Date,
                "datetime" => Self::DateTime,
                "duration" => Self::Duration,
                "hostname" => Self::Hostname,
                "ipv4" => Self::Ipv4,
                "ipv6" => Self::Ipv6,
                "k8slongname" => Self::LongName,
                "k8sshortname" => Self::ShortName,
                "mac" => Self::Mac,
                "uuid" => Self::Uuid(None),
                "uuid3" => Self::Uuid(Some(b'3')),
                "uuid4" => Self::Uuid(Some(b'4')),
                "uuid5" => Self::Uuid(Some(b'5')),
                _ => return None,
            }),
            _ => None,
        }
    }

    /// Whether the API server checks a format of strings, or gives it a CEL type, and this crate does not.
    pub(super) fn is_unsupported(name: &str) -> bool {
        const UNSUPPORTED: [&str; 11] = [
            "bsonobjectid",
            "byte",
            "creditcard",
            "email",
            "hexcolor",
            "isbn",
            "isbn10",
            "isbn13",
            "rgbcolor",
            "ssn",
            "uri",
        ];
        UNSUPPORTED.contains(&name.replace('-', "").as_str())
    }

    /// As it is named in messages: the name in the schema.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Float => "float",
            Self::Double => "double",
            Self::Cidr => "cidr",
            Self::Date => "date",
            Self::DateTime => "date-time",
            Self::Duration => "duration",
            Self::Hostname => "hostname",
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
            Self::LongName => "k8s-long-name",
            Self::Mac => "mac",
            Self::ShortName => "k8s-short-name",
            Self::Uuid(None) => "uuid",
            Self::Uuid(Some(b'3')) => "uuid3",
            Self::Uuid(Some(b'4')) => "uuid4",
            Self::Uuid(Some(_)) => "uuid5",
        }
    }

    /// Whether a string is of the format. Formats of numbers hold for every string.
    pub(super) fn accepts(self, text: &str) -> bool {
        match self {
            Self::Int32 | Self::Int64 | Self::Float | Self::Double => true,
            Self::Cidr => is_cidr(text),
            Self::Date => is_date(text),
            Self::DateTime => is_date_time(text),
            Self::Duration => is_duration(text),
            Self::Hostname => is_hostname(text),
            Self::Ipv4 => is_ipv4(text),
            Self::Ipv6 => text.parse::<Ipv6Addr>().is_ok(),
            Self::LongName => text.len() <= 253 && text.split('.').all(is_name_segment),
            Self::ShortName => text.len() <= 63 && is_name_segment(text),
            Self::Mac => is_mac(text),
            Self::Uuid(version) => is_uuid(text, version),
        }
    }
}

/// `[a-z0-9]([-a-z0-9]*[a-z0-9])?`
pub(super) fn is_name_segment(text: &str) -> bool {
    let bytes = text.as_bytes();
    let alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    bytes.first().is_some_and(alphanumeric)
        && bytes.last().is_some_and(alphanumeric)
        && bytes.iter().all(|byte| alphanumeric(byte) || *byte == b'-')
}

fn is_cidr(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else {
        return false;
    };
    let max = match address.parse::<Ipv6Addr>() {
        Ok(_) => 128,
        Err(_) if is_ipv4(address) => 32,
        Err(_) => return false,
    };
    !length.is_empty()
        && length.len() <= 3
        && length.bytes().all(|byte| byte.is_ascii_digit())
        && length.parse::<u8>().is_ok_and(|length| length <= max)
}

fn two_digits(text: &str) -> Option<u32> {
    (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let (Some(year), Some(month), Some(day), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    if year.len() != 4 || !year.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let (Ok(year), Some(month), Some(day)) = (year.parse::<u32>(), two_digits(month), two_digits(day)) else {
        return false;
    };
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day)
}

/// A date, `T`, a time with an offset; the offset is not checked for range, as there.
fn is_date_time(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let Some((date, rest)) = text.split_once('t') else {
        return false;
    };
    if !is_date(date) || !rest.is_char_boundary(8) || rest.len() < 9 {
        return false;
    }
    let clock = |text: &str, hours: u32| {
        let parts: Vec<_> = text.split(':').map(two_digits).collect();
        matches!(parts[..], [Some(hour), Some(minute), Some(second)] if hour <= hours && minute <= 59 && second <= 59)
    };
    let offset = |text: &str| {
        text == "z"
            || (text.len() == 6
                && text.starts_with(['+', '-'])
                && text[1..].split(':').filter_map(two_digits).count() == 2)
    };
    let (time, rest) = rest.split_at(8);
    // The server's pattern takes any character in front of the fraction.
    let mut behind = rest.chars();
    let fraction = behind.next().filter(|c| !matches!(c, 'z' | '+' | '-')).map(|_| {
        let rest = behind.as_str();
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        (digits, &rest[digits..])
    });
    match fraction {
        Some((0, _)) => false,
        Some((_, zone)) => clock(time, 23) && offset(zone),
        None => clock(time, 23) && offset(rest),
    }
}

/// Short names of a unit, and the word that its long name begins with.
const UNITS: [(&[&str], &str); 8] = [
    (&["ns"], "nano"),
    (&["us", "µs"], "micro"),
    (&["ms"], "milli"),
    (&["s"], "sec"),
    (&["m"], "min"),
    (&["h", "hr"], "hour"),
    (&["d"], "day"),
    (&["w", "wk"], "week"),
];

/// Go's durations, and numbers with words as units (`3 days`).
fn is_duration(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned == "0" || is_go_duration(unsigned) {
        return true;
    }
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let behind = rest[start..].trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = &rest[start..rest.len() - behind.len()];
        let word = behind.trim_start_matches([' ', '\t', '\n', '\r']);
        let end = word
            .find(|c: char| !c.is_ascii_alphabetic() && c != 'µ')
            .unwrap_or(word.len());
        let unit = word[..end].to_lowercase();
        if !unit.is_empty() {
            if digits.parse::<i64>().is_err() {
                return false;
            }
            if UNITS
                .iter()
                .any(|(short, long)| short.contains(&unit.as_str()) || unit.starts_with(long))
            {
                return true;
            }
        }
        rest = &word[end..];
    }
    false
}

fn is_go_duration(text: &str) -> bool {
    let mut rest = text;
    while !rest.is_empty() {
        let number = rest
            .bytes()
            .take_while(|byte| byte.is_ascii_digit() || *byte == b'.')
            .count();
        let digits = &rest[..number];
        if !digits.contains(|c: char| c.is_ascii_digit()) || digits.matches('.').count() > 1 {
            return false;
        }
        rest = &rest[number..];
        let unit = ["ns", "us", "µs", "μs", "ms", "s", "m", "h"]
            .into_iter()
            .find(|unit| rest.starts_with(unit));
        let Some(unit) = unit else { return false };
        rest = &rest[unit.len()..];
    }
    !text.is_empty()
}

/// The pattern of the server, oddities included: `a-` is a host name, `a-b-c` without a domain is none.
static HOSTNAME: LazyLock<Result<Regex, regex::Error>> = LazyLock::new(|| {
    Regex::new(
        r"^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$",
    )
});

fn is_hostname(text: &str) -> bool {
    text.len() <= 255
        && text.split('.').all(|label| label.len() <= 63)
        && HOSTNAME.as_ref().is_ok_and(|pattern| pattern.is_match(text))
}

/// Dotted decimal; zeros in front are allowed, as in Go before 1.17 and in Kubernetes since.
fn is_ipv4(text: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && part.trim_start_matches('0').len() <= 3
            && part.parse::<u64>().is_ok_and(|number| number <= 255)
    };
    text.split('.').count() == 4 && text.split('.').all(part)
}

/// 6, 8 or 20 bytes with colons or hyphens, or four-digit groups with dots, as Go's `net.ParseMAC`.
fn is_mac(text: &str) -> bool {
    let groups = |separator: char, digits: usize, counts: [usize; 3]| {
        let parts: Vec<_> = text.split(separator).collect();
        counts.contains(&parts.len())
            && parts
                .iter()
                .all(|part| part.len() == digits && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    groups(':', 2, [6, 8, 20]) || groups('-', 2, [6, 8, 20]) || groups('.', 4, [3, 4, 10])
}

/// Hyphens may be left out. Version 3 does not look at the variant.
fn is_uuid(text: &str, version: Option<u8>) -> bool {
    let mut digits = Vec::with_capacity(32);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'-' if at > 0 && matches!(digits.len(), 8 | 12 | 16 | 20) && text.as_bytes()[at - 1] != b'-' => {
            }
            byte if byte.is_ascii_hexdigit() => digits.push(byte.to_ascii_lowercase()),
            _ => return false,
        }
    }
    let variant = || matches!(digits.get(16), Some(b'8' | b'9' | b'a' | b'b'));
    digits.len() == 32
        && match version {
            None => true,
            Some(b'3') => digits[12] == b'3',
            Some(version) => digits[12] == version && variant(),
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_accept_and_refuse() {
        let cases: &[(&str, &[&str], &[&str])] = &[
            (
                "date-time",
                &["2026-11-24T06:30:00Z", "2026-11-24t06:30:00.5+01:00"],
                &[
                    "2026-11-24",
                    "yesterday",
                    "2026-11-24T24:00:00Z",
                    "2026-11-24T06:30:00",
                    "2026-02-30T00:00:00Z",
                ],
            ),
            ("date", &["2024-02-29"], &["2026-02-29", "2026-13-01", "26-1-1"]),
            (
                "duration",
                &["30m", "1h30m", "1.5h", "0", "3 days", "-2s"],
                &["soon", "", "30"],
            ),
            (
                "cidr",
                &["10.0.0.0/8", "fd00::/64"],
                &["10.0.0.0", "10.0.0.0/33", "10.0.0/8", "::/129"],
            ),
            ("ipv4", &["10.0.0.1"], &["10.0.0.256", "10.0.0", "::1"]),
            ("ipv6", &["::1"], &["10.0.0.1", "1::2::3"]),
            (
                "mac",
                &[
                    "00:1a:2b:3c:4d:5e",
                    "00:00:00:00:fe:80:00:00:00:00:00:00:02:00:5e:10:00:00:00:01",
                ],
                &["00:1a", "00:1a:2b:3c:4d:5g"],
            ),
            (
                "uuid",
                &[
                    "123e4567-e89b-12d3-a456-426614174000",
                    "123E4567E89B12D3A456426614174000",
                ],
                &["123e4567"],
            ),
            (
                "uuid4",
                &["123e4567-e89b-42d3-a456-426614174000"],
                &["123e4567-e89b-12d3-a456-426614174000"],
            ),
            (
                "hostname",
                &["dgx001", "a.example.com"],
                &["-a", "a_b", "a.b.c.1"],
            ),
            ("k8s-short-name", &["a-1"], &["A", "a.b", ""]),
            ("k8s-long-name", &["a-1.b"], &["a..b", "a_b"]),
        ];
        for (name, good, bad) in cases {
            let format = Format::of(Some(name), Type::String).unwrap();
            assert_eq!(format.name(), *name);
            for text in *good {
                assert!(format.accepts(text), "{name} refuses {text:?}");
            }
            for text in *bad {
                assert!(!format.accepts(text), "{name} accepts {text:?}");
            }
        }
    }

    #[test]
    fn unknown_formats_have_no_effect() {
        assert_eq!(Format::of(Some("quantity"), Type::String), None);
        assert_eq!(Format::of(Some("uint32"), Type::Integer), None);
        assert_eq!(Format::of(Some("int32"), Type::Number), None);
    }
}
