//! Requests that change something: many at once, fewer when the API server suffers, none without leadership.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::lease::Claim;

/// Writes in flight at the start.
const START: f64 = 8.0;
/// A request without an answer after this time counts as lost: whether it took effect is not known.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How often one write is sent again within a run, after the API server said that it did not take it.
const ATTEMPTS: u32 = 6;
/// The pause where the API server says 429 or 503 and not for how long; it is what API priority and fairness sends.
const PAUSE: Duration = Duration::from_secs(1);
/// Answers are slow when they take this many times as long as they did at best…
const SLOW: f64 = 4.0;
/// …and at least this much longer: below it, the time says nothing about load.
const SLOW_BY: f64 = 0.05;

/// Why a write did not succeed. None of these stops the other writes; the next compile looks at what came of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WriteError {
    /// Leadership is lost, or the process is asked to end; the write was not sent.
    #[error("not sent: this process does not lead any more, or stops")]
    Stopped,
    /// The object is not there, or its kind is not served.
    #[error("it is not there: {0}")]
    Gone(String),
    /// Somebody else wrote the object since it was read, or it is there already.
    #[error("the object changed since it was read: {0}")]
    Conflict(String),
    /// The API server did not take it, several times.
    #[error("the API server is overloaded: {0}")]
    Throttled(String),
    /// The API server refuses it, and would again.
    #[error("the API server refuses it: {0}")]
    Refused(String),
    /// Whether it took effect is not known.
    #[error("no answer: {0}")]
    Unknown(String),
}

impl WriteError {
    /// The result as the metric names it.
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Gone(_) => "gone",
            Self::Conflict(_) => "conflict",
            Self::Throttled(_) => "throttled",
            Self::Refused(_) => "refused",
            Self::Unknown(_) => "unknown",
        }
    }
}

impl From<kube::Error> for WriteError {
    fn from(error: kube::Error) -> Self {
        let kube::Error::Api(status) = error else {
            return Self::Unknown(error.to_string());
        };
        let message = status.message.clone();
        match status.code {
            // 405 is what a kind answers whose CRD is being deleted.
            404 | 405 | 410 => Self::Gone(message),
            409 | 412 => Self::Conflict(message),
            429 | 503 => Self::Throttled(message),
            400..=499 => Self::Refused(message),
            _ => Self::Unknown(message),
        }
    }
}

/// Whether writing is allowed.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    pub claim: watch::Receiver<Claim>,
    pub stop: CancellationToken,
}

impl Gate {
    pub(crate) fn open(&self) -> bool {
        !self.stop.is_cancelled() && self.claim.borrow().holds()
    }
}

/// How many writes at once; kept from run to run.
#[derive(Debug)]
pub(crate) struct Writer(Mutex<Pace>);

#[derive(Debug)]
struct Pace {
    limit: f64,
    max: f64,
    /// The best answer time, in seconds, forgotten slowly.
    best: Option<f64>,
    /// The recent answer time, in seconds, smoothed.
    recent: f64,
    /// Answers since the last cut: one cut per window, or a single bad moment would cut to 1.
    since_cut: f64,
    not_before: Option<Instant>,
}

impl Pace {
    fn answered(&mut self, took: Duration) {
        let took = took.as_secs_f64();
        let best = self.best.map_or(took, |best| (best * 1.001).min(took));
        self.recent = if self.best.is_none() {
            took
        } else {
            self.recent * 0.9 + took * 0.1
        };
        self.best = Some(best);
        self.since_cut += 1.0;
        if self.recent > best * SLOW && self.recent > best + SLOW_BY {
            self.cut();
        } else {
            self.limit = (self.limit + 1.0 / self.limit).min(self.max);
        }
    }

    fn throttled(&mut self, now: Instant, pause: Duration) {
        self.since_cut += 1.0;
        self.cut();
        let until = now + pause;
        self.not_before = Some(self.not_before.map_or(until, |old| old.max(until)));
    }

    fn cut(&mut self) {
        if self.since_cut >= self.limit {
            self.limit = (self.limit / 2.0).max(1.0);
            self.since_cut = 0.0;
        }
    }
}

impl Writer {
    pub(crate) fn new(max: u16) -> Self {
        let max = f64::from(max.max(1));
        let pace = Pace {
            limit: START.min(max),
            max,
            best: None,
            recent: 0.0,
            // The first trouble cuts at once.
            since_cut: max,
            not_before: None,
        };
        Self(Mutex::new(pace))
    }

