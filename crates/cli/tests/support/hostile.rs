//! Names and values that try to get out of the forms in which they are told.

/// A file name that ends a property of a workflow command and a path of a URI.
pub const HOSTILE_FILE: &str = "a,b:c%0A #[x](y)`|<b>.yaml";

/// Field names that end a line, a code span, an element, a placeholder, and a terminal's title.
pub const HOSTILE: &str = "apiVersion: rackwright.dev/v1alpha1
kind: Supercluster
metadata: { name: lab }
spec:
  racks: [ { names: \"a[1-2]\", nodes: n1, system: dgx-b200 } ]
  \"a\\n::error::break out\": 1
  \"``` @everyone <script>alert(1)</script> [x](https://example.com)\": 1
  \"]]></testcase>&lt; {0} 100%0A\\r::warning::more\": 1
  \"\\e]0;title\\a\\u202Egnp.exe\": 1
";
