//! The layout of a unit: leaves as columns, nodes as rows by rack, and the leaf's port where a row meets a column.

use super::canvas::{Area, Canvas, fill, stroke};
use super::stack::draw_leaves;
use super::{MARGIN, WIDTH, signed};
use crate::picture::dot::spans;
use crate::picture::model::{Block, Picture, Tier};

const ROW: i32 = 22;
/// For the names of racks and nodes.
const NAMES: i32 = 168;
/// Of it, for a rack beside its nodes.
const RACK: i32 = 78;
/// Between two racks.
const GAP: i32 = 8;

pub fn draw(canvas: &mut Canvas, picture: &Picture, top: i32) -> i32 {
    let x = MARGIN + NAMES;
    let leaves = draw_leaves(canvas, picture, x, WIDTH - MARGIN - x, top);
    let bottom_of_leaves = leaves.values().map(Area::bottom).max().unwrap_or(top);
    let right = leaves.values().map(|area| area.x + area.w).max().unwrap_or(x);
    let mut y = bottom_of_leaves + 16;
    let first = y;
    let mut rows: Vec<(usize, &Block, i32)> = Vec::new();
    let mut rack = None;
    let has_cells = |place: &usize| picture.up(*place).next().is_some();
    let all = picture.blocks.iter().enumerate();
    let all =
        all.filter(|(place, block)| block.tier == Tier::Node || block.tier == Tier::Rack && has_cells(place));
    for (place, node) in all {
        if node.inside != rack && !rows.is_empty() {
            y += GAP;
        }
        rack = node.inside;
        rows.push((place, node, y));
        y += ROW;
    }
    draw_racks(canvas, picture, &rows, right);
    for (&place, area) in &leaves {
        let rail = picture.blocks[place].rails.first().copied().flatten();
        let last = rows
            .iter()
            .rev()
            .find(|(row, ..)| picture.up(*row).any(|bundle| bundle.upper == place));
        let to = last.map_or(first, |(.., y)| *y);
        canvas.path(
            &stroke(rail),
            &[(area.middle(), area.bottom()), (area.middle(), to)],
            4,
        );
    }
    for (place, node, y) in &rows {
        let indent = if node.inside.is_some() { RACK } else { 8 };
        let mut width = NAMES - indent - 6;
        if let Some(note) = node.notes.first() {
            width = RACK;
            canvas.text("s", MARGIN + 8 + RACK, y + 15, note, NAMES - RACK - 8);
        }
        canvas.text("n", MARGIN + indent, y + 15, &node.name, width);
        for bundle in picture.up(*place) {
            let Some(column) = leaves.get(&bundle.upper) else {
                continue;
            };
            let rail = picture.blocks[bundle.upper].rails.first().copied().flatten();
            let text = spans(&bundle.ports);
            let w = (super::canvas::width_of(&text, 11) + 12).max(30).min(column.w);
            let cell = Area {
                x: column.middle() - w / 2,
                y: y + 2,
                w,
                h: ROW - 4,
            };
            canvas.rect(&fill(rail), cell, 4);
            canvas.text("w", column.middle(), y + 15, &text, w);
        }
    }
    y
}

/// A band behind the rows of each rack, with its name.
fn draw_racks(canvas: &mut Canvas, picture: &Picture, rows: &[(usize, &Block, i32)], right: i32) {
    let mut rest = rows;
    while let [(_, node, y), ..] = rest {
        let same = rest
            .iter()
            .take_while(|(_, other, _)| other.inside == node.inside)
            .count();
        let band = Area {
            x: MARGIN,
            y: *y,
            w: right - MARGIN,
            h: signed(same) * ROW,
        };
        canvas.rect("band", band, 4);
        if let Some(rack) = node.inside {
            canvas.text("l", MARGIN + 8, y + 15, &picture.blocks[rack].name, RACK - 14);
        }
        rest = &rest[same..];
    }
}
