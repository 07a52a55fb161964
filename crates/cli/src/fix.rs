//! `--fix`: puts right what has one right answer. What is not part of an answer stays byte for byte.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use rackwright_manifest::{Diagnostic, Fix, Path, rules};

use crate::load::Loaded;
use crate::schemas::OwnSchemas;
use crate::unified;
use crate::verbs::VerbError;
use crate::walk::{Source, Walk};
use crate::whole_file;

/// What is put right may let the next mistake be seen.
const ROUNDS: usize = 8;

/// Answers that are tried one by one where all together are none.
const TRIED: usize = 100;

/// What codes of findings about schemas begin with.
const OF_SCHEMAS: &str = "RW1";

/// A file with answers.
#[derive(Debug)]
pub struct Fixed {
    path: PathBuf,
    before: String,
    after: String,
    /// How many there were.
    pub count: usize,
}

impl Fixed {
    /// The differences, as `diff -u` writes them.
    pub fn diff(&self) -> String {
        unified::diff(&self.path.display().to_string(), &self.before, &self.after)
    }

    /// Writes the file.
    pub fn write(&self) -> Result<(), VerbError> {
        whole_file::write(&self.path, self.after.as_bytes()).map_err(|error| VerbError::File {
            path: self.path.display().to_string(),
            error,
        })
    }
}

/// The files among these inputs that have answers, in reading order. What cannot be read is left to who reports it.
pub fn find(paths: &[PathBuf], schemas: &OwnSchemas) -> Vec<Fixed> {
    let sources = Walk::of_files(paths).sources.into_iter();
    let files = sources.filter_map(|source| match source {
        Source::File(path) => Some(path),
        Source::Stdin | Source::Blob(_) => None,
    });
    files.filter_map(|path| file(path, schemas)).collect()
}

/// Whether a finding has an answer that is right without being asked for.
pub fn is_certain(finding: &Diagnostic) -> bool {
    finding.fix.as_ref().is_some_and(|fix| !fix.guess)
}

fn file(path: PathBuf, schemas: &OwnSchemas) -> Option<Fixed> {
    // Lines of JSON that are fine are read faster than texts with positions.
    let first = Loaded::alone(Source::File(path.clone()), schemas).ok()?;
    first.diagnostics.iter().find(|finding| is_certain(finding))?;
    let before = fs::read_to_string(&path).ok()?;
    let name = path.display().to_string();
    let (after, count) = text(&name, &before, schemas);
    (count > 0).then_some(Fixed {
        path,
        before,
        after,
        count,
    })
}

/// The text with its answers, and how many there were.
fn text(name: &str, before: &str, schemas: &OwnSchemas) -> (String, usize) {
    let judge = |text: &str| Loaded::of_text(name, text, schemas).diagnostics;
    let (mut text, mut count) = (before.to_owned(), 0);
    let mut findings = judge(&text);
    for _ in 0..ROUNDS {
        let answered = apart(&findings);
        if answered.is_empty() {
            break;
        }
        let one_by_one = answered.iter().take(TRIED).map(std::slice::from_ref);
        let better = std::iter::once(&answered[..])
            .chain(one_by_one)
            .find_map(|answered| {
                let candidate = replaced(&text, answered);
                let left = judge(&candidate);
                is_better(&findings, answered, &left).then_some((candidate, left, answered.len()))
            });
        let Some((candidate, left, number)) = better else {
            break;
        };
        (text, findings) = (candidate, left);
        count += number;
    }
    (text, count)
}

/// The findings with certain answers, in the order of these in the text, without those that overlap others.
fn apart(findings: &[Diagnostic]) -> Vec<(&Diagnostic, &Fix)> {
    let certain = findings.iter().filter(|finding| is_certain(finding));
    let mut answered: Vec<(&Diagnostic, &Fix)> = certain
        .filter_map(|finding| Some((finding, finding.fix.as_ref()?)))
        .collect();
    answered.sort_by_key(|(_, fix)| fix.span);
    let mut end = 0;
    answered.retain(|(_, fix)| {
        let free = fix.span.start >= end && fix.span.end > fix.span.start;
        end = if free { fix.span.end } else { end };
        free
    });
    answered
}

