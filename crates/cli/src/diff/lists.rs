//! Which item of an old list becomes which of a new one.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use rackwright_hostset::{HostSet, Limits};
use serde_json::Value;

/// Fields that name an item of a list, if each item of both lists has one of its own.
const KEYS: &[&str] = &[
    "name", "names", "tier", "pool", "rail", "serial", "node", "key", "path", "unit", "cluster", "profile",
    "size", "module", "service", "racks", "nodes",
];

/// Keys that are hostlists. With another one an item may still be the same: a group of racks that grows is no other group.
const HOSTLISTS: &[&str] = &["names", "racks", "nodes"];

/// An item by its places in the old and in the new list.
pub(super) type Pair = (Option<usize>, Option<usize>);

/// The field by which the items of two lists are found again.
pub(super) fn key_of(old: &[Value], new: &[Value]) -> Option<&'static str> {
    let unique = |list: &[Value], key: &str| {
        let mut seen = BTreeSet::new();
        list.iter().all(|item| {
            let scalar = item
                .get(key)
                .filter(|value| value.is_string() || value.is_number());
            scalar.is_some_and(|value| seen.insert(value.to_string()))
        })
    };
    KEYS.iter()
        .copied()
        .find(|key| unique(old, key) && unique(new, key))
}

/// The items of two lists: those of the new one in their order, then what is gone. Of items with other hosts those belong together
/// that have the most hosts in common, then those that differ in nothing else. None where those that stay come in another order,
/// since the order of some lists says something.
pub(super) fn pairs(key: &str, old: &[Value], new: &[Value]) -> Option<Vec<Pair>> {
    let mut of_new: Vec<Option<usize>> = new
        .iter()
        .map(|item| old.iter().position(|known| known[key] == item[key]))
        .collect();
    if HOSTLISTS.contains(&key) {
        by_hosts(key, (old, new), &mut of_new);
        let alike = |was: &Value, is: &Value| {
            let [was, is] = [was, is].map(|item| item.as_object().into_iter().flatten());
            was.filter(|(field, _)| *field != key)
                .eq(is.filter(|(field, _)| *field != key))
        };
        for (at, is) in new.iter().enumerate() {
            if of_new[at].is_some() {
                continue;
            }
            // What is only alike tells nothing of an order.
            of_new[at] = (0..old.len()).find(|was| {
                let in_order = of_new[..at].iter().flatten().all(|before| before < was)
                    && of_new[at..].iter().flatten().all(|after| was < after);
                in_order && alike(&old[*was], is)
            });
        }
    }
    if !of_new.iter().flatten().is_sorted() {
        return None;
    }
    let gone = (0..old.len()).filter(|was| !of_new.contains(&Some(*was)));
    let gone = gone.map(|was| (Some(was), None));
    let items = of_new.iter().enumerate().map(|(at, was)| (*was, Some(at)));
    Some(items.chain(gone).collect())
}

/// Finds the items that have hosts in common, those with the most first.
fn by_hosts(key: &str, (old, new): (&[Value], &[Value]), of_new: &mut [Option<usize>]) {
    let hosts = |item: &Value| HostSet::parse(item[key].as_str()?, &Limits::default()).ok();
    let gone: Vec<(usize, HostSet)> = (0..old.len())
        .filter(|was| !of_new.contains(&Some(*was)))
        .filter_map(|was| Some((was, hosts(&old[was])?)))
        .collect();
    let mut common = Vec::new();
    for at in (0..new.len()).filter(|at| of_new[*at].is_none()) {
        let Some(is) = hosts(&new[at]) else { continue };
        let shared = gone
            .iter()
            .map(|(was, hosts)| (hosts.intersection(&is).len(), *was));
        let shared = shared.filter(|(number, _)| *number > 0);
        common.extend(shared.map(|(number, was)| (Reverse(number), at, was)));
    }
    common.sort_unstable();
    for (_, at, was) in common {
        if of_new[at].is_none() && !of_new.contains(&Some(was)) {
            of_new[at] = Some(was);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn group(names: &str, system: &str) -> Value {
        json!({"names": names, "system": system})
    }

    fn of(old: &[(&str, &str)], new: &[(&str, &str)]) -> Option<Vec<Pair>> {
        let groups = |list: &[(&str, &str)]| {
            list.iter()
                .map(|(names, system)| group(names, system))
                .collect::<Vec<_>>()
        };
        let (old, new) = (groups(old), groups(new));
        pairs(key_of(&old, &new).unwrap(), &old, &new)
    }

    #[test]
    fn a_group_is_found_again_by_its_hosts() {
        let old = [("a[1-4]", "x"), ("b[1-2]", "x"), ("c[1-2]", "y")];
        for (new, pairs) in [
            // It grows, beside others that come, go and stay.
            (
                &[("z1", "y"), ("a[1-6]", "x"), ("b[1-2]", "x")][..],
                &[
                    (None, Some(0)),
                    (Some(0), Some(1)),
                    (Some(1), Some(2)),
                    (Some(2), None),
                ][..],
            ),
            // It is cut in two: the larger part is what stays.
            (
                &[("a1", "x"), ("a[2-4]", "x"), ("b[1-2]", "x"), ("c[1-2]", "y")],
                &[
                    (None, Some(0)),
                    (Some(0), Some(1)),
                    (Some(1), Some(2)),
                    (Some(2), Some(3)),
                ],
            ),
            // Another system, the same hosts.
            (
                &[("a[1-4]", "y")],
                &[(Some(0), Some(0)), (Some(1), None), (Some(2), None)],
            ),
            // Nothing else differs.
            (
                &[("a[1-4]", "x"), ("d[1-2]", "x"), ("c[1-2]", "y")],
                &[(Some(0), Some(0)), (Some(1), Some(1)), (Some(2), Some(2))],
            ),
            // All does.
            (
                &[("a[1-4]", "x"), ("d[1-2]", "z"), ("c[1-2]", "y")],
                &[
                    (Some(0), Some(0)),
                    (None, Some(1)),
                    (Some(2), Some(2)),
                    (Some(1), None),
                ],
            ),
        ] {
            assert_eq!(of(&old, new).as_deref(), Some(pairs), "{new:?}");
        }
        let turned = [("b[1-2]", "x"), ("a[1-6]", "x")];
        assert_eq!(of(&old, &turned), None);
    }

    /// A name is what an item is, so another name is another item.
    #[test]
    fn other_names_are_other_items() {
        let list = |name: &str| vec![json!({"name": name, "v": 1})];
        let found = pairs("name", &list("a"), &list("b"));
        assert_eq!(found, Some(vec![(None, Some(0)), (Some(0), None)]));
    }
}
