//! The bytes of a history, format version 2. They are canonical: equal content, equal bytes.
//!
//! | bytes | what |
//! | --- | --- |
//! | 1 | version: 2 |
//! | 1 | type of the members: 0 bigint, 1 uuid, 2 text |
//! | 1 | grain: 0 second, 1 minute, … 7 year |
//! | 1 + n | length and name of the zone; length 0: local times without a zone |
//! | varints | members, ticks, events |
//! | varints | first and last instant, least and greatest tick, in zigzag form |
//! | varints | lengths of the columns members, ticks, counts, quiet, amounts |
//! | … | the columns (see `run.rs`) |
//! | 8 | XXH3-64 of all of the above, least significant byte first |
//!
//! Version 1 stays readable. It has no column of ticks without events, and its amounts are varints, 0
//! for none, else 1 + the zigzag of the amount. [`canonical`] turns its bytes into those of version 2.
//!
//! A reader believes nothing: whatever the bytes, it ends with a history or an error, and what it
//! allocates is in proportion to their number. [`Flat::check`] also tells whether they are the
//! canonical ones.

use super::blocks::{self, BLOCK, NO_AMOUNT};
use super::cursor::Columns;
use super::meta::{MAX_FLAT_BYTES, too_large};
use super::run::{AMOUNTS, COLUMNS, QUIET, RunRef, Totals};
use super::walk::{self, Walk};
use super::{Extent, History, MemberKind, MemberRef, Meta, View};
use crate::calendar::{Clock, Grain, Zone};
use crate::error::{Error, Malformed};
use crate::host::{Host, Pace, Vec};
use crate::varint::{self, Bytes, unzigzag, zigzag};
use xxhash_rust::xxh3::xxh3_64;

/// A version of the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Version {
    /// Of 0.1; memberships keep it, which have neither amounts nor ticks without events.
    One = 1,
    /// What histories are written in.
    Two = 2,
}

impl Version {
    /// Its columns, by their places in a run.
    fn columns(self) -> impl Iterator<Item = usize> + Clone {
        (0..COLUMNS).filter(move |column| self == Version::Two || *column != QUIET)
    }
}

const CHECKSUM: usize = 8;

impl<H: Host> History<H> {
    /// Everything of the flat form but the columns and the checksum.
    fn header(&self, version: Version) -> Vec<u8, H> {
        let mut out = Vec::new_in(self.host.scratch());
        let zone = &self.meta.zone;
        out.extend_from_slice(&[version as u8, self.meta.kind as u8, self.meta.grain as u8]);
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
        let columns = self.columns();
        for column in version.columns() {
            varint::put(&mut out, columns[column].len() as u64);
        }
        out
    }

    fn columns(&self) -> [&[u8]; COLUMNS] {
        self.runs.first().map_or([&[]; COLUMNS], |run| run.as_ref().columns)
    }

    /// The size of the flat form. Compacts the history.
    pub fn flat_size(&mut self) -> Result<usize, Error> {
        self.flat_size_in(Version::Two)
    }

    pub(crate) fn flat_size_in(&mut self, version: Version) -> Result<usize, Error> {
        self.compact()?;
        let columns: usize = self.columns().iter().map(|column| column.len()).sum();
        let size = self.header(version).len() + columns + CHECKSUM;
        if size > MAX_FLAT_BYTES { Err(too_large()) } else { Ok(size) }
    }

    /// Writes the flat form of a compacted history into a buffer of just that size.
    pub fn write_flat(&self, out: &mut [u8]) -> Result<(), Error> {
        self.write_flat_in(Version::Two, out)
    }

