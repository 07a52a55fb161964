//! `RW0xxx`: what one file may cost.

use crate::diagnostic::Severity;
use crate::rule::Rule;

/// Aliases expand to far too many values.
pub static ALIAS_EXPANSION: Rule = Rule {
    code: "RW0009",
    name: "alias-expansion",
    severity: Severity::Error,
    summary: "Aliases expand to far too many values.",
    doc: "## What it does

Reports documents whose aliases multiply their size (the limits are kubectl's), and anchors that contain themselves.

## Why

A few hundred bytes can expand to gigabytes.

## Example

```yaml
a: &a [x, x, x, x]
b: &b [*a, *a, *a, *a]
c: [*b, *b, *b, *b]    # and so on
```

## Fix

Write the values out.
",
};

/// Maps and lists are nested too deep.
pub static TOO_DEEP: Rule = Rule {
    code: "RW0010",
    name: "too-deep",
    severity: Severity::Error,
    summary: "Maps and lists are nested too deep.",
    doc: "## What it does

Reports nesting beyond 64 levels.

## Why

No Kubernetes object needs it, and programs that recurse over it can be made to fail.

## Example

```yaml
a: [[[[[[[[[[[[ … ]]]]]]]]]]]]
```

## Fix

Remove levels.
",
};

/// The file is larger than the limit.
pub static FILE_TOO_LARGE: Rule = Rule {
    code: "RW0011",
    name: "file-too-large",
    severity: Severity::Error,
    summary: "The file is larger than the limit.",
    doc: "## What it does

Refuses a file beyond the limit (64 MiB unless set otherwise) before it is parsed.

## Why

A file of that size is most likely not the one that was meant.

## Example

```yaml
$ rackwright validate disk.img
```

## Fix

Name the right file, or split it.
",
};

/// The file holds more values than the limit.
pub static TOO_MANY_NODES: Rule = Rule {
    code: "RW0012",
    name: "too-many-nodes",
    severity: Severity::Error,
    summary: "The file holds more values than the limit.",
    doc: "## What it does

Stops when a file, with its aliases expanded, holds more than ten million keys and values.

## Why

Memory would run out first.

## Example

```yaml
[[],[],[],[], …]
```

## Fix

Split the file.
",
};

/// Reading stopped after too many findings.
pub static TOO_MANY_FINDINGS: Rule = Rule {
    code: "RW0020",
    name: "too-many-findings",
    severity: Severity::Error,
    summary: "Reading stopped after too many findings.",
    doc: "## What it does

Stops reading a file after a thousand findings.

## Why

They most likely have one cause.

## Example

```yaml
(a file in another language)
```

## Fix

Mend the first ones and run again.
",
};
