//! When a member is out: after periods without it, or after a time of silence.

use crate::axis::Axis;
use crate::calendar::{Grain, Stretch, Takes, Zone};
use crate::error::Error;
use crate::host::{Host, Pace, Vec};
use std::ops::Range;

/// After how much silence a member is out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lapse {
    /// In at the end of a period is who was active in one of so many up to it.
    Gap(i32),
    /// In at the end of a period is whose last event lies less than this before its end: before the
    /// midnight with which it ends.
    Silence(Stretch),
}

impl Default for Lapse {
    fn default() -> Self {
        Lapse::Gap(1)
    }
}

impl Lapse {
    /// The lapse of two arguments, one of which may be given.
    pub fn new(gap: Option<i32>, silence: Option<&str>) -> Result<Self, Error> {
        let lapse = match (gap, silence) {
            (Some(gap), Some(silence)) => {
                return Err(Error::bad(
                    format!("gap {gap} and silence \"{silence}\" are both given"),
                    "Take one of them: gap counts periods without an event, silence is a time, such as \
                     '90 days'.",
                ));
            }
            (None, Some(silence)) => {
                Lapse::Silence(Stretch::parse(silence, Takes::days("silence"))?)
            }
            (Some(gap), None) => Lapse::Gap(gap),
            (None, None) => Lapse::default(),
        };
        lapse.check().map(|()| lapse)
    }

    /// Is it one that can be answered of some history?
    pub fn check(self) -> Result<(), Error> {
        match self {
            Lapse::Gap(..1) => Err(Error::bad(
                format!("gap {} is not a number of periods", self.gap()),
                "Take 1 or more: the periods of silence after which a member is out.",
            )),
            Lapse::Gap(_) | Lapse::Silence(_) => Ok(()),
        }
    }

    fn gap(self) -> i32 {
        match self {
            Lapse::Gap(gap) => gap,
            Lapse::Silence(_) => 0,
        }
    }

    /// Does a history of this grain know when a silence began?
    fn check_grain(self, grain: Grain) -> Result<(), Error> {
        let Lapse::Silence(silence) = self else { return Ok(()) };
        let months = match grain {
            Grain::Month => 1,
            Grain::Quarter => 3,
            Grain::Year => 12,
            Grain::Week => 0,
            Grain::Second | Grain::Minute | Grain::Hour | Grain::Day => return Ok(()),
        };
        if silence.days == 0 && months > 0 && silence.months % months == 0 {
            return Ok(());
        }
        Err(Error::bad(
            format!(
                "silence \"{silence}\" is not made of whole {}s, the history's grain",
                grain.name()
            ),
            "Take gap, which counts periods, or build the history with grain 'day' or a finer one \
             (fourth argument of history_agg).",
        ))
    }
}

/// The periods of an axis at whose ends who has been silent is out.
#[derive(Debug)]
pub(crate) enum Outs<H: Host> {
    /// So many after the last with an event.
    Gap(usize),
    /// For every period the earliest day of a last event with which a member is in at its end.
    Since(Vec<i64, H>),
}

impl<H: Host> Outs<H> {
    pub(crate) fn new<Z: Zone>(
        lapse: Lapse,
        axis: &Axis<'_, Z, H>,
        host: &H,
    ) -> Result<Self, Error> {
        lapse.check()?;
        lapse.check_grain(axis.grain())?;
        let silence = match lapse {
            Lapse::Gap(gap) => return Ok(Outs::Gap(usize::try_from(gap).unwrap_or(1))),
            Lapse::Silence(silence) => silence,
        };
        let mut pace = Pace::new(host);
        let mut since = Vec::with_capacity_in(axis.len, host.clone());
        for period in 0..axis.len as i64 {
            pace.step(1);
            // A silence that is not over is none: the running period is looked at as of today.
            let end = axis.first_day(period + 1).min(axis.as_of.saturating_add(1));
            since.push(silence.before(end));
        }
        Ok(Outs::Since(since))
    }

    /// The first period at whose end a member is out whose last event was in this one, on this day.
    #[inline]
    pub(crate) fn after(&self, period: usize, day: impl FnOnce() -> i64) -> usize {
        match self {
            Outs::Gap(gap) => period.saturating_add(*gap),
            Outs::Since(since) => {
                let day = day();
                let later = since.get(period..).unwrap_or_default();
                period + later.partition_point(|earliest| *earliest <= day)
            }
        }
    }

    /// So many of the first periods begin with less past than a silence is long.
    pub(crate) fn truncated(&self, first_day: i64) -> usize {
        match self {
            Outs::Gap(gap) => *gap,
            Outs::Since(since) => 1 + since.partition_point(|earliest| *earliest < first_day),
        }
    }
}

/// The stays of a member: runs of periods at whose ends it is in. Who comes and is out again by the end
/// of the same period has none of it.
pub(crate) struct Stays<E> {
    events: E,
    begun: Option<Range<usize>>,
}

impl<E: Iterator<Item = (usize, usize)>> Stays<E> {
    /// Of events that ascend: the period of each, and the first one at whose end the member is out
    /// after it.
    pub(crate) fn new(events: E) -> Self {
        Stays { events, begun: None }
    }
}

impl<E: Iterator<Item = (usize, usize)>> Iterator for Stays<E> {
    type Item = Range<usize>;

    #[inline]
    fn next(&mut self) -> Option<Range<usize>> {
        for (period, out) in self.events.by_ref() {
            match &mut self.begun {
                Some(stay) if period <= stay.end => stay.end = stay.end.max(out),
                begun => {
                    let done = begun.replace(period..out);
                    if let Some(done) = done.filter(|stay| !stay.is_empty()) {
                        return Some(done);
                    }
                }
            }
        }
        self.begun.take().filter(|stay| !stay.is_empty())
    }
}
