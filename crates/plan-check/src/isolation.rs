//! Who can talk to whom in a subnet, from the `partitions.conf` that its subnet manager reads, against what the fabric's
//! partitions say.
//!
//! The file is read again here as OpenSM 3.3.23 reads it, from its documentation (`doc/partition-config.txt`) and what was
//! seen of it, without a line of what wrote it. Two ports can talk where both have a key and one of them is its full member.

use std::collections::{BTreeMap, BTreeSet};

use rackwright_api::{InfiniBandFabricSpec, Membership, Name};

use crate::invariant::Invariant;
use crate::table::{PARTITIONS_UNREADABLE, TENANTS_APART, TENANTS_TOGETHER};
use crate::violation::{Kind, Sink, Violation};

/// OpenSM reads lines into 4,096 bytes, end and zero included.
const LINE: usize = 4094;

/// A port of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Port<'a> {
    /// Its GUID.
    pub guid: u64,
    /// The pool of its node; none where no pool has it.
    pub pool: Option<&'a str>,
}

/// The keys of one port, and whether it is a full member.
type Table = BTreeMap<u16, bool>;

/// Checks the file of one subnet.
pub fn check_isolation<'p>(
    fabric: &Name,
    spec: &InfiniBandFabricSpec,
    partitions_conf: &str,
    ports: impl IntoIterator<Item = Port<'p>>,
) -> Vec<Violation> {
    let mut sink = Sink::default();
    let case = |invariant: &'static Invariant, message: String| {
        Violation::new(invariant, message).object(Kind::InfiniBandFabric, fabric)
    };
    let ports: Vec<Port<'p>> = ports.into_iter().collect();
    let known: BTreeSet<u64> = ports.iter().map(|port| port.guid).collect();
    let rules = match read(partitions_conf) {
        Ok(rules) => rules,
        Err(why) => {
            sink.report(case(
                &PARTITIONS_UNREADABLE,
                format!("OpenSM reads partitions.conf of {fabric} otherwise than meant: {why}"),
            ));
            return sink.finish();
        }
    };
    let named = rules.iter().flat_map(|rule| &rule.members);
    for unknown in named.filter_map(|(who, _)| match who {
        Who::Port(guid) if !known.contains(guid) => Some(guid),
        _ => None,
    }) {
        sink.report(case(
            &PARTITIONS_UNREADABLE,
            format!("partitions.conf of {fabric} has the port 0x{unknown:016x}, which no node of it has"),
        ));
    }
    // Ports of one pool mostly have one table: pairs of pools are few.
    let tables = tables(&rules, &ports);
    let mut alike: BTreeMap<(Option<&str>, &Table), (u64, usize)> = BTreeMap::new();
    for (port, table) in ports.iter().zip(&tables) {
        alike.entry((port.pool, table)).or_insert((port.guid, 0)).1 += 1;
    }
    let classes: Vec<_> = alike.into_iter().collect();
    let intents = Intents::read(spec);
    for (at, ((pool, table), (guid, count))) in classes.iter().enumerate() {
        let itself = (*count > 1).then_some(&classes[at]);
        for ((other_pool, other_table), (other, _)) in itself.into_iter().chain(&classes[at + 1..]) {
            let over = shared(table, other_table);
            let may = intents.may(*pool, *other_pool);
            if over.is_some() == may {
                continue;
            }
            let ports = format!(
                "ports of {} and {}, such as 0x{guid:016x} and 0x{other:016x},",
                shown(*pool),
                shown(*other_pool)
            );
            let found = match over {
                Some(key) => case(
                    &TENANTS_TOGETHER,
                    format!("{ports} can talk over key 0x{key:04x}, and no partition of {fabric} lets them"),
                ),
                None => case(
                    &TENANTS_APART,
                    format!("{ports} cannot talk, and a partition of {fabric} says that they do"),
                ),
            };
            let pools = [*pool, *other_pool].into_iter().flatten();
            sink.report(pools.fold(found, |found, pool| found.object(Kind::GPUPool, pool)));
        }
    }
    sink.finish()
}

fn shown(pool: Option<&str>) -> String {
    pool.map_or_else(|| "hosts of no pool".to_owned(), |pool| format!("pool {pool}"))
}

/// A key over which ports with these tables can talk.
fn shared(a: &Table, b: &Table) -> Option<u16> {
    let over = |(key, full): &(&u16, &bool)| b.get(key).is_some_and(|other| **full || *other);
    a.iter().find(over).map(|(key, _)| *key)
}

/// What the fabric says of its pools.
struct Intents<'a> {
    /// Whether there is no partition: then everybody is a full member of the default one.
    open: bool,
    /// Partitions by pool, and whether as full members.
    of_pool: BTreeMap<&'a str, BTreeMap<&'a str, bool>>,
}

