//! Columns with bars above: leaves below the spines that serve them, and HCAs below leaves. A bar is as wide as what it
//! serves.

use std::collections::BTreeMap;

use super::canvas::{Area, Canvas, fill, stroke, width_of};
use super::{MARGIN, WIDTH, signed};
use crate::picture::model::{Block, Picture, Tier, thousands};

const BAR: i32 = 62;
const GAP: i32 = 12;
/// Between many columns.
const NARROW_GAP: i32 = 6;
/// The least width of a column: `127\u{2013}144`, ports of a rack, has room.
const LEAST: i32 = 56;
/// Between two tiers.
const DROP: i32 = 52;
const LEAF: i32 = 62;
/// Size of a leaf's name.
const NAME: i32 = 12;
const HCA: i32 = 54;
const NODE: i32 = 44;

/// Where boxes are.
pub type Places = BTreeMap<usize, Area>;

/// Columns of equal width from `x` on. Many of them reach beyond the width.
fn columns(boxes: &[usize], x: i32, width: i32, y: i32, height: i32) -> Places {
    let many = signed(boxes.len()).max(1);
    let gap = if many > 10 { NARROW_GAP } else { GAP };
    let each = ((width - (many - 1) * gap) / many).clamp(LEAST, 220);
    let all = boxes.iter().zip(0..);
    all.map(|(&block, number)| {
        let area = Area {
            x: x + number * (each + gap),
            y,
            w: each,
            h: height,
        };
        (block, area)
    })
    .collect()
}

/// The boxes of a tier over the boxes below that they serve.
fn over(picture: &Picture, tier: Tier, below: &Places, y: i32, height: i32) -> Places {
    let mut places = Places::new();
    for (place, _) in picture.tier(tier) {
        let serves = picture.bundles.iter().filter(|bundle| bundle.upper == place);
        let areas: Vec<Area> = serves
            .filter_map(|bundle| below.get(&bundle.lower).copied())
            .collect();
        let left = areas.iter().map(|area| area.x).min();
        let right = areas.iter().map(|area| area.x + area.w).max();
        if let (Some(x), Some(right)) = (left, right) {
            let area = Area {
                x,
                y,
                w: right - x,
                h: height,
            };
            places.insert(place, area);
        }
    }
    places
}

/// Leaves as columns and what is above them; gives the leaves' places.
pub fn draw_leaves(canvas: &mut Canvas, picture: &Picture, x: i32, width: i32, top: i32) -> Places {
    let leaves: Vec<usize> = picture.tier(Tier::Leaf).map(|(place, _)| place).collect();
    let upper = upper_tiers(picture);
    let y = top + upper * (BAR + DROP);
    let mut places = columns(&leaves, x, width, y, LEAF);
    let height = leaf_height(picture, &places);
    for area in places.values_mut() {
        area.h = height;
    }
    draw_above(canvas, picture, places, y)
}

/// How high leaves are: where a name does not fit into its column, all of them stand upright.
fn leaf_height(picture: &Picture, places: &Places) -> i32 {
    let names = places.iter().map(|(&place, area)| {
        let width = width_of(&picture.blocks[place].name, NAME);
        (width, width > area.w - 8)
    });
    let upright = names.clone().any(|(_, upright)| upright);
    let longest = names.map(|(width, _)| width).max().unwrap_or_default();
    if upright { LEAF.max(longest + 24) } else { LEAF }
}

