//! Sites of equal halls in any state of their growth, and what is said of everything that is there.

mod facts;
mod site;

pub use facts::{Facts, Grown};
pub use site::{Keeps, Site, Standing, manifests};
