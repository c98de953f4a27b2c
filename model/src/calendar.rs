//! Grains, periods and time zones: which tick an instant belongs to, and which day a tick is.
//!
//! Instants are microseconds and days are counted since 2000-01-01 (UTC for instants, the zone's
//! calendar for days), as PostgreSQL counts them. PostgreSQL's timestamps end in the year 294276 and
//! chrono's dates in 262142, which is why the few lines of date arithmetic stand here; the tests hold
//! them against chrono.

use crate::error::Error;
use crate::host::{Host, Vec};

/// Microseconds in a second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds in a day.
pub const DAY: i64 = 86_400 * SECOND;
/// The last day of the year 294276, with which PostgreSQL's timestamps end.
pub const LAST_DAY: i64 = 106_751_982;

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
        Self::ALL.iter().find(|(_, n)| n.eq_ignore_ascii_case(name)).map(|(g, _)| *g).ok_or_else(
            || Error::UnknownName {
                what: "grain",
                given: name.to_string(),
                valid: "second, minute, hour, day, week, month, quarter, year",
            },
        )
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
    fn micros(self) -> i64 {
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
    pub fn last_day(self, unit: i64) -> i64 {
        self.first_day(unit + 1) - 1
    }
}

const DAYS_IN_400_YEARS: i64 = 146_097;
/// Days from 0000-03-01 to 2000-01-01: years that begin in March end with the leap day.
const MARCH_0000: i64 = 730_425;

/// The local day of a local time.
#[inline]
fn day_of(local: i64) -> i64 {
    // Whole days are added, so that times of PostgreSQL's are positive: that divides faster.
    const DAYS: i64 = i64::MAX / DAY;
    (local.wrapping_add(DAYS * DAY) as u64 / DAY as u64) as i64 - DAYS
}

/// The months of the days from 1980 to 2069, counted from January 2000: what most rows ask for.
static MONTHS: [i16; 1 << 15] = {
    let mut months = [0; 1 << 15];
    let (mut day, mut month) = (0, -240);
    while day < months.len() {
        while first_day_of_month(month as i64 + 1) <= FIRST_OF_MONTHS + day as i64 {
            month += 1;
        }
        months[day] = month;
        day += 1;
    }
    months
};

/// 1980-01-01.
const FIRST_OF_MONTHS: i64 = -7305;

/// Months from January 2000 to the month of this day.
#[inline]
fn month_of(day: i64) -> i64 {
    match MONTHS.get(day.wrapping_sub(FIRST_OF_MONTHS) as usize) {
        Some(month) => i64::from(*month),
        None => compute_month_of(day),
    }
}

/// C. Neri and L. Schneider, "Euclidean affine functions and their application to calendar
/// algorithms", Software: Practice and Experience 53 (2023), proposition 6.3.
fn compute_month_of(day: i64) -> i64 {
    // Whole eras are added, so that every day of PostgreSQL's is positive.
    const ERAS: i64 = 1 << 20;
    let day = day.wrapping_add(MARCH_0000 + ERAS * DAYS_IN_400_YEARS) as u64;
    let n1 = day.wrapping_mul(4).wrapping_add(3);
    let (century, of_century) = (n1 / 146_097, n1 % 146_097 / 4);
    let p2 = 2_939_745 * (4 * of_century + 3);
    let (year, of_year) = (p2 >> 32, (p2 & 0xffff_ffff) / 2_939_745 / 4);
    let month = (2141 * of_year + 197_913) >> 16; // 3 is March, 14 February
    let months = (100 * century + year) * 12 + month - 1;
    months as i64 - (2000 + 400 * ERAS) * 12
}

/// The first day of a month, counted from January 2000.
///
/// H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil.
const fn first_day_of_month(month: i64) -> i64 {
    let from_march = month - 2 + 2000 * 12;
    let (year, month) = (from_march.div_euclid(12), from_march.rem_euclid(12));
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day = of_era * 365 + of_era / 4 - of_era / 100 + (153 * month + 2) / 5;
    era * DAYS_IN_400_YEARS + day - MARCH_0000
}

/// A day as text: year, month and day of month.
///
/// ```
/// use pg_retention_model::calendar::date_text;
/// assert_eq!(date_text(59), "2000-02-29");
/// assert_eq!(date_text(-730_485), "0001-01-01 BC");
/// ```
pub fn date_text(day: i64) -> String {
    let month = month_of(day);
    let year = month.div_euclid(12) + 2000;
    let (month, day) = (month.rem_euclid(12) + 1, day - first_day_of_month(month) + 1);
    let (year, era) = if year > 0 { (year, "") } else { (1 - year, " BC") };
    format!("{year:04}-{month:02}-{day:02}{era}")
}

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
    /// use pg_retention_model::calendar::Period;
    /// assert_eq!(Period::parse("month")?, Period::MONTH);
    /// assert_eq!(Period::parse("7 days")?, Period::Days(7));
    /// assert!(Period::parse("7 months").is_err());
    /// # Ok::<(), pg_retention_model::error::Error>(())
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

