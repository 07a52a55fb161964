//! Why what is written is not what the intents say: what the operator says of a pool and of what it refers to, and what is wrong
//! with them.

use std::collections::BTreeMap;

use rackwright_planner::drift::{Break, Said};
use rackwright_planner::{Kind, ObjectRef};
use serde::Deserialize;
use serde_json::Value;

use crate::cluster::Cluster;
use crate::object::ObjectKind;
use crate::pipeline::Outcome;
use crate::walk::InputError;

/// What the operator says of each intent.
#[derive(Debug, Default)]
pub struct Operator(BTreeMap<ObjectRef, Said>);

#[derive(Deserialize)]
struct Intent {
    metadata: Metadata,
    status: Option<Value>,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
    generation: Option<i64>,
}

/// The kinds of intents.
const INTENTS: [Kind; 4] = [
    Kind::GPUPool,
    Kind::Supercluster,
    Kind::InfiniBandFabric,
    Kind::StorageTier,
];

impl Operator {
    /// Reads the statuses of a cluster's intents.
    pub fn read(cluster: &Cluster) -> Result<Self, InputError> {
        let mut said = BTreeMap::new();
        for kind in INTENTS {
            for text in cluster.objects(ObjectKind::Input(kind))? {
                // What is no object at all is told as a finding.
                let Ok(Intent { metadata, status }) = serde_json::from_str(text) else {
                    continue;
                };
                let heard = Said::read(metadata.generation, status.as_ref());
                said.insert(ObjectRef::new(kind, metadata.name), heard);
            }
        }
        Ok(Self(said))
    }

    /// Why the nodes of a pool are not as its intents say; none where the break itself is the reason.
    pub fn why(&self, what: Break, pool: &str, outcome: &Outcome) -> Option<String> {
        match what {
            Break::NotWritten | Break::Behind | Break::NotLetGo | Break::NoProfile => {}
            Break::Kept => return refusal(pool, outcome),
            _ => return None,
        }
        let mut objects = vec![ObjectRef::new(Kind::GPUPool, pool)];
        let known = outcome
            .input
            .pools
            .iter()
            .find(|known| known.name.as_str() == pool);
        if let Some(known) = known {
            objects.push(ObjectRef::new(
                Kind::Supercluster,
                known.spec.supercluster.as_str(),
            ));
            let fabrics = known.spec.fabrics.iter();
            objects
                .extend(fabrics.map(|fabric| ObjectRef::new(Kind::InfiniBandFabric, fabric.name.as_str())));
            let tiers = known.spec.storage.iter();
            objects.extend(tiers.map(|tier| ObjectRef::new(Kind::StorageTier, tier.tier.as_str())));
        }
        let heard = objects
            .iter()
            .filter_map(|object| Some((object, self.0.get(object)?)));
        let unfinished = heard.clone().find(|(_, said)| **said != Said::Done);
        let (object, said) = unfinished.or_else(|| heard.clone().next())?;
        Some(format!("{object}: {said}"))
    }
}

/// Why a pool is refused, by this compile.
fn refusal(pool: &str, outcome: &Outcome) -> Option<String> {
    let object = ObjectRef::new(Kind::GPUPool, pool);
    let mut findings = outcome
        .compilation
        .findings
        .iter()
        .filter(|finding| finding.is_error());
    let found = findings.find(|finding| {
        let mut parties = finding.parties.iter();
        parties.any(|party| party.refused && party.object == object)
    });
    if let Some(found) = found {
        return Some(format!("{object}: {}: {}", found.rule.code, found.message));
    }
    let named = Some(object.to_string());
    let mut read = outcome.diagnostics.iter();
    let found = read.find(|found| found.object == named)?;
    Some(format!("{object}: {}: {}", found.code, found.message))
}
