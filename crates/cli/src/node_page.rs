//! `rackwright explain node dgx001 clusters/`: what a node is, why, and what happens to it.

mod change;

use std::collections::{BTreeMap, BTreeSet};

use rackwright_fabric::tree::Switch;
use rackwright_manifest::{Diagnostic, Severity};
use rackwright_planner::catalogue::View;
use rackwright_planner::power::shown;
use rackwright_planner::{Kind, ObjectRef, PlannedNode, fabric, pools_of};
use serde::Serialize;
use serde_json::{Value, json};

use crate::args::{Explain, TextOrJson};
use crate::asked::{Asked, asked};
use crate::carried::Carried;
use crate::changes::cut;
use crate::cluster::Cluster;
use crate::diff::side::is_saved_plan;
use crate::drift::Survey;
use crate::drift::node::{NodeDrift, of_node};
use crate::exit::Exit;
use crate::inputs::Inputs;
use crate::load::Loaded;
use crate::output::eprint;
use crate::pipeline::{self, Outcome};
use crate::power::PowerSummary;
use crate::previous::Previous;
use crate::report;
use crate::schemas::OwnSchemas;
use crate::values::{From, NodeValue, Traced, leaves};
use crate::verbs::VerbError;
use crate::walk::Walk;

use self::change::{Change, change};

/// What is known of a node.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    name: String,
    /// Its pool.
    pool: Option<String>,
    /// What makes it the pool's.
    why: Option<From>,
    /// The name of its profile.
    profile: Option<String>,
    rack: Option<String>,
    system: Option<String>,
    /// The most that it draws, by the catalogue.
    watts: Option<u64>,
    /// Where its HCAs end.
    seats: Vec<Seat>,
    /// The budgets of its site.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    power: Vec<PowerSummary>,
    /// Findings about what it comes from.
    findings: Vec<Told>,
    /// Why it keeps what it has.
    keeps: Option<String>,
    /// What happens to it; none without an earlier state.
    change: Option<Change>,
    /// How far it is what the intents say; none without a cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    drift: Option<NodeDrift>,
    values: Vec<NodeValue>,
}

/// Where one HCA ends.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Seat {
    fabric: String,
    rail: u32,
    unit: u32,
    leaf: String,
    port: u16,
}

/// A finding.
#[derive(Debug, Serialize)]
struct Told {
    code: String,
    severity: Severity,
    object: Option<String>,
    message: String,
}

/// Explains a node.
pub fn explain(args: &Explain) -> Result<(String, Exit), VerbError> {
    let Some(name) = args.name.as_deref().map(str::trim) else {
        return Err(VerbError::Usage(
            "which node? `rackwright explain node NAME PATH...`".to_owned(),
        ));
    };
    let paths: Vec<_> = args.file.iter().chain(&args.paths).cloned().collect();
    let (page, exit) = match &paths[..] {
        [] => {
            return Err(VerbError::Usage(format!(
                "from what? `rackwright explain node {name} PATH...` takes documents, or a saved plan"
            )));
        }
        [path]
            if args.previous.is_none()
                && let Some(cluster) = Cluster::at(path, &args.clusters)? =>
        {
            of_cluster(name, &cluster, Inputs::new(&paths, &args.clusters))?
        }
        [plan] if plan.is_file() && is_saved_plan(plan).unwrap_or(false) => {
            (Some(saved(name, &Previous::read(plan)?)?), Exit::Clean)
        }
        paths => compiled(name, paths, args)?,
    };
    let Some(page) = page else {
        return Ok((String::new(), exit));
    };
    let text = match args.output {
        TextOrJson::Json => serde_json::to_string_pretty(&json!({"formatVersion": 1, "node": page}))? + "\n",
        TextOrJson::Text => page.text(),
    };
    Ok((text, exit))
}

