//! Text fields as types: one spelling, bounded length, checked once when read.
//!
//! Each type carries the pattern that the CRD shows to the API server and a hand-written check with the same meaning;
//! `tests/text.rs` proves the two equal. Reading an object from the API server therefore needs no regular expressions.

use std::fmt;

use arrayvec::ArrayString;

/// A text field that is not spelled as its type demands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not {what}: it must match {pattern} and have at most {max} characters")]
pub struct TextError {
    /// The text as it was given, cut to 80 characters.
    pub value: String,
    /// What the field holds, with its article: "a PKey".
    pub what: &'static str,
    /// The pattern that the CRD shows.
    pub pattern: &'static str,
    /// Longest spelling, in characters.
    pub max: u32,
}

/// Where a text is held, of at most as many bytes as its type allows.
trait Held {
    fn hold(text: &str) -> Self;
}

impl Held for Box<str> {
    fn hold(text: &str) -> Self {
        text.into()
    }
}

/// In place: a large plan makes and drops millions of addresses and GUIDs.
impl<const MAX: usize> Held for ArrayString<MAX> {
    fn hold(text: &str) -> Self {
        Self::from(text).unwrap_or_default()
    }
}

/// The type that holds a text: one on the heap, or the one that is named.
macro_rules! held {
    () => { Box<str> };
    ($held:ty) => { $held };
}

