//! How well the order of the predicted hazards agrees with the order in which members left.

use super::design::Design;
use crate::host::{Host, Pace, Vec};

/// Harrell's concordance: of the pairs of members of whom one left while the other was at risk and
/// stayed longer, the share in which the one who left had the higher predicted hazard; equal
/// predictions count one half. None if there is no such pair.
///
/// F. E. Harrell and others, JAMA 247 (1982), 2543–2546. Counted in O(n log n), with P. M. Fenwick's
/// tree: Software: Practice and Experience 24 (1994), 327–336.
pub(super) fn concordance<H: Host>(design: &Design<H>, scores: &[f64]) -> Option<f64> {
    let host = design.host();
    let mut pace = Pace::new(host);
    let mut distinct = Vec::with_capacity_in(scores.len(), host.clone());
    distinct.extend_from_slice(scores);
    distinct.sort_unstable_by(|a: &f64, b| {
        pace.step(1);
        a.total_cmp(b)
    });
    distinct.dedup();
    let mut tree = Counts::new(distinct.len(), host);
    let mut rank = |member: usize| {
        pace.step(32);
        distinct.partition_point(|&score| score < scores[member])
    };
    let (mut right, mut wrong, mut ties) = (0u64, 0u64, 0u64);
    let mut late = design.late.iter().peekable();
    for number in (1..=design.moments.len()).rev() {
        let moment = &design.moments[number - 1];
        let ending = design.ending(number);
        let (leaving, staying) = (
            moment.first..moment.first + moment.leaving,
            moment.first + moment.leaving..ending.end,
        );
        for member in staying.filter(|&member| !design.spans[member].is_empty()) {
            tree.add(rank(member), 1);
        }
        while let Some(&member) =
            late.next_if(|member| design.spans[**member as usize].from as usize >= number)
        {
            tree.add(rank(member as usize), -1);
        }
        for member in leaving.clone() {
            let place = rank(member);
            let (below, with) = (tree.below(place), tree.below(place + 1));
            right += below;
            ties += with - below;
            wrong += tree.sum - with;
        }
        for member in leaving {
            tree.add(rank(member), 1);
        }
    }
    let pairs = right + wrong + ties;
    (pairs > 0).then(|| (right as f64 + ties as f64 / 2.0) / pairs as f64)
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

    fn add(&mut self, place: usize, count: i64) {
        self.sum = self.sum.wrapping_add_signed(count);
        let mut i = place + 1;
        while let Some(node) = self.tree.get_mut(i) {
            *node = node.wrapping_add_signed(count);
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
