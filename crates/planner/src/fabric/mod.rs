//! What a fabric is made of.

pub mod size;
