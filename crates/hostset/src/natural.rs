//! Natural order of names.

use std::cmp::Ordering;

/// Compares names as people sort them: `n9 < n10`, and `n1 < n01 < n2`.
///
/// A run of digits counts by its value, then by its width; every other byte counts by itself. The order is total, and
/// two names are equal in it only if they are the same text. Runs may have any length.
pub fn natural_cmp(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    loop {
        match (a.first(), b.first()) {
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let (run_a, rest_a) = a.split_at(digits(a));
                let (run_b, rest_b) = b.split_at(digits(b));
                let order = compare_runs(run_a, run_b);
                if order.is_ne() {
                    return order;
                }
                (a, b) = (rest_a, rest_b);
            }
            (Some(x), Some(y)) if x == y => (a, b) = (&a[1..], &b[1..]),
            (x, y) => return x.cmp(&y), // None, the end of a name, comes first
        }
    }
}

/// How many digits `text` begins with.
pub(crate) fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

fn compare_runs(a: &[u8], b: &[u8]) -> Ordering {
    let (value_a, value_b) = (significant(a), significant(b));
    value_a
        .len()
        .cmp(&value_b.len())
        .then_with(|| value_a.cmp(value_b))
        .then_with(|| a.len().cmp(&b.len()))
}

fn significant(run: &[u8]) -> &[u8] {
    let zeros = run.iter().take_while(|&&byte| byte == b'0').count();
    &run[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_by_value_then_width() {
        let sorted = [
            "",
            "0",
            "00",
            "1",
            "01",
            "2",
            "10",
            "a",
            "a-1",
            "a.1",
            "a0",
            "a00",
            "a1",
            "a1-b",
            "a1b",
            "a01",
            "a01b",
            "a2",
            "a10",
            "a99999999999999999999",
            "a100000000000000000000",
            "a_1",
            "aa",
            "b",
        ];
        for (i, x) in sorted.iter().enumerate() {
            for (j, y) in sorted.iter().enumerate() {
                assert_eq!(natural_cmp(x, y), i.cmp(&j), "{x:?} and {y:?}");
            }
        }
    }
}
