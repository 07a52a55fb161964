//! "Did you mean": the nearest of a set of names.

/// The nearest candidate, if one is near enough to be what was meant.
pub(super) fn nearest<'a>(text: &str, candidates: impl Iterator<Item = &'a str>) -> Option<String> {
    // Longer texts are values, not misspelt names, and the distance takes quadratic time.
    const MAX_LENGTH: usize = 64;
    if text.len() > MAX_LENGTH {
        return None;
    }
    let folded = fold(text);
    let allowed = (text.chars().count() / 3).clamp(1, 4);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates.filter(|candidate| candidate.len() <= MAX_LENGTH) {
        let distance = distance(&folded, &fold(candidate));
        if distance <= allowed && best.is_none_or(|best| (distance, candidate) < best) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate.to_owned())
}

/// Case, hyphens and underscores are what people get wrong most.
fn fold(text: &str) -> Vec<char> {
    text.chars()
        .filter(|c| !matches!(c, '-' | '_'))
        .flat_map(char::to_lowercase)
        .collect()
}

/// Edits between two words, a swap of neighbours counting once.
fn distance(a: &[char], b: &[char]) -> usize {
    let width = b.len() + 1;
    let mut rows = vec![0; (a.len() + 1) * width];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            let at = i * width + j;
            if i == 0 || j == 0 {
                rows[at] = i + j;
                continue;
            }
            let cost = usize::from(a[i - 1] != b[j - 1]);
            let mut least = (rows[at - width] + 1)
                .min(rows[at - 1] + 1)
                .min(rows[at - width - 1] + cost);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[at - 2 * width - 2] + 1);
            }
            rows[at] = least;
        }
    }
    rows[a.len() * width + b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant_and_nothing_else() {
        let fields = ["railPrefixes", "rails", "nodesPerUnit", "powerLimit"];
        let find = |text: &str| nearest(text, fields.into_iter());
        assert_eq!(find("railPrefix").as_deref(), Some("railPrefixes"));
        assert_eq!(find("power_limit").as_deref(), Some("powerLimit"));
        assert_eq!(find("rials").as_deref(), Some("rails"));
        assert_eq!(find("colour"), None);
        assert_eq!(find(""), None);
        assert_eq!(find(&"x".repeat(1000)), None);
    }
}
