//! The starts of members, and how far each comes.

use super::any::any_order;
use super::chain::{Reached, Start, ordered};
use super::question::{Entry, FunnelQuestion, Mode};
use super::steps::Steps;
use super::strict::strict;
use crate::calendar::{Clock, DAY, Grain, LAST_DAY, Zone};
use crate::error::Error;
use crate::history::MemberRef;
use crate::host::{Host, Pace, Vec};
use crate::journeys::{Path, View};
use crate::units::Units;

/// A member that entered in a period, and how far it came.
#[derive(Debug, Clone, Copy)]
pub struct Entered {
    /// The number of the period of its start; 0 without periods.
    pub unit: i64,
    /// When the chain began that is told of.
    pub start: i64,
    /// The last instant of that chain's window.
    pub end: i64,
    /// Has the window of its first start ended?
    pub is_eligible: bool,
    /// When each step was reached, if it was.
    pub reached: Reached,
}

/// What is looked at: all up to a day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cut {
    pub(super) as_of: i64,
    /// Its last instant.
    pub(super) last: i64,
    pub(super) first_day: i64,
    pub(super) units: Option<Units>,
}

impl Cut {
    pub(super) fn new<H: Host>(
        view: &View<'_, H>,
        zone: &impl Zone,
        question: &FunnelQuestion,
    ) -> Result<Option<Self>, Error> {
        let Some(extent) = view.meta.extent else { return Ok(None) };
        let mut clock = Clock::new(Grain::Second, view.host().clone());
        let first_day = clock.day(zone, extent.first);
        let as_of = question.as_of.unwrap_or_else(|| clock.day(zone, extent.last));
        let last = match as_of {
            day if day < -LAST_DAY => -LAST_DAY * DAY,
            day => zone.day_start(day.min(LAST_DAY) + 1).saturating_sub(1),
        };
        let units = question.period.map(|period| Units::new(period, as_of)).transpose()?;
        Ok(Some(Cut { as_of, last, first_day, units }))
    }
}

/// The number of the period that begins on a day, of a question by periods; none without periods.
pub fn period_of<H: Host>(
    view: &View<'_, H>,
    zone: &impl Zone,
    question: &FunnelQuestion,
    period_start: Option<i64>,
) -> Result<Option<i64>, Error> {
    let units = Cut::new(view, zone, question)?.and_then(|cut| cut.units);
    match (question.period, period_start) {
        (None, None) => Ok(None),
        (Some(_), Some(day)) => units.map(|units| units.that_begins_on(day)).transpose(),
        (None, Some(_)) => Err(Error::bad(
            "period_start is given without period",
            "Name the period of the funnel too, such as period => 'month'.",
        )),
        (Some(_), None) => Err(Error::bad(
            "period is given without period_start",
            "Name the first day of the period, as the funnel has it in period_start.",
        )),
    }
}

/// Hands over every member that enters, in the order of journeys, once for each period.
pub fn entered<H: Host>(
    view: &View<'_, H>,
    zone: &impl Zone,
    steps: &Steps<H>,
    question: &FunnelQuestion,
    mut each: impl FnMut(MemberRef<'_>, &Entered) -> Result<(), Error>,
) -> Result<(), Error> {
    let Some(cut) = Cut::new(view, zone, question)? else { return Ok(()) };
    let host = view.host();
    let mut clock = Clock::new(Grain::Second, host.clone());
    let mut pace = Pace::new(host);
    let mut starts = Vec::new_in(host.clone());
    let mut walk = view.walk()?;
    while let Some((member, path)) = walk.next_member()? {
        pace.step(1 + path.len());
        starts_of(path, steps, question.mode, cut.last, &mut starts);
        let mut rest = &starts[..];
        while let Some(&first) = rest.first() {
            let mut unit_of = |event: usize| match cut.units {
                Some(units) => units.of_day(clock.day(zone, path.times()[event])),
                None => 0,
            };
            let unit = unit_of(first);
            let mut len = 1;
            while rest.get(len).is_some_and(|event| unit_of(*event) == unit) {
                len += 1;
            }
            let (own, others) = rest.split_at(len);
            rest = others;
            let way = Follow { path, steps, question, last: cut.last };
            let mut best = way.from(first, unit, &mut pace);
            if question.entry == Entry::Recurring {
                for later in &own[1..] {
                    let other = way.from(*later, unit, &mut pace);
                    if score(&other.reached) > score(&best.reached) {
                        best = Entered { is_eligible: best.is_eligible, ..other };
                    }
                }
            }
            each(member, &best)?;
        }
    }
    Ok(())
}

/// How many steps were reached.
fn score(reached: &Reached) -> usize {
    reached.iter().flatten().count()
}

/// The events with which a member may enter: of those at one instant, one.
fn starts_of<H: Host>(
    path: &Path<H>,
    steps: &Steps<H>,
    mode: Mode,
    last: i64,
    starts: &mut Vec<usize, H>,
) {
    starts.clear();
    let is_start = |code: u32| match mode {
        Mode::AnyOrder => steps.of(code) != 0,
        _ => code == steps.codes[0],
    };
    let mut before = None;
    for (i, (&at, &code)) in path.times().iter().zip(path.codes()).enumerate() {
        if at > last {
            break;
        }
        if is_start(code) && before != Some(at) {
            starts.push(i);
            before = Some(at);
        }
    }
}

struct Follow<'p, H: Host> {
    path: &'p Path<H>,
    steps: &'p Steps<H>,
    question: &'p FunnelQuestion,
    last: i64,
}

impl<H: Host> Follow<'_, H> {
    fn from(&self, event: usize, unit: i64, pace: &mut Pace<'_, H>) -> Entered {
        let at = self.path.times()[event];
        let end = at.saturating_add(self.question.within);
        let start = Start { event, at, until: end.min(self.last) };
        let reached = match self.question.mode {
            Mode::Ordered => ordered(self.path, self.steps, start, false, pace),
            Mode::StrictIncrease => ordered(self.path, self.steps, start, true, pace),
            Mode::AnyOrder => any_order(self.path, self.steps, start, pace),
            mode => strict(self.path, self.steps, start, mode, pace),
        };
        Entered { unit, start: at, end, is_eligible: end <= self.last, reached }
    }
}
