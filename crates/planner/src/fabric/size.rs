//! How many switches and cables a fat tree has.
//!
//! Leaves are cut by scalable unit: HCA *i* of every node of a unit ends at the unit's leaf *i*, or, where a unit has more
//! nodes than a leaf has ports for, at one of several leaves of rail *i*. Whole units are built even if nodes are missing
//! (NVIDIA's reference architectures). Spines follow the rule of equal bundles: the fewest spines *s* such that *s* divides
//! the uplinks of a leaf and the spine has ports for one bundle from each leaf. It reproduces the published tables.

/// What a tree is built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Nodes that are plugged in.
    pub nodes: u32,
    /// HCAs of one node in this fabric.
    pub rails: u32,
    /// Nodes of one scalable unit; none: as many as one leaf has ports for.
    pub nodes_per_unit: Option<u32>,
    /// Ports of a switch.
    pub radix: u32,
    /// Down capacity to up capacity of a leaf.
    pub oversubscription: (u32, u32),
}

/// Switches and cables of a tree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// Scalable units.
    pub units: u32,
    /// Leaf switches.
    pub leaves: u32,
    /// Spine switches.
    pub spines: u32,
    /// Core switches; only a tree of three levels has them.
    pub cores: u32,
    /// Cables between nodes and leaves, all units full.
    pub node_links: u64,
    /// Cables between leaves and spines.
    pub leaf_spine_links: u64,
    /// Cables between spines and cores.
    pub spine_core_links: u64,
}

impl Size {
    /// All switches.
    pub fn switches(&self) -> u64 {
        u64::from(self.leaves) + u64::from(self.spines) + u64::from(self.cores)
    }
}

/// Why there is no such tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SizeError {
    /// A ratio that leaves no port for a node.
    #[error("a switch of {radix} ports has none left for nodes at {down}:{up}")]
    NoPorts {
        /// Ports of a switch.
        radix: u32,
        /// Down capacity.
        down: u32,
        /// Up capacity.
        up: u32,
    },
    /// Three levels are not enough.
    #[error("{leaves} leaves need more than three levels of switches with {radix} ports")]
    TooMany {
        /// Leaves.
        leaves: u32,
        /// Ports of a switch.
        radix: u32,
    },
}

/// Counts. No nodes need no switch, and one leaf alone no spine.
///
/// # Errors
/// Where a leaf has no port for a node, or three levels of switches are not enough.
pub fn size(shape: &Shape) -> Result<Size, SizeError> {
    let Shape {
        nodes,
        rails,
        nodes_per_unit,
        radix,
        oversubscription: (down, up),
    } = *shape;
    if nodes == 0 || rails == 0 {
        return Ok(Size::default());
    }
    let uplinks_of = |links: u32| (u64::from(links) * u64::from(up)).div_ceil(u64::from(down.max(1))) as u32;
    // The most nodes that a leaf has ports for, their uplinks included.
    let widest = u64::from(radix) * u64::from(down) / u64::from(down + up).max(1);
    let Some(widest) = u32::try_from(widest).ok().filter(|links| *links > 0) else {
        return Err(SizeError::NoPorts { radix, down, up });
    };
    let per_unit = nodes_per_unit.unwrap_or(widest).max(1);
    let units = nodes.div_ceil(per_unit);
    let leaves_of_unit = rails.saturating_mul(per_unit.div_ceil(widest));
    let leaves = units.saturating_mul(leaves_of_unit);
    let mut size = Size {
        units,
        leaves,
        node_links: u64::from(units) * u64::from(per_unit) * u64::from(rails),
        ..Size::default()
    };
    if leaves == 1 {
        return Ok(size);
    }
    let uplinks = uplinks_of(per_unit.min(widest)).max(1);
    size.leaf_spine_links = u64::from(leaves) * u64::from(uplinks);
    if let Some(spines) = equal_bundles(leaves, uplinks, radix) {
        size.spines = spines;
        return Ok(size);
    }
    let too_many = SizeError::TooMany { leaves, radix };
    let half = radix / 2;
    // A pod holds whole units where one fits.
    let leaves_of_pod = match half / leaves_of_unit {
        0 => half,
        units => units * leaves_of_unit,
    };
    let spines_of_pod = equal_bundles(leaves_of_pod, uplinks, half).ok_or(too_many)?;
    let pods = leaves.div_ceil(leaves_of_pod);
    // A spine passes on as much as it takes in.
    let ups = leaves_of_pod * (uplinks / spines_of_pod);
    let cores_of_group = equal_bundles(pods, ups, radix).ok_or(too_many)?;
    size.spines = pods * spines_of_pod;
    size.cores = spines_of_pod * cores_of_group;
    size.spine_core_links = u64::from(size.spines) * u64::from(ups);
    Ok(size)
}

