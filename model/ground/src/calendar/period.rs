//! What readers count by.

use super::Grain;
use crate::error::Error;

/// What a reader counts by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// A unit of the calendar, the same for everybody.
    Calendar(Grain),
    /// So many calendar days of the zone, counted from the day of a member's own start.
    Days(u32),
    /// So many hours of absolute time, counted from a member's own start.
    Hours(u32),
}

impl Period {
    /// Calendar months, the default.
    pub const MONTH: Period = Period::Calendar(Grain::Month);

    /// The period of a name: a calendar unit, or an elapsed time such as `7 days`.
    ///
    /// ```
    /// use model_ground::calendar::Period;
    /// assert_eq!(Period::parse("month")?, Period::MONTH);
    /// assert_eq!(Period::parse("7 days")?, Period::Days(7));
    /// assert!(Period::parse("7 months").is_err());
    /// # Ok::<(), model_ground::error::Error>(())
    /// ```
    pub fn parse(name: &str) -> Result<Self, Error> {
        let valid = "day, week, month, quarter, year, or a time elapsed since each member's own \
                     start, such as 7 days or 24 hours";
        let unknown = || Error::UnknownName { what: "period", given: name.to_string(), valid };
        let trimmed = name.trim();
        let digits = trimmed.len() - trimmed.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = trimmed.split_at(digits);
        if number.is_empty() {
            return match Grain::parse(trimmed) {
                Ok(grain) if !grain.is_instant() => Ok(Period::Calendar(grain)),
                _ => Err(unknown()),
            };
        }
        let is = |names: [&str; 2]| names.iter().any(|n| n.eq_ignore_ascii_case(unit.trim_start()));
        let (days, hours) = (is(["day", "days"]), is(["hour", "hours"]));
        match number.parse() {
            _ if !days && !hours => Err(unknown()),
            Ok(number) if (1..=i32::MAX as u32).contains(&number) => {
                Ok(if days { Period::Days(number) } else { Period::Hours(number) })
            }
            _ => Err(Error::bad(
                format!("period \"{name}\" has no such length"),
                "Take a whole number of days or hours, 1 or more.",
            )),
        }
    }

    /// Is every period of this kind made of whole ticks of the grain?
    pub fn check_grain(self, grain: Grain) -> Result<(), Error> {
        let hint = "Take a longer period, or build the history with a finer grain \
                    (fourth argument of history_agg).";
        let name = grain.name();
        match self {
            Period::Calendar(unit) if unit < grain => Err(Error::bad(
                format!("period \"{}\" is finer than the history's grain \"{name}\"", unit.name()),
                hint,
            )),
            Period::Calendar(unit) if grain == Grain::Week && unit != Grain::Week => {
                Err(Error::bad(
                    format!(
                        "period \"{}\" is not made of whole weeks, the history's grain",
                        unit.name()
                    ),
                    hint,
                ))
            }
            Period::Days(_) if grain > Grain::Day => Err(Error::bad(
                format!("periods of days need to know days, not the history's grain \"{name}\""),
                "Build the history with grain 'day' or a finer one (fourth argument of \
                 history_agg), or take a calendar period.",
            )),
            Period::Hours(_) if !grain.is_instant() => Err(Error::bad(
                format!("periods of hours need to know hours, not the history's grain \"{name}\""),
                "Build the history with grain 'hour' or a finer one (fourth argument of \
                 history_agg), or take periods of days.",
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_must_be_whole_ticks() {
        let check = |name, grain| Period::parse(name).unwrap().check_grain(grain);
        assert!(check("month", Grain::Hour).is_ok());
        assert!(check("Year", Grain::Quarter).is_ok());
        assert!(check("day", Grain::Month).is_err());
        assert!(check("month", Grain::Week).is_err());
        assert!(check("7 days", Grain::Day).is_ok() && check("7 days", Grain::Second).is_ok());
        assert!(check("7 days", Grain::Week).is_err());
        assert!(check("24 hours", Grain::Hour).is_ok() && check("24 hours", Grain::Day).is_err());
    }

    #[test]
    fn periods_have_names() {
        assert_eq!(Period::parse(" 30  Days"), Ok(Period::Days(30)));
        assert_eq!(Period::parse("1day"), Ok(Period::Days(1)));
        assert_eq!(Period::parse("24 hours"), Ok(Period::Hours(24)));
        for unknown in ["hour", "", "7", "7 months", "days", "-7 days", "1.5 days", "7 days ago"] {
            assert!(matches!(Period::parse(unknown), Err(Error::UnknownName { .. })), "{unknown}");
        }
        for outside in ["0 days", "00 hours", "2147483648 days", "99999999999999999999 hours"] {
            assert!(matches!(Period::parse(outside), Err(Error::BadArgument { .. })), "{outside}");
        }
    }
}
