//! The pictures of the documentation: those that `rackwright fabric render` draws of the examples, and a SuperPOD of 64 units.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use rackwright_cli::pipeline;
use rackwright_fabric::design::{Design, Seated};
use rackwright_fabric::picture::{Picture, Pictures, svg};
use rackwright_fabric::tree::{Shape, Spread, Tree};
use rackwright_planner::fabric::fabrics;

/// The fabric that is drawn of each example.
const FABRIC: &str = "compute";

/// The design of an example's fabric.
fn example(root: &Path, name: &str) -> anyhow::Result<Design> {
    let outcome = pipeline::run(&[root.join("examples").join(name)], Vec::new())?;
    let (_, fabric) = fabrics(&outcome.input, Some(FABRIC))
        .pop()
        .with_context(|| format!("{name} has no fabric {FABRIC}"))?;
    let fabric = fabric?;
    Ok(Design::new(fabric.topology, fabric.nodes, BTreeMap::new())?)
}

/// 64 full units of eight rails and switches of 64 ports, four nodes a rack: the largest DGX SuperPOD B200, RA-11334-001 V08.
fn large() -> anyhow::Result<Design> {
    let shape = Shape {
        nodes: 64 * 32,
        rails: 8,
        spread: Spread::Rails,
        nodes_per_unit: Some(32),
        radix: 64,
        oversubscription: (1, 1),
    };
    let nodes = (0..shape.nodes).map(|seat| Seated {
        name: format!("dgx{:04}", seat + 1).into(),
        seat,
        guids: vec![None; shape.rails as usize].into(),
        rack: Some(format!("r{:03}", seat / 4 + 1).into()),
    });
    Ok(Design::new(Tree::new(&shape)?, nodes.collect(), BTreeMap::new())?)
}

/// Adds the files.
pub fn add(root: &Path, files: &mut BTreeMap<PathBuf, String>) -> anyhow::Result<()> {
    let mut add = |name: String, picture: &Picture| {
        files.insert(
            Path::new("docs/pictures").join(format!("{name}.svg")),
            svg(picture),
        );
    };
    for name in ["gb200-unit", "superpod-b200"] {
        let design = example(root, name)?;
        let title = format!("{name}, {FABRIC}");
        let pictures = Pictures::new(&design, &title);
        add(format!("{name}-fabric"), &pictures.fabric());
        let unit = pictures.unit(0).context("a unit without nodes")?;
        add(format!("{name}-unit"), &unit);
        let first = design.nodes().first().context("a fabric without nodes")?;
        let node = pictures.node(&first.name).context("no such node")?;
        add(format!("{name}-node"), &node);
    }
    let design = large()?;
    add(
        "superpod-b200-64-fabric".to_owned(),
        &Pictures::new(&design, "SuperPOD B200 of 64 units").fabric(),
    );
    Ok(())
}
