//! Units of the calendar, with the day or the month that they begin with.

use super::Grain;
use super::dates::{first_day_of_month, month_of};
use crate::error::Error;
use std::fmt;

const WEEKDAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// A unit of the calendar: a day, a month, or a week, quarter or year that begins on a chosen day or
/// month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit {
    grain: Grain,
    /// Of weeks, the days from Monday to their first one; of quarters and years, the months from
    /// January.
    shift: u8,
}

impl From<Grain> for Unit {
    /// The unit as most calendars have it: weeks from Monday, years from January.
    fn from(grain: Grain) -> Self {
        Unit { grain, shift: 0 }
    }
}

impl Unit {
    /// Calendar days.
    pub const DAY: Unit = Unit { grain: Grain::Day, shift: 0 };
    /// Calendar months.
    pub const MONTH: Unit = Unit { grain: Grain::Month, shift: 0 };

    /// Weeks from a weekday, quarters or years from a month; none if there are no such.
    pub(super) fn from_name(grain: Grain, begins: &str) -> Option<Self> {
        let place = |names: &[&str]| names.iter().position(|name| *name == begins);
        let shift = match grain {
            Grain::Week => place(&WEEKDAYS)?,
            // A quarter from November is one from February.
            Grain::Quarter => place(&MONTHS)? % 3,
            Grain::Year => place(&MONTHS)?,
            _ => return None,
        };
        Some(Unit { grain, shift: shift as u8 })
    }

    /// What it is, wherever it begins.
    pub fn grain(self) -> Grain {
        self.grain
    }

    /// Does it begin where most calendars begin it?
    pub fn is_usual(self) -> bool {
        self.shift == 0
    }

    /// The number of the unit that holds this day.
    #[inline]
    pub fn of_day(self, day: i64) -> i64 {
        let shift = i64::from(self.shift);
        match self.grain {
            Grain::Week => Grain::Week.of_day(day - shift),
            Grain::Quarter => (month_of(day) - shift).div_euclid(3),
            Grain::Year => (month_of(day) - shift).div_euclid(12),
            grain => grain.of_day(day),
        }
    }

    /// The first day of a unit.
    #[inline]
    pub fn first_day(self, unit: i64) -> i64 {
        let shift = i64::from(self.shift);
        match self.grain {
            Grain::Week => Grain::Week.first_day(unit) + shift,
            Grain::Quarter => first_day_of_month(unit * 3 + shift),
            Grain::Year => first_day_of_month(unit * 12 + shift),
            grain => grain.first_day(unit),
        }
    }

    /// The last day of a unit.
    #[inline]
    pub fn last_day(self, unit: i64) -> i64 {
        self.first_day(unit + 1) - 1
    }

    /// Is every one made of whole ticks of this grain?
    pub(super) fn check_grain(self, grain: Grain) -> Result<(), Error> {
        let name = grain.name();
        let hint = "Take a longer period, or build the history with a finer grain \
                    (fourth argument of history_agg).";
        if self.grain < grain {
            return Err(Error::bad(
                format!("period \"{self}\" is finer than the history's grain \"{name}\""),
                hint,
            ));
        }
        let is_whole = match grain {
            Grain::Week => self.grain == Grain::Week && self.is_usual(),
            Grain::Quarter => self.shift.is_multiple_of(3),
            Grain::Year => self.is_usual(),
            _ => true,
        };
        if is_whole {
            return Ok(());
        }
        Err(Error::bad(
            format!("period \"{self}\" is not made of whole {name}s, the history's grain"),
            hint,
        ))
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.grain.name())?;
        let names: &[&str] = if self.grain == Grain::Week { &WEEKDAYS } else { &MONTHS };
        match names.get(usize::from(self.shift)) {
            Some(name) if !self.is_usual() => write!(f, " from {name}"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::tests::epoch;
    use chrono::{Datelike, Weekday};

    #[test]
    fn units_begin_where_they_say() {
        for (begins, name) in (0..).zip(WEEKDAYS) {
            let week = Unit::from_name(Grain::Week, name).unwrap();
            for day in -800..800 {
                let first = week.first_day(week.of_day(day));
                let date = epoch() + chrono::Duration::days(first);
                assert_eq!(date.weekday(), Weekday::try_from(begins as u8).unwrap(), "{name}");
                assert!(first <= day && day < first + 7);
                assert_eq!(week.last_day(week.of_day(day)), first + 6);
            }
        }
        for (begins, name) in (0..).zip(MONTHS) {
            let year = Unit::from_name(Grain::Year, name).unwrap();
            let quarter = Unit::from_name(Grain::Quarter, name).unwrap();
            for day in (-4000..4000).step_by(3) {
                let date = |day| epoch() + chrono::Duration::days(day);
                let of_year = date(year.first_day(year.of_day(day)));
                assert_eq!((of_year.month0(), of_year.day()), (begins, 1), "{name}");
                assert!(of_year <= date(day) && date(year.last_day(year.of_day(day))) >= date(day));
                let of_quarter = date(quarter.first_day(quarter.of_day(day)));
                assert_eq!((of_quarter.month0() % 3, of_quarter.day()), (begins % 3, 1));
                let last = date(quarter.last_day(quarter.of_day(day)));
                assert!(of_quarter <= date(day) && last >= date(day));
            }
        }
    }
}
