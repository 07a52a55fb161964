//! Step 5: the status of each intent, from what was observed, compiled and written, and the time. Pure: nothing is
//! remembered between rounds but what the API server stores.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use rackwright_api::status::{bounded, conditions, reasons};
use rackwright_api::{Condition, ConditionStatus, IntentStatus, StatusFinding, bounds};
use rackwright_planner::{Finding, Kind, ObjectRef, Party};

use crate::reconcile::apply::{Outcome, PoolOutcome};
use crate::reconcile::observe::{Observed, Stored};
use crate::reconcile::plan::pools_of;
use crate::reconcile::validate::Validated;
use crate::records::IntentRecord;

/// Longest path and object name in a finding of a status.
const PATH: usize = 256;
const OBJECT: usize = 128;

/// The conditions that are ours; others' stay as they are.
const OURS: [&str; 3] = [conditions::READY, conditions::RECONCILING, conditions::STALLED];

/// What `Ready` says, and which abnormal condition stands beside it.
struct Verdict {
    ready: bool,
    reason: &'static str,
    message: String,
    /// `Reconciling` or `Stalled`, never both.
    abnormal: Option<&'static str>,
}

/// The statuses of all intents that we hold. Those on their way out that we do not hold any more get none.
pub(crate) fn statuses(
    observed: &Observed,
    validated: &Validated,
    outcome: &Outcome,
    now: &Time,
) -> BTreeMap<ObjectRef, IntentStatus> {
    let findings = by_object(&validated.compilation.findings);
    observed
        .intents
        .iter()
        .filter(|(object, stored)| {
            !stored.record.deleting()
                || (stored.record.held() && !leaves(object, validated, outcome, observed))
        })
        .map(|(object, stored)| {
            let findings = findings.get(object).map_or(&[][..], Vec::as_slice);
            (
                object.clone(),
                status(object, stored, findings, observed, validated, outcome, now),
            )
        })
        .collect()
}

/// Whether the object's finalizer goes in this round, and the object with it.
fn leaves(object: &ObjectRef, validated: &Validated, outcome: &Outcome, observed: &Observed) -> bool {
    validated.violations.is_empty()
        && crate::reconcile::plan::to_release(observed, &validated.compilation, &outcome.detaching())
            .contains(object)
}

fn by_object(findings: &[Finding]) -> BTreeMap<&ObjectRef, Vec<(&Finding, &Party)>> {
    let mut by_object: BTreeMap<&ObjectRef, Vec<(&Finding, &Party)>> = BTreeMap::new();
    for finding in findings {
        let mut seen: Vec<&ObjectRef> = Vec::new();
        for party in &finding.parties {
            // An object with several places in one finding shows the first.
            if !seen.contains(&&party.object) {
                seen.push(&party.object);
                by_object.entry(&party.object).or_default().push((finding, party));
            }
        }
    }
    for list in by_object.values_mut() {
        // What refuses the object comes before what it is only told of.
        list.sort_by_key(|(finding, party)| (!finding.is_error(), !party.refused));
    }
    by_object
}

fn status(
    object: &ObjectRef,
    stored: &Stored<IntentRecord>,
    findings: &[(&Finding, &Party)],
    observed: &Observed,
    validated: &Validated,
    outcome: &Outcome,
    now: &Time,
) -> IntentStatus {
    let record = &*stored.record;
    let compilation = &validated.compilation;
    let verdict = verdict(object, record, findings, observed, validated, outcome);
    let profile = (object.kind == Kind::GPUPool)
        .then(|| {
            compilation
                .plan
                .pools()
                .iter()
                .find(|pool| pool.name.as_str() == object.name)
        })
        .flatten()
        .filter(|pool| pool.nodes > 0)
        .map(|pool| pool.profile_name.clone());
    IntentStatus {
        conditions: conditions(&verdict, record, now),
        finding_count: u32::try_from(findings.len()).unwrap_or(u32::MAX),
        findings: findings
            .iter()
            .take(bounds::STATUS_FINDINGS)
            .map(|(f, party)| sample(f, party))
            .collect(),
        nodes: compilation.reach.get(object).copied().unwrap_or_default(),
        observed_generation: record.generation,
        profile,
    }
}

