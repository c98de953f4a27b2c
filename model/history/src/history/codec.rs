//! The bytes of a history, format version 1. They are canonical: equal content, equal bytes.
//!
//! | bytes | what |
//! | --- | --- |
//! | 1 | version: 1 |
//! | 1 | type of the members: 0 bigint, 1 uuid, 2 text |
//! | 1 | grain: 0 second, 1 minute, … 7 year |
//! | 1 + n | length and name of the zone; length 0: local times without a zone |
//! | varints | members, ticks, events |
//! | varints | first and last instant, least and greatest tick, in zigzag form |
//! | varints | lengths of the columns members, ticks, counts, amounts |
//! | … | the columns (see `run.rs`) |
//! | 8 | XXH3-64 of all of the above, least significant byte first |
//!
//! A reader believes nothing: whatever the bytes, it ends with a history or an error, and what it
//! allocates is in proportion to their number. [`Flat::check`] also tells whether they are the
//! canonical ones.

use super::cursor::Columns;
use super::run::{RunRef, Totals};
use super::walk::{self, Walk};
use super::{Extent, History, MemberKind, MemberRef, Meta, View};
use crate::calendar::{Clock, Grain, Zone};
use crate::error::{Error, Malformed};
use crate::host::{Host, Vec};
use crate::varint::{self, Bytes, unzigzag, zigzag};
use xxhash_rust::xxh3::xxh3_64;

const VERSION: u8 = 1;
const CHECKSUM: usize = 8;

/// A history is not written beyond this: PostgreSQL could store it but not dump it.
pub const MAX_FLAT_BYTES: usize = 700 << 20;

pub(crate) fn too_large() -> Error {
    Error::TooLarge {
        what: "the history (its limit is 700 MB)",
        hint: "Take a coarser grain, or GROUP BY a hash of the member and sum the counts of the \
               groups: those of cohorts and churn at one explicit as_of add up.",
    }
}

impl<H: Host> History<H> {
    /// Everything of the flat form but the columns and the checksum.
    fn header(&self) -> Vec<u8, H> {
        let mut out = Vec::new_in(self.host.scratch());
        let zone = &self.meta.zone;
        out.extend_from_slice(&[VERSION, self.meta.kind as u8, self.meta.grain as u8]);
        out.push(zone.len() as u8);
        out.extend_from_slice(zone);
        let totals = self.runs.first().map_or(Totals::default(), |run| run.totals);
        for number in [totals.members, totals.ticks, totals.events] {
            varint::put(&mut out, number);
        }
        if let Some(Extent { first, last, low, high }) = self.meta.extent {
            for number in [first, last, low, high] {
                varint::put(&mut out, zigzag(number));
            }
        }
        for column in self.columns() {
            varint::put(&mut out, column.len() as u64);
        }
        out
    }

    fn columns(&self) -> [&[u8]; 4] {
        self.runs.first().map_or([&[]; 4], |run| run.as_ref().columns)
    }

    /// The size of the flat form. Compacts the history.
    pub fn flat_size(&mut self) -> Result<usize, Error> {
        self.compact()?;
        let columns: usize = self.columns().iter().map(|column| column.len()).sum();
        let size = self.header().len() + columns + CHECKSUM;
        if size > MAX_FLAT_BYTES { Err(too_large()) } else { Ok(size) }
    }

    /// Writes the flat form of a compacted history into a buffer of just that size.
    pub fn write_flat(&self, mut out: &mut [u8]) -> Result<(), Error> {
        let body = out.len().saturating_sub(CHECKSUM);
        let header = self.header();
        let mut rest = &mut out[..body];
        let parts = std::iter::once(header.as_slice()).chain(self.columns());
        for part in parts {
            let Some((here, after)) = rest.split_at_mut_checked(part.len()) else {
                return Err(Error::Malformed("the buffer is too small"));
            };
            here.copy_from_slice(part);
            rest = after;
        }
        if !rest.is_empty() {
            return Err(Error::Malformed("the buffer is too large"));
        }
        let checksum = xxh3_64(&out[..body]).to_le_bytes();
        out = &mut out[body..];
        out.copy_from_slice(&checksum);
        Ok(())
    }
}

/// A history in its bytes.
#[derive(Debug)]
pub struct Flat<'a, H: Host> {
    meta: Meta<H>,
    run: RunRef<'a>,
    host: H,
}