/// Declares text types. `check` receives a non-empty text of at most `max` bytes.
macro_rules! text {
    ($($(#[$doc:meta])* $name:ident $(in $held:ty)?, $what:literal, max $max:expr, $pattern:literal, $check:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(held!($($held)?));

        impl $name {
            /// The pattern that the CRD shows to the API server.
            pub const PATTERN: &'static str = $pattern;
            /// Longest spelling, in characters.
            pub const MAX: u32 = $max;

            /// Reads the canonical spelling.
            pub fn new(text: impl Into<String>) -> Result<Self, TextError> {
                let text: String = text.into();
                if Self::is_valid(&text) {
                    Ok(Self(Held::hold(&text)))
                } else {
                    Err(TextError {
                        value: text.chars().take(80).collect(),
                        what: $what,
                        pattern: Self::PATTERN,
                        max: Self::MAX,
                    })
                }
            }

            /// Whether a text is the canonical spelling.
            pub fn is_valid(text: &str) -> bool {
                let check: fn(&str) -> bool = $check;
                !text.is_empty() && text.len() <= Self::MAX as usize && check(text)
            }

            /// A text that is right by construction.
            #[allow(dead_code, reason = "not every type is constructed from numbers")]
            pub(crate) fn trusted(text: &str) -> Self {
                debug_assert!(Self::is_valid(text), "{text:?} is not {}", $what);
                Self(Held::hold(text))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl TryFrom<String> for $name {
            type Error = TextError;
            fn try_from(text: String) -> Result<Self, TextError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> String {
                text.as_str().to_owned()
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = TextError;
            fn from_str(text: &str) -> Result<Self, TextError> {
                Self::new(text)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string", "minLength": 1, "maxLength": Self::MAX, "pattern": Self::PATTERN,
                })
            }
        }
    )*};
}

fn lower_alnum(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit()
}

fn hex(b: u8) -> bool {
    b.is_ascii_digit() || (b'a'..=b'f').contains(&b)
}

fn digits(text: &str, most: usize) -> bool {
    !text.is_empty() && text.len() <= most && text.bytes().all(|b| b.is_ascii_digit())
}

/// A decimal number without leading zeros and without sign, at least 1.
fn positive(text: &str, most: usize) -> bool {
    digits(text, most) && !text.starts_with('0')
}

fn label(text: &[u8]) -> bool {
    let allowed = |b: &u8| lower_alnum(*b) || *b == b'-';
    text.iter().all(allowed) && text.first() != Some(&b'-') && text.last() != Some(&b'-')
}

fn hex_with_prefix(text: &str, count: usize) -> bool {
    text.strip_prefix("0x")
        .is_some_and(|rest| rest.len() == count && rest.bytes().all(hex))
}

fn quantity(text: &str, units: &[&str], most: usize) -> bool {
    units.iter().any(|unit| {
        text.strip_suffix(unit)
            .is_some_and(|number| positive(number, most))
    })
}

fn dotted(text: &str, parts: std::ops::RangeInclusive<usize>, each: impl Fn(usize, &str) -> bool) -> bool {
    parts.contains(&text.split('.').count()) && text.split('.').enumerate().all(|(i, part)| each(i, part))
}

/// Four decimal numbers without leading zeros; their range is CEL's (`isCIDR`) and [`crate::net`]'s matter.
fn dotted_quad(text: &str) -> bool {
    dotted(text, 4..=4, |_, part| part == "0" || positive(part, 3))
}

fn address_with_length(text: &str) -> bool {
    text.split_once('/')
        .is_some_and(|(ip, length)| dotted_quad(ip) && (length == "0" || positive(length, 2)))
}

fn kernel_argument(text: &str) -> bool {
    let (key, value) = text
        .split_once('=')
        .map_or((text, None), |(key, value)| (key, Some(value)));
    let plain = |v: &str| v.bytes().all(|b| b == b'!' || (b'#'..=b'~').contains(&b));
    let quoted = |v: &str| {
        v.len() >= 2
            && v.starts_with('"')
            && v.ends_with('"')
            && v[1..v.len() - 1]
                .bytes()
                .all(|b| b == b' ' || b == b'!' || (b'#'..=b'~').contains(&b))
    };
    !key.is_empty()
        && key
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_.,-".contains(&b))
        && value.is_none_or(|v| !v.is_empty() && (plain(v) || quoted(v)))
}

fn mig_profile(text: &str) -> bool {
    let Some((slices, rest)) = text.split_once("g.") else {
        return false;
    };
    let Some((memory, attributes)) = rest.split_once("gb") else {
        return false;
    };
    let attribute = |one: &str| {
        one.starts_with(|c: char| c.is_ascii_lowercase())
            && one.bytes().all(|b| b.is_ascii_lowercase() || b == b'.')
    };
    let attributes = match attributes.as_bytes().first() {
        None => true,
        Some(b'+') => attributes[1..].split(',').all(attribute),
        Some(b'-') => attribute(&attributes[1..]),
        Some(_) => false,
    };
    positive(slices, 1) && positive(memory, 3) && attributes
}

fn absolute_path(text: &str) -> bool {
    text.strip_prefix('/').is_some_and(|rest| {
        rest.split('/').all(|part| {
            part.bytes()
                .next()
                .is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_')
                && part
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        })
    })
}

fn pci_address(text: &str) -> bool {
    let b = text.as_bytes();
    b.len() == 12
        && b.iter().enumerate().all(|(i, &c)| match i {
            4 | 7 => c == b':',
            8 => c == b'0' || c == b'1',
            10 => c == b'.',
            11 => (b'0'..=b'7').contains(&c),
            _ => hex(c),
        })
}

fn date(text: &str) -> bool {
    let number = |part: &str| {
        digits(part, part.len())
            .then(|| part.parse::<u32>().ok())
            .flatten()
    };
    let parts: Vec<&str> = text.split('-').collect();
    matches!(parts[..], [y, m, d] if y.len() == 4 && m.len() == 2 && d.len() == 2
        && number(y).is_some()
        && number(m).is_some_and(|m| (1..=12).contains(&m))
        && number(d).is_some_and(|d| (1..=31).contains(&d)))
}

fn ratio(text: &str) -> bool {
    text.split_once(':')
        .is_some_and(|(down, up)| positive(down, 2) && positive(up, 2))
}

fn pue(text: &str) -> bool {
    match text.split_once('.') {
        None => positive(text, 1),
        Some((whole, fraction)) => positive(whole, 1) && digits(fraction, 3) && !fraction.ends_with('0'),
    }
}

/// Words of digits and letters, joined by `.`, `-`, `_` or `+`, that begin with a digit.
fn version(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._+-".contains(&b))
        && text.bytes().last().is_some_and(|b| b.is_ascii_alphanumeric())
}

fn mount_option(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"_.:;=/@%+-".contains(&b))
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
}

fn printable(text: &str) -> bool {
    text.bytes().all(|b| (b' '..=b'~').contains(&b)) && !text.starts_with(' ') && !text.ends_with(' ')
}

text! {
    /// A name inside our API: an intent, a phase, a location, a catalogue entry. An RFC 1123 label.
    Name, "a name", max 63, "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", |t| label(t.as_bytes());

    /// The name of a Kubernetes Node and of everything named after it. An RFC 1123 subdomain.
    NodeName, "a node name", max 253, r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
        |t| t.as_bytes().split(|b| *b == b'.').all(|part| !part.is_empty() && label(part));

    /// A hostlist as Slurm and ClusterShell read it: `a[001-512]`, `n[01-18],login`. The characters are checked
    /// here, the meaning by the crate `hostset`.
    Hostlist, "a hostlist", max 16384, r"^[-A-Za-z0-9_.,/\[\] ]+$",
        |t| t.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.,/[] ".contains(&b));

    /// Electrical power as a whole number with its unit: `1000W`, `132kW`, `1020MW`.
    Power, "a power with its unit", max 12, "^[1-9][0-9]{0,8}(W|kW|MW|GW)$",
        |t| {
            let number = t.trim_end_matches(['k', 'M', 'G', 'W']);
            quantity(t, &["kW", "MW", "GW"], 9) || (positive(number, 9) && t.len() == number.len() + 1 && t.ends_with('W'))
        };

    /// Power usage effectiveness (facility power / IT power) as a decimal text, so that no YAML reader rounds it.
    Pue, "a PUE", max 5, r"^[1-9](\.[0-9]{0,2}[1-9])?$", pue;

    /// A capacity in decimal units, as vendors count: `3840GB`, `15PB`.
    Capacity, "a capacity with its unit", max 12, "^[1-9][0-9]{0,8}(MB|GB|TB|PB)$",
        |t| quantity(t, &["MB", "GB", "TB", "PB"], 9);

    /// A rate of reading or writing in decimal units: `40GB/s`.
    Throughput, "a throughput with its unit", max 14, "^[1-9][0-9]{0,8}(MB|GB|TB)/s$",
        |t| quantity(t, &["MB/s", "GB/s", "TB/s"], 9);

    /// A calendar day, `2026-06-30`.
    Date, "a date", max 10, "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$", date;

    /// A span of time with one unit: `30m`.
    Span, "a duration", max 7, "^[1-9][0-9]{0,5}(s|m|h)$", |t| quantity(t, &["s", "m", "h"], 6);

    /// A driver version as NVIDIA prints it: `580.95.05`.
    DriverVersion, "a driver version", max 16, r"^[1-9][0-9]{2}\.[0-9]{1,3}(\.[0-9]{1,3})?$",
        |t| dotted(t, 2..=3, |i, part| if i == 0 { part.len() == 3 && positive(part, 3) } else { digits(part, 3) });

    /// A version as the program prints it: `6.8.0-1024-nvidia`, `24.10-1.1.4.0`, `2.15.5`.
    Version, "a version", max 64, "^[0-9]([-A-Za-z0-9._+]*[A-Za-z0-9])?$", version;

    /// A MIG profile as `nvidia-smi mig -lgip` prints it: `1g.23gb`, `1g.23gb+me`, `1g.24gb-me`. Attributes are all added
    /// or one is taken away (mig-parted, go-nvlib `mig_profile.go`).
    MigProfile, "a MIG profile", max 24, r"^[1-9]g\.[1-9][0-9]{0,2}gb(\+[a-z][a-z.]*(,[a-z][a-z.]*)*|-[a-z][a-z.]*)?$", mig_profile;

    /// One token of the kernel command line: `iommu=pt`, `dyndbg="file x +p"`.
    KernelArgument, "a kernel argument", max 256, r##"^[-A-Za-z0-9_.,]+(=([!#-~]+|"[ !#-~]*"))?$"##, kernel_argument;

    /// The value of a sysctl; tabs and line breaks are refused because a fragment has one key a line.
    SysctlValue, "a sysctl value", max 256, "^[!-~]([ -~]*[!-~])?$", printable;

    /// A kernel module, in the spelling of `/proc/modules` (underscores).
    ModuleName, "a kernel module name", max 64, "^[a-z0-9_]+$", |t| t.bytes().all(|b| lower_alnum(b) || b == b'_');

    /// The value of a kernel module's option: no white space, quote or backslash, which `modprobe.d` reads in its own way.
    ModuleOption, "the value of a module option", max 256, r"^[!#-\[\]-~]+$",
        |t| t.bytes().all(|b| b == b'!' || (b'#'..=b'[').contains(&b) || (b']'..=b'~').contains(&b));

    /// A systemd service without its suffix: `containerd`.
    ServiceName, "a service name", max 128, "^[A-Za-z0-9_]([-A-Za-z0-9_.@]*[A-Za-z0-9_])?$",
        |t| {
            let edge = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
            t.bytes().all(|b| edge(b) || b"-.@".contains(&b))
                && t.bytes().next().is_some_and(edge) && t.bytes().last().is_some_and(edge)
        };

    /// A resource limit: a whole number, or `infinity`.
    Limit, "a resource limit", max 18, "^(infinity|0|[1-9][0-9]{0,17})$",
        |t| t == "infinity" || t == "0" || positive(t, 18);

    /// A network interface by its kernel name: `eno1`.
    InterfaceName, "an interface name", max 15, "^[A-Za-z0-9][-A-Za-z0-9_.]*$",
        |t| {
            t.starts_with(|c: char| c.is_ascii_alphanumeric())
                && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };

    /// The value of a Kubernetes label or taint.
    LabelValue, "a label value", max 63, "^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$",
        |t| {
            t.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
                && t.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
                && t.bytes().last().is_some_and(|b| b.is_ascii_alphanumeric())
        };

    /// One mount option: `noatime`, `rsize=1048576`.
    MountOption, "a mount option", max 128, "^[A-Za-z0-9][-A-Za-z0-9_.:;=/@%+]*$", mount_option;

    /// An IPv4 prefix, `10.64.0.0/12`; host bits are zero (CEL and [`crate::net`] check that).
    Ipv4Prefix, "an IPv4 prefix", max 18, r"^(0|[1-9][0-9]{0,2})(\.(0|[1-9][0-9]{0,2})){3}/(0|[1-9][0-9]?)$", address_with_length;

    /// An IPv4 address alone: `10.64.0.1`.
    Ipv4Address, "an IPv4 address", max 15, r"^(0|[1-9][0-9]{0,2})(\.(0|[1-9][0-9]{0,2})){3}$", dotted_quad;

    /// An IPv4 address with the length of its prefix, as `ip address` prints it: `10.64.0.1/20`.
    InterfaceAddress in ArrayString<18>, "an interface address", max 18, r"^(0|[1-9][0-9]{0,2})(\.(0|[1-9][0-9]{0,2})){3}/(0|[1-9][0-9]?)$", address_with_length;

    /// An InfiniBand partition key without its membership bit: `0x0011`.
    Pkey, "a PKey", max 6, "^0x[0-7][0-9a-f]{3}$",
        |t| hex_with_prefix(t, 4) && (b'0'..=b'7').contains(&t.as_bytes()[2]);

    /// An InfiniBand port GUID: `0x` and 16 lower-case hexadecimal digits.
    Guid in ArrayString<18>, "a GUID", max 18, "^0x[0-9a-f]{16}$", |t| hex_with_prefix(t, 16);

    /// The upper half of every address of an InfiniBand subnet: `0x` and 16 lower-case hexadecimal
    /// digits. 0xff begins the addresses of multicast groups.
    SubnetPrefix, "a subnet prefix", max 18, "^0x([0-9a-e][0-9a-f]|f[0-9a-e])[0-9a-f]{14}$",
        |t| hex_with_prefix(t, 16) && !t.starts_with("0xff");

    /// A PCI address with its domain, in the spelling of sysfs: `0000:1b:00.0`.
    PciAddress, "a PCI address", max 12, r"^[0-9a-f]{4}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$", pci_address;

    /// A PCI vendor and device, as `lspci -n` prints them: `10de:2901`.
    PciDevice, "a PCI vendor and device", max 9, "^[0-9a-f]{4}:[0-9a-f]{4}$",
        |t| t.len() == 9 && t.split_once(':').is_some_and(|(v, d)| v.len() == 4 && v.bytes().all(hex) && d.bytes().all(hex));

    /// Down capacity to up capacity of a leaf: `1:1` is non-blocking.
    Ratio, "a ratio", max 5, "^[1-9][0-9]?:[1-9][0-9]?$", ratio;

    /// An absolute path without `.`, `..`, hidden parts or a trailing slash.
    AbsolutePath, "an absolute path", max 255, "^(/[A-Za-z0-9_][-A-Za-z0-9._]*)+$", absolute_path;

    /// A device model as the device reports it; `*` matches any run of characters.
    ModelPattern, "a device model", max 64, "^[!-~]([ -~]*[!-~])?$", printable;

    /// Printable text of one line: a serial number, a product name, a kernel version, a device's stable id.
    Line, "one line of printable text", max 128, "^[!-~]([ -~]*[!-~])?$", printable;

    /// The host name or address of a server.
    HostAddress, "a host name or address", max 253, "^[A-Za-z0-9]([-A-Za-z0-9.:]*[A-Za-z0-9])?$",
        |t| {
            t.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:".contains(&b))
                && t.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
                && t.bytes().last().is_some_and(|b| b.is_ascii_alphanumeric())
        };

    /// An LNet network identifier: `10.0.0.1@o2ib`.
    Nid, "an LNet NID", max 128, "^[A-Za-z0-9][-A-Za-z0-9.:]*@[a-z0-9]+$",
        |t| t.split_once('@').is_some_and(|(host, net)| {
            host.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
                && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:".contains(&b))
                && !net.is_empty() && net.bytes().all(lower_alnum)
        });

    /// A content hash: 32 lower-case hexadecimal digits, the first 128 bits of BLAKE3.
    Hash in ArrayString<32>, "a content hash", max 32, "^[0-9a-f]{32}$", |t| t.len() == 32 && t.bytes().all(hex);
}
