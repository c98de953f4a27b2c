//! The bytes of durations.

use super::data::{Data, Leaving, Time};
use super::tally::Cell;
use crate::error::{Error, Malformed};
use crate::history::MAX_FLAT_BYTES;
use crate::host::{Host, Pace, Vec};
use crate::state::State;
use crate::varint::{self, Bytes};
use xxhash_rust::xxh3::xxh3_64;

const VERSION: u8 = 1;

impl<H: Host> Data<H> {
    /// The flat form.
    ///
    /// | bytes | what |
    /// | --- | --- |
    /// | 1 | version: 1 |
    /// | … | members seen from the beginning, then those seen from an entry on |
    /// | 8 | XXH3-64 of the above |
    ///
    /// Either part begins with the number of its distinct keys and the number of low bits that are
    /// zero in all of its times. A key is the increase of the duration's bits over the one before,
    /// twice, plus one for who is still there; then, of the second part, the entry's bits; then the
    /// number of members. All are varints.
    pub fn to_bytes(&mut self, out: &mut Vec<u8, H>) -> Result<(), Error> {
        let begin = out.len();
        out.push(VERSION);
        put_section(out, self.whole.settle(), self.late.settle());
        if out.len() - begin > MAX_FLAT_BYTES {
            return Err(Error::TooLarge {
                what: "the survival_data (its limit is 700 MB)",
                hint: "Round the durations, for example to days.",
            });
        }
        let checksum = xxh3_64(&out[begin..]);
        out.extend_from_slice(&checksum.to_le_bytes());
        Ok(())
    }

    /// Reads the flat form.
    pub fn from_bytes(bytes: &[u8], host: H) -> Result<Self, Error> {
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
        let mut data = Data::new(host);
        data.read_section(&mut reader).map_err(malformed)?;
        if !reader.0.is_empty() {
            return Err(malformed(Malformed("there is something after its end")));
        }
        Ok(data)
    }

    fn read_section(&mut self, reader: &mut Bytes<'_>) -> Result<(), Malformed> {
        let mut pace = Pace::new(&self.host);
        let mut members = 0u64;
        let mut failed = None;
        let mut keys = Keys::begin(reader)?;
        self.whole.append(std::iter::from_fn(|| {
            pace.step(1);
            let next = keys.next(reader, &mut members, false);
            next.map_err(|m| failed = Some(m)).ok()?.map(|(leaving, _, count)| (leaving, count))
        }));
        if let Some(malformed) = failed {
            return Err(malformed);
        }
        let mut keys = Keys::begin(reader)?;
        self.late.append(std::iter::from_fn(|| {
            pace.step(1);
            let next = keys.next(reader, &mut members, true);
            let (leaving, entry, count) = next.map_err(|m| failed = Some(m)).ok()??;
            Some(((leaving, entry), count))
        }));
        failed.map_or(Ok(()), Err)
    }
}

impl<H: Host> State<H> for Data<H> {
    fn merge(&mut self, other: &Self) -> Result<(), Error> {
        other.whole.for_parts(|cells| self.whole.append(cells.iter().copied()));
        other.late.for_parts(|cells| self.late.append(cells.iter().copied()));
        Ok(())
    }

    // Sections as they are: the process that merges them sorts them once.
    fn write(&self, out: &mut Vec<u8, H>) {
        self.whole.for_parts(|cells| put_section(out, cells, &[]));
        self.late.for_parts(|cells| put_section(out, &[], cells));
    }

    fn read(bytes: &[u8], host: H) -> Result<Self, Error> {
        let mut data = Data::new(host);
        let mut reader = Bytes(bytes);
        while !reader.0.is_empty() {
            data.read_section(&mut reader).map_err(malformed)?;
        }
        Ok(data)
    }
}

fn malformed(why: Malformed) -> Error {
    malformed_data(why.0)
}

