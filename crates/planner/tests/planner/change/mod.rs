//! What changes are found, and in which order nodes may change.

mod agree;
mod applied;
mod classes;
mod devices;
mod nodes;
mod power;
mod profiles;
mod table;
mod undo;
mod units;
mod waves;
