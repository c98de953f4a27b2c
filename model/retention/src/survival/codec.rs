//! The bytes of durations.

use super::data::{Caused, Leaving, Observations, Time, add_counted, too_many_causes};
use super::tally::{Cell, Tally};
use crate::error::{Error, Malformed};
use crate::history::MAX_FLAT_BYTES;
use crate::host::{Host, Pace, Vec};
use crate::names::inverse;
use crate::state::State;
use crate::varint::{self, Bytes};
use xxhash_rust::xxh3::xxh3_64;

/// Without causes, and with them.
const PLAIN: u8 = 1;
const WITH_CAUSES: u8 = 2;

impl<H: Host> Observations<H> {
    /// The flat form.
    ///
    /// | bytes | what |
    /// | --- | --- |
    /// | 1 | version: 1; 2 if anybody left for a cause that has a name |
    /// | … | members seen from the beginning, then those seen from an entry on |
    /// | … | in version 2: the names of the causes, in order: their number, then length and bytes of each; then the members that left for one |
    /// | 8 | XXH3-64 of the above |
    ///
    /// Each part begins with the number of its distinct keys and the number of low bits that are
    /// zero in all of its times. A key is the increase of the duration's bits over the one before,
    /// twice, plus one for who is still there; then, of the second and third part, the entry's bits;
    /// then, of the third, the number of the cause; then the number of members. All are varints.
    pub fn to_bytes(&mut self, out: &mut Vec<u8, H>) -> Result<(), Error> {
        let begin = out.len();
        let has_causes = !self.caused.is_empty();
        out.push(if has_causes { WITH_CAUSES } else { PLAIN });
        put_whole(out, self.whole.settle());
        put_late(out, self.late.settle());
        if has_causes {
            // Numbers by the order of names, so that equal content has equal bytes.
            let order = self.causes.sorted();
            self.causes.put(&order, out);
            let mut sorted = Tally::new(&self.host);
            append_renamed(&mut sorted, self.caused.settle(), &inverse(&order), &self.host);
            put_caused(out, sorted.settle());
        }
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

    /// Reads the flat form. `check_name` may object to the name of a cause, such as text that is not
    /// in the encoding of the database.
    pub fn from_bytes_checked(
        bytes: &[u8],
        host: H,
        check_name: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let Some((body, checksum)) = bytes.split_last_chunk::<8>() else {
            return Err(malformed(Malformed("it ends too early")));
        };
        let mut reader = Bytes(body);
        let version = reader.byte().map_err(malformed)?;
        if version != PLAIN && version != WITH_CAUSES {
            return Err(malformed(Malformed("its version is not known")));
        }
        if xxh3_64(body).to_le_bytes() != *checksum {
            return Err(malformed(Malformed("its checksum is wrong")));
        }
        let mut data = Observations::new(host);
        data.read_part(&mut reader, Part::Whole)?;
        data.read_part(&mut reader, Part::Late)?;
        if version == WITH_CAUSES {
            data.causes.read(&mut reader, true, check_name, malformed)?;
            data.read_part(&mut reader, Part::Caused)?;
            data.check_causes().map_err(malformed)?;
        }
        if !reader.0.is_empty() {
            return Err(malformed(Malformed("there is something after its end")));
        }
        Ok(data)
    }

    /// Reads the flat form.
    pub fn from_bytes(bytes: &[u8], host: H) -> Result<Self, Error> {
        Self::from_bytes_checked(bytes, host, |_| Ok(()))
    }

    /// Each cause is one of somebody's.
    fn check_causes(&self) -> Result<(), Malformed> {
        let mut pace = Pace::new(&self.host);
        let mut used = Vec::new_in(self.host.scratch());
        used.resize(self.causes.len(), false);
        for &((_, _, cause), _) in self.caused.cells() {
            pace.step(1);
            used[cause as usize] = true;
        }
        if used.is_empty() || used.contains(&false) {
            return Err(Malformed("a cause is nobody's"));
        }
        Ok(())
    }

    fn read_part(&mut self, reader: &mut Bytes<'_>, part: Part) -> Result<(), Error> {
        let mut pace = Pace::new(&self.host);
        let mut failed = None;
        let mut keys = Keys::begin(reader, part, self.causes.len()).map_err(malformed)?;
        let mut cells = std::iter::from_fn(|| {
            pace.step(1);
            keys.next(reader).map_err(|m| failed = Some(m)).ok()?
        });
        match part {
            Part::Whole => {
                self.whole.append(cells.by_ref().map(|((leaving, _, _), n)| (leaving, n)))
            }
            Part::Late => {
                self.late.append(cells.by_ref().map(|((leaving, at, _), n)| ((leaving, at), n)))
            }
            Part::Caused => self.caused.append(cells.by_ref()),
        }
        if let Some(why) = failed {
            return Err(malformed(why));
        }
        self.members = add_counted(self.members, keys.members)
            .map_err(|_| malformed(Malformed("a number of members is out of range")))?;
        Ok(())
    }
}

/// Adds cells whose causes have other numbers there.
fn append_renamed<H: Host>(
    tally: &mut Tally<Caused, H>,
    cells: &[Cell<Caused>],
    numbers: &[u32],
    host: &H,
) {
    let mut pace = Pace::new(host);
    let mut renamed = Vec::with_capacity_in(cells.len(), host.scratch());
    for &((leaving, entry, cause), count) in cells {
        pace.step(1);
        renamed.push(((leaving, entry, numbers[cause as usize]), count));
    }
    renamed.sort_unstable_by(|a: &Cell<Caused>, b| {
        pace.step(1);
        a.0.cmp(&b.0)
    });
    tally.append(renamed.iter().copied());
}

impl<H: Host> State<H> for Observations<H> {
    fn merge(&mut self, other: &Self) -> Result<(), Error> {
        self.members = add_counted(self.members, other.members)?;
        let numbers = self.causes.absorb(&other.causes).ok_or_else(too_many_causes)?;
        other.whole.for_parts(|cells| self.whole.append(cells.iter().copied()));
        other.late.for_parts(|cells| self.late.append(cells.iter().copied()));
        let (caused, host) = (&mut self.caused, &self.host);
        other.caused.for_parts(|cells| append_renamed(caused, cells, &numbers, host));
        Ok(())
    }

