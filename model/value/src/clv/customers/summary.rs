//! What the models of purchases want to know of the members of a history: how many repeat purchases,
//! when the last one was, how long ago the first one was, and what they were worth.
//!
//! Purchases of one day (or one tick, where the history is coarser) count as one. Times are elapsed
//! days since the first purchase, in units of a fixed length: a month is a twelfth of a year, and a
//! year 365.25 days.

use crate::amount::SCALE;
use crate::axis::Axis;
use crate::calendar::{Grain, Period, Periods, Stretch, Zone, months_between};
use crate::clv::Customer;
use crate::clv::sample::Sample;
use crate::error::Error;
use crate::history::{MemberRef, Timeline, View, Walk};
use crate::host::Host;
use std::borrow::Cow;

/// A unit of time: days, or months of the same length all through the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeUnit(Length);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    /// A day, week, month, quarter or year, by its name.
    One(Grain),
    Days(u32),
    Months(u32),
}

impl TimeUnit {
    /// The unit of the literature.
    pub const WEEK: TimeUnit = TimeUnit(Length::One(Grain::Week));

    /// The unit of contracts.
    pub const YEAR: TimeUnit = TimeUnit(Length::One(Grain::Year));

    /// The unit of a name, in any case.
    pub fn parse(name: &str) -> Result<Self, Error> {
        Self::named("unit", name)
    }

    /// The same of a contract's period.
    pub fn of_period(name: &str) -> Result<Self, Error> {
        Self::named("period of contracts", name)
    }

    fn named(what: &'static str, name: &str) -> Result<Self, Error> {
        match Period::parse(name, Periods::OwnDays) {
            Ok(Period::Calendar(unit)) if unit.is_usual() => {
                Ok(TimeUnit(Length::One(unit.grain())))
            }
            Ok(Period::Days(n)) => Ok(TimeUnit(Length::Days(n))),
            Ok(Period::Months(1)) => Ok(TimeUnit(Length::One(Grain::Month))),
            Ok(Period::Months(n)) => Ok(TimeUnit(Length::Months(n))),
            _ => Err(Error::unknown(
                what,
                name,
                "day, week, month, quarter, year, or so many of them: 28 days, 2 weeks, \
                        3 months",
            )),
        }
    }

    /// Its name in SQL.
    pub fn name(self) -> Cow<'static, str> {
        match self.0 {
            Length::One(grain) => grain.name().into(),
            Length::Days(n) => format!("{n} days").into(),
            Length::Months(n) => format!("{n} months").into(),
        }
    }

    /// Is every unit longer than a tick of this grain?
    pub(in crate::clv) fn check_grain(self, grain: Grain) -> Result<(), Error> {
        let finest = match self.0 {
            Length::One(unit) => unit,
            Length::Days(_) => Grain::Day,
            Length::Months(_) => Grain::Month,
        };
        if grain > finest {
            return Err(Error::bad(
                format!(
                    "unit \"{}\" is finer than the history's grain \"{}\"",
                    self.name(),
                    grain.name()
                ),
                "Take a longer unit, or build the history with a finer grain (fourth argument of \
                 history_agg).",
            ));
        }
        Ok(())
    }

    /// Its length in days.
    pub fn days(self) -> f64 {
        const MONTH: f64 = DAYS_IN_YEAR / 12.0;
        match self.0 {
            Length::One(Grain::Week) => 7.0,
            Length::One(Grain::Month) => MONTH,
            Length::One(Grain::Quarter) => DAYS_IN_YEAR / 4.0,
            Length::One(Grain::Year) => DAYS_IN_YEAR,
            Length::One(_) => 1.0,
            Length::Days(n) => f64::from(n),
            Length::Months(n) => f64::from(n) * MONTH,
        }
    }

    /// How many whole ones there are from one day to another that is not before it. Months end on
    /// the day of the month on which they began, or on the last one of a shorter month.
    pub(in crate::clv) fn between(self, from: i64, to: i64) -> i64 {
        let months = || months_between(from, to);
        match self.0 {
            Length::One(Grain::Week) => (to - from) / 7,
            Length::One(Grain::Month) => months(),
            Length::One(Grain::Quarter) => months() / 3,
            Length::One(Grain::Year) => months() / 12,
            Length::One(_) => to - from,
            Length::Days(n) => (to - from) / i64::from(n),
            Length::Months(n) => months() / i64::from(n),
        }
    }
}

/// The days of a year, of which months and quarters are parts.
pub const DAYS_IN_YEAR: f64 = 365.25;

/// The days of a stretch of time, of which a month is a twelfth of a year.
pub fn days_of(stretch: Stretch) -> f64 {
    stretch.months as f64 * (DAYS_IN_YEAR / 12.0)
        + stretch.days as f64
        + stretch.seconds as f64 / 86_400.0
}

