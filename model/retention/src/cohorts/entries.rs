//! Entries: who enters which cohort when, and what each did from then on.

use super::length::{Days, Length, Months, Seconds, Span, Start, Units};
use super::modes::{Marks, Rules, Steps};
use super::{CohortQuestion, Entry};
use crate::axis::{Axis, DayStarts};
use crate::calendar::{Period, Unit, Zone};
use crate::error::{Error, Malformed};
use crate::history::{Columns, MemberRef, Meta, Timeline, View, Walk};
use crate::host::{Host, Pace, Vec};

/// Whom a question is about: histories, each with its zone.
#[derive(Debug)]
pub struct Subject<'a, Z, H: Host> {
    /// What members did. With [`Entry::Starts`] and an explicit `as_of` it may be missing: nobody
    /// did anything.
    pub events: Option<(&'a View<'a, H>, &'a Z)>,
    /// When they started, for [`Entry::Starts`]: of the same grain, and of the same zone. Local
    /// dates without a zone go with any, on its calendar.
    pub starts: Option<(&'a View<'a, H>, &'a Z)>,
}

impl<Z, H: Host> Clone for Subject<'_, Z, H> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Z, H: Host> Copy for Subject<'_, Z, H> {}

impl<Z, H: Host> Subject<'_, Z, H> {
    pub(super) fn has_amounts(&self) -> bool {
        self.events.is_some_and(|(view, _)| view.has_amounts())
    }
}

/// What becomes of entries.
pub(super) trait Sink {
    type Marks<'s>: Marks
    where
        Self: 's;

    /// A member enters the cohort at a place, and so many cells have begun and ended since. `rows`
    /// are those of the cohort. None: the entry is not followed.
    fn enter(
        &mut self,
        place: usize,
        cells: Span,
        rows: impl FnOnce() -> Span,
    ) -> Result<Option<Self::Marks<'_>>, Error>;

    /// A member is finished.
    #[inline]
    fn leave(&mut self, _: MemberRef<'_>) -> Result<(), Error> {
        Ok(())
    }
}

/// Where entries and events have their places.
#[derive(Debug)]
pub(super) struct Ground<'z, Z, H: Host> {
    /// Of the entries: from the first one on, up to `as_of`.
    pub(super) axis: Axis<'z, Z, H>,
    /// Of the events, where another history holds the entries.
    events: Option<Axis<'z, Z, H>>,
    pub(super) host: H,
}

impl<'z, Z: Zone, H: Host> Ground<'z, Z, H> {
    /// None if nobody can have entered.
    pub(super) fn new(
        subject: Subject<'z, Z, H>,
        question: &CohortQuestion<'_>,
        host: H,
    ) -> Result<Option<Self>, Error> {
        question.check(subject.starts.is_some())?;
        let unit = match question.period {
            Period::Calendar(unit) => unit,
            Period::Days(_) | Period::Months(_) | Period::Hours(_) => Unit::DAY,
        };
        let axis_of = |(view, zone): (&View<'z, H>, &'z Z), as_of| {
            question.period.check_grain(view.meta.grain)?;
            Axis::of_units(view.meta, zone, unit, as_of, &host)
        };
        let ground = match (question.entry, subject.events, subject.starts) {
            (Entry::Starts, None, Some(starts)) if question.as_of.is_some() => {
                let axis = axis_of(starts, question.as_of)?;
                Ground { axis, events: None, host }
            }
            (Entry::Starts, Some(events), Some(starts)) => {
                check_starts(events.0.meta, starts.0.meta)?;
                let of_events = axis_of(events, question.as_of)?;
                let axis = axis_of(starts, Some(of_events.as_of))?;
                Ground { axis, events: Some(of_events), host }
            }
            (Entry::First | Entry::Recurring, Some(events), _) => {
                let axis = axis_of(events, question.as_of)?;
                Ground { axis, events: None, host }
            }
            _ => return Ok(None),
        };
        Ok(Some(ground))
    }

