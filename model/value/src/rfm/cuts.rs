//! Columns of one measure, their quantiles and cut points.

use super::measure::Measure;
use crate::error::Error;
use crate::host::{Host, Pace, Vec};
use crate::radix;

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
        found
            .map(|(_, method)| *method)
            .ok_or_else(|| Error::unknown("method", name, "quantile, rank, ntile, fixed"))
    }
}

/// The values of a measure, kept as numbers that sort as they do.
#[derive(Debug)]
pub(crate) struct Column<H: Host> {
    keys: Vec<u64, H>,
    /// Of whole numbers, or of doubles?
    whole: bool,
    /// The least key and the greatest.
    low: u64,
    high: u64,
}

/// Values are told apart by this many of their leading bits first: counters that fit the nearest cache.
const GROUP_BITS: u32 = 12;
/// Values handled between two polls.
pub(crate) const BETWEEN_POLLS: usize = 1 << 14;

impl<H: Host> Column<H> {
    /// A column of whole numbers, without any yet.
    pub(crate) fn of_whole(room: usize, host: &H) -> Self {
        Column::new(true, room, host)
    }

    /// A column of doubles that are numbers, without any yet.
    pub(crate) fn of_real(room: usize, host: &H) -> Self {
        Column::new(false, room, host)
    }

    fn new(whole: bool, room: usize, host: &H) -> Self {
        let keys = Vec::with_capacity_in(room, host.clone());
        Column { keys, whole, low: u64::MAX, high: 0 }
    }

    /// Adds a whole number.
    #[inline]
    pub(crate) fn push_whole(&mut self, key: u64) {
        debug_assert!(self.whole);
        self.push(key);
    }

    /// Adds a double.
    #[inline]
    pub(crate) fn push_real(&mut self, value: f64) {
        debug_assert!(!self.whole);
        self.push(key_of(value));
    }

    #[inline]
    fn push(&mut self, key: u64) {
        (self.low, self.high) = (self.low.min(key), self.high.max(key));
        self.keys.push(key);
    }

