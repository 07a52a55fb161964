//! What the status of an intent says of the operator's work on it.

use std::fmt;

use rackwright_api::status::conditions;
use rackwright_api::{Condition, ConditionStatus, IntentStatus};
use serde::Deserialize as _;
use serde_json::Value;

/// How far the operator is with an intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It says that all is written.
    Done,
    /// It has never looked at the intent.
    Never,
    /// It has looked at another generation than the stored one.
    Other {
        /// The one that it has looked at.
        seen: i64,
        /// The stored one.
        stored: i64,
    },
    /// It waits for people: reason and message.
    Stalled(String, String),
    /// It is at work, or waits: reason and message.
    Working(String, String),
    /// What it says cannot be read, or says nothing; why.
    Unclear(String),
}

impl Said {
    /// Reads the status of an intent of a generation.
    pub fn read(generation: Option<i64>, status: Option<&Value>) -> Self {
        let Some(status) = status.filter(|status| !status.is_null()) else {
            return Self::Never;
        };
        let status = match IntentStatus::deserialize(status) {
            Ok(status) => status,
            Err(error) => {
                return Self::Unclear(format!("its status cannot be read by this version: {error}"));
            }
        };
        if status.observed_generation < 0 {
            return Self::Never;
        }
        let Some(stored) = generation else {
            return Self::Unclear("its generation is not at hand".to_owned());
        };
        if status.observed_generation != stored {
            let seen = status.observed_generation;
            return Self::Other { seen, stored };
        }
        let is_true = |type_: &str| {
            let found = status.condition(type_);
            found.filter(|condition| condition.status == ConditionStatus::True)
        };
        let told = |condition: &Condition| (condition.reason.clone(), condition.message.clone());
        if let Some((reason, message)) = is_true(conditions::STALLED).map(told) {
            return Self::Stalled(reason, message);
        }
        if is_true(conditions::READY).is_some() {
            return Self::Done;
        }
        match status.condition(conditions::READY).map(told) {
            Some((reason, message)) => Self::Working(reason, message),
            None => Self::Unclear("its status has no condition Ready".to_owned()),
        }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => write!(
                f,
                "the operator says that all is written: it compiles to something else there, or somebody else wrote after it"
            ),
            Self::Never => write!(
                f,
                "the operator has never looked at it: it does not run, or may not read it"
            ),
            Self::Other { seen, stored } if seen < stored => write!(
                f,
                "the operator has looked at generation {seen}, and {stored} is stored: it does not run, or is behind"
            ),
            Self::Other { seen, stored } => write!(
                f,
                "the operator has looked at generation {seen}, and {stored} is stored: the object was restored or made anew"
            ),
            Self::Stalled(reason, message) | Self::Working(reason, message) => {
                write!(f, "{reason}: {message}")
            }
            Self::Unclear(why) => f.write_str(why),
        }
    }
}
