//! The command-line reference, generated from the command line itself.

use clap::Command;

const ON_A_TERMINAL: &str = "On a terminal texts for people are coloured (not with `NO_COLOR`, `TERM=dumb` or `--color never`); long ones \
     of `plan`, `diff` and `explain` go through `$PAGER`, else `less` (not with `--no-pager`); and a run that takes longer than a second says on \
     standard error what it is at (not where `CI` is set). In a pipe there is none of that.\n\n";

/// All verbs with their flags and examples as Markdown, from which `docs/cli.md` is made.
pub fn reference_markdown() -> String {
    let mut root = crate::command();
    root.build();
    let mut out = format!("# Command line\n\n{}\n\n", about(&root));
    out.push_str(ON_A_TERMINAL);
    out.push_str("Exit codes are in [exit-codes.md](exit-codes.md).\n\n| verb | what it does |\n|---|---|\n");
    for verb in verbs(&root) {
        let name = verb.get_name();
        let short = verb.get_about().map(ToString::to_string).unwrap_or_default();
        out.push_str(&format!("| [`{name}`](#rackwright-{name}) | {short} |\n"));
    }
    for verb in verbs(&root) {
        verb_section(&mut out, "rackwright", "##", verb);
    }
    out
}

fn verbs(root: &Command) -> impl Iterator<Item = &Command> {
    root.get_subcommands().filter(|verb| verb.get_name() != "help")
}

fn about(command: &Command) -> String {
    command
        .get_long_about()
        .or(command.get_about())
        .map(ToString::to_string)
        .unwrap_or_default()
}

/// A verb, then its own verbs a level below.
fn verb_section(out: &mut String, parent: &str, level: &str, verb: &Command) {
    let name = format!("{parent} {}", verb.get_name());
    out.push_str(&format!("\n{level} {name}\n\n{}\n\n", about(verb)));
    arguments(out, verb);
    for below in verbs(verb) {
        verb_section(out, &name, &format!("{level}#"), below);
    }
}

fn arguments(out: &mut String, verb: &Command) {
    let usage = verb.clone().render_usage().to_string();
    out.push_str(&format!(
        "```text\n{}\n```\n\n| argument | meaning |\n|---|---|\n",
        usage.trim_start_matches("Usage: ")
    ));
    for argument in verb
        .get_arguments()
        .filter(|argument| argument.get_id() != "help")
    {
        let mut name = match (argument.get_short(), argument.get_long()) {
            (Some(short), Some(long)) => format!("-{short}, --{long}"),
            (None, Some(long)) => format!("--{long}"),
            _ => String::new(),
        };
        let takes_value = argument.get_action().takes_values();
        for value in argument
            .get_value_names()
            .into_iter()
            .flatten()
            .filter(|_| takes_value)
        {
            let space = if name.is_empty() { "" } else { " " };
            name.push_str(&format!("{space}{value}"));
        }
        let mut meaning = argument.get_help().map(ToString::to_string).unwrap_or_default();
        let values: Vec<String> = argument
            .get_possible_values()
            .iter()
            .filter(|value| takes_value && !value.is_hide_set())
            .map(|value| format!("`{}`", value.get_name()))
            .collect();
        if !values.is_empty() {
            meaning.push_str(&format!(": {}", values.join(", ")));
        }
        let defaults: Vec<String> = argument
            .get_default_values()
            .iter()
            .map(|value| format!("`{}`", value.to_string_lossy()))
            .collect();
        if takes_value && !defaults.is_empty() {
            meaning.push_str(&format!(" (default {})", defaults.join(", ")));
        }
        out.push_str(&format!(
            "| `{name}` | {} |\n",
            meaning.replace('|', "\\|").replace('*', "\\*")
        ));
    }
    if let Some(examples) = verb.get_after_help() {
        let text = examples.to_string();
        let lines: Vec<&str> = text.lines().skip(1).map(str::trim).collect();
        out.push_str(&format!("\n```sh\n{}\n```\n", lines.join("\n")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_and_argument_is_documented_with_an_example() {
        let root = crate::command();
        let markdown = reference_markdown();
        let all = verbs(&root).flat_map(|verb| {
            let below = verbs(verb).map(|below| (format!("{} {}", verb.get_name(), below.get_name()), below));
            std::iter::once((verb.get_name().to_owned(), verb)).chain(below)
        });
        for (name, verb) in all {
            assert!(markdown.contains(&format!("## rackwright {name}\n")), "{name}");
            let help = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.starts_with("Examples:\n  "), "{name} has no example");
            assert!(
                help.contains(&format!("rackwright {name}")),
                "{name}'s example shows another verb"
            );
            for argument in verb.get_arguments() {
                assert!(argument.get_help().is_some(), "{name} {}", argument.get_id());
            }
        }
        assert!(markdown.contains("| `--color WHEN` |"), "{markdown}");
    }
}
