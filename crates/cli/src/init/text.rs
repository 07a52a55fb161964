//! The documents of a starting point, with comments that say what else there is.

use std::collections::{BTreeMap, BTreeSet};

use rackwright_api::labels::API_VERSION;
use rackwright_planner::catalogue;

use super::layout::{MAX_RACKS, Nodes};
use super::{Known, Part, is_name};
use crate::args::Init;
use crate::verbs::VerbError;

/// What was written, and what was assumed for it.
pub struct Documents {
    /// The documents.
    pub text: String,
    /// What nobody said.
    pub assumed: Vec<String>,
}

/// The first address of a fabric that nobody gave one; private (RFC 1918).
const FIRST: u32 = u32::from_be_bytes([10, 64, 0, 0]);

/// Characters of a line of a comment.
const WIDTH: usize = 110;

/// Writes all documents.
pub fn write(args: &Init, parts: &[Part], known: &Known, running: bool) -> Result<Documents, VerbError> {
    if !is_name(&args.name) {
        return Err(VerbError::Usage(format!(
            "--name {}: lower-case letters, digits and dashes, no dots",
            args.name
        )));
    }
    let mut documents = vec![site(args, parts)];
    let mut assumed = Vec::new();
    let mut next = FIRST;
    for part in parts {
        let fabric = if args.no_fabric {
            None
        } else {
            Some(fabric(
                args,
                part,
                parts.len() > 1,
                known,
                running,
                &mut next,
                &mut assumed,
            )?)
        };
        documents.push(pools(
            args,
            part,
            fabric.as_ref().map(|(name, _)| name.as_str()),
            known,
            running,
        ));
        documents.extend(fabric.map(|(_, text)| text));
    }
    documents.extend(tiers(args)?);
    let mut told = BTreeSet::new();
    assumed.retain(|line| told.insert(line.clone()));
    assumed.push("what the site may draw: spec.power of the Supercluster says it, and plans are then checked against it".to_owned());
    Ok(Documents {
        text: documents.join("---\n"),
        assumed,
    })
}

/// The whole file: what is not known stands first.
pub fn headed(text: &str, unknown: &[String]) -> String {
    let mut out =
        String::from("# A starting point by `rackwright init`. Not known, and assumed or left out:\n");
    for line in unknown {
        let mut left = format!("- {line}");
        while !left.is_empty() {
            let most = left
                .char_indices()
                .map(|(at, _)| at)
                .nth(WIDTH)
                .unwrap_or(left.len());
            let at = if most == left.len() {
                most
            } else {
                left[..most].rfind(' ').filter(|at| *at > 2).unwrap_or(most)
            };
            let rest = left.split_off(at);
            out.push_str(&format!("# {}\n", left.trim_end()));
            let rest = rest.trim_start();
            left = if rest.is_empty() {
                String::new()
            } else {
                format!("  {rest}")
            };
        }
    }
    out.push_str("# `rackwright explain gpupool.spec` and the like say what every field means.\n");
    out + text
}

/// A text in quotes, whatever is in it: JSON's are read by YAML as they are.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn head(kind: &str, name: &str) -> String {
    format!("apiVersion: {API_VERSION}\nkind: {kind}\nmetadata: {{ name: {name} }}\nspec:\n")
}

fn site(args: &Init, parts: &[Part]) -> String {
    let mut out = head("Supercluster", &args.name);
    out.push_str(
        "  # power: { budget: 2MW, pue: \"1.2\" } # what the site may draw from its feed\n  racks:\n",
    );
    for part in parts {
        for group in &part.groups {
            let nodes = match &group.nodes {
                Nodes::OfRack(nodes) => format!("nodes: {}", quoted(nodes)),
                Nodes::Named(names, per_rack) => {
                    format!("nodeNames: {}, nodesPerRack: {per_rack}", quoted(names))
                }
            };
            out.push_str(&format!(
                "  - {{ names: {}, {nodes}, system: {} }}\n",
                quoted(&group.racks),
                part.system
            ));
        }
    }
    out
}

