//! Time zones, and the ticks of instants in them.

use super::dates::{day_of, month_of};
use super::{DAY, Grain, SECOND};
use crate::host::{Host, Vec};

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

    /// The grain of its ticks.
    pub fn grain(&self) -> Grain {
        self.grain
    }

    /// Local time − UTC at an instant.
    #[inline]
    pub fn offset(&mut self, zone: &impl Zone, at: i64) -> i64 {
        if !self.current.holds(at) {
            self.seek(zone, at);
        }
        self.current.offset
    }

    /// Were the clocks changed at this instant, whose offset was asked for last?
    #[inline]
    pub fn begins_a_span(&self, at: i64) -> bool {
        self.current.from == at
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
                // The clock was changed within the unit: the tick begins with the new time.
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
    #[inline]
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
    use crate::calendar::tests::epoch;
    use crate::host::Global;
    use chrono::{NaiveDate, NaiveDateTime, Offset, TimeZone};

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
}
