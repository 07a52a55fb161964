//! The diff of two plans by field, as a program that is measured beside `diff` on the same two files.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use anyhow::Context;
use rackwright_planner::change::{Lines, between, diff};

/// How the line of a node begins. What stands before the first one, the profiles, is needed on both sides.
const NODE: &[u8] = br#"{"apiVersion":"rackwright.dev/v1alpha1","kind":"NodeConfig","#;
/// What is read and compared at once: it stays in a core's cache, whatever the size of the plans.
const BLOCK: usize = 256 * 1024;

/// Prints the nodes that differ, each with its class and the paths of what differs, and then how many are the same.
pub fn run(old: &Path, new: &Path) -> anyhow::Result<()> {
    let open = |path: &Path| -> anyhow::Result<BufReader<File>> {
        let file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
        Ok(BufReader::with_capacity(BLOCK, file))
    };
    let (old, new, skipped) = unlike(open(old)?, open(new)?)?;
    let (old, new) = (String::from_utf8(old)?, String::from_utf8(new)?);
    let (before, after, same) = between(Lines::new(&old), Lines::new(&new))?;
    let found = diff(&before, &after);
    let mut out = BufWriter::new(io::stdout().lock());
    for node in &found.nodes {
        write!(out, "{} {:?} {:?}", node.name, node.what, node.class)?;
        for difference in found.differences(node) {
            write!(
                out,
                " {}: {:?} -> {:?}",
                difference.path, difference.old, difference.new
            )?;
        }
        writeln!(out)?;
    }
    writeln!(out, "{} the same", found.unchanged + same + skipped)?;
    Ok(out.flush()?)
}

/// The lines of two plans without most of those that stand on both sides at the same place, and how many of these were
/// left out. Memory goes with what differs.
fn unlike(mut old: impl BufRead, mut new: impl BufRead) -> io::Result<(Vec<u8>, Vec<u8>, usize)> {
    let (mut was, mut is, mut skipped) = (Vec::new(), Vec::new(), 0);
    profiles(&mut old, &mut was)?;
    profiles(&mut new, &mut is)?;
    loop {
        let (ours, theirs) = (old.fill_buf()?, new.fill_buf()?);
        if ours.is_empty() && theirs.is_empty() {
            return Ok((was, is, skipped));
        }
        let alike = alike(ours, theirs);
        let end = ours[..alike]
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |last| last + 1);
        if end == 0 {
            old.read_until(b'\n', &mut was)?;
            new.read_until(b'\n', &mut is)?;
        } else {
            skipped += memchr::memchr_iter(b'\n', &ours[..end]).count();
            old.consume(end);
            new.consume(end);
        }
    }
}

/// Reads what stands before the first node.
fn profiles(plan: &mut impl BufRead, out: &mut Vec<u8>) -> io::Result<()> {
    while !plan.fill_buf()?.starts_with(NODE) {
        if plan.read_until(b'\n', out)? == 0 {
            break;
        }
    }
    Ok(())
}

/// How many bytes two blocks have in common from their start: by the page, then by the byte.
fn alike(ours: &[u8], theirs: &[u8]) -> usize {
    const PAGE: usize = 4096;
    let pages = ours.chunks(PAGE).zip(theirs.chunks(PAGE));
    let whole: usize = pages
        .take_while(|(ours, theirs)| ours == theirs)
        .map(|(ours, _)| ours.len())
        .sum();
    let rest = ours[whole..].iter().zip(&theirs[whole..]);
    whole + rest.take_while(|(ours, theirs)| ours == theirs).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(nodes: &[(u32, &str)]) -> String {
        let lines = nodes.iter().map(|(node, rest)| {
            format!(
                "{}\"metadata\":{{\"name\":\"n{node:03}\"}}{rest}}}\n",
                String::from_utf8_lossy(NODE)
            )
        });
        "{\"kind\":\"NodeProfile\"}\n".to_owned() + &lines.collect::<String>()
    }

    #[test]
    fn what_differs_stays_and_the_rest_is_counted() {
        let all: Vec<(u32, &str)> = (0..100).map(|node| (node, "")).collect();
        let mut other = all.clone();
        other[40].1 = ",\"x\":1";
        other.remove(97);
        let (old, new) = (plan(&all), plan(&other));
        // Blocks that end inside of lines, and one that holds all.
        for block in [100, 1000, 100_000] {
            let reader = |text| BufReader::with_capacity(block, text);
            let (was, is, skipped) = unlike(reader(old.as_bytes()), reader(new.as_bytes())).unwrap();
            let lines = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap().lines().count();
            assert_eq!(lines(&was) + skipped, 101, "{block}");
            assert_eq!(lines(&is) + skipped, 100, "{block}");
            let text = String::from_utf8(is).unwrap();
            assert!(
                text.contains("\"x\":1") && text.starts_with("{\"kind\":\"NodeProfile\"}"),
                "{block}"
            );
            assert!(String::from_utf8(was).unwrap().contains("n097"), "{block}");
        }
    }
}
