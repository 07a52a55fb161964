//! Differences between the server and ours that are wanted, with their reasons.

use std::collections::BTreeSet;

use super::tables::Judged;

/// Why ours says something else.
pub struct Reason {
    pub title: &'static str,
    pub why: &'static str,
    holds: fn(&Judged) -> bool,
}

/// All of them. In the first four ours refuses what the server takes, in the others it stops where the server goes on.
pub const WANTED: [Reason; 6] = [
    Reason {
        title: "text without quotes that YAML 1.1 and YAML 1.2 read differently",
        why: "`010` is 8 to kubectl and 10 to others, `12:30:45` a text or a number: what arrives depends on who reads the \
              file, and the server sees only what came of it ([RW0006](rules/RW0006.md), [RW0007](rules/RW0007.md))",
        holds: |judged| but_for(judged, &["RW0006", "RW0007"]),
    },
    Reason {
        title: "tag of YAML",
        why: "the server's reader drops tags that it does not know, others refuse them ([RW0013](rules/RW0013.md))",
        holds: |judged| but_for(judged, &["RW0013"]),
    },
    Reason {
        title: "number that the schema takes and the operator cannot hold",
        why: "the operator could not read the object, so nothing would come of it ([RW0103](rules/RW0103.md))",
        holds: |judged| but_for(judged, &["RW0103"]),
    },
    Reason {
        title: "list where a date belongs",
        why: "the server's check of a format lets a list pass where the schema wants a text, which is a mistake of its library; nothing \
              could read the object ([RW1003](rules/RW1003.md))",
        holds: |judged| {
            judged.ours.said.says("must be of type string: \"array\"") && but_for(judged, &["RW1003"])
        },
    },
    Reason {
        title: "nested deeper than 64 levels",
        why: "both refuse it; ours stops reading there, before it can name the unknown field ([RW0010](rules/RW0010.md))",
        holds: |judged| judged.ours.errors.iter().any(|(code, _)| *code == "RW0010"),
    },
    Reason {
        title: "what follows from a key that stands twice",
        why: "both name the key; of what is missing or wrong in the value that came last ours says nothing, since that may be \
              the one to remove ([RW0005](rules/RW0005.md))",
        holds: follows_from_a_duplicate,
    },
];

/// Whether both agree when the findings of these rules are left out.
fn but_for(judged: &Judged, codes: &[&str]) -> bool {
    let errors = &judged.ours.errors;
    let left: Vec<_> = errors.iter().filter(|(code, _)| !codes.contains(code)).collect();
    let fields: BTreeSet<&str> = left.iter().map(|(_, field)| field.as_str()).collect();
    left.len() < errors.len()
        && judged.server.class.is_some() != left.is_empty()
        && judged.same_fields(&fields)
}

/// Whether all that ours leaves out stands in a value whose key stands twice, which both name.
fn follows_from_a_duplicate(judged: &Judged) -> bool {
    let ours = judged.ours.fields();
    let twice: Vec<&str> = judged
        .ours
        .errors
        .iter()
        .filter(|(code, _)| *code == "RW0005")
        .map(|(_, field)| field.as_str())
        .collect();
    let server = &judged.server.fields;
    let within = |field: &str| {
        twice
            .iter()
            .any(|key| field.strip_prefix(key).is_some_and(|rest| rest.starts_with('.')))
    };
    ours.iter().all(|field| server.contains(*field))
        && server
            .iter()
            .all(|field| ours.contains(field.as_str()) || within(field))
}

/// The reason for a difference; none where it is a mistake.
pub fn wanted(judged: &Judged) -> Option<usize> {
    WANTED.iter().position(|reason| (reason.holds)(judged))
}