/// One pool, or more where the racks of one would not fit into its field.
fn pools(args: &Init, part: &Part, fabric: Option<&str>, known: &Known, running: bool) -> String {
    let mut lists: Vec<String> = Vec::new();
    for group in &part.groups {
        match lists.last_mut() {
            Some(last) if last.len() + group.racks.len() < MAX_RACKS => {
                last.push_str(&format!(",{}", group.racks));
            }
            _ => lists.push(group.racks.clone()),
        }
    }
    let several = lists.len() > 1;
    let one = |(number, racks): (usize, String)| {
        let name = if several {
            format!("{}-{}", part.system, number + 1)
        } else {
            part.system.clone()
        };
        let mut out = head("GPUPool", &name);
        out.push_str(&format!(
            "  supercluster: {}\n  nodes: {{ racks: {} }}\n",
            args.name,
            quoted(&racks)
        ));
        let driver = known.driver.as_deref().unwrap_or("580.95.05");
        let seen = if known.driver.is_some() {
            " # what the hosts run now"
        } else {
            ""
        };
        out.push_str(&format!(
            "  # gpu: {{ driver: {{ version: \"{driver}\" }} }}{seen}\n"
        ));
        out.push_str("  # host: { sysctls: { vm.max_map_count: \"262144\" } }\n");
        if let Some(fabric) = fabric {
            out.push_str(&format!("  fabrics: [ {{ name: {fabric} }} ]\n"));
        }
        let tiers: Vec<String> = tier_names(args)
            .iter()
            .map(|tier| format!("{{ tier: {tier} }}"))
            .collect();
        if !tiers.is_empty() {
            out.push_str(&format!("  storage: [ {} ]\n", tiers.join(", ")));
        }
        out.push_str("  rollout:\n");
        if running {
            out.push_str("    paused: true # hosts that run: nothing happens to them until this line goes\n");
        }
        out.push_str(
            "    maxUnavailable: { nodes: 1, domains: 1, domain: Rack } # at the same time\n    \
             canary: { nodes: 1, soak: 30m } # goes first, and must stay healthy so long\n",
        );
        out
    };
    lists
        .into_iter()
        .enumerate()
        .map(one)
        .collect::<Vec<_>>()
        .join("---\n")
}

/// The switch of fabrics for which nobody says one.
pub const SWITCH: &str = "qm9700";

/// Compute ports of a node of a system, and whether the catalogue says it; else one for each GPU.
pub fn rails_of(system: &str) -> (u8, bool) {
    let system = catalogue::system(system);
    let links = system.and_then(|system| system.compute_links.as_ref());
    match (links, system) {
        (Some(links), _) => (links.value, true),
        (None, Some(system)) => (system.gpus.value, false),
        (None, None) => (1, true),
    }
}

