//! Model patterns: `*` matches any run of characters, everything else itself.

/// Whether a text matches a pattern. Linear but for the last `*`, to which the search goes back.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // Where the last star stands, and up to where it reaches in the text so far.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            star = Some((p, t));
            p += 1;
        } else if pattern.get(p) == Some(&text[t]) {
            p += 1;
            t += 1;
        } else if let Some((at, reach)) = star {
            star = Some((at, reach + 1));
            p = at + 1;
            t = reach + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&b| b == b'*')
}

/// Whether some text matches both patterns. Row by row over all pairs of places: at most 64 x 64 (the type's bound).
pub(crate) fn meet(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    // meets[j] of row i: whether the rests from i and j meet. Rows go from the end of `a` to its start.
    let mut below = vec![false; b.len() + 1];
    for i in (0..=a.len()).rev() {
        let mut row = vec![false; b.len() + 1];
        for j in (0..=b.len()).rev() {
            row[j] = match (a.get(i), b.get(j)) {
                (None, None) => true,
                // A star takes nothing, or one more character of the other.
                (Some(b'*'), other) => below[j] || (other.is_some() && row[j + 1]),
                (other, Some(b'*')) => row[j + 1] || (other.is_some() && below[j]),
                (Some(x), Some(y)) => x == y && below[j + 1],
                (None, Some(_)) | (Some(_), None) => false,
            };
        }
        below = row;
    }
    below[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn models() {
        assert!(matches("SAMSUNG MZ*", "SAMSUNG MZWLO3T8HCLS-00A07"));
        assert!(!matches("SAMSUNG MZ*", "KIOXIA KCM6"));
        assert!(meet("SAMSUNG MZWLO*", "SAMSUNG*3T8*"));
        assert!(!meet("SAMSUNG MZWLO*", "SAMSUNG MZVL2*"));
    }

    /// All texts of at most seven letters a and b: two patterns of four characters that meet do so in one of these.
    fn texts() -> Vec<String> {
        let mut all = vec![String::new()];
        let mut last = all.clone();
        for _ in 0..7 {
            last = last
                .iter()
                .flat_map(|text| ["a", "b"].map(|letter| format!("{text}{letter}")))
                .collect();
            all.extend(last.iter().cloned());
        }
        all
    }

    /// From the definition: a star is nothing or any first character and a star again.
    fn by_definition(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some((b'*', rest)), None) => by_definition(rest, text),
            (Some((b'*', rest)), Some((_, shorter))) => {
                by_definition(rest, text) || by_definition(pattern, shorter)
            }
            (Some((x, rest)), Some((y, shorter))) => x == y && by_definition(rest, shorter),
            (None, Some(_)) | (Some(_), None) => false,
        }
    }

    proptest! {
        #[test]
        fn matching_is_as_defined(pattern in "[ab*]{0,6}", text in "[ab]{0,8}") {
            prop_assert_eq!(matches(&pattern, &text), by_definition(pattern.as_bytes(), text.as_bytes()));
        }

        #[test]
        fn patterns_meet_where_a_text_matches_both(a in "[ab*]{0,4}", b in "[ab*]{0,4}") {
            let both = texts().iter().any(|text| matches(&a, text) && matches(&b, text));
            prop_assert_eq!(meet(&a, &b), both);
        }
    }
}
