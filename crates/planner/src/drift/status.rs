//! What an agent says, and the two links that follow from it.

use rackwright_api::{NodeConfigSpec, NodeConfigStatus, NodePhase};
use serde::Deserialize as _;
use serde_json::Value;

use super::{Break, State};

/// The status of a NodeConfig.
#[derive(Debug, Clone, PartialEq)]
pub enum Status {
    /// There is none.
    Absent,
    /// This version cannot read it; why.
    Unreadable(String),
    /// What it says.
    Said(Box<NodeConfigStatus>),
}

/// `observedGeneration` before the first look.
const NEVER: i64 = -1;

impl Status {
    /// Reads a status.
    pub fn read(status: Option<&Value>) -> Self {
        let Some(status) = status.filter(|status| !is_empty(status)) else {
            return Self::Absent;
        };
        match NodeConfigStatus::deserialize(status) {
            Ok(said) => Self::Said(Box::new(said)),
            Err(error) => Self::Unreadable(error.to_string()),
        }
    }

    /// Whether the host was seen to be what the stored generation says.
    pub(super) fn confirms(&self, spec: &NodeConfigSpec, generation: Option<i64>) -> bool {
        let Self::Said(said) = self else { return false };
        let applied = said.applied.as_ref().map(|applied| &applied.hash);
        Some(said.observed_generation) == generation && applied == Some(&spec.hash)
    }

    /// Whether the host has what is written: the second link.
    pub(super) fn applied(&self, spec: &NodeConfigSpec, generation: Option<i64>) -> State {
        let said = match self {
            Self::Absent => return State::Breaks(Break::NeverReported),
            Self::Unreadable(_) => return State::Breaks(Break::UnreadableStatus),
            Self::Said(said) if said.observed_generation == NEVER => {
                return State::Breaks(Break::NeverReported);
            }
            Self::Said(said) => said,
        };
        if Some(said.observed_generation) != generation {
            return State::Breaks(Break::OtherGeneration);
        }
        let applied = said.applied.as_ref().map(|applied| &applied.hash);
        match said.phase {
            Some(NodePhase::Failed) => State::Breaks(Break::Failed),
            Some(NodePhase::RolledBack) => State::Breaks(Break::RolledBack),
            _ if applied == Some(&spec.hash) => State::Holds,
            Some(NodePhase::Applied) => State::Breaks(Break::Contradicts),
            Some(NodePhase::Applying) => State::Breaks(Break::Applying),
            Some(NodePhase::Pending) | None => State::Breaks(match &spec.grant {
                None => Break::NoGrant,
                Some(grant) if grant.hash != spec.hash => Break::OtherGrant,
                Some(_) => Break::Granted,
            }),
        }
    }

    /// Whether the host still is what was applied: the third link. Of any generation, since both are the agent's own words.
    ///
    /// Differences are of the configuration that is written. While the host has another one applied they belong to the change
    /// that is on its way; then the hash of what was seen decides alone.
    pub(super) fn observed(&self, spec: &NodeConfigSpec) -> State {
        let Self::Said(said) = self else {
            return State::Silent;
        };
        let (Some(applied), Some(observed)) = (&said.applied, &said.observed) else {
            return State::Silent;
        };
        if said.phase == Some(NodePhase::Applying) {
            // In the middle of a change a host is neither the one nor the other.
            return State::Silent;
        }
        let differs = applied.hash == spec.hash && !said.differences.is_empty();
        if differs || applied.hash != observed.hash {
            State::Breaks(Break::ChangedOnHost)
        } else {
            State::Holds
        }
    }
}

fn is_empty(status: &Value) -> bool {
    status.is_null() || status.as_object().is_some_and(serde_json::Map::is_empty)
}
