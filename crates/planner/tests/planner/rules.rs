//! Every rule's page is a test: what it shows as refused gives exactly its code, what it shows as accepted gives none.

use crate::support::{codes, compile, told};
use rackwright_manifest::Rule;
use rackwright_planner::rules::RULES;
use rackwright_planner::{Compilation, Finding};

/// The YAML block of a section of a rule's page.
pub fn page(code: &str, section: &str) -> &'static str {
    let rule = RULES.iter().find(|rule| rule.code == code).unwrap();
    block(rule.doc, section)
}

/// The YAML block of a section.
fn block<'a>(doc: &'a str, section: &str) -> &'a str {
    let rest = doc
        .split(&format!("## {section}\n```yaml\n"))
        .nth(1)
        .unwrap_or_else(|| panic!("no section {section}"));
    rest.split("\n```").next().unwrap()
}

/// The example of a rule; that of a rule about one member cluster's part, as the part of `one`.
fn example(rule: &Rule, section: &str) -> Compilation {
    // The one list that is too long for a page.
    let quarantined: Vec<String> = (0..256).map(|number| format!("10.9.0.{number}")).collect();
    let text = block(rule.doc, section).replace("10.9.0.0, ...", &quarantined.join(", "));
    let mut compilation = compile(&text);
    if rule.code == "RW2030" {
        compilation.keep_member("one").unwrap();
    }
    compilation
}

#[test]
fn codes_are_unique_and_sorted() {
    let codes: Vec<&str> = RULES.iter().map(|rule| rule.code).collect();
    let mut sorted = codes.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(codes, sorted);
}

#[test]
fn the_refused_example_of_each_rule_gives_its_code() {
    for rule in RULES {
        let compilation = example(rule, "Refused");
        // What depends on a refused object says so as well.
        let direct: Vec<&str> = codes(&compilation)
            .into_iter()
            .filter(|&code| code != "RW2007" || rule.code == code)
            .collect();
        assert!(direct.contains(&rule.code), "{} gave {direct:?}", rule.code);
        let others: Vec<_> = direct.iter().filter(|&&code| code != rule.code).collect();
        assert!(
            others.is_empty() || rule.code == "RW2007",
            "{} gave {others:?} too",
            rule.code
        );
    }
}

#[test]
fn the_accepted_example_of_each_rule_gives_nothing() {
    for rule in RULES {
        let compilation = example(rule, "Accepted");
        assert!(
            compilation.findings.is_empty(),
            "{}: {:?}",
            rule.code,
            compilation.findings
        );
    }
}

/// In full: the words, every place with its note, the part of a text that is meant, what should stand there, what to do.
#[test]
fn the_refused_examples_are_told() {
    let mut text = String::new();
    for rule in RULES {
        let findings = example(rule, "Refused").findings;
        let own = |finding: &&Finding| finding.rule.code != "RW2007" || rule.code == "RW2007";
        for finding in findings.iter().filter(own) {
            text += &told(finding);
        }
    }
    insta::assert_snapshot!(text);
}

/// Each finding names all its objects in the message, so that it can stand in the status of any of them.
#[test]
fn messages_name_every_party() {
    for rule in RULES {
        for finding in example(rule, "Refused").findings {
            for party in &finding.parties {
                let named = finding.message.contains(&party.object.to_string())
                    || finding.message.contains(&party.object.name);
                let pool_of_inventory = finding.rule.code == "RW2016";
                assert!(
                    named || pool_of_inventory,
                    "{}: {} is not in {:?}",
                    rule.code,
                    party.object,
                    finding.message
                );
            }
        }
    }
}

/// An error refuses every intent that it is about; a warning none.
#[test]
fn errors_refuse_their_parties() {
    for rule in RULES {
        let compilation = example(rule, "Refused");
        for finding in &compilation.findings {
            for party in &finding.parties {
                assert_eq!(
                    compilation.refused.contains(&party.object),
                    finding.is_error() && party.refused,
                    "{} {}",
                    rule.code,
                    party.object
                );
            }
        }
    }
}
