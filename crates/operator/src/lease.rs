//! The leader lease: at most one process writes.
//!
//! Nobody trusts another's clock. A holder counts from before it sent its renewal, the others from when they saw it, and
//! the holder's patience ([`Timing::give_up`]) is shorter than theirs ([`Timing::duration`]): it has stopped before
//! anybody takes over, unless clocks tick at very different speeds.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{Api, ObjectMeta, PostParams};
use rackwright_api::labels;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::jitter::jittered;

/// Whether this process may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It may not.
    None,
    /// It may, until then.
    Until(Instant),
    /// It may: there is no election.
    Always,
}

impl Claim {
    /// Whether it holds now.
    pub fn holds(self) -> bool {
        match self {
            Self::None => false,
            Self::Until(end) => Instant::now() < end,
            Self::Always => true,
        }
    }
}

/// How patient everybody is.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// How long the others wait after the last renewal that they saw.
    pub duration: Duration,
    /// How often the holder renews.
    pub renew: Duration,
    /// How long after its last successful renewal the holder stops.
    pub give_up: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            duration: Duration::from_secs(15),
            renew: Duration::from_secs(5),
            give_up: Duration::from_secs(10),
        }
    }
}

/// Which lease, and who we are.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Namespace of the lease.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Our name in it.
    pub identity: String,
    /// Patience.
    pub timing: Timing,
}

/// Why an attempt failed; it is repeated.
#[derive(Debug, thiserror::Error)]
enum LeaseError {
    #[error("the API server did not answer in time")]
    Timeout(#[from] tokio::time::error::Elapsed),
    #[error("another process wrote the lease first")]
    Conflict,
    #[error(transparent)]
    Api(kube::Error),
}

impl From<kube::Error> for LeaseError {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) if status.code == 409 => Self::Conflict,
            error => Self::Api(error),
        }
    }
}

/// What we last saw of a lease, and when.
#[derive(Debug, Clone, PartialEq)]
struct Sighting {
    holder: String,
    renewed: Option<MicroTime>,
    version: Option<String>,
    at: Instant,
}

/// What to do about a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Write ourselves in.
    Take,
    /// Somebody else holds it.
    Wait,
}

fn step(seen: &Sighting, spec: &LeaseSpec, me: &str, timing: Timing, now: Instant) -> Step {
    let theirs = spec
        .lease_duration_seconds
        .and_then(|seconds| u64::try_from(seconds).ok());
    let patience = theirs.map_or(timing.duration, Duration::from_secs);
    if seen.holder.is_empty() || seen.holder == me || now.duration_since(seen.at) >= patience {
        Step::Take
    } else {
        Step::Wait
    }
}

/// Campaigns until the token ends, then releases the lease.
pub async fn run(
    client: kube::Client,
    candidate: Candidate,
    claim: watch::Sender<Claim>,
    stop: CancellationToken,
) {
    let mut campaign = Campaign {
        api: Api::namespaced(client, &candidate.namespace),
        candidate,
        seen: None,
        until: None,
    };
    loop {
        let pause = campaign.round(&claim).await;
        let end = campaign.until;
        tokio::select! {
            () = stop.cancelled() => break,
            () = sleep(pause) => {}
            () = until(end) => {}
        }
        if end.is_some_and(|end| end <= Instant::now()) {
            campaign.lose(&claim, "it could not be renewed in time");
        }
    }
    campaign.release(&claim).await;
}

async fn until(end: Option<Instant>) {
    match end {
        Some(end) => tokio::time::sleep_until(end).await,
        None => std::future::pending().await,
    }
}

struct Campaign {
    api: Api<Lease>,
    candidate: Candidate,
    seen: Option<Sighting>,
    until: Option<Instant>,
}

impl Campaign {
    /// One attempt; says how long to wait for the next.
    async fn round(&mut self, claim: &watch::Sender<Claim>) -> Duration {
        let timing = self.candidate.timing;
        let started = Instant::now();
        // While we hold the lease, an attempt may not outlast the claim.
        let limit = self
            .until
            .map_or(timing.give_up, |end| end.duration_since(started));
        let attempt = timeout(limit, self.attempt())
            .await
            .map_err(LeaseError::from)
            .flatten();
        match attempt {
            Ok(true) => {
                let end = started + timing.give_up;
                if self.until.replace(end).is_none() {
                    tracing::info!(identity = self.candidate.identity, "leading");
                }
                claim.send_replace(Claim::Until(end));
                jittered(timing.renew)
            }
            Ok(false) => {
                if self.until.is_some() {
                    self.lose(claim, "another process took it");
                }
                // Twice as often as the holder renews: a release is noticed soon.
                jittered(timing.renew / 2)
            }
            Err(error) => {
                tracing::warn!(%error, "leader lease");
                jittered(timing.renew / 5)
            }
        }
    }

