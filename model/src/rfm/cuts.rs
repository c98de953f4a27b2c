//! Sorted columns of one measure, their quantiles and cut points.

use super::measure::Measure;
use crate::error::Error;
use crate::history::radix;
use crate::host::{Host, Pace, Vec};

/// How a value becomes a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Cut points are quantiles of the members' values.
    Quantile,
    /// By the share of members that are worse.
    Rank,
    /// Equal numbers of members, ties split.
    Ntile,
    /// Cut points are given.
    Fixed,
}

impl Method {
    /// The method of a name, in any case.
    pub fn parse(name: &str) -> Result<Self, Error> {
        let known = [
            ("quantile", Method::Quantile),
            ("rank", Method::Rank),
            ("ntile", Method::Ntile),
            ("fixed", Method::Fixed),
        ];
        let found = known.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, method)| *method).ok_or_else(|| Error::UnknownName {
            what: "method",
            given: name.to_string(),
            valid: "quantile, rank, ntile, fixed",
        })
    }
}

/// The values of a measure, sorted. Values are kept as numbers that sort as they do.
#[derive(Debug)]
pub(crate) struct Column<H: Host> {
    keys: Vec<u64, H>,
    /// Of whole numbers, or of doubles?
    whole: bool,
    /// The least key, which the others are counted from.
    low: u64,
}

impl<H: Host> Column<H> {
    /// Of whole numbers.
    pub(crate) fn whole(values: impl Iterator<Item = u64>, room: usize, host: &H) -> Self {
        Column::sorted(values, true, room, host)
    }

    /// Of doubles that are numbers.
    pub(crate) fn real(values: impl Iterator<Item = f64>, room: usize, host: &H) -> Self {
        Column::sorted(values.map(key_of), false, room, host)
    }

    fn sorted(values: impl Iterator<Item = u64>, whole: bool, room: usize, host: &H) -> Self {
        let mut keys = Vec::with_capacity_in(room, host.clone());
        let (mut low, mut high) = (u64::MAX, 0);
        let mut pace = Pace::new(host);
        for key in values {
            pace.step(1);
            (low, high) = (low.min(key), high.max(key));
            keys.push(key);
        }
        for key in keys.iter_mut() {
            pace.step(1);
            *key -= low;
        }
        let bits = u64::BITS - high.saturating_sub(low).leading_zeros();
        radix::sort(&mut keys, &mut Vec::new_in(host.clone()), 0, bits);
        Column { keys, whole, low }
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The `i`-th value, in ascending order.
    #[inline]
    pub(crate) fn value(&self, i: usize) -> f64 {
        let key = self.keys[i] + self.low;
        if self.whole { key as f64 } else { value_of(key) }
    }

    /// The quantile of type 7 in the numbering of R. J. Hyndman and Y. Fan, "Sample Quantiles in
    /// Statistical Packages", The American Statistician 50 (1996), 361–365: that of R, of pandas and
    /// of percentile_cont, operation by operation as PostgreSQL computes the latter. None of nothing.
    pub(crate) fn quantile(&self, p: f64) -> Option<f64> {
        let position = p * self.len().checked_sub(1)? as f64;
        let (below, above) = (position.floor(), position.ceil());
        let low = self.value(below as usize);
        if below == above {
            return Some(low);
        }
        let high = self.value(above as usize);
        Some(low + (position - below) * (high - low))
    }

    /// The cut points: a value belongs to the bin at whose upper end it lies.
    pub(crate) fn points(
        &self,
        measure: Measure,
        method: Method,
        bins: usize,
    ) -> std::vec::Vec<f64> {
        match method {
            Method::Rank => self.rank_points(measure, bins),
            _ => (1..bins).filter_map(|k| self.quantile(k as f64 / bins as f64)).collect(),
        }
    }

    /// The cut points with which the score is min(bins, 1 + ⌊bins × share of other members that are
    /// worse⌋): each the greatest value of its bin, or the one before if nobody is in it.
    fn rank_points(&self, measure: Measure, bins: usize) -> std::vec::Vec<f64> {
        let n = self.len();
        let mut pace = Pace::new(self.keys.allocator());
        // Below any value, for bins at the lower end that nobody is in.
        let least = if n > 0 { self.value(0) } else { 0.0 };
        let mut points = vec![(least - 1.0).min(least.next_down()); bins - 1];
        let mut begin = 0;
        while begin < n {
            let key = self.keys[begin];
            let mut end = begin + 1;
            while end < n && self.keys[end] == key {
                end += 1;
            }
            pace.step(end - begin);
            let worse = if measure == Measure::Recency { n - end } else { begin };
            let rank = if n > 1 { worse as f64 / (n - 1) as f64 } else { 0.0 };
            let score = bins.min(1 + (bins as f64 * rank).floor() as usize);
            // Cut points from the one above this value's bin on are at or above it.
            let bin = if measure == Measure::Recency { bins - score } else { score - 1 };
            for point in &mut points[bin.min(bins - 1)..] {
                *point = self.value(begin);
            }
            begin = end;
        }
        points
    }
}

/// A number that sorts as the double does.
fn key_of(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits(); // one zero only
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

fn value_of(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
}

/// How many cut points are strictly below a value.
#[inline]
pub(crate) fn below(points: &[f64], value: f64) -> usize {
    points.iter().map(|point| usize::from(*point < value)).sum()
}

/// The bucket of the `i`-th of `n` rows as NTILE makes them: the first ones are the larger ones.
pub(crate) fn ntile(i: usize, n: usize, bins: usize) -> usize {
    let (size, larger) = (n / bins, n % bins);
    if i < larger * (size + 1) { i / (size + 1) } else { larger + (i - larger * (size + 1)) / size }
}

/// A bin of one measure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// The measure.
    pub measure: Measure,
    /// The score of who is in it.
    pub score: usize,
    /// Values are above this cut point; none for the bin at the lower end, and where bins have no cut
    /// points.
    pub above: Option<f64>,
    /// … and not above this one; none at the upper end.
    pub up_to: Option<f64>,
    /// The least value in it, and the greatest.
    pub range: Option<(f64, f64)>,
    /// Members in it.
    pub members: u64,
}
