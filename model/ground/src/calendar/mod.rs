//! Grains, periods and time zones: which tick an instant belongs to, and which day a tick is.
//!
//! Instants are microseconds and days are counted since 2000-01-01 (UTC for instants, the zone's
//! calendar for days), as PostgreSQL counts them. PostgreSQL's timestamps end in the year 294276 and
//! chrono's dates in 262142, which is why the few lines of date arithmetic stand here; the tests hold
//! them against chrono.

mod clock;
mod dates;
mod grain;
mod period;

pub use clock::{Clock, Span, Utc, Zone};
pub use dates::date_text;
pub use grain::Grain;
pub use period::Period;

/// Microseconds in a second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds in a day.
pub const DAY: i64 = 86_400 * SECOND;
/// The last day of the year 294276, with which PostgreSQL's timestamps end.
pub const LAST_DAY: i64 = 106_751_982;

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    pub(super) fn epoch() -> NaiveDate {
        NaiveDate::from_ymd_opt(2000, 1, 1).unwrap()
    }
}
