//! What a change of the documents does to which nodes: `rackwright diff`.
//!
//! [`side`] reads both sides, [`edits`] and [`causes`] say which line of which file changes which node, [`told`] makes a [`report`] of it
//! that holds all that is told, [`cables`] what moves in the fabrics, and `text`, `markdown` and `html` tell it. [`policy`] compares it with what a pipeline allows.

mod bench;
pub mod cables;
mod caused;
pub mod causes;
pub mod edits;
mod facts;
pub mod ground;
pub mod html;
pub mod inventories;
pub mod known;
mod least;
mod lists;
pub mod markdown;
pub mod policy;
pub mod report;
pub mod side;
pub mod text;
pub mod told;
