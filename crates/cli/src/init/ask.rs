//! `rackwright init` asks: a question on a line of standard error, its answer on a line of standard input.
//!
//! No library for prompts, on purpose. They redraw lists under cursor keys, which a screen reader cannot follow and a serial
//! console does not show, and they leave the terminal in a mode that an interrupt must put back. Here the terminal edits the
//! line, nothing is drawn twice, and answers may come from a file as well.
//!
//! An answer is judged by what judges flags: the documents are made with it, and must validate.

use std::cell::Cell;
use std::io::{self, BufRead, IsTerminal};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use rackwright_api::NodeName;
use rackwright_hostset::{HostSet, Limits, expand};
use rackwright_planner::catalogue::{self, Entry};

use super::text::{SWITCH, rails_of};
use super::{layout, per_rack, start};
use crate::args::Init;
use crate::catalogue::{list_line, name_width};
use crate::output::{answered, eprint, question};
use crate::verbs::VerbError;

/// The system that Enter takes, as something has to be.
const SYSTEM: &str = "dgx-b200";
/// The nodes that Enter takes.
const NODES: u32 = 32;

/// What a question does with an answer.
type Take<'a> = &'a dyn Fn(&str, &mut Init) -> Result<(), String>;

struct Asking<R> {
    input: R,
    /// Whether the terminal shows what is typed, and the end of the line with it.
    echoes: bool,
    /// What is said so far.
    said: Init,
    /// Whether what is said of the fabric is whole, so that it can be judged.
    fabric: bool,
}

/// Asks for what the flags do not say. `chooses_file` where the documents would fill a screen.
pub fn ask(args: &Init, input: impl BufRead, chooses_file: bool) -> Result<Init, VerbError> {
    let mut asking = Asking {
        input,
        echoes: io::stdin().is_terminal(),
        said: args.clone(),
        fabric: false,
    };
    eprint("Enter takes what stands in brackets. Ctrl-C ends, and nothing is written.\n");
    asking.site()?;
    asking.fabric()?;
    asking.storage()?;
    if chooses_file && asking.said.out.is_none() {
        let file = format!("{}.yaml", asking.said.name);
        asking.needed("File to write, or - for the screen", &file, &|answer, said| {
            let free = answer == "-" || !Path::new(answer).exists();
            said.out = (answer != "-").then(|| PathBuf::from(answer));
            free.then_some(())
                .ok_or_else(|| format!("{answer} is there already, and nothing is written over"))
        })?;
    }
    Ok(asking.said)
}

impl<R: BufRead> Asking<R> {
    fn site(&mut self) -> Result<(), VerbError> {
        let name = self.said.name.clone();
        self.needed("Name of the site", &name, &|answer, said| {
            answer.clone_into(&mut said.name);
            Ok(())
        })?;
        if self.said.system.is_none() {
            listed("Systems", catalogue::systems().iter());
            self.needed(
                "System of the nodes, by name or number",
                SYSTEM,
                &|answer, said| {
                    said.system = Some(chosen(answer, catalogue::systems().keys()));
                    Ok(())
                },
            )?;
        }
        if self.said.nodes.is_none() && self.said.names.is_none() {
            self.needed(
                "How many nodes, or the names of hosts that exist, such as dgx[001-032]",
                &NODES.to_string(),
                &nodes,
            )?;
        }
        let system = self.said.system.clone().unwrap_or_default();
        if self.said.nodes_per_rack.is_none() {
            let usual = per_rack(&self.said, &system).to_string();
            self.maybe("Nodes of one rack", &usual, &|answer, said| {
                said.nodes_per_rack = Some(number(answer, 1..=256)?);
                Ok(())
            })?;
        }
        if self.said.racks.is_none() {
            let usual = racks(&self.said, &system);
            self.maybe("Racks, such as a[01-08]", &usual, &|answer, said| {
                said.racks = Some(answer.to_owned());
                Ok(())
            })?;
        }
        Ok(())
    }

