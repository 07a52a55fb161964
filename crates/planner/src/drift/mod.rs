//! Drift: where the chain from what people wrote to what a host is breaks, node by node. It is told apart from change: a change is
//! what other intents would bring, drift is what the intents that are there have not brought, or not any more.
//!
//! The chain has three links, and each is judged for itself:
//!
//! 1. *spec to written*: the NodeConfig is what the intents compile to;
//! 2. *written to applied*: the host has what its NodeConfig says, by its agent's word;
//! 3. *applied to observed*: the host still is what the agent applied.
//!
//! What a status does not say is not guessed: [`Break::is_known`] tells what is broken from what nobody knows.

mod breaks;
mod intent;
mod status;
mod written;

pub use breaks::{Break, Link};
pub use intent::Said;
pub use status::Status;
pub use written::{Judge, Judged};

use rackwright_api::NodeConfigSpec;

/// A NodeConfig as the API server stores it.
#[derive(Debug, Clone, Copy)]
pub struct StoredConfig<'a> {
    /// Its node.
    pub name: &'a str,
    /// `metadata.generation`.
    pub generation: Option<i64>,
    /// The pool in its label.
    pub pool: Option<&'a str>,
    /// Its spec.
    pub spec: &'a NodeConfigSpec,
    /// What its agent said.
    pub status: &'a Status,
}

/// Whether a link holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It does.
    Holds,
    /// It does not, or nobody knows.
    Breaks(Break),
    /// There is nothing to compare: the link before has no end.
    Silent,
}

impl State {
    /// What is broken, if anything.
    pub const fn broken(self) -> Option<Break> {
        match self {
            Self::Breaks(what) => Some(what),
            Self::Holds | Self::Silent => None,
        }
    }
}

/// The chain of one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain {
    /// From the intents to the NodeConfig.
    pub written: State,
    /// From the NodeConfig to the host.
    pub applied: State,
    /// From what was applied to what the host is.
    pub observed: State,
}

impl Chain {
    /// The links with their states, in order.
    pub const fn links(&self) -> [(Link, State); 3] {
        [
            (Link::SpecToWritten, self.written),
            (Link::WrittenToApplied, self.applied),
            (Link::AppliedToObserved, self.observed),
        ]
    }

    /// What is broken, in the order of the links.
    pub fn breaks(&self) -> impl Iterator<Item = Break> + use<> {
        self.links().into_iter().filter_map(|(_, state)| state.broken())
    }
}