    // The names of the causes as they are numbered, then parts as they are: the process that merges
    // them sorts them once.
    fn write(&self, out: &mut Vec<u8, H>) {
        self.causes.put(&self.causes.as_they_are(), out);
        self.whole.for_parts(|cells| {
            out.push(Part::Whole as u8);
            put_whole(out, cells);
        });
        self.late.for_parts(|cells| {
            out.push(Part::Late as u8);
            put_late(out, cells);
        });
        self.caused.for_parts(|cells| {
            out.push(Part::Caused as u8);
            put_caused(out, cells);
        });
    }

    fn read(bytes: &[u8], host: H) -> Result<Self, Error> {
        let mut data = Observations::new(host);
        let mut reader = Bytes(bytes);
        data.causes.read(&mut reader, false, |_| Ok(()), malformed)?;
        while !reader.0.is_empty() {
            let part = match reader.byte().map_err(malformed)? {
                0 => Part::Whole,
                1 => Part::Late,
                2 => Part::Caused,
                _ => return Err(malformed(Malformed("a part is not known"))),
            };
            data.read_part(&mut reader, part)?;
        }
        Ok(data)
    }
}

/// What the keys of a part are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Whole = 0,
    Late = 1,
    Caused = 2,
}

fn malformed(why: Malformed) -> Error {
    malformed_data(why.0)
}

/// The error for a text or bytes that are no durations.
pub fn malformed_data(why: &str) -> Error {
    Error::MalformedValue { of: "survival_data", why: why.to_string() }
}

fn put_whole<H: Host>(out: &mut Vec<u8, H>, cells: &[Cell<Leaving>]) {
    let keys = cells.iter().map(|&(leaving, count)| (leaving, None, None, count));
    put_keys(out, cells.len(), keys);
}