    /// The same in another version, which must be able to hold all of the history.
    pub(crate) fn write_flat_in(&self, version: Version, mut out: &mut [u8]) -> Result<(), Error> {
        let body = out.len().saturating_sub(CHECKSUM);
        let (header, columns) = (self.header(version), self.columns());
        if version == Version::One
            && [QUIET, AMOUNTS].iter().any(|place| !columns[*place].is_empty())
        {
            return Err(Error::Malformed("version 1 is written without amounts"));
        }
        let mut rest = &mut out[..body];
        let parts = std::iter::once(header.as_slice());
        for part in parts.chain(version.columns().map(|column| columns[column])) {
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
    version: Version,
    meta: Meta<H>,
    totals: Totals,
    columns: [&'a [u8]; COLUMNS],
    /// The amounts of version 1 as version 2 has them.
    amounts: Option<Vec<u8, H>>,
    host: H,
}

impl<'a, H: Host> Flat<'a, H> {
    /// Reads the header. The columns are read, and found good or malformed, by whoever walks; only the
    /// amounts of version 1 are read at once.
    pub fn parse(bytes: &'a [u8], host: H) -> Result<Self, Error> {
        let flat = Self::parse_spells(bytes, host)?;
        if !flat.meta.is_in_calendar() {
            return Err(Error::Malformed("its first or last event is beyond the calendar"));
        }
        Ok(flat)
    }

    /// The same of joins and ends, whose ticks are no ticks of a calendar.
    pub(crate) fn parse_spells(bytes: &'a [u8], host: H) -> Result<Self, Error> {
        let Some((body, checksum)) = bytes.split_last_chunk::<CHECKSUM>() else {
            return Err(Error::Malformed("it ends too early"));
        };
        let mut reader = Bytes(body);
        let version = match reader.byte()? {
            1 => Version::One,
            2 => Version::Two,
            _ => return Err(Error::Malformed("its version is not known")),
        };
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
        let mut lengths = [0usize; COLUMNS];
        for column in version.columns() {
            lengths[column] =
                usize::try_from(reader.varint()?).map_err(|_| Malformed("a long column"))?;
        }
        let mut columns: [&[u8]; COLUMNS] = [&[]; COLUMNS];
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
        let amounts = match version {
            Version::One => blocks_of(columns[AMOUNTS], ticks, &host)?,
            Version::Two => None,
        };
        let totals = Totals { members, ticks, events };
        Ok(Flat { version, meta, totals, columns, amounts, host })
    }

    pub(crate) fn version(&self) -> Version {
        self.version
    }

    fn run(&self) -> RunRef<'_> {
        let mut columns = self.columns;
        if let Some(amounts) = &self.amounts {
            columns[AMOUNTS] = amounts;
        }
        RunRef { totals: self.totals, columns }
    }

    /// Its content.
    pub fn view(&self) -> View<'_, H> {
        let mut runs = Vec::with_capacity_in(1, self.host.clone());
        runs.push(self.run());
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
        let run = self.run();
        if run.columns[AMOUNTS].is_empty() && !run.columns[QUIET].is_empty() {
            return Err(Error::Malformed("a tick has neither an event nor an amount"));
        }
        let mut walk = Walk::new(self.meta.kind, &[run], Columns::ALL, &self.host)?;
        let again = walk::rewrite(&mut walk, &self.host, &mut member, tick)?;
        objection?;
        if !walk.at_end() {
            return Err(Error::Malformed("a column is too long"));
        }
        if again.totals != run.totals || again.as_ref().columns != run.columns {
            return Err(Error::Malformed("its bytes are not the canonical ones"));
        }
        Ok((low, high))
    }
}

/// The amounts of version 1 as blocks; none if there are none. What they read as is one to one: they
/// are the canonical ones if the blocks are.
fn blocks_of<H: Host>(
    column: &[u8],
    ticks: u64,
    host: &H,
) -> Result<Option<Vec<u8, H>>, Malformed> {
    if column.is_empty() {
        return Ok(None);
    }
    let (mut column, mut left) = (Bytes(column), ticks);
    let mut amounts = Vec::new_in(host.clone());
    let mut block = [NO_AMOUNT; BLOCK];
    let mut pace = Pace::new(host);
    while left > 0 {
        let len = usize::try_from(left).map_or(BLOCK, |left| left.min(BLOCK));
        let here = block.get_mut(..len).unwrap_or_default();
        column.varints(here, |value| value.checked_sub(1).map_or(NO_AMOUNT, unzigzag))?;
        blocks::put(&mut amounts, here);
        left -= len as u64;
        pace.step(len);
    }
    match column.0 {
        [] => Ok(Some(amounts)),
        _ => Err(Malformed("a column is too long")),
    }
}

/// The bytes of version 2 with the same content as bytes of version 1, by which those compare; none for
/// others, which are their own.
pub fn canonical<H: Host>(bytes: &[u8], host: H) -> Result<Option<Vec<u8, H>>, Error> {
    if bytes.first() != Some(&(Version::One as u8)) {
        return Ok(None);
    }
    let flat = Flat::parse(bytes, host.clone())?;
    let view = flat.view();
    let mut history = History::new(view.meta.empty(host.clone()), host.clone());
    history.absorb(&view)?;
    let mut out = Vec::new_in(host);
    out.resize(history.flat_size()?, 0);
    history.write_flat(&mut out)?;
    Ok(Some(out))
}
