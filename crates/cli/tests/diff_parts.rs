//! What `rackwright diff` tells beside nodes and their causes: cables, the part of one member cluster.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests are not tests to clippy"
)]

#[path = "support/run.rs"]
mod run;
#[path = "support/unit.rs"]
mod unit;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use run::{code, err, out, root, run_in};
use serde_json::{Value, json};
use unit::{folder_of, half, report, unit};

/// The commands that a diff names, run as they stand.
fn compared(folder: &Path, commands: &Value) -> Value {
    let mut last = Vec::new();
    for command in commands.as_array().unwrap() {
        let words: Vec<&str> = command.as_str().unwrap().split(' ').skip(1).collect();
        let json = if words[1] == "compare" {
            &["-o", "json"][..]
        } else {
            &[]
        };
        let output = run_in(folder, &[&words[..], json].concat(), b"");
        assert!(code(&output) <= 1, "{command}: {}", err(&output));
        last = output.stdout;
    }
    serde_json::from_slice(&last).unwrap()
}

/// What is told of cables is what `fabric compare` finds, by the commands that are told with it.
#[test]
fn cables_are_those_of_fabric_compare() {
    let text = unit();
    let turned = text.replace(
        "{ unit: 1, racks: \"a[1-8]\" }",
        "{ unit: 1, racks: \"a[2-8],a1\" }",
    );
    let racked = text.replace(
        "    placement:",
        "    switchRacks: [ { level: Leaf, racks: \"s[1-8]\", perRack: 5 } ]\n    placement:",
    );
    for (name, b, a) in [
        ("grown", &text, &half(&text)),
        ("shrunk", &half(&text), &text),
        ("turned", &turned, &text),
        ("racked", &racked, &racked.replace("s[1-8]", "t[1-8]")),
        ("rails", &text.replace("rails: 4", "rails: 2"), &text),
    ] {
        let folder = folder_of(&[("a.yaml", a), ("b.yaml", b)]);
        let (found, exit) = report(folder.path(), &["a.yaml", "b.yaml"]);
        assert_eq!((exit, &found["verdict"]), (1, &json!("Different")), "{name}");
        let told = &found["cables"]["fabrics"][0];
        let whole = compared(folder.path(), &found["cables"]["commands"]);
        let subnets = whole["subnets"].as_array().unwrap();
        for key in ["stay", "moved", "gone", "new"] {
            let sum: u64 = subnets.iter().map(|subnet| subnet[key].as_u64().unwrap()).sum();
            assert_eq!(told[key], sum, "{name}: {key}");
        }
        let relocated: usize = subnets
            .iter()
            .map(|subnet| subnet["relocated"].as_array().unwrap().len())
            .sum();
        assert_eq!(told["relocated"], relocated, "{name}");
        let changes: u64 = ["moved", "gone", "new"]
            .iter()
            .map(|key| told[key].as_u64().unwrap())
            .sum();
        assert!(changes + relocated as u64 > 0, "{name}: {told}");
        // Nothing of it is hidden: what is listed, and how much is not.
        let work = ["moved", "gone"]
            .iter()
            .map(|key| told[key].as_u64().unwrap())
            .sum::<u64>();
        let listed = told["first"].as_array().unwrap().len() as u64 + told["more"].as_u64().unwrap();
        assert!(listed <= work + relocated as u64, "{name}: {told}");
        for (flag, line) in [
            ("text", "fabric compute: "),
            ("markdown", "- cables: `fabric compute: "),
            ("html", "Cables to move (1)"),
        ] {
            let form = run_in(folder.path(), &["diff", "a.yaml", "b.yaml", "-o", flag], b"");
            assert!(out(&form).contains(line), "{name} {flag}: {}", out(&form));
        }
    }
}

