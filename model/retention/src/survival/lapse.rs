//! The first lapse of the members of a history, and their return after it.

use super::risk_table::{Exit, RiskTable};
use crate::axis::Axis;
use crate::calendar::{Period, Zone};
use crate::churn::{Lapse, Outs, stays};
use crate::error::Error;
use crate::history::{Columns, MemberRef, View};
use crate::host::{Host, Pace, Vec};
use std::ops::Range;

/// Which lapses are looked for: those of the churn ledger.
#[derive(Debug, Clone, Copy)]
pub struct LapseQuestion {
    /// The unit of tenure.
    pub period: Period,
    /// The silence after which a member is out.
    pub lapse: Lapse,
    /// The last day looked at; by default that of the last event.
    pub as_of: Option<i64>,
}

impl LapseQuestion {
    /// Is it one that can be answered of some history?
    pub fn check(&self) -> Result<(), Error> {
        self.lapse.check()
    }
}

/// How long a member stayed until it left for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tenure {
    /// Periods; none where nothing is known yet, since its first one has not ended.
    pub tenure: Option<usize>,
    /// Did it leave then? Otherwise it was still there when last seen.
    pub churned: bool,
    /// The day of its first event.
    pub first_day: i64,
    /// The day of its last event before it left.
    pub last_day: i64,
}

/// What became of a member after it left for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Return {
    /// Periods until it came back, or until it was last seen not to have.
    pub tenure: usize,
    /// Did it come back, in a period that has ended?
    pub returned: bool,
    /// The day of its last event before it left.
    pub last_day: i64,
    /// The day at whose end it is out.
    pub lapsed_on: i64,
    /// The day of its next event; none up to now.
    pub returned_on: Option<i64>,
}

/// A member's first stay: from the first period at whose end it is in to the first one at whose end
/// it is out, and the one from which on it is in again. Its first tick, its last one, and the first
/// one after it.
#[derive(Debug, Clone, Copy)]
struct Stay {
    first: usize,
    end: usize,
    back: Option<usize>,
    first_tick: i64,
    last_tick: i64,
    next_tick: Option<i64>,
}

/// The first stays of all members that have been there by `as_of`.
struct Stays<'z, Z, H: Host> {
    axis: Axis<'z, Z, H>,
    outs: Outs<H>,
    /// Periods that have ended. The running one is the last, if any is.
    ended: usize,
}

impl<'z, Z: Zone, H: Host> Stays<'z, Z, H> {
    fn new(
        view: &View<'_, H>,
        zone: &'z Z,
        question: &LapseQuestion,
        host: &H,
    ) -> Result<Self, Error> {
        let axis = Axis::new(view.meta, zone, question.period, question.as_of, host)?;
        let outs = Outs::new(question.lapse, &axis, host)?;
        let ended = match axis.len.checked_sub(1) {
            Some(last) if !axis.is_complete(last as i64) => last,
            _ => axis.len,
        };
        Ok(Stays { axis, outs, ended })
    }

    /// Tells them one by one.
    fn each<'v>(
        &mut self,
        view: &View<'v, H>,
        mut found: impl FnMut(&mut Self, MemberRef<'v>, Stay) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let host = view.host().clone();
        let mut pace = Pace::new(&host);
        let mut walk = view.walk_over(Columns::TICKS)?;
        let mut periods = Vec::new_in(host.clone());
        while let Some((member, timeline)) = walk.next_member()? {
            let ticks = timeline.ticks();
            pace.step(1 + ticks.len());
            self.axis.periods(ticks, &mut periods)?;
            let (first, back) = {
                let mut stays = stays(&periods, ticks, &self.outs, &mut self.axis);
                (stays.next(), stays.next().map(|stay| stay.start))
            };
            let Some(Range { start: first, end }) = first else { continue };
            // The first tick of a period or of those after it.
            let tick = |from: usize| {
                let place = periods.partition_point(|period| (*period as usize) < from);
                (place, ticks.get(place).filter(|_| place < periods.len()).copied())
            };
            let (_, first_tick) = tick(first);
            let (after, _) = tick(end.saturating_add(1));
            let last_tick = after.checked_sub(1).and_then(|last| ticks.get(last)).copied();
            let next_tick = back.and_then(|back| tick(back).1);
            if let (Some(first_tick), Some(last_tick)) = (first_tick, last_tick) {
                found(self, member, Stay { first, end, back, first_tick, last_tick, next_tick })?;
            }
        }
        Ok(())
    }

