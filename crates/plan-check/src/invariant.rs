//! What a code means.

/// One invariant. Invariants are data: `rackwright explain CODE` prints them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invariant {
    /// Stable code, `RW9nnn`.
    pub code: &'static str,
    /// Name in kebab-case, for people.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// Markdown with the sections `## What it does`, `## Why`, `## Example`, `## Fix`.
    pub doc: &'static str,
}

/// Declares the invariants: a static for each, and the table of all.
macro_rules! invariants {
    ($($ident:ident = $code:literal, $name:literal, $summary:literal,
       does $does:literal, why $why:literal, example $example:literal;)*) => {
        $(
            #[doc = $summary]
            pub(crate) static $ident: Invariant = Invariant {
                code: $code,
                name: $name,
                summary: $summary,
                doc: concat!(
                    "## What it does\n\n", $does,
                    "\n\n## Why\n\n", $why,
                    "\n\n## Example\n\n", $example,
                    "\n\n## Fix\n\nThe manifests cannot cause this: it is a defect of Rackwright, and nothing of this \
                     plan is written. Nodes keep what they have. Please report the message with the manifests that \
                     led to it.\n",
                ),
            };
        )*

        /// Every invariant, by code.
        pub static INVARIANTS: &[&Invariant] = &[$(&$ident),*];
    };
}

pub(crate) use invariants;
