//! Stretches of time, as people write them.

use super::dates::add_months;
use super::{DAY, SECOND};
use crate::error::{Error, shorten};
use std::fmt;

const HOUR: i64 = 3600;

/// A length of time: months, days and seconds, none of which is made of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stretch {
    /// Months of the calendar, of different lengths.
    pub months: i64,
    /// Days of the calendar, a few of which have 23 or 25 hours.
    pub days: i64,
    /// Seconds.
    pub seconds: i64,
}

/// Which stretches of time a function takes.
#[derive(Debug, Clone, Copy)]
pub struct Takes {
    /// The name of the argument.
    pub what: &'static str,
    /// What may be written, for the hint.
    pub valid: &'static str,
    /// May it be nothing?
    pub nothing: bool,
    /// May it have hours, if it is a day or longer?
    pub hours: bool,
    /// May it be shorter than a day?
    pub short: bool,
}

impl Takes {
    /// Whole days, one or more.
    pub const fn days(what: &'static str) -> Self {
        let valid =
            "days, weeks, months, quarters or years: '90 days', '2 weeks', '3 months', '1 year'";
        Takes { what, valid, nothing: false, hours: false, short: false }
    }

    /// Whole days, or none.
    pub const fn days_or_none(what: &'static str) -> Self {
        Takes { nothing: true, ..Self::days(what) }
    }

    /// A day or longer, or nothing.
    pub const fn time(what: &'static str) -> Self {
        let valid = "days, weeks, months, quarters or years, and hours beside them: '90 days', \
                     '6 months', '1 year'";
        Takes { what, valid, nothing: true, hours: true, short: false }
    }
}

/// A stretch of time that is as long for everybody, in microseconds: a day has 24 hours. Months have no
/// such length.
///
/// ```
/// use model_ground::calendar::{DAY, exact_micros};
/// assert_eq!(exact_micros("within", "2 days 12 hours")?, 2 * DAY + DAY / 2);
/// assert!(exact_micros("within", "1 month").is_err());
/// # Ok::<(), model_ground::error::Error>(())
/// ```
pub fn exact_micros(what: &'static str, text: &str) -> Result<i64, Error> {
    let valid =
        "seconds, minutes, hours, days or weeks: '30 minutes', '24 hours', '7 days', '2 weeks'";
    let takes = Takes { what, valid, nothing: false, hours: true, short: true };
    let Stretch { months, days, seconds } = Stretch::parse(text, takes)?;
    if months > 0 {
        let about = (months as f64 * 365.25 / 12.0).round() as i64 + days;
        return Err(Error::Miswritten {
            message: format!("{what} \"{}\" is not as long for everybody", shorten(text.trim())),
            hint: format!(
                "Months have different lengths: take '{about} days'. Valid values: {valid}."
            ),
        });
    }
    let micros = i128::from(days) * i128::from(DAY) + i128::from(seconds) * i128::from(SECOND);
    // Longer than all of time there is, and added to any instant it stays a number.
    Ok(i64::try_from(micros).unwrap_or(i64::MAX).min(i64::MAX / 2))
}

/// Why a text is no stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// There is no such word.
    Unknown,
    /// A number, and nothing of which there are so many.
    NoUnit(String),
    /// Less than nothing.
    Negative,
    /// A part of a unit.
    Fraction,
    /// Longer than the calendar.
    TooLong,
}