    /// Bits in which the keys differ, counted from the least.
    fn bits(&self) -> u32 {
        u64::BITS - self.high.saturating_sub(self.low).leading_zeros()
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    #[inline]
    fn value(&self, key: u64) -> f64 {
        if self.whole { key as f64 } else { value_of(key) }
    }

    /// The keys less the least of them, in ascending order.
    fn sorted(&self, wanted: impl Fn(u64) -> bool, room: usize) -> Vec<u64, H> {
        let host = self.keys.allocator();
        let mut sorted = Vec::with_capacity_in(room, host.clone());
        for part in self.keys.chunks(BETWEEN_POLLS) {
            host.poll();
            sorted.extend(part.iter().map(|key| key - self.low).filter(|key| wanted(*key)));
        }
        radix::sort(&mut sorted, &mut Vec::new_in(host.clone()), 0, self.bits());
        sorted
    }

    /// All values, ascending.
    pub(crate) fn ascending(&self) -> impl Iterator<Item = f64> {
        let sorted = self.sorted(|_| true, self.len());
        (0..sorted.len()).map(move |i| self.value(self.low + sorted[i]))
    }

    /// The values at some places of the ascending order. Only those near them are sorted.
    fn at(&self, places: &[usize]) -> std::vec::Vec<f64> {
        let host = self.keys.allocator();
        let shift = self.bits().saturating_sub(GROUP_BITS);
        let group = |key: u64| (key >> shift) as usize & ((1 << GROUP_BITS) - 1);
        let mut counts = [0u32; 1 << GROUP_BITS];
        for part in self.keys.chunks(BETWEEN_POLLS) {
            host.poll();
            part.iter().for_each(|key| counts[group(key - self.low)] += 1);
        }
        // Where the groups of the places begin, among all values and among those wanted.
        let mut wanted = [false; 1 << GROUP_BITS];
        let (mut begin, mut kept) = (0, 0);
        let mut found: std::vec::Vec<(usize, usize)> = vec![(0, 0); places.len()];
        for (group, &count) in counts.iter().enumerate() {
            let here = begin..begin + count as usize;
            for (place, found) in places.iter().zip(&mut found).filter(|(p, _)| here.contains(p)) {
                *found = (group, kept + place - begin);
                wanted[group] = true;
            }
            begin = here.end;
            kept += if wanted[group] { count as usize } else { 0 };
        }
        // Groups of one key each say it all.
        let sorted = if shift > 0 {
            self.sorted(|key| wanted[group(key)], kept)
        } else {
            Vec::new_in(host.clone())
        };
        let key = |(group, place): (usize, usize)| {
            sorted.get(place).copied().unwrap_or(group as u64) + self.low
        };
        found.into_iter().map(|place| self.value(key(place))).collect()
    }

    /// Quantiles of type 7 in the numbering of R. J. Hyndman and Y. Fan, "Sample Quantiles in
    /// Statistical Packages", The American Statistician 50 (1996), 361–365: that of R, of pandas and
    /// of percentile_cont, operation by operation as PostgreSQL computes the latter. None of nothing.
    pub(crate) fn quantiles(&self, shares: &[f64]) -> std::vec::Vec<f64> {
        let Some(last) = self.len().checked_sub(1) else { return std::vec::Vec::new() };
        let position = |share: &f64| share * last as f64;
        let places = shares.iter().map(position).flat_map(|p| [p.floor(), p.ceil()]);
        let ends = self.at(&places.map(|place| place as usize).collect::<std::vec::Vec<_>>());
        let (ends, _) = ends.as_chunks::<2>();
        let between = |(position, [low, high]): (f64, &[f64; 2])| {
            if position.fract() == 0.0 { *low } else { low + position.fract() * (high - low) }
        };
        shares.iter().map(position).zip(ends).map(between).collect()
    }

    /// The median; none of nothing.
    pub(crate) fn median(&self) -> Option<f64> {
        self.quantiles(&[0.5]).pop()
    }

    /// The cut points: a value belongs to the bin at whose upper end it lies. And the median; none of
    /// nothing.
    pub(crate) fn points(
        &self,
        measure: Measure,
        method: Method,
        bins: usize,
    ) -> (std::vec::Vec<f64>, Option<f64>) {
        if method == Method::Rank {
            return (self.rank_points(measure, bins), self.median());
        }
        let mut shares: std::vec::Vec<f64> = (1..bins).map(|k| k as f64 / bins as f64).collect();
        shares.push(0.5);
        let mut points = self.quantiles(&shares);
        let median = points.pop();
        (points, median)
    }

    /// The cut points with which the score is min(bins, 1 + ⌊bins × share of other members that are
    /// worse⌋): each the greatest value of its bin, or the one before if nobody is in it.
    fn rank_points(&self, measure: Measure, bins: usize) -> std::vec::Vec<f64> {
        let n = self.len();
        let sorted = self.sorted(|_| true, n);
        let value = |i: usize| self.value(self.low + sorted[i]);
        let mut pace = Pace::new(self.keys.allocator());
        // Below every value, for empty bins at the lower end.
        let least = if n > 0 { value(0) } else { 0.0 };
        let mut points = vec![(least - 1.0).min(least.next_down()); bins - 1];
        let mut begin = 0;
        while begin < n {
            let key = sorted[begin];
            let mut end = begin + 1;
            while end < n && sorted[end] == key {
                end += 1;
            }
            pace.step(end - begin);
            let worse = if measure == Measure::Recency { n - end } else { begin };
            // In whole numbers: 49 × (1/49) is less than 1.
            let rank = (bins as u128 * worse as u128) / (n - 1).max(1) as u128;
            let score = bins.min(1 + usize::try_from(rank).unwrap_or(bins));
            // Cut points from the one above this value's bin on are at or above it.
            let bin = if measure == Measure::Recency { bins - score } else { score - 1 };
            for point in &mut points[bin.min(bins - 1)..] {
                *point = value(begin);
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
