//! Step 5: the status of each intent, from what was observed, compiled and written, and the time. Pure: nothing is
//! remembered between rounds but what the API server stores.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use rackwright_api::status::{MESSAGE, bounded, conditions, reasons};
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
            !stored.record.deleting || (stored.record.held() && !leaves(object, validated, outcome, observed))
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
        list.sort_by_key(|(finding, _)| !finding.is_error());
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
    if record.deleting {
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
        message: bounded(&message, MESSAGE),
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
        message: bounded(&verdict.message, MESSAGE),
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
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use rackwright_api::labels;
    use rackwright_manifest::{Path, Rule, Severity, Step};
    use rackwright_plan_check::Violation;
    use rackwright_planner::Compilation;

    use super::*;

    static RULE: Rule = Rule {
        code: "RW2999",
        name: "test",
        severity: Severity::Error,
        summary: "test",
        doc: "test",
    };
    static DOUBT: Rule = Rule {
        code: "RW2001",
        name: "doubt",
        severity: Severity::Warning,
        summary: "test",
        doc: "test",
    };

    fn at(seconds: i64) -> Time {
        Time(jiff::Timestamp::from_second(seconds).unwrap())
    }

    fn object(kind: Kind, name: &str) -> ObjectRef {
        ObjectRef::new(kind, name)
    }

    fn record(status: Option<IntentStatus>) -> IntentRecord {
        IntentRecord {
            uid: "u".to_owned(),
            generation: 4,
            deleting: false,
            finalizers: vec![labels::FINALIZER.to_owned()],
            spec: serde_json::from_value(
                serde_json::json!({"supercluster": "lab", "nodes": {"racks": "r1"}}),
            )
            .map(|spec| crate::records::IntentSpec::Pool(Box::new(spec)))
            .map_err(|error| error.to_string()),
            status,
        }
    }

    fn observed(records: Vec<(ObjectRef, IntentRecord)>) -> Observed {
        let stored = |record| Stored {
            version: 1,
            record: Arc::new(record),
        };
        let intents = records
            .into_iter()
            .map(|(object, record)| (object, stored(record)))
            .collect();
        Observed {
            intents,
            ..Observed::default()
        }
    }

    fn fine() -> Validated {
        Validated {
            compilation: Compilation::default(),
            violations: Vec::new(),
            rejected: BTreeSet::new(),
        }
    }

    fn refused(findings: Vec<Finding>) -> Validated {
        let refused = findings
            .iter()
            .flat_map(|f| f.parties.iter().map(|party| party.object.clone()))
            .collect();
        let compilation = Compilation {
            findings,
            refused,
            ..Compilation::default()
        };
        Validated {
            compilation,
            ..fine()
        }
    }

    fn finding(rule: &'static Rule, objects: &[&ObjectRef]) -> Finding {
        let path = Path::from_steps([Step::Key("spec".to_owned()), Step::Key("nodes".to_owned())]);
        let empty = Finding::new(rule, "both claim n1");
        objects.iter().fold(empty, |finding, object| {
            finding.party((*object).clone(), path.clone(), "here")
        })
    }

    fn one(observed: &Observed, validated: &Validated, outcome: &Outcome, seconds: i64) -> IntentStatus {
        let mut all = statuses(observed, validated, outcome, &at(seconds));
        all.remove(&object(Kind::GPUPool, "a")).unwrap()
    }

    fn is_true(status: &IntentStatus, type_: &str) -> bool {
        status
            .condition(type_)
            .is_some_and(|condition| condition.status == ConditionStatus::True)
    }

    #[test]
    fn the_time_moves_only_with_the_value_and_an_equal_status_is_equal() {
        let a = object(Kind::GPUPool, "a");
        let first = one(
            &observed(vec![(a.clone(), record(None))]),
            &fine(),
            &Outcome::default(),
            100,
        );
        assert!(is_true(&first, conditions::READY));
        let again = observed(vec![(a.clone(), record(Some(first.clone())))]);
        assert_eq!(
            one(&again, &fine(), &Outcome::default(), 200),
            first,
            "nothing to write"
        );

        let trouble = refused(vec![finding(&RULE, &[&a, &object(Kind::GPUPool, "b")])]);
        let second = one(&again, &trouble, &Outcome::default(), 300);
        assert_eq!(
            second.condition(conditions::READY).unwrap().last_transition_time,
            at(300)
        );
        assert!(is_true(&second, conditions::STALLED));
        assert!(second.condition(conditions::RECONCILING).is_none());
        let message = &second.condition(conditions::READY).unwrap().message;
        assert_eq!(message, "RW2999 at spec.nodes: both claim n1 (with GPUPool/b)");

        let cleared = one(
            &observed(vec![(a, record(Some(second)))]),
            &fine(),
            &Outcome::default(),
            400,
        );
        assert!(is_true(&cleared, conditions::READY) && cleared.condition(conditions::STALLED).is_none());
        assert_eq!(cleared.finding_count, 0, "nothing is latched");
    }

    #[test]
    fn every_condition_and_the_object_speak_of_the_compiled_generation() {
        let a = object(Kind::GPUPool, "a");
        let status = one(
            &observed(vec![(a, record(None))]),
            &fine(),
            &Outcome::default(),
            1,
        );
        assert_eq!(status.observed_generation, 4);
        assert!(
            status
                .conditions
                .iter()
                .all(|condition| condition.observed_generation == 4)
        );
    }

    #[test]
    fn findings_are_counted_whole_shown_in_part_errors_first() {
        let a = object(Kind::GPUPool, "a");
        let mut findings: Vec<Finding> = (0..20).map(|_| finding(&DOUBT, &[&a])).collect();
        findings.push(finding(&RULE, &[&a, &a]));
        let status = one(
            &observed(vec![(a, record(None))]),
            &refused(findings),
            &Outcome::default(),
            1,
        );
        assert_eq!(
            (status.finding_count, status.findings.len()),
            (21, bounds::STATUS_FINDINGS)
        );
        assert_eq!(status.findings[0].code, "RW2999");
    }

    #[test]
    fn waiting_on_the_way_out_is_never_stalled() {
        let a = object(Kind::GPUPool, "a");
        let mut leaving = record(None);
        leaving.deleting = true;
        let observed = observed(vec![(a.clone(), leaving)]);
        let mut held = refused(vec![finding(&RULE, &[&a])]);
        held.compilation.referenced.insert(a);
        let status = one(&observed, &held, &Outcome::default(), 1);
        assert_eq!(
            status.condition(conditions::READY).unwrap().reason,
            reasons::IN_USE
        );
        assert!(is_true(&status, conditions::RECONCILING) && status.condition(conditions::STALLED).is_none());

        let pool = PoolOutcome {
            pending: 2,
            detaching: 2,
            ..PoolOutcome::default()
        };
        let outcome = Outcome {
            pools: BTreeMap::from([("a".into(), pool)]),
            ..Outcome::default()
        };
        let status = one(&observed, &fine(), &outcome, 1);
        assert_eq!(
            status.condition(conditions::READY).unwrap().reason,
            reasons::DETACHING
        );

        assert!(
            statuses(&observed, &fine(), &Outcome::default(), &at(1)).is_empty(),
            "it goes in this round"
        );
    }

    #[test]
    fn an_unreadable_spec_is_stalled_and_others_go_on() {
        let (a, b) = (object(Kind::GPUPool, "a"), object(Kind::GPUPool, "b"));
        let broken = IntentRecord {
            spec: Err("missing field `nodes`".to_owned()),
            ..record(None)
        };
        let observed = observed(vec![(a, broken), (b.clone(), record(None))]);
        let status = one(&observed, &fine(), &Outcome::default(), 1);
        let ready = status.condition(conditions::READY).unwrap();
        assert_eq!(ready.reason, reasons::UNREADABLE);
        assert!(ready.message.contains("missing field `nodes`") && is_true(&status, conditions::STALLED));
        assert!(is_true(
            &statuses(&observed, &fine(), &Outcome::default(), &at(1))[&b],
            conditions::READY
        ));
    }

    #[test]
    fn a_rejected_plan_shows_on_its_parties() {
        let (a, b) = (object(Kind::GPUPool, "a"), object(Kind::GPUPool, "b"));
        let violation = Violation {
            code: "RW9001",
            nodes: Vec::new(),
            objects: Vec::new(),
            message: "n1 and n2 share 10.0.0.1".to_owned(),
            count: 1,
        };
        let validated = Validated {
            violations: vec![violation],
            rejected: BTreeSet::from([a.clone()]),
            ..fine()
        };
        let observed = observed(vec![(a, record(None)), (b.clone(), record(None))]);
        let status = one(&observed, &validated, &Outcome::default(), 1);
        let ready = status.condition(conditions::READY).unwrap();
        assert_eq!(ready.reason, reasons::PLAN_REJECTED);
        assert!(ready.message.contains("RW9001") && is_true(&status, conditions::STALLED));
        assert!(is_true(
            &statuses(&observed, &validated, &Outcome::default(), &at(1))[&b],
            conditions::READY
        ));
    }

    #[test]
    fn conditions_of_others_stay() {
        let a = object(Kind::GPUPool, "a");
        let mut stored = one(
            &observed(vec![(a.clone(), record(None))]),
            &fine(),
            &Outcome::default(),
            100,
        );
        let theirs = Condition {
            type_: "Approved".to_owned(),
            ..stored.conditions[0].clone()
        };
        stored.conditions.push(theirs.clone());
        let status = one(
            &observed(vec![(a, record(Some(stored)))]),
            &fine(),
            &Outcome::default(),
            200,
        );
        assert_eq!(status.conditions.last(), Some(&theirs));
    }
}
