//! Durations, counted: the summary that the readers of this family read.

use super::risk_table::{Exit, RiskTable};
use super::tally::Tally;
use crate::error::Error;
use crate::host::{Host, Pace, Vec};
use crate::names::Names;
use crate::state::State;

/// How long members stayed, whether they left and why: the number of members of each distinct
/// duration, outcome, entry and cause.
///
/// ```
/// use model_ground::host::Global;
/// use model_retention::survival::Observations;
/// let mut data = Observations::new(Global);
/// data.push(6.0, true, None)?; // left after 6,
/// data.push(6.0, false, None)?; // seen for 6 and still there,
/// data.push(9.0, true, Some(4.0))?; // seen from 4 on, left after 9.
/// assert_eq!(data.members(), 3);
/// # Ok::<(), model_ground::error::Error>(())
/// ```
#[derive(Debug)]
pub struct Observations<H: Host> {
    /// Members seen from the beginning.
    pub(super) whole: Tally<Leaving, H>,
    /// Members seen from an entry on: left-truncated.
    pub(super) late: Tally<(Leaving, Time), H>,
    /// Members that left for a cause that has a name.
    pub(super) caused: Tally<Caused, H>,
    pub(super) causes: Names<H>,
    /// All of them.
    pub(super) members: u64,
    pub(super) host: H,
}

/// When somebody left, the time of its entry (0: seen from the beginning), and the number of the cause.
pub(super) type Caused = (Leaving, Time, u32);

/// A row: a member, or several that are alike.
#[derive(Debug, Clone, Copy)]
pub struct Observation<'n> {
    /// How long it was there, from its beginning on.
    pub duration: f64,
    /// Did it leave then? Otherwise it was still there.
    pub churned: bool,
    /// The time from which it was seen; none if from the beginning.
    pub entry: Option<f64>,
    /// For how many members it stands.
    pub weight: i64,
    /// Why it left, if that has a name. Not looked at of those still there.
    pub cause: Option<&'n [u8]>,
}

impl Observation<'_> {
    /// One member, seen from the beginning.
    pub fn new(duration: f64, churned: bool) -> Self {
        Observation { duration, churned, entry: None, weight: 1, cause: None }
    }
}

/// The sum of members so far, and those of a weight.
pub(crate) fn add_members(sum: u64, weight: i64) -> Result<u64, Error> {
    let Some(weight) = u64::try_from(weight).ok().filter(|weight| *weight > 0) else {
        return Err(Error::OutOfRange {
            what: "weight",
            given: weight.to_string(),
            hint: "A weight is the number of members that a row stands for, 1 or more: leave other \
                   rows out with FILTER or WHERE.",
        });
    };
    add_counted(sum, weight)
}

