//! The rules about a set of files as a whole, and the list of all rules of the program.

use rackwright_manifest::{Rule, Severity};

/// The same object stands twice.
pub static DUPLICATE_OBJECT: Rule = Rule {
    code: "RW0101",
    name: "duplicate-object",
    severity: Severity::Error,
    summary: "The same object stands twice in what was read",
    doc: r#"## What it does
Kind and name identify an object; all kinds of Rackwright are cluster-scoped, so a namespace tells nothing apart. Both places are shown.

## Why
`kubectl apply` sends both, one after the other: which one holds depends on the order of files. Neither is compiled.

## Example
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: scratch }
spec: { supercluster: lab, nfs: { server: nas1, export: /a, transport: TCP }, mountPoint: /scratch }
---
apiVersion: rackwright.dev/v1alpha1
kind: StorageTier
metadata: { name: scratch }
spec: { supercluster: lab, nfs: { server: nas2, export: /b, transport: TCP }, mountPoint: /scratch }
```

## Fix
Remove one of them, or give it another name. If a directory holds bases and overlays of Kustomize, check what Kustomize makes of them: `kubectl kustomize DIRECTORY | rackwright validate -`.
"#,
};

/// A kind that the group does not have.
pub static UNKNOWN_KIND: Rule = Rule {
    code: "RW0102",
    name: "unknown-kind",
    severity: Severity::Error,
    summary: "There is no such kind or version",
    doc: r#"## What it does
An `apiVersion` of the group `rackwright.dev` must name a version and a kind that exist. Objects of other groups are counted and skipped; where `--crd` gives the definition of their kind, their version must be one that it serves.

## Why
The API server answers "no matches for kind": the object would never arrive. A misspelt kind that was skipped in silence would look as if it had been checked.

## Example
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: GpuPool
metadata: { name: train }
```

## Fix
Write the kind as the message says. `rackwright crds` prints all kinds.
"#,
};

/// A value that the schema takes and the program cannot hold.
pub static UNREADABLE_OBJECT: Rule = Rule {
    code: "RW0103",
    name: "unreadable-object",
    severity: Severity::Error,
    summary: "A value is beyond what the program can hold",
    doc: r#"## What it does
The API server's schemas cannot say everything that the program's own types demand; a 32-bit number, for one. Such an object passes the API server and cannot be compiled.

## Why
The operator would show the object as `Stalled` with the reason `Unreadable`. It is better to know before.

## Example
```yaml
apiVersion: rackwright.dev/v1alpha1
kind: NodeInventory
metadata: { name: dgx001 }
spec:
  gpus:
  - { pciAddress: "0000:1b:00.0", product: "NVIDIA B200", memoryMiB: 99999999999 }
```

## Fix
Correct the value that the message names.
"#,
};

/// The rules of this crate.
pub static RULES: &[&Rule] = &[&DUPLICATE_OBJECT, &UNKNOWN_KIND, &UNREADABLE_OBJECT];
