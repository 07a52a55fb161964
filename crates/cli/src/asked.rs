//! One node that is asked for by name: what it becomes, or what it keeps and why.

use std::collections::BTreeSet;

use rackwright_manifest::Severity;
use rackwright_planner::{Kind, ObjectRef, PlannedNode, pools_of};

use crate::carried::{Carried, Fate};
use crate::pipeline::Outcome;
use crate::suggest::nearest;
use crate::verbs::VerbError;

/// What becomes of a node.
pub enum Asked<'a> {
    /// What the plan says.
    Planned(PlannedNode<'a>),
    /// It keeps what it has; why, in words.
    Keeps(String),
}

/// A node by its name.
pub fn asked<'a>(outcome: &'a Outcome, carried: &Carried, name: &str) -> Result<Asked<'a>, VerbError> {
    let plan = &outcome.compilation.plan;
    if let Some(Fate::Blocked { by, holder }) = carried.fate(name) {
        return Ok(Asked::Keeps(format!(
            "node {name} is GPUPool/{by}'s by the plan, and GPUPool/{holder} still holds it and cannot let it go, because it is \
             refused ({}); {}",
            codes(outcome, holder),
            keeps(carried, name)
        )));
    }
    if let Some(node) = plan.node(name) {
        return Ok(Asked::Planned(node));
    }
    let wanting = pools_of(&outcome.input, name);
    let wanting = wanting.iter().map(rackwright_api::Name::as_str);
    // A pool that could not be read selects nothing; its label says whose a node is.
    let mut refused: Vec<&str> = wanting.chain(carried.holder(name)).collect();
    refused.retain(|pool| outcome.refused.contains(&ObjectRef::new(Kind::GPUPool, pool)));
    refused.sort_unstable();
    refused.dedup();
    if !refused.is_empty() {
        let pools = refused.iter().map(|pool| {
            let codes = codes(outcome, pool);
            format!("GPUPool/{pool}, which is refused ({codes})")
        });
        let pools: Vec<String> = pools.collect();
        let keeps = keeps(carried, name);
        return Ok(Asked::Keeps(format!(
            "node {name} is of {}; {keeps}",
            pools.join(" and of ")
        )));
    }
    let hint = match nearest(name, plan.nodes().map(|node| node.name())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`rackwright plan --output jsonl` lists all nodes".to_owned(),
    };
    Err(VerbError::Unknown(format!(
        "node {name} is not in the plan; {hint}"
    )))
}

/// What a node that is not written anew has.
fn keeps(carried: &Carried, name: &str) -> String {
    let written = carried.objects.get(name);
    match written.and_then(|object| object.pointer("/spec/profile")?.as_str()) {
        Some(profile) => format!("it keeps what it has, NodeProfile/{profile}"),
        None => "it keeps what it has, and without its NodeConfig in --previous nobody knows what that is"
            .to_owned(),
    }
}

/// The codes of the findings that refuse a pool.
fn codes(outcome: &Outcome, pool: &str) -> String {
    let object = ObjectRef::new(Kind::GPUPool, pool);
    let compiled = outcome.compilation.findings.iter();
    let compiled = compiled.filter(|finding| finding.is_error()).filter(|finding| {
        let mut parties = finding.parties.iter();
        parties.any(|party| party.refused && party.object == object)
    });
    let mut codes: BTreeSet<String> = compiled.map(|finding| finding.rule.code.to_owned()).collect();
    let named = Some(object.to_string());
    let read = outcome.diagnostics.iter();
    let read = read.filter(|found| found.severity == Severity::Error && found.object == named);
    codes.extend(read.map(|found| found.code.to_string()));
    if codes.is_empty() {
        return "its file cannot be read".to_owned();
    }
    codes.into_iter().collect::<Vec<_>>().join(", ")
}
