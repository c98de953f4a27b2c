//! The axis of a reader: its periods, from the first event to `as_of`, and which of them a tick
//! falls in.

use crate::calendar::{Clock, LAST_DAY, Period, Zone, date_text};
use crate::error::{Error, Malformed};
use crate::history::Meta;
use crate::host::{Host, Vec};
use crate::units::{Units, periods};

/// Ticks for which the period is looked up rather than computed: 179 years of days.
const MAX_TABLE: i64 = 1 << 16;

/// Periods are numbered from the one of the first event, 0.
#[derive(Debug)]
pub(crate) struct Axis<'z, Z, H: Host> {
    unit: Units,
    zone: &'z Z,
    clock: Clock<H>,
    /// The last day that is looked at.
    pub(crate) as_of: i64,
    /// The number of the unit of period 0.
    pub(crate) origin: i64,
    /// Periods up to that of `as_of`; 0 if the history begins later.
    pub(crate) len: usize,
    /// First tick of the history, and the last one up to `as_of`.
    first_tick: i64,
    last_tick: i64,
    /// The periods of the ticks from the first to the last.
    table: Vec<u32, H>,
}

impl<'z, Z: Zone, H: Host> Axis<'z, Z, H> {
    pub(crate) fn new(
        meta: &Meta<H>,
        zone: &'z Z,
        period: Period,
        as_of: Option<i64>,
        host: &H,
    ) -> Result<Self, Error> {
        period.check_grain(meta.grain)?;
        let extent = meta.extent.ok_or(Malformed("it has no events"))?;
        let mut clock = Clock::new(meta.grain, host.clone());
        let (first_day, last_day) = extent.days(&mut clock, zone);
        let as_of = as_of.unwrap_or(last_day);
        let (grain, unit) = (meta.grain, Units::new(period, as_of)?);
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
        let origin = unit.of_day(first_day);
        let len = periods(unit, first_day, as_of)?;
        let mut axis = Axis {
            unit,
            zone,
            clock,
            as_of,
            origin,
            len,
            first_tick: extent.low,
            last_tick: last_tick.min(extent.high),
            table: Vec::new_in(host.clone()),
        };
        let ticks = axis.last_tick.saturating_sub(extent.low);
        if !grain.is_instant() && len > 0 && ticks < MAX_TABLE {
            for tick in extent.low..=axis.last_tick {
                let period = axis.compute(tick);
                axis.table.push(period as u32);
            }
        }
        Ok(axis)
    }

    fn compute(&mut self, tick: i64) -> i64 {
        let day = self.clock.first_day(self.zone, tick);
        self.of_day(day)
    }

    /// The period of a tick; none if it is after `as_of`.
    #[inline]
    pub(crate) fn period(&mut self, tick: i64) -> Result<Option<usize>, Malformed> {
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

    /// The number of the period that holds this day; it may lie outside of the axis.
    pub(crate) fn of_day(&self, day: i64) -> i64 {
        self.unit.of_day(day) - self.origin
    }

    /// The first day of a period.
    pub(crate) fn first_day(&self, period: i64) -> i64 {
        self.unit.first_day(self.origin + period)
    }

    /// Has a period ended by `as_of`?
    pub(crate) fn is_complete(&self, period: i64) -> bool {
        self.unit.last_day(self.origin + period) <= self.as_of
    }
}