/// Spines and cores above leaves at `y`, and the leaves themselves.
fn draw_above(canvas: &mut Canvas, picture: &Picture, leaves: Places, y: i32) -> Places {
    let spines = over(picture, Tier::Spines, &leaves, y - DROP - BAR, BAR);
    let cores = over(picture, Tier::Cores, &spines, y - 2 * (DROP + BAR), BAR);
    for (lower, upper) in [(&leaves, &spines), (&spines, &cores)] {
        for (&place, area) in lower {
            for bundle in picture.up(place) {
                let Some(above) = upper.get(&bundle.upper) else {
                    continue;
                };
                let rail = picture.blocks[place].rails.first().copied().flatten();
                let x = area.middle();
                canvas.path(&stroke(rail), &[(x, above.bottom()), (x, area.y)], bundle.cables);
                canvas.plate("plate", x, area.y - DROP / 2 + 4, &thousands(bundle.cables));
            }
        }
    }
    for (&place, &area) in cores.iter().chain(&spines) {
        bar(canvas, &picture.blocks[place], area);
    }
    for (&place, &area) in &leaves {
        leaf(canvas, &picture.blocks[place], area);
    }
    leaves
}

fn bar(canvas: &mut Canvas, block: &Block, area: Area) {
    canvas.rect("bar", area, 6);
    canvas.centred("bm", &block.name, &block.notes, area);
}

/// A card with a strip in the colour of its rail.
fn leaf(canvas: &mut Canvas, block: &Block, area: Area) {
    canvas.rect("card", area, 6);
    let rail = block.rails.first().copied().flatten();
    let strip = Area { h: 6, ..area };
    canvas.rect(&fill(rail), strip, 3);
    let text = Area {
        y: area.y + strip.h,
        h: area.h - strip.h,
        ..area
    };
    if area.h > LEAF {
        canvas.upright(&block.name, &block.notes, text);
    } else {
        canvas.centred("cm", &block.name, &block.notes, text);
    }
}

/// How many tiers are above the leaves.
fn upper_tiers(picture: &Picture) -> i32 {
    let there = |tier: &Tier| picture.tier(*tier).next().is_some();
    signed(
        [Tier::Cores, Tier::Spines]
            .iter()
            .filter(|tier| there(tier))
            .count(),
    )
}

/// The picture of one node.
pub fn draw_node(canvas: &mut Canvas, picture: &Picture, top: i32) -> i32 {
    let upper = upper_tiers(picture);
    let y_leaf = top + upper * (BAR + DROP);
    let hcas: Vec<usize> = picture.tier(Tier::Hca).map(|(place, _)| place).collect();
    let inner = WIDTH - 2 * MARGIN - 2 * GAP;
    let mut hcas = columns(&hcas, MARGIN + GAP, inner, 0, HCA);
    let height = leaf_height(picture, &over(picture, Tier::Leaf, &hcas, y_leaf, LEAF));
    let y_hca = y_leaf + height + DROP;
    for area in hcas.values_mut() {
        area.y = y_hca;
    }
    let right = hcas.values().map(|area| area.x + area.w).max().unwrap_or(MARGIN);
    let body = Area {
        x: MARGIN,
        y: y_hca - GAP,
        w: right + GAP - MARGIN,
        h: HCA + GAP + NODE,
    };
    canvas.rect("box", body, 8);
    let leaves = over(picture, Tier::Leaf, &hcas, y_leaf, height);
    for (&place, area) in &hcas {
        for bundle in picture.up(place) {
            let Some(above) = leaves.get(&bundle.upper) else {
                continue;
            };
            let rail = picture.blocks[place].rails.first().copied().flatten();
            let x = area.middle();
            canvas.path(&stroke(rail), &[(x, above.bottom()), (x, area.y)], 4);
            let port = format!("port {}", super::super::dot::spans(&bundle.ports));
            canvas.plate("plate", x, above.bottom() + (DROP - GAP) / 2 + 4, &port);
        }
    }
    draw_above(canvas, picture, leaves, y_leaf);
    for (&place, &area) in &hcas {
        leaf(canvas, &picture.blocks[place], area);
    }
    for (_, node) in picture.tier(Tier::Node) {
        let y = y_hca + HCA + 28;
        let text = std::iter::once(&node.name).chain(&node.notes);
        let text: Vec<&str> = text.map(String::as_str).collect();
        canvas.text("bm", body.middle(), y, &text.join(" \u{b7} "), body.w - 2 * GAP);
    }
    body.bottom()
}
