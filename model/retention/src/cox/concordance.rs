//! How well the order of the predicted hazards agrees with the order in which members left.

use super::design::Design;
use crate::host::{Host, Pace, Vec};
use std::iter::Peekable;
use std::ops::Range;

/// Harrell's concordance: of the pairs of members of whom one left while the other was at risk and
/// stayed longer, the share in which the one who left had the higher predicted hazard; equal
/// predictions count one half. None if there is no such pair.
///
/// F. E. Harrell and others, JAMA 247 (1982), 2543–2546. Counted in O(n log n), with P. M. Fenwick's
/// tree: Software: Practice and Experience 24 (1994), 327–336.
///
/// Of rows that stand for several members, pairs of members count; of strata, pairs within one.
pub(super) fn concordance<H: Host>(design: &Design<H>, scores: &[f64]) -> Option<f64> {
    let mut pairs = Pairs::default();
    let mut late = design.late.iter().peekable();
    let strata = design.strata();
    let mut ranges = Vec::new_in(design.host().scratch());
    ranges.extend(strata);
    for (moments, rows) in ranges.iter().rev() {
        pairs.add_stratum(design, scores, moments.clone(), rows.clone(), &mut late);
    }
    let all = pairs.right + pairs.wrong + pairs.ties;
    (all > 0).then(|| (pairs.right as f64 + pairs.ties as f64 / 2.0) / all as f64)
}

/// Pairs of members, by whether the order of their scores is that in which they left.
#[derive(Debug, Default)]
struct Pairs {
    right: u128,
    wrong: u128,
    ties: u128,
}

impl Pairs {
    fn add_stratum<'d, H: Host>(
        &mut self,
        design: &Design<H>,
        scores: &[f64],
        moments: Range<usize>,
        rows: Range<usize>,
        late: &mut Peekable<impl Iterator<Item = &'d u32>>,
    ) {
        let host = design.host();
        let mut pace = Pace::new(host);
        let own = &scores[rows];
        let mut distinct = Vec::with_capacity_in(own.len(), host.clone());
        distinct.extend_from_slice(own);
        distinct.sort_unstable_by(|a: &f64, b| {
            pace.step(1);
            a.total_cmp(b)
        });
        distinct.dedup();
        let mut tree = Counts::new(distinct.len(), host);
        let mut rank = |row: usize| {
            pace.step(32);
            distinct.partition_point(|&score| score < scores[row])
        };
        let weight = |row: usize| design.weights[row] as u64;
        for number in moments.rev().map(|place| place + 1) {
            let moment = &design.moments[number - 1];
            let (leaving, staying) =
                (moment.first..moment.first + moment.rows, moment.first + moment.rows..moment.end);
            for row in staying.filter(|&row| !design.spans[row].is_empty()) {
                tree.add(rank(row), weight(row));
            }
            while let Some(&row) =
                late.next_if(|row| design.spans[**row as usize].from as usize >= number)
            {
                tree.take(rank(row as usize), weight(row as usize));
            }
            for row in leaving.clone() {
                let place = rank(row);
                let (below, with) = (tree.below(place), tree.below(place + 1));
                let of = u128::from(weight(row));
                self.right += of * u128::from(below);
                self.ties += of * u128::from(with - below);
                self.wrong += of * u128::from(tree.sum - with);
            }
            for row in leaving {
                tree.add(rank(row), weight(row));
            }
        }
    }
}

/// Counts by place, and their sums up to a place.
struct Counts<H: Host> {
    tree: Vec<u64, H>,
    sum: u64,
}

impl<H: Host> Counts<H> {
    fn new(len: usize, host: &H) -> Self {
        let mut tree = Vec::new_in(host.clone());
        tree.resize(len + 1, 0);
        Counts { tree, sum: 0 }
    }

    fn add(&mut self, place: usize, count: u64) {
        self.change(place, |sum| sum.wrapping_add(count));
    }

    fn take(&mut self, place: usize, count: u64) {
        self.change(place, |sum| sum.wrapping_sub(count));
    }

    fn change(&mut self, place: usize, change: impl Fn(u64) -> u64) {
        self.sum = change(self.sum);
        let mut i = place + 1;
        while let Some(node) = self.tree.get_mut(i) {
            *node = change(*node);
            i += i & i.wrapping_neg();
        }
    }

    /// The counts of all places before this one.
    fn below(&self, place: usize) -> u64 {
        let mut sum = 0u64;
        let mut i = place;
        while i > 0 {
            sum = sum.wrapping_add(self.tree[i]);
            i &= i - 1;
        }
        sum
    }
}
