//! JUnit XML: a suite a file, a case a finding. What fails the run is a failure, what could not be read an error.

use std::collections::BTreeMap;

use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};
use rackwright_manifest::Diagnostic;
use rackwright_manifest::render::{self, Colour, printable};

use super::{Report, place};
use crate::report;
use crate::verbs::VerbError;

/// Name of the report, and of the suite of what stands in no file.
const SUITE: &str = "rackwright validate";

/// The whole document.
pub fn document(report: &Report<'_>) -> Result<String, VerbError> {
    let sources = &report.outcome.sources;
    let mut suites: BTreeMap<&str, Vec<TestCase>> = BTreeMap::new();
    for finding in &report.outcome.diagnostics {
        let file = place(finding, sources).map_or(SUITE, |(file, _)| file);
        suites.entry(file).or_default().push(case(finding, report));
    }
    let whole = suites.entry(SUITE).or_default();
    for failure in report.failures() {
        whole.push(TestCase::new(
            "input",
            status(NonSuccessKind::Error, None, &failure),
        ));
    }
    // A report without a case is taken for a broken one by some readers.
    let mut summary = TestCase::new("read", TestCaseStatus::success());
    summary.set_system_out(report::summary(report.outcome));
    whole.push(summary);
    let mut document = Document::new(SUITE);
    for (file, mut cases) in suites {
        for case in &mut cases {
            case.set_classname(printable(file));
        }
        let mut suite = TestSuite::new(printable(file));
        suite.add_test_cases(cases);
        document.add_test_suite(suite);
    }
    Ok(document.to_string()?)
}

fn case(finding: &Diagnostic, report: &Report<'_>) -> TestCase {
    let sources = &report.outcome.sources;
    let name = match place(finding, sources) {
        Some((_, at)) => format!("{} at {}:{}", finding.code, at.line, at.column),
        None => finding.code.to_string(),
    };
    let mut status = if report.fails(finding) {
        status(
            NonSuccessKind::Failure,
            Some(finding.code.as_str()),
            &finding.message,
        )
    } else {
        // The only state that readers show and that does not fail the run.
        let mut skipped = TestCaseStatus::skipped();
        skipped
            .set_type(finding.code.as_str())
            .set_message(printable(&finding.message));
        skipped
    };
    status.set_description(render::text(finding, sources, Colour::Never));
    TestCase::new(name, status)
}

fn status(kind: NonSuccessKind, code: Option<&str>, message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(printable(message));
    if let Some(code) = code {
        status.set_type(code);
    }
    status
}