impl Unreadable {
    /// What is to be said of it.
    pub(super) fn error(self, what: &'static str, given: &str, valid: &'static str) -> Error {
        let given = &*shorten(given.trim());
        let takes = format!("Valid values: {valid}.");
        let (message, hint) = match self {
            Unreadable::Unknown => {
                return Error::unknown(what, given, valid);
            }
            Unreadable::NoUnit(number) => {
                let (days, months) = match &*number {
                    "1" => ("1 day", "1 month"),
                    _ => (&*format!("{number} days"), &*format!("{number} months")),
                };
                (
                    format!("{what} \"{given}\" has no unit"),
                    format!("Write '{days}' or '{months}'. {takes}"),
                )
            }
            Unreadable::Negative => (
                format!("{what} \"{given}\" is negative"),
                format!("Take a length, such as '30 days'. {takes}"),
            ),
            Unreadable::Fraction => (
                format!("{what} \"{given}\" is no whole number of its unit"),
                format!("Take a smaller unit, such as '18 months' for 1.5 years. {takes}"),
            ),
            Unreadable::TooLong => {
                (format!("{what} \"{given}\" is longer than the calendar"), takes)
            }
        };
        Error::Miswritten { message, hint }
    }
}

impl Stretch {
    /// So many days.
    pub const fn of_days(days: i64) -> Self {
        Stretch { months: 0, days, seconds: 0 }
    }

    /// So many months.
    pub const fn of_months(months: i64) -> Self {
        Stretch { months, days: 0, seconds: 0 }
    }

    /// The stretch in a text: `month`, `90 days`, `1 year 6 months`, in any case; and what PostgreSQL
    /// prints of an interval.
    ///
    /// ```
    /// use model_ground::calendar::{Stretch, Takes};
    /// let takes = Takes::days("silence");
    /// assert_eq!(Stretch::parse("2 Weeks", takes)?, Stretch::of_days(14));
    /// assert_eq!(Stretch::parse("1 year 6 mons", takes)?, Stretch::of_months(18));
    /// assert!(Stretch::parse("12", takes).is_err());
    /// # Ok::<(), model_ground::error::Error>(())
    /// ```
    pub fn parse(text: &str, takes: Takes) -> Result<Self, Error> {
        let Takes { what, valid, nothing, hours, short } = takes;
        let stretch = match Word::of(text.trim()) {
            Some(Word { unit, .. }) => Ok(unit),
            None => Self::read(text),
        };
        let stretch = stretch.map_err(|why| why.error(what, text, valid))?;
        let given = shorten(text.trim());
        let wrong = |why: &str, hint: &str| {
            let (message, hint) =
                (format!("{what} \"{given}\" {why}"), format!("{hint}Valid values: {valid}."));
            Err(Error::Miswritten { message, hint })
        };
        match stretch {
            Stretch { months: 0, days: 0, seconds: 0 } if !nothing => {
                wrong("is no time at all", "Take one or more of the unit. ")
            }
            Stretch { months: 0, days: 0, seconds }
                if !short && seconds > 0 && seconds < 24 * HOUR =>
            {
                let hint = "A number without a unit counts seconds where it becomes an interval: was \
                            '12 months' meant, or '12 days'? ";
                wrong("is shorter than a day", if seconds < HOUR { hint } else { "" })
            }
            Stretch { seconds, .. } if seconds > 0 && !hours => {
                wrong("is no whole number of days", "")
            }
            stretch => Ok(stretch),
        }
    }

