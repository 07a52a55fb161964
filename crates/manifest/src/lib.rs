//! YAML with positions, schemas and CEL as the API server judges them, and the findings that come of both.
//!
//! What it does:
//! - [`yaml::read`] turns the bytes of a file into [`yaml::Document`]s: exactly the JSON that kubectl would send, with
//!   the place of every key and value, and a [`Diagnostic`] for everything that cannot be read one way only.
//! - [`schema::Schemas`] judges an object against the schema of its `CustomResourceDefinition`: structure, unknown
//!   fields, list keys, formats, CEL rules, metadata. Messages and field paths are the API server's.
//! - [`render`] prints findings as text with source lines, or as JSON.
//!
//! What it never does: open files, read the environment or a clock, print, panic on input, or stop at the first
//! mistake.
//!
//! Start at [`yaml::read`], then [`schema::Schema::validate`] and [`schema::to_diagnostic`]. All codes with their
//! documentation are in [`rule::RULES`].

pub mod diagnostic;
pub mod path;
pub mod render;
pub mod rule;
pub mod rules;
pub mod schema;
pub mod source;
pub mod yaml;

pub use diagnostic::{Code, Diagnostic, Fix, Label, Severity};
pub use path::{Path, Step};
pub use rule::{RULES, Rule};
pub use source::{FileId, Position, Sources, Span};
pub use yaml::{Document, Limits, Read, read};