/// The error for a text or bytes that are no durations.
pub fn malformed_data(why: &str) -> Error {
    Error::MalformedValue { of: "survival_data", why: why.to_string() }
}

fn put_section<H: Host>(
    out: &mut Vec<u8, H>,
    whole: &[Cell<Leaving>],
    late: &[Cell<(Leaving, Time)>],
) {
    put_keys(out, whole.len(), whole.iter().map(|&(leaving, count)| (leaving, None, count)));
    let late_keys = late.iter().map(|&((leaving, entry), count)| (leaving, Some(entry), count));
    put_keys(out, late.len(), late_keys);
}

fn put_keys<H: Host>(
    out: &mut Vec<u8, H>,
    len: usize,
    keys: impl Iterator<Item = (Leaving, Option<Time>, u64)> + Clone,
) {
    let host = out.allocator().clone();
    let mut pace = Pace::new(&host);
    // Whole numbers, which most durations are, end in many zeros.
    let bits = keys.clone().fold(0, |bits, (leaving, entry, _)| {
        pace.step(1);
        bits | leaving.time().0 | entry.map_or(0, |entry| entry.0)
    });
    let zeros = bits.trailing_zeros().min(MOST_ZEROS);
    varint::put(out, len as u64);
    varint::put(out, u64::from(zeros));
    let mut before = 0;
    for (leaving, entry, count) in keys {
        pace.step(1);
        let time = leaving.time().0;
        varint::put(out, (time - before) >> zeros << 1 | u64::from(!leaving.churned()));
        before = time;
        if let Some(entry) = entry {
            varint::put(out, entry.0 >> zeros);
        }
        varint::put(out, count);
    }
}

const MOST_ZEROS: u32 = 63;

/// The keys of a part, read one after the other.
struct Keys {
    left: u64,
    zeros: u32,
    bits: u64,
    before: Option<(Leaving, Time)>,
}

impl Keys {
    fn begin(reader: &mut Bytes<'_>) -> Result<Self, Malformed> {
        let left = reader.varint()?;
        let zeros = u32::try_from(reader.varint()?).unwrap_or(u32::MAX);
        if zeros > MOST_ZEROS {
            return Err(Malformed("its times have more than 64 bits"));
        }
        Ok(Keys { left, zeros, bits: 0, before: None })
    }

    fn next(
        &mut self,
        reader: &mut Bytes<'_>,
        members: &mut u64,
        is_late: bool,
    ) -> Result<Option<(Leaving, Time, u64)>, Malformed> {
        if self.left == 0 {
            if self.bits.trailing_zeros().min(MOST_ZEROS) != self.zeros {
                return Err(Malformed("its bytes are not the canonical ones"));
            }
            return Ok(None);
        }
        self.left -= 1;
        let widened = |bits: u64| {
            let wide = bits << self.zeros;
            if wide >> self.zeros == bits { Ok(wide) } else { Err(Malformed("a long time")) }
        };
        let code = reader.varint()?;
        let before = self.before.map_or(0, |(leaving, _)| leaving.time().0);
        let time = before.checked_add(widened(code >> 1)?).and_then(Time::from_bits);
        let time = time.ok_or(Malformed("a duration is out of range"))?;
        let entry = if is_late { widened(reader.varint()?)? } else { 0 };
        let entry = Time::from_bits(entry).ok_or(Malformed("an entry is out of range"))?;
        if is_late && (entry.0 == 0 || entry >= time) {
            return Err(Malformed("an entry is not before the duration"));
        }
        let count = reader.varint()?;
        *members = members.saturating_add(count);
        if count == 0 || i64::try_from(*members).is_err() {
            return Err(Malformed("a number of members is out of range"));
        }
        let key = (Leaving::new(time, code & 1 == 0), entry);
        if self.before.is_some_and(|before| before >= key) {
            return Err(Malformed("its durations are not in order"));
        }
        self.before = Some(key);
        self.bits |= time.0 | entry.0;
        Ok(Some((key.0, key.1, count)))
    }
}
