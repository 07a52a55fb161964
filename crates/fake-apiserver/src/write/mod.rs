//! Writes: create, update, patch, apply, delete.

mod create;
mod decode;
mod delete;
mod patch;
mod update;

pub(crate) use delete::Policy;
