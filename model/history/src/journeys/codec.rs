//! The bytes of journeys, format version 1. They are canonical: equal content, equal bytes.
//!
//! | bytes | what |
//! | --- | --- |
//! | 1 | J |
//! | 1 | version: 1 |
//! | 1 | type of the members: 0 bigint, 1 uuid, 2 text |
//! | 1 | unit of the times: 0 microsecond, then ten times as much each up to 6, a second; 7 minute, 8 hour, 9 day |
//! | 1 + n | length and name of the zone; length 0: local times without a zone |
//! | varints | members, different events, rows |
//! | varints | first and last instant, in zigzag form |
//! | varint | number of names; then length and bytes of each, ascending byte by byte |
//! | varints | lengths of the columns members, times, codes, repeats |
//! | … | the columns (see `run.rs`) |
//! | 8 | XXH3-64 of all of the above, least significant byte first |
//!
//! A reader believes nothing: whatever the bytes, it ends with journeys or an error, and what it
//! allocates is in proportion to their number. [`Flat::check`] also tells whether they are the
//! canonical ones.

use super::fault::{BEYOND, EARLIEST, MAX_NAMES, malformed, of_journeys, too_large};
use super::rewrite::{self, Keep};
use super::run::{CODES, COLUMNS, MEMBERS, REPEATS, RunRef, TIMES, Totals};
use super::unit::Unit;
use super::{Journeys, View};
use crate::calendar::Grain;
use crate::error::{Error, Malformed};
use crate::history::meta::Extent;
use crate::history::{MAX_FLAT_BYTES, MemberKind, MemberRef, Meta};
use crate::host::{Host, Pace, Vec};
use crate::varint::{self, Bytes, unzigzag, zigzag};
use xxhash_rust::xxh3::xxh3_64;

/// The first byte.
pub const MARK: u8 = b'J';
const VERSION: u8 = 1;
const CHECKSUM: usize = 8;

impl<H: Host> Journeys<H> {
    /// Everything of the flat form but the columns and the checksum.
    fn header(&self) -> Vec<u8, H> {
        let mut out = Vec::new_in(self.host.scratch());
        let zone = self.meta.zone();
        let (totals, unit, names) = match self.runs.first() {
            Some(run) => (run.totals, run.unit, run.names.as_slice()),
            None => (Totals::default(), Unit::LARGEST, &[][..]),
        };
        let kind = self.meta.kind as u8;
        out.extend_from_slice(&[MARK, VERSION, kind, unit.code(), zone.len() as u8]);
        out.extend_from_slice(zone.as_bytes());
        for number in [totals.members, totals.events, totals.rows] {
            varint::put(&mut out, number);
        }
        let ends = self.meta.extent.map_or((0, 0), |extent| (extent.first, extent.last));
        varint::put(&mut out, zigzag(ends.0));
        varint::put(&mut out, zigzag(ends.1));
        self.names.put(names, &mut out);
        for column in self.columns() {
            varint::put(&mut out, column.len() as u64);
        }
        out
    }

    fn columns(&self) -> [&[u8]; COLUMNS] {
        self.runs.first().map_or([&[]; COLUMNS], |run| run.columns())
    }

    /// The size of the flat form. Makes them one run.
    pub fn flat_size(&mut self) -> Result<usize, Error> {
        self.compact()?;
        let columns: usize = self.columns().iter().map(|column| column.len()).sum();
        let size = self.header().len() + columns + CHECKSUM;
        if size > MAX_FLAT_BYTES { Err(too_large()) } else { Ok(size) }
    }

    /// Writes the flat form of journeys of one run into a buffer of just that size.
    pub fn write_flat(&self, out: &mut [u8]) -> Result<(), Error> {
        let body = out.len().saturating_sub(CHECKSUM);
        let (header, columns) = (self.header(), self.columns());
        let mut rest = &mut out[..body];
        for part in std::iter::once(header.as_slice()).chain(columns) {
            let Some((here, after)) = rest.split_at_mut_checked(part.len()) else {
                return Err(malformed("the buffer is too small"));
            };
            here.copy_from_slice(part);
            rest = after;
        }
        if !rest.is_empty() {
            return Err(malformed("the buffer is too large"));
        }
        let checksum = xxh3_64(&out[..body]).to_le_bytes();
        out[body..].copy_from_slice(&checksum);
        Ok(())
    }
}

/// Journeys in their bytes.
#[derive(Debug)]
pub struct Flat<'a, H: Host> {
    meta: Meta<H>,
    names: Vec<&'a [u8], H>,
    totals: Totals,
    unit: Unit,
    columns: [&'a [u8]; COLUMNS],
    host: H,
}

impl<'a, H: Host> Flat<'a, H> {
    /// Reads the header. The columns are read, and found good or malformed, by whoever walks.
    pub fn parse(bytes: &'a [u8], host: H) -> Result<Self, Error> {
        Self::read(bytes, host).map_err(|why| malformed(why.0))
    }

