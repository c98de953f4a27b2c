//! The first lapse of the members of a history, and their return after it.

use super::course::{Course, Exit};
use crate::axis::Axis;
use crate::calendar::{Period, Zone};
use crate::churn::check_gap;
use crate::error::Error;
use crate::history::{Columns, MemberRef, View};
use crate::host::{Host, Pace, Vec};

/// Which lapses are looked for: those of the churn ledger.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// The unit of tenure.
    pub period: Period,
    /// Periods of silence after which a member is out.
    pub gap: i32,
    /// The last day looked at; by default that of the last event.
    pub as_of: Option<i64>,
}

impl Question {
    /// Is it one that can be answered of some history?
    pub fn check(&self) -> Result<(), Error> {
        check_gap(self.gap).map(|_| ())
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

/// A member's first stay: its periods and ticks, and the next ones after it.
#[derive(Debug, Clone, Copy)]
struct Stay {
    first: (usize, i64),
    last: (usize, i64),
    back: Option<(usize, i64)>,
}

/// The first stays of all members that have been there by `as_of`.
struct Stays<'z, Z, H: Host> {
    axis: Axis<'z, Z, H>,
    gap: usize,
    /// Periods that have ended. The running one is the last, if any is.
    ended: usize,
}

impl<'z, Z: Zone, H: Host> Stays<'z, Z, H> {
    fn new(view: &View<'_, H>, zone: &'z Z, question: &Question, host: &H) -> Result<Self, Error> {
        let gap = check_gap(question.gap)?;
        let axis = Axis::new(view.meta, zone, question.period, question.as_of, host)?;
        let ended = match axis.len.checked_sub(1) {
            Some(last) if !axis.is_complete(last as i64) => last,
            _ => axis.len,
        };
        Ok(Stays { axis, gap, ended })
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
        while let Some((member, timeline)) = walk.next_member()? {
            let mut stay: Option<Stay> = None;
            let mut ticks = 1;
            for &tick in timeline.ticks() {
                ticks += 1;
                let Some(period) = self.axis.period(tick)? else { break };
                match &mut stay {
                    None => {
                        let at = (period, tick);
                        stay = Some(Stay { first: at, last: at, back: None });
                    }
                    Some(stay) if period - stay.last.0 <= self.gap => stay.last = (period, tick),
                    Some(stay) => {
                        stay.back = Some((period, tick));
                        break;
                    }
                }
            }
            pace.step(ticks);
            if let Some(stay) = stay {
                found(self, member, stay)?;
            }
        }
        Ok(())
    }

    /// The period of the lapse; none if it is not known to have lapsed.
    fn lapse(&self, stay: &Stay) -> Option<usize> {
        Some(stay.last.0.saturating_add(self.gap)).filter(|lapse| *lapse < self.ended)
    }

    /// Periods from the first one to that of the lapse, or of the last look. Whether a member lapses
    /// in the running period is not known yet, so who has not before is last seen in the last period
    /// that has ended, or in its first one.
    fn tenure(&self, stay: &Stay) -> (usize, bool) {
        let lapse = self.lapse(stay);
        let end = lapse.unwrap_or_else(|| self.ended.saturating_sub(1).max(stay.first.0));
        (end - stay.first.0, lapse.is_some())
    }

    /// Periods from that of the lapse to that of the return, or of the last look.
    fn absence(&self, stay: &Stay) -> Option<(usize, bool)> {
        let lapse = self.lapse(stay)?;
        let back = stay.back.map(|back| back.0).filter(|back| *back < self.ended);
        Some((back.unwrap_or(self.ended - 1) - lapse, back.is_some()))
    }

    /// The course of times that are told in whole periods.
    fn course(
        mut self,
        view: &View<'_, H>,
        time: impl Fn(&Self, &Stay) -> Option<(usize, bool)>,
        host: H,
    ) -> Result<Course<H>, Error> {
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
        Ok(Course::new(exits, Vec::new_in(host)))
    }
}

/// The time from the period of the first event to that of the first lapse, in periods.
///
/// A member lapses in the period in which the churn ledger first counts it as churned: `gap` periods
/// after the last active one before a silence of that length.
pub fn first_lapses<H: Host, Z: Zone>(
    view: &View<'_, H>,
    zone: &Z,
    question: &Question,
    host: H,
) -> Result<Course<H>, Error> {
    let stays = Stays::new(view, zone, question, &host)?;
    stays.course(view, |stays, stay| Some(stays.tenure(stay)), host)
}

/// The same, member by member: what [`first_lapses`] counts.
pub fn tenures<'v, H: Host, Z: Zone>(
    view: &View<'v, H>,
    zone: &Z,
    question: &Question,
    host: H,
    mut found: impl FnMut(MemberRef<'v>, Tenure) -> Result<(), Error>,
) -> Result<(), Error> {
    Stays::new(view, zone, question, &host)?.each(view, |stays, member, stay| {
        let (tenure, churned) = stays.tenure(&stay);
        let first_day = stays.axis.day_of_tick(stay.first.1);
        let last_day = stays.axis.day_of_tick(stay.last.1);
        found(member, Tenure { tenure: Some(tenure), churned, first_day, last_day })
    })
}

/// The time from the period of the first lapse to that of the next event, in periods: 1 or more.
/// Who is not back in a period that has ended is last seen in the last one that has.
pub fn returns<H: Host, Z: Zone>(
    view: &View<'_, H>,
    zone: &Z,
    question: &Question,
    host: H,
) -> Result<Course<H>, Error> {
    let stays = Stays::new(view, zone, question, &host)?;
    stays.course(view, |stays, stay| stays.absence(stay), host)
}

/// The same, member by member: what [`returns`] counts.
pub fn returns_of_members<'v, H: Host, Z: Zone>(
    view: &View<'v, H>,
    zone: &Z,
    question: &Question,
    host: H,
    mut found: impl FnMut(MemberRef<'v>, Return) -> Result<(), Error>,
) -> Result<(), Error> {
    Stays::new(view, zone, question, &host)?.each(view, |stays, member, stay| {
        let Some((tenure, returned)) = stays.absence(&stay) else { return Ok(()) };
        let lapse = stay.last.0 + stays.gap;
        let lapsed_on = stays.axis.first_day(lapse as i64 + 1) - 1;
        let last_day = stays.axis.day_of_tick(stay.last.1);
        let returned_on = stay.back.map(|back| stays.axis.day_of_tick(back.1));
        found(member, Return { tenure, returned, last_day, lapsed_on, returned_on })
    })
}
