//! What journeys can not hold, and what is said of it.

use crate::calendar::{DAY, LAST_DAY};
use crate::error::Error;

/// Names of events that journeys may hold.
pub const MAX_NAMES: usize = 1 << 16;

/// The first instant that PostgreSQL knows, in 4714 BC, and the one with which its time ends.
pub const EARLIEST: i64 = -211_813_488_000_000_000;
/// See [`EARLIEST`].
pub const BEYOND: i64 = (LAST_DAY + 1) * DAY;

#[cold]
pub(super) fn too_many_names() -> Error {
    Error::TooLarge {
        what: "the number of different events (journeys hold 65,536)",
        hint: "Is it a name, or does it hold an id or an address? Cut what differs from row to row, such \
               as split_part(path, '?', 1), or keep the events that matter and call the others 'other'.",
    }
}

#[cold]
pub(super) fn too_large() -> Error {
    Error::TooLarge {
        what: "the journeys (their limit is 700 MB)",
        hint: "Leave events out that no question is about, with FILTER, or GROUP BY a hash of the member \
               and sum the counts of the groups.",
    }
}

/// Text or bytes that are no journeys.
pub fn malformed(why: &str) -> Error {
    Error::MalformedValue { of: "journeys", why: why.to_string() }
}

/// An error of what they share with histories, as one of theirs.
pub(super) fn of_journeys(error: Error) -> Error {
    match error {
        Error::Malformed(why) => malformed(why),
        Error::Mismatch { left, right, .. } => different_zones(&left, &right),
        error => error,
    }
}

/// Journeys on the calendars of two zones.
pub fn different_zones(left: &str, right: &str) -> Error {
    Error::bad(
        format!("journeys of different time zone: \"{left}\" and \"{right}\""),
        "Build both with the same zone (fourth argument of journey_agg), from times of the same type.",
    )
}
