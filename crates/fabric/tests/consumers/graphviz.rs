//! `dot` reads what we write, and finds each box and each bundle.

use std::io::Write;
use std::process::{Command, Stdio};

use rackwright_fabric::picture::{Picture, Pictures, Tier, dot};

use crate::{design, superpod};

/// What graphviz understood, in its plain form: a line a node and an edge.
fn plain(text: &str) -> String {
    let mut child = Command::new("dot")
        .arg("-Tplain")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("dot, of Debian's graphviz");
    let mut input = child.stdin.take().unwrap();
    let text = text.to_owned();
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaints.is_empty(), "{complaints}");
    String::from_utf8(output.stdout).unwrap()
}

fn check(picture: &Picture) {
    let text = plain(&dot(picture));
    let lines = |word: &str| text.lines().filter(|line| line.starts_with(word)).count();
    // Racks around nodes are frames; HCAs hang on their node.
    let frames = picture.blocks.iter().enumerate().filter(|(place, block)| {
        block.tier == Tier::Rack && picture.blocks.iter().any(|inner| inner.inside == Some(*place))
    });
    let hcas = picture
        .blocks
        .iter()
        .filter(|block| block.tier == Tier::Hca)
        .count();
    assert_eq!(
        lines("node "),
        picture.blocks.len() - frames.count(),
        "{}",
        picture.title
    );
    assert_eq!(lines("edge "), picture.bundles.len() + hcas, "{}", picture.title);
}

#[test]
fn every_zoom_is_read() {
    let large = superpod(64);
    let large = Pictures::new(&large, "superpod");
    check(&large.fabric());
    check(&large.node("n0042").unwrap());
    check(&large.unit(3).unwrap());
}

#[test]
fn hostile_names_are_read() {
    let hostile = [
        "a\"b",
        "\\",
        "a\\N\\G",
        "<b>&lt;&#0;",
        "a\nb",
        "\u{0}",
        "ü\u{2028}",
        "];}",
        "//*",
        "",
    ];
    let design = design(64, |seat| {
        let name = hostile[seat as usize % hostile.len()];
        format!("{name}{seat}")
    });
    check(&Pictures::new(&design, "\" ] }").unit(0).unwrap());
    for (seat, hostile) in hostile.iter().enumerate() {
        let pictures = Pictures::new(&design, hostile);
        let picture = pictures.node(&format!("{hostile}{seat}")).unwrap();
        check(&picture);
    }
}
