//! How often each key occurred: a multiset that grows with its distinct keys, not with its rows.

use crate::host::{Host, Pace, Vec};

/// Keys are gathered this many at a time: they are sorted while they are in the cache.
const INBOX: usize = 1 << 15;

/// A distinct key, and how often it occurred.
pub(crate) type Cell<K> = (K, u64);

/// Keys with the numbers of their occurrences.
///
/// Rows go into a small inbox; a full one becomes a sorted run of distinct keys, and runs of about
/// one length become a longer one, as in a log-structured merge tree: P. O'Neil and others, "The
/// log-structured merge-tree", Acta Informatica 33 (1996). Few distinct keys stay one short run.
#[derive(Debug)]
pub(crate) struct Tally<K, H: Host> {
    inbox: Vec<K, H>,
    /// Keys that came with a number of their own.
    counted: Vec<Cell<K>, H>,
    runs: Vec<Vec<Cell<K>, H>, H>,
}

impl<K: Ord + Copy, H: Host> Tally<K, H> {
    pub(crate) fn new(host: &H) -> Self {
        Tally {
            inbox: Vec::new_in(host.clone()),
            counted: Vec::new_in(host.clone()),
            runs: Vec::new_in(host.clone()),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.inbox.is_empty() && self.counted.is_empty() && self.runs.is_empty()
    }

    /// One more of this key.
    #[inline]
    pub(crate) fn push(&mut self, key: K) {
        self.inbox.push(key);
        if self.inbox.len() >= INBOX {
            self.flush();
        }
    }

    /// So many more of this key. The caller makes sure that the sum fits 64 bits.
    #[inline]
    pub(crate) fn push_many(&mut self, key: K, count: u64) {
        if count == 1 {
            return self.push(key);
        }
        self.counted.push((key, count));
        if self.counted.len() >= INBOX {
            self.flush();
        }
    }

    /// Adds distinct keys that are in order.
    pub(crate) fn append(&mut self, cells: impl Iterator<Item = Cell<K>>) {
        let host = self.host();
        let mut pace = Pace::new(&host);
        let mut run = Vec::new_in(host.clone());
        for cell in cells {
            pace.step(1);
            run.push(cell);
        }
        if !run.is_empty() {
            self.runs.push(run);
            self.balance(2);
        }
    }

    /// Gathers everything into one run, and shows it.
    pub(crate) fn settle(&mut self) -> &[Cell<K>] {
        self.flush();
        self.balance(usize::MAX);
        self.cells()
    }

    /// The distinct keys in order, once settled.
    pub(crate) fn cells(&self) -> &[Cell<K>] {
        debug_assert!(self.inbox.is_empty() && self.counted.is_empty() && self.runs.len() <= 1);
        self.runs.first().map_or(&[], |run| run)
    }

    /// All of it, in sorted parts, without settling first.
    pub(crate) fn for_parts(&self, mut part: impl FnMut(&[Cell<K>])) {
        for run in &self.runs {
            part(run);
        }
        if !self.inbox.is_empty() {
            let mut keys = Vec::with_capacity_in(self.inbox.len(), self.host().scratch());
            keys.extend_from_slice(&self.inbox);
            part(&sorted_run(&mut keys));
        }
        if !self.counted.is_empty() {
            let mut cells = Vec::with_capacity_in(self.counted.len(), self.host().scratch());
            cells.extend_from_slice(&self.counted);
            part(&sorted_cells(&mut cells));
        }
    }

    fn host(&self) -> H {
        self.runs.allocator().clone()
    }

    #[cold]
    fn flush(&mut self) {
        if !self.inbox.is_empty() {
            self.host().poll();
            let run = sorted_run(&mut self.inbox);
            self.inbox.clear();
            self.runs.push(run);
            self.balance(2);
        }
        if !self.counted.is_empty() {
            self.host().poll();
            let run = sorted_cells(&mut self.counted);
            self.counted.clear();
            self.runs.push(run);
            self.balance(2);
        }
    }

    /// Merges the last two runs while the former is less than `ratio` times as long as the latter.
    fn balance(&mut self, ratio: usize) {
        while let [.., left, right] = &self.runs[..] {
            if left.len() >= right.len().saturating_mul(ratio) {
                break;
            }
            let merged = merge(left, right, self.host());
            self.runs.pop();
            if let Some(last) = self.runs.last_mut() {
                *last = merged;
            }
        }
    }
}

fn sorted_run<K: Ord + Copy, H: Host>(keys: &mut Vec<K, H>) -> Vec<Cell<K>, H> {
    keys.sort_unstable();
    let mut run: Vec<Cell<K>, H> = Vec::new_in(keys.allocator().clone());
    for &key in keys.iter() {
        match run.last_mut() {
            Some((last, count)) if *last == key => *count += 1,
            _ => run.push((key, 1)),
        }
    }
    run
}

fn sorted_cells<K: Ord + Copy, H: Host>(cells: &mut Vec<Cell<K>, H>) -> Vec<Cell<K>, H> {
    cells.sort_unstable_by_key(|cell| cell.0);
    let mut run: Vec<Cell<K>, H> = Vec::new_in(cells.allocator().clone());
    for &(key, count) in cells.iter() {
        match run.last_mut() {
            Some((last, sum)) if *last == key => *sum = sum.saturating_add(count),
            _ => run.push((key, count)),
        }
    }
    run
}

fn merge<K: Ord + Copy, H: Host>(
    mut left: &[Cell<K>],
    mut right: &[Cell<K>],
    host: H,
) -> Vec<Cell<K>, H> {
    let mut pace = Pace::new(&host);
    let mut out = Vec::with_capacity_in(left.len().max(right.len()), host.clone());
    while let ([(a, m), left_rest @ ..], [(b, n), right_rest @ ..]) = (left, right) {
        pace.step(1);
        let (cell, from) = match a.cmp(b) {
            std::cmp::Ordering::Less => ((*a, *m), (true, false)),
            std::cmp::Ordering::Greater => ((*b, *n), (false, true)),
            std::cmp::Ordering::Equal => ((*a, m.saturating_add(*n)), (true, true)),
        };
        out.push(cell);
        if from.0 {
            left = left_rest;
        }
        if from.1 {
            right = right_rest;
        }
    }
    out.extend_from_slice(left);
    out.extend_from_slice(right);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Global, testing};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn counts_as_a_map_does(
            keys in proptest::collection::vec(0u64..400, 0..300),
            more in proptest::collection::btree_map(0u64..400, 1u64..9, 0..50),
            many in proptest::collection::vec((0u64..400, 1u64..9), 0..300),
            repeat in 1usize..300,
        ) {
            let mut tally = Tally::new(&Global);
            let mut expected = BTreeMap::new();
            for _ in 0..repeat {
                for &key in &keys {
                    tally.push(key);
                    *expected.entry(key).or_insert(0) += 1;
                }
                for &(key, count) in &many {
                    tally.push_many(key, count);
                    *expected.entry(key).or_insert(0) += count;
                }
            }
            let mut parts = BTreeMap::new();
            tally.for_parts(|cells| {
                cells.iter().for_each(|(key, count)| *parts.entry(*key).or_insert(0) += count);
            });
            prop_assert_eq!(&parts, &expected);
            tally.append(more.iter().map(|(&key, &count)| (key, count)));
            for (key, count) in more {
                *expected.entry(key).or_insert(0) += count;
            }
            prop_assert_eq!(tally.settle(), &expected.into_iter().collect::<std::vec::Vec<_>>()[..]);
        }
    }

    #[test]
    fn distinct_keys_in_any_order() {
        let mut tally = Tally::new(&Global);
        let n = 300_000u64;
        for i in 0..n {
            tally.push(i * 7919 % n);
        }
        let cells = tally.settle();
        assert_eq!(cells.len() as u64, n);
        assert!(cells.iter().enumerate().all(|(i, cell)| *cell == (i as u64, 1)));
    }

    #[test]
    fn can_be_stopped() {
        let mut tally = Tally::new(&Global);
        assert!(testing::stops(|| (0..INBOX as u64).for_each(|key| tally.push(key))));
        assert!(testing::stops(|| tally.append((0..100_000u64).map(|key| (key, 1)))));
    }
}