/// What a saved plan says: values, and not where they come from.
fn saved(name: &str, plan: &Previous) -> Result<Page, VerbError> {
    let mut configs: BTreeMap<String, Value> = BTreeMap::new();
    let mut profiles: BTreeMap<String, Value> = BTreeMap::new();
    for text in plan.objects()? {
        let object: Value = serde_json::from_str(text)?;
        let name = object
            .pointer("/metadata/name")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        match object["kind"].as_str() {
            Some("NodeConfig") => drop(configs.insert(name, object)),
            Some("NodeProfile") => drop(profiles.insert(name, object)),
            _ => {}
        }
    }
    let Some(config) = configs.get(name) else {
        let hint = crate::suggest::nearest(name, configs.keys().map(String::as_str));
        let hint = hint.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        return Err(VerbError::Unknown(format!(
            "node {name} is not in {}{hint}",
            plan.path()
        )));
    };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let profile = text(&config["spec"]["profile"]);
    let known = profile.as_ref().and_then(|profile| profiles.get(profile));
    let mut whole = known.map_or_else(|| json!({}), |profile| profile["spec"].clone());
    whole["facts"] = config["spec"]["facts"].clone();
    let values = leaves(&whole).into_iter().map(|(steps, value)| NodeValue {
        path: rackwright_manifest::Path::from_steps(steps).to_string(),
        value: value.clone(),
        from: None,
    });
    Ok(Page {
        name: name.to_owned(),
        pool: text(&config["metadata"]["labels"][rackwright_api::labels::POOL]),
        profile,
        rack: text(&config["spec"]["facts"]["rack"]),
        values: values.collect(),
        ..Page::default()
    })
}

/// A node, if all that was named could be read, and how the run ends.
type Explained = (Option<Page>, Exit);

/// What documents say.
fn compiled(name: &str, paths: &[std::path::PathBuf], args: &Explain) -> Result<Explained, VerbError> {
    let inputs = Inputs::new(paths, &args.clusters);
    let (previous, held) = Previous::opened(args.previous.as_deref(), inputs)?;
    let outcome = pipeline::run(inputs, held)?;
    let none = BTreeSet::new();
    of_outcome(
        name,
        &outcome,
        previous.as_ref().map(|previous| (previous, &none)),
    )
}

/// What a cluster says, of which the written and reported are a part.
fn of_cluster(name: &str, cluster: &Cluster, inputs: Inputs<'_>) -> Result<Explained, VerbError> {
    let schemas = OwnSchemas::default();
    let loaded = if cluster.is_saved() {
        Loaded::walked(cluster.inputs(Walk::default())?, &schemas)
    } else {
        Loaded::read(inputs, &schemas)
    };
    let outcome = pipeline::run_after(
        &schemas,
        loaded,
        cluster.nodes()?,
        &pipeline::Before::default(),
        None,
    )?;
    let survey = Survey::new(cluster, &outcome)?;
    let drift = of_node(cluster, &outcome, &survey, name)?;
    match of_outcome(name, &outcome, Some((&cluster.written, &survey.down()))) {
        Ok((page, exit)) => Ok((page.map(|page| Page { drift, ..page }), exit)),
        // A node that no pool has is one of the cluster's all the same.
        Err(VerbError::Unknown(_)) if drift.is_some() => {
            let page = Page {
                drift,
                ..saved(name, &cluster.written)?
            };
            Ok((Some(page), report::exit(&outcome, false)))
        }
        Err(error) => Err(error),
    }
}

/// What a compile says, and what becomes of the node after an earlier state, in which some nodes may be down; nothing where not
/// all inputs could be read.
fn of_outcome(
    name: &str,
    outcome: &Outcome,
    before: Option<(&Previous, &BTreeSet<&str>)>,
) -> Result<Explained, VerbError> {
    let previous = before.map(|(previous, _)| previous);
    let exit = report::exit(outcome, false);
    report::errors(outcome);
    if exit > Exit::Findings {
        // Whether the node is in what could not be read is not known.
        eprint("nothing is explained because of the errors above\n");
        return Ok((None, exit));
    }
    let carried = Carried::new(previous, outcome)?;
    let (mut page, exit) = match asked(outcome, &carried, name)? {
        Asked::Planned(node) => (planned(outcome, node)?, exit),
        Asked::Keeps(why) => {
            let pool = carried.holder(name).map(str::to_owned);
            let pool = pool.or_else(|| pools_of(&outcome.input, name).first().map(ToString::to_string));
            let page = Page {
                name: name.to_owned(),
                findings: findings(outcome, &objects_of(outcome, pool.as_deref(), name)),
                pool,
                keeps: Some(why),
                ..Page::default()
            };
            (page, exit.max(Exit::Findings))
        }
    };
    if let Some((previous, down)) = before {
        page.change = Some(change(outcome, (previous, down), &carried, name)?);
    }
    Ok((Some(page), exit))
}

