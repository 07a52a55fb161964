//! `slurm.conf`: its NodeName lines. A line that ends with a backslash goes on; keys have any case; DEFAULT sets what follows.

use std::collections::BTreeSet;

use rackwright_hostset::{Limits, expand};

use super::system::{Gpus, guess};
use super::{Host, Known};
use crate::summary::count;

/// Reads a configuration. `said` is the system of which the user speaks.
pub fn read(text: &str, said: Option<&str>) -> Result<Known, String> {
    let joined = text.replace("\\\r\n", " ").replace("\\\n", " ");
    let mut known = Known::default();
    let mut default: Option<Gpus> = None;
    let mut without = Vec::new();
    let mut told: BTreeSet<String> = BTreeSet::new();
    for line in joined.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let value = |wanted: &str| {
            let mut words = line
                .split_ascii_whitespace()
                .filter_map(|word| word.split_once('='));
            words
                .find(|(key, _)| key.eq_ignore_ascii_case(wanted))
                .map(|(_, value)| value)
        };
        if line
            .trim_start()
            .get(..8)
            .is_some_and(|word| word.eq_ignore_ascii_case("include "))
        {
            told.insert(format!(
                "what `{}` holds: included files are not read",
                line.trim()
            ));
        }
        if let (Some(partition), Some(nodes)) = (value("PartitionName"), value("Nodes")) {
            told.insert(format!(
                "which pool partition {partition} ({nodes}) would be: partitions overlap, pools do not, so there is one pool for each system"
            ));
        }
        let Some(names) = value("NodeName") else { continue };
        let gpus = value("Gres").and_then(gres).or_else(|| default.clone());
        if names.eq_ignore_ascii_case("DEFAULT") {
            default = gpus;
            continue;
        }
        let names =
            expand(names, &Limits::default()).map_err(|error| format!("NodeName={names}: {error}"))?;
        let (system, note) = gpus.as_ref().map_or((None, None), |gpus| guess(gpus, said));
        told.extend(note);
        let hosts = names.into_iter().map(|name| Host {
            name,
            rack: None,
            system: system.clone(),
        });
        if gpus.is_some() {
            known.hosts.extend(hosts);
        } else {
            without.extend(hosts);
        }
    }
    if known.hosts.is_empty() {
        // Nobody names GPUs: then it is not known which hosts have none.
        known.hosts = without;
    } else if !without.is_empty() {
        let left_out = count(without.len(), "node");
        known.unknown.push(format!(
            "{left_out} without Gres=gpu left out: pools are for GPU nodes"
        ));
    }
    known.unknown.extend(told);
    Ok(known)
}

/// `gpu:h100:8(S:0-1),nvme:4`
fn gres(text: &str) -> Option<Gpus> {
    let gpu = text
        .split(',')
        .find(|part| part.split(':').next() == Some("gpu"))?;
    let parts: Vec<&str> = gpu.split('(').next()?.split(':').collect();
    let (product, number) = match parts[..] {
        [_, product, number] => (product, Some(number)),
        [_, one] if one.parse::<u8>().is_err() => (one, None),
        [_, number] => ("", Some(number)),
        _ => ("", None),
    };
    Some(Gpus {
        product: product.to_owned(),
        count: number.and_then(|number| number.parse().ok()),
        machine: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_go_on_and_defaults_hold_for_what_follows() {
        let known = read(
            "# site\nnodename=DEFAULT Gres=gpu:gb200:4\nNodeName=a[1-2] \\\n  CPUs=144\nNodeName=login1 Gres=gpu:0 # none\n\
             PartitionName=all Nodes=a[1-2]\nInclude more.conf\n",
            None,
        )
        .unwrap();
        let names: Vec<(&str, Option<&str>)> = known
            .hosts
            .iter()
            .map(|host| (host.name.as_str(), host.system.as_deref()))
            .collect();
        assert_eq!(
            names,
            [
                ("a1", Some("gb200-nvl72")),
                ("a2", Some("gb200-nvl72")),
                ("login1", None)
            ]
        );
        assert_eq!(known.unknown.len(), 2, "{:?}", known.unknown);
        assert!(read("NodeName=a[1-", None).is_err());
    }

    #[test]
    fn gpus_have_a_type_and_a_number() {
        let read = |text: &str| gres(text).map(|gpus| (gpus.product, gpus.count));
        assert_eq!(
            read("nvme:2,gpu:h100:8(S:0-1)"),
            Some(("h100".to_owned(), Some(8)))
        );
        assert_eq!(read("gpu:8"), Some((String::new(), Some(8))));
        assert_eq!(read("gpu:h100"), Some(("h100".to_owned(), None)));
        assert_eq!(read("nvme:2"), None);
    }
}
