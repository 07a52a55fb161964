//! Faults that a test injects.

use std::sync::Arc;
use std::time::Duration;

use crate::request::RequestInfo;

/// When the hook is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Before anything happened: a fault here has no effect on the objects.
    Before,
    /// While the response is on its way: a reset here cuts the body in the middle. For a watch the hook is asked
    /// before each batch of events; a `Status` is sent as an `ERROR` event and ends the watch.
    During,
    /// After the effect, before the response: a fault here loses the answer, not the effect.
    After,
}

/// What goes wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// The server answers with this status code instead.
    Status {
        /// HTTP status code.
        code: u16,
        /// Seconds of the `Retry-After` header.
        retry_after: Option<u32>,
    },
    /// The connection is reset: the client sees an error instead of a response.
    ConnectionReset,
    /// The request takes this much longer.
    Delay(Duration),
}

/// Decides about each request in each phase.
pub type FaultHook = Arc<dyn Fn(&RequestInfo, Phase) -> Fault + Send + Sync>;
