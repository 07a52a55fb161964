//! `rackwright lsp`: findings, words and explanations for editors, by the language server protocol on standard input
//! and output.
//!
//! The findings are those of `rackwright validate` over the whole folder, with the texts that the editor holds in place of
//! what is on disk. Nothing is written but by the editor itself.

mod cursor;
mod findings;
mod formatting;
mod offer;
mod server;
mod uri;

pub use server::{LspError, serve};
