//! Versions by their numbers: `6.8.0-1024-nvidia` is 6, 8, 0, 1024.

use std::cmp::Ordering;

/// Compares a version with a bound by their numeric parts from the left; a part that is not there counts as zero.
///
/// `None` where the text of the version stops being numbers before the bound does and all parts until then are equal:
/// what `6.8-custom` is beside `6.8.1` cannot be known.
pub(crate) fn compare(version: &str, bound: &str) -> Option<Ordering> {
    let (version, whole) = numbers(version);
    let (bound, _) = numbers(bound);
    if version.is_empty() {
        return None;
    }
    for at in 0..version.len().max(bound.len()) {
        let part = match version.get(at) {
            Some(part) => *part,
            None if whole => 0,
            None => return None,
        };
        match part.cmp(bound.get(at).unwrap_or(&0)) {
            Ordering::Equal => {}
            unequal => return Some(unequal),
        }
    }
    Some(Ordering::Equal)
}

/// Whether a version is `from` or newer and older than `before`; `None` if that cannot be known.
pub(crate) fn within(version: &str, from: Option<&str>, before: Option<&str>) -> Option<bool> {
    let from = from.map_or(Some(true), |from| Some(compare(version, from)?.is_ge()));
    let before = before.map_or(Some(true), |before| Some(compare(version, before)?.is_lt()));
    match (from, before) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

/// The numbers that a version begins with, and whether it is nothing else.
fn numbers(version: &str) -> (Vec<u64>, bool) {
    let mut numbers = Vec::new();
    for part in version.split(['.', '-', '_', '+']) {
        match part.parse() {
            Ok(number) => numbers.push(number),
            Err(_) => return (numbers, false),
        }
    }
    (numbers, true)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        for (version, bound, expected) in [
            ("570.158.01", "570.158.01", Some(Ordering::Equal)),
            ("570.86.15", "570.158.01", Some(Ordering::Less)),
            ("580.95.05", "570.158.01", Some(Ordering::Greater)),
            ("6.8.0-1024-nvidia", "6.9", Some(Ordering::Less)),
            ("6.11.0", "6.9", Some(Ordering::Greater)),
            (
                "4.18.0-425.3.1.el8.x86_64",
                "4.18.0-425.3.1",
                Some(Ordering::Equal),
            ),
            ("4.18.0-425.10.1.el8", "4.18.0-425.3.1", Some(Ordering::Greater)),
            ("24.10-1.1.4.0", "5.4", Some(Ordering::Greater)),
            ("2.15", "2.15.0", Some(Ordering::Equal)),
            ("7.4", "7.4.5", Some(Ordering::Less)),
            ("6.8-custom", "6.8.1", None),
            ("6.8-custom", "6.8", Some(Ordering::Equal)),
            ("6.8-custom", "6.9.1", Some(Ordering::Less)),
            ("5rc", "5", None),
        ] {
            assert_eq!(compare(version, bound), expected, "{version} and {bound}");
        }
    }

    #[test]
    fn a_range_that_is_missed_for_sure_is_missed() {
        assert_eq!(within("7.4.5", Some("7.4"), Some("7.4.6")), Some(true));
        assert_eq!(within("7.4.6", Some("7.4"), Some("7.4.6")), Some(false));
        assert_eq!(within("7.4-x", Some("7.4.1"), Some("8")), None);
        assert_eq!(within("7.4-x", Some("7.4.1"), Some("7")), Some(false));
    }

    proptest! {
        /// Numbers compare as lists of numbers do, with zeros behind them.
        #[test]
        fn comparing_is_an_order(a in proptest::collection::vec(0u64..4, 1..5), b in proptest::collection::vec(0u64..4, 1..5)) {
            let text = |parts: &[u64]| parts.iter().map(u64::to_string).collect::<Vec<_>>().join(".");
            let padded = |parts: &[u64]| { let mut parts = parts.to_vec(); parts.resize(5, 0); parts };
            let order = compare(&text(&a), &text(&b));
            prop_assert_eq!(order, Some(padded(&a).cmp(&padded(&b))));
            prop_assert_eq!(compare(&text(&b), &text(&a)), order.map(Ordering::reverse));
        }

        #[test]
        fn any_text_can_be_compared(a in ".{0,20}", b in ".{0,20}") {
            let _ = within(&a, Some(&b), Some(&b));
        }
    }
}