    fn pace<T>(&self, with: impl FnOnce(&mut Pace) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many writes may be in flight.
    pub(crate) fn width(&self) -> f64 {
        self.pace(|pace| pace.limit)
    }

    /// Writes all items, in their order as far as they are sent; `done` hears of each exactly once.
    pub(crate) async fn run<T, R, F>(
        &self,
        gate: &Gate,
        items: impl IntoIterator<Item = T>,
        write: impl Fn(T) -> F,
        mut done: impl FnMut(&T, Result<R, WriteError>),
    ) where
        T: Clone,
        F: Future<Output = Result<R, kube::Error>>,
    {
        let mut fresh = items.into_iter();
        let mut again: VecDeque<(T, u32)> = VecDeque::new();
        let mut flying = FuturesUnordered::new();
        loop {
            while let Some((width, not_before)) = gate.open().then(|| self.pace(|p| (p.limit, p.not_before)))
            {
                let flies = u32::try_from(flying.len()).unwrap_or(u32::MAX);
                if f64::from(flies) + 1.0 > width.max(1.0) || not_before.is_some_and(|at| at > Instant::now())
                {
                    break;
                }
                let Some((item, attempt)) = again.pop_front().or_else(|| Some((fresh.next()?, 1))) else {
                    break;
                };
                let sent = Instant::now();
                let answer = timeout(TIMEOUT, write(item.clone()));
                flying.push(async move { (item, attempt, sent, answer.await) });
            }
            let Some((item, attempt, sent, answer)) = flying.next().await else {
                if !gate.open() {
                    again
                        .drain(..)
                        .map(|(item, _)| item)
                        .chain(fresh)
                        .for_each(|item| {
                            done(&item, Err(WriteError::Stopped));
                        });
                    return;
                }
                let pause = self.pace(|pace| pace.not_before.filter(|at| *at > Instant::now()));
                match pause {
                    Some(at) => self.wait(gate, at).await,
                    // Nothing flies, nothing waits, nothing holds us back: all is done.
                    None if again.is_empty() => return,
                    None => {}
                }
                continue;
            };
            match answer {
                Ok(Ok(response)) => {
                    self.pace(|pace| pace.answered(sent.elapsed()));
                    done(&item, Ok(response));
                }
                Ok(Err(error)) => {
                    let pause = retry_after(&error);
                    let error = WriteError::from(error);
                    if let WriteError::Throttled(_) = error {
                        self.pace(|pace| pace.throttled(Instant::now(), pause));
                        if attempt < ATTEMPTS {
                            again.push_back((item, attempt + 1));
                            continue;
                        }
                    }
                    done(&item, Err(error));
                }
                Err(_) => {
                    self.pace(|pace| pace.throttled(Instant::now(), Duration::ZERO));
                    done(
                        &item,
                        Err(WriteError::Unknown(format!(
                            "nothing within {} s",
                            TIMEOUT.as_secs()
                        ))),
                    );
                }
            }
        }
    }

    async fn wait(&self, gate: &Gate, at: Instant) {
        let mut claim = gate.claim.clone();
        tokio::select! {
            () = sleep_until(at) => {}
            () = gate.stop.cancelled() => {}
            _ = claim.wait_for(|claim| !claim.holds()) => {}
        }
    }
}

/// What the API server asks for. kube shows the body, not the header; the API server says the same in both, but for
/// API priority and fairness, which has no body and means one second.
fn retry_after(error: &kube::Error) -> Duration {
    let kube::Error::Api(status) = error else {
        return PAUSE;
    };
    let seconds = status
        .details
        .as_ref()
        .map_or(0, |details| details.retry_after_seconds);
    if seconds == 0 {
        PAUSE
    } else {
        Duration::from_secs(u64::from(seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::core::Status;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn gate() -> (Gate, watch::Sender<Claim>) {
        let (sender, claim) = watch::channel(Claim::Always);
        (
            Gate {
                claim,
                stop: CancellationToken::new(),
            },
            sender,
        )
    }

    fn failure(code: u16) -> kube::Error {
        kube::Error::Api(Status::failure("no", "Reason").with_code(code).boxed())
    }

    #[tokio::test(start_paused = true)]
    async fn every_item_is_heard_of_once_and_never_more_than_the_limit_fly() {
        let (gate, _claim) = gate();
        let writer = Writer::new(16);
        let (flying, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let mut heard = Vec::new();
        let write = |item: u32| {
            let (flying, most) = (&flying, &most);
            async move {
                most.fetch_max(flying.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(5)).await;
                flying.fetch_sub(1, Ordering::SeqCst);
                if item % 10 == 3 {
                    Err(failure(409))
                } else {
                    Ok(item)
                }
            }
        };
        writer
            .run(&gate, 0..500, write, |item, result| {
                heard.push((*item, result.is_ok()));
            })
            .await;
        heard.sort_unstable();
        assert_eq!(heard, (0..500).map(|i| (i, i % 10 != 3)).collect::<Vec<_>>());
        assert_eq!(
            most.into_inner(),
            16,
            "it grows from 8 to the maximum and not beyond"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn overload_is_waited_out_and_cuts_the_width() {
        let (gate, _claim) = gate();
        let writer = Writer::new(16);
        let calls = AtomicUsize::new(0);
        let start = Instant::now();
        let mut written = 0;
        let write = |_| {
            let call = calls.fetch_add(1, Ordering::SeqCst);
            async move { if call < 3 { Err(failure(429)) } else { Ok(()) } }
        };
        writer
            .run(&gate, 0..3, write, |_, result| {
                written += u32::from(result.is_ok());
            })
            .await;
        assert_eq!((written, calls.into_inner()), (3, 6));
        assert!(start.elapsed() >= PAUSE);
        assert!(writer.pace(|pace| pace.limit) < START);
    }

    #[tokio::test(start_paused = true)]
    async fn endless_overload_ends_the_run() {
        let (gate, _claim) = gate();
        let mut result = Vec::new();
        let write = |()| async { Err::<(), _>(failure(503)) };
        Writer::new(4)
            .run(&gate, [()], write, |(), answer| result.push(answer))
            .await;
        assert_eq!(result, [Err(WriteError::Throttled("no".to_owned()))]);
    }

    #[tokio::test(start_paused = true)]
    async fn without_leadership_nothing_more_is_sent() {
        let (gate, claim) = gate();
        let sent = AtomicUsize::new(0);
        let (mut ok, mut stopped) = (0, 0);
        let write = |()| {
            if sent.fetch_add(1, Ordering::SeqCst) == 4 {
                claim.send_replace(Claim::None);
            }
            async {
                tokio::time::sleep(Duration::from_millis(1)).await;
                Ok(())
            }
        };
        Writer::new(8)
            .run(&gate, vec![(); 100], write, |(), result| match result {
                Ok(()) => ok += 1,
                Err(error) => {
                    assert_eq!(error, WriteError::Stopped);
                    stopped += 1;
                }
            })
            .await;
        assert_eq!((ok, stopped, sent.load(Ordering::SeqCst)), (5, 95, 5));
    }

    #[tokio::test(start_paused = true)]
    async fn a_claim_that_ran_out_closes_the_gate_without_a_message() {
        let (sender, claim) = watch::channel(Claim::Until(Instant::now() + Duration::from_secs(10)));
        let gate = Gate {
            claim,
            stop: CancellationToken::new(),
        };
        assert!(gate.open());
        tokio::time::advance(Duration::from_secs(10)).await;
        assert!(!gate.open());
        drop(sender);
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_server_is_given_up_on() {
        let (gate, _claim) = gate();
        let mut result = Vec::new();
        let write = |()| std::future::pending::<Result<(), kube::Error>>();
        Writer::new(4)
            .run(&gate, [()], write, |(), answer| result.push(answer))
            .await;
        assert!(matches!(result[..], [Err(WriteError::Unknown(_))]));
    }

    #[test]
    fn slow_answers_cut_the_width() {
        let writer = Writer::new(64);
        writer.pace(|pace| {
            for _ in 0..2000 {
                pace.answered(Duration::from_millis(5));
            }
            let wide = pace.limit;
            assert!(wide > 60.0);
            for _ in 0..200 {
                pace.answered(Duration::from_millis(200));
            }
            assert!(pace.limit < wide / 4.0, "{}", pace.limit);
        });
    }
}
