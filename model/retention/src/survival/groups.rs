//! Durations of several groups, counted: what tests between them read.

use super::data::{Leaving, Observation, Time, add_counted, add_members, entry_time};
use super::tally::{Cell, Tally};
use crate::error::{Error, Malformed};
use crate::history::MAX_FLAT_BYTES;
use crate::host::{Host, Pace, Vec};
use crate::names::{Names, inverse};
use crate::state::State;
use crate::varint::{self, Bytes};
use xxhash_rust::xxh3::xxh3_64;

/// Without entries, and with them.
const PLAIN: u8 = 1;
const WITH_ENTRIES: u8 = 2;

/// The members of a stratum (0: of none), of one outcome, of a group.
pub(crate) type Key = (u32, Leaving, u32);

/// The same, with the time of their entry.
pub(crate) type LateKey = (u32, Leaving, u32, Time);

/// How long the members of groups stayed, and whether they left, in strata.
#[derive(Debug)]
pub struct Groups<H: Host> {
    pub(super) groups: Names<H>,
    pub(super) strata: Names<H>,
    /// Members seen from the beginning.
    pub(super) tally: Tally<Key, H>,
    /// Members seen from an entry on.
    pub(super) late: Tally<LateKey, H>,
    members: u64,
    host: H,
}

impl<H: Host> Groups<H> {
    /// Nobody yet.
    pub fn new(host: H) -> Self {
        let (groups, strata) = (Names::new(&host), Names::new(&host));
        let (tally, late) = (Tally::new(&host), Tally::new(&host));
        Groups { groups, strata, tally, late, members: 0, host }
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
        self.push_row(&Observation::new(duration, churned), group, stratum)
    }

    /// The same, or as many as its weight says, seen from its entry on. Its cause is not looked at.
    #[inline]
    pub fn push_row(
        &mut self,
        row: &Observation<'_>,
        group: &[u8],
        stratum: Option<&[u8]>,
    ) -> Result<(), Error> {
        let time = Time::new("duration", row.duration)?;
        let leaving = Leaving::new(time, row.churned);
        let entry = entry_time(row.entry, time)?;
        let members = add_members(self.members, row.weight)?;
        let group = self.groups.number(group).ok_or_else(too_many)?;
        let stratum = match stratum {
            None => 0,
            Some(name) => self.strata.number(name).ok_or_else(too_many)? + 1,
        };
        let count = members - self.members;
        match entry {
            None => self.tally.push_many((stratum, leaving, group), count),
            Some(entry) => self.late.push_many((stratum, leaving, group, entry), count),
        }
        self.members = members;
        Ok(())
    }

    /// Is there nobody?
    pub fn is_empty(&self) -> bool {
        self.members == 0
    }

    /// Adds cells whose names have other numbers there.
    fn absorb(&mut self, numbers: &Numbers<'_>, cells: &[Cell<Key>]) {
        let renamed = numbers.rename(&self.host, cells, |(stratum, leaving, group), numbers| {
            (numbers.stratum(stratum), leaving, numbers.group(group))
        });
        self.tally.append(renamed.iter().copied());
    }

    fn absorb_late(&mut self, numbers: &Numbers<'_>, cells: &[Cell<LateKey>]) {
        let renamed = numbers.rename(&self.host, cells, |(stratum, leaving, group, entry), to| {
            (to.stratum(stratum), leaving, to.group(group), entry)
        });
        self.late.append(renamed.iter().copied());
    }

