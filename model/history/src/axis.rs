//! The axis of a reader: its periods, from the first event to `as_of`, and which of them a tick
//! falls in.

use crate::calendar::{Clock, Grain, LAST_DAY, Period, SECOND, Unit, Zone, date_text};
use crate::error::{Error, Malformed};
use crate::history::Meta;
use crate::host::{Host, Vec};
use crate::units::{Units, periods};

/// Ticks for which the period is looked up rather than computed: 179 years of days.
const MAX_TABLE: i64 = 1 << 16;

/// What is looked at of a history: all up to a day.
#[derive(Debug, Clone, Copy)]
pub struct Cut {
    /// The day of the first tick, with an event or an amount.
    pub first_day: i64,
    /// The day of the last tick, whenever it was.
    pub last_day: i64,
    /// The last day that is looked at.
    pub as_of: i64,
    /// The first tick of the history.
    pub first_tick: i64,
    /// The last tick up to `as_of`; less than the first if there is none.
    pub last_tick: i64,
}

impl Cut {
    /// What is looked at of a history up to `as_of`; by default, up to its last day.
    pub fn new<H: Host>(
        meta: &Meta<H>,
        zone: &impl Zone,
        as_of: Option<i64>,
        clock: &mut Clock<H>,
    ) -> Result<Self, Error> {
        let extent = meta.extent.ok_or(Malformed("it has no events"))?;
        let (first_day, last_day) = extent.days(clock, zone);
        let (grain, as_of) = (meta.grain, as_of.unwrap_or(last_day));
        let last_tick = if as_of < first_day {
            i64::MIN
        } else if grain.is_instant() {
            clock.tick(zone, zone.day_start(as_of.min(LAST_DAY) + 1).saturating_sub(1))
        } else {
            let tick = grain.of_day(as_of);
            if as_of < last_day && grain.last_day(tick) != as_of {
                return Err(Error::bad(
                    format!(
                        "as_of {} lies inside a {} of the history",
                        date_text(as_of),
                        grain.name()
                    ),
                    "Take the last day of one, a day at or after the last event, or a history \
                     with a finer grain.",
                ));
            }
            tick
        };
        let last_tick = last_tick.min(extent.high);
        Ok(Cut { first_day, last_day, as_of, first_tick: extent.low, last_tick })
    }
}

/// Periods are numbered from the one of the first event, 0.
#[derive(Debug)]
pub struct Axis<'z, Z, H: Host> {
    unit: Units,
    zone: &'z Z,
    clock: Clock<H>,
    /// The last day that is looked at.
    pub as_of: i64,
    /// The number of the unit of period 0.
    pub origin: i64,
    /// Periods up to that of `as_of`; 0 if the history begins later.
    pub len: usize,
    /// First tick of the history.
    first_tick: i64,
    /// The last tick up to `as_of`.
    pub last_tick: i64,
    /// The periods of the ticks from the first to the last.
    table: Vec<u32, H>,
}

impl<'z, Z: Zone, H: Host> Axis<'z, Z, H> {
    /// The axis of periods that are the same for all members.
    pub fn new(
        meta: &Meta<H>,
        zone: &'z Z,
        period: Period,
        as_of: Option<i64>,
        host: &H,
    ) -> Result<Self, Error> {
        period.check_grain(meta.grain)?;
        Self::of(meta, zone, |as_of| Units::new(period, as_of), as_of, host)
    }

    /// The axis of calendar units, which must be made of whole ticks.
    pub fn of_units(
        meta: &Meta<H>,
        zone: &'z Z,
        unit: Unit,
        as_of: Option<i64>,
        host: &H,
    ) -> Result<Self, Error> {
        Self::of(meta, zone, |_| Ok(Units::Calendar(unit)), as_of, host)
    }

    fn of(
        meta: &Meta<H>,
        zone: &'z Z,
        units: impl FnOnce(i64) -> Result<Units, Error>,
        as_of: Option<i64>,
        host: &H,
    ) -> Result<Self, Error> {
        let mut clock = Clock::new(meta.grain, host.clone());
        let Cut { first_day, as_of, first_tick, last_tick, .. } =
            Cut::new(meta, zone, as_of, &mut clock)?;
        let (grain, unit) = (meta.grain, units(as_of)?);
        unit.check_grain(grain)?;
        let origin = unit.of_day(first_day);
        let len = periods(unit, first_day, as_of)?;
        let mut axis = Axis {
            unit,
            zone,
            clock,
            as_of,
            origin,
            len,
            first_tick,
            last_tick,
            table: Vec::new_in(host.clone()),
        };
        let ticks = axis.last_tick.saturating_sub(first_tick);
        if !grain.is_instant() && len > 0 && ticks < MAX_TABLE {
            for tick in first_tick..=axis.last_tick {
                let period = axis.compute(tick);
                axis.table.push(period as u32);
            }
        }
        Ok(axis)
    }

