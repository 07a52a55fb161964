//! `RW1xxx`: what the API server would say about one object.

use crate::diagnostic::Severity;
use crate::rule::Rule;

/// A field is not in the schema.
pub static UNKNOWN_FIELD: Rule = Rule {
    code: "RW1001",
    name: "unknown-field",
    severity: Severity::Error,
    summary: "A field is not in the schema.",
    doc: "## What it does

Reports fields that the schema does not have, with the nearest name that it has.

## Why

The API server drops unknown fields, or refuses them under strict validation: a misspelt field is a setting that never takes effect.

## Example

```yaml
spec:
  railPrefix: 24    # the field is railPrefixes
```

## Fix

Spell the field as in the schema, or remove it.
",
};

/// A required field is missing.
pub static REQUIRED: Rule = Rule {
    code: "RW1002",
    name: "required-field",
    severity: Severity::Error,
    summary: "A required field is missing.",
    doc: "## What it does

Reports required fields that are not there.

## Why

The API server refuses the object.

## Example

```yaml
kind: GPUPool
spec: {}
```

## Fix

Add the field.
",
};

/// A value has the wrong type.
pub static TYPE: Rule = Rule {
    code: "RW1003",
    name: "wrong-type",
    severity: Severity::Error,
    summary: "A value has the wrong type.",
    doc: r#"## What it does

Reports values of another JSON type than the schema wants, `null` included where it is not allowed.

## Why

The API server refuses the object.

## Example

```yaml
rails: "4"
```

## Fix

Write the value in the type that the finding names; quotes make a string.
"#,
};

/// A value is not one of those that the field takes.
pub static ENUM: Rule = Rule {
    code: "RW1004",
    name: "unsupported-value",
    severity: Severity::Error,
    summary: "A value is not one of those that the field takes.",
    doc: "## What it does

Reports values outside the list of the schema, with the nearest one in it.

## Why

The API server refuses the object.

## Example

```yaml
kernelModules: open    # Open
```

## Fix

Use one of the values that the finding lists.
",
};

/// A text does not have the form that the field wants.
pub static PATTERN: Rule = Rule {
    code: "RW1005",
    name: "pattern-mismatch",
    severity: Severity::Error,
    summary: "A text does not have the form that the field wants.",
    doc: "## What it does

Reports strings that do not match the regular expression of the schema.

## Why

The API server refuses the object. Canonical spellings are asked for so that one thing has one spelling.

## Example

```yaml
powerLimit: 1000w    # 1000W
```

## Fix

Write the value in the form that the finding gives.
",
};

/// A text is too short or too long.
pub static LENGTH: Rule = Rule {
    code: "RW1006",
    name: "wrong-length",
    severity: Severity::Error,
    summary: "A text is too short or too long.",
    doc: r#"## What it does

Reports strings outside the length that the schema allows, in characters.

## Why

The API server refuses the object.

## Example

```yaml
name: ""
```

## Fix

Shorten or lengthen the text.
"#,
};

/// A number is too small, too large, or not a multiple.
pub static RANGE: Rule = Rule {
    code: "RW1007",
    name: "out-of-range",
    severity: Severity::Error,
    summary: "A number is too small, too large, or not a multiple.",
    doc: "## What it does

Reports numbers outside the range of the schema or of the number format.

## Why

The API server refuses the object.

## Example

```yaml
mtu: 1
```

## Fix

Use a number in the range that the finding gives.
",
};

/// A list is too short or too long.
pub static ITEMS: Rule = Rule {
    code: "RW1008",
    name: "list-length",
    severity: Severity::Error,
    summary: "A list is too short or too long.",
    doc: "## What it does

Reports lists outside the number of items that the schema allows.

## Why

The API server refuses the object.

## Example

```yaml
racks: []
```

## Fix

Add or remove items.
",
};

/// A map has too few or too many keys.
pub static PROPERTIES: Rule = Rule {
    code: "RW1009",
    name: "map-size",
    severity: Severity::Error,
    summary: "A map has too few or too many keys.",
    doc: "## What it does

Reports maps outside the number of keys that the schema allows.

## Why

The API server refuses the object.

## Example

```yaml
sysctls: {}    # with minProperties: 1
```

## Fix

Add or remove keys.
",
};

/// A validation rule of the schema fails.
pub static CEL: Rule = Rule {
    code: "RW1010",
    name: "cel-rule",
    severity: Severity::Error,
    summary: "A validation rule of the schema fails.",
    doc: r#"## What it does

Evaluates the CEL rules of the schema (`x-kubernetes-validations`) as the API server does, once the object fits the schema otherwise.

## Why

The API server refuses the object.

## Example

```yaml
nodes: { racks: "a[1-4]", names: "n1" }    # exactly one of them
```

## Fix

The message of the rule says what is wanted.
"#,
};

/// An item of a list stands twice.
pub static UNIQUE: Rule = Rule {
    code: "RW1011",
    name: "duplicate-item",
    severity: Severity::Error,
    summary: "An item of a list stands twice.",
    doc: "## What it does

Reports items of a `list-type: set` that are equal, and items of a `list-type: map` that have equal keys.

## Why

The API server refuses the object.

## Example

```yaml
partitions:
- name: team-a
- name: team-a
```

## Fix

Remove or rename one of them.
",
};

/// A text is not of the format that the field wants.
pub static FORMAT: Rule = Rule {
    code: "RW1012",
    name: "wrong-format",
    severity: Severity::Error,
    summary: "A text is not of the format that the field wants.",
    doc: "## What it does

Reports strings that are not of the schema's format, such as `date-time`, `ipv4` or `cidr`.

## Why

The API server refuses the object.

## Example

```yaml
at: yesterday
```

## Fix

Write the value in the format that the finding names.
",
};

/// Name, labels or annotations break the rules of Kubernetes.
pub static METADATA: Rule = Rule {
    code: "RW1013",
    name: "invalid-metadata",
    severity: Severity::Error,
    summary: "Name, labels or annotations break the rules of Kubernetes.",
    doc: "## What it does

Reports names that are not RFC 1123 subdomains, and labels and annotations with keys or values out of form.

## Why

The API server refuses the object.

## Example

```yaml
metadata: { name: Train_1 }
```

## Fix

Use lower-case letters, digits, `-` and `.` in names; the finding says which rule is broken.
",
};

/// A value does not fit a combination of schemas.
pub static COMPOSITION: Rule = Rule {
    code: "RW1014",
    name: "schema-composition",
    severity: Severity::Error,
    summary: "A value does not fit a combination of schemas.",
    doc: "## What it does

Reports values for which `anyOf`, `oneOf`, `allOf` or `not` of the schema fails.

## Why

The API server refuses the object.

## Example

```yaml
port: true    # anyOf integer, string
```

## Fix

Make the value fit one of the alternatives.
",
};
