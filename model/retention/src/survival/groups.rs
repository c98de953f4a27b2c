//! Durations of several groups, counted: what tests between them read.

use super::data::{Leaving, Time};
use super::tally::{Cell, Tally};
use crate::error::{Error, Malformed};
use crate::history::MAX_FLAT_BYTES;
use crate::host::{Host, Pace, Vec};
use crate::names::Names;
use crate::state::State;
use crate::varint::{self, Bytes};
use xxhash_rust::xxh3::xxh3_64;

const VERSION: u8 = 1;

/// The members of a stratum (0: of none), of one outcome, of a group.
pub(crate) type Key = (u32, Leaving, u32);

/// How long the members of groups stayed, and whether they left, in strata.
#[derive(Debug)]
pub struct Groups<H: Host> {
    pub(super) groups: Names<H>,
    pub(super) strata: Names<H>,
    pub(super) tally: Tally<Key, H>,
    host: H,
}

impl<H: Host> Groups<H> {
    /// Nobody yet.
    pub fn new(host: H) -> Self {
        let (groups, strata) = (Names::new(&host), Names::new(&host));
        Groups { groups, strata, tally: Tally::new(&host), host }
    }

    /// A member of a group, in a stratum or in none. Names are text in UTF-8.
    #[inline]
    pub fn push(
        &mut self,
        duration: f64,
        churned: bool,
        group: &[u8],
        stratum: Option<&[u8]>,
    ) -> Result<(), Error> {
        let leaving = Leaving::new(Time::new("duration", duration)?, churned);
        let group = self.groups.number(group).ok_or_else(too_many)?;
        let stratum = match stratum {
            None => 0,
            Some(name) => self.strata.number(name).ok_or_else(too_many)? + 1,
        };
        self.tally.push((stratum, leaving, group));
        Ok(())
    }

    /// Is there nobody?
    pub fn is_empty(&self) -> bool {
        self.tally.is_empty()
    }

    /// Adds cells whose names have other numbers there.
    fn absorb(&mut self, groups: &[u32], strata: &[u32], cells: &[Cell<Key>]) {
        let mut pace = Pace::new(&self.host);
        let mut renamed = Vec::with_capacity_in(cells.len(), self.host.scratch());
        for &((stratum, leaving, group), count) in cells {
            pace.step(1);
            let stratum = stratum.checked_sub(1).map_or(0, |number| strata[number as usize] + 1);
            renamed.push(((stratum, leaving, groups[group as usize]), count));
        }
        renamed.sort_unstable_by(|a, b| {
            pace.step(1);
            a.0.cmp(&b.0)
        });
        self.tally.append(renamed.iter().copied());
    }

    /// The flat form.
    ///
    /// | bytes | what |
    /// | --- | --- |
    /// | 1 | version: 1 |
    /// | … | names of the groups, then of the strata, each in order: their number, then length and bytes of each |
    /// | … | the number of keys, then each of them |
    /// | 8 | XXH3-64 of the above |
    ///
    /// A key is the stratum (from 1, 0: none), the bits of the duration, shifted left by one with 1
    /// for who is still there, the group (from 0), and the number of members. All are varints.
    pub fn to_bytes(&mut self, out: &mut Vec<u8, H>) -> Result<(), Error> {
        // Numbers by the order of names, so that equal content has equal bytes.
        let mut sorted = Groups::new(self.host.clone());
        let (groups, strata) = (self.groups.sorted(), self.strata.sorted());
        let (new_groups, new_strata) = (inverse(&groups), inverse(&strata));
        sorted.absorb(&new_groups, &new_strata, self.tally.settle());
        out.push(VERSION);
        self.put_names(&groups, &strata, out);
        put_cells(sorted.tally.settle(), out);
        if out.len() > MAX_FLAT_BYTES {
            return Err(Error::TooLarge {
                what: "the logrank_data (its limit is 700 MB)",
                hint: "Round the durations, for example to days.",
            });
        }
        let checksum = xxh3_64(out);
        out.extend_from_slice(&checksum.to_le_bytes());
        Ok(())
    }

    fn put_names(&self, groups: &[u32], strata: &[u32], out: &mut Vec<u8, H>) {
        for (names, order) in [(&self.groups, groups), (&self.strata, strata)] {
            varint::put(out, order.len() as u64);
            for &number in order {
                let name = names.get(number as usize);
                varint::put(out, name.len() as u64);
                out.extend_from_slice(name);
            }
        }
    }

    /// Reads the flat form. `check_name` may object to a name, such as text that is not in the
    /// encoding of the database.
    pub fn from_bytes(
        bytes: &[u8],
        host: H,
        check_name: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let Some((body, checksum)) = bytes.split_last_chunk::<8>() else {
            return Err(malformed(Malformed("it ends too early")));
        };
        let mut reader = Bytes(body);
        if reader.byte().map_err(malformed)? != VERSION {
            return Err(malformed(Malformed("its version is not known")));
        }
        if xxh3_64(body).to_le_bytes() != *checksum {
            return Err(malformed(Malformed("its checksum is wrong")));
        }
        let mut data = Groups::new(host);
        data.read_names(&mut reader, true, check_name)?;
        data.read_cells(&mut reader).map_err(malformed)?;
        if !reader.0.is_empty() {
            return Err(malformed(Malformed("there is something after its end")));
        }
        Ok(data)
    }

