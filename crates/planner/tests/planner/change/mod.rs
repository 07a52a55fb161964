//! What changes are found, and in which order nodes may change.

mod classes;
mod nodes;
mod profiles;
mod table;
mod undo;
mod waves;
