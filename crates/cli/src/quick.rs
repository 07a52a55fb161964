//! Lines that are fine at first sight: inventories and node configurations in the plain form in which programs print
//! them. A site has one of each for every node; building values of them and judging these by a schema is what a large
//! run would do most of its time.
//!
//! A line is taken only where the full reading takes it too and gives the same, which the tests prove; of any other,
//! right or wrong, nothing is said.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use rackwright_api::labels::API_VERSION;
use rackwright_api::{Guid, Hash, Hostlist, InterfaceAddress, Line, Name, NodeName, PciAddress, bounds};
use rackwright_manifest::schema::is_label;
use rackwright_planner::{Inventory, Port, PreviousNode};

use crate::scan::{Scan, once};

/// Keys and values.
type Labels<'a> = Vec<(&'a str, &'a str)>;

/// What a compile needs of an inventory.
pub fn inventory(line: &[u8]) -> Option<Inventory> {
    let ((name, labels), found) = object(line, "NodeInventory", inventory_spec)?;
    let disks = found.disks.into_iter().map(|disk| (disk.model, disk.address));
    Some(Inventory::from_parts(name, judged(labels)?, &found.ports, disks))
}

/// The name of a node's configuration.
pub fn config(line: &[u8]) -> Option<NodeName> {
    let ((name, labels), _) = object(line, "NodeConfig", config_spec)?;
    judged(labels).map(|_| name)
}

/// What a compile needs of a node's configuration, and its profile.
pub fn previous(line: &[u8]) -> Option<(PreviousNode, &str)> {
    let ((name, _), Config { rails, profile }) = object(line, "NodeConfig", config_spec)?;
    let addresses = rails.iter().filter_map(|rail| rail.address).collect();
    let guids = rails
        .iter()
        .filter_map(|rail| Some((rail.number, rail.guid?)))
        .collect();
    let node = PreviousNode {
        name,
        addresses,
        guids,
        // A line with any is read the slow way.
        quarantined: Box::default(),
        in_force: None,
    };
    Some((node, profile))
}

/// The labels, where the API server takes them.
fn judged(labels: Labels<'_>) -> Option<BTreeMap<String, String>> {
    let mut judged = BTreeMap::new();
    for (key, value) in labels {
        let new = judged.insert(key.to_owned(), value.to_owned()).is_none();
        (new && is_label(key, value)).then_some(())?;
    }
    Some(judged)
}

/// Metadata and spec of an object of ours.
fn object<'a, T>(
    line: &'a [u8],
    wanted: &str,
    read_spec: impl Fn(&mut Scan<'a>) -> Option<T>,
) -> Option<((NodeName, Labels<'a>), T)> {
    let mut scan = Scan::new(line)?;
    let (mut api_version, mut kind, mut metadata, mut spec) = (None, None, None, None);
    // Another kind mostly ends the reading here: the kind comes first in what programs print.
    scan.object(|scan, key| match key {
        "apiVersion" => once(&mut api_version, valid(scan, |text| text == API_VERSION)?),
        "kind" => once(&mut kind, valid(scan, |text| text == wanted)?),
        "metadata" => once(&mut metadata, self::metadata(scan)?),
        "spec" => once(&mut spec, read_spec(scan)?),
        _ => None,
    })?;
    scan.end()?;
    api_version.and(kind)?;
    Some((metadata?, spec?))
}

/// What agents and `kubectl get -o json` write; annotations and the like are left to the other reader.
fn metadata<'a>(scan: &mut Scan<'a>) -> Option<(NodeName, Labels<'a>)> {
    let (mut name, mut labels) = (None, None);
    let (mut created, mut generation, mut version, mut uid) = (None, None, None, None);
    scan.object(|scan, key| match key {
        "creationTimestamp" => once(&mut created, scan.text()?),
        "generation" => once(&mut generation, scan.number()?),
        "labels" => once(&mut labels, self::labels(scan)?),
        "name" => once(&mut name, NodeName::new(scan.text()?).ok()?),
        "resourceVersion" => once(&mut version, scan.text()?),
        "uid" => once(&mut uid, scan.text()?),
        _ => None,
    })?;
    Some((name?, labels.unwrap_or_default()))
}

fn labels<'a>(scan: &mut Scan<'a>) -> Option<Labels<'a>> {
    let mut labels = Labels::new();
    scan.object(|scan, key| {
        labels.push((key, scan.text()?));
        Some(())
    })?;
    Some(labels)
}

/// What a compile needs of an inventory's spec.
struct Found<'a> {
    ports: Vec<Port>,
    disks: Vec<Disk<'a>>,
}

struct Disk<'a> {
    id: &'a str,
    model: &'a str,
    address: Option<u32>,
}

fn inventory_spec<'a>(scan: &mut Scan<'a>) -> Option<Found<'a>> {
    let (mut disks, mut gpus, mut hcas, mut kernel, mut system) = (None, None, None, None, None);
    scan.object(|scan, key| match key {
        "disks" => once(&mut disks, list(scan, bounds::DISKS, disk, |disk| disk.id)?),
        "gpus" => once(&mut gpus, list(scan, bounds::GPUS, gpu, |address| *address)?),
        "hcas" => once(&mut hcas, list(scan, bounds::NODE_RAILS, hca, |port| port.rail)?),
        "kernel" => once(&mut kernel, valid(scan, Line::is_valid)?),
        "system" => once(&mut system, valid(scan, Name::is_valid)?),
        _ => None,
    })?;
    Some(Found {
        ports: hcas.unwrap_or_default(),
        disks: disks.unwrap_or_default(),
    })
}

