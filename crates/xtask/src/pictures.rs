//! The pictures of the documentation, from the trees that NVIDIA's reference architectures publish.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use rackwright_fabric::design::{Design, Seated};
use rackwright_fabric::picture::{Picture, fabric, node, svg, unit};
use rackwright_fabric::tree::{Shape, Spread, Tree};

/// A fabric of which the documentation has pictures.
struct Example {
    /// The files begin with it.
    file: &'static str,
    title: &'static str,
    shape: Shape,
    nodes_per_rack: u32,
}

/// Full units of eight rails and switches of 64 ports: DGX SuperPOD B200, RA-11334-001 V08. Four nodes a rack.
const fn superpod(file: &'static str, title: &'static str, units: u32) -> Example {
    Example {
        file,
        title,
        shape: Shape {
            nodes: 32 * units,
            rails: 8,
            spread: Spread::Rails,
            nodes_per_unit: Some(32),
            radix: 64,
            oversubscription: (1, 1),
        },
        nodes_per_rack: 4,
    }
}

const SUPERPOD: Example = superpod("superpod-b200", "SuperPOD B200", 4);
const LARGE: Example = superpod("superpod-b200-64", "SuperPOD B200 of 64 units", 64);

/// Eight NVL72 racks of 18 trays with four HCAs, at switches of 144 ports (Q3400-RA).
const GB200: Example = Example {
    file: "gb200",
    title: "GB200 NVL72",
    shape: Shape {
        nodes: 144,
        rails: 4,
        spread: Spread::Rails,
        nodes_per_unit: Some(144),
        radix: 144,
        oversubscription: (1, 1),
    },
    nodes_per_rack: 18,
};

impl Example {
    fn design(&self) -> anyhow::Result<Design> {
        let nodes = (0..self.shape.nodes).map(|seat| Seated {
            name: format!("n{:04}", seat + 1).into(),
            seat,
            guids: vec![None; self.shape.rails as usize].into(),
            rack: Some(format!("r{:03}", seat / self.nodes_per_rack + 1).into()),
        });
        Ok(Design::new(
            Tree::new(&self.shape)?,
            nodes.collect(),
            BTreeMap::new(),
        )?)
    }
}

/// Adds the files.
pub fn add(files: &mut BTreeMap<PathBuf, String>) -> anyhow::Result<()> {
    let mut add = |example: &Example, zoom: &str, picture: &Picture| {
        let name = format!("{}-{zoom}.svg", example.file);
        files.insert(Path::new("docs/pictures").join(name), svg(picture));
    };
    for example in [SUPERPOD, LARGE] {
        add(&example, "fabric", &fabric(&example.design()?, example.title));
    }
    for example in [SUPERPOD, GB200] {
        let design = example.design()?;
        let of_unit = unit(&design, example.title, 0).context("a unit without nodes")?;
        add(&example, "unit", &of_unit);
        let of_node = node(&design, example.title, "n0001").context("no such node")?;
        add(&example, "node", &of_node);
    }
    Ok(())
}
