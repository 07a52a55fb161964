//! Randomness for spreading requests; nothing depends on its quality.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

/// A random number.
pub(crate) fn random() -> u64 {
    RandomState::new().hash_one(0_u8)
}

/// 80 % to 100 % of a span, so that processes that started together do not stay together.
pub(crate) fn jittered(span: Duration) -> Duration {
    span * u32::try_from(80 + random() % 21).unwrap_or(100) / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_only_shortens() {
        let span = Duration::from_secs(10);
        let spans: Vec<_> = (0..200).map(|_| jittered(span)).collect();
        assert!(spans.iter().all(|one| *one <= span && *one >= span * 4 / 5));
        assert!(spans.iter().any(|one| *one != spans[0]));
    }
}
