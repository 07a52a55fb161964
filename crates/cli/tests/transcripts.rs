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

/// Two documents in an order that nobody expects, one that repeats itself, and one of others.
const UNFORMATTED: &str = "# The pools of the lab.
kind: GPUPool
apiVersion: rackwright.dev/v1alpha1
spec:
  rollout: { canary: { soak: 60m, nodes: 1 } }

  # Both racks, since May.
  nodes: { racks: \"a1,a2\" } # ticket 123
  supercluster: \"lab\"
metadata:
  name: train
---
kind: Deployment
apiVersion:   apps/v1
---
apiVersion: rackwright.dev/v1alpha1
kind: GPUPool
metadata: { name: &name other, labels: { pool: *name } }
spec: { supercluster: lab, nodes: { racks: b1 } }
";

/// Command lines, in the directory of their input, with what comes on standard input.
const TRANSCRIPTS: &[(&str, &str, &str)] = &[
    ("help", "--help", ""),
    ("no-verb", "", ""),
    ("unknown-verb", "valdiate examples/tiny", ""),
    ("help-plan", "plan --help", ""),
    ("help-fmt", "fmt --help", ""),
    ("fmt", "fmt -", UNFORMATTED),
    ("fmt-check", "fmt --check -", UNFORMATTED),
    (
        "fmt-check-json",
        "fmt --check -o json - crates/cli/tests/corpus/yaml/unclosed-list.yaml",
        UNFORMATTED,
    ),
    ("fmt-diff", "fmt --diff -", UNFORMATTED),
    ("fmt-formatted", "fmt --check examples/superpod-b200", ""),
    (
        "fmt-left",
        "fmt --check crates/cli/tests/corpus/yaml/duplicate-key.yaml",
        "",
    ),
    ("fmt-missing-file", "fmt --check examples/tiny nope.yaml", ""),
    ("fmt-alone", "fmt - examples/tiny", ""),
    ("version", "version", ""),
    ("version-json", "version -o json", ""),
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
