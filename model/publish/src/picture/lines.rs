//! Curves, with bands of what else they may be.

use super::canvas::{Anchor, Canvas, Escaped};
use super::colours::GROUPS;
use super::frame::{MARGIN, SMALL, head, legend, open, upright};
use super::numbers::{Figure, Unit};
use super::page::Frame;
use super::scale::Scale;
use crate::host::Host;
use serde::Deserialize;

/// Curves over one pair of axes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lines {
    x_title: String,
    y_title: String,
    #[serde(default)]
    x_unit: Unit,
    #[serde(default)]
    unit: Unit,
    /// Where the axes end at least.
    y_high: Option<f64>,
    x_low: Option<f64>,
    x_high: Option<f64>,
    /// A line from corner to corner.
    #[serde(default)]
    diagonal: bool,
    pub(super) series: Vec<Series>,
}

/// A curve.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Series {
    name: String,
    pub(super) x: Vec<f64>,
    y: Vec<Option<f64>>,
    #[serde(default)]
    low: Vec<Option<f64>>,
    #[serde(default)]
    high: Vec<Option<f64>>,
    /// It holds its height up to the next point.
    #[serde(default)]
    steps: bool,
    #[serde(default)]
    group: usize,
}

/// So many points of a curve are marked.
const MARKED: usize = 62;

impl Series {
    fn values<'a>(
        &'a self,
        of: &'a [Option<f64>],
    ) -> impl DoubleEndedIterator<Item = (f64, f64)> + 'a {
        let at = |(place, &x): (usize, &f64)| of.get(place).copied().flatten().map(|y| (x, y));
        self.x.iter().enumerate().filter_map(at)
    }

    fn points(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.values(&self.y)
    }
}

/// Which way points come.
#[derive(Clone, Copy)]
enum Way {
    Right,
    Left,
}

/// Corners between points: where steps hold the height of the point to the left.
fn corners(
    points: impl Iterator<Item = (f64, f64)>,
    steps: bool,
    way: Way,
) -> impl Iterator<Item = (f64, f64)> {
    let mut last: Option<(f64, f64)> = None;
    points.flat_map(move |(x, y)| {
        let corner = last.filter(|_| steps).map(|(before_x, before_y)| match way {
            Way::Right => (x, before_y),
            Way::Left => (before_x, y),
        });
        last = Some((x, y));
        corner.into_iter().chain([(x, y)])
    })
}

impl Lines {
    pub(super) fn points(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.series.iter().flat_map(Series::points)
    }

    pub(super) fn draw<H: Host>(&self, frame: &Frame, canvas: &mut Canvas<H>) {
        let natural = (frame.width() * 0.5).clamp(240.0, 520.0) + head(frame) - 50.0;
        let height = frame.height(natural, head(frame) + 170.0);
        open(frame, height, canvas);
        let top = head(frame);
        let several = self.series.iter().filter(|_| self.series.len() > 1);
        let names = several.map(|series| (series.name.as_str(), series.group));
        let top = top + legend(frame, top, names, canvas);
        canvas.text("soft", SMALL, Anchor::Start, (MARGIN, top + 6.0), Escaped(&self.y_title));

        let bands = self.series.iter().flat_map(|s| s.values(&s.low).chain(s.values(&s.high)));
        let all = || self.points();
        let (low, high) =
            all().chain(bands).fold((0.0, self.y_high.unwrap_or(0.0)), |(low, high), (_, y)| {
                (y.min(low), y.max(high))
            });
        let (first, last) = all().fold(
            (self.x_low.unwrap_or(f64::MAX), self.x_high.unwrap_or(f64::MIN)),
            |(a, b), (x, _)| (x.min(a), x.max(b)),
        );
        let steps = (height / 90.0).clamp(2.0, 6.0);
        let scale = Scale::round(low, high, steps, self.unit == Unit::Count);
        let line = |tick| if tick == 0.0 { "axis" } else { "grid" };
        let ends = (top + 22.0, height - 50.0);
        let (area, ys) = upright(frame, ends, (scale, self.unit), line, canvas);
        let is_whole = self.x_unit == Unit::Count;
        let xs = Scale::exact(first, last, (area.width / 60.0).clamp(2.0, 14.0), is_whole)
            .between((area.x + 6.0, area.right() - 12.0));
        let digits = if is_whole { 0 } else { xs.digits(100.0) };
        for tick in xs.ticks().filter(|&tick| tick <= last || first == last && tick == first) {
            let x = xs.at(tick);
            canvas.line("axis", (x, area.bottom()), (x, area.bottom() + 4.0));
            let figure = Figure::new(tick, self.x_unit, digits);
            canvas.text("soft", SMALL, Anchor::Middle, (x, area.bottom() + 14.0), figure);
        }
        let middle = (area.x + area.width / 2.0, area.bottom() + 34.0);
        canvas.text("soft", SMALL, Anchor::Middle, middle, Escaped(&self.x_title));
        if self.diagonal {
            canvas.line("even", (xs.at(first), ys.at(first)), (xs.at(last), ys.at(last)));
        }

        let place = |(x, y): (f64, f64)| (xs.at(x), ys.at(y));
        for series in &self.series {
            let group = series.group % GROUPS;
            let above = corners(series.values(&series.high), series.steps, Way::Right);
            let below = corners(series.values(&series.low).rev(), series.steps, Way::Left);
            if !series.high.is_empty() {
                canvas.path(format_args!("b{group}"), above.chain(below).map(place), true);
            }
        }
        for series in &self.series {
            let group = series.group % GROUPS;
            canvas.path(
                format_args!("l{group}"),
                corners(series.points(), series.steps, Way::Right).map(place),
                false,
            );
            if series.points().count() <= MARKED && !series.steps {
                for (x, y) in series.points() {
                    let says = (Figure::new(x, self.x_unit, digits), Figure::new(y, self.unit, 1));
                    canvas.circle(
                        format_args!("g{group}"),
                        place((x, y)),
                        3.2,
                        format_args!("{}: {}", says.0, says.1),
                    );
                }
            }
        }
    }
}
