//! Mutations of the examples, field by field from the CRDs' schemas.
//!
//! Nothing here is random: the same examples and schemas give the same mutations in the same order. Other crates' tests
//! use this module by its path.

pub mod example;
pub mod generate;
pub mod sample;
pub mod tree;
