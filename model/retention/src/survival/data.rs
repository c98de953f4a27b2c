//! Durations, counted: the summary that the readers of this family read.

use super::course::{Course, Exit};
use super::tally::Tally;
use crate::error::Error;
use crate::host::{Host, Pace, Vec};
use crate::state::State;

/// How long members stayed, and whether they left: the number of members of each distinct duration,
/// outcome and entry.
///
/// ```
/// use model_ground::host::Global;
/// use model_retention::survival::Data;
/// let mut data = Data::new(Global);
/// data.push(6.0, true, None)?; // left after 6,
/// data.push(6.0, false, None)?; // seen for 6 and still there,
/// data.push(9.0, true, Some(4.0))?; // seen from 4 on, left after 9.
/// assert_eq!(data.members(), 3);
/// # Ok::<(), model_ground::error::Error>(())
/// ```
#[derive(Debug)]
pub struct Data<H: Host> {
    /// Members seen from the beginning.
    pub(super) whole: Tally<Leaving, H>,
    /// Members seen from an entry on: left-truncated.
    pub(super) late: Tally<(Leaving, Time), H>,
    pub(super) host: H,
}

/// A time that is finite and not negative, as a number of the same order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time(pub(super) u64);

impl Time {
    pub(crate) const ZERO: Time = Time(0);

    /// Of a duration or an entry.
    #[inline]
    pub(crate) fn new(what: &'static str, value: f64) -> Result<Self, Error> {
        if (0.0..f64::INFINITY).contains(&value) {
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

    pub(super) fn from_bits(bits: u64) -> Option<Self> {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Global, testing};
    use proptest::prelude::*;
    use xxhash_rust::xxh3::xxh3_64;

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
