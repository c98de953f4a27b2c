//! What an overload of `history_agg`, `membership_agg` or `journey_agg` is called with, read from its own declaration.

use super::amount::{self, AmountKind};
use super::member;
use pg_retention_model::calendar::{DAY, LAST_DAY, date_text};
use pg_retention_model::error::Error;
use pg_retention_model::history::MemberKind;
use pgrx::pg_sys;

/// The SQL types of times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeKind {
    /// An instant, put on the calendar of a zone.
    Instant,
    /// A local time without a zone.
    Local,
    /// A day.
    Date,
}

/// The types of the arguments.
#[derive(Debug, Clone, Copy)]
pub struct Signature {
    /// Of the member.
    pub member: MemberKind,
    /// Of the time.
    pub time: TimeKind,
    /// Of the amount, if there is one.
    pub amount: Option<AmountKind>,
    /// Is there the name of an event?
    pub has_event: bool,
}

impl Signature {
    /// Reads the declaration of the transition function that is being called:
    /// `(state, member, at [, amount [, grain [, zone [, is_event]]]])`, `(state, member, joined, ended [, zone])`, or
    /// `(state, member, at, event [, zone])`.
    ///
    /// The function manager would know the types too, but not when somebody else's aggregate calls
    /// this function, as those of distributed systems do.
    ///
    /// # Safety
    /// `function` must be the function being called.
    pub unsafe fn of(function: pg_sys::Oid) -> Option<Self> {
        let (mut types, mut count) = (std::ptr::null_mut(), 0);
        // SAFETY: the function exists; its types come back in an array of `count`.
        let types = unsafe {
            pg_sys::get_func_signature(function, &mut types, &mut count);
            std::slice::from_raw_parts(types, usize::try_from(count).unwrap_or(0))
        };
        Some(Signature {
            member: member::kind_of(*types.get(1)?)?,
            time: match *types.get(2)? {
                pg_sys::TIMESTAMPTZOID => TimeKind::Instant,
                pg_sys::TIMESTAMPOID => TimeKind::Local,
                pg_sys::DATEOID => TimeKind::Date,
                _ => return None,
            },
            amount: types.get(3).and_then(|type_oid| amount::kind_of(*type_oid)),
            has_event: types.get(3) == Some(&pg_sys::TEXTOID),
        })
    }
}

impl TimeKind {
    /// Is it later than every instant?
    pub fn is_beyond_instants(self, datum: pg_sys::Datum) -> bool {
        match self {
            TimeKind::Instant | TimeKind::Local => datum.value() as i64 == i64::MAX,
            TimeKind::Date => i64::from(datum.value() as i32) > LAST_DAY,
        }
    }

    /// Microseconds since 2000-01-01 of a time.
    #[inline(always)] // once a row
    pub fn micros(self, datum: pg_sys::Datum) -> Result<i64, Error> {
        let out_of_range = |given: &str| Error::TimeOutOfRange { given: given.to_string() };
        match self {
            TimeKind::Instant | TimeKind::Local => match datum.value() as i64 {
                i64::MAX => Err(out_of_range("infinity")),
                i64::MIN => Err(out_of_range("-infinity")),
                micros => Ok(micros),
            },
            TimeKind::Date => match datum.value() as i32 {
                i32::MAX => Err(out_of_range("infinity")),
                i32::MIN => Err(out_of_range("-infinity")),
                // PostgreSQL's timestamps end in the year 294276, as do the instants here.
                days if i64::from(days) > LAST_DAY => {
                    Err(out_of_range(&date_text(i64::from(days))))
                }
                days => Ok(i64::from(days) * DAY),
            },
        }
    }
}