    fn compute(&mut self, tick: i64) -> i64 {
        let day = self.day_of_tick(tick);
        self.of_day(day)
    }

    /// The period of a tick; none if it is after `as_of`.
    #[inline]
    pub fn period(&mut self, tick: i64) -> Result<Option<usize>, Malformed> {
        if tick > self.last_tick {
            return Ok(None);
        }
        let offset = tick.wrapping_sub(self.first_tick);
        if let Some(&period) = usize::try_from(offset).ok().and_then(|at| self.table.get(at)) {
            return Ok(Some(period as usize));
        }
        match usize::try_from(self.compute(tick)) {
            Ok(period) if tick >= self.first_tick && period < self.len => Ok(Some(period)),
            _ => Err(Malformed("a tick is outside of its first and last event")),
        }
    }

    /// The periods of a member's ticks, up to `as_of`.
    #[inline]
    pub fn periods(&mut self, ticks: &[i64], out: &mut Vec<u32, H>) -> Result<(), Malformed> {
        // Ticks ascend: between two that are in the table there are no others.
        let place = |tick: &i64| usize::try_from(tick.wrapping_sub(self.first_tick)).ok();
        let within = |place: Option<usize>| place.is_some_and(|place| place < self.table.len());
        if within(ticks.first().and_then(place)) && within(ticks.last().and_then(place)) {
            out.resize(ticks.len(), 0);
            for (period, tick) in out.iter_mut().zip(ticks) {
                *period = self.table[tick.wrapping_sub(self.first_tick) as usize];
            }
            return Ok(());
        }
        out.clear();
        for &tick in ticks {
            let Some(period) = self.period(tick)? else { break };
            out.push(period as u32);
        }
        Ok(())
    }

    /// The number of the period that holds this day; it may lie outside of the axis.
    pub fn of_day(&self, day: i64) -> i64 {
        self.unit.of_day(day) - self.origin
    }

    /// The period that a day is in, if there is one up to `as_of`.
    pub fn place_of(&self, day: i64) -> Option<usize> {
        let place = usize::try_from(self.unit.of_day(day) - self.origin).ok()?;
        (place < self.len).then_some(place)
    }

    /// The day of an instant of the history's calendar, in seconds, as a number of units of days.
    pub fn day_of(&mut self, second: i64) -> i64 {
        self.clock.day(self.zone, second.saturating_mul(SECOND)) - self.origin
    }

    /// When its days begin.
    pub fn days(&self) -> DayStarts<'z, Z> {
        DayStarts { zone: self.zone, origin: self.origin }
    }

    /// The first second after `as_of`.
    pub fn end(&self) -> i64 {
        self.days().start_of(self.as_of.min(LAST_DAY) + 1 - self.origin)
    }

    /// The grain of the history.
    pub fn grain(&self) -> Grain {
        self.clock.grain()
    }

    /// The first day of a tick.
    #[inline]
    pub fn day_of_tick(&mut self, tick: i64) -> i64 {
        self.clock.first_day(self.zone, tick)
    }

    /// The first day of a period.
    pub fn first_day(&self, period: i64) -> i64 {
        self.unit.first_day(self.origin + period)
    }

    /// The period that begins on this day, if it is one of the axis.
    pub fn row_of(&self, period_start: i64) -> Result<Option<usize>, Error> {
        let period = self.unit.that_begins_on(period_start)? - self.origin;
        Ok(usize::try_from(period).ok().filter(|period| *period < self.len))
    }

    /// Has a period ended by `as_of`?
    pub fn is_complete(&self, period: i64) -> bool {
        self.unit.last_day(self.origin + period) <= self.as_of
    }
}

/// When the days of an axis begin, whose periods are days.
#[derive(Debug)]
pub struct DayStarts<'z, Z> {
    zone: &'z Z,
    origin: i64,
}

impl<Z> Clone for DayStarts<'_, Z> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Z> Copy for DayStarts<'_, Z> {}

impl<Z: Zone> DayStarts<'_, Z> {
    /// The first second of a day.
    pub fn start_of(self, period: i64) -> i64 {
        self.zone.day_start(self.origin + period).div_euclid(SECOND)
    }
}
