//! What people see of `explain` and `init`: transcripts, as in `transcripts.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests are not tests to clippy"
)]

#[path = "support/run.rs"]
mod run;
#[path = "support/transcript.rs"]
mod transcript;

/// Two sites that say something of their own hardware: an override, a new entry, a table of MIG profiles, and one mistake.
const OWN_HARDWARE: &str = "apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks: [ { names: \"a[1-2]\", nodes: n1, system: our-b200 } ]
  catalogue:
    systems:
    - { name: dgx-b200, maxPower: 12500W, source: \"meter in row 4, all GPUs at their cap\" }
    - { name: our-b200, like: hgx-b200, computeLinks: 9, source: our order }
    gpus:
    - name: b200-sxm6-180gb
      minPower: 300W
      mig: { computeSlices: 7, memorySlices: 8, profiles: [ { name: 7g.180gb, computeSlices: 7, memorySlices: 8, max: 1 } ] }
      source: our VBIOS
---
apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: north }
spec:
  racks: [ { names: \"b[1-2]\", nodes: n1, system: dgx-b200 } ]
  catalogue:
    systems:
    - { name: dgx-b200, maxPower: 13kW, source: \"meter in hall 2\" }
    - { name: half, gpus: 4, source: our order }
";

/// Command lines, in the directory of their input, with what comes on standard input.
const TRANSCRIPTS: &[(&str, &str, &str)] = &[
    ("explain-code", "explain rw2012", ""),
    ("explain-name", "explain duplicate-object", ""),
    ("explain-invariant", "explain RW9001", ""),
    ("explain-json", "explain RW0101 --output json", ""),
    ("explain-unknown", "explain RW201", ""),
    ("explain-field", "explain gpupool.spec.gpu.mig", ""),
    (
        "explain-field-leaf",
        "explain StorageTier.spec.localNVMe.raid",
        "",
    ),
    ("explain-field-rules", "explain gp.spec.nodes.racks", ""),
    (
        "explain-field-json",
        "explain infinibandfabric.spec.addressing.mtu -o json",
        "",
    ),
    ("explain-kind", "explain gpupool", ""),
    (
        "explain-kind-recursive",
        "explain storagetier.spec --recursive",
        "",
    ),
    ("explain-field-misspelt", "explain gpupool.spec.gpu.mgi", ""),
    ("explain-field-elsewhere", "explain gpupool.mig", ""),
    ("explain-kind-misspelt", "explain gpupol.spec.gpu", ""),
    ("explain-node", "explain node dgx097 examples/superpod-b200", ""),
    (
        "explain-node-json",
        "explain node r1-n2 examples/tiny -o json",
        "",
    ),
    (
        "explain-node-in-cluster",
        "explain node r2-n3 crates/cli/tests/drift/lab.json",
        "",
    ),
    (
        "explain-node-edited-in-cluster",
        "explain node r2-n1 crates/cli/tests/drift/lab.json",
        "",
    ),
    (
        "explain-node-of-no-pool-in-cluster",
        "explain node r3-n4 crates/cli/tests/drift/lab.json",
        "",
    ),
    (
        "explain-node-not-in-cluster",
        "explain node r9-n4 crates/cli/tests/drift/lab.json",
        "",
    ),
    (
        "explain-node-in-cluster-json",
        "explain node r1-n2 crates/cli/tests/drift/lab.json -o json",
        "",
    ),
    (
        "explain-node-changes",
        "explain node r3-n3 crates/cli/tests/changes/new.yaml --previous crates/cli/tests/changes/old.jsonl",
        "",
    ),
    (
        "explain-node-of-saved-plan",
        "explain node r3-n3 crates/cli/tests/changes/old.jsonl",
        "",
    ),
    (
        "explain-node-of-refused-pool",
        "explain node a1-n1 crates/cli/tests/corpus/rules/node-claimed-twice.yaml",
        "",
    ),
    (
        "explain-node-unknown",
        "explain node dgx997 examples/superpod-b200",
        "",
    ),
    ("explain-node-from-nothing", "explain node dgx097", ""),
    ("explain-rule-with-paths", "explain RW2002 x examples/tiny", ""),
    ("explain-system", "explain system dgx-b200", ""),
    ("explain-systems", "explain system", ""),
    ("explain-system-json", "explain system gb200-nvl72 -o json", ""),
    ("explain-system-unknown", "explain system dgx-b20", ""),
    ("explain-gpu", "explain gpu b200-sxm6-180gb", ""),
    ("explain-switches-json", "explain switch --output json", ""),
    ("explain-adapters", "explain adapter", ""),
    ("explain-compatibility", "explain compatibility", ""),
    (
        "explain-compatibility-row",
        "explain compatibility lustre-rhel-8-7-kernel",
        "",
    ),
    (
        "explain-own-system",
        "explain system dgx-b200 --file -",
        OWN_HARDWARE,
    ),
    (
        "explain-own-system-like",
        "explain system our-b200 -f -",
        OWN_HARDWARE,
    ),
    (
        "explain-own-system-json",
        "explain system our-b200 -f - -o json",
        OWN_HARDWARE,
    ),
    ("explain-own-systems", "explain systems -f -", OWN_HARDWARE),
    (
        "explain-own-gpu",
        "explain gpu b200-sxm6-180gb -f -",
        OWN_HARDWARE,
    ),
    (
        "explain-own-built-in",
        "explain adapter connectx-7 -f -",
        OWN_HARDWARE,
    ),
    ("explain-own-unknown", "explain system half -f -", OWN_HARDWARE),
    ("explain-own-rule", "explain RW2002 -f -", OWN_HARDWARE),
    (
        "explain-own-without-site",
        "explain system -f examples/superpod-b200/pools.yaml",
        "",
    ),
    ("explain-rule-with-name", "explain RW2002 dgx-b200", ""),
    (
        "init-new",
        "init --system dgx-b200 --nodes 10 --scratch 8 --scratch-model SAMSUNG* --nfs nas1:/home",
        "",
    ),
    ("init-cluster", "init --from crates/cli/tests/init/nodes.yaml", ""),
    (
        "init-slurm",
        "init --from crates/cli/tests/init/slurm.conf --name lab",
        "",
    ),
    (
        "init-table",
        "init --from crates/cli/tests/init/hosts.csv --system hgx-h100",
        "",
    ),
    (
        "init-capture",
        "init --from crates/cli/tests/fabric/designed.txt --system hgx-b200",
        "",
    ),
    ("init-nothing", "init", ""),
    (
        "init-ask",
        "init --ask --name lab",
        "\ndgx\n7\n36\n\n\n\n4\n\n0\nnas\n\n",
    ),
    ("init-ask-too-few-answers", "init --ask", "lab\n"),
    (
        "init-not-valid",
        "init --system dgx-b200 --nodes 4 --racks A1",
        "",
    ),
    ("init-system-unknown", "init --system dgx-b20 --nodes 4", ""),
    ("init-without-system", "init --names n[1-3]", ""),
    ("init-no-source", "init --from README.md", ""),
    ("help-init", "init --help", ""),
];

#[test]
fn transcripts() {
    transcript::check(TRANSCRIPTS);
}