    /// Whether we hold the lease afterwards.
    async fn attempt(&mut self) -> Result<bool, LeaseError> {
        let Some(lease) = self.api.get_opt(&self.candidate.name).await? else {
            let metadata = ObjectMeta {
                name: Some(self.candidate.name.clone()),
                namespace: Some(self.candidate.namespace.clone()),
                ..ObjectMeta::default()
            };
            let lease = Lease {
                metadata,
                spec: Some(self.renewed(&LeaseSpec::default())),
            };
            let created = self.api.create(&parameters(), &lease).await?;
            self.note(&created);
            return Ok(true);
        };
        let seen = self.note(&lease);
        let spec = lease.spec.clone().unwrap_or_default();
        let me = self.candidate.identity.as_str();
        if step(&seen, &spec, me, self.candidate.timing, Instant::now()) == Step::Wait {
            return Ok(false);
        }
        // The resource version goes along: of two that see an expired lease, one gets it.
        let lease = Lease {
            spec: Some(self.renewed(&spec)),
            ..lease
        };
        let written = self
            .api
            .replace(&self.candidate.name, &parameters(), &lease)
            .await?;
        self.note(&written);
        Ok(true)
    }

    fn note(&mut self, lease: &Lease) -> Sighting {
        let spec = lease.spec.clone().unwrap_or_default();
        let mut new = Sighting {
            holder: spec.holder_identity.unwrap_or_default(),
            renewed: spec.renew_time,
            version: lease.metadata.resource_version.clone(),
            at: Instant::now(),
        };
        if let Some(old) = &self.seen
            && (&old.holder, &old.renewed, &old.version) == (&new.holder, &new.renewed, &new.version)
        {
            new.at = old.at;
        }
        self.seen = Some(new.clone());
        new
    }

    fn renewed(&self, old: &LeaseSpec) -> LeaseSpec {
        let now = MicroTime(Timestamp::now());
        let mine = old.holder_identity.as_deref() == Some(&self.candidate.identity);
        LeaseSpec {
            holder_identity: Some(self.candidate.identity.clone()),
            lease_duration_seconds: i32::try_from(self.candidate.timing.duration.as_secs()).ok(),
            renew_time: Some(now.clone()),
            acquire_time: if mine { old.acquire_time.clone() } else { Some(now) },
            lease_transitions: Some(old.lease_transitions.unwrap_or_default() + i32::from(!mine)),
            ..old.clone()
        }
    }

    fn lose(&mut self, claim: &watch::Sender<Claim>, why: &str) {
        tracing::warn!(identity = self.candidate.identity, why, "not leading any more");
        self.until = None;
        claim.send_replace(Claim::None);
    }

    async fn release(&mut self, claim: &watch::Sender<Claim>) {
        claim.send_replace(Claim::None);
        if self.until.take().is_none() {
            return;
        }
        let limit = self.candidate.timing.renew;
        match timeout(limit, self.give_back())
            .await
            .map_err(LeaseError::from)
            .flatten()
        {
            Ok(()) => tracing::info!(identity = self.candidate.identity, "lease released"),
            Err(error) => {
                tracing::warn!(%error, "the lease was not released: the next leader waits for its end");
            }
        }
    }

    async fn give_back(&self) -> Result<(), LeaseError> {
        let Some(lease) = self.api.get_opt(&self.candidate.name).await? else {
            return Ok(());
        };
        let spec = lease.spec.clone().unwrap_or_default();
        if spec.holder_identity.as_deref() != Some(&self.candidate.identity) {
            return Ok(());
        }
        let spec = LeaseSpec {
            holder_identity: Some(String::new()),
            ..spec
        };
        self.api
            .replace(
                &self.candidate.name,
                &parameters(),
                &Lease {
                    spec: Some(spec),
                    ..lease
                },
            )
            .await?;
        Ok(())
    }
}

fn parameters() -> PostParams {
    PostParams {
        field_manager: Some(labels::MANAGER.to_owned()),
        ..PostParams::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sighting(holder: &str, at: Instant) -> Sighting {
        Sighting {
            holder: holder.to_owned(),
            renewed: None,
            version: None,
            at,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_lease_that_nobody_renewed_is_taken() {
        let spec = LeaseSpec {
            lease_duration_seconds: Some(15),
            ..LeaseSpec::default()
        };
        let timing = Timing::default();
        let start = Instant::now();
        let seen = sighting("other", start);
        let after = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(step(&seen, &spec, "me", timing, after(14)), Step::Wait);
        assert_eq!(step(&seen, &spec, "me", timing, after(15)), Step::Take);
        assert_eq!(step(&seen, &spec, "other", timing, after(0)), Step::Take);
        assert_eq!(
            step(&sighting("", start), &spec, "me", timing, after(0)),
            Step::Take
        );
        let patient = LeaseSpec {
            lease_duration_seconds: Some(60),
            ..LeaseSpec::default()
        };
        assert_eq!(
            step(&seen, &patient, "me", timing, after(20)),
            Step::Wait,
            "the holder's own patience counts"
        );
    }

    #[test]
    fn a_holder_gives_up_before_the_others_lose_patience() {
        let Timing {
            duration,
            renew,
            give_up,
        } = Timing::default();
        assert!(renew < give_up && give_up < duration);
    }
}
