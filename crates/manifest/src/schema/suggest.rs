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
        let distance = strsim::osa_distance(&folded, &fold(candidate));
        if distance <= allowed && best.is_none_or(|best| (distance, candidate) < best) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate.to_owned())
}

/// Whether two names differ in nothing but what people get wrong most.
pub(super) fn same(one: &str, other: &str) -> bool {
    fold(one) == fold(other)
}

/// Case, hyphens and underscores are what people get wrong most.
fn fold(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, '-' | '_'))
        .flat_map(char::to_lowercase)
        .collect()
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