    fn read(bytes: &'a [u8], host: H) -> Result<Self, Malformed> {
        let Some((body, checksum)) = bytes.split_last_chunk::<CHECKSUM>() else {
            return Err(Malformed("they end too early"));
        };
        let mut reader = Bytes(body);
        if reader.byte()? != MARK {
            return Err(Malformed("their first byte is another"));
        }
        if reader.byte()? != VERSION {
            return Err(Malformed("their version is not known"));
        }
        if xxh3_64(body).to_le_bytes() != *checksum {
            return Err(Malformed("their checksum is wrong"));
        }
        let kind = MemberKind::from_code(reader.byte()?);
        let kind = kind.ok_or(Malformed("their type of members is not known"))?;
        let unit = Unit::from_code(reader.byte()?).ok_or(Malformed("their unit is not known"))?;
        let zone_len = usize::from(reader.byte()?);
        let zone = std::str::from_utf8(reader.take(zone_len)?)
            .map_err(|_| Malformed("their zone is no name"))?;
        let totals =
            Totals { members: reader.varint()?, events: reader.varint()?, rows: reader.varint()? };
        let (first, last) = (unzigzag(reader.varint()?), unzigzag(reader.varint()?));
        let names = names(&mut reader, &host)?;
        let mut lengths = [0usize; COLUMNS];
        for length in &mut lengths {
            *length = usize::try_from(reader.varint()?).map_err(|_| Malformed("a long column"))?;
        }
        let mut columns: [&[u8]; COLUMNS] = [&[]; COLUMNS];
        for (column, length) in columns.iter_mut().zip(lengths) {
            *column = reader.take(length)?;
        }
        if !reader.0.is_empty() {
            return Err(Malformed("there is something after their end"));
        }
        if totals.members == 0 || first > last {
            return Err(Malformed("they have no events"));
        }
        // No time between them is further away, and arithmetic with what is nearer does not overflow.
        if [first, last].iter().any(|at| !(EARLIEST..BEYOND).contains(at)) {
            return Err(Malformed("their first or last event is beyond the calendar"));
        }
        let mut meta = Meta::new(kind, Grain::Second, zone, host.clone());
        meta.extent = Some(Extent { first, last, low: first, high: last });
        Ok(Flat { meta, names, totals, unit, columns, host })
    }

    /// Their content.
    pub fn view(&self) -> View<'_, H> {
        let mut runs = Vec::with_capacity_in(1, self.host.clone());
        let (totals, unit, columns) = (self.totals, self.unit, self.columns);
        runs.push(RunRef { totals, unit, places: None, columns });
        View { meta: &self.meta, names: self.names.clone(), runs, host: self.host.clone() }
    }

    /// Reads all of it: are these the canonical bytes of journeys? `check_text` may object to a member
    /// or a name, such as one that is not in the encoding of the database.
    pub fn check(
        &self,
        mut check_text: impl FnMut(MemberRef<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut pace = Pace::new(&self.host);
        for name in &self.names {
            pace.step(16);
            check_text(MemberRef::Text(name)).map_err(of_journeys)?;
        }
        let view = self.view();
        let mut all = All { check: check_text, objection: Ok(()) };
        let (survey, at_end) = rewrite::survey(&view, &mut all, &self.host)?;
        std::mem::replace(&mut all.objection, Ok(())).map_err(of_journeys)?;
        if !at_end {
            return Err(malformed("a column is too long"));
        }
        if survey.places.len() != self.names.len() {
            return Err(malformed("a name is that of no event"));
        }
        let extent = self.meta.extent.map(|extent| (extent.first, extent.last));
        if survey.ends != extent {
            return Err(malformed("their first or last event is not where their times are"));
        }
        let again = rewrite::kept(&view, &mut all, &survey, &self.host)?;
        let same = [MEMBERS, TIMES, CODES, REPEATS]
            .iter()
            .all(|column| again.columns()[*column] == self.columns[*column]);
        if again.totals != self.totals || again.unit != self.unit || !same {
            return Err(malformed("their bytes are not the canonical ones"));
        }
        Ok(())
    }
}

/// The names, which must ascend.
fn names<'a, H: Host>(reader: &mut Bytes<'a>, host: &H) -> Result<Vec<&'a [u8], H>, Malformed> {
    let count = reader.varint()?;
    if count > MAX_NAMES as u64 {
        return Err(Malformed("they have too many names"));
    }
    let mut pace = Pace::new(host);
    let mut names: Vec<&'a [u8], H> = Vec::new_in(host.clone());
    for _ in 0..count {
        pace.step(16);
        let len = usize::try_from(reader.varint()?).unwrap_or(usize::MAX);
        let name = reader.take(len)?;
        if names.last().is_some_and(|before| *before >= name) {
            return Err(Malformed("their names are not in order"));
        }
        names.push(name);
    }
    Ok(names)
}

/// Keeps everything, and hears an objection to a member.
struct All<F> {
    check: F,
    objection: Result<(), Error>,
}

impl<F: FnMut(MemberRef<'_>) -> Result<(), Error>> Keep for All<F> {
    fn member(&mut self, member: MemberRef<'_>) -> bool {
        if self.objection.is_ok() {
            self.objection = (self.check)(member);
        }
        true
    }
    fn times(&self) -> (i64, i64) {
        (i64::MIN, i64::MAX)
    }
}
