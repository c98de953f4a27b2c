//! Engagement: how many members are active a day, in the last 7 and in the last 30, and on how many
//! days.

use crate::axis::Axis;
use crate::calendar::{Grain, Period, Stretch, Zone};
use crate::error::Error;
use crate::history::{Columns, Meta, View};
use crate::host::{Host, Pace, Vec};

/// Days that are looked back on, each with its own last: a day, a week, a month.
const WINDOWS: [usize; 3] = [1, 7, 30];

/// Days of [`frequency`] at most: a century.
const MAX_DAYS: i64 = 36_525;

/// A day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Day {
    /// Which.
    pub day: i64,
    /// Members active on it.
    pub daily: u64,
    /// Members active on it or the 6 days before.
    pub weekly: u64,
    /// Members active on it or the 29 days before.
    pub monthly: u64,
    /// Daily / monthly; none where nobody was active.
    pub stickiness: Option<f64>,
    /// Do the 30 days reach back before the first event?
    pub truncated: bool,
}

/// Every day from the first event to `as_of`.
#[derive(Debug)]
pub struct Engagement<'z, Z, H: Host> {
    axis: Axis<'z, Z, H>,
    windows: [Trailing<H>; 3],
}

/// Counts, for every day, the members that were active on it or in so many days before.
#[derive(Debug)]
struct Trailing<H: Host> {
    days: usize,
    /// By how much the count of a day differs from the one of the day before.
    steps: Vec<i64, H>,
}

impl<H: Host> Trailing<H> {
    /// The days from `from` until `until` count a member more.
    #[inline]
    fn add(&mut self, from: usize, until: usize) {
        self.steps[from] += 1;
        if let Some(step) = self.steps.get_mut(until) {
            *step -= 1;
        }
    }

    /// Counts a member by its days, ascending.
    #[inline]
    fn count(&mut self, days: &[usize]) {
        let Some((&first, later)) = days.split_first() else {
            return;
        };
        let (mut from, mut until) = (first, first + self.days);
        for &day in later {
            if day > until {
                self.add(from, until);
                from = day;
            }
            until = day + self.days;
        }
        self.add(from, until);
    }
}

fn day_axis<'z, H: Host, Z: Zone>(
    meta: &Meta<H>,
    zone: &'z Z,
    as_of: Option<i64>,
    host: &H,
) -> Result<Axis<'z, Z, H>, Error> {
    if meta.grain > Grain::Day {
        return Err(Error::bad(
            format!("a history of grain \"{}\" does not know single days", meta.grain.name()),
            "Build the history with grain 'day' or a finer one (fourth argument of history_agg).",
        ));
    }
    Axis::new(meta, zone, Period::DAY, as_of, host)
}

/// Tells `f` each member's days up to `as_of`, ascending, each once.
fn days_of_members<H: Host, Z: Zone>(
    view: &View<'_, H>,
    axis: &mut Axis<'_, Z, H>,
    host: &H,
    mut f: impl FnMut(&[usize]),
) -> Result<(), Error> {
    let mut pace = Pace::new(host);
    let mut days = Vec::new_in(host.clone());
    let mut walk = view.walk_over(Columns::TICKS)?;
    while let Some((_, timeline)) = walk.next_member()? {
        pace.step(1 + timeline.ticks().len());
        days.clear();
        for &tick in timeline.ticks() {
            let Some(day) = axis.period(tick)? else {
                break;
            };
            if days.last() != Some(&day) {
                days.push(day);
            }
        }
        f(&days);
    }
    Ok(())
}

/// Counts the members that are active on and up to every day.
pub fn engagement<'z, H: Host, Z: Zone>(
    view: &View<'_, H>,
    zone: &'z Z,
    as_of: Option<i64>,
    host: H,
) -> Result<Engagement<'z, Z, H>, Error> {
    let mut axis = day_axis(view.meta, zone, as_of, &host)?;
    let mut windows = WINDOWS.map(|days| {
        let mut steps = Vec::new_in(host.clone());
        steps.resize(axis.len, 0);
        Trailing { days, steps }
    });
    days_of_members(view, &mut axis, &host, |days| {
        for window in &mut windows {
            window.count(days);
        }
    })?;
    Ok(Engagement { axis, windows })
}

impl<Z: Zone, H: Host> Engagement<'_, Z, H> {
    /// Its rows, by day.
    pub fn rows(&self) -> impl Iterator<Item = Day> {
        (0..self.axis.len).scan([0i64; 3], move |active, day| {
            for (count, window) in active.iter_mut().zip(&self.windows) {
                *count += window.steps[day];
            }
            let [daily, weekly, monthly] = active.map(|count| count as u64);
            Some(Day {
                day: self.axis.first_day(day as i64),
                daily,
                weekly,
                monthly,
                stickiness: (monthly > 0).then(|| daily as f64 / monthly as f64),
                truncated: day + 1 < WINDOWS[2],
            })
        })
    }
}

/// Members that were active on so many days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frequency {
    /// On exactly so many.
    pub active_days: usize,
    /// How many members were.
    pub members: u64,
    /// Their share of those that were active at all; none where nobody was.
    pub share: Option<f64>,
    /// The share of those that were active on as many days or more.
    pub share_at_least: Option<f64>,
}

