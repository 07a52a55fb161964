//! Statuses from made-up observations.

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
        deletion: None,
        finalizers: vec![labels::FINALIZER.to_owned()],
        ignore: None,
        spec: serde_json::from_value(serde_json::json!({"supercluster": "lab", "nodes": {"racks": "r1"}}))
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
        unknown_cluster: None,
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
    leaving.deletion = Some(at(1).0);
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
