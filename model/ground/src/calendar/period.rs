//! What readers count by.

use super::stretch::{Stretch, Unreadable};
use super::{Grain, Unit};
use crate::error::{Error, shorten};

/// What a reader counts by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// A unit of the calendar, the same for everybody.
    Calendar(Unit),
    /// So many calendar days of the zone: of a member's own, counted from the day of its start, or
    /// the same for everybody, up to `as_of`.
    Days(u32),
    /// So many calendar months, counted like the days.
    Months(u32),
    /// So many hours of absolute time, counted from a member's own start.
    Hours(u32),
}

/// Which periods a question may count by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Periods {
    /// The calendar's, or those since each member's own start.
    Own,
    /// The same without hours: of what has days alone.
    OwnDays,
    /// The same for all members: the calendar's, or stretches that end at `as_of`.
    Shared,
}

impl Periods {
    /// What they are, for a hint.
    fn valid(self) -> &'static str {
        match self {
            Periods::Own => {
                "day, week, month, quarter or year of the calendar ('week from sunday' and 'year \
                 from april' too), or a time since each member's own start: '7 days', '2 weeks', \
                 '3 months', '1 year', '24 hours'"
            }
            Periods::OwnDays => {
                "day, week, month, quarter or year of the calendar ('week from sunday' and 'year \
                 from april' too), or a time since each member's own start: '7 days', '2 weeks', \
                 '3 months', '1 year'"
            }
            Periods::Shared => {
                "day, week, month, quarter or year of the calendar ('week from sunday' and 'year \
                 from april' too), or stretches that end at as_of: '7 days', '2 weeks', '3 months', \
                 '1 year'"
            }
        }
    }
}

impl Period {
    /// Calendar months, the default.
    pub const MONTH: Period = Period::Calendar(Unit::MONTH);
    /// Calendar days.
    pub const DAY: Period = Period::Calendar(Unit::DAY);

    /// The period of a text: a unit of the calendar, or a stretch of time such as `7 days`.
    ///
    /// ```
    /// use model_ground::calendar::{Period, Periods};
    /// assert_eq!(Period::parse("monthly", Periods::Own)?, Period::MONTH);
    /// assert_eq!(Period::parse("2 weeks", Periods::Own)?, Period::Days(14));
    /// assert_eq!(Period::parse("1 quarter", Periods::Own)?, Period::Months(3));
    /// assert!(Period::parse("week from sunday", Periods::Shared).is_ok());
    /// assert!(Period::parse("24 hours", Periods::Shared).is_err());
    /// # Ok::<(), model_ground::error::Error>(())
    /// ```
    pub fn parse(text: &str, periods: Periods) -> Result<Self, Error> {
        let (what, valid) = ("period", periods.valid());
        if let Some(unit) = calendar(text) {
            return Ok(Period::Calendar(unit));
        }
        let stretch = Stretch::read(text).map_err(|why| why.error(what, text, valid))?;
        let length = |number: i64| {
            u32::try_from(number).map_err(|_| Unreadable::TooLong.error(what, text, valid))
        };
        let wrong = |why: &str| Error::Miswritten {
            message: format!("period \"{}\" {why}", shorten(text.trim())),
            hint: format!("Valid values: {valid}."),
        };
        match stretch {
            Stretch { months: 0, days: 0, seconds: 0 } => Err(wrong("is no time at all")),
            Stretch { months: 0, days, seconds: 0 } => Ok(Period::Days(length(days)?)),
            Stretch { months, days: 0, seconds: 0 } => Ok(Period::Months(length(months)?)),
            Stretch { months: 0, days: 0, seconds } => match periods {
                Periods::Own if seconds % 3600 == 0 => Ok(Period::Hours(length(seconds / 3600)?)),
                Periods::Own => Err(wrong("is no whole number of hours")),
                Periods::OwnDays => Err(wrong("counts hours, and these are days or longer")),
                Periods::Shared => {
                    Err(wrong("counts hours, and these are days or longer, the same for all"))
                }
            },
            _ => Err(wrong("is made of different units: take a number of one of them")),
        }
    }

    /// Is every period of this kind made of whole ticks of the grain?
    pub fn check_grain(self, grain: Grain) -> Result<(), Error> {
        let name = grain.name();
        match self {
            Period::Calendar(unit) => unit.check_grain(grain),
            Period::Days(_) if grain > Grain::Day => Err(Error::bad(
                format!("periods of days need to know days, not the history's grain \"{name}\""),
                "Build the history with grain 'day' or a finer one (fourth argument of \
                 history_agg), or take a calendar period.",
            )),
            Period::Months(months) if months_of(grain).is_none_or(|of| months % of != 0) => {
                Err(Error::bad(
                    format!(
                        "periods of {months} months are not made of whole {name}s, the history's \
                         grain"
                    ),
                    "Take a longer period, or build the history with a finer grain (fourth \
                     argument of history_agg).",
                ))
            }
            Period::Hours(_) if !grain.is_instant() => Err(Error::bad(
                format!("periods of hours need to know hours, not the history's grain \"{name}\""),
                "Build the history with grain 'hour' or a finer one (fourth argument of \
                 history_agg), or take periods of days.",
            )),
            _ => Ok(()),
        }
    }
}

