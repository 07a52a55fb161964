//! Where the GUIDs of a plan come from: what an inventory reports, or what is written already.

use std::collections::BTreeMap;

use crate::compile::SITE;
use crate::support::{codes, compile, configs, input, previous};
use rackwright_api::{NodeConfigSpec, NodeName};
use rackwright_planner::Inventory;

#[test]
fn guids_stay_while_no_inventory_says_otherwise() {
    let first = configs(&compile(SITE));
    let mut without = input(SITE);
    without.inventories.clear();
    without.previous = previous(&first);
    assert_eq!(configs(&rackwright_planner::compile(&without).unwrap()), first);
    let mut replaced = input(&SITE.replace("0xa088c20300000011", "0xa088c20300000099"));
    replaced.previous = previous(&first);
    let second = configs(&rackwright_planner::compile(&replaced).unwrap());
    assert_eq!(
        second["a1-n2"].facts.rails[0].guid.as_ref().unwrap().as_str(),
        "0xa088c20300000099"
    );
}

/// An HCA that went from a1-n2 to a1-n1: the inventory of the latter shows it, the former has none.
#[test]
fn a_guid_that_another_inventory_reports_is_remembered_no_more() {
    let first = configs(&compile(SITE));
    let guid = |configs: &BTreeMap<String, NodeConfigSpec>, node: &str| {
        let guid = configs[node].facts.rails[0].guid.as_ref();
        guid.map(ToString::to_string)
    };
    assert_eq!(guid(&first, "a1-n2").as_deref(), Some("0xa088c20300000011"));
    let without = |remembered: &BTreeMap<String, NodeConfigSpec>| {
        let mut input = input(SITE);
        input.inventories.clear();
        input.previous = previous(remembered);
        input
    };
    let mut swapped = without(&first);
    let hca = serde_json::json!({"hcas": [{"rail": 0, "guid": "0xa088c20300000011"}]});
    let name = NodeName::new("a1-n1").unwrap();
    let found = Inventory::new(name, BTreeMap::default(), &serde_json::from_value(hca).unwrap());
    swapped.inventories.push(found);
    let compilation = rackwright_planner::compile(&swapped).unwrap();
    assert_eq!(rackwright_planner::check(&swapped, &compilation.plan), vec![]);
    assert_eq!(codes(&compilation), ["RW2029"]);
    let message = &compilation.findings[0].message;
    assert!(
        message.contains("a1-n2 remembers 1 port GUID") && message.contains("the inventory of a1-n1 reports"),
        "{message}"
    );
    let second = configs(&compilation);
    assert_eq!(guid(&second, "a1-n1").as_deref(), Some("0xa088c20300000011"));
    assert_eq!(guid(&second, "a1-n2"), None);
    // Without the inventory that knew it, what was written last is as good as before.
    let third = rackwright_planner::compile(&without(&second)).unwrap();
    assert_eq!(configs(&third), second);
    // Two that remember it: there is nobody to ask.
    let mut both = second.clone();
    both.insert("a1-n2".to_owned(), first["a1-n2"].clone());
    let both = without(&both);
    let compilation = rackwright_planner::compile(&both).unwrap();
    assert_eq!(rackwright_planner::check(&both, &compilation.plan), vec![]);
    assert_eq!(compilation.findings.len(), 2);
    let neither = configs(&compilation);
    assert_eq!((guid(&neither, "a1-n1"), guid(&neither, "a1-n2")), (None, None));
}
