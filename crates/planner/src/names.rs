//! How messages show sets of names, and near misses.

use rackwright_hostset::HostSet;

/// The longest folded hostlist that a message shows, in characters.
const SHOWN: usize = 80;

/// The most names that are folded for a message.
const FOLDED: usize = 2_000;

/// Folds names into a hostlist, cut to what a message can hold.
pub(crate) fn folded<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    // Folding sorts; what lies behind the first names is cut from the text anyway.
    let mut names = names.into_iter();
    let first: Vec<&str> = names.by_ref().take(FOLDED).collect();
    let all = names.next().is_none();
    let names = first;
    let folded = HostSet::from_names(names.iter().copied())
        .map_or_else(|_| names.join(","), |set| set.fold().to_string());
    if all && folded.chars().count() <= SHOWN {
        return folded;
    }
    let cut: String = folded.chars().take(SHOWN).collect();
    format!("{cut}…")
}

/// `1 node`, `2 nodes`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}

/// The name that is nearest to `wanted`, if it is near enough to be a typing error.
pub(crate) fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    names
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(wanted, name), name))
        .filter(|(distance, _)| *distance <= 2 && *distance < wanted.len())
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_sets_are_cut() {
        let names: Vec<String> = (0..100).map(|i| format!("x{}y", i * i)).collect();
        let shown = folded(names.iter().map(String::as_str));
        assert!(
            shown.chars().count() <= SHOWN + 1 && shown.ends_with('…'),
            "{shown}"
        );
    }

    #[test]
    fn only_near_names_are_suggested() {
        assert_eq!(nearest("trian", ["train", "infer"]), Some("train"));
        assert_eq!(nearest("x", ["train", "infer"]), None);
    }
}