/// The months of a tick of this grain; those below a month begin with any of them. None of weeks.
pub(super) fn months_of(grain: Grain) -> Option<u32> {
    match grain {
        Grain::Second | Grain::Minute | Grain::Hour | Grain::Day | Grain::Month => Some(1),
        Grain::Week => None,
        Grain::Quarter => Some(3),
        Grain::Year => Some(12),
    }
}

/// The unit of the calendar that a text names.
fn calendar(text: &str) -> Option<Unit> {
    let lower = text.trim().to_ascii_lowercase();
    if let Some((unit, begins)) = lower.split_once(" from ") {
        return Unit::from_name(Grain::of_word(unit.trim())?, begins.trim());
    }
    Grain::of_word(&lower).filter(|grain| !grain.is_instant()).map(Unit::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Period, Error> {
        Period::parse(text, Periods::Own)
    }

    #[test]
    fn periods_must_be_whole_ticks() {
        let check = |name, grain| parse(name).unwrap().check_grain(grain);
        assert!(check("month", Grain::Hour).is_ok());
        assert!(check("Year", Grain::Quarter).is_ok());
        assert!(check("day", Grain::Month).is_err());
        assert!(check("month", Grain::Week).is_err());
        assert!(check("7 days", Grain::Day).is_ok() && check("7 days", Grain::Second).is_ok());
        assert!(check("7 days", Grain::Week).is_err());
        assert!(check("24 hours", Grain::Hour).is_ok() && check("24 hours", Grain::Day).is_err());
        assert!(check("2 months", Grain::Month).is_ok() && check("2 months", Grain::Day).is_ok());
        assert!(check("2 months", Grain::Week).is_err());
        assert!(check("2 months", Grain::Quarter).is_err());
        assert!(
            check("6 months", Grain::Quarter).is_ok() && check("6 months", Grain::Year).is_err()
        );
        assert!(check("week from sunday", Grain::Day).is_ok());
        assert!(check("week from sunday", Grain::Week).is_err());
        assert!(check("week from monday", Grain::Week).is_ok());
        assert!(check("year from april", Grain::Month).is_ok());
        assert!(check("year from april", Grain::Quarter).is_ok());
        assert!(check("year from may", Grain::Quarter).is_err());
        assert!(check("year from april", Grain::Year).is_err());
        assert!(check("quarter from october", Grain::Quarter).is_ok());
        assert!(check("quarter from february", Grain::Quarter).is_err());
    }

    #[test]
    fn periods_have_names() {
        assert_eq!(parse(" 30  Days"), Ok(Period::Days(30)));
        assert_eq!(parse("1day"), Ok(Period::Days(1)));
        assert_eq!(parse("24 hours"), Ok(Period::Hours(24)));
        assert_eq!(parse("1 mon"), Ok(Period::Months(1)));
        assert_eq!(parse("1 year 6 mons"), Ok(Period::Months(18)));
        for (names, grain) in [
            (["day", "Days", "daily"], Grain::Day),
            (["week", "weeks", "WEEKLY"], Grain::Week),
            (["month", "months", "monthly"], Grain::Month),
            (["quarter", "quarters", "quarterly"], Grain::Quarter),
            (["year", "years", "yearly"], Grain::Year),
        ] {
            for name in names {
                assert_eq!(parse(name), Ok(Period::Calendar(grain.into())));
            }
        }
        for name in ["week from Sunday", "quarter from february", "YEAR  from april"] {
            let Ok(Period::Calendar(unit)) = parse(name) else { panic!("{name}") };
            let words: Vec<String> = name.split_whitespace().map(str::to_ascii_lowercase).collect();
            assert_eq!(unit.to_string(), words.join(" "));
        }
        assert_eq!(parse("week from monday"), parse("week"));
        let unknown =
            ["hour", "", "7 days ago", "month from sunday", "week from april", "fortnight"];
        for name in unknown {
            assert!(matches!(parse(name), Err(Error::UnknownName { .. })), "{name}");
        }
        let wrong = [
            "7",
            "-7 days",
            "1.5 days",
            "0 days",
            "00 hours",
            "2147483648 days",
            "90 minutes",
            "1 month 15 days",
            "1 day 12:00:00",
            "99999999999999999999 hours",
        ];
        for name in wrong {
            assert!(matches!(parse(name), Err(Error::Miswritten { .. })), "{name}");
        }
    }

    #[test]
    fn each_reader_says_what_it_takes() {
        let hint = |periods| Period::parse("fortnight", periods).unwrap_err().hint().unwrap();
        assert!(hint(Periods::Own).contains("24 hours"));
        assert!(!hint(Periods::OwnDays).contains("hours"));
        assert!(hint(Periods::Shared).contains("end at as_of"));
        for periods in [Periods::OwnDays, Periods::Shared] {
            assert!(Period::parse("24 hours", periods).is_err());
        }
    }
}
