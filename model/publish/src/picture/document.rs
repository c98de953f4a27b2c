//! What a picture is made from.

use super::bars::Bars;
use super::heat::Heat;
use super::lines::Lines;
use super::page::Frame;
use super::tiles::Tiles;
use crate::error::Error;
use crate::json::{self, Fault};
use serde::Deserialize;

/// A document and what is made of it while it is read are not in the host's memory, so it is small.
const MAX_BYTES: usize = 1 << 20;

/// So many cells, points or bars: more than anybody can tell apart.
const MAX_MARKS: usize = 40_000;

const TOO_LARGE: Error = Error::TooLarge {
    what: "the picture",
    hint: "Nobody can see so many cells: take a longer period, or fewer of them, as with slice(h, from_date, to_date).",
};

/// A picture.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Picture {
    /// What all kinds have.
    pub frame: Frame,
    /// What is drawn.
    pub body: Body,
}

/// What is drawn.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Body {
    /// A table of shaded cells.
    Heat(Heat),
    /// Curves with bands.
    Lines(Lines),
    /// Stacked bars.
    Bars(Bars),
    /// A treemap.
    Tiles(Tiles),
}

impl Picture {
    /// Reads a document.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > MAX_BYTES {
            return Err(TOO_LARGE);
        }
        let picture: Picture = json::read(text).map_err(|fault| match fault {
            Fault::NoJson(why) => Error::BadJson { what: "the picture", why },
            Fault::At(way, why) => Error::bad(
                format!("the picture, {way}: {why}"),
                "Pictures are drawn by functions such as cohort_svg.",
            ),
        })?;
        if picture.body.marks() > MAX_MARKS {
            return Err(TOO_LARGE);
        }
        Ok(picture)
    }
}

impl Body {
    fn marks(&self) -> usize {
        match self {
            Body::Heat(heat) => {
                heat.rows.len()
                    + heat.columns.len()
                    + heat.values.iter().map(Vec::len).sum::<usize>()
            }
            Body::Lines(lines) => lines.series.iter().map(|series| series.x.len()).sum(),
            Body::Bars(bars) => bars.labels.len() * (bars.series.len() + 1),
            Body::Tiles(tiles) => tiles.tiles.len(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Body::Heat(heat) => heat.values.iter().flatten().flatten().next().is_none(),
            Body::Lines(lines) => lines.points().next().is_none(),
            Body::Bars(bars) => bars.labels.is_empty() || bars.series.is_empty(),
            Body::Tiles(tiles) => !tiles.tiles.iter().any(|tile| tile.size > 0.0),
        }
    }
}
