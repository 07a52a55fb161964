//! Names that Slurm takes, and lists of them.

use std::collections::BTreeMap;

use rackwright_hostset::HostSet;

/// The longest name of a switch: `HOST_NAME_MAX` of Linux (`_parse_switches`).
const MAX_NAME: usize = 64;
/// Words that stand for other things where a name is expected (`slurm.conf(5)`).
const RESERVED: [&str; 3] = ["all", "default", "none"];

/// What Slurm would refuse, or read as something else.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SlurmError {
    /// A name that is no host of Slurm.
    #[error("Slurm cannot hold the name {name:?}: {reason}")]
    Name {
        /// The name.
        name: Box<str>,
        /// What is wrong with it.
        reason: String,
    },
    /// Two switches or blocks with one name.
    #[error("two domains are named {0}, and Slurm's switches and blocks have a name of their own each")]
    SameName(Box<str>),
    /// No node.
    #[error("there is no node: slurmctld does not start with an empty topology")]
    Empty,
    /// No level.
    #[error("a tree needs one level at least")]
    NoLevel,
    /// Several roots.
    #[error(
        "{0} and {1} meet nowhere, and a job could not span them: begin with the level of the fabric, or of a pod where \
         there is one"
    )]
    NoRoot(Box<str>, Box<str>),
    /// Sizes that are no sizes.
    #[error(
        "block sizes {0:?} are not what Slurm takes: the first is the base, each other a larger power of two of it, up to \
         32,768 times"
    )]
    Sizes(Vec<u32>),
    /// A block smaller than the base.
    #[error("block {block} has {nodes}, fewer than the base block size of {base}")]
    Small {
        /// The block.
        block: Box<str>,
        /// Its nodes.
        nodes: usize,
        /// The base.
        base: u32,
    },
    /// Two topologies with one name, or a number of defaults other than one.
    #[error("{0}")]
    Entries(String),
}

/// Whether Slurm takes a name; it says why not.
pub(super) fn check(name: &str) -> Result<(), SlurmError> {
    let refused = |reason: String| {
        Err(SlurmError::Name {
            name: name.into(),
            reason,
        })
    };
    if name.len() > MAX_NAME {
        return refused(format!("{} characters are more than {MAX_NAME}", name.len()));
    }
    if RESERVED.iter().any(|word| name.eq_ignore_ascii_case(word)) {
        return refused("the word stands for something else".to_owned());
    }
    if let Err(error) = HostSet::from_names([name]) {
        return refused(error.to_string());
    }
    Ok(())
}

/// A hostlist with brackets at the ends of names only: Slurm refuses text after the last bracket.
pub(super) fn fold<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<String, SlurmError> {
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for name in names {
        check(name)?;
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
        groups.entry(stem).or_default().push(name);
    }
    let mut parts = Vec::new();
    for names in groups.into_values() {
        let set = HostSet::from_names(names.iter().copied()).map_err(|error| SlurmError::Name {
            name: names[0].into(),
            reason: error.to_string(),
        })?;
        parts.push(set.to_string());
    }
    Ok(parts.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_are_at_the_end() {
        let list = |names: &[&str]| fold(names.iter().copied()).unwrap();
        assert_eq!(list(&["n08", "n09", "n10", "login"]), "login,n[08-10]");
        assert_eq!(list(&["r1n1", "r1n2", "r2n1"]), "r1n[1-2],r2n1");
        assert_eq!(list(&["n1-ib", "n2-ib", "n9", "n10"]), "n[9-10],n1-ib,n2-ib");
        assert_eq!(list(&["7", "8"]), "[7-8]");
    }

    #[test]
    fn what_slurm_cannot_hold_is_refused() {
        let long = "n".repeat(65);
        for name in [
            "", "a b", "a,b", "a[1]", "n#1", "ä", "n=1", "n\n", "Default", "ALL", &long,
        ] {
            assert!(check(name).is_err(), "{name:?}");
        }
        for name in ["n1", "n-1.lab_x", "defaults", &"n".repeat(64)] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
    }
}
