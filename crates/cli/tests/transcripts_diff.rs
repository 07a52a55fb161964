//! What people see of `rackwright diff`: each form and each failure, compared letter by letter. After a change that is meant:
//! `INSTA_UPDATE=always cargo test -p rackwright-cli --test transcripts_diff`, then read the difference.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests are not tests to clippy"
)]

#[path = "support/run.rs"]
mod run;
#[path = "support/transcript.rs"]
mod transcript;

/// `examples/tiny` with a smaller pool at other addresses, under a power budget.
const TINY_MOVED: &str = "apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks: [ { names: \"r[1-2]\", nodes: \"n[1-2]\", system: dgx-b200 } ]
  power: { budget: 100kW }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: lab-train }
spec:
  supercluster: lab
  nodes: { racks: r1 }
  host: { sysctls: { vm.swappiness: \"1\" } }
  fabrics: [ { name: lab-compute } ]
---
apiVersion: rackwright.dev/v1alpha1
kind: InfiniBandFabric
metadata: { name: lab-compute }
spec:
  supercluster: lab
  plane: Compute
  topology: { type: FatTree, rails: 2, nodesPerUnit: 1 }
  addressing: { ipv4: 10.11.0.0/24 }
";

/// Command lines, in the directory of their input, with what comes on standard input.
const TRANSCRIPTS: &[(&str, &str, &str)] = &[
    (
        "diff-text",
        "diff crates/cli/tests/changes/old.yaml crates/cli/tests/changes/new.yaml",
        "",
    ),
    (
        "diff-json",
        "diff crates/cli/tests/changes/old.yaml crates/cli/tests/changes/new.yaml --output json",
        "",
    ),
    (
        "diff-markdown",
        "diff crates/cli/tests/changes/old.yaml crates/cli/tests/changes/new.yaml --output markdown",
        "",
    ),
    (
        "diff-none",
        "diff crates/cli/tests/changes/old.yaml crates/cli/tests/changes/old.yaml",
        "",
    ),
    (
        "diff-none-markdown",
        "diff crates/cli/tests/changes/old.jsonl crates/cli/tests/changes/old.yaml -o markdown",
        "",
    ),
    (
        "diff-of-saved-plan",
        "diff crates/cli/tests/changes/old.jsonl crates/cli/tests/changes/new.yaml",
        "",
    ),
    (
        "diff-of-two-saved-plans",
        "diff crates/cli/tests/changes/old.jsonl crates/cli/tests/changes/old.json",
        "",
    ),
    (
        "diff-refused",
        "diff crates/cli/tests/changes/old.yaml crates/cli/tests/changes/new.yaml --exit-zero --max-nodes 10 --max-domains 2 --forbid drain,destructive --require-approval-of 0123",
        "",
    ),
    ("diff-exit-zero", "diff examples/tiny - --exit-zero", TINY_MOVED),
    (
        "diff-drift",
        "diff crates/cli/tests/drift/lab.json crates/cli/tests/changes/new.yaml",
        "",
    ),
    (
        "diff-drift-json",
        "diff crates/cli/tests/drift/lab.json crates/cli/tests/changes/old.yaml -o json",
        "",
    ),
    (
        "diff-drift-markdown",
        "diff crates/cli/tests/drift/lab.json crates/cli/tests/changes/old.yaml -o markdown",
        "",
    ),
    (
        "diff-fail-on-drift",
        "diff crates/cli/tests/drift/lab.json crates/cli/tests/changes/old.yaml --fail-on-drift",
        "",
    ),
    (
        "diff-fail-on-drift-of-documents",
        "diff crates/cli/tests/changes/old.yaml crates/cli/tests/changes/old.yaml --fail-on-drift",
        "",
    ),
    (
        "diff-with-findings",
        "diff crates/cli/tests/changes/old.yaml crates/cli/tests/corpus/rules/missing-fabric.yaml",
        "",
    ),
    (
        "diff-old-side-with-findings",
        "diff crates/cli/tests/corpus/rules/missing-fabric.yaml crates/cli/tests/changes/old.yaml",
        "",
    ),
    ("diff-missing-side", "diff nope examples/tiny", ""),
    ("diff-missing-revision", "diff nope:deploy examples/tiny", ""),
    ("diff-one-side-missing", "diff nope", ""),
    ("diff-standard-input-twice", "diff - -", ""),
    (
        "diff-unknown-class",
        "diff examples/tiny examples/tiny --forbid boom",
        "",
    ),
    (
        "diff-full-disk",
        "diff examples/tiny examples/tiny -o json=/dev/full",
        "",
    ),
    ("help-diff", "diff --help", ""),
];

#[test]
fn transcripts() {
    transcript::check(TRANSCRIPTS);
}
