//! What schedulers and libraries get to know of a fabric, from its design: where nodes are near one another.
//!
//! A [`Hierarchy`] says for each node in which pod, unit and rack it is, as deep as one wants. From it come labels of nodes
//! ([`labels()`], with the keys of [`Keys`]), Kueue's objects ([`kueue`]) and Slurm's files ([`slurm`]). [`nccl`] says
//! which HCAs NCCL uses.
//!
//! Each consumer's limits are checked here, since it would stop, or fail silently, at what it cannot read. A name that one
//! of them cannot hold is an error with the reason.

mod hierarchy;
pub mod kueue;
mod labels;
pub mod nccl;
pub mod slurm;

pub use hierarchy::{Hierarchy, HierarchyError, Level, Placed};
pub use labels::{Keys, LabelError, labels};
