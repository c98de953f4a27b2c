//! What a history is of, where it begins and ends, and how large its bytes may be.

use super::member::MemberKind;
use crate::calendar::{Clock, DAY, Grain, LAST_DAY, SECOND, Zone};
use crate::error::Error;
use crate::host::{Host, Vec};

/// Where a history begins and ends. The first instant need not be in the first tick: there are zones
/// whose clocks were set back over midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// The instant of the first event, or of the first amount.
    pub first: i64,
    /// The instant of the last event, or of the last amount.
    pub last: i64,
    /// The least tick.
    pub low: i64,
    /// The greatest tick.
    pub high: i64,
}

impl Extent {
    /// That of no events.
    pub(crate) const NOTHING: Self =
        Extent { first: i64::MAX, last: i64::MIN, low: i64::MAX, high: i64::MIN };

    #[inline]
    pub(crate) fn and(self, other: Extent) -> Extent {
        Extent {
            first: self.first.min(other.first),
            last: self.last.max(other.last),
            low: self.low.min(other.low),
            high: self.high.max(other.high),
        }
    }

    /// The first and the last day on which something happened, as far as is known.
    pub fn days<H: Host>(&self, clock: &mut Clock<H>, zone: &impl Zone) -> (i64, i64) {
        let mut day = |at, tick| {
            let day = clock.day(zone, at);
            day.clamp(clock.first_day(zone, tick), clock.last_day(zone, tick))
        };
        (day(self.first, self.low), day(self.last, self.high))
    }
}

/// What a history is of: the type of its members, its grain, its zone, and when it begins and ends.
#[derive(Debug, Clone)]
pub struct Meta<H: Host> {
    /// The type of the members.
    pub kind: MemberKind,
    /// How finely it tells times apart.
    pub grain: Grain,
    /// The name of the zone whose calendar it uses; empty for local times without a zone.
    pub(crate) zone: Vec<u8, H>,
    /// Where it begins and ends; none before its first event.
    pub extent: Option<Extent>,
}

impl<H: Host> Meta<H> {
    /// What is known of a history before its first event.
    pub fn new(kind: MemberKind, grain: Grain, zone: &str, host: H) -> Self {
        let mut name = Vec::new_in(host);
        name.extend_from_slice(zone.as_bytes());
        Meta { kind, grain, zone: name, extent: None }
    }

    /// Are its first and last event on days that there are? No tick between them is further away, and
    /// arithmetic with what is nearer does not overflow.
    pub(super) fn is_in_calendar(&self) -> bool {
        // Clocks of zones are up to a day ahead or behind.
        const LAST: i64 = LAST_DAY + 1;
        let tick_of = |day: i64| match self.grain {
            grain if grain.is_instant() => day * (DAY / SECOND),
            grain => grain.of_day(day),
        };
        self.extent.is_none_or(|extent| {
            let (ticks, instants) = (tick_of(-LAST)..=tick_of(LAST), -LAST * DAY..=LAST * DAY);
            [extent.low, extent.high].iter().all(|tick| ticks.contains(tick))
                && [extent.first, extent.last].iter().all(|at| instants.contains(at))
        })
    }

    /// The same for a history that has no events yet.
    pub fn empty(&self, host: H) -> Self {
        Meta::new(self.kind, self.grain, self.zone(), host)
    }

    /// The name of the zone, empty if there is none.
    pub fn zone(&self) -> &str {
        std::str::from_utf8(&self.zone).unwrap_or("")
    }

    /// Can the two be one history?
    pub fn check_same<G: Host>(&self, other: &Meta<G>) -> Result<(), Error> {
        if self.kind != other.kind {
            return Err(Error::MemberType { found: other.kind.name(), asked: self.kind.name() });
        }
        if self.grain != other.grain {
            return Err(Error::Mismatch {
                what: "grain",
                left: self.grain.name().to_string(),
                right: other.grain.name().to_string(),
                hint: "Build both with the same grain (fourth argument of history_agg).",
            });
        }
        if *self.zone != *other.zone {
            let name = |zone: &str| if zone.is_empty() { "none" } else { zone }.to_string();
            return Err(Error::Mismatch {
                what: "time zone",
                left: name(self.zone()),
                right: name(other.zone()),
                hint: "Build both with the same zone (fifth argument of history_agg), from times \
                       of the same type.",
            });
        }
        Ok(())
    }

    /// Takes the zone of another.
    pub fn take_zone_of(&mut self, other: &Meta<H>) {
        self.zone.clone_from(&other.zone);
    }

    #[inline]
    pub(crate) fn widen(&mut self, more: Extent) {
        self.extent = Some(self.extent.map_or(more, |extent| extent.and(more)));
    }
}

/// A history is not written beyond this: PostgreSQL could store it but not dump it.
pub const MAX_FLAT_BYTES: usize = 700 << 20;

pub(super) fn too_large() -> Error {
    Error::TooLarge {
        what: "the history (its limit is 700 MB)",
        hint: "Take a coarser grain, or GROUP BY a hash of the member and sum the counts of the \
               groups: those of cohorts and churn at one explicit as_of add up.",
    }
}
