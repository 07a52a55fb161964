//! Transcripts of the program, each compared with the file of its name.

use std::path::Path;

use super::run::{code, err, out, root, run_in};

/// Runs command lines in the repository, with what comes on standard input.
pub fn check(transcripts: &[(&str, &str, &str)]) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (name, line, input) in transcripts {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        let output = run_in(&root(), &arguments, input.as_bytes());
        let transcript = format!(
            "$ rackwright {line}\n{}--- standard error\n{}--- exit {}\n",
            out(&output).replace('\u{1b}', "\\e"),
            err(&output).replace('\u{1b}', "\\e"),
            code(&output)
        );
        settings.bind(|| insta::assert_snapshot!(*name, transcript));
    }
}
