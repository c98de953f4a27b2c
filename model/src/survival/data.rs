//! Durations, counted: the summary that the readers of this family read.

use super::course::{Course, Exit};
use super::tally::{Cell, Tally};
use crate::error::{Error, Malformed};
use crate::history::MAX_FLAT_BYTES;
use crate::history::varint::{self, Bytes};
use crate::host::{Host, Pace, Vec};
use crate::state::State;
use xxhash_rust::xxh3::xxh3_64;

const VERSION: u8 = 1;

/// How long members stayed, and whether they left: the number of members of each distinct duration,
/// outcome and entry.
///
/// ```
/// use pg_retention_model::host::Global;
/// use pg_retention_model::survival::Data;
/// let mut data = Data::new(Global);
/// data.push(6.0, true, None)?; // left after 6,
/// data.push(6.0, false, None)?; // seen for 6 and still there,
/// data.push(9.0, true, Some(4.0))?; // seen from 4 on, left after 9.
/// assert_eq!(data.members(), 3);
/// # Ok::<(), pg_retention_model::error::Error>(())
/// ```
#[derive(Debug)]
pub struct Data<H: Host> {
    /// Members seen from the beginning.
    whole: Tally<Leaving, H>,
    /// Members seen from an entry on: left-truncated.
    late: Tally<(Leaving, Time), H>,
    host: H,
}

/// A time that is finite and not negative, as a number of the same order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time(u64);

impl Time {
    pub(crate) const ZERO: Time = Time(0);

    /// Of a duration or an entry.
    #[inline]
    pub(crate) fn new(what: &'static str, value: f64) -> Result<Self, Error> {
        if value >= 0.0 && value < f64::INFINITY {
            // The zero that is added makes one of both zeros.
            Ok(Time((value + 0.0).to_bits()))
        } else {
            Err(Error::OutOfRange {
                what,
                given: value.to_string(),
                hint: "Durations and entries are finite and not negative: leave other rows out \
                       with FILTER or WHERE.",
            })
        }
    }

    #[inline]
    pub(crate) fn value(self) -> f64 {
        f64::from_bits(self.0)
    }

    fn from_bits(bits: u64) -> Option<Self> {
        (bits < f64::INFINITY.to_bits()).then_some(Time(bits))
    }
}

/// When somebody was last seen, and whether that was the end: those who left come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Leaving(u64);

impl Leaving {
    #[inline]
    pub(crate) fn new(duration: Time, churned: bool) -> Self {
        Leaving(duration.0 << 1 | u64::from(!churned))
    }

    /// As a number of the same order.
    pub(crate) fn code(self) -> u64 {
        self.0
    }

    pub(crate) fn from_code(code: u64) -> Option<Self> {
        Time::from_bits(code >> 1).map(|_| Leaving(code))
    }

    #[inline]
    pub(crate) fn time(self) -> Time {
        Time(self.0 >> 1)
    }

    #[inline]
    pub(crate) fn churned(self) -> bool {
        self.0 & 1 == 0
    }
}

/// The time from which somebody is seen; none if from the beginning.
pub(crate) fn entry_time(entry: Option<f64>, duration: Time) -> Result<Option<Time>, Error> {
    let Some(entry) = entry else { return Ok(None) };
    let time = Time::new("entry", entry)?;
    if time.0 == 0 {
        return Ok(None);
    }
    if time >= duration {
        return Err(Error::bad(
            format!("entry {entry} is not before the duration {}", duration.value()),
            "A member is seen from its entry until its duration, both counted from the same \
             beginning; leave out with FILTER who was never seen.",
        ));
    }
    Ok(Some(time))
}

impl<H: Host> Data<H> {
    /// Nobody yet.
    pub fn new(host: H) -> Self {
        Data { whole: Tally::new(&host), late: Tally::new(&host), host }
    }

    /// A member seen from `entry` (by default, from the beginning) for `duration`, both counted
    /// from the beginning: it left then, or is still there.
    #[inline]
    pub fn push(&mut self, duration: f64, churned: bool, entry: Option<f64>) -> Result<(), Error> {
        let time = Time::new("duration", duration)?;
        let leaving = Leaving::new(time, churned);
        match entry_time(entry, time)? {
            None => self.whole.push(leaving),
            Some(entry) => self.late.push((leaving, entry)),
        }
        Ok(())
    }

    /// How many there are.
    pub fn members(&self) -> u64 {
        let mut sum = 0u64;
        self.whole.for_parts(|cells| sum += cells.iter().map(|cell| cell.1).sum::<u64>());
        self.late.for_parts(|cells| sum += cells.iter().map(|cell| cell.1).sum::<u64>());
        sum
    }