fn planned(outcome: &Outcome, node: PlannedNode<'_>) -> Result<Page, VerbError> {
    let traced = Traced::new(outcome, node)?;
    let pool = node.pool();
    let site = outcome
        .input
        .superclusters
        .iter()
        .find(|site| site.name == pool.supercluster);
    let group = site.zip(node.rack()).and_then(|(site, rack)| {
        let has = |names: &str| crate::values::holds(names, rack.as_str());
        site.spec.racks.iter().find(|group| has(group.names.as_str()))
    });
    let system = group.map(|group| group.system.to_string());
    let view = site.map(|site| View::of(site.spec.catalogue.as_ref()));
    let watts = view.zip(system.as_ref()).and_then(|(view, system)| {
        let most = view.systems.get(system)?.max_power.as_ref()?;
        Some(most.watts / most.nodes.max(1))
    });
    let selection = outcome.input.pools.iter().find(|known| known.name == pool.name);
    let way = selection.map(|known| &known.spec.nodes).map(|nodes| {
        if nodes.racks.is_some() {
            "spec.nodes.racks"
        } else if nodes.names.is_some() {
            "spec.nodes.names"
        } else {
            "spec.nodes.selector"
        }
    });
    let budgets = outcome.compilation.power.iter();
    let budgets = budgets.filter(|envelope| envelope.supercluster == pool.supercluster);
    Ok(Page {
        name: node.name().to_owned(),
        pool: Some(pool.name.to_string()),
        why: way.map(|way| traced.from("GPUPool", pool.name.as_str(), way)),
        profile: Some(pool.profile_name.clone()),
        rack: node.rack().map(ToString::to_string),
        system,
        watts,
        seats: seats(outcome, node),
        power: budgets.map(PowerSummary::new).collect(),
        findings: findings(
            outcome,
            &objects_of(outcome, Some(pool.name.as_str()), node.name()),
        ),
        keeps: None,
        change: None,
        drift: None,
        values: traced.values(),
    })
}

/// The leaf ports of a node, by the design of its fabrics. A fabric without a known switch has none.
fn seats(outcome: &Outcome, node: PlannedNode<'_>) -> Vec<Seat> {
    let rails = node.pool().profile.rails.iter();
    let its: BTreeSet<&str> = rails.map(|rail| rail.fabric.as_str()).collect();
    let mut seats = Vec::new();
    for (name, design) in fabric::fabrics_of(&outcome.input, |name| its.contains(name)) {
        let Ok(design) = design else { continue };
        let Some(seated) = design.nodes.iter().find(|seated| *seated.name == *node.name()) else {
            continue;
        };
        for rail in 0..u32::from(design.spec.topology.rails) {
            let Some(end) = design.topology.leaf_port(seated.seat, rail) else {
                continue;
            };
            seats.push(Seat {
                fabric: name.to_string(),
                rail,
                unit: design.topology.unit_of(end.leaf) + 1,
                leaf: design.topology.name(end.subnet, Switch::Leaf(end.leaf)),
                port: end.port,
            });
        }
    }
    seats
}

