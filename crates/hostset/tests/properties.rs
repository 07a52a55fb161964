//! Laws that hold for any list and any set.

#![allow(
    clippy::unwrap_used,
    reason = "allowed in tests; clippy sees only the test functions themselves as such"
)]

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use rackwright_hostset::{HostSet, Hostlist, Limits, expand, natural_cmp};
use std::collections::BTreeSet;

fn parse(text: &str) -> Result<Hostlist, TestCaseError> {
    Hostlist::parse(text, &Limits::default())
        .map_err(|error| TestCaseError::fail(format!("{text:?}: {error}")))
}

fn range() -> impl Strategy<Value = String> {
    (
        0_u64..120,
        0_u64..12,
        prop_oneof![3 => Just(0_usize), 1 => 2_usize..4],
        1_u64..5,
    )
        .prop_map(|(low, span, width, step)| {
            let (low, high) = (format!("{low:0width$}"), format!("{:0width$}", low + span));
            match step {
                _ if span == 0 || (low.starts_with('0') && low.len() != high.len()) => low,
                1 => format!("{low}-{high}"),
                step => format!("{low}-{high}/{step}"),
            }
        })
}

/// A valid text in the full syntax; few letters, so that items overlap.
fn hostlist() -> impl Strategy<Value = String> {
    let bracket = vec(range(), 1..4).prop_map(|ranges| format!("[{}]", ranges.join(",")));
    let item =
        ("[ab]{0,1}", vec((bracket, "[a.-]{1,2}"), 0..4), "[a-c0-2]").prop_map(|(head, brackets, last)| {
            let middle: String = brackets
                .into_iter()
                .map(|(bracket, text)| bracket + &text)
                .collect();
            head + &middle + &last
        });
    vec(item, 0..4).prop_map(|items| items.join(", "))
}

fn names() -> impl Strategy<Value = BTreeSet<String>> {
    btree_set("[ab]{0,1}[0-3]{1,3}(-[01]{1,2}){0,2}x{0,1}", 0..40)
}

fn set(names: &BTreeSet<String>) -> HostSet {
    HostSet::from_names(names).unwrap()
}

fn plain(set: &HostSet) -> BTreeSet<String> {
    set.iter().map(str::to_owned).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_text_is_read_or_refused_inside_it(text in any::<String>(), dense in r"[ab0-9\[\],\-/ é]{0,24}") {
        let limits = Limits { max_names: 10_000, ..Limits::default() };
        for text in [text, dense] {
            match expand(&text, &limits) {
                Ok(names) => {
                    let set = HostSet::parse(&text, &limits).unwrap();
                    prop_assert_eq!(names.len(), set.len());
                }
                Err(error) => {
                    prop_assert!(text.get(error.offset..error.offset + error.len).is_some(), "{:?} in {:?}", error, text);
                    prop_assert!(!error.to_string().is_empty());
                }
            }
            let _ = HostSet::from_names([&text]);
        }
    }

    #[test]
    fn printed_list_reads_back(text in hostlist()) {
        let list = parse(&text)?;
        prop_assert_eq!(&parse(&list.to_string())?, &list);
    }

    #[test]
    fn count_is_the_number_of_names(text in hostlist()) {
        let list = parse(&text)?;
        prop_assert_eq!(list.iter().count() as u64, list.count());
        let names: Vec<String> = list.iter().collect();
        let mut visited = Vec::new();
        list.for_each(|name| visited.push(name.to_owned()));
        prop_assert_eq!(visited, names);
    }

    #[test]
    fn fold_keeps_the_names(text in hostlist()) {
        let list = parse(&text)?;
        let names: BTreeSet<String> = list.iter().collect();
        let folded = HostSet::from(&list).to_string();
        let again = expand(&folded, &Limits::default()).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(again.len(), names.len(), "a name twice in {}", folded);
        prop_assert_eq!(again.into_iter().collect::<BTreeSet<_>>(), names);
    }

    #[test]
    fn printed_set_reads_back(names in names()) {
        let set = set(&names);
        prop_assert_eq!(plain(&set), names);
        let printed = set.to_string();
        prop_assert_eq!(&printed.parse::<HostSet>().unwrap(), &set);
        prop_assert_eq!(printed.parse::<HostSet>().unwrap().to_string(), printed);
    }

    #[test]
    fn algebra_is_that_of_sets(a in names(), b in names()) {
        let (x, y) = (set(&a), set(&b));
        prop_assert_eq!(plain(&x.union(&y)), &a | &b);
        prop_assert_eq!(plain(&x.intersection(&y)), &a & &b);
        prop_assert_eq!(plain(&x.difference(&y)), &a - &b);
        prop_assert_eq!(plain(&x.symmetric_difference(&y)), &a ^ &b);
        prop_assert_eq!(x.is_subset(&y), a.is_subset(&b));
        prop_assert!(x.intersection(&y).is_subset(&x) && x.is_subset(&x.union(&y)));
        prop_assert_eq!(x == y, a == b);
        for name in a.iter().chain(&b) {
            prop_assert_eq!(x.contains(name), a.contains(name));
        }
        prop_assert!(x.iter().is_sorted_by(|a, b| natural_cmp(a, b).is_lt()));
    }

    #[test]
    fn natural_order_is_total(a in "[a0-2.]{0,5}", b in "[a0-2.]{0,5}", c in "[a0-2.]{0,5}") {
        prop_assert_eq!(natural_cmp(&a, &b), natural_cmp(&b, &a).reverse());
        prop_assert_eq!(natural_cmp(&a, &b).is_eq(), a == b);
        if natural_cmp(&a, &b).is_le() && natural_cmp(&b, &c).is_le() {
            prop_assert!(natural_cmp(&a, &c).is_le());
        }
    }
}