    /// One or more numbers with a unit each.
    pub(super) fn read(text: &str) -> Result<Self, Unreadable> {
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err(Unreadable::Unknown);
        }
        let mut sum = Stretch::default();
        while !rest.is_empty() {
            let number = take(&mut rest, |c| c.is_ascii_digit());
            if number.is_empty() {
                let is_less = rest.strip_prefix(['-', '−']).map(|rest| Self::read(rest).is_ok());
                return Err(match is_less {
                    Some(true) => Unreadable::Negative,
                    _ => Unreadable::Unknown,
                });
            }
            let unit = if let Some(minutes) = rest.strip_prefix(':') {
                rest = minutes;
                let clock = Self::clock(&mut rest)?;
                sum = sum.plus(clock, 1)?;
                Stretch { months: 0, days: 0, seconds: HOUR }
            } else {
                if rest.starts_with(['.', ',']) {
                    return Err(Unreadable::Fraction);
                }
                rest = rest.trim_start();
                let word = take(&mut rest, char::is_alphabetic);
                if word.is_empty() {
                    return Err(match rest {
                        "" => Unreadable::NoUnit(number.to_string()),
                        _ => Unreadable::Unknown,
                    });
                }
                match Word::of(word) {
                    Some(Word { unit, is_adverb: false }) => unit,
                    _ => return Err(Unreadable::Unknown),
                }
            };
            let number: i32 = number.parse().map_err(|_| Unreadable::TooLong)?;
            sum = sum.plus(unit, i64::from(number))?;
            rest = rest.trim_start();
        }
        Ok(sum)
    }

    /// Minutes and seconds, after the hours of a clock.
    fn clock(rest: &mut &str) -> Result<Self, Unreadable> {
        let minutes = take(rest, |c| c.is_ascii_digit());
        let mut seconds = "00";
        if let Some(after) = rest.strip_prefix(':') {
            *rest = after;
            seconds = take(rest, |c| c.is_ascii_digit());
        }
        if rest.starts_with('.') {
            return Err(Unreadable::Fraction);
        }
        let below_60 = |digits: &str| match digits.parse() {
            Ok(number @ 0..60) if digits.len() == 2 => Ok(number),
            _ => Err(Unreadable::Unknown),
        };
        let seconds = below_60(minutes)? * 60 + below_60(seconds)?;
        Ok(Stretch { months: 0, days: 0, seconds })
    }

    /// So many times another one more.
    fn plus(self, other: Self, times: i64) -> Result<Self, Unreadable> {
        // Months and days as PostgreSQL's intervals have them; seconds for as long as its calendar.
        const MOST: i64 = i32::MAX as i64;
        let sum = Stretch {
            months: self.months + times * other.months,
            days: self.days + times * other.days,
            seconds: self.seconds + times * other.seconds,
        };
        let fits = sum.months <= MOST && sum.days <= MOST && sum.seconds <= MOST * HOUR;
        fits.then_some(sum).ok_or(Unreadable::TooLong)
    }

    /// So much before a day: the months first, as PostgreSQL does.
    pub fn before(self, day: i64) -> i64 {
        add_months(day, -self.months) - self.days
    }

    /// So much after a day.
    pub fn after(self, day: i64) -> i64 {
        add_months(day, self.months) + self.days
    }
}

/// Takes the beginning of a text that is of such characters.
fn take<'t>(rest: &mut &'t str, is_such: impl Fn(char) -> bool) -> &'t str {
    let end = rest.find(|c| !is_such(c)).unwrap_or(rest.len());
    let (taken, left) = rest.split_at(end);
    *rest = left;
    taken
}

/// A word for a unit of time.
struct Word {
    unit: Stretch,
    /// Does it say how often, and not how long?
    is_adverb: bool,
}

impl Word {
    fn of(word: &str) -> Option<Self> {
        let is_such = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(word));
        let of = |months, days, seconds| Stretch { months, days, seconds };
        let units: [(&[&str], &str, Stretch); 8] = [
            (&["day", "days"], "daily", of(0, 1, 0)),
            (&["week", "weeks"], "weekly", of(0, 7, 0)),
            (&["month", "months", "mon", "mons"], "monthly", of(1, 0, 0)),
            (&["quarter", "quarters"], "quarterly", of(3, 0, 0)),
            (&["year", "years"], "yearly", of(12, 0, 0)),
            (&["hour", "hours"], "hourly", of(0, 0, HOUR)),
            (&["minute", "minutes", "min", "mins"], "", of(0, 0, 60)),
            (&["second", "seconds", "sec", "secs"], "", of(0, 0, 1)),
        ];
        units.into_iter().find_map(|(names, adverb, unit)| {
            let is_adverb = adverb.eq_ignore_ascii_case(word);
            (is_adverb || is_such(names)).then_some(Word { unit, is_adverb })
        })
    }
}

