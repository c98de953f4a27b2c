//! A treemap: tiles whose areas are shares of a whole, as square as they can be (M. Bruls, K. Huizing, J. van Wijk: Squarified
//! treemaps, 2000).

use super::canvas::{Anchor, Area, Canvas, Escaped};
use super::colours;
use super::frame::{MARGIN, SMALL, head, lines, open, shades};
use super::letters::width;
use super::page::Frame;
use crate::host::Host;
use serde::Deserialize;

/// Tiles, the largest first.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tiles {
    /// What the shade stands for, and its two ends.
    shade_title: String,
    shade_low: String,
    shade_high: String,
    pub(super) tiles: Vec<Tile>,
}

/// A tile.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tile {
    name: String,
    pub(super) size: f64,
    /// Further words.
    lines: Vec<String>,
    /// Between 0 and 1; none: the tile has no colour.
    shade: Option<f64>,
}

/// The worst ratio of sides in a row of tiles with these smallest, largest and added areas, along a side.
fn worst(smallest: f64, largest: f64, sum: f64, side: f64) -> f64 {
    (side * side * largest / (sum * sum)).max(sum * sum / (side * side * smallest))
}

/// The areas of tiles of these sizes, which fall, within an area: handed to `put` one by one.
fn squarify(sizes: &[f64], mut area: Area, mut put: impl FnMut(usize, Area)) {
    let total: f64 = sizes.iter().sum();
    let scale = area.width * area.height / total;
    let mut begin = 0;
    while begin < sizes.len() {
        let side = area.width.min(area.height);
        let (mut end, mut sum, mut largest, mut best) = (begin, 0.0, 0.0f64, f64::INFINITY);
        while let Some(size) = sizes.get(end).map(|size| size * scale) {
            let ratio = worst(size, largest.max(size), sum + size, side);
            if ratio > best {
                break;
            }
            (best, largest, sum, end) = (ratio, largest.max(size), sum + size, end + 1);
        }
        // A row along the shorter side.
        let deep = sum / side;
        let mut at = 0.0;
        for (place, size) in sizes.iter().enumerate().take(end).skip(begin) {
            let long = size * scale / deep;
            let tile = if area.width >= area.height {
                Area { x: area.x, y: area.y + at, width: deep, height: long }
            } else {
                Area { x: area.x + at, y: area.y, width: long, height: deep }
            };
            put(place, tile);
            at += long;
        }
        if area.width >= area.height {
            area = Area { x: area.x + deep, width: area.width - deep, ..area };
        } else {
            area = Area { y: area.y + deep, height: area.height - deep, ..area };
        }
        begin = end;
    }
}

impl Tiles {
    pub(super) fn draw<H: Host>(&self, frame: &Frame, canvas: &mut Canvas<H>) {
        let natural = (frame.width() * 0.5).clamp(260.0, 560.0) + head(frame) - 40.0;
        let height = frame.height(natural, head(frame) + 140.0);
        open(frame, height, canvas);
        let top = head(frame);
        let area = Area {
            x: MARGIN,
            y: top,
            width: frame.width() - 2.0 * MARGIN,
            height: (height - top - 40.0).max(10.0),
        };
        // No more than MAX_MARKS of them.
        let sizes: Vec<f64> =
            self.tiles.iter().map(|tile| tile.size).take_while(|&size| size > 0.0).collect();
        squarify(&sizes, area, |place, area| {
            if let Some(tile) = self.tiles.get(place) {
                tile.draw(&area, canvas);
            }
        });
        self.legend(height - 24.0, canvas);
    }

    fn legend<H: Host>(&self, y: f64, canvas: &mut Canvas<H>) {
        canvas.text("soft", SMALL, Anchor::Start, (MARGIN, y + 5.0), Escaped(&self.shade_title));
        let x = MARGIN + width(&self.shade_title, SMALL) * 1.1 + 12.0;
        shades((x, y), &self.shade_low, &self.shade_high, canvas);
    }
}

impl Tile {
    fn draw<H: Host>(&self, area: &Area, canvas: &mut Canvas<H>) {
        let area = Area { width: area.width - 2.0, height: area.height - 2.0, ..*area };
        let shade = self.shade.map(colours::shade);
        let says = format_args!(
            "{}: {}",
            Escaped(&self.name),
            Escaped(self.lines.first().map_or("", String::as_str))
        );
        canvas.area(colours::Fill(shade), &area, Some(says));
        let class = |weight: &'static str| Class { shade, weight };
        let room = area.width - 12.0;
        // No word of letters is broken.
        let is_whole =
            |word: &str, size| word.chars().any(|c| c > '\u{2e80}') || width(word, size) <= room;
        let fits = |size: f64| {
            if !self.name.split(' ').all(|word| is_whole(word, size)) {
                return false;
            }
            let (mut count, mut wide) = (0.0, 0.0);
            for line in lines(&self.name, size, room) {
                (count, wide) = (count + 1.0, width(line, size).max(wide));
            }
            wide <= room && count * (size + 3.0) + 6.0 <= area.height
        };
        let Some(size) = [14.0, 11.0, 9.0].into_iter().find(|&size| fits(size)) else {
            // A slim one has its name from below.
            let middle = (area.x + area.width / 2.0, area.y + area.height / 2.0);
            if area.width >= 13.0 && width(&self.name, 11.0) + 8.0 <= area.height {
                canvas.text_upwards(class(" title"), 11.0, middle, Escaped(&self.name));
            }
            return;
        };
        let mut y = area.y + 8.0 + size / 2.0;
        for line in lines(&self.name, size, room) {
            canvas.text(class(" title"), size, Anchor::Start, (area.x + 7.0, y), Escaped(line));
            y += size + 3.0;
        }
        for line in &self.lines {
            if y + SMALL / 2.0 > area.bottom() || width(line, SMALL) > room {
                break;
            }
            canvas.text(class(""), SMALL, Anchor::Start, (area.x + 7.0, y), Escaped(line));
            y += 16.0;
        }
    }
}

/// The class of words on a shade.
struct Class {
    shade: Option<usize>,
    weight: &'static str,
}

impl std::fmt::Display for Class {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.shade {
            Some(shade) => write!(f, "t{shade}{}", self.weight),
            None => write!(f, "ink{}", self.weight),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the paper: areas 6, 6, 4, 3, 2, 2, 1 in a rectangle of 6 by 4.
    #[test]
    fn as_in_the_paper() {
        let area = Area { x: 0.0, y: 0.0, width: 6.0, height: 4.0 };
        let mut tiles = Vec::new();
        squarify(&[6.0, 6.0, 4.0, 3.0, 2.0, 2.0, 1.0], area, |place, tile| {
            tiles.push((place, tile))
        });
        let expected = [
            (0.0, 0.0, 3.0, 2.0),
            (0.0, 2.0, 3.0, 2.0),
            (3.0, 0.0, 12.0 / 7.0, 7.0 / 3.0),
            (3.0 + 12.0 / 7.0, 0.0, 9.0 / 7.0, 7.0 / 3.0),
        ];
        for ((place, tile), (x, y, width, height)) in tiles.iter().zip(expected) {
            for (found, wanted) in
                [(tile.x, x), (tile.y, y), (tile.width, width), (tile.height, height)]
            {
                assert!((found - wanted).abs() < 1e-9, "{place}: {tile:?}");
            }
        }
        let covered: f64 = tiles.iter().map(|(_, tile)| tile.width * tile.height).sum();
        assert!((covered - 24.0).abs() < 1e-9);
        assert_eq!(tiles.len(), 7);
    }
}