    fn fabric(&mut self) -> Result<(), VerbError> {
        let Init {
            rails,
            switch,
            nodes_per_unit,
            no_fabric,
            ..
        } = &self.said;
        if *no_fabric {
            return Ok(());
        }
        if rails.is_none() && switch.is_none() && nodes_per_unit.is_none() {
            self.maybe(
                "An InfiniBand fabric for compute, yes or no",
                "yes",
                &|answer, said| {
                    said.no_fabric = match answer {
                        "y" | "yes" => false,
                        "n" | "no" => true,
                        other => return Err(format!("{other:?} is neither yes nor no")),
                    };
                    Ok(())
                },
            )?;
        }
        if self.said.no_fabric {
            return Ok(());
        }
        if self.said.rails.is_none() {
            let system = self.said.system.as_deref().unwrap_or_default();
            let (usual, _) = rails_of(system);
            self.maybe("Compute ports of a node", &usual.to_string(), &|answer, said| {
                said.rails = Some(number(answer, 1..=16)?);
                Ok(())
            })?;
        }
        self.fabric = true;
        if self.said.switch.is_none() {
            let switches = catalogue::infiniband_switches();
            listed("Switches", switches.clone());
            self.maybe(
                "Switches of the fabric, by name or number; `none` writes no fabric",
                SWITCH,
                &|answer, said| {
                    if answer == "none" {
                        (said.no_fabric, said.rails) = (true, None);
                    } else {
                        said.switch = Some(chosen(answer, switches.clone().map(|(name, _)| name)));
                    }
                    Ok(())
                },
            )?;
        }
        Ok(())
    }

    fn storage(&mut self) -> Result<(), VerbError> {
        if self.said.scratch.is_none() {
            let devices = Cell::new(0);
            self.maybe(
                "NVMe devices of a node for one tier at /scratch",
                "0",
                &|answer, _| {
                    devices.set(number(answer, 0..=32)?);
                    Ok(())
                },
            )?;
            if devices.get() > 0 {
                self.needed("Their model, where * stands for any characters, such as SAMSUNG MZWLO*", "", &|answer, said| {
                    if answer.is_empty() {
                        return Err("a model is needed: devices of any would take the one that the host boots from".to_owned());
                    }
                    (said.scratch, said.scratch_model) = (Some(devices.get()), Some(answer.to_owned()));
                    Ok(())
                })?;
            }
        }
        if self.said.nfs.is_none() {
            self.maybe(
                "An NFS export that all nodes mount at /shared, as SERVER:/EXPORT",
                "none",
                &|answer, said| {
                    said.nfs = (answer != "none").then(|| answer.to_owned());
                    Ok(())
                },
            )?;
        }
        Ok(())
    }

    /// A question whose default is an answer as well.
    fn needed(&mut self, text: &str, usual: &str, take: Take<'_>) -> Result<(), VerbError> {
        self.question(text, usual, |answer, said| {
            take(if answer.is_empty() { usual } else { answer }, said)
        })
    }

    /// A question that Enter leaves open: what stands in brackets is what is done without the flag.
    fn maybe(&mut self, text: &str, usual: &str, take: Take<'_>) -> Result<(), VerbError> {
        self.question(text, usual, |answer, said| {
            if answer.is_empty() {
                Ok(())
            } else {
                take(answer, said)
            }
        })
    }

    /// Asks until an answer holds.
    fn question(
        &mut self,
        text: &str,
        usual: &str,
        take: impl Fn(&str, &mut Init) -> Result<(), String>,
    ) -> Result<(), VerbError> {
        let brackets = if usual.is_empty() {
            String::new()
        } else {
            format!(" [{usual}]")
        };
        loop {
            question(&format!("{text}{brackets}: "));
            let line = self.line()?;
            let mut said = self.said.clone();
            match take(line.trim(), &mut said).and_then(|()| self.judge(&said)) {
                Ok(()) => {
                    self.said = said;
                    return Ok(());
                }
                Err(why) => eprint(&format!("  {why}\n")),
            }
        }
    }

    /// Whether documents can be made with this. What is not asked yet is taken as Enter would take it.
    fn judge(&self, said: &Init) -> Result<(), String> {
        let mut whole = said.clone();
        whole.system.get_or_insert_with(|| SYSTEM.to_owned());
        if whole.names.is_none() {
            whole.nodes.get_or_insert(NODES);
        }
        if !self.fabric {
            whole.no_fabric = true;
        }
        start(&whole, None).map(drop).map_err(|error| error.to_string())
    }

