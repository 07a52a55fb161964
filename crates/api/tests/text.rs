//! The hand-written check of each text type means what its pattern says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use rackwright_api::*;

/// Compares check and pattern on texts that the pattern generates, on the same texts with one character changed, and on
/// awkward constants.
fn agree(name: &str, pattern: &str, max: u32, accepts: impl Fn(&str) -> bool) {
    let regex = regex::Regex::new(pattern).unwrap();
    let expected = |text: &str| !text.is_empty() && text.len() <= max as usize && regex.is_match(text);
    let body = pattern.trim_start_matches('^').trim_end_matches('$');
    let strategy = proptest::string::string_regex(body).unwrap();
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let other = b"0a.-_/\\: \"'$\n[]{}G9z+@A\x7f";
    let mut texts: Vec<String> = [
        "",
        " ",
        "a",
        "0",
        "-",
        "\n",
        "0x",
        "ü",
        "a\n",
        "00",
        "1.",
        ".1",
        "/",
        "//",
        "0x0000",
        "9999999999",
    ]
    .map(String::from)
    .to_vec();
    for i in 0..400usize {
        let text = strategy.new_tree(&mut runner).unwrap().current();
        let mut bytes = text.clone().into_bytes();
        let at = i * 31 % (bytes.len() + 1);
        bytes.insert(at, other[i % other.len()]);
        texts.push(String::from_utf8_lossy(&bytes).into_owned());
        bytes.remove(at);
        if !bytes.is_empty() {
            bytes.remove(i * 17 % bytes.len());
            texts.push(String::from_utf8_lossy(&bytes).into_owned());
        }
        texts.push(text);
    }
    for text in texts {
        assert_eq!(accepts(&text), expected(&text), "{name} on {text:?}");
    }
}

macro_rules! check_all {
    ($($name:ident)*) => {$(
        agree(stringify!($name), $name::PATTERN, $name::MAX, |text| $name::new(text).is_ok());
    )*};
}

#[test]
fn checks_equal_patterns() {
    check_all!(Name NodeName Hostlist Power Pue Date Span DriverVersion MigProfile KernelArgument SysctlValue ModuleName
        Ipv4Prefix Ipv4Address InterfaceAddress Pkey Guid SubnetPrefix PciAddress PciDevice Ratio AbsolutePath ModelPattern Line HostAddress Nid Hash
        Capacity Throughput Version ModuleOption ServiceName Limit InterfaceName LabelValue MountOption);
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in ".{0,40}") {
        let _ = (Power::new(text.clone()), Pue::new(text.clone()), Date::new(text.clone()), PciAddress::new(text.clone()),
            MigProfile::new(text.clone()), KernelArgument::new(text.clone()), Pkey::new(text.clone()), Ratio::new(text));
    }
}
