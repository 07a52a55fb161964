//! A picture as SVG, by layouts of our own: readable on light and dark pages, nothing loaded from elsewhere, whole pixels.

mod canvas;
mod fabric;
mod matrix;
mod stack;

use super::model::{Picture, Zoom};
use canvas::Canvas;

/// Width of a picture in pixels: a page of documentation shows it unscaled. Only many leaves make one wider.
const WIDTH: i32 = 1012;
/// Free on each side.
const MARGIN: i32 = 24;

/// Colours of rails, in turn: white text is readable on each.
pub(super) const RAILS: [&str; 10] = [
    "#2563c9", "#b4530a", "#1a7f52", "#a8326e", "#6d4bc4", "#0e7480", "#866600", "#c0392b", "#4b5a6b",
    "#557119",
];

/// Draws a picture.
pub fn svg(picture: &Picture) -> String {
    let mut canvas = Canvas::new();
    let top = heading(&mut canvas, picture);
    let bottom = match picture.zoom {
        Zoom::Fabric => fabric::draw(&mut canvas, picture, top),
        Zoom::Unit => matrix::draw(&mut canvas, picture, top),
        Zoom::Node => stack::draw_node(&mut canvas, picture, top),
    };
    canvas.finish(&picture.title, &picture.description, bottom + MARGIN)
}

/// The title and what the picture shows; gives where the rest begins.
fn heading(canvas: &mut Canvas, picture: &Picture) -> i32 {
    let width = WIDTH - 2 * MARGIN;
    canvas.text("h", MARGIN, MARGIN + 18, &picture.title, width);
    let mut y = MARGIN + 24;
    for line in canvas::wrap(&picture.description, width, 13) {
        y += 18;
        canvas.text("s", MARGIN, y, &line, width);
    }
    y + 24
}

/// A number of boxes among pixels, which go below zero.
fn signed(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
