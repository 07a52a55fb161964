//! The layout of a whole fabric: cores as a bar, below them a grid of pods, in each its spines as a bar and its units as a
//! grid. Lines to lower rows run beside the boxes of the upper ones.

use super::canvas::{Area, Canvas, fill};
use super::{MARGIN, WIDTH, signed};
use crate::picture::model::{Block, Picture, Tier, thousands};

/// Pods side by side, and the least width of a unit.
const PODS: usize = 4;
const UNIT: i32 = 88;
/// The most units of a pod side by side.
const UNITS: usize = 6;
const BAR: i32 = 46;
/// Above a unit, for the line and its number.
const DROP: i32 = 34;
const CARD: i32 = 76;
/// Between boxes, wide enough for a line.
const GAP: i32 = 14;
const BETWEEN_PODS: i32 = 26;
/// How far a bar reaches beyond the outermost line.
const OVER: i32 = 3;

pub fn draw(canvas: &mut Canvas, picture: &Picture, top: i32) -> i32 {
    let width = WIDTH - 2 * MARGIN;
    let mut y = top;
    let cores = picture.tier(Tier::Cores).next().map(|(_, block)| {
        let area = Area {
            x: MARGIN - BETWEEN_PODS / 2 - OVER,
            y,
            w: width + BETWEEN_PODS + 2 * OVER,
            h: BAR,
        };
        y += BAR + DROP;
        (block, area)
    });
    let pods: Vec<(usize, &Block)> = picture.tier(Tier::Spines).collect();
    if pods.is_empty() {
        let units: Vec<(usize, &Block)> = picture.tier(Tier::Unit).collect();
        let area = Area {
            x: MARGIN,
            y: y - DROP,
            w: width,
            h: 0,
        };
        return draw_units(canvas, picture, &units, area);
    }
    let columns = pods.len().min(PODS);
    let each = (width - (signed(columns) - 1) * BETWEEN_PODS) / signed(columns);
    let mut rows: Vec<(i32, i32)> = Vec::new();
    for row in pods.chunks(columns) {
        let heights = row.iter().map(|(pod, _)| pod_height(picture, *pod, each));
        let height = heights.max().unwrap_or_default();
        rows.push((y, height));
        y += height + DROP;
    }
    let bottom = y - DROP;
    // Lines first, so that boxes lie on them.
    let mut places = Vec::new();
    for (number, (pod, block)) in pods.iter().enumerate() {
        let (row, column) = (number / columns, signed(number % columns));
        let (y, h) = rows[row];
        let x = MARGIN + column * (each + BETWEEN_PODS);
        let area = Area { x, y, w: each, h };
        if let Some((_, bar)) = &cores {
            for bundle in picture.up(*pod) {
                drop_line(
                    canvas,
                    bar.bottom(),
                    area,
                    row,
                    BETWEEN_PODS,
                    bundle.cables,
                    "plate",
                );
            }
        }
        places.push((*pod, *block, area));
    }
    if let Some((block, area)) = cores {
        draw_bar(canvas, block, area);
    }
    for (pod, block, area) in places {
        canvas.rect("box", area, 8);
        let units: Vec<(usize, &Block)> = picture
            .tier(Tier::Unit)
            .filter(|(_, unit)| unit.inside == Some(pod))
            .collect();
        let bar = Area {
            x: area.x + GAP / 2 - OVER,
            y: area.y + GAP,
            w: area.w - GAP + 2 * OVER,
            h: BAR,
        };
        let below = Area {
            x: area.x + GAP,
            y: bar.bottom(),
            w: area.w - 2 * GAP,
            h: 0,
        };
        draw_units(canvas, picture, &units, below);
        draw_bar(canvas, block, bar);
    }
    bottom
}

/// Units of a pod side by side: as many as there is room for, the rows equally full.
fn unit_columns(units: usize, width: i32) -> usize {
    let fit = usize::try_from((width + GAP) / (UNIT + GAP)).map_or(1, |fit| fit.max(1));
    let rows = units.div_ceil(fit.min(UNITS)).max(1);
    units.div_ceil(rows).max(1)
}

fn pod_height(picture: &Picture, pod: usize, width: i32) -> i32 {
    let units = picture
        .tier(Tier::Unit)
        .filter(|(_, unit)| unit.inside == Some(pod));
    let units = units.count();
    let rows = signed(units.div_ceil(unit_columns(units, width - 2 * GAP)));
    GAP + BAR + rows * (DROP + CARD) + GAP
}

/// Draws units below a bar, whose lower edge is the upper edge of `area`; gives their lower edge.
fn draw_units(canvas: &mut Canvas, picture: &Picture, units: &[(usize, &Block)], area: Area) -> i32 {
    let columns = unit_columns(units.len(), area.w);
    let each = (area.w - (signed(columns) - 1) * GAP) / signed(columns);
    let mut cards = Vec::new();
    for (number, (place, unit)) in units.iter().enumerate() {
        let (row, column) = (number / columns, signed(number % columns));
        let card = Area {
            x: area.x + column * (each + GAP),
            y: area.y + DROP + signed(row) * (CARD + DROP),
            w: each,
            h: CARD,
        };
        for bundle in picture.up(*place) {
            drop_line(canvas, area.y, card, row, GAP, bundle.cables, "box");
        }
        cards.push((*unit, card));
    }
    let bottom = cards.last().map_or(area.y, |(_, card)| card.bottom());
    for (unit, card) in cards {
        draw_unit(canvas, unit, card);
    }
    bottom
}

/// A line from above down to a box: straight into the first row, beside the boxes of that row into the others.
fn drop_line(canvas: &mut Canvas, from: i32, to: Area, row: usize, gap: i32, cables: u64, plate: &str) {
    let middle = to.middle();
    if row == 0 {
        canvas.path("line", &[(middle, from), (middle, to.y)], cables);
    } else {
        let beside = to.x - gap / 2;
        let turn = to.y - DROP + 9;
        canvas.path(
            "line",
            &[(beside, from), (beside, turn), (middle, turn), (middle, to.y)],
            cables,
        );
    }
    canvas.plate(plate, middle, to.y - 8, &thousands(cables));
}

fn draw_bar(canvas: &mut Canvas, block: &Block, area: Area) {
    canvas.rect("bar", area, 6);
    let notes = [block.notes.join(" \u{b7} ")];
    canvas.centred("bm", &block.name, &notes, area);
}

/// A unit, with a square for each leaf in the colour of its rail.
fn draw_unit(canvas: &mut Canvas, unit: &Block, card: Area) {
    canvas.rect("card", card, 6);
    let text = Area {
        h: card.h - 18,
        ..card
    };
    canvas.centred("bm", &unit.name, &unit.notes, text);
    let squares = signed(unit.rails.len());
    if squares == 0 {
        return;
    }
    let step = ((card.w - 12) / squares).min(16);
    let side = (step - 2).max(1);
    let first = card.middle() - (squares * step - (step - side)) / 2;
    for (rail, number) in unit.rails.iter().zip(0..) {
        let square = Area {
            x: first + number * step,
            y: card.bottom() - 18,
            w: side,
            h: 10,
        };
        canvas.rect(&fill(*rail), square, 2);
    }
}