impl<'a, H: Host> Flat<'a, H> {
    /// Reads the header. The columns are read, and found good or malformed, by whoever walks.
    pub fn parse(bytes: &'a [u8], host: H) -> Result<Self, Error> {
        let Some((body, checksum)) = bytes.split_last_chunk::<CHECKSUM>() else {
            return Err(Error::Malformed("it ends too early"));
        };
        let mut reader = Bytes(body);
        if reader.byte()? != VERSION {
            return Err(Error::Malformed("its version is not known"));
        }
        if xxh3_64(body).to_le_bytes() != *checksum {
            return Err(Error::Malformed("its checksum is wrong"));
        }
        let kind = MemberKind::from_code(reader.byte()?);
        let kind = kind.ok_or(Malformed("its type of members is not known"))?;
        let grain = Grain::from_code(reader.byte()?).ok_or(Malformed("its grain is not known"))?;
        let zone_len = usize::from(reader.byte()?);
        let zone = std::str::from_utf8(reader.take(zone_len)?)
            .map_err(|_| Malformed("its zone is no name"))?;
        let (members, ticks, events) = (reader.varint()?, reader.varint()?, reader.varint()?);
        let mut extent = [0; 4];
        for number in &mut extent {
            *number = unzigzag(reader.varint()?);
        }
        let [first, last, low, high] = extent;
        let mut lengths = [0usize; 4];
        for length in &mut lengths {
            *length = usize::try_from(reader.varint()?).map_err(|_| Malformed("a long column"))?;
        }
        let mut columns: [&[u8]; 4] = [&[]; 4];
        for (column, length) in columns.iter_mut().zip(lengths) {
            *column = reader.take(length)?;
        }
        if !reader.0.is_empty() {
            return Err(Error::Malformed("there is something after its end"));
        }
        if members == 0 || first > last || low > high {
            return Err(Error::Malformed("it has no events"));
        }
        let mut meta = Meta::new(kind, grain, zone, host.clone());
        meta.extent = Some(Extent { first, last, low, high });
        let run = RunRef { totals: Totals { members, ticks, events }, columns };
        Ok(Flat { meta, run, host })
    }

    /// Its content.
    pub fn view(&self) -> View<'_, H> {
        let mut runs = Vec::with_capacity_in(1, self.host.clone());
        runs.push(self.run);
        View { meta: &self.meta, runs, host: self.host.clone() }
    }

    /// Reads all of it: are these the canonical bytes of a history in this zone? `check_member`
    /// may object to a member, such as text that is not in the encoding of the database.
    pub fn check(
        &self,
        zone: &impl Zone,
        check_member: impl FnMut(MemberRef<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (low, high) = self.check_columns(check_member)?;
        let fits = self.meta.extent.is_some_and(|extent| {
            let mut clock = Clock::new(self.meta.grain, self.host.clone());
            // A clock that was set back over midnight may show the day before, and only that.
            let mut near = |at, tick| {
                let day = clock.day(zone, at);
                clock.first_day(zone, tick) - 1 <= day && day <= clock.last_day(zone, tick) + 1
            };
            (extent.low, extent.high) == (low, high)
                && near(extent.first, low)
                && near(extent.last, high)
        });
        if !fits {
            return Err(Error::Malformed("its first or last event is not where its ticks are"));
        }
        Ok(())
    }

    /// Are the columns the canonical ones? The least and the greatest tick in them.
    pub(crate) fn check_columns(
        &self,
        mut check_member: impl FnMut(MemberRef<'_>) -> Result<(), Error>,
    ) -> Result<(i64, i64), Error> {
        let mut objection = Ok(());
        let mut member = |member: MemberRef<'_>| {
            if objection.is_ok() {
                objection = check_member(member);
            }
            true
        };
        let (mut low, mut high) = (i64::MAX, i64::MIN);
        let tick = |tick: i64| {
            (low, high) = (low.min(tick), high.max(tick));
            true
        };
        let mut walk = Walk::new(self.meta.kind, &[self.run], Columns::ALL, &self.host)?;
        let again = walk::rewrite(&mut walk, &self.host, &mut member, tick)?;
        objection?;
        if !walk.at_end() {
            return Err(Error::Malformed("a column is too long"));
        }
        if again.totals != self.run.totals || again.as_ref().columns != self.run.columns {
            return Err(Error::Malformed("its bytes are not the canonical ones"));
        }
        Ok((low, high))
    }
}