/// Members by the number of days on which they were active, of those within a stretch that ends with
/// `as_of`: a row for every number from 1; none if the history begins later.
pub fn frequency<H: Host, Z: Zone>(
    view: &View<'_, H>,
    zone: &Z,
    within: Stretch,
    as_of: Option<i64>,
    host: H,
) -> Result<impl Iterator<Item = Frequency>, Error> {
    check_within(within)?;
    let mut axis = day_axis(view.meta, zone, as_of, &host)?;
    let end = axis.as_of.saturating_add(1);
    let looked_at = usize::try_from(end - within.before(end)).unwrap_or(0);
    let mut members: Vec<u64, H> = Vec::new_in(host.clone());
    if axis.len > 0 {
        members.resize(looked_at + 1, 0);
    }
    let first = axis.len.saturating_sub(looked_at);
    days_of_members(view, &mut axis, &host, |days| {
        let active = days.len() - days.partition_point(|day| *day < first);
        if let Some(count) = members.get_mut(active) {
            *count += 1;
        }
    })?;
    let active: u64 = members.iter().skip(1).sum();
    let share = move |count: u64| (active > 0).then(|| count as f64 / active as f64);
    let mut as_many = active;
    Ok(members.into_iter().enumerate().skip(1).map(move |(active_days, members)| {
        let at_least = as_many;
        as_many -= members;
        let (share, share_at_least) = (share(members), share(at_least));
        Frequency { active_days, members, share, share_at_least }
    }))
}

/// Checks how far is looked back.
pub fn check_within(within: Stretch) -> Result<(), Error> {
    let days = within.months.saturating_mul(31).saturating_add(within.days);
    if within.seconds == 0 && (1..=MAX_DAYS).contains(&days) {
        return Ok(());
    }
    Err(Error::bad(
        format!("within \"{within}\" is not one to {MAX_DAYS} days"),
        "Take the days to look back on, such as '7 days' or '28 days'.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{DAY, Utc};
    use crate::history::{History, MemberKind, MemberRef};
    use crate::host::{Global, testing::stops};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn build(events: &[(i64, i64)]) -> History<Global> {
        let mut history = History::new(Meta::new(MemberKind::Int, Grain::Day, "", Global), Global);
        for &(member, day) in events {
            history.push(MemberRef::Int(member), day, day * DAY, None).unwrap();
        }
        history.settle().unwrap();
        history
    }

    proptest! {
        #[test]
        fn agrees_with_counting_day_by_day(
            events in prop::collection::vec((0..7i64, -20..90i64), 1..60),
            later in -40..40i64,
            days in 1..50i64,
        ) {
            let history = build(&events);
            let (first, last) = (events.iter().map(|e| e.1).min(), events.iter().map(|e| e.1).max());
            let (first, as_of) = (first.unwrap(), last.unwrap() + later);
            let active = |day: i64, back: i64| {
                events.iter().filter(|e| e.1 <= day.min(as_of) && e.1 > day - back).map(|e| e.0)
                    .collect::<BTreeSet<_>>().len() as u64
            };
            let engagement = engagement(&history.view(), &Utc, Some(as_of), Global).unwrap();
            let rows: std::vec::Vec<Day> = engagement.rows().collect();
            prop_assert_eq!(rows.len() as i64, (as_of - first + 1).max(0));
            for (row, day) in rows.iter().zip(first..) {
                let counts = (active(day, 1), active(day, 7), active(day, 30));
                prop_assert_eq!((row.day, (row.daily, row.weekly, row.monthly)), (day, counts));
                prop_assert_eq!(row.stickiness, (counts.2 > 0).then(|| counts.0 as f64 / counts.2 as f64));
                prop_assert_eq!(row.truncated, day < first + 29);
            }

            let from = as_of - days;
            let on = |member: i64| {
                events.iter().filter(|e| e.0 == member && e.1 > from && e.1 <= as_of).map(|e| e.1)
                    .collect::<BTreeSet<_>>().len()
            };
            let rows: std::vec::Vec<Frequency> =
                frequency(&history.view(), &Utc, Stretch::of_days(days), Some(as_of), Global).unwrap().collect();
            prop_assert_eq!(rows.len() as i64, if as_of < first { 0 } else { days });
            let total = active(as_of, days) as f64;
            for (row, k) in rows.iter().zip(1..) {
                prop_assert_eq!(row.active_days, k);
                prop_assert_eq!(row.members, (0..7).filter(|&m| on(m) == k).count() as u64);
                let at_least = (0..7).filter(|&m| on(m) >= k).count() as f64;
                prop_assert_eq!(row.share, (total > 0.0).then(|| row.members as f64 / total));
                prop_assert_eq!(row.share_at_least, (total > 0.0).then(|| at_least / total));
            }
        }
    }

    #[test]
    fn stops_when_it_is_cancelled() {
        let events: std::vec::Vec<_> = (0..20_000).map(|member| (member, member % 100)).collect();
        let history = build(&events);
        assert!(stops(|| engagement(&history.view(), &Utc, None, Global).map(|_| ())));
        assert!(stops(
            || frequency(&history.view(), &Utc, Stretch::of_days(7), None, Global).map(|_| ())
        ));
    }

    #[test]
    fn days_must_be_known_and_some() {
        let mut history = History::new(Meta::new(MemberKind::Int, Grain::Week, "", Global), Global);
        history.push(MemberRef::Int(1), 0, 0, None).unwrap();
        history.settle().unwrap();
        assert!(engagement(&history.view(), &Utc, None, Global).is_err());
        for days in [0, -1, i64::MAX] {
            let within = Stretch::of_days(days);
            assert!(frequency(&build(&[(1, 0)]).view(), &Utc, within, None, Global).is_err());
        }
        // 29 February is the last of the month before 1 March.
        let history = build(&[(1, 59)]);
        let month = Stretch::of_months(1);
        let rows = frequency(&history.view(), &Utc, month, None, Global).unwrap().count();
        assert_eq!(rows, 29);
    }
}
