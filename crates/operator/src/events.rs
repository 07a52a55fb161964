//! Events about intents, on transitions only: never one a node, never one a round.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ObjectReference;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use rackwright_api::status::{bounded, conditions, reasons};
use rackwright_api::{IntentStatus, labels};
use rackwright_planner::{Kind, ObjectRef};

use crate::kinds::api_version;
use crate::reconcile::apply::Outcome;
use crate::reconcile::observe::Observed;

/// Longest note of an event, in bytes (events.k8s.io/v1).
const NOTE: usize = 1024;

/// One event to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    pub object: ObjectRef,
    pub uid: String,
    pub warning: bool,
    pub reason: &'static str,
    pub action: &'static str,
    pub text: String,
}

/// What happened to the intents, by the difference of their statuses and by what was written for them.
pub(crate) fn notes(
    observed: &Observed,
    statuses: &BTreeMap<ObjectRef, IntentStatus>,
    outcome: &Outcome,
) -> Vec<Note> {
    let mut notes = Vec::new();
    for (object, stored) in &observed.intents {
        let note = |warning, reason, action, text: String| Note {
            object: object.clone(),
            uid: stored.record.uid.clone(),
            warning,
            reason,
            action,
            text,
        };
        if let Some(new) = statuses.get(object)
            && let Some((reason, text)) = trouble(stored.record.status.as_ref(), new)
        {
            notes.push(note(true, reason, "Compile", text));
        }
        let Some(pool) = outcome
            .pools
            .get(object.name.as_str())
            .filter(|_| object.kind == Kind::GPUPool)
        else {
            continue;
        };
        if pool.changed > 0 {
            let text = format!("{object}: {} written", count(pool.changed));
            notes.push(note(false, reasons::COMPILED, "Write", text));
        }
        if pool.detached > 0 {
            let text = format!(
                "{object}: {} detached, the hosts stay as they are",
                count(pool.detached)
            );
            notes.push(note(false, reasons::DETACHED, "Detach", text));
        }
    }
    notes
}

fn count(nodes: u32) -> String {
    if nodes == 1 {
        "1 node configuration".to_owned()
    } else {
        format!("{nodes} node configurations")
    }
}

/// A trouble that is new, or another than before.
fn trouble(old: Option<&IntentStatus>, new: &IntentStatus) -> Option<(&'static str, String)> {
    let ready = new.condition(conditions::READY)?;
    let reason = [
        reasons::REFUSED,
        reasons::PLAN_REJECTED,
        reasons::UNKNOWN_CLUSTER,
        reasons::UNREADABLE,
        reasons::IN_USE,
    ]
    .into_iter()
    .find(|reason| *reason == ready.reason)?;
    let same = old.is_some_and(|old| {
        old.condition(conditions::READY)
            .is_some_and(|old| old.reason == ready.reason)
            && identity(old) == identity(new)
    });
    (!same).then(|| (reason, ready.message.clone()))
}

/// What makes a trouble the same: its code, place and parties; not the numbers in its text.
fn identity(status: &IntentStatus) -> Option<(&str, &str, &[String])> {
    let first = status.findings.first()?;
    Some((&first.code, &first.path, &first.objects))
}

/// Publishes events.
pub(crate) struct Events(Recorder);

impl Events {
    pub(crate) fn new(client: kube::Client, identity: &str) -> Self {
        let reporter = Reporter {
            controller: labels::MANAGER.to_owned(),
            instance: Some(bounded(identity, 128)),
        };
        Self(Recorder::new(client, reporter))
    }

    /// An event that cannot be published is not worth stopping for.
    pub(crate) async fn publish(&self, notes: &[Note]) {
        for note in notes {
            let reference = ObjectReference {
                api_version: Some(api_version()),
                kind: Some(note.object.kind.as_str().to_owned()),
                name: Some(note.object.name.clone()),
                uid: Some(note.uid.clone()),
                ..ObjectReference::default()
            };
            let event = Event {
                type_: if note.warning {
                    EventType::Warning
                } else {
                    EventType::Normal
                },
                reason: note.reason.to_owned(),
                // Bytes, where `bounded` counts characters, of which none of ours is longer than three.
                note: Some(if note.text.len() <= NOTE {
                    note.text.clone()
                } else {
                    bounded(&note.text, NOTE / 3)
                }),
                action: note.action.to_owned(),
                secondary: None,
            };
            if let Err(error) = self.0.publish(&event, &reference).await {
                tracing::warn!(object = %note.object, reason = note.reason, %error, "event not published");
            }
        }
    }
}