/// A stretch of time during which the offset of a zone's clock does not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first instant.
    pub from: i64,
    /// The first instant after it; `i64::MAX` if none.
    pub until: i64,
    /// Local time − UTC, in microseconds (whole seconds).
    pub offset: i64,
}

impl Span {
    /// All time at one offset.
    pub const fn always(offset: i64) -> Self {
        Span { from: i64::MIN, until: i64::MAX, offset }
    }

    /// Is the instant in it?
    #[inline]
    pub fn holds(&self, at: i64) -> bool {
        self.from <= at && at < self.until
    }
}

/// A time zone. PostgreSQL's own, inside PostgreSQL.
pub trait Zone {
    /// The longest span around an instant in which the offset does not change.
    fn span(&self, at: i64) -> Span;

    /// The instant at which a local day begins: the first one whose local date is not earlier.
    fn day_start(&self, day: i64) -> i64 {
        let midnight = day.saturating_mul(DAY);
        // No zone is further than a day from UTC.
        let mut span = self.span(midnight.saturating_sub(DAY));
        loop {
            let start = (midnight.saturating_sub(span.offset)).max(span.from);
            if start < span.until || span.until == i64::MAX {
                return start;
            }
            span = self.span(span.until);
        }
    }
}

/// Coordinated universal time; also the zone of local times without one.
#[derive(Debug, Clone, Copy)]
pub struct Utc;

impl Zone for Utc {
    fn span(&self, _: i64) -> Span {
        Span::always(0)
    }
}

/// Turns instants into ticks. It remembers the spans it has seen, since the offset of a zone
/// changes twice a year: an instant costs a comparison, an addition and a division.
#[derive(Debug)]
pub struct Clock<H: Host> {
    grain: Grain,
    current: Span,
    seen: Vec<Span, H>,
}

impl<H: Host> Clock<H> {
    /// A clock for a grain. Every call must name the same zone.
    pub fn new(grain: Grain, host: H) -> Self {
        Clock { grain, current: Span { from: 0, until: 0, offset: 0 }, seen: Vec::new_in(host) }
    }

    #[inline]
    fn offset(&mut self, zone: &impl Zone, at: i64) -> i64 {
        if !self.current.holds(at) {
            self.seek(zone, at);
        }
        self.current.offset
    }

    fn seek(&mut self, zone: &impl Zone, at: i64) {
        let place = self.seen.partition_point(|span| span.until <= at);
        self.current = match self.seen.get(place) {
            Some(span) if span.holds(at) => *span,
            _ => {
                let span = zone.span(at);
                self.seen.insert(place, span);
                span
            }
        };
    }

    /// The tick of an instant: the number of a calendar unit, or for the grains below a day the
    /// second at which the tick begins.
    #[inline(always)] // once a row
    pub fn tick(&mut self, zone: &impl Zone, at: i64) -> i64 {
        let local = at + self.offset(zone, at);
        match self.grain {
            Grain::Day => day_of(local),
            Grain::Month => month_of(day_of(local)),
            grain if grain.is_instant() => {
                let unit = grain.micros();
                let start = local.div_euclid(unit) * unit - self.current.offset;
                // A clock that was set within the unit: the tick begins with the new time.
                start.max(self.current.from).div_euclid(SECOND)
            }
            grain => grain.of_day(day_of(local)),
        }
    }

    /// The day of an instant, in the zone's calendar.
    ///
    /// Where ticks are instants, days must follow each other as they do. In the few zones that have
    /// set their clocks back over midnight, the repeated end of a day then counts to the next one.
    pub fn day(&mut self, zone: &impl Zone, at: i64) -> i64 {
        const LATE: i64 = DAY - 3 * 3600 * SECOND;
        let local = at.saturating_add(self.offset(zone, at));
        let day = local.div_euclid(DAY);
        let is_repeated = self.grain.is_instant()
            && local.rem_euclid(DAY) >= LATE
            && zone.day_start(day + 1) <= at;
        day + i64::from(is_repeated)
    }

    /// The first day of a tick, in the zone's calendar.
    #[inline]
    pub fn first_day(&mut self, zone: &impl Zone, tick: i64) -> i64 {
        if self.grain.is_instant() {
            self.day(zone, tick.saturating_mul(SECOND))
        } else {
            self.grain.first_day(tick)
        }
    }

    /// The last day of a tick.
    pub fn last_day(&mut self, zone: &impl Zone, tick: i64) -> i64 {
        if self.grain.is_instant() { self.first_day(zone, tick) } else { self.grain.last_day(tick) }
    }