/// A switch that is added is told as one, and a fabric that no edit reaches is not told.
#[test]
fn switches_come_and_what_no_cable_follows_from_is_silent() {
    let text = unit().replace("nodesPerUnit: 144", "nodesPerUnit: 72").replace(
        "{ unit: 1, racks: \"a[1-8]\" }",
        "{ unit: 1, racks: \"a[1-8]\", racksPerUnit: 4 }",
    );
    let folder = folder_of(&[("a.yaml", &half(&text)), ("b.yaml", &text)]);
    let (found, _) = report(folder.path(), &["a.yaml", "b.yaml"]);
    let fabric = &found["cables"]["fabrics"][0];
    assert!(fabric["switchesAdded"].as_u64().unwrap() > 0, "{fabric}");
    assert_eq!(fabric["switchesRemoved"], 0, "{fabric}");
    let (turned, _) = report(folder.path(), &["b.yaml", "a.yaml"]);
    let back = &turned["cables"]["fabrics"][0];
    assert_eq!(
        [&back["switchesRemoved"], &back["gone"]],
        [&fabric["switchesAdded"], &fabric["new"]]
    );
    for (from, to) in [
        ("580.95.05", "580.105.08"),
        ("10.64.0.0/20", "10.65.0.0/20"),
        ("pkey: \"0x0011\"", "pkey: \"0x0012\""),
        ("nodes: \"sm[1-2]\"", "nodes: \"sm[1-3]\""),
    ] {
        let changed = text.replace(from, to);
        assert_ne!(changed, text);
        fs::write(folder.path().join("c.yaml"), changed).unwrap();
        let (found, _) = report(folder.path(), &["b.yaml", "c.yaml"]);
        assert_eq!(found["cables"], json!({"fabrics": [], "unknown": []}), "{from}");
    }
}

/// Without a placement pools say who is plugged in.
#[test]
fn a_pool_that_grows_lays_cables() {
    let text = unit().replace("    placement: [ { unit: 1, racks: \"a[1-8]\" } ]\n", "");
    let fewer = text.replace("nodes: { racks: \"a[1-8]\" }", "nodes: { racks: \"a[1-6]\" }");
    assert_ne!(fewer, text);
    let folder = folder_of(&[("a.yaml", &fewer), ("b.yaml", &text)]);
    let (found, _) = report(folder.path(), &["a.yaml", "b.yaml"]);
    let fabric = &found["cables"]["fabrics"][0];
    assert!(fabric["new"].as_u64().unwrap() >= 36 * 4, "{found}");
}

/// Where one side has no design nobody can say what moves, and that is said.
#[test]
fn what_is_not_known_of_cables_is_told() {
    let text = unit();
    let no_switch = text.replace("    switch: qm9700\n", "");
    let refused = text.replace("rails: 4", "rails: 400");
    let broken = format!("{}---\nkind: [\n", text.split("---\n").next().unwrap());
    let site = text.split("---\n").next().unwrap();
    let folder = folder_of(&[
        ("a.yaml", &text),
        ("no-switch.yaml", &no_switch),
        ("refused.yaml", &refused),
        ("broken.yaml", &broken),
        ("site.yaml", site),
    ]);
    for (a, b, side, why) in [
        ("a.yaml", "no-switch.yaml", "no-switch.yaml", "names no switch"),
        ("no-switch.yaml", "a.yaml", "no-switch.yaml", "names no switch"),
        ("a.yaml", "refused.yaml", "refused.yaml", "it is refused"),
        (
            "a.yaml",
            "broken.yaml",
            "broken.yaml",
            "cannot be read to its end",
        ),
    ] {
        let (found, exit) = report(folder.path(), &[a, b]);
        let unknown = &found["cables"]["unknown"][0];
        assert_eq!((&unknown["side"], exit), (&json!(side), 1), "{a} {b}: {found}");
        assert!(unknown["why"].as_str().unwrap().contains(why), "{unknown}");
        assert_eq!(found["cables"]["fabrics"], json!([]), "{a} {b}");
        let text = run_in(folder.path(), &["diff", a, b], b"");
        assert!(
            out(&text).contains("fabric compute: not known, since "),
            "{}",
            out(&text)
        );
    }
    // What is taken out on purpose is known.
    let (found, _) = report(folder.path(), &["a.yaml", "site.yaml"]);
    assert_eq!(found["cables"]["fabrics"][0]["stay"], 0);
    assert!(found["cables"]["fabrics"][0]["gone"].as_u64().unwrap() > 1000);
    let (none, exit) = report(folder.path(), &["no-switch.yaml", "no-switch.yaml"]);
    assert_eq!((&none["cables"]["unknown"], exit), (&json!([]), 0));
}

/// Two member clusters: the unit cut in two.
fn members(text: &str) -> String {
    text.replace(
        "  - { name: unit, racks: \"a[1-8]\" }",
        "  - { name: one, racks: \"a[1-4]\" }\n  - { name: two, racks: \"a[5-8]\" }",
    )
    .replace(
        "addressing: { ipv4: 10.64.0.0/20, mtu: 4096 }",
        "addressing: { ipv4: 10.64.0.0/20, mtu: 4096, ranges: [ { cluster: one, first: 1, last: 500 }, { cluster: two, first: 501, last: 1000 } ] }",
    )
}