    fn read_names(
        &mut self,
        reader: &mut Bytes<'_>,
        in_order: bool,
        mut check_name: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut pace = Pace::new(&self.host);
        for names in [&mut self.groups, &mut self.strata] {
            let mut before: Option<&[u8]> = None;
            for number in 0..reader.varint().map_err(malformed)? {
                pace.step(16);
                let len =
                    usize::try_from(reader.varint().map_err(malformed)?).unwrap_or(usize::MAX);
                let name = reader.take(len).map_err(malformed)?;
                check_name(name)?;
                let is_next = names.number(name).is_some_and(|found| u64::from(found) == number);
                if !is_next || in_order && before.is_some_and(|before| before >= name) {
                    return Err(malformed(Malformed("its names are not in order")));
                }
                before = Some(name);
            }
        }
        Ok(())
    }

    fn read_cells(&mut self, reader: &mut Bytes<'_>) -> Result<(), Malformed> {
        let mut pace = Pace::new(&self.host);
        let mut members = 0u64;
        let mut before = None;
        let mut failed = None;
        let mut left = reader.varint()?;
        let (groups, strata) = (self.groups.len() as u64, self.strata.len() as u64);
        let mut next = || -> Result<Cell<Key>, Malformed> {
            let (stratum, leaving) = (reader.varint()?, reader.varint()?);
            let (group, count) = (reader.varint()?, reader.varint()?);
            if stratum > strata || group >= groups {
                return Err(Malformed("a name is missing"));
            }
            let leaving = Leaving::from_code(leaving).ok_or(Malformed("a long duration"))?;
            members = members.saturating_add(count);
            if count == 0 || i64::try_from(members).is_err() {
                return Err(Malformed("a number of members is out of range"));
            }
            let key = (stratum as u32, leaving, group as u32);
            if before.is_some_and(|before| before >= key) {
                return Err(Malformed("its durations are not in order"));
            }
            before = Some(key);
            Ok((key, count))
        };
        self.tally.append(std::iter::from_fn(|| {
            pace.step(1);
            left = left.checked_sub(1)?;
            next().map_err(|m| failed = Some(m)).ok()
        }));
        failed.map_or(Ok(()), Err)
    }
}

fn malformed(why: Malformed) -> Error {
    malformed_groups(why.0)
}

/// The error for a text or bytes that are no groups.
pub fn malformed_groups(why: &str) -> Error {
    Error::MalformedValue { of: "logrank_data", why: why.to_string() }
}

fn too_many() -> Error {
    Error::TooLarge {
        what: "the number of groups or strata",
        hint: "Take fewer than four billion.",
    }
}

/// The place of each number in an order.
fn inverse<H: Host>(order: &Vec<u32, H>) -> Vec<u32, H> {
    let mut places = Vec::new_in(order.allocator().clone());
    places.resize(order.len(), 0);
    for (place, &number) in order.iter().enumerate() {
        places[number as usize] = place as u32;
    }
    places
}

fn put_cells<H: Host>(cells: &[Cell<Key>], out: &mut Vec<u8, H>) {
    let host = out.allocator().clone();
    let mut pace = Pace::new(&host);
    varint::put(out, cells.len() as u64);
    for &((stratum, leaving, group), count) in cells {
        pace.step(1);
        for number in [u64::from(stratum), leaving.code(), u64::from(group), count] {
            varint::put(out, number);
        }
    }
}

impl<H: Host> State<H> for Groups<H> {
    fn merge(&mut self, other: &Self) -> Result<(), Error> {
        let groups = self.groups.absorb(&other.groups).ok_or_else(too_many)?;
        let strata = self.strata.absorb(&other.strata).ok_or_else(too_many)?;
        other.tally.for_parts(|cells| self.absorb(&groups, &strata, cells));
        Ok(())
    }

    fn write(&self, out: &mut Vec<u8, H>) {
        let as_they_are = |names: &Names<H>| {
            let mut order = Vec::new_in(self.host.scratch());
            order.extend(0..names.len() as u32);
            order
        };
        self.put_names(&as_they_are(&self.groups), &as_they_are(&self.strata), out);
        self.tally.for_parts(|cells| put_cells(cells, out));
    }

    fn read(bytes: &[u8], host: H) -> Result<Self, Error> {
        let mut data = Groups::new(host);
        let mut reader = Bytes(bytes);
        data.read_names(&mut reader, false, |_| Ok(()))?;
        while !reader.0.is_empty() {
            data.read_cells(&mut reader).map_err(malformed)?;
        }
        Ok(data)
    }
}