    /// The cells that have begun since the first entry.
    pub(super) fn longest(&self, question: &CohortQuestion<'_>) -> usize {
        let span = match question.period {
            Period::Calendar(_) => self.units().span(self.units().cohort(0, self.axis.days())),
            Period::Days(length) => self.days(length).span(Start::new(0, 0)),
            Period::Months(length) => self.months(length).span(Start::new(0, 0)),
            Period::Hours(length) => {
                let seconds = self.seconds(length);
                seconds.span(seconds.cohort(0, self.axis.days()))
            }
        };
        question.cells().begun(span.begun)
    }

    pub(super) fn units(&self) -> Units {
        let until = self.axis.len as i64;
        Units { until, is_running: until > 0 && !self.axis.is_complete(until - 1) }
    }

    fn days(&self, length: u32) -> Days {
        Days { length, until: self.axis.len as i64 }
    }

    fn months(&self, length: u32) -> Months {
        Months { length: i64::from(length), until: self.axis.len as i64, origin: self.axis.origin }
    }

    fn seconds(&self, hours: u32) -> Seconds {
        Seconds { length: i64::from(hours) * 3600, until: self.axis.end() }
    }

    /// Follows all members from their entries on.
    pub(super) fn follow<S: Sink>(
        &mut self,
        subject: Subject<'_, Z, H>,
        question: &CohortQuestion<'_>,
        sink: &mut S,
    ) -> Result<(), Error> {
        let plain = question.is_plain();
        match question.period {
            Period::Calendar(_) => {
                let length = self.units();
                self.follow_by(subject, question, length, plain, sink)
            }
            Period::Days(days) => {
                let length = self.days(days);
                self.follow_by(subject, question, length, plain, sink)
            }
            Period::Months(months) => {
                let length = self.months(months);
                self.follow_by(subject, question, length, plain, sink)
            }
            Period::Hours(hours) => {
                let length = self.seconds(hours);
                self.follow_by(subject, question, length, plain, sink)
            }
        }
    }

    fn follow_by<L: Length, S: Sink>(
        &mut self,
        subject: Subject<'_, Z, H>,
        question: &CohortQuestion<'_>,
        length: L,
        plain: bool,
        sink: &mut S,
    ) -> Result<(), Error> {
        // The plain question has a loop of its own: it is the one asked most, and the fastest.
        if plain {
            self.walk::<true, L, S>(subject, question, length, sink)
        } else {
            self.walk::<false, L, S>(subject, question, length, sink)
        }
    }

    fn walk<const PLAIN: bool, L: Length, S: Sink>(
        &mut self,
        subject: Subject<'_, Z, H>,
        question: &CohortQuestion<'_>,
        length: L,
        sink: &mut S,
    ) -> Result<(), Error> {
        let Ground { axis, events, host } = self;
        let mut pace = Pace::new(host);
        let rules = Rules::of(question);
        let columns = if rules.min_events > 1 { Columns::ALL } else { Columns::AMOUNTS };
        let mut follower = Follower { rules, length, days: axis.days(), sink };
        if let Some((starts, _)) = subject.starts {
            let mut lookup = match subject.events {
                Some((view, _)) => Some(Lookup { walk: view.walk_over(columns)? }),
                None => None,
            };
            let mut walk = starts.walk_over(Columns::TICKS)?;
            while let Some((member, timeline)) = walk.next_member()? {
                pace.step(1 + timeline.ticks().len());
                let Some(start) = start_of(timeline, axis)? else { continue };
                let timeline = match &mut lookup {
                    Some(lookup) => lookup.find(member, &mut pace)?,
                    None => None,
                };
                let steps = timeline.zip(events.as_mut()).map(|(timeline, events)| Ticks {
                    shift: events.origin - axis.origin,
                    axis: events,
                    timeline,
                    next: timeline.ticks().partition_point(|&tick| tick < start.tick),
                    next_refund: 0,
                    length,
                    start,
                });
                follower.enter::<PLAIN>(start, steps)?;
                follower.sink.leave(member)?;
            }
            return Ok(());
        }
        let Some((view, _)) = subject.events else { return Ok(()) };
        let mut walk = view.walk_over(columns)?;
        let mut periods: Vec<Done, H> = Vec::new_in(host.clone());
        let mut refunds: Vec<(usize, i128), H> = Vec::new_in(host.clone());
        while let Some((member, timeline)) = walk.next_member()? {
            pace.step(1 + timeline.ticks().len());
            let Some(start) = start_of(timeline, axis)? else { continue };
            let steps = Ticks { shift: 0, axis, timeline, next: 0, next_refund: 0, length, start };
            if question.entry == Entry::Recurring {
                by_period(steps, &mut periods, &mut refunds)?;
                for (i, entry) in periods.iter().enumerate() {
                    pace.step(periods.len() - i);
                    if entry.events >= rules.min_events {
                        let start = length.later(start, entry.period as i64, axis);
                        let since = Periods {
                            of: &periods[i..],
                            next: 0,
                            refunds: &refunds
                                [refunds.partition_point(|(period, _)| *period < entry.period)..],
                        };
                        follower.enter::<PLAIN>(start, Some(since))?;
                    }
                }
            } else {
                follower.enter::<PLAIN>(start, Some(steps))?;
            }
            follower.sink.leave(member)?;
        }
        Ok(())
    }
}

