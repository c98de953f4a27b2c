//! The different times among those of many customers, each with a place in a list.

use crate::host::{Host, Pace, Vec};
use crate::index::Index;

/// Times that there is room for at first.
const FEWEST_TIMES: usize = 16;

/// Times are whole numbers, mostly, whose last bits are zeros.
#[inline]
fn hash(time: f64) -> u64 {
    let bits = time.to_bits();
    (bits ^ bits >> 32).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(32)
}

/// Different times, in the order in which they came until they are [ranked](Times::rank).
#[derive(Debug)]
pub(in crate::clv) struct Times<H: Host> {
    values: Vec<f64, H>,
    /// So many of them are in order.
    ranked: usize,
    /// None after they have been ranked, until the next one comes.
    index: Index<H>,
    host: H,
}

impl<H: Host> Times<H> {
    /// No times.
    pub(in crate::clv) fn new(host: H) -> Self {
        let (values, index) = (Vec::new_in(host.clone()), Index::new(host.clone()));
        Times { values, ranked: 0, index, host }
    }

    /// The times by place.
    pub(in crate::clv) fn values(&self) -> &[f64] {
        &self.values
    }

    /// The place of a time, a new one if it is new.
    #[inline(always)]
    pub(in crate::clv) fn place(&mut self, time: f64) -> u32 {
        if self.index.len() < self.values.len() {
            self.index.fill(self.values.len(), |place| hash(self.values[place]));
        }
        let found = self.index.find(hash(time), |place| self.values[place] == time);
        found.unwrap_or_else(|| self.insert(time))
    }

    #[cold]
    fn insert(&mut self, time: f64) -> u32 {
        let place = self.values.len() as u32;
        if self.values.len() == self.values.capacity() {
            // By a half, since the old ones are in memory until they are copied.
            self.values.reserve_exact(self.values.len() / 2 + FEWEST_TIMES);
        }
        self.values.push(time);
        self.index.push(hash(time), |place| hash(self.values[place]));
        place
    }

    /// Puts the times in order, if they are not: what was at place i is then at the i-th of the places
    /// returned.
    pub(in crate::clv) fn rank(&mut self) -> Option<Vec<u32, H>> {
        if self.ranked == self.values.len() {
            return None;
        }
        self.index = Index::new(self.host.clone());
        // Not negative, so that the bits sort as the numbers do.
        let mut order = Vec::with_capacity_in(self.values.len(), self.host.clone());
        order.extend((0..).zip(&self.values).map(|(place, time): (u32, &f64)| {
            let bits = time.to_bits();
            [(bits >> 32) as u32, bits as u32, place]
        }));
        let mut pace = Pace::new(&self.host);
        order.sort_unstable_by(|a, b| {
            pace.step(1);
            a.cmp(b)
        });
        let mut places = Vec::new_in(self.host.clone());
        places.resize(order.len(), 0);
        for (place, [high, low, before]) in order.iter().enumerate() {
            pace.step(1);
            places[*before as usize] = place as u32;
            self.values[place] = f64::from_bits(u64::from(*high) << 32 | u64::from(*low));
        }
        self.ranked = places.len();
        Some(places)
    }

    /// Gives back the memory that only new times need.
    pub(in crate::clv) fn shrink(&mut self) {
        self.index = Index::new(self.host.clone());
        self.values.shrink_to_fit();
    }
}
