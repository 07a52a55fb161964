//! Objects of other programs: what they own is written in their own terms, and never fought over.

pub mod gpu_operator;
mod mig_parted;
pub mod storage;
