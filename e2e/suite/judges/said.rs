//! What a validator says of a file that it refuses, and whether that leads to the mistake.

use std::collections::BTreeSet;

use super::server::field;

/// Fields with what is said of them.
#[derive(Debug, Default, Clone)]
pub struct Said(Vec<(String, String)>);

impl Said {
    /// Something that is said of a field, or of the file where there is none.
    pub fn add(&mut self, path: &str, message: &str) {
        self.0.push((field(path), message.to_owned()));
    }

    /// Whether it names one of these fields: by its path, or by that of the map that holds it and its name.
    pub fn names(&self, fields: &BTreeSet<String>) -> bool {
        fields.iter().any(|wanted| {
            let (parent, key) = wanted.rsplit_once('.').unwrap_or(("", wanted));
            self.0.iter().any(|(path, message)| {
                path == wanted
                    || (path == parent && quoted(message).any(|word| word == key))
                    || message.contains(wanted.as_str())
            })
        })
    }

    /// Whether it says this.
    pub fn says(&self, words: &str) -> bool {
        self.0.iter().any(|(_, message)| message.contains(words))
    }

    /// Whether it says a number behind this word: that of a line or a column.
    pub fn numbers(&self, word: &str) -> bool {
        self.0.iter().any(|(_, message)| {
            message
                .split(word)
                .skip(1)
                .any(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
        })
    }
}

/// The words between quotes of either kind.
fn quoted(message: &str) -> impl Iterator<Item = &str> {
    message.split(['\'', '"', '`'])
}

#[test]
fn a_field_is_named_by_its_path_or_by_its_map_and_name() {
    let said = |path, message| {
        let mut said = Said::default();
        said.add(path, message);
        said
    };
    let wanted = BTreeSet::from(["spec.topology.rails".to_owned()]);
    assert!(said("spec.topology.rails", "Required value").names(&wanted));
    assert!(said(".spec.topology", "missing properties 'type', 'rails'").names(&wanted));
    assert!(said("", "unknown field \"spec.topology.rails\"").names(&wanted));
    assert!(!said(".spec.topology", "missing property 'rail'").names(&wanted));
    assert!(!said(".spec", "missing property 'rails'").names(&wanted));
    assert!(
        said("", "yaml: line 7: did not find").numbers("line ")
            && !said("", "out of line with").numbers("line ")
    );
}
