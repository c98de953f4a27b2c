//! The numbered units of periods that are the same for all members.

use crate::budget::{MAX_PERIODS, PERIODS};
use crate::calendar::{Grain, Period, Unit, add_months, date_text, months_between};
use crate::error::Error;

/// The number of periods from the one of the first day to that of `as_of`.
pub fn periods(unit: Units, first_day: i64, as_of: i64) -> Result<usize, Error> {
    if as_of < first_day {
        return Ok(0);
    }
    let len = unit.of_day(as_of) - unit.of_day(first_day) + 1;
    let len = usize::try_from(len).map_err(|_| PERIODS.error())?;
    PERIODS.check_limit(len, MAX_PERIODS)?;
    Ok(len)
}

/// The numbered units of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Units {
    /// Of the calendar, numbered as [`Unit::of_day`] does.
    Calendar(Unit),
    /// Stretches of so many days; number 0 begins at `from`.
    Days {
        /// Days in each.
        days: i64,
        /// The first day of number 0.
        from: i64,
    },
    /// Stretches of so many months: number n begins n times as many months after `from`, counted
    /// from there each time, so that the ends of months stay the ends of months.
    Months {
        /// Months in each.
        months: i64,
        /// The first day of number 0.
        from: i64,
    },
}

impl Units {
    /// Those of a calendar that is looked at up to `as_of`. Stretches end there, so that the last one
    /// is whole, and so that they are the same for all who are looked at together: the first day after
    /// it is the beginning of number 0.
    pub fn new(period: Period, as_of: i64) -> Result<Self, Error> {
        let from = as_of + 1;
        match period {
            Period::Calendar(unit) => Ok(Units::Calendar(unit)),
            Period::Days(days) => Ok(Units::Days { days: i64::from(days), from }),
            Period::Months(months) => Ok(Units::Months { months: i64::from(months), from }),
            Period::Hours(_) => Err(Error::bad(
                "periods of hours count from each member's own start, these are the same for all",
                "Take a number of days or months such as 7 days, or a calendar period: day, week, \
                 month, quarter, year.",
            )),
        }
    }

    /// Is every one made of whole ticks of a grain, given that their lengths are?
    pub fn check_grain(self, grain: Grain) -> Result<(), Error> {
        match self {
            Units::Months { from, .. } if grain.first_day(grain.of_day(from)) != from => {
                let (name, as_of) = (grain.name(), date_text(from - 1));
                Err(Error::bad(
                    format!(
                        "months that end at as_of {as_of} are not made of whole {name}s, the \
                         history's grain"
                    ),
                    "Take the last day of a tick as as_of, a calendar period, or a history with a \
                     finer grain.",
                ))
            }
            _ => Ok(()),
        }
    }

    /// The number of the unit that holds this day.
    #[inline]
    pub fn of_day(self, day: i64) -> i64 {
        match self {
            Units::Calendar(unit) => unit.of_day(day),
            Units::Days { days, from } => (day - from).div_euclid(days),
            Units::Months { months, from } => months_between(from, day).div_euclid(months),
        }
    }

    /// The first day of a unit.
    pub fn first_day(self, unit: i64) -> i64 {
        match self {
            Units::Calendar(of) => of.first_day(unit),
            Units::Days { days, from } => from + unit * days,
            Units::Months { months, from } => add_months(from, unit * months),
        }
    }

    /// The last day of a unit.
    pub fn last_day(self, unit: i64) -> i64 {
        self.first_day(unit + 1) - 1
    }

    /// The unit that begins on this day, as a `period_start` of churn does.
    pub fn that_begins_on(self, period_start: i64) -> Result<i64, Error> {
        let unit = self.of_day(period_start);
        let start = self.first_day(unit);
        if start == period_start {
            return Ok(unit);
        }
        Err(Error::bad(
            format!(
                "no period begins on {}: the one that holds it begins on {}",
                date_text(period_start),
                date_text(start)
            ),
            "Take a period_start of churn with the same period and as_of.",
        ))
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

    #[test]
    fn stretches_of_months_end_at_as_of() {
        // 2000-02-29 and -30 … : the last day of a month gives last days of months.
        let last_days = |as_of: i64| {
            let units = Units::new(Period::Months(1), as_of).unwrap();
            (0..4).map(|back| units.last_day(-1 - back)).collect::<std::vec::Vec<_>>()
        };
        assert_eq!(last_days(59), [59, 30, -1, -32]); // 29 February, 31 January, 31 December …
        assert_eq!(last_days(29), [29, -2, -33, -63]); // 30 January, 30 December, 29 November …
        for (months, as_of) in [(1, 59), (2, 58), (3, 29), (12, 365), (7, 30)] {
            let units = Units::new(Period::Months(months), as_of).unwrap();
            assert_eq!(units.last_day(units.of_day(as_of)), as_of);
            for day in as_of - 2000..=as_of {
                let unit = units.of_day(day);
                assert!(units.first_day(unit) <= day && day <= units.last_day(unit));
            }
        }
        let months = Units::new(Period::Months(1), 59).unwrap();
        assert!(months.check_grain(Grain::Month).is_ok());
        assert!(months.check_grain(Grain::Day).is_ok());
        let months = Units::new(Period::Months(1), 58).unwrap();
        assert!(months.check_grain(Grain::Month).is_err());
    }
}
