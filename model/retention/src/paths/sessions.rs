//! Sessions: the events of a member between silences.

use crate::calendar::{Clock, DAY, Grain, LAST_DAY, Zone};
use crate::error::Error;
use crate::history::MemberRef;
use crate::host::{Host, Pace};
use crate::journeys::{Path, View};
use std::ops::Range;

/// The last instant of `as_of`; by default, of the day of the last event.
pub(super) fn last_instant<H: Host>(
    view: &View<'_, H>,
    zone: &impl Zone,
    as_of: Option<i64>,
) -> i64 {
    let mut clock = Clock::new(Grain::Second, view.host().clone());
    let last = view.meta.extent.map_or(0, |extent| extent.last);
    match as_of.unwrap_or_else(|| clock.day(zone, last)) {
        day if day < -LAST_DAY => -LAST_DAY * DAY,
        day => zone.day_start(day.min(LAST_DAY) + 1).saturating_sub(1),
    }
}

/// The events up to an instant, in sessions: a new one begins after a silence that is longer than the gap.
pub(super) fn sessions_of<H: Host>(
    path: &Path<H>,
    gap: i64,
    last: i64,
) -> impl Iterator<Item = Range<usize>> {
    let times = &path.times()[..path.times().partition_point(|at| *at <= last)];
    let mut begin = 0;
    std::iter::from_fn(move || {
        let first = begin;
        let mut before = times.get(first)?;
        let mut end = first + 1;
        while let Some(at) = times.get(end).filter(|at| at.saturating_sub(*before) <= gap) {
            (before, end) = (at, end + 1);
        }
        begin = end;
        Some(first..end)
    })
}

/// A session of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// Its number among those of the member, from 1.
    pub number: u64,
    /// The first event.
    pub started_at: i64,
    /// The last one.
    pub ended_at: i64,
    /// Rows.
    pub events: u64,
    /// The places of the names of the first and the last event.
    pub ends: (u32, u32),
}

/// Hands over the sessions of all members, which silences longer than the gap part.
pub fn sessions<H: Host>(
    view: &View<'_, H>,
    zone: &impl Zone,
    gap: i64,
    as_of: Option<i64>,
    mut each: impl FnMut(MemberRef<'_>, Session),
) -> Result<(), Error> {
    let last = last_instant(view, zone, as_of);
    let mut pace = Pace::new(view.host());
    let mut walk = view.walk()?;
    while let Some((member, path)) = walk.next_member()? {
        for (number, events) in (1..).zip(sessions_of(path, gap, last)) {
            pace.step(1 + events.len());
            let (first, end) = (events.start, events.end - 1);
            let rows = events.fold(0u64, |sum, i| sum.saturating_add(path.count(i)));
            let (started_at, ended_at) = (path.times()[first], path.times()[end]);
            let ends = (path.codes()[first], path.codes()[end]);
            each(member, Session { number, started_at, ended_at, events: rows, ends });
        }
    }
    Ok(())
}
