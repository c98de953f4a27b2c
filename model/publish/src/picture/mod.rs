//! Pictures as SVG, and shaded triangles as text. A kit: it knows rows, lines, bars and tiles, and none of the families that are
//! drawn with them.
//!
//! A picture is a small [`document`](Picture): a [`Frame`] (words, size, theme) and a body of one kind. Another kind of picture is
//! another file beside `lines.rs`, and a variant of [`Body`].
//!
//! Words are written in English and said in Chinese by [`phrase`]. Colours are those of Okabe and Ito for groups, and one hue from light to dark
//! for shares, which the colour-blind tell apart; no figure is shown by colour alone.

mod bars;
mod canvas;
mod colours;
mod document;
mod frame;
mod heat;
mod letters;
mod lines;
mod numbers;
mod page;
mod phrases;
mod scale;
mod shades;
mod tiles;

pub use document::{Body, Picture};
pub use page::{Frame, Language, Theme};
pub use phrases::phrase;
pub use shades::triangle;

use crate::error::Error;
use crate::host::{Host, Vec};
use canvas::Canvas;

/// The picture as an SVG document, in UTF-8.
pub fn svg<H: Host>(picture: &Picture, host: H) -> Result<Vec<u8, H>, Error> {
    let Picture { frame, body } = picture;
    frame.check()?;
    let mut canvas = Canvas::new(host);
    match body {
        _ if body.is_empty() => frame::nothing(frame, &mut canvas),
        Body::Heat(heat) => heat.draw(frame, &mut canvas),
        Body::Lines(lines) => lines.draw(frame, &mut canvas),
        Body::Bars(bars) => bars.draw(frame, &mut canvas),
        Body::Tiles(tiles) => tiles.draw(frame, &mut canvas),
    }
    Ok(canvas.end())
}

#[cfg(test)]
mod tests;
