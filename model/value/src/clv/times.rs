//! The different times among those of many customers, each with a place in a list.

use crate::host::{Host, Pace, Vec};

/// No place.
const NOWHERE: u32 = u32::MAX;
const FEWEST_SLOTS: usize = 16;

/// Different times, in the order in which they came until they are [ranked](Times::rank).
#[derive(Debug)]
pub(super) struct Times<H: Host> {
    values: Vec<f64, H>,
    /// So many of them are in order.
    ranked: usize,
    /// Places by hash, with gaps: a power of two of them, or none.
    slots: Vec<u32, H>,
    host: H,
}

impl<H: Host> Times<H> {
    /// No times.
    pub(super) fn new(host: H) -> Self {
        let (values, slots) = (Vec::new_in(host.clone()), Vec::new_in(host.clone()));
        Times { values, ranked: 0, slots, host }
    }

    /// The times by place.
    pub(super) fn values(&self) -> &[f64] {
        &self.values
    }

    /// The slot where a search for a time begins.
    #[inline]
    fn slot(&self, time: f64) -> usize {
        let bits = time.to_bits();
        let mixed = (bits ^ bits >> 32).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed >> 32) as usize & (self.slots.len() - 1)
    }

    /// The place of a time, a new one if it is new.
    #[inline(always)]
    pub(super) fn place(&mut self, time: f64) -> u32 {
        if self.slots.len() <= 2 * self.values.len() {
            self.index();
        }
        let mut slot = self.slot(time);
        loop {
            let place = self.slots[slot];
            if place == NOWHERE {
                return self.insert(slot, time);
            }
            if self.values[place as usize] == time {
                return place;
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
    }

    #[cold]
    fn insert(&mut self, slot: usize, time: f64) -> u32 {
        let place = self.values.len() as u32;
        if self.values.len() == self.values.capacity() {
            // By a half, since the old ones are in memory until they are copied.
            self.values.reserve_exact(self.values.len() / 2 + FEWEST_SLOTS);
        }
        self.values.push(time);
        self.slots[slot] = place;
        place
    }

    /// Puts all places into slots, of which a quarter to a half is taken: a search seldom goes on.
    #[cold]
    fn index(&mut self) {
        let len = (2 * self.values.len() + 1).next_power_of_two().max(FEWEST_SLOTS);
        // The old ones first: they need not be in memory together.
        self.slots = Vec::new_in(self.host.clone());
        self.slots.resize(len, NOWHERE);
        let mut pace = Pace::new(&self.host);
        for place in 0..self.values.len() {
            pace.step(1);
            let mut slot = self.slot(self.values[place]);
            while self.slots[slot] != NOWHERE {
                slot = (slot + 1) & (len - 1);
            }
            self.slots[slot] = place as u32;
        }
    }

    /// Puts the times in order, if they are not: what was at place i is then at the i-th of the places
    /// returned.
    pub(super) fn rank(&mut self) -> Option<Vec<u32, H>> {
        if self.ranked == self.values.len() {
            return None;
        }
        self.slots = Vec::new_in(self.host.clone());
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
    pub(super) fn shrink(&mut self) {
        self.slots = Vec::new_in(self.host.clone());
        self.values.shrink_to_fit();
    }
}
