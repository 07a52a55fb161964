//! `rackwright fabric render`.

use std::fs;
use std::io::Write;
use std::path::Path;

use rackwright_fabric::design::Design;
use rackwright_planner::fabric::{PlannedFabric, fabrics};
use rackwright_planner::{Kind, ObjectRef};
use serde::Serialize;

use super::super::{VerbError, plan};
use super::files::{File, Missing, Subnet};
use super::pictures::{Drawn, Wanted};
use super::switches::{Switches, from_file};
use super::{known, refused};
use crate::args::FabricRender;
use crate::exit::Exit;
use crate::folder;
use crate::output::{Out, When, eprint, forgive_broken_pipe};
use crate::pipeline::Outcome;
use crate::previous::Previous;
use crate::progress;
use crate::report;
use crate::summary::count;

/// Compiles, and writes the files of every fabric.
pub fn run(args: &FabricRender, color: When, out: &mut Out) -> Result<Exit, VerbError> {
    folder::check(&args.out)?;
    let stdin = Path::new("-");
    if args.switches.as_deref() == Some(stdin) && args.paths.paths.iter().any(|path| path == stdin) {
        return Err(VerbError::Usage(
            "standard input cannot be the switches and the manifests: save one of them to a file".to_owned(),
        ));
    }
    let (_, held) = Previous::opened(args.previous.as_deref(), &args.paths)?;
    let switches = args
        .switches
        .as_deref()
        .map(from_file)
        .transpose()?
        .unwrap_or_default();
    let outcome = crate::pipeline::run(&args.paths, held)?;
    let mut exit = report::exit(&outcome, false);
    plan::findings(&outcome, color);
    report::errors(&outcome);
    if exit > Exit::Findings {
        eprint("nothing is rendered because of the errors above\n");
        return Ok(exit);
    }
    if let Some(wanted) = &args.fabric {
        known(&outcome, wanted)?;
    }
    let mut planned = Vec::new();
    let phase = progress::phase(|| "designing fabrics".to_owned());
    for (name, fabric) in fabrics(&outcome.input, args.fabric.as_deref()) {
        let refusal = refused(&outcome, &name).or_else(|| pool_refused(&outcome, fabric.as_ref().ok()?));
        match (refusal, fabric) {
            (None, Ok(fabric)) => planned.push(fabric),
            (Some(why), _) => exit = finding(name.as_str(), &why),
            (None, Err(why)) => exit = finding(name.as_str(), &format!("there is no design: {why}")),
        }
    }
    drop(phase);
    let wanted = Wanted::new(args, &planned)?;
    let manifest = folder::fill(&args.out, |folder| {
        let mut manifest = Manifest {
            format_version: 1,
            generator: folder::GENERATOR,
            subnets: Vec::new(),
            pictures: Vec::new(),
            files: Vec::new(),
        };
        for fabric in planned {
            let name = fabric.name.clone();
            let _phase = progress::phase(|| format!("writing fabric {name}"));
            if let Err(why) = write(folder, fabric, &switches, args.planned, &wanted, &mut manifest)? {
                exit = finding(name.as_str(), &why);
            }
        }
        fs::write(folder.join(folder::MANIFEST), manifest.text()?)?;
        Ok(manifest)
    })?;
    for note in manifest.pictures.iter().filter_map(Drawn::note) {
        eprint(&note);
    }
    eprint(&format!(
        "wrote {} to {}\n",
        count(manifest.files.len() + 1, "file"),
        args.out.display()
    ));
    forgive_broken_pipe(out.write_all(manifest.list().as_bytes()))?;
    Ok(exit)
}

/// Says why a fabric is not, or not wholly, written.
fn finding(fabric: &str, why: &str) -> Exit {
    eprint(&format!("error: fabric {fabric}: {why}\n"));
    Exit::Findings
}

/// A partition without the nodes of a refused pool would cut off nodes that run.
fn pool_refused(outcome: &Outcome, fabric: &PlannedFabric) -> Option<String> {
    let members = fabric
        .spec
        .partitions
        .iter()
        .flat_map(|partition| &partition.members);
    let pool = members
        .map(|member| &member.pool)
        .find(|pool| outcome.refused.contains(&ObjectRef::new(Kind::GPUPool, pool)))?;
    Some(format!(
        "nothing is written, since pool {pool} of its partitions is refused for the findings above"
    ))
}