fn verdict(
    object: &ObjectRef,
    record: &IntentRecord,
    findings: &[(&Finding, &Party)],
    observed: &Observed,
    validated: &Validated,
    outcome: &Outcome,
) -> Verdict {
    if record.deleting() {
        return leaving(object, findings, outcome);
    }
    if let Err(error) = &record.spec {
        return Verdict {
            ready: false,
            reason: reasons::UNREADABLE,
            message: format!("this version of the operator cannot read the spec: {error}"),
            abnormal: Some(conditions::STALLED),
        };
    }
    if validated.compilation.refused.contains(object) {
        return Verdict {
            ready: false,
            reason: reasons::REFUSED,
            message: findings.first().map_or_else(
                || "refused with an object that it depends on".to_owned(),
                |(finding, party)| describe(finding, party),
            ),
            abnormal: Some(conditions::STALLED),
        };
    }
    if validated.rejected.contains(object) {
        let first = validated
            .violations
            .first()
            .map(ToString::to_string)
            .unwrap_or_default();
        return Verdict {
            ready: false,
            reason: reasons::PLAN_REJECTED,
            message: format!("a defect of Rackwright, please report it; nothing is written. {first}"),
            abnormal: Some(conditions::STALLED),
        };
    }
    if let Some(unknown) = &validated.unknown_cluster {
        return Verdict {
            ready: false,
            reason: reasons::UNKNOWN_CLUSTER,
            message: format!("the operator serves one member cluster, and nothing is written: {unknown}"),
            abnormal: Some(conditions::STALLED),
        };
    }
    let hanging: Vec<&PoolOutcome> = pools_of(observed, object)
        .filter_map(|pool| outcome.pools.get(pool))
        .filter(|pool| pool.pending > 0)
        .collect();
    let pending: u32 = hanging.iter().map(|pool| pool.pending).sum();
    if pending == 0 {
        return Verdict {
            ready: true,
            reason: reasons::COMPILED,
            message: "compiled; all node configurations are written".to_owned(),
            abnormal: None,
        };
    }
    let first = hanging
        .iter()
        .find_map(|pool| pool.error.as_deref())
        .unwrap_or("not sent yet");
    Verdict {
        ready: false,
        reason: reasons::WRITING,
        message: format!("{} still to be written; the first: {first}", count(pending)),
        abnormal: Some(conditions::RECONCILING),
    }
}

/// An object on its way out waits for people or for writes: never `Stalled`, or a pipeline would give up on it.
fn leaving(object: &ObjectRef, findings: &[(&Finding, &Party)], outcome: &Outcome) -> Verdict {
    let pool = (object.kind == Kind::GPUPool)
        .then(|| outcome.pools.get(object.name.as_str()))
        .flatten();
    let (reason, message) = match pool.filter(|pool| pool.detaching > 0) {
        Some(pool) => (
            reasons::DETACHING,
            format!("{} still to be detached", count(pool.detaching)),
        ),
        None => (
            reasons::IN_USE,
            findings.first().map_or_else(
                || "other objects may still refer to it".to_owned(),
                |(finding, party)| describe(finding, party),
            ),
        ),
    };
    Verdict {
        ready: false,
        reason,
        message,
        abnormal: Some(conditions::RECONCILING),
    }
}

fn count(nodes: u32) -> String {
    if nodes == 1 {
        "1 node configuration is".to_owned()
    } else {
        format!("{nodes} node configurations are")
    }
}

/// `RW3001 at spec.nodes: message (with GPUPool/other)`.
pub(crate) fn describe(finding: &Finding, party: &Party) -> String {
    let place = if party.path.is_root() {
        String::new()
    } else {
        format!(" at {}", party.path)
    };
    let text = format!("{}{place}: {}", finding.rule.code, finding.message);
    let others = finding.others(&party.object).map(ToString::to_string);
    let mut others: Vec<String> = others.filter(|other| !text.contains(other.as_str())).collect();
    others.sort();
    others.dedup();
    let shown = others
        .iter()
        .take(4)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    match others.len() {
        0 => text,
        1..=4 => format!("{text} (with {shown})"),
        all => format!("{text} (with {shown} and {} more)", all - 4),
    }
}

fn sample(finding: &Finding, party: &Party) -> StatusFinding {
    let mut objects: Vec<String> = finding
        .others(&party.object)
        .map(|other| bounded(&other.to_string(), OBJECT))
        .collect();
    objects.sort();
    objects.dedup();
    objects.truncate(16);
    let message = match &finding.help {
        Some(help) => format!("{}; {help}", finding.message),
        None => finding.message.clone(),
    };
    StatusFinding {
        code: finding.rule.code.to_owned(),
        message: bounded(&message, bounds::MESSAGE),
        objects,
        path: bounded(&party.path.to_string(), PATH),
    }
}

fn conditions(verdict: &Verdict, record: &IntentRecord, now: &Time) -> Vec<Condition> {
    let stored = record
        .status
        .as_ref()
        .map_or(&[][..], |status| status.conditions.as_slice());
    let make = |type_: &str, status: ConditionStatus| Condition {
        last_transition_time: stored
            .iter()
            .find(|old| old.type_ == type_ && old.status == status)
            .map_or_else(|| now.clone(), |old| old.last_transition_time.clone()),
        message: bounded(&verdict.message, bounds::MESSAGE),
        observed_generation: record.generation,
        reason: verdict.reason.to_owned(),
        status,
        type_: type_.to_owned(),
    };
    let ready = if verdict.ready {
        ConditionStatus::True
    } else {
        ConditionStatus::False
    };
    let ours = [(conditions::READY, ready)]
        .into_iter()
        .chain(verdict.abnormal.map(|a| (a, ConditionStatus::True)));
    let foreign = stored
        .iter()
        .filter(|old| !OURS.contains(&old.type_.as_str()))
        .cloned();
    ours.map(|(type_, status)| make(type_, status))
        .chain(foreign)
        .take(bounds::CONDITIONS)
        .collect()
}

#[cfg(test)]
mod tests;