/// The objects that a node comes from.
fn objects_of(outcome: &Outcome, pool: Option<&str>, node: &str) -> BTreeSet<ObjectRef> {
    let mut objects = BTreeSet::from([ObjectRef::new(Kind::NodeInventory, node)]);
    let Some(pool) = pool else { return objects };
    objects.insert(ObjectRef::new(Kind::GPUPool, pool));
    if let Some(known) = outcome
        .input
        .pools
        .iter()
        .find(|known| known.name.as_str() == pool)
    {
        objects.insert(ObjectRef::new(
            Kind::Supercluster,
            known.spec.supercluster.as_str(),
        ));
        let fabrics = known.spec.fabrics.iter();
        objects.extend(fabrics.map(|fabric| ObjectRef::new(Kind::InfiniBandFabric, fabric.name.as_str())));
        let tiers = known.spec.storage.iter();
        objects.extend(tiers.map(|tier| ObjectRef::new(Kind::StorageTier, tier.tier.as_str())));
    }
    objects
}

/// The findings about any of these objects, as the first party or another.
fn findings(outcome: &Outcome, objects: &BTreeSet<ObjectRef>) -> Vec<Told> {
    let names: BTreeSet<String> = objects.iter().map(ToString::to_string).collect();
    let compiled = outcome.compilation.findings.iter();
    let compiled = compiled.filter(|finding| {
        finding
            .parties
            .iter()
            .any(|party| objects.contains(&party.object))
    });
    let compiled: BTreeSet<(&str, &str)> = compiled
        .map(|finding| (finding.rule.code, finding.message.as_str()))
        .collect();
    let about = |finding: &&Diagnostic| {
        let first = finding
            .object
            .as_ref()
            .is_some_and(|object| names.contains(object));
        first || compiled.contains(&(finding.code.to_string().as_str(), finding.message.as_str()))
    };
    let found = outcome.diagnostics.iter().filter(about);
    found
        .map(|finding| Told {
            code: finding.code.to_string(),
            severity: finding.severity,
            object: finding.object.clone(),
            message: finding.message.clone(),
        })
        .collect()
}

/// A value in a line.
fn in_line(value: &Value) -> String {
    cut(&value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

impl Page {
    fn text(&self) -> String {
        let mut out = format!("# node {}\n\n", self.name);
        let mut line = |label: &str, text: &str| out.push_str(&format!("{label:<8}  {text}\n"));
        if let Some(pool) = &self.pool {
            line("pool", &format!("GPUPool/{pool}"));
        }
        if let Some(why) = &self.why {
            line("because", &why.text());
        }
        if let Some(profile) = &self.profile {
            line("profile", &format!("NodeProfile/{profile}"));
        }
        if let Some(rack) = &self.rack {
            line("rack", rack);
        }
        if let Some(system) = &self.system {
            let watts = self.watts.map_or_else(|| "unknown".to_owned(), shown);
            line("system", &format!("{system}, draws at most {watts}"));
        }
        for budget in &self.power {
            let of = budget
                .name
                .as_ref()
                .map_or_else(String::new, |name| format!(" {name}"));
            let (draw, usable) = (shown(budget.draw_watts), shown(budget.usable_watts));
            line("budget", &format!("{}{of}: {draw} of {usable}", budget.level));
        }
        if let Some(keeps) = &self.keeps {
            line("keeps", keeps);
        }
        if !self.seats.is_empty() {
            out.push_str("\n## Seats\n\n");
        }
        for seat in &self.seats {
            out.push_str(&format!(
                "{} rail {}: unit {}, {} port {}\n",
                seat.fabric, seat.rail, seat.unit, seat.leaf, seat.port
            ));
        }
        if !self.findings.is_empty() {
            out.push_str("\n## Findings\n\n");
        }
        for told in &self.findings {
            let severity = match told.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            let object = told.object.as_deref().unwrap_or_default();
            out.push_str(&format!("{severity}[{}] {object}: {}\n", told.code, told.message));
        }
        if let Some(drift) = &self.drift {
            out.push_str(&drift.text());
        }
        if let Some(change) = &self.change {
            out.push_str(&change.text());
        }
        if !self.values.is_empty() {
            out.push_str("\n## Values\n\n");
        }
        for NodeValue { path, value, from } in &self.values {
            let from = from
                .as_ref()
                .map_or_else(String::new, |from| format!("\n    {}", from.text()));
            out.push_str(&format!("{path}: {}{from}\n", in_line(value)));
        }
        out
    }
}