    /// The first instant of a tick.
    pub fn start(&mut self, zone: &impl Zone, tick: i64) -> i64 {
        if self.grain.is_instant() {
            tick.saturating_mul(SECOND)
        } else {
            zone.day_start(self.grain.first_day(tick))
        }
    }

    /// The instant by which a tick is named, that of `date_trunc`: its first one, except where a
    /// clock was set within an hour or a minute. Then it is the full hour or minute, as the clock
    /// would have shown it.
    pub fn label(&mut self, zone: &impl Zone, tick: i64) -> i64 {
        let start = self.start(zone, tick);
        if !self.grain.is_instant() {
            return start;
        }
        let (offset, unit) = (self.offset(zone, start), self.grain.micros());
        start.saturating_add(offset).div_euclid(unit) * unit - offset
    }

    /// The last microsecond of a tick.
    pub fn end(&mut self, zone: &impl Zone, tick: i64) -> i64 {
        if self.grain.is_instant() {
            let start = tick.saturating_mul(SECOND);
            self.offset(zone, start);
            start.saturating_add(self.grain.micros()).min(self.current.until) - 1
        } else {
            zone.day_start(self.grain.first_day(tick + 1)) - 1
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Global;
    use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, Offset, TimeZone};

    fn epoch() -> NaiveDate {
        NaiveDate::from_ymd_opt(2000, 1, 1).unwrap()
    }

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

    /// A zone of the IANA database, through chrono-tz: found by stepping and bisection.
    struct Iana(chrono_tz::Tz);

    impl Iana {
        fn offset_at(&self, at: i64) -> i64 {
            let seconds = at.div_euclid(SECOND) + 946_684_800;
            let utc = chrono::DateTime::from_timestamp(seconds, 0).unwrap().naive_utc();
            i64::from(self.0.offset_from_utc_datetime(&utc).fix().local_minus_utc()) * SECOND
        }

        /// The first second in the direction of `step` at which the offset differs from that at `at`.
        fn edge(&self, at: i64, step: i64) -> i64 {
            let offset = self.offset_at(at);
            let mut near = at.div_euclid(SECOND);
            let mut far = near + step;
            while self.offset_at(far * SECOND) == offset {
                near = far;
                far += step;
                if (far - at / SECOND).abs() > 3_000_000_000 {
                    return if step > 0 { i64::MAX } else { i64::MIN };
                }
            }
            while (far - near).abs() > 1 {
                let middle = (near + far) / 2;
                if self.offset_at(middle * SECOND) == offset { near = middle } else { far = middle }
            }
            if step > 0 { far * SECOND } else { near * SECOND }
        }
    }

    impl Zone for Iana {
        fn span(&self, at: i64) -> Span {
            let week = 7 * 86_400;
            Span {
                from: self.edge(at, -week),
                until: self.edge(at, week),
                offset: self.offset_at(at),
            }
        }
    }

    fn local(zone: chrono_tz::Tz, at: i64) -> NaiveDateTime {
        let utc = epoch().and_hms_opt(0, 0, 0).unwrap() + chrono::Duration::microseconds(at);
        zone.from_utc_datetime(&utc).naive_local()
    }

    #[test]
    fn ticks_follow_the_local_clock_through_its_changes() {
        use chrono_tz::{America::New_York, Australia::Lord_Howe, Pacific::Apia};
        for (tz, around) in [
            (New_York, NaiveDate::from_ymd_opt(2023, 11, 5).unwrap()),
            (Lord_Howe, NaiveDate::from_ymd_opt(2024, 4, 6).unwrap()),
            (Apia, NaiveDate::from_ymd_opt(2011, 12, 30).unwrap()),
        ] {
            let zone = Iana(tz);
            let mut day_clock = Clock::new(Grain::Day, Global);
            let mut hour_clock = Clock::new(Grain::Hour, Global);
            let mut starts = std::collections::BTreeMap::new();
            let start = (around - epoch()).num_days() * DAY - DAY;
            for at in (start..start + 3 * DAY).step_by(600 * SECOND as usize) {
                let there = local(tz, at);
                let day = (there.date() - epoch()).num_days();
                assert_eq!(day_clock.tick(&zone, at), day, "{tz} {there}");
                assert!(zone.day_start(day) <= at && zone.day_start(day + 1) > at);
                let hour = hour_clock.tick(&zone, at);
                assert_eq!(hour_clock.first_day(&zone, hour), day);
                assert!(hour * SECOND <= at && at - hour * SECOND < 3600 * SECOND);
                starts.entry(hour).or_insert(there);
            }
            // 72 hours of real time; where the clock went back half an hour, that half is a tick of
            // its own and the last hour is only half over.
            assert_eq!(starts.len(), if tz == Lord_Howe { 73 } else { 72 }, "{tz}: {starts:?}");
        }
    }

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
