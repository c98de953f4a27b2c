//! Stacked bars: what is above zero grows upwards, what is below it downwards.

use super::canvas::{Anchor, Area, Canvas, Escaped};
use super::colours::GROUPS;
use super::frame::{MARGIN, SMALL, head, legend, open, upright};
use super::letters::width;
use super::numbers::{Figure, Unit};
use super::page::Frame;
use super::scale::{Scale, every};
use crate::host::Host;
use serde::Deserialize;

/// A bar for each label, with a part for each series.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bars {
    x_title: String,
    y_title: String,
    #[serde(default)]
    unit: Unit,
    pub(super) labels: Vec<String>,
    /// Those that are not whole yet.
    #[serde(default)]
    running: Vec<bool>,
    pub(super) series: Vec<Parts>,
}

/// A part of each bar.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parts {
    name: String,
    values: Vec<Option<f64>>,
    #[serde(default)]
    group: usize,
}

impl Bars {
    /// How far a bar goes down and up.
    fn ends(&self, bar: usize) -> (f64, f64) {
        let values =
            self.series.iter().filter_map(|parts| parts.values.get(bar).copied().flatten());
        values.fold((0.0, 0.0), |(low, high), value| (low + value.min(0.0), high + value.max(0.0)))
    }

    pub(super) fn draw<H: Host>(&self, frame: &Frame, canvas: &mut Canvas<H>) {
        let natural = (frame.width() * 0.5).clamp(240.0, 520.0) + head(frame) - 50.0;
        let height = frame.height(natural, head(frame) + 170.0);
        open(frame, height, canvas);
        let top = head(frame);
        let names = self.series.iter().map(|parts| (parts.name.as_str(), parts.group));
        let top = top + legend(frame, top, names, canvas);
        canvas.text("soft", SMALL, Anchor::Start, (MARGIN, top + 6.0), Escaped(&self.y_title));

        let ends = (0..self.labels.len()).map(|bar| self.ends(bar));
        let (low, high) = ends.fold((0.0, 0.0), |(a, b), (low, high)| (low.min(a), high.max(b)));
        let steps = (height / 80.0).clamp(2.0, 7.0);
        let scale = Scale::round(low, high, steps, self.unit == Unit::Count);
        let below = if self.x_title.is_empty() { 32.0 } else { 50.0 };
        let ends = (top + 22.0, height - below);
        let (area, ys) = upright(frame, ends, (scale, self.unit), |_| "grid", canvas);
        let step = (area.width - 6.0) / self.labels.len() as f64;
        let wide = (step * 0.74).min(56.0);
        for (place, name) in self.labels.iter().enumerate() {
            let middle = area.x + 3.0 + step * (place as f64 + 0.5);
            let running = self.running.get(place).copied().unwrap_or(false);
            let (mut below, mut above) = (0.0, 0.0);
            for parts in &self.series {
                let Some(value) = parts.values.get(place).copied().flatten().filter(|&v| v != 0.0)
                else {
                    continue;
                };
                let from = if value < 0.0 { &mut below } else { &mut above };
                let (start, end) = (*from, *from + value);
                *from = end;
                let (y, bottom) = (ys.at(start.max(end)), ys.at(start.min(end)));
                let part = Area { x: middle - wide / 2.0, y, width: wide, height: bottom - y };
                let (group, running) =
                    (parts.group % GROUPS, if running { "\" fill-opacity=\".45" } else { "" });
                let digits = if self.unit == Unit::Percent { 1 } else { 0 };
                let says = Figure::new(value.abs(), self.unit, digits);
                canvas.area(
                    format_args!("g{group}{running}"),
                    &part,
                    Some(format_args!("{}, {}: {says}", Escaped(name), Escaped(&parts.name))),
                );
            }
        }
        canvas.line("axis", (area.x, ys.at(0.0)), (area.right(), ys.at(0.0)));
        let widest = self.labels.iter().map(|name| width(name, SMALL)).fold(0.0, f64::max);
        let labelled = every(self.labels.len(), area.width, widest + 16.0);
        for (place, name) in self.labels.iter().enumerate().step_by(labelled) {
            let x = area.x + 3.0 + step * (place as f64 + 0.5);
            canvas.text("soft", SMALL, Anchor::Middle, (x, area.bottom() + 14.0), Escaped(name));
        }
        let middle = (area.x + area.width / 2.0, area.bottom() + 34.0);
        canvas.text("soft", SMALL, Anchor::Middle, middle, Escaped(&self.x_title));
    }
}