fn replaced(text: &str, answered: &[(&Diagnostic, &Fix)]) -> String {
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for (_, fix) in answered {
        out.push_str(text.get(at..fix.span.start as usize).unwrap_or_default());
        out.push_str(&fix.replacement);
        at = fix.span.end as usize;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

/// What makes two findings the same one, wherever it stands.
fn key(finding: &Diagnostic) -> (&str, Option<&str>, &str) {
    (finding.code.as_str(), finding.path.as_deref(), &finding.message)
}

/// Whether these answers make their findings go and bring no others: `no` in quotes is right for a text, and not for what
/// must be true or false. What stands in a field that has got its name was not looked at before, so what is wrong there
/// is not new.
fn is_better(before: &[Diagnostic], answered: &[(&Diagnostic, &Fix)], after: &[Diagnostic]) -> bool {
    let mut known: BTreeMap<_, usize> = BTreeMap::new();
    for finding in before {
        *known.entry(key(finding)).or_default() += 1;
    }
    for (finding, _) in answered {
        known.entry(key(finding)).and_modify(|count| *count -= 1);
    }
    let opened: Vec<String> = answered
        .iter()
        .filter_map(|(finding, fix)| opened(finding, fix))
        .collect();
    after.iter().all(|finding| {
        if let Some(left @ 1..) = known.get_mut(&key(finding)) {
            *left -= 1;
            return true;
        }
        let path = finding.path.as_deref().unwrap_or_default();
        let inside = |field: &String| {
            path.strip_prefix(field.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        finding.code.as_str().starts_with(OF_SCHEMAS) && opened.iter().any(inside)
    })
}

/// The field that an answer gives its name to.
fn opened(finding: &Diagnostic, fix: &Fix) -> Option<String> {
    let unknown = finding.code == rules::UNKNOWN_FIELD.code();
    let mut path: Path = finding.path.as_deref().filter(|_| unknown)?.parse().ok()?;
    path.pop()?;
    Some(path.child(fix.replacement.trim_matches('"')).to_string())
}

#[cfg(test)]
mod tests {
    use rackwright_manifest::{Sources, Span};

    use super::*;

    /// Answers that overlap cannot be given together, and one that takes nothing away has no place.
    #[test]
    fn answers_that_are_given_together_stand_apart() {
        let text = "ab: cd, ef: gh";
        let file = Sources::new().add("a.yaml", text.to_owned());
        let answer = |(start, end): (u32, u32), replacement: &str| {
            Diagnostic::error(rules::UNKNOWN_FIELD.code(), "wrong")
                .fix(Span::new(file, start, end), replacement)
        };
        let guess =
            Diagnostic::error(rules::UNKNOWN_FIELD.code(), "wrong").guess(Span::new(file, 12, 14), "x");
        let findings = [
            answer((8, 10), "EF"),
            answer((4, 6), "CD"),
            answer((5, 9), "no"),
            answer((4, 6), "again"),
            answer((3, 3), "no"),
            guess,
            answer((0, 2), "AB"),
        ];
        assert_eq!(replaced(text, &apart(&findings)), "AB: CD, EF: gh");
    }

    /// What is wrong in a field that got its name was not looked at before; in its neighbours it was.
    #[test]
    fn only_a_field_that_got_its_name_may_have_new_findings() {
        let file = Sources::new().add("a.yaml", "tier_: 1".to_owned());
        let at = |path: &str| {
            let path: Path = path.parse().unwrap();
            Diagnostic::error(rules::UNKNOWN_FIELD.code(), "wrong").path(&path)
        };
        let misspelt = at("spec.tier_").fix(Span::new(file, 0, 5), "tier");
        let before = [misspelt];
        let answered = [(&before[0], before[0].fix.as_ref().unwrap())];
        for (path, expected) in [
            ("spec.tier", true),
            ("spec.tier.x", true),
            ("spec.tier[0]", true),
            ("spec.tiers", false),
            ("spec", false),
            ("spec.tier_", false),
        ] {
            assert_eq!(is_better(&before, &answered, &[at(path)]), expected, "{path}");
        }
        assert!(is_better(&before, &answered, &[]));
    }
}
