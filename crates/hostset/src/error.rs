//! Why a text or a name is refused, where, and what to write instead.

use crate::limits::MAX_NAME_LEN;
use std::fmt;

/// A refused hostlist. Displays the reason and, where there is one, the fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// Where the refused part begins, in bytes from the start of the text.
    pub offset: usize,
    /// How many bytes it spans; 0 where something is missing.
    pub len: usize,
    /// The reason.
    pub kind: ErrorKind,
}

/// A refused name in a set made from names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameError {
    /// The name as given.
    pub name: String,
    /// What is wrong in it; its offset counts from the start of the name.
    pub error: ParseError,
}

/// The reasons for refusing a hostlist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorKind {
    /// Nothing between two commas, or a comma at an end.
    EmptyItem,
    /// White space between two names, or inside one.
    SpaceInName,
    /// A character that no name may hold.
    Character(char),
    /// `[` without its `]`.
    UnclosedBracket,
    /// `]` without its `[`.
    StrayBracket,
    /// `[` inside brackets.
    NestedBracket,
    /// Two brackets with nothing or only digits between them.
    AdjacentBrackets,
    /// A missing number: `[]`, `[1,]`, `[1-]`, `[1-5/]`.
    MissingNumber,
    /// White space inside brackets.
    SpaceInBrackets,
    /// Something inside brackets that is no digit, and no `-`, `/` or `,` in its place.
    NotANumber(char),
    /// A number of more than 18 digits.
    TooManyDigits,
    /// The ends of a range are padded to different widths.
    PaddingMismatch {
        /// First number, as written.
        low: String,
        /// Last number, as written.
        high: String,
    },
    /// A range whose first number is above its last.
    Descending {
        /// First number, as written.
        low: String,
        /// Last number, as written.
        high: String,
    },
    /// Numbers of different widths in a bracket straight before or after a digit.
    WidthsBesideDigit,
    /// Digits straight after a bracket with a step.
    StepBeforeDigit,
    /// A step of 0.
    ZeroStep,
    /// A step after a single number.
    StepWithoutRange,
    /// A name beyond [`MAX_NAME_LEN`] bytes.
    NameTooLong,
    /// More names than [`Limits::max_names`](crate::Limits::max_names).
    TooManyNames {
        /// How many names the text stands for up to the range that passes the limit; `None` beyond 64 bits.
        count: Option<u64>,
        /// The limit.
        max: u32,
    },
    /// More text than [`Limits::max_text`](crate::Limits::max_text) bytes.
    TextTooLong {
        /// The limit.
        max: usize,
    },
    /// A name that an earlier part of the text already gives.
    Duplicate(String),
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyItem => f.write_str("a name is missing beside this comma: remove the comma"),
            Self::SpaceInName => f.write_str("white space between names: separate names with a comma"),
            Self::Character('@') => f.write_str("`@` groups are not read here: write the names of the group"),
            Self::Character(c @ ('*' | '?')) => write!(f, "`{c}` wildcards are not read here: write the names"),
            Self::Character(c @ ('!' | '&' | '^')) => {
                write!(f, "the set operator `{c}` is not read here: write the resulting names")
            }
            Self::Character(c) => {
                write!(f, "{c:?} cannot be in a name: names hold ASCII letters, digits, `-`, `_` and `.`")
            }
            Self::UnclosedBracket => f.write_str("this `[` is never closed: add `]` after its last number"),
            Self::StrayBracket => f.write_str("this `]` closes nothing: add `[` before its first number"),
            Self::NestedBracket => f.write_str("brackets cannot hold brackets: close the first with `]`"),
            Self::AdjacentBrackets => {
                f.write_str("only digits between two brackets, which ClusterShell refuses: list the numbers in one bracket")
            }
            Self::MissingNumber => f.write_str("a number is missing here"),
            Self::SpaceInBrackets => f.write_str(
                "white space in brackets, which Slurm counts as padding: remove it",
            ),
            Self::NotANumber(c) => {
                write!(f, "{c:?} is not a number: brackets hold numbers and ranges, such as `[1-4,7]` or `[0-10/2]`")
            }
            Self::TooManyDigits => f.write_str("numbers in brackets have at most 18 digits"),
            Self::PaddingMismatch { low, high } => {
                let width = low.len().max(high.len());
                let (bare_low, bare_high) = (bare(low), bare(high));
                write!(
                    f,
                    "`{low}` and `{high}` are padded differently: write `{low:0>width$}-{high:0>width$}` for padded \
                     numbers or `{bare_low}-{bare_high}` for plain ones"
                )
            }
            Self::Descending { low, high } => write!(f, "the range runs backwards: write `{high}-{low}`"),
            Self::WidthsBesideDigit => f.write_str(
                "beside a digit, ClusterShell and Slurm read numbers of different widths differently: move the digit \
                 into the brackets, one width to a range, such as `n[18-19,110-112]` for `n1[8-12]`",
            ),
            Self::StepBeforeDigit => {
                f.write_str("digits after a bracket with a step, which ClusterShell refuses: write the numbers out")
            }
            Self::ZeroStep => f.write_str("a step of 0 never ends: write a step of 1 or more"),
            Self::StepWithoutRange => f.write_str("a step needs a range, such as `0-10/2`"),
            Self::NameTooLong => write!(f, "a name is longer than {MAX_NAME_LEN} bytes"),
            Self::TooManyNames { count: Some(count), max } => {
                write!(f, "{count} names up to here; at most {max} are read")
            }
            Self::TooManyNames { count: None, max } => write!(f, "more than 2^64 names; at most {max} are read"),
            Self::TextTooLong { max } => write!(f, "the text is longer than {max} bytes"),
            Self::Duplicate(name) => write!(f, "`{name}` is written twice: remove one of them"),
        }
    }
}

/// The number without its leading zeros.
fn bare(number: &str) -> &str {
    match number.trim_start_matches('0') {
        "" => "0",
        bare => bare,
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl std::error::Error for ParseError {}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "name {:?}: {}", self.name, self.error)
    }
}

impl std::error::Error for NameError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}