fn names(report: &Value) -> BTreeSet<String> {
    let nodes = report["nodes"].as_array().unwrap().iter();
    nodes
        .map(|node| node["name"].as_str().unwrap().to_owned())
        .collect()
}

/// The parts of all member clusters are the whole, and each is what `plan --cluster` says of it.
#[test]
fn a_part_is_what_the_member_cluster_gets() {
    let a = members(&unit());
    let b = a.replace("580.95.05", "580.105.08");
    let folder = folder_of(&[("a.yaml", &a), ("b.yaml", &b)]);
    let (whole, _) = report(folder.path(), &["a.yaml", "b.yaml"]);
    let mut parts = BTreeSet::new();
    for (cluster, first) in [("one", "a1-n01"), ("two", "a5-n01")] {
        let (part, exit) = report(folder.path(), &["a.yaml", "b.yaml", "--cluster", cluster]);
        let part_of = names(&part);
        assert_eq!((part_of.len(), part_of.contains(first), exit), (72, true, 1));
        assert_eq!(part["causes"][0]["nodes"], 72);
        assert_eq!(part["causes"][0]["edits"][0]["path"], "spec.gpu.driver.version");
        assert_eq!(part["reach"]["nodes"], 72);
        // The live cluster has its own nodes only.
        let saved = run_in(
            folder.path(),
            &["plan", "a.yaml", "--cluster", cluster, "-o", "jsonl"],
            b"",
        );
        fs::write(folder.path().join("part.jsonl"), &saved.stdout).unwrap();
        let (live, _) = report(folder.path(), &["part.jsonl", "b.yaml", "--cluster", cluster]);
        assert_eq!(
            (&live["digest"], &live["reach"]),
            (&part["digest"], &part["reach"])
        );
        let (same, exit) = report(folder.path(), &["part.jsonl", "a.yaml", "--cluster", cluster]);
        assert_eq!((&same["verdict"], exit), (&json!("Same"), 0));
        parts.extend(part_of);
    }
    assert_eq!(parts, names(&whole));
}

/// A member cluster that comes has no node before, and one that goes none after; one that nobody knows is a mistake.
#[test]
fn a_member_cluster_comes_and_goes() {
    let (one, two) = (
        unit().replace("name: unit, racks: \"a[1-8]\"", "name: one, racks: \"a[1-4]\""),
        members(&unit()),
    );
    let one = one.replace("nodes: { racks: \"a[1-8]\" }", "nodes: { racks: \"a[1-4]\" }");
    let folder = folder_of(&[("one.yaml", &one), ("two.yaml", &two)]);
    let (comes, exit) = report(folder.path(), &["one.yaml", "two.yaml", "--cluster", "two"]);
    assert_eq!((&comes["changes"]["added"], exit), (&json!(72), 1));
    let fields = comes["causes"].as_array().unwrap();
    assert!(
        !fields.is_empty() && fields.iter().all(|cause| cause["nodes"] == 72),
        "{fields:?}"
    );
    let (goes, _) = report(folder.path(), &["two.yaml", "one.yaml", "--cluster", "two"]);
    assert_eq!(goes["changes"]["changed"], 0, "{}", goes["changes"]);
    for (arguments, said) in [
        (
            &["one.yaml", "two.yaml", "--cluster", "tow"][..],
            "no Supercluster has a member cluster tow; did you mean two?",
        ),
        (
            &["part.jsonl", "part.jsonl", "--cluster", "two"],
            "--cluster needs documents on one side",
        ),
    ] {
        let saved = run_in(folder.path(), &["plan", "two.yaml", "-o", "jsonl"], b"");
        fs::write(folder.path().join("part.jsonl"), &saved.stdout).unwrap();
        let output = run_in(folder.path(), &[&["diff"], arguments].concat(), b"");
        assert_eq!(
            (code(&output), err(&output).contains(said)),
            (2, true),
            "{}",
            err(&output)
        );
    }
}

