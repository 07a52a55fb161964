//! The server's clock.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// 2026-01-01T00:00:00Z: a start that no test has to know.
const START_SECONDS: i64 = 1_767_225_600;

/// Where timestamps come from.
///
/// The default starts at a fixed instant and advances with tokio's clock, so that a test with paused time sees
/// the same timestamps in each run.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// A clock of the caller's own.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The time now, in whole seconds as `metav1.Time` has it.
    pub(crate) fn now(&self) -> String {
        let seconds = (self.0)().as_second();
        Timestamp::from_second(seconds)
            .unwrap_or(Timestamp::UNIX_EPOCH)
            .to_string()
    }
}

impl Default for Clock {
    fn default() -> Self {
        let start = Instant::now();
        Self::new(move || {
            let base = Timestamp::from_second(START_SECONDS).unwrap_or(Timestamp::UNIX_EPOCH);
            let elapsed: Duration = start.elapsed();
            base.checked_add(elapsed).unwrap_or(base)
        })
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Clock").field(&self.now()).finish()
    }
}
