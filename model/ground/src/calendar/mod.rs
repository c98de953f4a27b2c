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
mod stretch;
mod unit;
mod zone_names;

pub use clock::{Clock, Span, Utc, Zone};
pub use dates::{add_months, date_text, months_between};
pub use grain::Grain;
pub use period::{Period, Periods};
pub use stretch::{Stretch, Takes, exact_micros};
pub use unit::Unit;
pub use zone_names::not_a_zone;

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
