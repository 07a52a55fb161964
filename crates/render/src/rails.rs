//! Rails as network interfaces: a name by GUID, an address, an MTU.

use std::collections::BTreeMap;

use rackwright_api::{Facts, ProfileRail};

use crate::builder::Builder;

/// Before udev's own naming (`80-net-setup-link.rules`), which leaves interfaces alone that have a name.
const NAMES: &str = "/etc/udev/rules.d/70-rackwright-rails.rules";

/// Bytes that IPoIB in datagram mode puts before a packet: an MTU of 4096 carries 4092 (node-config 2.3).
const IPOIB_HEADER: u16 = 4;

/// The names of the rails' interfaces, where they have one.
pub(crate) struct Interfaces(BTreeMap<u8, String>);

impl Interfaces {
    /// A rail has a name where the profile knows it and the node's facts hold its GUID and its address: only then the
    /// interface can be found and is ours to set up.
    pub fn new(rails: &[ProfileRail], facts: &Facts) -> Self {
        let known = facts.rails.iter().filter(|fact| {
            fact.guid.is_some() && fact.ipv4.is_some() && rails.iter().any(|rail| rail.rail == fact.rail)
        });
        Self(
            known
                .map(|fact| (fact.rail, format!("rail{}", fact.rail)))
                .collect(),
        )
    }

    /// The names of these rails; none where one of them has no name.
    pub fn of(&self, rails: &[u8]) -> Option<Vec<String>> {
        rails.iter().map(|rail| self.0.get(rail).cloned()).collect()
    }
}

pub(crate) fn render(rails: &[ProfileRail], facts: &Facts, out: &mut Builder) {
    let mut names = String::new();
    let mut nameless = Vec::new();
    for rail in rails {
        let number = rail.rail;
        let Some(fact) = facts.rails.iter().find(|fact| fact.rail == number) else {
            continue;
        };
        let Some(address) = &fact.ipv4 else {
            continue;
        };
        let Some(guid) = &fact.guid else {
            nameless.push(number.to_string());
            continue;
        };
        if address.net().is_none() {
            out.refuse(
                format!("facts.rails[{number}].ipv4"),
                address.as_str(),
                ".network files",
                "an octet is above 255 or the length above 32",
            );
        }
        // The last 8 of an IPoIB interface's 20 bytes are the port's GUID; those before change. Interfaces of other
        // partitions have the same bytes and a dot in their kernel name (`ib0.8001`).
        let bytes = octets(guid.as_str());
        names.push_str(&format!(
            "ACTION==\"add\", SUBSYSTEM==\"net\", KERNEL!=\"*.*\", ATTR{{type}}==\"32\", ATTR{{address}}==\"?*:{bytes}\", NAME=\"rail{number}\"\n"
        ));
        let mut body = format!("[Match]\nName=rail{number}\n\n");
        if let Some(mtu) = rail.mtu {
            body.push_str(&format!(
                "[Link]\nMTUBytes={}\n\n",
                mtu.saturating_sub(IPOIB_HEADER)
            ));
        }
        body.push_str(&format!(
            "[Network]\nAddress={address}\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n"
        ));
        let fact_field = format!("facts.rails[{number}]");
        out.file(
            format!("/etc/systemd/network/70-rackwright-rail{number}.network"),
            &body,
            &[&fact_field, &format!("rails[{number}]")],
        );
    }
    if !nameless.is_empty() {
        out.note(
            "rails",
            format!(
                "not set up, because the inventory knows no GUID of them yet: {}",
                nameless.join(", ")
            ),
        );
    }
    if !names.is_empty() {
        out.file(NAMES, &names, &["facts.rails"]);
    }
}

/// `0x0011223344556677` as `00:11:22:33:44:55:66:77`.
fn octets(guid: &str) -> String {
    let digits = guid.trim_start_matches("0x");
    let pairs: Vec<&str> = (0..digits.len())
        .step_by(2)
        .filter_map(|at| digits.get(at..at + 2))
        .collect();
    pairs.join(":")
}