/// The compute fabric of a part, with its name.
fn fabric(
    args: &Init,
    part: &Part,
    several: bool,
    known: &Known,
    running: bool,
    next: &mut u32,
    assumed: &mut Vec<String>,
) -> Result<(String, String), VerbError> {
    let name = if several {
        format!("compute-{}", part.system)
    } else {
        "compute".to_owned()
    };
    let rails = args.rails.or(known.fabric.rails);
    let rails = rails.unwrap_or_else(|| {
        let (rails, known) = rails_of(&part.system);
        if !known {
            assumed.push(format!(
                "how many compute ports {} has: one for each of its {rails} GPUs; --rails says it",
                part.system
            ));
        }
        rails
    });
    let said = args.switch.as_deref().or(known.fabric.switch);
    if let Some(switch) = &args.switch
        && catalogue::switch(switch).is_none()
    {
        let names = catalogue::infiniband_switches().map(|(name, _)| name.as_str());
        return Err(crate::catalogue::unknown::<catalogue::Switch>(switch, names));
    }
    if said.is_none() {
        assumed.push(format!(
            "which switches the fabric has: {SWITCH}, 64 ports of 400 Gb/s; --switch says it"
        ));
    }
    let mut topology = BTreeMap::from([
        ("rails", rails.to_string()),
        ("switch", said.unwrap_or(SWITCH).to_owned()),
    ]);
    if let Some(optimized) = known.fabric.rail_optimized {
        topology.insert("railOptimized", optimized.to_string());
    }
    if let Some(nodes) = args.nodes_per_unit.or(known.fabric.nodes_per_unit) {
        topology.insert("nodesPerUnit", nodes.to_string());
    }
    let mut out = head("InfiniBandFabric", &name);
    out.push_str(&format!(
        "  supercluster: {}\n  plane: Compute\n  topology:\n    type: FatTree\n",
        args.name
    ));
    for (field, value) in topology {
        out.push_str(&format!("    {field}: {value}\n"));
    }
    let prefix = prefix(part.nodes, rails, next);
    if running {
        out.push_str(&format!(
            "  # addressing: {{ ipv4: {prefix}, mtu: 4096 }} # the prefix that the hosts have; reservations keep each address\n"
        ));
        assumed.push(format!(
            "which addresses the hosts have on fabric {name}: its addressing is left out, so that none changes"
        ));
    } else {
        out.push_str(&format!(
            "  addressing: {{ ipv4: {prefix}, mtu: 4096 }} # one equal prefix for each rail\n"
        ));
        assumed.push(format!(
            "which prefix is free: {prefix} is assumed for fabric {name}"
        ));
    }
    Ok((name, out))
}

/// A prefix with twice as many addresses as the nodes need on each rail.
fn prefix(nodes: usize, rails: u8, next: &mut u32) -> String {
    let of_rail = ((nodes + 2) * 2).next_power_of_two();
    let all = (of_rail * usize::from(rails).next_power_of_two()) as u32;
    let at = next.next_multiple_of(all);
    *next = at + all;
    format!("{}/{}", std::net::Ipv4Addr::from(at), 32 - all.trailing_zeros())
}

fn tier_names(args: &Init) -> Vec<&'static str> {
    let scratch = args.scratch.map(|_| "scratch");
    scratch
        .into_iter()
        .chain(args.nfs.as_ref().map(|_| "shared"))
        .collect()
}

fn tiers(args: &Init) -> Result<Vec<String>, VerbError> {
    let mut tiers = Vec::new();
    if let Some(devices) = args.scratch {
        let model = quoted(args.scratch_model.as_deref().unwrap_or_default());
        // One device needs no array.
        let raid = if devices > 1 { " raid: 0," } else { "" };
        tiers.push(format!(
            "{}  supercluster: {}\n  localNVMe: {{ devices: {{ model: {model}, count: {devices} }},{raid} filesystem: xfs, wipe: Never }} # only blank devices are taken\n  mountPoint: /scratch\n",
            head("StorageTier", "scratch"),
            args.name
        ));
    }
    if let Some(nfs) = &args.nfs {
        let Some((server, export)) = nfs.split_once(":/") else {
            return Err(VerbError::Usage(format!("--nfs {nfs}: write SERVER:/EXPORT")));
        };
        tiers.push(format!(
            "{}  supercluster: {}\n  nfs: {{ server: {}, export: {}, transport: TCP }}\n  mountPoint: /shared\n",
            head("StorageTier", "shared"),
            args.name,
            quoted(server),
            quoted(&format!("/{export}"))
        ));
    }
    Ok(tiers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_have_room_and_do_not_overlap() {
        let mut next = FIRST;
        assert_eq!(prefix(128, 8, &mut next), "10.64.0.0/20");
        assert_eq!(prefix(2, 3, &mut next), "10.64.16.0/27");
        assert_eq!(prefix(128, 8, &mut next), "10.64.32.0/20");
    }

    #[test]
    fn long_comments_are_cut_between_words() {
        let text = headed("", &["word ".repeat(60)]);
        assert!(
            text.lines()
                .all(|line| line.len() <= WIDTH + 4 && line.starts_with("# ")),
            "{text}"
        );
        assert!(text.lines().count() > 3);
    }
}
