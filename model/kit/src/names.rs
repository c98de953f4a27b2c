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

    /// The bytes of all of them.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
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
        // Whatever may unwind comes before anything is changed.
        self.bytes.reserve(name.len());
        self.ends.reserve(1);
        let (bytes, ends) = (&self.bytes, &self.ends);
        self.index.push(hash, |number| xxh3_64(name_of(bytes, ends, number)));
        self.bytes.extend_from_slice(name);
        self.ends.push(self.bytes.len());
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

/// The names nearest to one that was mistyped: by the fewest letters to change, add, leave out or swap with
/// their neighbour, whatever their case; those that hold it, or are held by it, first.
///
/// ```
/// let names = ["sign up", "first order", "order", "cancelled"];
/// assert_eq!(model_kit::names::nearest("Sign_up", names.into_iter(), 1), ["sign up"]);
/// assert_eq!(model_kit::names::nearest("ordre", names.into_iter(), 1), ["order"]);
/// assert_eq!(model_kit::names::nearest("cancel", names.into_iter(), 1), ["cancelled"]);
/// ```
pub fn nearest<'n>(
    given: &str,
    names: impl Iterator<Item = &'n str>,
    count: usize,
) -> std::vec::Vec<&'n str> {
    const LONGEST: usize = 64;
    let letters = |name: &str| {
        name.chars().take(LONGEST).flat_map(char::to_lowercase).collect::<std::vec::Vec<_>>()
    };
    let wanted = letters(given);
    let mut near: std::vec::Vec<(usize, &str)> = std::vec::Vec::new();
    for name in names {
        let here = letters(name);
        let holds = |long: &[char], short: &[char]| {
            short.len() > 2 && long.windows(short.len()).any(|part| part == short)
        };
        let distance = match holds(&here, &wanted) || holds(&wanted, &here) {
            true => usize::from(here != wanted),
            false => changes(&wanted, &here),
        };
        let place = near.partition_point(|(other, _)| *other <= distance);
        if place < count {
            near.insert(place, (distance, name));
            near.truncate(count);
        }
    }
    near.into_iter().map(|(_, name)| name).collect()
}

/// The fewest letters to change, add, leave out or swap with their neighbour. "Optimal string alignment":
/// F. J. Damerau, "A Technique for Computer Detection and Correction of Spelling Errors", CACM 7 (1964).
fn changes(a: &[char], b: &[char]) -> usize {
    let mut rows = [(); 3].map(|()| (0..=b.len()).collect::<std::vec::Vec<_>>());
    for i in 1..=a.len() {
        rows.rotate_right(1);
        rows[0][0] = i;
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut least = (rows[1][j] + 1).min(rows[0][j - 1] + 1).min(rows[1][j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[2][j - 2] + 1);
            }
            rows[0][j] = least;
        }
    }
    rows[0][b.len()]
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
