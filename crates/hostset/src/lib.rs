//! Hostlists as `ClusterShell` (`NodeSet`) and Slurm read them: expand, fold, set algebra. No dependencies.
//!
//! Start with [`expand`] for the names of a text, [`Hostlist`] to keep the written form and walk its names without
//! a `String` for each, [`HostSet`] for unions and differences and for the folded form, and [`natural_cmp`] for
//! the order in which people expect `n9` before `n10`.
//!
//! ```
//! use rackwright_hostset::{HostSet, Limits, expand};
//!
//! assert_eq!(expand("a[08-10],login", &Limits::default())?, ["a08", "a09", "a10", "login"]);
//! let racks: HostSet = "r[1-2]n[01-03]".parse()?;
//! let gone: HostSet = "r2n03".parse()?;
//! assert_eq!(racks.difference(&gone).to_string(), "r1n[01-03],r2n[01-02]");
//! # Ok::<(), rackwright_hostset::ParseError>(())
//! ```
//!
//! It never resolves a name, never reads groups (`@rack`), wildcards or the set operators of the `nodeset` command
//! (`!`, `&`, `^`), and never allocates for names that it has not counted first: a text that stands for more than
//! [`Limits::max_names`] names is refused from its numbers alone.
//!
//! # Syntax
//!
//! ```text
//! list   = [ item { "," item } ]            white space is free around items, nowhere else
//! item   = name text and brackets, at least one of them: login  n[01-18,20]  r[1-2]n[01-03]-ib[0-1]  n[1-2].lab
//! text   = ASCII letters, digits, "-", "_", "."
//! bracket= "[" range { "," range } "]"
//! range  = number [ "-" number [ "/" step ] ]
//! ```
//!
//! The empty text is the empty list, so that the empty set prints and reads back.
//!
//! # Where the two programs differ
//!
//! A text that the two read as different names is refused with its fix. A text that only one of them takes is
//! accepted where its meaning is plain. Checked against `ClusterShell` 1.10.1 by `tests/clustershell.rs`; Slurm's side
//! is read from the source of its `src/common/hostlist.c`, not run.
//!
//! | text | `ClusterShell` | Slurm | here |
//! |---|---|---|---|
//! | `n[01-100]`, `n[1-010]`: ends of different padding | refuses | pads all to the first width | refused |
//! | `n1[9-10]`, `n1[9,10]`: a digit before numbers of different widths | n19 to n110, 92 names | n19, n110 | refused; `n1[1-3]` is taken |
//! | `n[1, 5]`: white space in brackets | n1, n5 | n1, n05 | refused |
//! | `a b`: white space in a name | one name | two names | refused; write a comma |
//! | `n[10-1]` | refuses | refuses | refused |
//! | `n[1-]` | refuses | n1 | refused |
//! | `n[-1]`, `n[1-2-3]` | negative numbers | refuses | refused |
//! | `a,,b`, a comma at an end | refuses | skips it | refused |
//! | `a[1-2][3-4]`, `a[1-2]5[3-4]`: only digits between brackets | refuses | takes it | refused |
//! | `n[0-10]7`: numbers of different widths before a digit | refuses some | refuses | refused; `n[0-9]7` is taken |
//! | `n[0-8/2]7`: digits after a step | refuses | refuses | refused |
//! | `@group`, `n*`, `a!b`, `a&b`, `a^b` | groups, wildcards, operators | part of a name | refused |
//! | `n[1-2` | refuses | a name with a bracket | refused |
//! | `n[0-10/2]`: a step | takes it | refuses | accepted; [`HostSet`] never prints one |
//! | `n[1-2]-ib`: text after the last bracket | takes it | refuses | accepted |
//! | `n[1,01]`: both widths in one bracket, each its own range | two names | two names | accepted |
//! | `a1,a1`: a name written twice | one name | two names | [`expand`] refuses it and names it; [`Hostlist`] keeps it as written; in a [`HostSet`] it is one name |
//!
//! Order is not part of that table: `ClusterShell` sorts, Slurm varies the bracket before the last one slowest when
//! there are three or more. Here names come as written, with the rightmost bracket varying fastest.

mod error;
mod fold;
mod limits;
mod list;
mod names;
mod natural;
mod parse;
mod set;

pub use error::{ErrorKind, NameError, ParseError};
pub use limits::{Limits, MAX_NAME_LEN};
pub use list::{Hostlist, expand};
pub use names::Names;
pub use natural::natural_cmp;
pub use set::{HostSet, HostSetIter};