fn disk<'a>(scan: &mut Scan<'a>) -> Option<Disk<'a>> {
    let (mut id, mut model, mut address, mut serial, mut size) = (None, None, None, None, None);
    scan.object(|scan, key| match key {
        "id" => once(&mut id, valid(scan, Line::is_valid)?),
        "model" => once(&mut model, valid(scan, Line::is_valid)?),
        "pciAddress" => once(&mut address, PciAddress::new(scan.text()?).ok()?.value()),
        "serial" => once(&mut serial, valid(scan, Line::is_valid)?),
        "sizeBytes" => once(&mut size, i64::try_from(scan.number()?).ok()?),
        _ => None,
    })?;
    size?;
    Some(Disk {
        id: id?,
        model: model.unwrap_or_default(),
        address,
    })
}

/// The PCI address of a GPU.
fn gpu<'a>(scan: &mut Scan<'a>) -> Option<&'a str> {
    let (mut memory, mut address, mut product, mut uuid) = (None, None, None, None);
    scan.object(|scan, key| match key {
        "memoryMiB" => once(&mut memory, u32::try_from(scan.number()?).ok()?),
        "pciAddress" => once(&mut address, valid(scan, PciAddress::is_valid)?),
        "product" => once(&mut product, valid(scan, Line::is_valid)?),
        "uuid" => once(&mut uuid, valid(scan, Line::is_valid)?),
        _ => None,
    })?;
    memory.and(product).and(address)
}

fn hca(scan: &mut Scan<'_>) -> Option<Port> {
    let (mut device, mut guid, mut address, mut rail) = (None, None, None, None);
    scan.object(|scan, key| match key {
        "device" => once(&mut device, valid(scan, Line::is_valid)?),
        "guid" => once(&mut guid, Guid::value_of(scan.text()?)?),
        "pciAddress" => once(&mut address, PciAddress::new(scan.text()?).ok()?.value()),
        "rail" => once(&mut rail, scan.number()?),
        _ => None,
    })?;
    let rail = rail.filter(|rail| *rail < bounds::NODE_RAILS as u64)?;
    Some(Port {
        rail: rail as u8,
        guid: guid?,
        address,
    })
}

/// A rail of a node's configuration.
struct Rail {
    number: u8,
    address: Option<Ipv4Addr>,
    guid: Option<u64>,
}

/// A node's configuration.
struct Config<'a> {
    rails: Vec<Rail>,
    profile: &'a str,
}

fn config_spec<'a>(scan: &mut Scan<'a>) -> Option<Config<'a>> {
    let (mut facts, mut hash, mut management, mut profile) = (None, None, None, None);
    scan.object(|scan, key| match key {
        "facts" => once(&mut facts, self::facts(scan)?),
        "hash" => once(&mut hash, valid(scan, Hash::is_valid)?),
        "management" => {
            let known = |text: &str| matches!(text, "Managed" | "Detached");
            once(&mut management, valid(scan, known)?)
        }
        "profile" => once(&mut profile, valid(scan, |name| (1..=253).contains(&name.len()))?),
        _ => None,
    })?;
    hash.and(management)?;
    Some(Config {
        rails: facts?,
        profile: profile?,
    })
}

fn facts(scan: &mut Scan<'_>) -> Option<Vec<Rail>> {
    let (mut peers, mut rack, mut rails) = (None, None, None);
    scan.object(|scan, key| match key {
        "imexPeers" => once(
            &mut peers,
            valid(scan, |list| list.len() <= 4096 && Hostlist::is_valid(list))?,
        ),
        "rack" => once(&mut rack, valid(scan, Name::is_valid)?),
        "rails" => once(
            &mut rails,
            list(scan, bounds::NODE_RAILS, rail, |rail| rail.number)?,
        ),
        _ => None,
    })?;
    Some(rails.unwrap_or_default())
}

fn rail(scan: &mut Scan<'_>) -> Option<Rail> {
    let (mut guid, mut address, mut number) = (None, None, None);
    scan.object(|scan, key| match key {
        "guid" => once(&mut guid, Guid::value_of(scan.text()?)?),
        "ipv4" => once(&mut address, InterfaceAddress::parts_of(scan.text()?)?.0),
        "rail" => once(&mut number, u8::try_from(scan.number()?).ok()?),
        _ => None,
    })?;
    Some(Rail {
        number: number?,
        address,
        guid,
    })
}

/// A list of at most `max` items with unique keys.
fn list<'a, T, K: PartialEq>(
    scan: &mut Scan<'a>,
    max: usize,
    item: impl Fn(&mut Scan<'a>) -> Option<T>,
    key: impl Fn(&T) -> K,
) -> Option<Vec<T>> {
    let mut items: Vec<T> = Vec::new();
    scan.list(|scan| {
        let item = item(scan)?;
        let new = items.iter().all(|other| key(other) != key(&item));
        items.push(item);
        (new && items.len() <= max).then_some(())
    })?;
    Some(items)
}

fn valid<'a>(scan: &mut Scan<'a>, is_valid: impl Fn(&str) -> bool) -> Option<&'a str> {
    scan.text().filter(|text| is_valid(text))
}

#[cfg(test)]
mod tests;
