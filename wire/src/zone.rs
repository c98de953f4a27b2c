//! How long a clock keeps its offset, of a zone that only tells its next change.

use pg_retention_model::calendar::{SECOND, Span};

/// From 1970-01-01, where time zones count from, to 2000-01-01, in seconds.
const EPOCH: i64 = 946_684_800;
/// Before this there is no change of any clock: about 270,000 years back, in seconds.
const DAWN: i64 = -(1 << 43);
/// How far back changes are looked for first.
const SOME_DAYS: i64 = 200 * 86_400;

/// A change of a clock: when it is, and the offset from then on, both in seconds.
pub type Change = (i64, i64);

/// The longest span around an instant, in microseconds since 2000, in which the offset of a zone does
/// not change. `next_change` tells the offset at a time, in seconds since 1970, and the next change
/// after it, as `pg_next_dst_boundary` does.
pub fn span(at: i64, next_change: impl Fn(i64) -> (i64, Option<Change>)) -> Span {
    let time = at.div_euclid(SECOND) + EPOCH;
    let (offset, mut next) = next_change(time);
    // Some changes are of the name of the time and not of the clock.
    while let Some((boundary, later)) = next {
        if later != offset {
            break;
        }
        next = next_change(boundary).1;
    }
    // Changes are only found forwards: go back, further each time, until there is one between.
    let mut back = SOME_DAYS;
    let from = loop {
        let mut start = time - back;
        let (mut here, mut change) = next_change(start);
        let mut from = None;
        while let Some((boundary, later)) = change.filter(|(boundary, _)| *boundary <= time) {
            if later != here {
                from = Some(boundary);
            }
            (start, here) = (boundary, later);
            change = next_change(start).1;
        }
        if from.is_some() || time - back < DAWN {
            break from;
        }
        back *= 4;
    };
    let instant = |time: i64| (time - EPOCH).saturating_mul(SECOND);
    Span {
        from: from.map_or(i64::MIN, instant),
        until: next.map_or(i64::MAX, |(boundary, _)| instant(boundary)),
        offset: offset * SECOND,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The offset of a zone at a time: that of the last change up to it.
    fn offset(first: i64, changes: &[Change], time: i64) -> i64 {
        changes.iter().rev().find(|(when, _)| *when <= time).map_or(first, |(_, offset)| *offset)
    }

    fn of_zone(first: i64, changes: &[Change], at: i64) -> Span {
        span(at, |time| {
            let next = changes.iter().find(|(when, _)| *when > time).copied();
            (offset(first, changes, time), next)
        })
    }

    proptest! {
        /// Held against the definition: the nearest changes of the offset on either side.
        #[test]
        fn is_between_the_nearest_changes_of_the_offset(
            first in -3i64..3,
            steps in proptest::collection::vec((1i64..4_000_000_000, -3i64..3), 0..12),
            begin in -40_000_000_000i64..4_000_000_000,
            time in -80_000_000_000i64..40_000_000_000,
            fraction in 0..SECOND,
        ) {
            let mut when = begin;
            let changes: Vec<Change> = steps.iter().map(|(step, offset)| {
                when += step;
                (when, offset * 1800)
            }).collect();
            let first = first * 1800;
            let found = of_zone(first, &changes, (time - EPOCH) * SECOND + fraction);
            let here = offset(first, &changes, time);
            let differs = |(when, later): &&Change| offset(first, &changes, when - 1) != *later;
            let from = changes.iter().rev().filter(|(when, _)| *when <= time).find(differs);
            let until = changes.iter().filter(|(when, _)| *when > time).find(differs);
            let instant = |change: &Change| (change.0 - EPOCH) * SECOND;
            prop_assert_eq!(found.offset, here * SECOND);
            prop_assert_eq!(found.from, from.map_or(i64::MIN, instant));
            prop_assert_eq!(found.until, until.map_or(i64::MAX, instant));
        }
    }

    #[test]
    fn a_zone_without_changes_has_one_span() {
        for at in [i64::MIN, 0, i64::MAX] {
            assert_eq!(of_zone(3600, &[], at), Span::always(3600 * SECOND));
        }
    }
}