/// Names that do not fold: none of what is told of them may fill a comment, and none of it may vanish.
#[test]
fn a_comment_holds_whatever_names_there_are() {
    let site = |value: &str| {
        let mut text =
            "apiVersion: rackwright.dev/v1alpha1\nkind: Supercluster\nmetadata: { name: lab }\nspec: {}\n"
                .to_owned();
        let mut random = 1_u64;
        for pool in 0..6 {
            let names = (0..300).map(|_| {
                let letter = |_| {
                    random = random
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1_442_695_040_888_963_407);
                    char::from(b'a' + (random >> 60) as u8)
                };
                (0..50).map(letter).collect::<String>()
            });
            let names: Vec<String> = names.collect();
            let pool = format!(
                "---\napiVersion: rackwright.dev/v1alpha1\nkind: GPUPool\nmetadata: {{ name: p{pool} }}\nspec:\n  supercluster: lab\n  nodes: {{ names: \"{}\" }}\n  host: {{ sysctls: {{ vm.swappiness: \"{value}\" }} }}\n",
                names.join(",")
            );
            text += &pool;
        }
        text
    };
    let folder = folder_of(&[("a.yaml", &site("1")), ("b.yaml", &site("10"))]);
    let refused = [
        "--max-nodes",
        "1",
        "--max-domains",
        "1",
        "--forbid",
        "reload,reboot",
        "--require-approval-of",
        "0",
    ];
    let output = run_in(
        folder.path(),
        &[&["diff", "a.yaml", "b.yaml", "-o", "markdown"], &refused[..]].concat(),
        b"",
    );
    let comment = out(&output);
    assert!(comment.len() < 60_000, "{}", comment.len());
    for part in [
        "--max-nodes",
        "--max-domains",
        "--forbid",
        "--require-approval-of",
        "What changes them (6)",
        "spec.host.sysctls[vm.swappiness]: 1 -> 10",
    ] {
        assert!(comment.contains(part), "{part}");
    }
    assert!(comment.matches("b.yaml:").count() >= 6, "each cause is there");
}

/// A policy over domains counts them as the budget of each pool does.
#[test]
fn domains_are_counted_as_budgets_count_them() {
    let changed = |text: &str| text.replace("580.95.05", "580.105.08");
    let by_rack = unit();
    let by_unit = by_rack.replace("domain: NVLinkDomain", "domain: ScalableUnit");
    for (text, domains) in [(by_rack, 8), (by_unit, 1)] {
        let folder = folder_of(&[("a.yaml", &text), ("b.yaml", &changed(&text))]);
        for (most, verdict) in [(domains, "Different"), (domains - 1, "Refused")] {
            let most = most.to_string();
            let (found, _) = report(folder.path(), &["a.yaml", "b.yaml", "--max-domains", &most]);
            assert_eq!(
                (&found["reach"]["domains"], &found["verdict"]),
                (&json!(domains), &json!(verdict))
            );
        }
    }
}

/// A rail that goes takes its address with it, and a system with fewer GPUs is less capacity though no node changes.
#[test]
fn what_is_lost_is_told() {
    let tiny = fs::read_to_string(root().join("examples/tiny/lab.yaml")).unwrap();
    let folder = folder_of(&[
        ("a.yaml", &tiny),
        ("rail.yaml", &tiny.replace("rails: 2", "rails: 1")),
        ("system.yaml", &tiny.replace("dgx-b200", "gb200-nvl72")),
    ]);
    let (found, _) = report(folder.path(), &["a.yaml", "rail.yaml"]);
    let addresses = found["addresses"].as_array().unwrap().iter();
    let lost: Vec<&Value> = addresses.filter(|address| address["rail"] == 1).collect();
    assert_eq!(lost.len(), 4);
    assert!(
        lost.iter()
            .all(|address| address["old"].is_string() && address.get("new").is_none()),
        "{lost:?}"
    );
    let (found, exit) = report(folder.path(), &["a.yaml", "system.yaml"]);
    let expected =
        json!([{"pool": "lab-train", "nodesBefore": 4, "nodesAfter": 4, "gpusBefore": 32, "gpusAfter": 16}]);
    assert_eq!((&found["capacity"], exit), (&expected, 1));
}

