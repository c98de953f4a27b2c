//! Finding the numbers of things by their hash.

use crate::host::{Host, Pace};
use hashbrown::HashTable;

/// The fewest entries that there is room for.
const FEWEST: usize = 14;

/// The numbers 0, 1, 2 … of things that somebody else keeps in a list, by hash: hashbrown's table, in the
/// host's memory.
///
/// A full table is not left to hashbrown, which would move all entries at once: that took 0.4 s of 3.7 million
/// entries and 1.8 s of 14.7 million, and nobody could have cancelled it. It is made anew from the list,
/// in steps that poll, and replaced when the new one is there.
#[derive(Debug)]
pub struct Index<H: Host> {
    numbers: HashTable<u32, H>,
}

impl<H: Host> Index<H> {
    /// An index of nothing.
    pub fn new(host: H) -> Self {
        Index { numbers: HashTable::new_in(host) }
    }

    /// Where it lives.
    pub fn host(&self) -> &H {
        self.numbers.allocator()
    }

    /// How many numbers it holds.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Does it hold none?
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// Forgets all numbers, and keeps the room for as many.
    pub fn clear(&mut self) {
        self.numbers.clear();
    }

    /// The number with this hash that is the right one. Hashes differ in their first bits as well as in
    /// their last.
    #[inline(always)]
    pub fn find(&self, hash: u64, is_right: impl Fn(usize) -> bool) -> Option<u32> {
        self.numbers.find(hash, |number| is_right(*number as usize)).copied()
    }

    /// Adds the next number, which is how many there are. Growing asks for the hash of each.
    #[inline]
    pub fn push(&mut self, hash: u64, hash_of: impl Fn(usize) -> u64) {
        let number = self.len();
        if number == self.numbers.capacity() {
            self.fill(number, &hash_of);
        }
        self.numbers.insert_unique(hash, number as u32, |number| hash_of(*number as usize));
    }

    /// Holds the first so many numbers, and has room for as many again.
    #[cold]
    pub fn fill(&mut self, count: usize, hash_of: impl Fn(usize) -> u64) {
        let host = self.host().clone();
        let mut pace = Pace::new(&host);
        let mut numbers = HashTable::with_capacity_in(FEWEST.max(2 * count), host.clone());
        for number in 0..count {
            pace.step(16);
            let hash = hash_of(number);
            numbers.insert_unique(hash, number as u32, |number| hash_of(*number as usize));
        }
        self.numbers = numbers;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Global, testing};
    use crate::numeric::SplitMix64;
    use std::collections::HashMap;

    /// As a map from the standard library has it, with good hashes and where all are alike.
    #[test]
    fn finds_what_a_map_finds() {
        let hashes: [fn(u64) -> u64; 2] = [|thing| SplitMix64::new(thing).next_u64(), |_| 7];
        for (hash, different) in hashes.into_iter().zip([10_000, 300]) {
            let mut random = SplitMix64::new(1);
            let (mut things, mut index) = (Vec::new(), Index::new(Global));
            let mut expected = HashMap::new();
            for _ in 0..2 * different {
                let thing = random.next_u64() % different;
                let known = index.find(hash(thing), |number| things[number] == thing);
                assert_eq!(known, expected.get(&thing).copied());
                if known.is_none() {
                    expected.insert(thing, things.len() as u32);
                    things.push(thing);
                    index.push(hash(thing), |number| hash(things[number]));
                }
            }
            assert_eq!(index.len(), things.len());
            index.clear();
            assert!(index.is_empty() && index.find(hash(things[0]), |_| true).is_none());
            index.fill(things.len(), |number| hash(things[number]));
            for (number, thing) in (0..).zip(&things) {
                assert_eq!(index.find(hash(*thing), |n| things[n] == *thing), Some(number));
            }
        }
    }

    /// Growing can be cancelled, and whoever goes on all the same finds what was there.
    #[test]
    fn growing_can_be_stopped() {
        let hash = |number: usize| SplitMix64::new(number as u64).next_u64();
        let mut index = Index::new(Global);
        index.fill(20_000, hash);
        while index.numbers.len() < index.numbers.capacity() {
            index.push(hash(index.len()), hash);
        }
        let count = index.len();
        assert!(testing::stops(|| index.push(hash(count), hash)));
        assert_eq!(index.len(), count);
        for number in 0..count {
            assert_eq!(index.find(hash(number), |n| n == number), Some(number as u32));
        }
        index.push(hash(count), hash);
        assert_eq!(index.find(hash(count), |n| n == count), Some(count as u32));
    }
}