impl<'a> Intents<'a> {
    fn read(spec: &'a InfiniBandFabricSpec) -> Self {
        let mut of_pool: BTreeMap<&str, BTreeMap<&str, bool>> = BTreeMap::new();
        for partition in &spec.partitions {
            for member in &partition.members {
                let full = member.membership == Membership::Full;
                let of_pool = of_pool.entry(member.pool.as_str()).or_default();
                of_pool.insert(partition.name.as_str(), full);
            }
        }
        Self {
            open: spec.partitions.is_empty(),
            of_pool,
        }
    }

    fn may(&self, a: Option<&str>, b: Option<&str>) -> bool {
        let of = |pool: Option<&str>| pool.and_then(|pool| self.of_pool.get(pool));
        let (Some(a), Some(b)) = (of(a), of(b)) else {
            return self.open;
        };
        a.iter()
            .any(|(partition, full)| b.get(partition).is_some_and(|other| *full || *other))
    }
}

/// Who a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Port(u64),
    /// `ALL` and `ALL_CAS`.
    Everybody,
    /// Switches, routers and the manager itself, none of which is a node.
    NoNode,
}

/// One statement.
#[derive(Debug)]
struct Rule {
    key: u16,
    /// In the order of the file, and whether as a full member.
    members: Vec<(Who, bool)>,
}

/// The table of each port: of one key's rules the last that names a port counts.
fn tables(rules: &[Rule], ports: &[Port<'_>]) -> Vec<Table> {
    let mut everybody = Table::new();
    let mut own: BTreeMap<u64, Table> = BTreeMap::new();
    for rule in rules {
        for (who, full) in &rule.members {
            match who {
                Who::Port(guid) => {
                    own.entry(*guid).or_default().insert(rule.key, *full);
                }
                Who::Everybody => {
                    everybody.insert(rule.key, *full);
                    for table in own.values_mut() {
                        table.remove(&rule.key);
                    }
                }
                Who::NoNode => {}
            }
        }
    }
    let table = |port: &Port<'_>| {
        let mut table = everybody.clone();
        table.extend(own.get(&port.guid).into_iter().flatten());
        table
    };
    ports.iter().map(table).collect()
}

/// Reads the file; what OpenSM would take for something else is an error.
fn read(text: &str) -> Result<Vec<Rule>, String> {
    let mut plain = String::with_capacity(text.len());
    for (at, line) in text.lines().enumerate() {
        if line.len() > LINE {
            return Err(format!(
                "line {} has {} bytes, and it reads {LINE}",
                at + 1,
                line.len()
            ));
        }
        plain.push_str(line.split('#').next().unwrap_or_default());
        plain.push('\n');
    }
    let mut statements: Vec<&str> = plain.split(';').collect();
    let rest = statements.pop().unwrap_or_default().trim();
    if !rest.is_empty() {
        return Err(format!(
            "{:?} has no end",
            rest.lines().next().unwrap_or_default()
        ));
    }
    if statements.is_empty() {
        return Err("it holds no partition, so everybody is a full member of the default one".to_owned());
    }
    let rules: Vec<Rule> = statements.into_iter().map(statement).collect::<Result<_, _>>()?;
    Ok(rules)
}

fn statement(text: &str) -> Result<Rule, String> {
    let (head, members) = text
        .split_once(':')
        .ok_or_else(|| format!("{:?} has no members", text.trim()))?;
    let mut words = head.split(',').map(str::trim);
    let name = words.next().unwrap_or_default();
    let key = name
        .split_once('=')
        .and_then(|(_, key)| u16::from_str_radix(key.trim().strip_prefix("0x")?, 16).ok())
        .filter(|key| (1..=0x7fff).contains(key))
        .ok_or_else(|| format!("{name:?} has no key from 0x0001 to 0x7fff"))?;
    let mut default = false;
    for word in words {
        if let Some(membership) = word.strip_prefix("defmember=") {
            default = full(membership)?;
        }
    }
    let members = members.split(',').map(str::trim).map(|member| {
        let (who, membership) = match member.split_once('=') {
            Some((who, membership)) => (who, full(membership)?),
            None => (member, default),
        };
        let who = match who {
            "ALL" | "ALL_CAS" => Who::Everybody,
            "ALL_SWITCHES" | "ALL_ROUTERS" | "SELF" => Who::NoNode,
            guid => {
                let digits = guid.strip_prefix("0x");
                let guid = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
                Who::Port(guid.ok_or_else(|| format!("{member:?} is no member"))?)
            }
        };
        Ok((who, membership))
    });
    Ok(Rule {
        key,
        members: members.collect::<Result<_, String>>()?,
    })
}

/// OpenSM takes every other word, `Full` too, for limited.
fn full(membership: &str) -> Result<bool, String> {
    match membership {
        "full" => Ok(true),
        "limited" => Ok(false),
        other => Err(format!("{other:?} is no membership")),
    }
}
