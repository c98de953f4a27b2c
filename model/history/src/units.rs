//! The numbered units of periods that are the same for all members.

use crate::calendar::{Grain, Period};
use crate::error::Error;

/// Periods of one axis: 5,700 years of days.
const MAX_PERIODS: i64 = 1 << 21;

/// The number of periods from the one of the first day to that of `as_of`.
pub fn periods(unit: Units, first_day: i64, as_of: i64) -> Result<usize, Error> {
    if as_of < first_day {
        return Ok(0);
    }
    match unit.of_day(as_of) - unit.of_day(first_day) + 1 {
        len @ 1..=MAX_PERIODS => Ok(len as usize),
        _ => Err(Error::TooLarge {
            what: "the number of periods up to as_of",
            hint: "Take a longer period or an earlier as_of.",
        }),
    }
}

/// The numbered units of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Units {
    /// Of the calendar, numbered as [`Grain::of_day`] does.
    Calendar(Grain),
    /// Stretches of so many days; number 0 begins at `from`.
    Days {
        /// Days in each.
        days: i64,
        /// The first day of number 0.
        from: i64,
    },
}

impl Units {
    /// Those of a calendar that is looked at up to `as_of`. Stretches of days end there, so that the
    /// last one is whole, and so that they are the same for all who are looked at together.
    pub fn new(period: Period, as_of: i64) -> Result<Self, Error> {
        match period {
            Period::Calendar(grain) => Ok(Units::Calendar(grain)),
            Period::Days(days) => Ok(Units::Days { days: i64::from(days), from: as_of + 1 }),
            Period::Hours(_) => Err(Error::bad(
                "periods of hours count from each member's own start, these are the same for all",
                "Take a number of days such as 7 days, or a calendar period: day, week, month, \
                 quarter, year.",
            )),
        }
    }

    /// The number of the unit that holds this day.
    #[inline]
    pub fn of_day(self, day: i64) -> i64 {
        match self {
            Units::Calendar(grain) => grain.of_day(day),
            Units::Days { days, from } => (day - from).div_euclid(days),
        }
    }

    /// The first day of a unit.
    pub fn first_day(self, unit: i64) -> i64 {
        match self {
            Units::Calendar(grain) => grain.first_day(unit),
            Units::Days { days, from } => from + unit * days,
        }
    }

    /// The last day of a unit.
    pub fn last_day(self, unit: i64) -> i64 {
        self.first_day(unit + 1) - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_of_days_end_at_as_of() {
        let units = Units::new(Period::Days(7), 100).unwrap();
        let last = units.of_day(100);
        assert_eq!((units.first_day(last), units.last_day(last)), (94, 100));
        assert_eq!(units.of_day(93), last - 1);
        for day in -50..=100 {
            let unit = units.of_day(day);
            assert!(units.first_day(unit) <= day && day <= units.last_day(unit));
        }
        assert!(Units::new(Period::Hours(7), 100).is_err());
    }
}
