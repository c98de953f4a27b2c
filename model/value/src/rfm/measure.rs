//! The three numbers of every member as of a day.

use crate::amount;
use crate::axis::Cut;
use crate::calendar::{Clock, Grain, Zone};
use crate::error::Error;
use crate::history::{Columns, Summary, View};
use crate::host::{Host, Pace, Vec};

/// One of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Days since the last event: less is better.
    Recency = 0,
    /// Events: more is better.
    Frequency = 1,
    /// Their amounts: more is better.
    Monetary = 2,
}

impl Measure {
    /// All three.
    pub const ALL: [Measure; 3] = [Measure::Recency, Measure::Frequency, Measure::Monetary];

    /// Its name.
    pub fn name(self) -> &'static str {
        ["recency", "frequency", "monetary"][self as usize]
    }
}

/// What a member's monetary value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Monetary {
    /// The sum of its amounts.
    Total,
    /// That, divided by its frequency.
    Mean,
}

impl Monetary {
    /// The one of a name, in any case.
    pub fn parse(name: &str) -> Result<Self, Error> {
        match name {
            _ if name.eq_ignore_ascii_case("total") => Ok(Monetary::Total),
            _ if name.eq_ignore_ascii_case("mean") => Ok(Monetary::Mean),
            _ => Err(Error::unknown("monetary", name, "total, mean")),
        }
    }
}

/// The numbers of one member. Amounts are in millionths.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Values {
    pub(crate) recency: u32,
    pub(crate) frequency: u64,
    pub(crate) monetary: Option<i128>,
}

/// The numbers of all members of a history, in its order.
#[derive(Debug)]
pub(crate) struct Measures<H: Host> {
    recency: Vec<u32, H>,
    /// 0 for members without an event by `as_of`.
    frequency: Vec<u64, H>,
    /// The sums of amounts; none for a history without amounts.
    revenue: Option<Sums<H>>,
    monetary: Monetary,
    /// Members with an event by `as_of`.
    pub(crate) present: usize,
}

impl<H: Host> Measures<H> {
    /// Measures every member, as of a day.
    pub(crate) fn of(
        view: &View<'_, H>,
        zone: &impl Zone,
        as_of: Option<i64>,
        distinct_days: bool,
        monetary: Monetary,
        host: &H,
    ) -> Result<Self, Error> {
        let grain = view.meta.grain;
        check_days(grain, distinct_days)?;
        let mut clock = Clock::new(grain, host.clone());
        let cut = Cut::new(view.meta, zone, as_of, &mut clock)?;
        // The last event may lie anywhere in its tick, but not after the last of all.
        let last = cut.as_of.min(cut.last_day);
        let room = view.members().and_then(|members| usize::try_from(members).ok()).unwrap_or(0);
        let has_amounts = view.has_amounts();
        let mut measures = Measures {
            recency: Vec::with_capacity_in(room, host.clone()),
            frequency: Vec::with_capacity_in(room, host.clone()),
            revenue: has_amounts.then(|| Sums::new(room, host)),
            monetary,
            present: 0,
        };
        let mut pace = Pace::new(host);
        let mut put = |done: Summary, frequency: u64| {
            let recency = if done.ticks == 0 {
                0
            } else {
                cut.as_of - clock.last_day(zone, done.last).min(last).max(cut.first_day)
            };
            measures.recency.push(u32::try_from(recency).unwrap_or(u32::MAX));
            measures.frequency.push(frequency);
            if let Some(revenue) = &mut measures.revenue {
                revenue.push(done.amount);
            }
            measures.present += usize::from(done.ticks > 0);
        };
        // A history that ends by then need not be taken apart.
        let is_whole = view.meta.extent.is_some_and(|extent| extent.high <= cut.last_tick);
        let days_are_ticks = grain == Grain::Day;
        let columns = Columns { counts: !distinct_days, amounts: has_amounts };
        let mut walk = view.walk_over(columns)?;
        if is_whole && (!distinct_days || days_are_ticks) {
            // Without counts there is an event for each tick.
            walk.each_summary(|_, done| {
                pace.step(1 + done.ticks as usize / 2);
                put(done, done.events);
                Ok(())
            })?;
            return Ok(measures);
        }
        let mut days = Clock::new(grain, host.clone());
        while let Some((_, timeline)) = walk.next_member()? {
            let ticks = timeline.ticks();
            pace.step(1 + ticks.len());
            let seen = ticks.partition_point(|tick| *tick <= cut.last_tick);
            let done = timeline.summary_until(cut.last_tick);
            let frequency = if distinct_days && !days_are_ticks {
                let mut before = None;
                let is_new = |tick: &&i64| {
                    let day = days.first_day(zone, **tick);
                    before.replace(day) != Some(day)
                };
                ticks[..seen].iter().filter(is_new).count() as u64
            } else {
                done.events
            };
            put(done, frequency);
        }
        Ok(measures)
    }

