//! What a picture shows: boxes, and bundles of cables between them.

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// How near it is: it decides the layout.
    pub zoom: Zoom,
    /// Its heading.
    pub title: String,
    /// What it shows, in a sentence, also for people who do not see it.
    pub description: String,
    /// Boxes; those of a tier in their order from left to right, or from the top.
    pub blocks: Vec<Block>,
    /// Cables between boxes.
    pub bundles: Vec<Bundle>,
}

/// How near a picture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zoom {
    /// All units.
    Fabric,
    /// One unit.
    Unit,
    /// One node.
    Node,
}

/// A box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What it stands for.
    pub tier: Tier,
    /// Its name.
    pub name: String,
    /// More lines about it.
    pub notes: Vec<String>,
    /// The box that it lies in.
    pub inside: Option<usize>,
    /// The rails that it is about: of a leaf or an HCA its own, of a unit one a leaf. None where leaves have no rail.
    pub rails: Vec<Option<u32>>,
}

/// What a box stands for, from the top of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// All core switches of a subnet.
    Cores,
    /// The spines of a pod.
    Spines,
    /// A leaf.
    Leaf,
    /// A scalable unit.
    Unit,
    /// A rack.
    Rack,
    /// An HCA.
    Hca,
    /// A node.
    Node,
}

/// Cables between two boxes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// The upper box.
    pub upper: usize,
    /// The lower box.
    pub lower: usize,
    /// How many cables.
    pub cables: u64,
    /// The ports of the upper end, where the picture shows single cables.
    pub ports: Vec<u16>,
}

impl Picture {
    /// Adds a box, and gives its place.
    pub(super) fn add(&mut self, block: Block) -> usize {
        self.blocks.push(block);
        self.blocks.len() - 1
    }

    /// Adds cables, if there are any.
    pub(super) fn join(&mut self, upper: usize, lower: usize, cables: u64) {
        if cables > 0 {
            self.bundles.push(Bundle {
                upper,
                lower,
                cables,
                ports: Vec::new(),
            });
        }
    }

    /// The boxes of a tier, with their places.
    pub(super) fn tier(&self, tier: Tier) -> impl Iterator<Item = (usize, &Block)> {
        let all = self.blocks.iter().enumerate();
        all.filter(move |(_, block)| block.tier == tier)
    }

    /// The bundles that go up from a box.
    pub(super) fn up(&self, lower: usize) -> impl Iterator<Item = &Bundle> {
        self.bundles.iter().filter(move |bundle| bundle.lower == lower)
    }
}

/// A number and its noun, with thousands apart.
pub(super) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", thousands(number), if number == 1 { one } else { many })
}

/// A number as people read it.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_by_thousands() {
        assert_eq!(
            [0, 999, 1_000, 16_384, 1_234_567].map(thousands),
            ["0", "999", "1,000", "16,384", "1,234,567"]
        );
        assert_eq!(count(1, "cable", "cables"), "1 cable");
        assert_eq!(count(0, "leaf", "leaves"), "0 leaves");
    }
}