    /// The period of the lapse; none if it is not known to have lapsed.
    fn lapse(&self, stay: &Stay) -> Option<usize> {
        Some(stay.end).filter(|lapse| *lapse < self.ended)
    }

    /// Periods from the first one to that of the lapse, or of the last look. Whether a member lapses
    /// in the running period is not known yet, so who has not before is last seen in the last period
    /// that has ended, or in its first one.
    fn tenure(&self, stay: &Stay) -> (usize, bool) {
        let lapse = self.lapse(stay);
        let end = lapse.unwrap_or_else(|| self.ended.saturating_sub(1).max(stay.first));
        (end - stay.first, lapse.is_some())
    }

    /// Periods from that of the lapse to that of the return, or of the last look.
    fn absence(&self, stay: &Stay) -> Option<(usize, bool)> {
        let lapse = self.lapse(stay)?;
        let back = stay.back.filter(|back| *back < self.ended);
        Some((back.unwrap_or(self.ended - 1) - lapse, back.is_some()))
    }

    /// The risk table of times that are told in whole periods.
    fn risk_table(
        mut self,
        view: &View<'_, H>,
        time: impl Fn(&Self, &Stay) -> Option<(usize, bool)>,
        host: H,
    ) -> Result<RiskTable<H>, Error> {
        let mut exits: Vec<Exit, H> = Vec::with_capacity_in(self.axis.len, host.clone());
        let times = 0..self.axis.len;
        exits.extend(times.map(|time| Exit { time: time as f64, events: 0, censored: 0 }));
        self.each(view, |stays, _, stay| {
            if let Some((time, is_event)) = time(stays, &stay) {
                exits[time].add(is_event, 1);
            }
            Ok(())
        })?;
        exits.retain(|exit| exit.events + exit.censored > 0);
        Ok(RiskTable::new(exits, Vec::new_in(host)))
    }
}

/// The time from the first period at whose end a member is in, that of its first event unless it is
/// silent again by then, to that of the first lapse, in periods.
///
/// A member lapses in the period in which the churn ledger first counts it as churned.
pub fn first_lapses<H: Host, Z: Zone>(
    view: &View<'_, H>,
    zone: &Z,
    question: &LapseQuestion,
    host: H,
) -> Result<RiskTable<H>, Error> {
    let stays = Stays::new(view, zone, question, &host)?;
    stays.risk_table(view, |stays, stay| Some(stays.tenure(stay)), host)
}

/// The same, member by member: what [`first_lapses`] counts.
pub fn tenures<'v, H: Host, Z: Zone>(
    view: &View<'v, H>,
    zone: &Z,
    question: &LapseQuestion,
    host: H,
    mut found: impl FnMut(MemberRef<'v>, Tenure) -> Result<(), Error>,
) -> Result<(), Error> {
    Stays::new(view, zone, question, &host)?.each(view, |stays, member, stay| {
        let (tenure, churned) = stays.tenure(&stay);
        let first_day = stays.axis.day_of_tick(stay.first_tick);
        let last_day = stays.axis.day_of_tick(stay.last_tick);
        found(member, Tenure { tenure: Some(tenure), churned, first_day, last_day })
    })
}

/// The time from the period of the first lapse to the next one at whose end a member is in, in periods:
/// 1 or more.
/// Who is not back in a period that has ended is last seen in the last one that has.
pub fn returns<H: Host, Z: Zone>(
    view: &View<'_, H>,
    zone: &Z,
    question: &LapseQuestion,
    host: H,
) -> Result<RiskTable<H>, Error> {
    let stays = Stays::new(view, zone, question, &host)?;
    stays.risk_table(view, |stays, stay| stays.absence(stay), host)
}

/// The same, member by member: what [`returns`] counts.
pub fn returns_of_members<'v, H: Host, Z: Zone>(
    view: &View<'v, H>,
    zone: &Z,
    question: &LapseQuestion,
    host: H,
    mut found: impl FnMut(MemberRef<'v>, Return) -> Result<(), Error>,
) -> Result<(), Error> {
    Stays::new(view, zone, question, &host)?.each(view, |stays, member, stay| {
        let Some((tenure, returned)) = stays.absence(&stay) else { return Ok(()) };
        let lapsed_on = stays.axis.first_day(stay.end as i64 + 1) - 1;
        let last_day = stays.axis.day_of_tick(stay.last_tick);
        let returned_on = stay.next_tick.map(|tick| stays.axis.day_of_tick(tick));
        found(member, Return { tenure, returned, last_day, lapsed_on, returned_on })
    })
}
