//! The length of periods: which one after an entry a tick is in, and how many there are by `as_of`.

use crate::axis::{Axis, DayStarts};
use crate::calendar::{Zone, add_months, months_between};
use crate::host::Host;

/// When a member entered, or the beginning of a cohort.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    /// Its tick.
    pub(super) tick: i64,
    /// Its unit on the axis of entries: of the calendar, or a day.
    pub(super) place: i64,
    /// Of an entry that is not the member's first: the place of that, and how many periods later this
    /// one is.
    pub(super) first: i64,
    pub(super) number: i64,
}

impl Start {
    /// A member's first entry.
    #[inline]
    pub(super) fn new(tick: i64, place: i64) -> Self {
        Start { tick, place, first: place, number: 0 }
    }
}

/// How many periods after an entry there are by `as_of`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) begun: usize,
    pub(super) ended: usize,
}

impl Span {
    fn of(elapsed: i64, length: i64) -> Self {
        let elapsed = elapsed.max(0);
        let ended = elapsed / length;
        let begun = ended + i64::from(elapsed % length != 0);
        Span::new(begun, ended)
    }

    fn new(begun: i64, ended: i64) -> Self {
        Span {
            begun: usize::try_from(begun).unwrap_or(0),
            ended: usize::try_from(ended).unwrap_or(0),
        }
    }
}

/// A kind of period. `place` is a unit on the axis of entries.
pub(super) trait Length: Copy {
    /// The period after an entry that a later tick is in.
    fn offset(self, start: Start, tick: i64, place: i64) -> i64;

    /// The periods after an entry.
    fn span(self, start: Start) -> Span;

    /// Where a cohort begins.
    fn cohort<Z: Zone>(self, place: i64, _: DayStarts<'_, Z>) -> Start {
        Start::new(0, place)
    }

    /// So many periods later than an entry.
    fn later<Z: Zone, H: Host>(self, start: Start, n: i64, axis: &mut Axis<'_, Z, H>) -> Start;
}

/// Calendar units.
#[derive(Debug, Clone, Copy)]
pub(super) struct Units {
    /// The first unit after `as_of`.
    pub(super) until: i64,
    /// Is the last unit before it still running?
    pub(super) is_running: bool,
}

impl Length for Units {
    #[inline]
    fn offset(self, start: Start, _: i64, place: i64) -> i64 {
        place - start.place
    }

    #[inline]
    fn span(self, start: Start) -> Span {
        let begun = usize::try_from(self.until - start.place).unwrap_or(0);
        Span { begun, ended: begun.saturating_sub(usize::from(self.is_running)) }
    }

    fn later<Z: Zone, H: Host>(self, start: Start, n: i64, _: &mut Axis<'_, Z, H>) -> Start {
        Start { place: start.place + n, ..start }
    }
}

/// Calendar days since that of the entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Days {
    pub(super) length: u32,
    /// The first day after `as_of`.
    pub(super) until: i64,
}

impl Length for Days {
    #[inline]
    fn offset(self, start: Start, _: i64, place: i64) -> i64 {
        // No axis has more than 2^21 days, and 32 bits are divided much faster than 64.
        match u32::try_from(place - start.place) {
            Ok(days) => i64::from(days / self.length),
            Err(_) => -1,
        }
    }

    #[inline]
    fn span(self, start: Start) -> Span {
        Span::of(self.until - start.place, i64::from(self.length))
    }

    fn later<Z: Zone, H: Host>(self, start: Start, n: i64, _: &mut Axis<'_, Z, H>) -> Start {
        Start { place: start.place + n * i64::from(self.length), ..start }
    }
}

/// Calendar months since the day of the entry. Each is counted from that day, so that a member of
/// 31 January comes to 28 February and to 31 March: who enters again stays on its own days.
#[derive(Debug, Clone, Copy)]
pub(super) struct Months {
    pub(super) length: i64,
    /// The first day after `as_of`.
    pub(super) until: i64,
    /// The day of place 0.
    pub(super) origin: i64,
}

impl Months {
    /// The period since a day that another one is in.
    #[inline]
    fn between(self, from: i64, to: i64) -> i64 {
        months_between(self.origin + from, self.origin + to).div_euclid(self.length)
    }

    /// The day on which a period since another day begins.
    fn begin(self, from: i64, n: i64) -> i64 {
        add_months(self.origin + from, n * self.length) - self.origin
    }
}

impl Length for Months {
    #[inline]
    fn offset(self, start: Start, _: i64, place: i64) -> i64 {
        self.between(start.place, place)
    }

    #[inline]
    fn span(self, start: Start) -> Span {
        let ended = self.between(start.first, self.until);
        let is_running = self.begin(start.first, ended) < self.until;
        let ended = ended - start.number;
        Span::new(ended + i64::from(is_running), ended)
    }

    fn later<Z: Zone, H: Host>(self, start: Start, n: i64, _: &mut Axis<'_, Z, H>) -> Start {
        let number = start.number + n;
        Start { place: self.begin(start.first, number), number, ..start }
    }
}

/// Absolute time since the tick of the entry, in seconds like the ticks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seconds {
    pub(super) length: i64,
    /// The first second after `as_of`.
    pub(super) until: i64,
}

impl Length for Seconds {
    #[inline]
    fn offset(self, start: Start, tick: i64, _: i64) -> i64 {
        (tick - start.tick).div_euclid(self.length)
    }

    #[inline]
    fn span(self, start: Start) -> Span {
        Span::of(self.until - start.tick, self.length)
    }

    /// A day, and so its cohort, begins with its first second: where cells begin and end then does
    /// not depend on who is in them.
    fn cohort<Z: Zone>(self, place: i64, days: DayStarts<'_, Z>) -> Start {
        Start::new(days.start_of(place), place)
    }

    fn later<Z: Zone, H: Host>(self, start: Start, n: i64, axis: &mut Axis<'_, Z, H>) -> Start {
        let tick = start.tick + n * self.length;
        Start::new(tick, axis.day_of(tick))
    }
}
