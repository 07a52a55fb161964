//! The request log.

use crate::request::RequestInfo;

/// One request and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedRequest {
    /// The request.
    pub request: RequestInfo,
    /// Length of its body in bytes.
    pub body_bytes: usize,
    /// HTTP status of the answer that the server made; 0 if a fault struck before it made one.
    pub status: u16,
    /// The server's resource version before the request.
    pub resource_version_before: u64,
    /// The server's resource version after the request.
    pub resource_version_after: u64,
    /// Whether the request changed anything that is stored.
    pub changed: bool,
}

impl LoggedRequest {
    /// Whether the request could have changed something: what a "no writes" test counts.
    pub fn is_mutating(&self) -> bool {
        self.request.is_mutating()
    }
}