    /// The flat form.
    ///
    /// | bytes | what |
    /// | --- | --- |
    /// | 1 | version: 1; 2 if any members are seen from an entry on |
    /// | … | names of the groups, then of the strata, each in order: their number, then length and bytes of each |
    /// | … | the number of keys, then each of them; in version 2, the same of members with an entry |
    /// | 8 | XXH3-64 of the above |
    ///
    /// A key is the stratum (from 1, 0: none), the bits of the duration, shifted left by one with 1
    /// for who is still there, the group (from 0), the bits of the entry if it has one, and the number
    /// of members. All are varints.
    pub fn to_bytes(&mut self, out: &mut Vec<u8, H>) -> Result<(), Error> {
        // Numbers by the order of names, so that equal content has equal bytes.
        let mut sorted = Groups::new(self.host.clone());
        let (groups, strata) = (self.groups.sorted(), self.strata.sorted());
        let (new_groups, new_strata) = (inverse(&groups), inverse(&strata));
        let numbers = Numbers { groups: &new_groups, strata: &new_strata };
        sorted.absorb(&numbers, self.tally.settle());
        sorted.absorb_late(&numbers, self.late.settle());
        let has_entries = !self.late.is_empty();
        out.push(if has_entries { WITH_ENTRIES } else { PLAIN });
        self.groups.put(&groups, out);
        self.strata.put(&strata, out);
        put_cells(sorted.tally.settle(), out);
        if has_entries {
            put_late_cells(sorted.late.settle(), out);
        }
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
        let version = reader.byte().map_err(malformed)?;
        if version != PLAIN && version != WITH_ENTRIES {
            return Err(malformed(Malformed("its version is not known")));
        }
        if xxh3_64(body).to_le_bytes() != *checksum {
            return Err(malformed(Malformed("its checksum is wrong")));
        }
        let mut data = Groups::new(host);
        let mut check_name = check_name;
        data.groups.read(&mut reader, true, &mut check_name, malformed)?;
        data.strata.read(&mut reader, true, &mut check_name, malformed)?;
        data.read_cells(&mut reader).map_err(malformed)?;
        if version == WITH_ENTRIES {
            data.read_late_cells(&mut reader).map_err(malformed)?;
            if data.late.is_empty() {
                return Err(malformed(Malformed("nobody has an entry")));
            }
        }
        if !reader.0.is_empty() {
            return Err(malformed(Malformed("there is something after its end")));
        }
        Ok(data)
    }

    fn read_cells(&mut self, reader: &mut Bytes<'_>) -> Result<(), Malformed> {
        let mut pace = Pace::new(&self.host);
        let mut cells = Cells::begin(self, reader)?;
        let mut failed = None;
        let tally = &mut self.tally;
        tally.append(std::iter::from_fn(|| {
            pace.step(1);
            let next = cells.next(reader, |_| Ok(()));
            next.map_err(|m| failed = Some(m)).ok()?.map(|(key, (), count)| (key, count))
        }));
        self.members = cells.members;
        failed.map_or(Ok(()), Err)
    }

    fn read_late_cells(&mut self, reader: &mut Bytes<'_>) -> Result<(), Malformed> {
        let mut pace = Pace::new(&self.host);
        let mut cells = Cells::begin(self, reader)?;
        let mut failed = None;
        let late = &mut self.late;
        late.append(std::iter::from_fn(|| {
            pace.step(1);
            let next = cells.next(reader, |reader| {
                Time::from_bits(reader.varint()?).ok_or(Malformed("an entry is out of range"))
            });
            let (key, entry, count) = next.map_err(|m| failed = Some(m)).ok()??;
            if entry == Time::ZERO || entry >= key.1.time() {
                failed = Some(Malformed("an entry is not before the duration"));
                return None;
            }
            Some(((key.0, key.1, key.2, entry), count))
        }));
        self.members = cells.members;
        failed.map_or(Ok(()), Err)
    }
}

/// The cells of a part, read one after the other.
struct Cells<E> {
    left: u64,
    groups: u64,
    strata: u64,
    members: u64,
    before: Option<(Key, E)>,
}

impl<E: Ord + Copy> Cells<E> {
    fn begin<H: Host>(data: &Groups<H>, reader: &mut Bytes<'_>) -> Result<Self, Malformed> {
        let (groups, strata) = (data.groups.len() as u64, data.strata.len() as u64);
        let left = reader.varint()?;
        Ok(Cells { left, groups, strata, members: data.members, before: None })
    }

