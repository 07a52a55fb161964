//! How the HCAs of scalable units are spread over leaves: the lowest level of every topology.

use crate::tree::{LeafPort, Shape, SizeError, Spread};

/// The leaves of one subnet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leaves {
    shape: Shape,
    /// Scalable units.
    units: u32,
    per_unit: u32,
    /// Ports of a leaf for nodes.
    downs: u32,
    /// Rails that meet in this subnet; one where HCAs are packed.
    lanes: u32,
    /// Leaves of one lane in one unit.
    banks: u32,
    /// Uplinks of a leaf.
    uplinks: u32,
}

impl Leaves {
    /// The leaves of whole units for the nodes of a shape.
    pub fn new(shape: &Shape) -> Result<Self, SizeError> {
        let Shape {
            nodes,
            rails,
            spread,
            nodes_per_unit: _,
            radix,
            oversubscription: (down, up),
        } = *shape;
        let (Some(downs), Some(per_unit)) = (shape.downs(), shape.unit()) else {
            return Err(SizeError::NoPorts { radix, down, up });
        };
        let (lanes, hcas_of_lane) = match spread {
            Spread::Rails => (rails, per_unit),
            Spread::DisjointRails => (1, per_unit),
            Spread::Packed => (1, per_unit.saturating_mul(rails)),
        };
        let uplinks = (u64::from(hcas_of_lane.min(downs)) * u64::from(up)).div_ceil(u64::from(down.max(1)));
        Ok(Self {
            shape: *shape,
            units: if rails == 0 { 0 } else { nodes.div_ceil(per_unit) },
            per_unit,
            downs,
            lanes,
            banks: hcas_of_lane.div_ceil(downs),
            uplinks: (uplinks as u32).max(1),
        })
    }

    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Scalable units.
    pub fn units(&self) -> u32 {
        self.units
    }

    pub fn nodes_per_unit(&self) -> u32 {
        self.per_unit
    }

    /// Leaves of one unit.
    pub fn of_unit(&self) -> u32 {
        self.lanes * self.banks
    }

    /// All leaves.
    pub fn count(&self) -> u32 {
        self.units.saturating_mul(self.lanes).saturating_mul(self.banks)
    }

    /// Uplinks of a leaf.
    pub fn uplinks(&self) -> u32 {
        self.uplinks
    }

    /// The port of an uplink, counted from 0: above those for nodes.
    pub fn up_port(&self, up: u32) -> u16 {
        (self.downs + up + 1) as u16
    }

    /// Equal subnets with such leaves.
    pub fn subnets(&self) -> u32 {
        match self.shape.spread {
            Spread::DisjointRails => self.shape.rails,
            Spread::Rails | Spread::Packed => 1,
        }
    }

    /// Cables between nodes and leaves of all subnets, where so many units are full.
    pub fn node_links(&self, units: u32) -> u64 {
        u64::from(units) * u64::from(self.per_unit) * u64::from(self.shape.rails)
    }

    /// Where HCA `rail` of the node at `seat` ends.
    pub fn port(&self, seat: u32, rail: u32) -> Option<LeafPort> {
        let (unit, place) = (seat / self.per_unit, seat % self.per_unit);
        if unit >= self.units || rail >= self.shape.rails {
            return None;
        }
        let (subnet, lane, hca) = match self.shape.spread {
            Spread::Rails => (0, rail, place),
            Spread::DisjointRails => (rail, 0, place),
            Spread::Packed => (0, 0, place * self.shape.rails + rail),
        };
        Some(LeafPort {
            subnet,
            leaf: (unit * self.lanes + lane) * self.banks + hca / self.downs,
            port: (hca % self.downs + 1) as u16,
        })
    }

    /// Nodes in a row that end at the same leaves, counted from the first of a unit; its last ones may be fewer. Where HCAs
    /// are packed and those of one node end at two leaves, these two count as one.
    pub fn nodes_per_leaf(&self) -> u32 {
        match self.shape.spread {
            Spread::Rails | Spread::DisjointRails => self.downs,
            Spread::Packed => self.downs / common_divisor(self.downs, self.shape.rails),
        }
    }

    /// The scalable unit of a leaf.
    pub fn unit_of(&self, leaf: u32) -> u32 {
        leaf / self.of_unit()
    }

    /// The name of a leaf: its unit after the word for units, its rail where there are some, its number.
    pub fn name(&self, unit: &str, subnet: u32, leaf: u32) -> String {
        let (number, bank) = (self.unit_of(leaf) + 1, leaf % self.banks + 1);
        match self.shape.spread {
            Spread::Rails => {
                let rail = leaf / self.banks % self.lanes;
                format!("{unit}{number:02}-r{rail}-l{bank:02}")
            }
            Spread::DisjointRails => format!("{unit}{number:02}-r{subnet}-l{bank:02}"),
            Spread::Packed => format!("{unit}{number:02}-l{bank:02}"),
        }
    }

    /// What names of switches above the leaves begin with: the rail where each has its own.
    pub fn rail(&self, subnet: u32) -> String {
        match self.shape.spread {
            Spread::DisjointRails => format!("r{subnet}-"),
            Spread::Rails | Spread::Packed => String::new(),
        }
    }
}

/// The greatest number that divides both; the first must not be 0.
fn common_divisor(a: u32, b: u32) -> u32 {
    let (mut a, mut b) = (a, b);
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}