/// The fewest switches above `below` switches with `uplinks` each, so that each pair is joined by equally many cables and
/// `ports` are enough.
fn equal_bundles(below: u32, uplinks: u32, ports: u32) -> Option<u32> {
    (1..=uplinks)
        .filter(|above| uplinks.is_multiple_of(*above))
        .find(|above| u64::from(below) * u64::from(uplinks / above) <= u64::from(ports))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shape(nodes: u32, per_unit: u32, radix: u32) -> Shape {
        Shape {
            nodes,
            rails: 8,
            nodes_per_unit: Some(per_unit),
            radix,
            oversubscription: (1, 1),
        }
    }

    /// Nodes, leaves, spines, cores, and cables: node to leaf, leaf to spine, spine to core.
    type Row = (u32, u32, u32, u32, u64, u64, u64);

    fn check(per_unit: u32, radix: u32, planes: u32, rows: &[Row]) {
        for &(nodes, leaves, spines, cores, node_links, leaf_spine, spine_core) in rows {
            let size = size(&shape(nodes, per_unit, radix)).unwrap();
            let planes_64 = u64::from(planes);
            assert_eq!(
                (size.leaves * planes, size.spines * planes, size.cores * planes),
                (leaves, spines, cores),
                "{nodes} nodes"
            );
            assert_eq!(
                (
                    size.node_links * planes_64,
                    size.leaf_spine_links * planes_64,
                    size.spine_core_links * planes_64
                ),
                (node_links, leaf_spine, spine_core),
                "{nodes} nodes"
            );
        }
    }

    /// DGX SuperPOD B200, RA-11334-001 V08, larger component counts: units of 32, QM9700.
    #[test]
    fn superpod_b200() {
        check(
            32,
            64,
            1,
            &[
                (64, 16, 8, 0, 512, 512, 0),
                (128, 32, 16, 0, 1024, 1024, 0),
                (256, 64, 32, 0, 2048, 2048, 0),
                (512, 128, 128, 64, 4096, 4096, 4096),
                (1024, 256, 256, 128, 8192, 8192, 8192),
                (2048, 512, 512, 256, 16_384, 16_384, 16_384),
            ],
        );
    }

    /// DGX SuperPOD B300, RA-11339-001 V01, Table 3: units of 72, Q3400-RA.
    #[test]
    fn superpod_b300_infiniband() {
        check(
            72,
            144,
            1,
            &[
                (72, 8, 4, 0, 576, 576, 0),
                (144, 16, 8, 0, 1152, 1152, 0),
                (288, 32, 18, 0, 2304, 2304, 0),
                (576, 64, 36, 0, 4608, 4608, 0),
                (1296, 144, 72, 0, 10_368, 10_368, 0),
            ],
        );
    }

    /// DGX SuperPOD B300, RA-11337-001 V01, Table 3: units of 64 in two planes; 64 ports of 800 Gb/s are 128 of 400.
    /// The page counts the cables of one plane.
    #[test]
    fn superpod_b300_ethernet() {
        for (nodes, leaves, spines, links) in [
            (64, 16, 8, 512),
            (128, 32, 16, 1024),
            (256, 64, 32, 2048),
            (512, 128, 64, 4096),
            (1024, 256, 128, 8192),
        ] {
            let size = size(&shape(nodes, 64, 128)).unwrap();
            assert_eq!(
                (2 * size.leaves, 2 * size.spines, size.cores),
                (leaves, spines, 0)
            );
            assert_eq!((size.node_links, size.leaf_spine_links), (links, links));
        }
    }

    /// The largest trees of a radix: hosts of eight rails on two and on three levels.
    #[test]
    fn the_largest_trees() {
        for (radix, two, three) in [(40, 100, 2_000), (64, 256, 8_192), (144, 1_296, 93_312)] {
            let of = |nodes| size(&shape(nodes, radix / 2, radix));
            assert_eq!(
                of(two).unwrap().switches(),
                u64::from(radix + radix / 2),
                "{radix}"
            );
            assert!(of(two + 1).unwrap().cores > 0, "{radix}");
            // A pod holds whole units of eight leaves; where they fill it, three levels reach k^3/4.
            if (radix / 2) % 8 == 0 {
                let all = radix * radix * 5 / 4;
                assert_eq!(of(three).unwrap().switches(), u64::from(all), "{radix}");
                assert!(matches!(of(three + 1), Err(SizeError::TooMany { .. })), "{radix}");
            }
        }
    }

    #[test]
    fn units_may_be_smaller_or_larger_than_a_leaf() {
        let of = |nodes, unit, rails, ratio| {
            size(&Shape {
                nodes,
                rails,
                nodes_per_unit: unit,
                radix: 64,
                oversubscription: ratio,
            })
            .map(|size| (size.units, size.leaves, size.spines))
        };
        // 18 trays of 4 rails in racks of eight: 144 nodes need five leaves a rail.
        assert_eq!(of(144, Some(144), 4, (1, 1)), Ok((1, 20, 16)));
        assert_eq!(of(20, Some(16), 8, (1, 1)), Ok((2, 16, 4)));
        assert_eq!(of(0, Some(16), 8, (1, 1)), Ok((0, 0, 0)));
        assert_eq!(of(10, None, 1, (1, 1)), Ok((1, 1, 0)));
        // 3:1 leaves 48 ports for nodes and 16 for spines.
        assert_eq!(of(96, None, 8, (3, 1)), Ok((2, 16, 4)));
        assert_eq!(
            of(1, None, 8, (1, 99)),
            Err(SizeError::NoPorts {
                radix: 64,
                down: 1,
                up: 99
            })
        );
    }

    proptest! {
        /// Every port that is used exists, and every switch above a level takes as many cables as leave it.
        #[test]
        fn ports_are_enough(nodes in 1u32..200_000, rails in 1u32..=16, unit in prop::option::of(1u32..=1024),
                            radix in 2u32..=256, down in 1u32..=8, up in 1u32..=8) {
            let shape = Shape { nodes, rails, nodes_per_unit: unit, radix, oversubscription: (down, up) };
            if let Ok(size) = size(&shape) {
                let radix = u64::from(radix);
                prop_assert!(size.node_links >= u64::from(nodes) * u64::from(rails));
                prop_assert!(size.node_links + size.leaf_spine_links <= u64::from(size.leaves) * radix);
                prop_assert!(size.leaf_spine_links + size.spine_core_links <= u64::from(size.spines) * radix);
                prop_assert!(size.spine_core_links <= u64::from(size.cores) * radix);
                prop_assert!(size.spines > 0 || size.leaves == 1);
            }
        }
    }
}
