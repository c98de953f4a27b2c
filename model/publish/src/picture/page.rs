//! What all pictures have: words, a size, a theme, a language.

use crate::error::Error;
use serde::Deserialize;
use std::ops::RangeInclusive;

pub use model_ground::language::Language;

const WIDTHS: RangeInclusive<i64> = 240..=4000;
/// Where there is less room, words no longer fit.
const LEAST_WIDTH: f64 = 420.0;
const HEIGHTS: RangeInclusive<i64> = 120..=8000;

/// Words, size and theme.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frame {
    /// Its title.
    pub title: String,
    /// A line below the title: units, and what is left out.
    #[serde(default)]
    pub subtitle: String,
    /// The language of numbers.
    pub language: String,
    /// The name of its theme.
    pub theme: String,
    /// Its width in pixels.
    pub width: Option<i64>,
    /// Its height in pixels; none: what suits it.
    pub height: Option<i64>,
}

/// A theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Dark on white.
    Light,
    /// Light on nearly black.
    Dark,
    /// What the reader's system is set to.
    Auto,
}

impl Theme {
    fn parse(name: &str) -> Result<Self, Error> {
        let of = |theme: &&(&str, Theme)| name.eq_ignore_ascii_case(theme.0);
        const ALL: [(&str, Theme); 3] =
            [("light", Theme::Light), ("dark", Theme::Dark), ("auto", Theme::Auto)];
        ALL.iter()
            .find(of)
            .map(|theme| theme.1)
            .ok_or_else(|| Error::unknown("theme", name, "light, dark, auto"))
    }
}

impl Frame {
    /// Errors of what people have written.
    pub(super) fn check(&self) -> Result<(), Error> {
        Language::parse(&self.language)?;
        Theme::parse(&self.theme)?;
        let size = |what, given: Option<i64>, range: RangeInclusive<i64>, hint| match given {
            Some(given) if !range.contains(&given) => {
                Err(Error::OutOfRange { what, given: given.to_string(), hint })
            }
            _ => Ok(()),
        };
        size("width", self.width, WIDTHS, "A width is given in pixels, from 240 to 4000.")?;
        size("height", self.height, HEIGHTS, "A height is given in pixels, from 120 to 8000.")
    }

    pub(super) fn language(&self) -> Language {
        Language::parse(&self.language).unwrap_or(Language::English)
    }

    pub(super) fn theme(&self) -> Theme {
        Theme::parse(&self.theme).unwrap_or(Theme::Light)
    }

    /// The width in which everything is placed. A smaller picture is the same one, scaled.
    pub(super) fn width(&self) -> f64 {
        self.given_width().max(LEAST_WIDTH)
    }

    pub(super) fn given_width(&self) -> f64 {
        self.width.unwrap_or(900) as f64
    }

    /// The height in which everything is placed: at least `least`, and `natural` if none was given.
    pub(super) fn height(&self, natural: f64, least: f64) -> f64 {
        self.height.map_or(natural, |height| height as f64 * self.scale()).max(least).round()
    }

    /// Units of places for one pixel.
    pub(super) fn scale(&self) -> f64 {
        self.width() / self.given_width()
    }
}