/// The page says in its data what the JSON says, marks what is grave, and takes nothing of the input for HTML.
#[test]
fn the_page_says_what_the_json_says() {
    let changes = root().join("crates/cli/tests/changes");
    let read = |name: &str| fs::read_to_string(changes.join(name)).unwrap();
    let hostile = read("new.yaml").replace(
        "vm.swappiness: \"10\"",
        "vm.swappiness: \"</script><script>alert(1)&amp;\"",
    );
    assert_ne!(hostile, read("new.yaml"));
    let folder = folder_of(&[
        ("a.yaml", &read("old.yaml")),
        ("b.yaml", &hostile),
        ("<img src=x>&\u{202e}.yaml", &hostile),
    ]);
    let sides = ["a.yaml", "<img src=x>&\u{202e}.yaml", "--max-nodes", "1"];
    let (found, _) = report(folder.path(), &sides);
    let page = out(&run_in(
        folder.path(),
        &[&["diff", "-o", "html"], &sides[..]].concat(),
        b"",
    ));
    assert_eq!(
        (page.matches("<script").count(), page.matches("<img").count()),
        (2, 0)
    );
    for part in [
        "default-src 'none'",
        "<link rel=\"icon\" href=\"data:,\">",
        "<p class=\"refused\">Refused by <code>--max-nodes</code>",
        "<p class=\"lost\">DATA IS LOST on 2 nodes</p>",
        "let go: hosts stay as they are, 1 node",
        "a.yaml → &lt;img src=x&gt;&amp;",
        "alert(1)&amp;amp;",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains('\u{202e}'), "the input turns the text around");
    let (_, data) = page
        .split_once("<script id=\"data\" type=\"application/json\">")
        .unwrap();
    let data: Value = serde_json::from_str(data.split_once("</script>").unwrap().0).unwrap();
    let levels = ["None", "Reload", "Restart", "Drain", "Reboot", "Destructive"];
    let nodes = data["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), found["nodes"].as_array().unwrap().len());
    for (row, node) in nodes.iter().zip(found["nodes"].as_array().unwrap()) {
        let number = |at: usize| row[at].as_i64().unwrap();
        let one = |key: &str, at: i64| data[key][usize::try_from(at).unwrap()].clone();
        let level = usize::try_from(number(3)).unwrap();
        assert_eq!(
            (&row[0], json!(levels[level]), one("pools", number(5))),
            (&node["name"], node["class"].clone(), node["pool"].clone())
        );
        assert_eq!(
            one("racks", number(1)),
            node.get("rack").cloned().unwrap_or(json!("")),
            "{node}"
        );
        match number(4) {
            0 => assert!(
                node.get("wave").is_none() && node.get("waits").is_none(),
                "{node}"
            ),
            wave if wave > 0 => assert_eq!(node["wave"], wave),
            waits => assert_eq!(one("waits", -1 - waits), node["waits"]),
        }
        assert_eq!(
            one("sets", number(7)),
            node.get("causes").cloned().unwrap_or(json!([]))
        );
        // The gravest of what stands in the columns is the class.
        let pattern = one("patterns", number(6));
        let gravest = pattern
            .as_str()
            .unwrap()
            .chars()
            .filter_map(|digit| digit.to_digit(10))
            .max();
        assert_eq!(gravest.map(|digit| digit as usize), Some(level), "{node}");
    }
}

/// A list that is cut says so, and what changes the nodes of their own names alone is told as that.
#[test]
fn the_page_cuts_its_lists() {
    let text = unit();
    let inventory = |guid: usize| {
        let line = |node: usize| {
            format!(
                "{{\"apiVersion\":\"rackwright.dev/v1alpha1\",\"kind\":\"NodeInventory\",\"metadata\":{{\"name\":\"a{}-n{:02}\"}},\"spec\":{{\"hcas\":[{{\"guid\":\"0x{:016x}\",\"rail\":0}}]}}}}\n",
                node / 18 + 1,
                node % 18 + 1,
                guid + node
            )
        };
        (0..144).map(line).collect::<String>()
    };
    let folder = folder_of(&[
        ("a.yaml", &text),
        ("b.yaml", &text.replace("10.64.0.0/20", "10.65.0.0/20")),
        ("a.jsonl", &inventory(0x1000)),
        ("b.jsonl", &inventory(0x2000)),
    ]);
    let page = |arguments: &[&str]| {
        let output = run_in(folder.path(), &[&["diff", "-o", "html"], arguments].concat(), b"");
        assert_eq!(code(&output), 1, "{}", err(&output));
        out(&output)
    };
    let cut = page(&["a.yaml", "b.yaml"]);
    let (_, addresses) = cut.split_once("Addresses that change (576)").unwrap();
    let (addresses, _) = addresses.split_once("</details>").unwrap();
    assert_eq!(addresses.matches("<li>").count(), 201);
    assert!(
        addresses.contains("… and 376 more; --output json has them all"),
        "{addresses}"
    );
    let each = page(&["a.jsonl", "b.jsonl", "--with", "a.yaml"]);
    assert!(each.contains("each changes the node of its own name alone"));
}