    /// Is there nobody?
    pub fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.late.is_empty()
    }

    /// Adds those of a flat form.
    pub fn merge_bytes(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.merge(&Data::from_bytes(bytes, self.host.scratch())?)
    }

    /// The times at which they enter and leave.
    pub fn course(mut self) -> Course<H> {
        let mut exits = Vec::new_in(self.host.clone());
        let mut entries = Vec::new_in(self.host.clone());
        let mut pace = Pace::new(&self.host);
        let (mut whole, mut late) = (self.whole.settle(), self.late.settle());
        loop {
            let next = match (whole.first(), late.first()) {
                (Some((a, _)), Some(((b, _), _))) => a.min(b).time(),
                (Some((a, _)), None) => a.time(),
                (None, Some(((b, _), _))) => b.time(),
                (None, None) => break,
            };
            let mut exit = Exit { time: next.value(), events: 0, censored: 0 };
            while let Some(((leaving, count), rest)) = whole.split_first()
                && leaving.time() == next
            {
                pace.step(1);
                exit.add(leaving.churned(), *count);
                whole = rest;
            }
            while let Some((((leaving, entry), count), rest)) = late.split_first()
                && leaving.time() == next
            {
                pace.step(1);
                exit.add(leaving.churned(), *count);
                entries.push((entry.value(), *count));
                late = rest;
            }
            exits.push(exit);
        }
        Course::new(exits, entries)
    }

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
    Error::MalformedValue { of: "survival_data", why: why.0.to_string() }
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
        *members = members.checked_add(count).unwrap_or(u64::MAX);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Global, testing};
    use proptest::prelude::*;

    type Row = (f64, bool, Option<f64>);

    fn rows() -> impl Strategy<Value = std::vec::Vec<Row>> {
        let duration = prop_oneof![(0u32..40).prop_map(f64::from), 0.0..1e3, Just(0.0)];
        let entry = proptest::option::weighted(0.5, 0.0..1.0f64);
        proptest::collection::vec((duration, any::<bool>(), entry), 0..80).prop_map(|rows| {
            let entry = |duration: f64, share: Option<f64>| {
                share.map(|share| duration * share).filter(|entry| *entry < duration)
            };
            rows.into_iter().map(|(time, churned, at)| (time, churned, entry(time, at))).collect()
        })
    }

    fn data(rows: &[Row]) -> Data<Global> {
        let mut data = Data::new(Global);
        for &(duration, churned, entry) in rows {
            data.push(duration, churned, entry).unwrap();
        }
        data
    }

    fn bytes(mut data: Data<Global>) -> Vec<u8, Global> {
        let mut out = Vec::new_in(Global);
        data.to_bytes(&mut out).unwrap();
        out
    }

    proptest! {
        #[test]
        fn bytes_are_canonical_whatever_the_order_and_the_merges(rows in rows(), cut in 0usize..80) {
            let expected = bytes(data(&rows));
            let (left, right) = rows.split_at(cut.min(rows.len()));
            let mut sent = Vec::new_in(Global);
            data(left).write(&mut sent);
            let mut merged = data(right);
            merged.merge(&Data::read(&sent, Global).unwrap()).unwrap();
            prop_assert_eq!(merged.members(), rows.len() as u64);
            prop_assert_eq!(&bytes(merged), &expected);
            let again = Data::from_bytes(&expected, Global).unwrap();
            prop_assert_eq!(again.members(), rows.len() as u64);
            prop_assert_eq!(&bytes(again), &expected);
        }

        #[test]
        fn any_bytes_read_canonically_or_fail(noise: std::vec::Vec<u8>, rows in rows(), at: usize) {
            let mut forged = bytes(data(&rows));
            forged.truncate(forged.len() - 8);
            let at = 1 + at % forged.len();
            forged.truncate(at);
            forged.extend_from_slice(&noise);
            let checksum = xxh3_64(&forged);
            forged.extend_from_slice(&checksum.to_le_bytes());
            if let Ok(read) = Data::from_bytes(&forged, Global) {
                prop_assert_eq!(&bytes(read), &forged);
            }
            let _ = Data::from_bytes(&noise, Global);
            let _ = Data::read(&noise, Global);
        }
    }

    #[test]
    fn only_times_are_taken() {
        let mut data = Data::new(Global);
        for bad in [-1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(matches!(data.push(bad, true, None), Err(Error::OutOfRange { .. })));
            assert!(matches!(data.push(5.0, true, Some(bad)), Err(Error::OutOfRange { .. })));
        }
        assert!(data.push(5.0, true, Some(5.0)).is_err());
        data.push(-0.0, true, Some(-0.0)).unwrap();
        data.push(0.0, true, Some(0.0)).unwrap();
        assert_eq!(data.whole.settle(), [(Leaving(0), 2)]);
    }

    #[test]
    fn whole_days_take_few_bytes() {
        let rows: std::vec::Vec<Row> =
            (0..1000).map(|day| (f64::from(day), day % 3 == 0, None)).collect();
        assert!(bytes(data(&rows)).len() < 3500);
    }

    #[test]
    fn can_be_stopped() {
        let rows: std::vec::Vec<Row> =
            (0..20_000).map(|i| (f64::from(i) + 1.0, true, Some(0.5))).collect();
        let filled = || data(&rows);
        let flat = bytes(filled());
        assert!(testing::stops(|| filled().course()));
        let mut settled = filled();
        settled.late.settle();
        assert!(testing::stops(|| bytes(settled)));
        assert!(testing::stops(|| Data::from_bytes(&flat, Global)));
    }
}
