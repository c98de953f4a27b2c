//! Names by number: those of groups and strata.

use crate::error::{Error, Malformed};
use crate::host::{Host, Pace, Vec};
use crate::index::Index;
use crate::varint::{self, Bytes};
use xxhash_rust::xxh3::xxh3_64;

/// Distinct names, numbered from 0 in the order in which they were first seen.
#[derive(Debug)]
pub struct Names<H: Host> {
    bytes: Vec<u8, H>,
    ends: Vec<usize, H>,
    index: Index<H>,
    last: usize,
}

impl<H: Host> Names<H> {
    /// No names.
    pub fn new(host: &H) -> Self {
        Names {
            bytes: Vec::new_in(host.clone()),
            ends: Vec::new_in(host.clone()),
            index: Index::new(host.clone()),
            last: 0,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Where they live.
    pub fn host(&self) -> &H {
        self.index.host()
    }

    /// The name of a number that is in use.
    pub fn get(&self, number: usize) -> &[u8] {
        name_of(&self.bytes, &self.ends, number)
    }

    /// The number of a name, new or known; none if there are too many.
    #[inline]
    pub fn number(&mut self, name: &[u8]) -> Option<u32> {
        // Rows of one group often follow each other.
        if self.last < self.len() && self.get(self.last) == name {
            return Some(self.last as u32);
        }
        self.last = self.find(name)?;
        Some(self.last as u32)
    }

    fn find(&mut self, name: &[u8]) -> Option<usize> {
        let hash = xxh3_64(name);
        if let Some(number) = self.index.find(hash, |number| self.get(number) == name) {
            return Some(number as usize);
        }
        let number = self.len();
        u32::try_from(number).ok()?;
        self.bytes.extend_from_slice(name);
        self.ends.push(self.bytes.len());
        let (bytes, ends) = (&self.bytes, &self.ends);
        self.index.push(hash, |number| xxh3_64(name_of(bytes, ends, number)));
        Some(number)
    }

    /// The numbers here of the names there.
    pub fn absorb(&mut self, other: &Self) -> Option<Vec<u32, H>> {
        let host = self.index.host().clone();
        let mut pace = Pace::new(&host);
        let mut numbers = Vec::new_in(host.scratch());
        for number in 0..other.len() {
            pace.step(16);
            numbers.push(self.number(other.get(number))?);
        }
        Some(numbers)
    }

    /// Appends the names in this order: their number, then length and bytes of each.
    pub fn put(&self, order: &[u32], out: &mut Vec<u8, H>) {
        let mut pace = Pace::new(self.host());
        varint::put(out, order.len() as u64);
        for &number in order {
            pace.step(16);
            let name = self.get(number as usize);
            varint::put(out, name.len() as u64);
            out.extend_from_slice(name);
        }
    }

    /// Reads names into an empty list. `check_name` may object to one; `in_order` if they must ascend.
    pub fn read(
        &mut self,
        reader: &mut Bytes<'_>,
        in_order: bool,
        mut check_name: impl FnMut(&[u8]) -> Result<(), Error>,
        malformed: impl Fn(Malformed) -> Error,
    ) -> Result<(), Error> {
        let host = self.host().clone();
        let mut pace = Pace::new(&host);
        let mut before: Option<&[u8]> = None;
        for number in 0..reader.varint().map_err(&malformed)? {
            pace.step(16);
            let len = usize::try_from(reader.varint().map_err(&malformed)?).unwrap_or(usize::MAX);
            let name = reader.take(len).map_err(&malformed)?;
            check_name(name)?;
            let is_next = self.number(name).is_some_and(|found| u64::from(found) == number);
            if !is_next || in_order && before.is_some_and(|before| before >= name) {
                return Err(malformed(Malformed("its names are not in order")));
            }
            before = Some(name);
        }
        Ok(())
    }

    /// The numbers as they are.
    pub fn as_they_are(&self) -> Vec<u32, H> {
        let mut order = Vec::with_capacity_in(self.len(), self.host().scratch());
        order.extend(0..self.len() as u32);
        order
    }

    /// The numbers in the order of their names.
    pub fn sorted(&self) -> Vec<u32, H> {
        let host = self.index.host().clone();
        let mut pace = Pace::new(&host);
        let mut order = Vec::with_capacity_in(self.len(), host.clone());
        order.extend(0..self.len() as u32);
        order.sort_unstable_by(|&a, &b| {
            pace.step(1);
            self.get(a as usize).cmp(self.get(b as usize))
        });
        order
    }
}

fn name_of<'n>(bytes: &'n [u8], ends: &[usize], number: usize) -> &'n [u8] {
    let start = number.checked_sub(1).map_or(0, |before| ends[before]);
    &bytes[start..ends[number]]
}

/// The place of each number in an order.
pub fn inverse<H: Host>(order: &Vec<u32, H>) -> Vec<u32, H> {
    let mut places = Vec::new_in(order.allocator().clone());
    places.resize(order.len(), 0);
    for (place, &number) in order.iter().enumerate() {
        places[number as usize] = place as u32;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Global, testing};
    use std::collections::HashMap;

    #[test]
    fn numbers_as_a_map_does() {
        let mut names = Names::new(&Global);
        let mut expected = HashMap::new();
        for i in 0..5000u32 {
            let name = format!("name {}", i * 7919 % 701);
            let next = expected.len() as u32;
            let number = *expected.entry(name.clone()).or_insert(next);
            assert_eq!(names.number(name.as_bytes()), Some(number));
            assert_eq!(names.get(number as usize), name.as_bytes());
        }
        assert_eq!(names.len(), 701);
        let sorted = names.sorted();
        assert!(sorted.windows(2).all(|w| names.get(w[0] as usize) < names.get(w[1] as usize)));
        assert_eq!(names.number(b""), Some(701));
    }

    #[test]
    fn can_be_stopped() {
        let mut names = Names::new(&Global);
        assert!(testing::stops(|| {
            (0..200_000u32).for_each(|i| assert!(names.number(&i.to_le_bytes()).is_some()));
        }));
        assert!(testing::stops(|| names.sorted()));
    }
}
