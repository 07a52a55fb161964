//! `RW0xxx`: reading YAML and JSON.

use crate::diagnostic::Severity;
use crate::rule::Rule;

/// The text is not YAML, or not JSON.
pub static YAML_SYNTAX: Rule = Rule {
    code: "RW0001",
    name: "yaml-syntax",
    severity: Severity::Error,
    summary: "The text is not YAML, or not JSON.",
    doc: "## What it does

Reports the place where the text stops being YAML (or JSON, in a file of JSON values). Reading goes on with the next document of the file.

## Why

kubectl and the API server refuse the whole file.

## Example

```yaml
spec:
  racks: [a, b
```

## Fix

Close the bracket, the quote or the indentation that the finding points at. Directives such as `%YAML 1.2` are not supported: remove them.
",
};

/// The file is not UTF-8.
pub static INVALID_UTF8: Rule = Rule {
    code: "RW0002",
    name: "invalid-utf8",
    severity: Severity::Error,
    summary: "The file is not UTF-8.",
    doc: r"## What it does

Reports the first byte that is not UTF-8.

## Why

Kubernetes speaks UTF-8 only; another encoding turns names into different names.

## Example

```yaml
name: caf\xe9    # Latin-1
```

## Fix

Save the file as UTF-8.
",
};

/// A control character stands in the text.
pub static CONTROL_CHARACTER: Rule = Rule {
    code: "RW0003",
    name: "control-character",
    severity: Severity::Error,
    summary: "A control character stands in the text.",
    doc: r#"## What it does

Reports characters that YAML does not allow in a text: NUL, escape sequences, a byte order mark in the middle.

## Why

They are invisible in most editors, and kubectl refuses them.

## Example

```yaml
name: train<NUL>
```

## Fix

Remove the character, or write it as an escape in double quotes: `"\x00"`.
"#,
};

/// A tab is used as indentation.
pub static TAB_INDENTATION: Rule = Rule {
    code: "RW0004",
    name: "tab-indentation",
    severity: Severity::Error,
    summary: "A tab is used as indentation.",
    doc: "## What it does

Reports a tab where YAML counts spaces.

## Why

YAML gives a tab no width, so the nesting is unknown; kubectl refuses the file.

## Example

```yaml
spec:
<TAB>replicas: 1
```

## Fix

Indent with spaces.
",
};

/// A key stands twice in one map.
pub static DUPLICATE_KEY: Rule = Rule {
    code: "RW0005",
    name: "duplicate-key",
    severity: Severity::Error,
    summary: "A key stands twice in one map.",
    doc: "## What it does

Reports both places of a key that stands twice in one map.

## Why

kubectl takes the last one silently; the API server complains under strict validation. One of the two is a mistake.

## Example

```yaml
gpu:
  powerLimit: 700W
  powerLimit: 1000W
```

## Fix

Keep one of them.
",
};

/// A key is read as something other than what is written.
pub static AMBIGUOUS_KEY: Rule = Rule {
    code: "RW0006",
    name: "ambiguous-key",
    severity: Severity::Error,
    summary: "A key is read as something other than what is written.",
    doc: "## What it does

Reports plain keys that kubectl turns into another text (`y` becomes `true`, `010` becomes `8`), or that YAML 1.1 reads as a number.

## Why

The key that arrives at the API server is not the one in the file.

## Example

```yaml
labels:
  y: rack-1
```

## Fix

Put the key in quotes.
",
};

/// YAML 1.1 and YAML 1.2 read a value differently.
pub static AMBIGUOUS_SCALAR: Rule = Rule {
    code: "RW0007",
    name: "ambiguous-scalar",
    severity: Severity::Error,
    summary: "YAML 1.1 and YAML 1.2 read a value differently.",
    doc: "## What it does

Reports plain values that kubectl, YAML 1.1 and YAML 1.2 do not read alike: `no`, `on`, `y`, `010`, `0o17`, `1_000`, `0b1`, `1e3`, `12:30`, `0000:18:00.0`.

## Why

What the value means depends on the program that reads the file: kubectl reads `no` as false and `010` as 8, other tools read text and 10. Dates are not reported: kubectl keeps them as text.

## Example

```yaml
rack: no
```

## Fix

Put the value in quotes if it is meant as text; write `false` or `8` if that is what is meant.
",
};