fn put_late<H: Host>(out: &mut Vec<u8, H>, cells: &[Cell<(Leaving, Time)>]) {
    let keys = cells.iter().map(|&((leaving, entry), count)| (leaving, Some(entry), None, count));
    put_keys(out, cells.len(), keys);
}

fn put_caused<H: Host>(out: &mut Vec<u8, H>, cells: &[Cell<Caused>]) {
    let keys = cells
        .iter()
        .map(|&((leaving, entry, cause), count)| (leaving, Some(entry), Some(cause), count));
    put_keys(out, cells.len(), keys);
}

fn put_keys<H: Host>(
    out: &mut Vec<u8, H>,
    len: usize,
    keys: impl Iterator<Item = (Leaving, Option<Time>, Option<u32>, u64)> + Clone,
) {
    let host = out.allocator().clone();
    let mut pace = Pace::new(&host);
    // Whole numbers, which most durations are, end in many zeros.
    let bits = keys.clone().fold(0, |bits, (leaving, entry, _, _)| {
        pace.step(1);
        bits | leaving.time().0 | entry.map_or(0, |entry| entry.0)
    });
    let zeros = bits.trailing_zeros().min(MOST_ZEROS);
    varint::put(out, len as u64);
    varint::put(out, u64::from(zeros));
    let mut before = 0;
    for (leaving, entry, cause, count) in keys {
        pace.step(1);
        let time = leaving.time().0;
        varint::put(out, (time - before) >> zeros << 1 | u64::from(!leaving.churned()));
        before = time;
        if let Some(entry) = entry {
            varint::put(out, entry.0 >> zeros);
        }
        if let Some(cause) = cause {
            varint::put(out, u64::from(cause));
        }
        varint::put(out, count);
    }
}

const MOST_ZEROS: u32 = 63;

/// The keys of a part, read one after the other.
struct Keys {
    part: Part,
    causes: usize,
    left: u64,
    zeros: u32,
    bits: u64,
    members: u64,
    before: Option<Caused>,
}

impl Keys {
    fn begin(reader: &mut Bytes<'_>, part: Part, causes: usize) -> Result<Self, Malformed> {
        let left = reader.varint()?;
        let zeros = u32::try_from(reader.varint()?).unwrap_or(u32::MAX);
        if zeros > MOST_ZEROS {
            return Err(Malformed("its times have more than 64 bits"));
        }
        Ok(Keys { part, causes, left, zeros, bits: 0, members: 0, before: None })
    }

    fn next(&mut self, reader: &mut Bytes<'_>) -> Result<Option<Cell<Caused>>, Malformed> {
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
        let before = self.before.map_or(0, |(leaving, _, _)| leaving.time().0);
        let time = before.checked_add(widened(code >> 1)?).and_then(Time::from_bits);
        let time = time.ok_or(Malformed("a duration is out of range"))?;
        let leaving = Leaving::new(time, code & 1 == 0);
        let entry = if self.part == Part::Whole { 0 } else { widened(reader.varint()?)? };
        let entry = Time::from_bits(entry).ok_or(Malformed("an entry is out of range"))?;
        let is_late = self.part == Part::Late || entry > Time::ZERO;
        if is_late && (entry.0 == 0 || entry >= time) {
            return Err(Malformed("an entry is not before the duration"));
        }
        let mut cause = 0;
        if self.part == Part::Caused {
            cause = u32::try_from(reader.varint()?).unwrap_or(u32::MAX);
            if cause as usize >= self.causes || !leaving.churned() {
                return Err(Malformed("a cause is out of range"));
            }
        }
        let count = reader.varint()?;
        self.members = self.members.saturating_add(count);
        if count == 0 || i64::try_from(self.members).is_err() {
            return Err(Malformed("a number of members is out of range"));
        }
        let key = (leaving, entry, cause);
        if self.before.is_some_and(|before| before >= key) {
            return Err(Malformed("its durations are not in order"));
        }
        self.before = Some(key);
        self.bits |= time.0 | entry.0;
        Ok(Some((key, count)))
    }
}
