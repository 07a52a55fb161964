//! What people see: each verb in each form with each exit code, as a transcript that is compared letter by letter.
//! After a change that is meant: `INSTA_UPDATE=always cargo test -p rackwright-cli --test transcripts`, then read the
//! difference.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests are not tests to clippy"
)]

#[path = "support/run.rs"]
mod run;
#[path = "support/transcript.rs"]
mod transcript;

/// A kernel argument that the API server and the compiler take, and GRUB's file cannot hold.
const INEXPRESSIBLE: &str = "apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec: { racks: [ { names: \"a[1-2]\", nodes: \"n[1-2]\", system: dgx-b200 } ] }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: p }
spec: { supercluster: lab, nodes: { racks: \"a[1-2]\" }, host: { kernelArguments: [ 'a=b\\c' ] } }
";

/// A warning that is ignored with a reason, one that is ignored and is not there, and one that is told.
const IGNORED: &str = "apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec: { racks: [ { names: \"a[1-2]\", nodes: \"n[1-2]\", system: dgx-b200 } ] }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata:
  name: early
  annotations:
    rackwright.dev/ignore: |
      RW2010: the agents come in May, ticket 123
spec: { supercluster: lab, nodes: { selector: { matchLabels: { team: a } } } }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: train, annotations: { rackwright.dev/ignore: \"RW2010: as early has it\" } }
spec: { supercluster: lab, nodes: { racks: a1 } }
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: other }
spec: { supercluster: lab, nodes: { selector: { matchLabels: { team: b } } } }
";

/// Command lines, in the directory of their input, with what comes on standard input.
const TRANSCRIPTS: &[(&str, &str, &str)] = &[
    ("help", "--help", ""),
    ("no-verb", "", ""),
    ("unknown-verb", "valdiate examples/tiny", ""),
    ("help-validate", "validate --help", ""),
    ("help-plan", "plan --help", ""),
    ("version", "version", ""),
    ("version-json", "version -o json", ""),
    ("validate-clean", "validate examples/tiny", ""),
    ("validate-clean-json", "validate examples/tiny --output json", ""),
    ("validate-directory", "validate examples/gitops", ""),
    (
        "validate-findings",
        "validate crates/cli/tests/corpus/schema/misspelt-nested-field.yaml",
        "",
    ),
    (
        "validate-findings-colour",
        "validate --color always crates/cli/tests/corpus/schema/misspelt-nested-field.yaml",
        "",
    ),
    (
        "validate-two-parties",
        "validate crates/cli/tests/corpus/rules/node-claimed-twice.yaml",
        "",
    ),
    (
        "validate-hostlist-fix",
        "validate crates/cli/tests/corpus/rules/hostlist-backwards.yaml",
        "",
    ),
    (
        "validate-findings-json",
        "validate -o json crates/cli/tests/corpus/rules/node-claimed-twice.yaml",
        "",
    ),
    (
        "validate-warning",
        "validate crates/cli/tests/corpus/rules/empty-pool.yaml",
        "",
    ),
    (
        "validate-warning-strict",
        "validate --strict crates/cli/tests/corpus/rules/empty-pool.yaml",
        "",
    ),
    (
        "validate-missing-file",
        "validate nope.yaml crates/cli/tests/corpus/rules/unknown-rack.yaml",
        "",
    ),
    (
        "validate-nothing-of-ours",
        "validate -",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\n",
    ),
    ("validate-pattern", "validate examples/t[a-z]*y/*.yaml", ""),
    (
        "validate-pattern-none",
        "validate examples/tiny examples/**/*.toml",
        "",
    ),
    (
        "validate-pattern-not-one",
        "validate examples/tiny examples/***.yaml",
        "",
    ),
    (
        "validate-revision-none",
        "validate no-such-revision:examples/tiny",
        "",
    ),
    ("validate-charts", "validate charts", ""),
    (
        "validate-crd-none",
        "validate examples/tiny --crd examples/tiny",
        "",
    ),
    (
        "validate-fix-dry-run",
        "validate --fix --dry-run crates/cli/tests/corpus/schema/enum-lower-case.yaml crates/cli/tests/corpus/yaml/ambiguous-octal.yaml",
        "",
    ),
    ("validate-fix-nothing", "validate --fix examples/tiny", ""),
    (
        "validate-fix-standard-input",
        "validate --fix -",
        "apiVersion: rackwright.dev/v1alpha1\nkind: Supercluster\nmetadata: { name: lab, labels: { floor: 3 } }\nspec: {}\n",
    ),
    ("validate-dry-run-alone", "validate --dry-run examples/tiny", ""),
    ("validate-ignored", "validate -", IGNORED),
    ("validate-ignored-json", "validate - --strict -o json", IGNORED),
    ("plan-ignored", "plan - --node a1-n1", IGNORED),
    ("validate-empty-input", "validate -", ""),
    (
        "validate-sarif",
        "validate -o sarif crates/cli/tests/corpus/rules/node-claimed-twice.yaml",
        "",
    ),
    (
        "validate-baseline-missing",
        "validate --baseline nope.json examples/tiny",
        "",
    ),
    (
        "validate-baseline-not-one",
        "validate --baseline examples/tiny/lab.yaml examples/tiny",
        "",
    ),
    (
        "validate-baseline-twice",
        "validate --baseline a.json --write-baseline b.json examples/tiny",
        "",
    ),
    ("validate-sarif-clean", "validate -o sarif examples/tiny", ""),
    (
        "validate-junit",
        "validate -o junit crates/cli/tests/corpus/rules/node-claimed-twice.yaml nope.yaml",
        "",
    ),
    ("validate-junit-clean", "validate -o junit examples/tiny", ""),
    (
        "validate-junit-warning",
        "validate -o junit crates/cli/tests/corpus/rules/empty-pool.yaml",
        "",
    ),
    (
        "validate-markdown",
        "validate -o markdown crates/cli/tests/corpus/rules/node-claimed-twice.yaml nope.yaml",
        "",
    ),
    (
        "validate-markdown-clean",
        "validate -o markdown examples/tiny",
        "",
    ),
    (
        "validate-github",
        "validate -o github crates/cli/tests/corpus/rules/node-claimed-twice.yaml nope.yaml",
        "",
    ),
    (
        "validate-two-forms-on-standard-output",
        "validate -o text -o sarif examples/tiny",
        "",
    ),
    (
        "validate-two-forms-in-one-file",
        "validate -o text=nope -o sarif=nope examples/tiny",
        "",
    ),
    ("validate-unknown-form", "validate -o serif examples/tiny", ""),
    (
        "validate-file-without-name",
        "validate -o sarif= examples/tiny",
        "",
    ),
    (
        "validate-file-in-no-folder",
        "validate -o sarif=nope/findings.sarif examples/tiny",
        "",
    ),
    (
        "validate-full-disk",
        "validate -o sarif=/dev/full examples/tiny",
        "",
    ),
    ("plan-text", "plan examples/tiny", ""),
    ("plan-superpod", "plan examples/superpod-b200", ""),
    ("plan-json", "plan examples/tiny --output json", ""),
    ("plan-jsonl", "plan examples/tiny --output jsonl", ""),
    ("plan-yaml", "plan examples/tiny --output yaml", ""),
    ("plan-node", "plan examples/superpod-b200 --node dgx097", ""),
    (
        "plan-node-jsonl",
        "plan examples/tiny --node r2-n2 --output jsonl",
        "",
    ),
    ("plan-node-unknown", "plan examples/tiny --node r1-n3", ""),
    (
        "plan-refused",
        "plan crates/cli/tests/corpus/rules/missing-fabric.yaml",
        "",
    ),
    (
        "plan-refused-jsonl",
        "plan crates/cli/tests/corpus/rules/missing-fabric.yaml -o jsonl",
        "",
    ),
    (
        "plan-node-of-refused-pool",
        "plan crates/cli/tests/corpus/rules/missing-fabric.yaml --node a1-n1",
        "",
    ),
    ("plan-missing-file", "plan examples/tiny nope", ""),
    (
        "plan-changes",
        "plan crates/cli/tests/changes/new.yaml --previous crates/cli/tests/changes/old.jsonl",
        "",
    ),
    (
        "plan-changes-json",
        "plan crates/cli/tests/changes/new.yaml --previous crates/cli/tests/changes/old.json -o json",
        "",
    ),
    (
        "plan-changes-none",
        "plan crates/cli/tests/changes/old.yaml --previous crates/cli/tests/changes/old.jsonl",
        "",
    ),
    (
        "plan-previous-missing",
        "plan examples/tiny --previous nope.jsonl",
        "",
    ),
    (
        "plan-previous-not-a-plan",
        "plan examples/tiny --previous examples/tiny/lab.yaml",
        "",
    ),
    ("help-render", "render --help", ""),
    ("help-render-node", "render node --help", ""),
    ("help-render-cluster", "render cluster --help", ""),
    (
        "render-ignition",
        "render node r1-n1 examples/tiny --format ignition",
        "",
    ),
    (
        "render-cloud-init",
        "render node dgx097 examples/superpod-b200 --format cloud-init",
        "",
    ),
    (
        "render-files-without-folder",
        "render node r1-n1 examples/tiny",
        "",
    ),
    (
        "render-unknown-node",
        "render node r1-n3 examples/tiny --format ignition",
        "",
    ),
    (
        "render-folder-not-ours",
        "render node r1-n1 examples/tiny --out examples",
        "",
    ),
    (
        "render-inexpressible",
        "render node a1-n1 - --format ignition",
        INEXPRESSIBLE,
    ),
    ("help-fabric", "fabric --help", ""),
    ("help-fabric-render", "fabric render --help", ""),
    ("help-fabric-check", "fabric check --help", ""),
    ("help-fabric-compare", "fabric compare --help", ""),
    (
        "fabric-check-text",
        "fabric check crates/cli/tests/fabric/swapped.txt crates/cli/tests/fabric/site.yaml",
        "",
    ),
    (
        "fabric-check-json",
        "fabric check crates/cli/tests/fabric/swapped.txt crates/cli/tests/fabric/site.yaml -o json",
        "",
    ),
    (
        "fabric-check-markdown",
        "fabric check crates/cli/tests/fabric/swapped.txt crates/cli/tests/fabric/site.yaml -o markdown",
        "",
    ),
    (
        "fabric-check-clean",
        "fabric check crates/cli/tests/fabric/designed.txt crates/cli/tests/fabric/site.yaml",
        "",
    ),
    (
        "fabric-check-empty",
        "fabric check - crates/cli/tests/fabric/site.yaml",
        "",
    ),
    ("fabric-check-which", "fabric check - examples/superpod-b200", ""),
    (
        "fabric-render-unknown-unit",
        "fabric render examples/superpod-b200 --planned --out nowhere --unit 99",
        "",
    ),
    (
        "render-cluster-unknown-keys",
        "render cluster examples/tiny --out nowhere --topology-keys kubernetes",
        "",
    ),
    (
        "render-cluster-no-such-level",
        "render cluster examples/tiny --out nowhere --topology-keys rack=a --topology-levels unit",
        "",
    ),
    ("crds-unknown-form", "crds --output toml", ""),
    ("completions-unknown-shell", "completions csh", ""),
];

#[test]
fn transcripts() {
    transcript::check(TRANSCRIPTS);
}