/// An alias refers to an anchor that does not exist.
pub static UNKNOWN_ANCHOR: Rule = Rule {
    code: "RW0008",
    name: "unknown-anchor",
    severity: Severity::Error,
    summary: "An alias refers to an anchor that does not exist.",
    doc: "## What it does

Reports `*name` without `&name` before it in the same document.

## Why

There is no value to put there; kubectl refuses the file.

## Example

```yaml
model: *.bin
```

## Fix

Define the anchor earlier in the same document, or put the text in quotes.
",
};

/// A tag is not supported.
pub static UNSUPPORTED_TAG: Rule = Rule {
    code: "RW0013",
    name: "unsupported-tag",
    severity: Severity::Error,
    summary: "A tag is not supported.",
    doc: "## What it does

Reports tags other than `!!str`, `!!int`, `!!float`, `!!bool`, `!!null`, `!!map`, `!!seq`, and those on a value they do not fit.

## Why

kubectl drops unknown tags silently, so what the author meant by them is lost.

## Example

```yaml
password: !vault abc
```

## Fix

Remove the tag.
",
};

/// A number that JSON cannot carry.
pub static NOT_JSON: Rule = Rule {
    code: "RW0014",
    name: "not-a-json-number",
    severity: Severity::Error,
    summary: "A number that JSON cannot carry.",
    doc: "## What it does

Reports `.inf` and `.nan`.

## Why

JSON has no such numbers; kubectl refuses the file.

## Example

```yaml
limit: .inf
```

## Fix

Leave the field out if it means no limit, or put the text in quotes.
",
};

/// A number does not survive the way to the API server.
pub static NUMBER_OUT_OF_RANGE: Rule = Rule {
    code: "RW0015",
    name: "number-out-of-range",
    severity: Severity::Error,
    summary: "A number does not survive the way to the API server.",
    doc: "## What it does

Reports integers beyond 64 bits (signed) and floats beyond the largest one.

## Why

kubectl turns them into floats and loses digits silently: 18446744073709551615 arrives as 18446744073709552000.

## Example

```yaml
guid: 18446744073709551615
```

## Fix

Put identifiers in quotes.
",
};

/// A key is not a string.
pub static COMPLEX_KEY: Rule = Rule {
    code: "RW0016",
    name: "complex-key",
    severity: Severity::Error,
    summary: "A key is not a string.",
    doc: "## What it does

Reports keys that are lists, maps, or nothing.

## Why

JSON objects have string keys only; kubectl refuses the file.

## Example

```yaml
? [a, b]
: 1
```

## Fix

Write the key as a word. `{{ value }}` of a template that was not rendered shows up here as well.
",
};

/// A merge with `<<` that is wrong or overrides keys before it.
pub static BAD_MERGE: Rule = Rule {
    code: "RW0017",
    name: "bad-merge",
    severity: Severity::Error,
    summary: "A merge with `<<` that is wrong or overrides keys before it.",
    doc: "## What it does

Reports `<<` on something that is not a map, and merges that override a key written before them.

## Why

By YAML's merge rule the explicit key wins; kubectl lets the later one win.

## Example

```yaml
a: 1
<<: *defaults    # defaults has `a` too
```

## Fix

Put `<<` in front of all other keys of the map.
",
};

/// A document is not a map.
pub static NOT_AN_OBJECT: Rule = Rule {
    code: "RW0018",
    name: "not-an-object",
    severity: Severity::Error,
    summary: "A document is not a map.",
    doc: "## What it does

Reports documents whose root is a list or a scalar.

## Why

A Kubernetes object is a map with `apiVersion` and `kind`.

## Example

```yaml
- kind: GPUPool
```

## Fix

Separate the objects with `---`, or put them under `items` of a `List`.
",
};

/// A document has no `apiVersion` or no `kind`.
pub static MISSING_KIND: Rule = Rule {
    code: "RW0019",
    name: "missing-kind",
    severity: Severity::Error,
    summary: "A document has no `apiVersion` or no `kind`.",
    doc: "## What it does

Reports documents that do not say what they are.

## Why

kubectl refuses them, and no schema can be found for them.

## Example

```yaml
metadata: { name: train }
```

## Fix

Add `apiVersion: rackwright.dev/v1alpha1` and the `kind`.
",
};