    fn next(
        &mut self,
        reader: &mut Bytes<'_>,
        entry: impl FnOnce(&mut Bytes<'_>) -> Result<E, Malformed>,
    ) -> Result<Option<(Key, E, u64)>, Malformed> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        let (stratum, leaving, group) = (reader.varint()?, reader.varint()?, reader.varint()?);
        let entry = entry(reader)?;
        let count = reader.varint()?;
        if stratum > self.strata || group >= self.groups {
            return Err(Malformed("a name is missing"));
        }
        let leaving = Leaving::from_code(leaving).ok_or(Malformed("a long duration"))?;
        let sum = add_counted(self.members, count).ok().filter(|_| count > 0);
        self.members = sum.ok_or(Malformed("a number of members is out of range"))?;
        let key = (stratum as u32, leaving, group as u32);
        if self.before.is_some_and(|before| before >= (key, entry)) {
            return Err(Malformed("its durations are not in order"));
        }
        self.before = Some((key, entry));
        Ok(Some((key, entry, count)))
    }
}

/// The numbers of names elsewhere.
struct Numbers<'n> {
    groups: &'n [u32],
    strata: &'n [u32],
}

impl Numbers<'_> {
    fn group(&self, number: u32) -> u32 {
        self.groups[number as usize]
    }

    fn stratum(&self, number: u32) -> u32 {
        number.checked_sub(1).map_or(0, |number| self.strata[number as usize] + 1)
    }

    fn rename<K: Ord + Copy, H: Host>(
        &self,
        host: &H,
        cells: &[Cell<K>],
        rename: impl Fn(K, &Self) -> K,
    ) -> Vec<Cell<K>, H> {
        let mut pace = Pace::new(host);
        let mut renamed = Vec::with_capacity_in(cells.len(), host.scratch());
        for &(key, count) in cells {
            pace.step(1);
            renamed.push((rename(key, self), count));
        }
        renamed.sort_unstable_by(|a: &Cell<K>, b| {
            pace.step(1);
            a.0.cmp(&b.0)
        });
        renamed
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

fn put_late_cells<H: Host>(cells: &[Cell<LateKey>], out: &mut Vec<u8, H>) {
    let host = out.allocator().clone();
    let mut pace = Pace::new(&host);
    varint::put(out, cells.len() as u64);
    for &((stratum, leaving, group, entry), count) in cells {
        pace.step(1);
        for number in [u64::from(stratum), leaving.code(), u64::from(group), entry.0, count] {
            varint::put(out, number);
        }
    }
}

impl<H: Host> State<H> for Groups<H> {
    fn merge(&mut self, other: &Self) -> Result<(), Error> {
        self.members = add_counted(self.members, other.members)?;
        let groups = self.groups.absorb(&other.groups).ok_or_else(too_many)?;
        let strata = self.strata.absorb(&other.strata).ok_or_else(too_many)?;
        let numbers = Numbers { groups: &groups, strata: &strata };
        other.tally.for_parts(|cells| self.absorb(&numbers, cells));
        other.late.for_parts(|cells| self.absorb_late(&numbers, cells));
        Ok(())
    }

    // The names as they are numbered, then parts as they are.
    fn write(&self, out: &mut Vec<u8, H>) {
        self.groups.put(&self.groups.as_they_are(), out);
        self.strata.put(&self.strata.as_they_are(), out);
        self.tally.for_parts(|cells| {
            out.push(0);
            put_cells(cells, out);
        });
        self.late.for_parts(|cells| {
            out.push(1);
            put_late_cells(cells, out);
        });
    }

    fn read(bytes: &[u8], host: H) -> Result<Self, Error> {
        let mut data = Groups::new(host);
        let mut reader = Bytes(bytes);
        data.groups.read(&mut reader, false, |_| Ok(()), malformed)?;
        data.strata.read(&mut reader, false, |_| Ok(()), malformed)?;
        while !reader.0.is_empty() {
            match reader.byte().map_err(malformed)? {
                0 => data.read_cells(&mut reader),
                1 => data.read_late_cells(&mut reader),
                _ => Err(Malformed("a part is not known")),
            }
            .map_err(malformed)?;
        }
        Ok(data)
    }
}