impl fmt::Display for Stretch {
    /// As it may be written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [(self.months, "month"), (self.days, "day"), (self.seconds, "second")];
        let mut space = "";
        for (number, unit) in parts.into_iter().filter(|(number, _)| *number != 0) {
            write!(f, "{space}{number} {unit}{}", if number == 1 { "" } else { "s" })?;
            space = " ";
        }
        if space.is_empty() { f.write_str("0 days") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stretches_are_read_as_they_are_written() {
        let of = |text| Stretch::read(text);
        let seconds = |seconds| Stretch { seconds, ..Stretch::default() };
        for (text, stretch) in [
            ("7 days", Stretch::of_days(7)),
            (" 1Day ", Stretch::of_days(1)),
            ("2 WEEKS", Stretch::of_days(14)),
            ("1 month", Stretch::of_months(1)),
            ("6 mons", Stretch::of_months(6)),
            ("1 quarter", Stretch::of_months(3)),
            ("1 year 6 mons", Stretch::of_months(18)),
            ("24 hours", seconds(86_400)),
            ("24:00:00", seconds(86_400)),
            ("30 minutes", seconds(1800)),
            ("00:30", seconds(1800)),
            ("00:00:12", seconds(12)),
            ("1 mon 2 days 03:04:05", Stretch { months: 1, days: 2, seconds: 11_045 }),
        ] {
            assert_eq!(of(text), Ok(stretch), "{text}");
        }
        for text in ["", "days", "fortnight", "7 fortnights", "7 days ago", "2 monthly", "7 7 days"]
        {
            assert_eq!(of(text), Err(Unreadable::Unknown), "{text}");
        }
        assert_eq!(of("12"), Err(Unreadable::NoUnit("12".to_string())));
        assert_eq!(of("-3 days"), Err(Unreadable::Negative));
        assert_eq!(of("1.5 years"), Err(Unreadable::Fraction));
        for text in ["2147483648 days", "999999999 weeks", "99999999999999999999 hours"] {
            assert_eq!(of(text), Err(Unreadable::TooLong), "{text}");
        }
    }

    #[test]
    fn what_is_no_stretch_is_told_with_what_was_meant() {
        let say = |text, takes| match Stretch::parse(text, takes) {
            Err(error) => format!("{error}. {}", error.hint().unwrap_or_default()),
            Ok(stretch) => stretch.to_string(),
        };
        let horizon = Takes::time("horizon");
        assert!(
            say("12", horizon)
                .starts_with("horizon \"12\" has no unit. Write '12 days' or '12 months'.")
        );
        assert!(say("00:00:12", horizon).contains("was '12 months' meant"));
        assert!(say("6 hours", horizon).starts_with("horizon \"6 hours\" is shorter than a day"));
        assert_eq!(say("36 hours", horizon), "129600 seconds");
        assert_eq!(say("0 days", horizon), "0 days");
        assert_eq!(say("Monthly", horizon), "1 month");
        let silence = Takes::days("silence");
        assert!(say("0 days", silence).starts_with("silence \"0 days\" is no time at all"));
        assert!(say("36 hours", silence).contains("is no whole number of days"));
        assert!(say("soon", silence).starts_with("unknown silence \"soon\". Valid values: days"));
        assert_eq!(say("year", silence), "12 months");
    }

    proptest! {
        #[test]
        fn what_is_shown_can_be_read(
            months in 0..2000i64, days in 0..90_000i64, seconds in 0..200_000i64,
        ) {
            let stretch = Stretch { months, days, seconds };
            prop_assert_eq!(Stretch::read(&stretch.to_string()), Ok(stretch));
        }

        #[test]
        fn no_text_is_too_much(text in "[-0-9a-z:., ]{0,30}|\\PC{0,12}") {
            let _ = Stretch::parse(&text, Takes::time("horizon"));
        }
    }
}
