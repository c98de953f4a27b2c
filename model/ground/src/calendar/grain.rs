//! Calendar units.

use super::dates::{first_day_of_month, month_of};
use super::{DAY, SECOND};
use crate::error::Error;

/// How finely a history tells times apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Grain {
    /// Ticks are instants: full seconds of the local clock.
    Second,
    /// Full minutes of the local clock.
    Minute,
    /// Full hours of the local clock.
    Hour,
    /// Calendar days.
    Day,
    /// ISO weeks, from Monday.
    Week,
    /// Calendar months.
    Month,
    /// Quarters of the year.
    Quarter,
    /// Years.
    Year,
}

impl Grain {
    const ALL: [(Grain, &'static str); 8] = [
        (Grain::Second, "second"),
        (Grain::Minute, "minute"),
        (Grain::Hour, "hour"),
        (Grain::Day, "day"),
        (Grain::Week, "week"),
        (Grain::Month, "month"),
        (Grain::Quarter, "quarter"),
        (Grain::Year, "year"),
    ];

    /// The grain of a name, in any case.
    pub fn parse(name: &str) -> Result<Self, Error> {
        Self::of_word(name.trim()).ok_or_else(|| {
            Error::unknown("grain", name, "second, minute, hour, day, week, month, quarter, year")
        })
    }

    /// The grain that a word means, in any case: `month`, `months` or `monthly`.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        let is_such = |name: &str, grain| {
            let adverb = match grain {
                Grain::Hour => "hourly",
                Grain::Day => "daily",
                Grain::Week => "weekly",
                Grain::Month => "monthly",
                Grain::Quarter => "quarterly",
                Grain::Year => "yearly",
                Grain::Second | Grain::Minute => name,
            };
            let one = word.strip_suffix(['s', 'S']).unwrap_or(word);
            one.eq_ignore_ascii_case(name) || word.eq_ignore_ascii_case(adverb)
        };
        Self::ALL.iter().find(|(grain, name)| is_such(name, *grain)).map(|(grain, _)| *grain)
    }

    /// Its name in SQL.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// The grain with this number in the bytes of a history.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).map(|(g, _)| *g)
    }

    /// Are ticks instants, rather than units of the calendar?
    pub fn is_instant(self) -> bool {
        self < Grain::Day
    }

    /// Microseconds of a tick of the grains below a day.
    pub(super) fn micros(self) -> i64 {
        match self {
            Grain::Second => SECOND,
            Grain::Minute => 60 * SECOND,
            Grain::Hour => 3600 * SECOND,
            _ => DAY,
        }
    }

    /// The number of the calendar unit that holds this day. 2000 began with unit 0.
    #[inline]
    pub fn of_day(self, day: i64) -> i64 {
        match self {
            Grain::Second | Grain::Minute | Grain::Hour | Grain::Day => day,
            Grain::Week => (day - 2).div_euclid(7), // 2000-01-03 was a Monday
            Grain::Month => month_of(day),
            Grain::Quarter => month_of(day).div_euclid(3),
            Grain::Year => month_of(day).div_euclid(12),
        }
    }

    /// The first day of a calendar unit.
    #[inline]
    pub fn first_day(self, unit: i64) -> i64 {
        match self {
            Grain::Second | Grain::Minute | Grain::Hour | Grain::Day => unit,
            Grain::Week => unit * 7 + 2,
            Grain::Month => first_day_of_month(unit),
            Grain::Quarter => first_day_of_month(unit * 3),
            Grain::Year => first_day_of_month(unit * 12),
        }
    }

    /// The last day of a calendar unit.
    #[inline]
    pub fn last_day(self, unit: i64) -> i64 {
        self.first_day(unit + 1) - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::tests::epoch;
    use chrono::{Datelike, Days};

    #[test]
    fn units_agree_with_chrono_over_nine_hundred_years() {
        for day in (-200_000..130_000).step_by(1) {
            let date = epoch() + chrono::Duration::days(day);
            let month = i64::from(date.year() - 2000) * 12 + i64::from(date.month0());
            assert_eq!(Grain::Month.of_day(day), month, "{date}");
            assert_eq!(Grain::Quarter.of_day(day), month.div_euclid(3));
            assert_eq!(Grain::Year.of_day(day), i64::from(date.year() - 2000));
            assert_eq!(Grain::Month.first_day(month), day - i64::from(date.day0()));
            assert_eq!(
                Grain::Year.first_day(month.div_euclid(12)),
                day - i64::from(date.ordinal0())
            );
            let monday = date - Days::new(u64::from(date.weekday().num_days_from_monday()));
            let week = Grain::Week.of_day(day);
            assert_eq!(Grain::Week.first_day(week), (monday - epoch()).num_days());
        }
    }
}