/// The sum of members so far, and others that were counted.
pub(crate) fn add_counted(sum: u64, members: u64) -> Result<u64, Error> {
    let sum = sum.saturating_add(members);
    if i64::try_from(sum).is_ok() {
        return Ok(sum);
    }
    Err(Error::TooLarge {
        what: "the number of members (its limit is 2^63 - 1)",
        hint: "Weights count members: divide them all by the same number.",
    })
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

impl<H: Host> Observations<H> {
    /// Nobody yet.
    pub fn new(host: H) -> Self {
        Observations {
            whole: Tally::new(&host),
            late: Tally::new(&host),
            caused: Tally::new(&host),
            causes: Names::new(&host),
            members: 0,
            host,
        }
    }

    /// A member seen from `entry` (by default, from the beginning) for `duration`, both counted
    /// from the beginning: it left then, or is still there.
    #[inline]
    pub fn push(&mut self, duration: f64, churned: bool, entry: Option<f64>) -> Result<(), Error> {
        self.push_row(&Observation { entry, ..Observation::new(duration, churned) })
    }

    /// A member, or as many as its weight says.
    #[inline]
    pub fn push_row(&mut self, row: &Observation<'_>) -> Result<(), Error> {
        let time = Time::new("duration", row.duration)?;
        let leaving = Leaving::new(time, row.churned);
        let entry = entry_time(row.entry, time)?;
        let members = add_members(self.members, row.weight)?;
        let count = members - self.members;
        match (row.cause.filter(|_| row.churned), entry) {
            (Some(cause), entry) => {
                let cause = self.causes.number(cause).ok_or_else(too_many_causes)?;
                self.caused.push_many((leaving, entry.unwrap_or(Time::ZERO), cause), count);
            }
            (None, None) => self.whole.push_many(leaving, count),
            (None, Some(entry)) => self.late.push_many((leaving, entry), count),
        }
        self.members = members;
        Ok(())
    }

    /// How many there are.
    pub fn members(&self) -> u64 {
        self.members
    }

    /// Is there nobody?
    pub fn is_empty(&self) -> bool {
        self.members == 0
    }

    /// Adds those of a flat form.
    pub fn merge_bytes(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.merge(&Observations::from_bytes(bytes, self.host.scratch())?)
    }

    /// The times at which they enter and leave, for whatever cause.
    pub fn risk_table(mut self) -> RiskTable<H> {
        self.settled_risk_table()
    }

    /// The same, once all is settled.
    pub(super) fn settled_risk_table(&mut self) -> RiskTable<H> {
        let mut exits: Vec<Exit, H> = Vec::new_in(self.host.clone());
        let mut entries = Vec::new_in(self.host.clone());
        let mut pace = Pace::new(&self.host);
        let whole = self.whole.settle().iter().map(|&(leaving, n)| (leaving, Time::ZERO, n));
        let late = self.late.settle().iter().map(|&((leaving, entry), n)| (leaving, entry, n));
        let caused = self.caused.settle().iter().map(|&((leaving, at, _), n)| (leaving, at, n));
        let (mut whole, mut late) = (whole.peekable(), late.peekable());
        let mut caused = caused.peekable();
        loop {
            let heads = [whole.peek(), late.peek(), caused.peek()];
            let Some(next) = heads.into_iter().flatten().map(|head| head.0.time()).min() else {
                break;
            };
            let mut exit = Exit { time: next.value(), events: 0, censored: 0 };
            let mut add = |(leaving, entry, count): (Leaving, Time, u64)| {
                pace.step(1);
                exit.add(leaving.churned(), count);
                if entry > Time::ZERO {
                    entries.push((entry.value(), count));
                }
            };
            while let Some(cell) = whole.next_if(|cell| cell.0.time() == next) {
                add(cell);
            }
            while let Some(cell) = late.next_if(|cell| cell.0.time() == next) {
                add(cell);
            }
            while let Some(cell) = caused.next_if(|cell| cell.0.time() == next) {
                add(cell);
            }
            exits.push(exit);
        }
        RiskTable::new(exits, entries)
    }
}

pub(super) fn too_many_causes() -> Error {
    Error::TooLarge {
        what: "the number of causes",
        hint: "Take fewer than four billion: a cause is one of a few reasons.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Global, testing};
    use proptest::prelude::*;
    use xxhash_rust::xxh3::xxh3_64;

    type Given = (f64, bool, Option<f64>, i64, Option<u8>);

    fn rows() -> impl Strategy<Value = std::vec::Vec<Given>> {
        let duration = prop_oneof![(0u32..40).prop_map(f64::from), 0.0..1e3, Just(0.0)];
        let entry = proptest::option::weighted(0.5, 0.0..1.0f64);
        let weight = prop_oneof![3 => Just(1i64), 1 => 1i64..5];
        let cause = proptest::option::weighted(0.3, 0u8..4);
        let row = (duration, any::<bool>(), entry, weight, cause);
        proptest::collection::vec(row, 0..80).prop_map(|rows| {
            let entry = |duration: f64, share: Option<f64>| {
                share.map(|share| duration * share).filter(|entry| *entry < duration)
            };
            rows.into_iter()
                .map(|(time, churned, at, n, cause)| (time, churned, entry(time, at), n, cause))
                .collect()
        })
    }

    fn data(rows: &[Given]) -> Observations<Global> {
        let mut data = Observations::new(Global);
        for &(duration, churned, entry, weight, cause) in rows {
            let name = cause.map(|cause| [b'c', cause]);
            let cause = name.as_ref().map(|name| &name[..]);
            data.push_row(&Observation { duration, churned, entry, weight, cause }).unwrap();
        }
        data
    }

    fn members(rows: &[Given]) -> u64 {
        rows.iter().map(|row| row.3 as u64).sum()
    }

    fn bytes(mut data: Observations<Global>) -> Vec<u8, Global> {
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
            merged.merge(&Observations::read(&sent, Global).unwrap()).unwrap();
            prop_assert_eq!(merged.members(), members(&rows));
            prop_assert_eq!(&bytes(merged), &expected);
            let again = Observations::from_bytes(&expected, Global).unwrap();
            prop_assert_eq!(again.members(), members(&rows));
            prop_assert_eq!(&bytes(again), &expected);
        }

        #[test]
        fn a_weight_is_as_many_rows(rows in rows()) {
            let repeated: std::vec::Vec<Given> = rows
                .iter()
                .flat_map(|row| (0..row.3).map(move |_| (row.0, row.1, row.2, 1, row.4)))
                .collect();
            prop_assert_eq!(bytes(data(&rows)), bytes(data(&repeated)));
            let (a, b) = (data(&rows).risk_table(), data(&repeated).risk_table());
            prop_assert_eq!(a.exits(), b.exits());
            // Whatever the cause: those without are the same exits.
            let plain: std::vec::Vec<Given> =
                rows.iter().map(|row| (row.0, row.1, row.2, row.3, None)).collect();
            let (a, b) = (data(&rows).risk_table(), data(&plain).risk_table());
            prop_assert_eq!(a.exits(), b.exits());
            let at_risk = |risk_table: &RiskTable<Global>| risk_table.risks().map(|r| r.at_risk).collect::<std::vec::Vec<_>>();
            prop_assert_eq!(at_risk(&a), at_risk(&b));
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
            if let Ok(read) = Observations::from_bytes(&forged, Global) {
                prop_assert_eq!(&bytes(read), &forged);
            }
            let _ = Observations::from_bytes(&noise, Global);
            let _ = Observations::read(&noise, Global);
        }
    }

    #[test]
    fn only_times_are_taken() {
        let mut data = Observations::new(Global);
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
    fn weights_count_members() {
        let mut data = Observations::new(Global);
        for bad in [0, -1, i64::MIN] {
            let row = Observation { weight: bad, ..Observation::new(1.0, true) };
            assert!(matches!(data.push_row(&row), Err(Error::OutOfRange { .. })));
        }
        assert!(data.is_empty());
        data.push_row(&Observation { weight: i64::MAX, ..Observation::new(1.0, true) }).unwrap();
        assert!(matches!(data.push(1.0, true, None), Err(Error::TooLarge { .. })));
        let flat = bytes(data);
        let mut twice = Observations::from_bytes(&flat, Global).unwrap();
        assert!(matches!(twice.merge_bytes(&flat), Err(Error::TooLarge { .. })));
        let risk_table = twice.risk_table();
        assert_eq!(
            (risk_table.members(), risk_table.exits()[0].events),
            (i64::MAX as u64, i64::MAX as u64)
        );
    }

    /// Values stored by version 0.1.0: their bytes, and what they are read as.
    #[test]
    fn reads_what_0_1_0_has_stored() {
        let rows = [
            (6.0, true, None, 1, None),
            (6.0, false, None, 1, None),
            (9.5, true, Some(4.0), 1, None),
            (9.5, true, Some(4.0), 1, None),
        ];
        let stored = testing::bytes_of("01023386200101010130c6800290800102be768f91a7fa31fe");
        assert_eq!(bytes(data(&rows))[..], stored[..]);
        assert_eq!(bytes(Observations::from_bytes(&stored, Global).unwrap())[..], stored[..]);
    }

    #[test]
    fn whole_days_take_few_bytes() {
        let rows: std::vec::Vec<Given> =
            (0..1000).map(|day| (f64::from(day), day % 3 == 0, None, 1, None)).collect();
        assert!(bytes(data(&rows)).len() < 3500);
    }

    #[test]
    fn can_be_stopped() {
        let rows: std::vec::Vec<Given> =
            (0..20_000).map(|i| (f64::from(i) + 1.0, true, Some(0.5), 1, None)).collect();
        let filled = || data(&rows);
        let flat = bytes(filled());
        assert!(testing::stops(|| filled().risk_table()));
        let mut settled = filled();
        settled.late.settle();
        assert!(testing::stops(|| bytes(settled)));
        assert!(testing::stops(|| Observations::from_bytes(&flat, Global)));
    }
}