    /// All members of the history.
    pub(crate) fn len(&self) -> usize {
        self.frequency.len()
    }

    pub(crate) fn has_amounts(&self) -> bool {
        self.revenue.is_some()
    }

    /// The numbers of a member; none if it had no event yet.
    #[inline]
    pub(crate) fn get(&self, i: usize) -> Option<Values> {
        let frequency = self.frequency[i];
        (frequency > 0).then(|| Values {
            recency: self.recency[i],
            frequency,
            monetary: self.revenue.as_ref().map(|revenue| match (revenue.get(i), self.monetary) {
                (revenue, Monetary::Total) => revenue,
                (revenue, Monetary::Mean) => {
                    amount::divide(revenue, i128::from(frequency)).unwrap_or_default()
                }
            }),
        })
    }

    /// The recency of every member with an event.
    pub(crate) fn recencies(&self) -> impl Iterator<Item = u64> {
        let has_events = |(_, frequency): &(&u32, &u64)| **frequency > 0;
        self.recency.iter().zip(&self.frequency).filter(has_events).map(|(days, _)| (*days).into())
    }

    /// The frequency of every member with an event.
    pub(crate) fn frequencies(&self) -> impl Iterator<Item = u64> {
        self.frequency.iter().copied().filter(|frequency| *frequency > 0)
    }

    /// The monetary value of every member with an event; nothing without amounts.
    pub(crate) fn amounts(&self) -> impl Iterator<Item = i128> {
        (0..self.len()).filter_map(|i| self.get(i)?.monetary)
    }

    /// The sum of a member's amounts.
    #[inline]
    pub(crate) fn revenue(&self, i: usize) -> i128 {
        self.revenue.as_ref().map_or(0, |revenue| revenue.get(i))
    }
}

/// Sums of amounts: in 64 bits each, until one of them needs more.
#[derive(Debug)]
struct Sums<H: Host> {
    low: Vec<i64, H>,
    /// The high bits of each sum; empty as long as all fit without.
    high: Vec<i64, H>,
}

impl<H: Host> Sums<H> {
    fn new(room: usize, host: &H) -> Self {
        Sums { low: Vec::with_capacity_in(room, host.clone()), high: Vec::new_in(host.clone()) }
    }

    #[inline]
    fn push(&mut self, sum: i128) {
        let fits = i64::try_from(sum).is_ok();
        if !(fits && self.high.is_empty()) {
            self.push_high((sum >> 64) as i64);
        }
        self.low.push(sum as i64);
    }

    #[cold]
    fn push_high(&mut self, high: i64) {
        let before = self.low[self.high.len()..].iter().map(|low| low >> 63);
        self.high.extend(before);
        self.high.push(high);
    }

    #[inline]
    fn get(&self, i: usize) -> i128 {
        let low = self.low[i];
        match self.high.get(i) {
            None => i128::from(low),
            Some(high) => i128::from(*high) << 64 | i128::from(low as u64),
        }
    }
}

/// Can purchase days be counted?
pub(crate) fn check_days(grain: Grain, distinct_days: bool) -> Result<(), Error> {
    if distinct_days && grain > Grain::Day {
        return Err(Error::bad(
            format!("a history of grain \"{}\" does not know its days", grain.name()),
            "Leave out distinct_days, or build the history with the grain 'day' or a finer one \
             (fourth argument of history_agg).",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Global;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sums_are_kept(
            sums in prop::collection::vec((any::<i128>(), 0..128u32), 0..40),
            small in any::<bool>(),
        ) {
            let least = if small { 70 } else { 0 };
            let sums: std::vec::Vec<i128> =
                sums.into_iter().map(|(sum, shift)| sum >> shift.max(least)).collect();
            let mut kept = Sums::new(0, &Global);
            sums.iter().for_each(|sum| kept.push(*sum));
            for (i, sum) in sums.iter().enumerate() {
                prop_assert_eq!(kept.get(i), *sum);
            }
        }
    }
}