    fn line(&mut self) -> Result<String, VerbError> {
        let mut bytes = Vec::new();
        let read = self.input.read_until(b'\n', &mut bytes);
        let read =
            read.map_err(|error| VerbError::Usage(format!("standard input: cannot be read: {error}")))?;
        if read == 0 {
            return Err(VerbError::Usage(
                "the answers end before the questions do; nothing is written".to_owned(),
            ));
        }
        if self.echoes {
            answered();
        }
        // What is no UTF-8 is refused as the character that stands for it.
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// What there is to choose from, by number.
fn listed<'a, E: Entry + 'a>(title: &str, entries: impl Iterator<Item = (&'a String, &'a E)> + Clone) {
    let width = name_width(entries.clone().map(|(name, _)| name.as_str()));
    let mut text = format!("{title}:\n");
    for ((name, entry), number) in entries.zip(1..) {
        text.push_str(&format!("{number:>3}  {}", list_line(name, entry, width)));
    }
    eprint(&text);
}

/// The entry of a number; what is no number of the list is a name, which is judged later.
fn chosen<'a>(answer: &str, names: impl Iterator<Item = &'a String>) -> String {
    let mut names = names;
    let at = answer
        .parse::<usize>()
        .ok()
        .and_then(|number| number.checked_sub(1));
    at.and_then(|at| names.nth(at))
        .map_or_else(|| answer.to_owned(), Clone::clone)
}

fn number<T: FromStr + PartialOrd + std::fmt::Display>(
    answer: &str,
    range: RangeInclusive<T>,
) -> Result<T, String> {
    let number = answer.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| {
        format!(
            "{answer:?} is no number from {} to {}",
            range.start(),
            range.end()
        )
    })
}

/// A number of nodes, or names.
fn nodes(answer: &str, said: &mut Init) -> Result<(), String> {
    if answer.bytes().all(|byte| byte.is_ascii_digit()) {
        said.nodes = Some(number(answer, 1..=100_000)?);
        return Ok(());
    }
    let names = expand(answer, &Limits::default()).map_err(|error| error.to_string())?;
    if let Some(wrong) = names.iter().find(|name| NodeName::new((*name).clone()).is_err()) {
        return Err(format!(
            "{wrong:?} is no name that Kubernetes can have: lower-case letters, digits, dashes, dots"
        ));
    }
    said.names = Some(answer.to_owned());
    Ok(())
}

/// The racks that there are without an answer.
fn racks(said: &Init, system: &str) -> String {
    let per_rack = per_rack(said, system);
    let count = match &said.names {
        Some(names) => expand(names, &Limits::default()).map_or(1, |names| names.len()),
        None => said.nodes.unwrap_or(NODES) as usize,
    };
    let racks = count.div_ceil(usize::from(per_rack.max(1)));
    let names: Vec<String> = if said.names.is_some() {
        (1..=racks).map(|number| format!("rack-{number}")).collect()
    } else {
        layout::usual(racks)
    };
    HostSet::from_names(names.iter().map(String::as_str))
        .map_or_else(|_| String::new(), |set| set.fold().to_string())
}

/// The command line that says the same without questions.
pub fn command(said: &Init) -> Result<String, VerbError> {
    let Init {
        from,
        names,
        nodes,
        system,
        name,
        nodes_per_rack,
        racks,
        rails,
        nodes_per_unit,
        switch,
        no_fabric,
        scratch,
        scratch_model,
        nfs,
        out,
        ask: _,
        clusters,
    } = said;
    let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
    let number = |number: Option<u32>| number.map(|number| number.to_string());
    let flags = [
        ("--from", path(from)),
        ("--kubeconfig", path(&clusters.kubeconfig)),
        ("--name", (name != "site").then(|| name.clone())),
        ("--system", system.clone()),
        ("--nodes", number(*nodes)),
        ("--names", names.clone()),
        ("--nodes-per-rack", number(nodes_per_rack.map(Into::into))),
        ("--racks", racks.clone()),
        ("--rails", number(rails.map(Into::into))),
        ("--nodes-per-unit", number(nodes_per_unit.map(Into::into))),
        ("--switch", switch.clone()),
        ("--scratch", number(scratch.map(Into::into))),
        ("--scratch-model", scratch_model.clone()),
        ("--nfs", nfs.clone()),
        ("--out", path(out)),
    ];
    let mut words = vec!["rackwright".to_owned(), "init".to_owned()];
    if *no_fabric {
        words.push("--no-fabric".to_owned());
    }
    for (flag, value) in flags {
        match value {
            None => {}
            Some(value) if value.starts_with('-') => words.push(format!("{flag}={value}")),
            Some(value) => words.extend([flag.to_owned(), value]),
        }
    }
    shlex::try_join(words.iter().map(String::as_str)).map_err(|error| VerbError::Usage(error.to_string()))
}
