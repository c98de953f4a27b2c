//! A table of shaded cells, such as a triangle of cohorts.

use super::canvas::{Anchor, Area, Canvas, Escaped};
use super::colours;
use super::frame::{MARGIN, SMALL, head, open, shades};
use super::letters::width;
use super::numbers::{Figure, Small, Unit};
use super::page::Frame;
use super::scale::{Scale, every};
use crate::host::Host;
use serde::Deserialize;

/// A table: rows with a name and a note, columns with a name, and a value or none in each cell.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heat {
    pub(super) row_title: String,
    pub(super) note_title: String,
    pub(super) column_title: String,
    pub(super) rows: Vec<String>,
    pub(super) notes: Vec<String>,
    pub(super) columns: Vec<String>,
    /// Row by row, each as long as it has values.
    pub(super) values: Vec<Vec<Option<f64>>>,
    /// So many columns at the beginning have no colour, since their values are known beforehand.
    #[serde(default)]
    pub(super) plain_columns: usize,
    #[serde(default)]
    pub(super) unit: Unit,
}

/// Sizes that follow from one another.
struct Layout {
    left: f64,
    notes_end: f64,
    top: f64,
    cell: (f64, f64),
    font: f64,
    /// How the numbers are written, if they are.
    digits: Option<(usize, Unit)>,
    height: f64,
}

const FOOT: f64 = 44.0;
/// The least height of a cell.
const LEAST_CELL: f64 = 5.0;

impl Heat {
    /// The end of the colour scale: a round number that no coloured value passes.
    pub(super) fn most(&self) -> f64 {
        let coloured = self.values.iter().flat_map(|row| row.iter().skip(self.plain_columns));
        let most = coloured.flatten().fold(0.0, |a: f64, &b| a.max(b));
        Scale::round(0.0, most, 5.0, false).high
    }

    fn layout(&self, frame: &Frame) -> Layout {
        let widest = |texts: &[String], title: &str| {
            texts.iter().map(|text| width(text, SMALL)).fold(width(title, SMALL), f64::max)
        };
        let names_end = MARGIN + widest(&self.rows, &self.row_title);
        let notes_end = names_end + 14.0 + widest(&self.notes, &self.note_title);
        let left = notes_end + 10.0;
        let top = head(frame) + 42.0;
        let rows = self.rows.len().max(1) as f64;
        let natural = match rows {
            ..=16.0 => 26.0,
            ..=32.0 => 20.0,
            _ => 14.0,
        };
        let height = frame.height(top + rows * natural + FOOT, top + rows * LEAST_CELL + FOOT);
        let tall = (height - top - FOOT) / rows;
        let room = frame.width() - MARGIN - left;
        let wide = (room / self.columns.len().max(1) as f64).clamp(0.5, 72.0);
        let font = (tall * 0.62).min(SMALL);
        let choices = [
            (font, 1, self.unit),
            (font, 0, self.unit),
            (font, 0, Unit::Count),
            (font.min(9.0), 0, Unit::Count),
        ];
        let fits = |&&(font, digits, unit): &&(f64, usize, Unit)| {
            let longest = if unit == Unit::Percent { 0.888 } else { 88.0 };
            font >= 7.0
                && width(Small::of(Figure::new(longest, unit, digits)).as_str(), font) + 4.0 <= wide
        };
        let written = choices.iter().find(fits).copied();
        Layout {
            left,
            notes_end,
            top,
            cell: (wide, tall),
            font: written.map_or(font, |(font, ..)| font),
            digits: written.map(|(_, digits, unit)| (digits, unit)),
            height,
        }
    }

    pub(super) fn draw<H: Host>(&self, frame: &Frame, canvas: &mut Canvas<H>) {
        let layout = self.layout(frame);
        let most = self.most();
        open(frame, layout.height, canvas);
        self.write_names(&layout, canvas);
        let (wide, tall) = layout.cell;
        let gap = if wide.min(tall) >= 8.0 { 1.0 } else { 0.0 };
        for (line, (row, values)) in self.rows.iter().zip(&self.values).enumerate() {
            for (place, (column, value)) in self.columns.iter().zip(values).enumerate() {
                let Some(value) = *value else { continue };
                let cell = Area {
                    x: layout.left + wide * place as f64,
                    y: layout.top + tall * line as f64,
                    width: wide - gap,
                    height: tall - gap,
                };
                let shade = (place >= self.plain_columns).then(|| colours::shade(value / most));
                let says = Figure::new(value, self.unit, 1);
                let says = format_args!("{}, {}: {says}", Escaped(row), Escaped(column));
                canvas.area(colours::Fill(shade), &cell, Some(says));
                if let Some((digits, unit)) = layout.digits {
                    // 100% has one digit more before the point than all others.
                    let digits =
                        if value >= 0.9995 && self.unit == Unit::Percent { 0 } else { digits };
                    let value = if unit == self.unit || self.unit == Unit::Count {
                        value
                    } else {
                        value * 100.0
                    };
                    let figure = Figure::new(value, unit, digits);
                    let middle = (cell.x + cell.width / 2.0, cell.y + cell.height / 2.0);
                    match shade {
                        Some(shade) => canvas.text(
                            format_args!("t{shade}"),
                            layout.font,
                            Anchor::Middle,
                            middle,
                            figure,
                        ),
                        None => canvas.text("soft", layout.font, Anchor::Middle, middle, figure),
                    }
                }
            }
        }
        self.legend(&layout, most, canvas);
    }

    fn write_names<H: Host>(&self, layout: &Layout, canvas: &mut Canvas<H>) {
        let (wide, tall) = layout.cell;
        let y = layout.top - 10.0;
        canvas.text("soft", SMALL, Anchor::Start, (MARGIN, y), Escaped(&self.row_title));
        canvas.text("soft", SMALL, Anchor::End, (layout.notes_end, y), Escaped(&self.note_title));
        canvas.text(
            "soft",
            SMALL,
            Anchor::Start,
            (layout.left, y - 18.0),
            Escaped(&self.column_title),
        );
        let widest = self.columns.iter().map(|name| width(name, SMALL)).fold(0.0, f64::max);
        let step = every(self.columns.len(), wide * self.columns.len() as f64, widest + 6.0);
        for (place, name) in self.columns.iter().enumerate().step_by(step) {
            let x = layout.left + wide * (place as f64 + 0.5);
            canvas.text("soft", SMALL, Anchor::Middle, (x, y), Escaped(name));
        }
        let step = every(self.rows.len(), tall * self.rows.len() as f64, 12.5);
        for (line, (name, note)) in self.rows.iter().zip(&self.notes).enumerate().step_by(step) {
            let y = layout.top + tall * (line as f64 + 0.5);
            canvas.text("ink", SMALL, Anchor::Start, (MARGIN, y), Escaped(name));
            canvas.text("soft", SMALL, Anchor::End, (layout.notes_end, y), Escaped(note));
        }
    }

    fn legend<H: Host>(&self, layout: &Layout, most: f64, canvas: &mut Canvas<H>) {
        let digits = Scale::round(0.0, most, 1.0, false).digits(self.unit.by()).min(1);
        let [low, high] = [0.0, most].map(|value| Small::of(Figure::new(value, self.unit, digits)));
        let left = layout.left.min(MARGIN + 140.0);
        shades((left, layout.height - 26.0), low.as_str(), high.as_str(), canvas);
    }
}