/// The start of a member: its first tick, if that is not after `as_of`.
#[inline]
fn start_of<Z: Zone, H: Host>(
    timeline: &Timeline<H>,
    axis: &mut Axis<'_, Z, H>,
) -> Result<Option<Start>, Malformed> {
    let Some(&tick) = timeline.ticks().first() else { return Ok(None) };
    Ok(axis.period(tick)?.map(|place| Start::new(tick, place as i64)))
}

/// What a member did in one period.
#[derive(Debug, Clone, Copy)]
struct Done {
    period: usize,
    events: u64,
    amount: Option<i128>,
}

/// The steps of a member, one for each period; and its amounts without an event.
fn by_period<H: Host>(
    mut steps: impl Steps,
    periods: &mut Vec<Done, H>,
    refunds: &mut Vec<(usize, i128), H>,
) -> Result<(), Malformed> {
    periods.clear();
    refunds.clear();
    while let Some(period) = steps.next_period()? {
        let (events, amount) = (steps.events(), steps.amount());
        match periods.last_mut() {
            Some(last) if last.period == period => {
                last.events = last.events.saturating_add(events);
                last.amount =
                    amount.map_or(last.amount, |more| Some(last.amount.unwrap_or(0) + more));
            }
            _ => periods.push(Done { period, events, amount }),
        }
    }
    while let Some(refund) = steps.next_refund()? {
        refunds.push(refund);
    }
    Ok(())
}

/// The periods of a member from one of them on, which counts as the first.
struct Periods<'p> {
    of: &'p [Done],
    next: usize,
    refunds: &'p [(usize, i128)],
}

impl Steps for Periods<'_> {
    #[inline]
    fn next_period(&mut self) -> Result<Option<usize>, Malformed> {
        let next = self.of.get(self.next).map(|done| done.period - self.of[0].period);
        self.next += 1;
        Ok(next)
    }

    #[inline]
    fn events(&self) -> u64 {
        self.of[self.next - 1].events
    }

    #[inline]
    fn amount(&self) -> Option<i128> {
        self.of[self.next - 1].amount
    }

    #[inline]
    fn next_refund(&mut self) -> Result<Option<(usize, i128)>, Malformed> {
        let Some((&(period, amount), rest)) = self.refunds.split_first() else { return Ok(None) };
        self.refunds = rest;
        Ok(self.of.first().map(|entry| (period - entry.period, amount)))
    }
}