/// What is known of a member.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CustomerSummary {
    /// Purchases and times.
    pub customer: Customer,
    /// The sum of the logarithms of the times between purchases.
    pub ln_gaps: f64,
    /// The mean value of the repeat purchases, less what was given back since the first of them; none
    /// without any, or without amounts.
    pub spend: Option<f64>,
}

/// The members of a history, one after the other.
#[derive(Debug)]
pub struct Summaries<'v, 'z, Z, H: Host> {
    walk: Walk<'v, H>,
    axis: Axis<'z, Z, H>,
    days_per_unit: f64,
    host: H,
    steps: usize,
}

/// Ticks between two polls.
const POLL_AFTER: usize = 1 << 14;

impl<'v, 'z, Z: Zone, H: Host> Summaries<'v, 'z, Z, H> {
    /// Begins a walk.
    pub fn new(
        view: &View<'v, H>,
        zone: &'z Z,
        unit: TimeUnit,
        as_of: Option<i64>,
        host: &H,
    ) -> Result<Self, Error> {
        let grain = view.meta.grain;
        unit.check_grain(grain)?;
        let tick = if grain.is_instant() { Grain::Day } else { grain };
        let axis = Axis::of_units(view.meta, zone, tick.into(), as_of, host)?;
        let (walk, host) = (view.walk()?, host.clone());
        Ok(Summaries { walk, axis, days_per_unit: unit.days(), host, steps: 0 })
    }

    /// The last day that is looked at.
    pub fn as_of(&self) -> i64 {
        self.axis.as_of
    }

    /// The next member whose first purchase is not after `as_of`.
    pub fn next_member(&mut self) -> Result<Option<(MemberRef<'v>, CustomerSummary)>, Error> {
        while let Some((member, timeline)) = self.walk.next_member()? {
            self.steps += 1 + timeline.ticks().len();
            if self.steps >= POLL_AFTER {
                self.steps = 0;
                self.host.poll();
            }
            let summary = summarise(timeline, &mut self.axis, self.days_per_unit)?;
            if let Some(summary) = summary {
                return Ok(Some((member, summary)));
            }
        }
        Ok(None)
    }
}

fn summarise<Z: Zone, H: Host>(
    timeline: &Timeline<H>,
    axis: &mut Axis<'_, Z, H>,
    days_per_unit: f64,
) -> Result<Option<CustomerSummary>, Error> {
    let (mut first, mut last) = (None, 0);
    let (mut x, mut ln_gaps) = (0.0, 0.0);
    // The amounts of repeat days, and how many of these have any.
    let (mut total, mut valued, mut day_has_amount) = (0_i128, 0.0, false);
    let mut previous = usize::MAX;
    // The period of the first repeat purchase: what is given back before was paid for the first.
    let mut repeats_from = usize::MAX;
    for (i, &tick) in timeline.ticks().iter().enumerate() {
        let Some(period) = axis.period(tick)? else {
            break;
        };
        let amount = timeline.amount(i);
        if period != previous {
            let day = axis.first_day(period as i64);
            if first.is_none() {
                first = Some(day);
            } else {
                if x == 0.0 {
                    repeats_from = period;
                }
                x += 1.0;
                ln_gaps += ((day - last) as f64 / days_per_unit).ln();
            }
            (previous, last, day_has_amount) = (period, day, false);
        }
        if let (Some(amount), true) = (amount, x > 0.0) {
            total += i128::from(amount);
            valued += f64::from(u8::from(!day_has_amount));
            day_has_amount = true;
        }
    }
    for &(tick, amount) in timeline.refunds() {
        match axis.period(tick)? {
            None => break,
            Some(period) if period >= repeats_from => total += i128::from(amount),
            Some(_) => {}
        }
    }
    Ok(first.map(|first| CustomerSummary {
        customer: Customer {
            x,
            t_x: (last - first) as f64 / days_per_unit,
            age: (axis.as_of - first) as f64 / days_per_unit,
        },
        ln_gaps,
        spend: (valued > 0.0).then(|| total as f64 / SCALE as f64 / valued),
    }))
}

/// All members of a history, to fit to; and the last day looked at.
pub fn sample<H: Host>(
    view: &View<'_, H>,
    zone: &impl Zone,
    unit: TimeUnit,
    as_of: Option<i64>,
    host: H,
) -> Result<(Sample<H>, i64), Error> {
    let mut summaries = Summaries::new(view, zone, unit, as_of, &host)?;
    let as_of = summaries.as_of();
    let mut sample = Sample::new(host.clone());
    while let Some((_, summary)) = summaries.next_member()? {
        sample.push(summary.customer, Some(summary.ln_gaps), summary.spend)?;
    }
    Ok((sample, as_of))
}