/// Writes all subnets of a fabric; what is wrong is told at the end. A fabric that is refused leaves no file.
fn write(
    folder: &Path,
    mut fabric: PlannedFabric,
    switches: &Switches,
    planned: bool,
    wanted: &Wanted<'_>,
    manifest: &mut Manifest,
) -> Result<Result<(), String>, VerbError> {
    let nodes = std::mem::take(&mut fabric.nodes);
    let design = match Design::new(fabric.topology, nodes, switches.clone()) {
        Ok(design) => design.in_racks(std::mem::take(&mut fabric.racks)),
        Err(error) => return Ok(Err(error.to_string())),
    };
    let mut missing = Missing { hcas: 0, switches: 0 };
    for number in 0..fabric.topology.subnets() {
        let subnet = Subnet {
            fabric: &fabric,
            design: &design,
            number,
            folder: fabric.folder(number),
            network: design.network(number),
        };
        let of_subnet = subnet.missing();
        missing.hcas += of_subnet.hcas;
        missing.switches += of_subnet.switches;
        let prefix = subnet_prefix(&fabric, number);
        // Also where they are not written: a fabric that is refused is refused whole, and early.
        let lists = subnet.lists(!of_subnet.none()).and_then(|lists| {
            let hosts = subnet.hosts()?;
            Ok((lists, subnet.managers(prefix, &hosts), hosts))
        });
        let (lists, managers, hosts) = match lists {
            Ok(all) => all,
            Err(why) => {
                manifest.forget(folder, fabric.name.as_str())?;
                return Ok(Err(why));
            }
        };
        subnet.isolation(&lists)?;
        let mut files = subnet.schedule()?;
        if of_subnet.none() || planned {
            files.extend(lists);
        }
        if of_subnet.none() {
            files.extend(managers);
        }
        manifest.add(folder, &subnet.folder, files)?;
        manifest.subnets.push(Described {
            fabric: fabric.name.to_string(),
            folder: subnet.folder.clone(),
            subnet_prefix: format!("0x{prefix:016x}"),
            managers: hosts,
            hcas_without_guid: of_subnet.hcas,
            switches_without_guid: of_subnet.switches,
        });
    }
    if !design.nodes().is_empty() {
        let (files, drawn) = wanted.files(fabric.name.as_str(), &design);
        manifest.add(folder, &format!("{}/pictures", fabric.name), files)?;
        manifest.pictures.push(drawn);
    }
    Ok(if missing.none() || planned {
        Ok(())
    } else {
        Err(format!(
            "the files of OpenSM are not written: {} and {} have no GUID. HCAs get theirs from NodeInventory (kubectl get nodeinventories -o json), switches from --switches with what ibnetdiscover prints, or lines of a name and a GUID. Before the hardware is there, add --planned",
            count(missing.hcas, "HCA"),
            match missing.switches {
                1 => "1 switch".to_owned(),
                many => format!("{many} switches"),
            }
        ))
    })
}

/// A subnet's prefix: the one that is written, or one that no other has: a unique local IPv6 prefix (RFC 4193: 0xfd, 40
/// random bits, 16 of the subnet), whose random bits come from the names, so that they stay.
fn subnet_prefix(fabric: &PlannedFabric, subnet: u32) -> u64 {
    let written = fabric.spec.subnet_prefixes.get(subnet as usize);
    let written =
        written.and_then(|prefix| u64::from_str_radix(prefix.as_str().trim_start_matches("0x"), 16).ok());
    if let Some(written) = written {
        return written;
    }
    let hash = blake3::hash(format!("{}/{}", fabric.spec.supercluster, fabric.name).as_bytes());
    let random = hash
        .as_bytes()
        .iter()
        .take(5)
        .fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
    0xfd << 56 | random << 16 | u64::from(subnet & 0xffff)
}

/// What lies in the folder.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    format_version: u32,
    generator: &'static str,
    subnets: Vec<Described>,
    pictures: Vec<Drawn>,
    files: Vec<Written>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Described {
    fabric: String,
    folder: String,
    subnet_prefix: String,
    managers: Vec<String>,
    hcas_without_guid: usize,
    switches_without_guid: usize,
}

#[derive(Serialize)]
struct Written {
    path: String,
    blake3: String,
}

impl Manifest {
    fn text(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// A line a subnet.
    fn list(&self) -> String {
        let mut out = String::new();
        for subnet in &self.subnets {
            let managers = match subnet.managers.len() {
                0 => "no subnet manager is named".to_owned(),
                1 => format!("managed by {} alone: nobody takes over", subnet.managers[0]),
                // Measured with these settings: 3.3 s until a standby has the subnet up.
                _ => format!(
                    "managed by {}; a standby takes over in about 3 s",
                    subnet.managers.join(", ")
                ),
            };
            out.push_str(&format!(
                "{}  prefix {}  {managers}\n",
                subnet.folder, subnet.subnet_prefix
            ));
        }
        out
    }

    /// Writes files into a folder below this one.
    fn add(&mut self, folder: &Path, below: &str, files: Vec<File>) -> Result<(), VerbError> {
        for (path, text) in files {
            let path = format!("{below}/{path}");
            let at = folder.join(&path);
            folder::make_room(&at)?;
            fs::write(at, &text)?;
            self.files.push(Written {
                path,
                blake3: folder::hash(&text),
            });
        }
        Ok(())
    }

    /// Takes a fabric out again.
    fn forget(&mut self, folder: &Path, fabric: &str) -> Result<(), VerbError> {
        self.subnets.retain(|subnet| subnet.fabric != fabric);
        let below = format!("{fabric}/");
        self.files.retain(|file| !file.path.starts_with(&below));
        let place = folder.join(fabric);
        if place.exists() {
            fs::remove_dir_all(place)?;
        }
        Ok(())
    }
}