/// Follows entries, one at a time.
struct Follower<'f, 'z, 'q, L, Z, S> {
    rules: Rules<'q>,
    length: L,
    days: DayStarts<'z, Z>,
    sink: &'f mut S,
}

impl<L: Length, Z: Zone, S: Sink> Follower<'_, '_, '_, L, Z, S> {
    /// A member enters, and what it did since, if it did anything.
    #[inline(always)] // into the loop over members
    fn enter<const PLAIN: bool>(
        &mut self,
        start: Start,
        steps: Option<impl Steps>,
    ) -> Result<(), Error> {
        let Follower { rules, length, days, sink } = self;
        let place = usize::try_from(start.place)
            .map_err(|_| Malformed("an entry is before the first event"))?;
        let cells = |span: Span| Span {
            begun: rules.cells.begun(span.begun),
            ended: rules.cells.ended(span.ended),
        };
        let own = cells(length.span(start));
        let rows = || cells(length.span(length.cohort(start.place, *days)));
        if let (Some(mut marks), Some(steps)) = (sink.enter(place, own, rows)?, steps) {
            rules.follow::<PLAIN, _>(steps, own.begun, &mut marks)?;
        }
        Ok(())
    }
}

/// The ticks of a member from its entry to `as_of`.
struct Ticks<'s, 'z, L, Z, H: Host> {
    axis: &'s mut Axis<'z, Z, H>,
    /// From the places of this axis to those of the entries.
    shift: i64,
    timeline: &'s Timeline<H>,
    next: usize,
    next_refund: usize,
    length: L,
    start: Start,
}

impl<L: Length, Z: Zone, H: Host> Steps for Ticks<'_, '_, L, Z, H> {
    #[inline]
    fn next_period(&mut self) -> Result<Option<usize>, Malformed> {
        let Some(&tick) = self.timeline.ticks().get(self.next) else { return Ok(None) };
        self.next += 1;
        let Some(place) = self.axis.period(tick)? else { return Ok(None) };
        let period = self.length.offset(self.start, tick, place as i64 + self.shift);
        let period = usize::try_from(period);
        period.map(Some).map_err(|_| Malformed("an event is before its cohort"))
    }

    #[inline]
    fn events(&self) -> u64 {
        self.timeline.count(self.next - 1)
    }

    #[inline]
    fn amount(&self) -> Option<i128> {
        self.timeline.amount(self.next - 1).map(i128::from)
    }

    #[inline]
    fn next_refund(&mut self) -> Result<Option<(usize, i128)>, Malformed> {
        while let Some(&(tick, amount)) = self.timeline.refunds().get(self.next_refund) {
            self.next_refund += 1;
            let Some(place) = self.axis.period(tick)? else { return Ok(None) };
            let period = self.length.offset(self.start, tick, place as i64 + self.shift);
            if let Ok(period) = usize::try_from(period) {
                return Ok(Some((period, i128::from(amount))));
            }
        }
        Ok(None)
    }
}

fn check_starts<H: Host>(events: &Meta<H>, starts: &Meta<H>) -> Result<(), Error> {
    let mut starts = starts.clone();
    let one_has_no_zone = starts.zone().is_empty() || events.zone().is_empty();
    if one_has_no_zone && !events.grain.is_instant() {
        starts.take_zone_of(events);
    }
    events.check_same(&starts)
}

/// Looks members up in a history, in the order of histories.
struct Lookup<'a, H: Host> {
    walk: Walk<'a, H>,
}

impl<H: Host> Lookup<'_, H> {
    fn find(
        &mut self,
        member: MemberRef<'_>,
        pace: &mut Pace<'_, H>,
    ) -> Result<Option<&Timeline<H>>, Error> {
        while self.walk.is_before(member) {
            if let Some((_, timeline)) = self.walk.next_with_amounts()? {
                pace.step(1 + timeline.ticks().len());
            }
        }
        if self.walk.is_at(member) {
            return Ok(self.walk.next_with_amounts()?.map(|(_, timeline)| timeline));
        }
        Ok(None)
    }
}
