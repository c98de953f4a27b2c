//! PostgreSQL's time zones, for the model's calendar.

use pg_retention_model::calendar::{Span, Zone, not_a_zone};
use pg_retention_model::error::Error;
use pg_retention_wire::zone;
use pgrx::{direct_function_call, pg_sys};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::ffi::{CStr, CString, c_char, c_int};
use std::os::fd::{FromRawFd, OwnedFd};

unsafe extern "C" {
    /// Opens the file of a zone, in any case of its letters. Exported by all versions of PostgreSQL, and
    /// not declared for extensions.
    fn pg_open_tzfile(name: *const c_char, canonname: *mut c_char) -> c_int;
}

/// Is there a zone of this name in PostgreSQL's time zone database?
fn is_in_database(name: &str) -> bool {
    // These are there without a file.
    if ["UTC", "GMT"].iter().any(|known| known.eq_ignore_ascii_case(name)) {
        return true;
    }
    let Ok(name) = CString::new(name) else { return false };
    // SAFETY: a C string in; how the database spells it is not asked for.
    let file = unsafe { pg_open_tzfile(name.as_ptr(), std::ptr::null_mut()) };
    if file < 0 {
        return false;
    }
    // SAFETY: the file is open and nobody else's. It is closed at once.
    drop(unsafe { OwnedFd::from_raw_fd(file) });
    true
}

/// When the transaction began, in microseconds since 2000.
pub fn now() -> i64 {
    // SAFETY: reads it.
    unsafe { pg_sys::GetCurrentTransactionStartTimestamp() }
}

/// A zone of PostgreSQL's time zone database, or none: local times without a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PgZone(Option<*mut pg_sys::pg_tz>);

impl PgZone {
    /// No zone: every local time is what it is.
    pub const NONE: PgZone = PgZone(None);

    /// The session's TimeZone, which must have a name.
    pub fn session() -> Result<Self, Error> {
        // SAFETY: the backend sets its zone at its start; zones are never freed.
        let zone = PgZone(Some(unsafe { pg_sys::session_timezone }));
        let name = zone.name();
        if is_in_database(&name) {
            return Ok(zone);
        }
        Err(not_a_zone("the session's TimeZone", &name))
    }

    /// The zone of a name that somebody gives: one of pg_timezone_names. PostgreSQL itself takes rules
    /// as POSIX writes them as well, whose signs count westwards: UTC+8 is not what it seems.
    pub fn given(name: &str) -> Result<Self, Error> {
        match Self::look_up_name(name) {
            Some(zone) if is_in_database(name) => Ok(zone),
            _ => Err(not_a_zone("time zone", name)),
        }
    }

    /// The zone of a name that is stored with a history, whatever PostgreSQL takes; the empty name is
    /// that of no zone.
    pub fn named(name: &str) -> Result<Self, Error> {
        if name.is_empty() {
            return Ok(PgZone::NONE);
        }
        Self::look_up_name(name).ok_or_else(|| not_a_zone("time zone", name))
    }

    fn look_up_name(name: &str) -> Option<Self> {
        let name = CString::new(name).ok()?;
        // SAFETY: a C string in, a zone that is cached for ever out, or null.
        let zone = unsafe { pg_sys::pg_tzset(name.as_ptr()) };
        (!zone.is_null()).then_some(PgZone(Some(zone)))
    }

    /// Its name; empty if there is no zone.
    pub fn name(&self) -> String {
        let Some(zone) = self.0 else {
            return String::new();
        };
        // SAFETY: the zone is valid, and so is its name.
        let name = unsafe { CStr::from_ptr(pg_sys::pg_get_timezone_name(zone)) };
        name.to_string_lossy().into_owned()
    }

    /// The instant of a time on this zone's clocks. A local time without a zone is taken as PostgreSQL
    /// casts a timestamp to timestamptz: as one of the session's zone.
    pub fn instant(&self, micros: i64) -> i64 {
        if self.0.is_some() {
            return micros;
        }
        // SAFETY: a timestamp in, a timestamptz out.
        let cast = unsafe {
            direct_function_call::<i64>(pg_sys::timestamp_timestamptz, &[Some(micros.into())])
        };
        cast.unwrap_or(micros)
    }

    /// The next change of the clock after a time, in seconds since 1970: the offset before it, and
    /// the time and the offset after it.
    fn next_change(zone: *mut pg_sys::pg_tz, after: i64) -> (i64, Option<zone::Change>) {
        let (mut before, mut later) = (0, 0);
        let (mut before_dst, mut later_dst) = (0, 0);
        let mut boundary = 0;
        // SAFETY: all pointers are to locals, the zone is valid.
        let found = unsafe {
            pg_sys::pg_next_dst_boundary(
                &after,
                &mut before,
                &mut before_dst,
                &mut boundary,
                &mut later,
                &mut later_dst,
                zone,
            )
        };
        (before, (found == 1).then_some((boundary, later)))
    }
}

/// Spans that this backend looked up last. A clock remembers its own; these are for the next clock,
/// such as that of the next group.
const RECENT_SPANS: usize = 32;

thread_local! {
    static RECENT: RefCell<VecDeque<(*mut pg_sys::pg_tz, Span)>> =
        const { RefCell::new(VecDeque::new()) };
}

impl Zone for PgZone {
    fn span(&self, at: i64) -> Span {
        let Some(zone) = self.0 else {
            return Span::always(0);
        };
        RECENT.with_borrow_mut(|recent| {
            let known = recent.iter().find(|(of, span)| *of == zone && span.holds(at));
            if let Some((_, span)) = known {
                return *span;
            }
            let span = zone::span(at, |time| Self::next_change(zone, time));
            recent.truncate(RECENT_SPANS - 1);
            recent.push_front((zone, span));
            span
        })
    }
}
