//! "Did you mean": the nearest of the names that exist.

/// The name that the text was most likely meant to be, if one is near enough: a third of its length, at least one
/// edit.
pub fn nearest<'a>(text: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let text = text.to_lowercase();
    let most = (text.chars().count() / 3).max(1);
    names
        .into_iter()
        .map(|name| (strsim::osa_distance(&text, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let names = ["RW2001", "RW2002", "node-claimed-twice"];
        assert_eq!(nearest("RW201", names), Some("RW2001"));
        assert_eq!(nearest("node-claimed-twcie", names), Some("node-claimed-twice"));
        assert_eq!(nearest("XY", names), None);
        assert_eq!(nearest("dgx-b200", names), None);
    }
}
