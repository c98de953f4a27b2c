//! From the times of a contract to the days of a spell.

use super::{Spell, reversed};
use crate::calendar::{Clock, DAY, Grain, SECOND, Zone, date_text};
use crate::error::Error;
use crate::history::MemberRef;
use crate::host::Host;

/// Ends from this year on are sentinels such as 9999-12-31: the member is still in.
const FIRST_FAR_YEAR: i64 = 9000;

/// The spell of a contract from one instant to another; none if it holds no day.
///
/// Somebody is in on the day on which it joined, and on the one inside which it left; at midnight
/// that is the day before. `clock` must be one of days.
#[inline]
pub fn spell<H: Host>(
    clock: &mut Clock<H>,
    zone: &impl Zone,
    member: MemberRef<'_>,
    joined: i64,
    ended: Option<i64>,
) -> Result<Option<Spell>, Error> {
    let day = clock.tick(zone, joined);
    let Some(ended) = ended else {
        return Ok(Some(Spell { joined: day, ended: None }));
    };
    if ended < joined {
        let [joined, ended] = [joined, ended].map(|at| local_text(clock, zone, at));
        return Err(reversed(member, &joined, &ended));
    }
    let out = first_day_out(clock, zone, ended);
    let is_far = Grain::Year.of_day(clock.tick(zone, ended)) >= FIRST_FAR_YEAR - 2000;
    let spell = Spell { joined: day, ended: (!is_far).then_some(out) };
    Ok((is_far || day < out).then_some(spell))
}

/// The first day that does not begin before an instant.
#[inline]
fn first_day_out<H: Host>(clock: &mut Clock<H>, zone: &impl Zone, at: i64) -> i64 {
    let local = at.saturating_add(clock.offset(zone, at));
    let day = local.div_euclid(DAY);
    let is_midnight = local.rem_euclid(DAY) == 0
        // Where clocks were set forward over midnight, a day begins later.
        || clock.begins_a_span(at) && zone.day_start(day) == at;
    day + i64::from(!is_midnight)
}

/// An instant as the zone's clocks show it, without a time of day at midnight.
fn local_text<H: Host>(clock: &mut Clock<H>, zone: &impl Zone, at: i64) -> String {
    let local = at.saturating_add(clock.offset(zone, at));
    let (day, second) = (date_text(local.div_euclid(DAY)), local.rem_euclid(DAY) / SECOND);
    match second {
        0 => day,
        _ => format!("{day} {:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{Span, Utc};
    use crate::host::Global;

    const NOON: i64 = DAY / 2;

    fn days(joined: i64, ended: Option<i64>) -> Option<(i64, Option<i64>)> {
        let mut clock = Clock::new(Grain::Day, Global);
        let spell = spell(&mut clock, &Utc, MemberRef::Int(7), joined, ended).unwrap();
        spell.map(|spell| (spell.joined, spell.ended))
    }

    #[test]
    fn an_instant_inside_a_day_is_in_on_it_and_midnight_is_the_first_day_out() {
        assert_eq!(days(5 * DAY, Some(9 * DAY)), Some((5, Some(9))));
        assert_eq!(days(5 * DAY + NOON, Some(9 * DAY)), Some((5, Some(9))));
        assert_eq!(days(5 * DAY, Some(9 * DAY + 1)), Some((5, Some(10))));
        assert_eq!(days(5 * DAY, Some(10 * DAY - 1)), Some((5, Some(10))));
        assert_eq!(days(5 * DAY + NOON, Some(5 * DAY + NOON + 1)), Some((5, Some(6))));
        assert_eq!(days(-5 * DAY, Some(-5 * DAY + 1)), Some((-5, Some(-4))));
        assert_eq!(days(5 * DAY, Some(5 * DAY)), None);
        assert_eq!(days(5 * DAY, None), Some((5, None)));
    }

    #[test]
    fn far_ends_are_none() {
        let far = Grain::Year.first_day(7000);
        assert_eq!(date_text(far), "9000-01-01");
        assert_eq!(days(0, Some(far * DAY)), Some((0, None)));
        assert_eq!(days(0, Some(far * DAY - 1)), Some((0, Some(far))));
        assert_eq!(days(0, Some((far - 1) * DAY)), Some((0, Some(far - 1))));
    }

    #[test]
    fn reversed_times_say_whose_and_when() {
        let mut clock = Clock::new(Grain::Day, Global);
        let mut of = |joined, ended| {
            spell(&mut clock, &Utc, MemberRef::Int(7), joined, Some(ended)).unwrap_err().to_string()
        };
        let text = "member 7: a spell from 2000-01-06 to 2000-01-05 ends before it begins";
        assert_eq!(of(5 * DAY, 4 * DAY), text);
        let text = "member 7: a spell from 2000-01-06 12:00:00 to 2000-01-06 ends before it begins";
        assert_eq!(of(5 * DAY + NOON, 5 * DAY), text);
    }

    /// Clocks that are set forward at the first midnight after the epoch, from 0:00 to 1:00, and back
    /// at the third, from 0:30 to 23:30.
    struct OverMidnight;

    impl Zone for OverMidnight {
        fn span(&self, at: i64) -> Span {
            const HOUR: i64 = 3600 * SECOND;
            let (forward, back) = (DAY, 3 * DAY - HOUR / 2);
            match at {
                _ if at < forward => Span { from: i64::MIN, until: forward, offset: 0 },
                _ if at < back => Span { from: forward, until: back, offset: HOUR },
                _ => Span { from: back, until: i64::MAX, offset: 0 },
            }
        }
    }

    #[test]
    fn a_day_that_begins_late_or_twice() {
        let mut clock = Clock::new(Grain::Day, Global);
        let mut out = |at| first_day_out(&mut clock, &OverMidnight, at);
        assert_eq!([out(DAY - 1), out(DAY), out(DAY + 1)], [1, 1, 2]);
        let first = 3 * DAY - 3600 * SECOND;
        assert_eq!([out(first - 1), out(first), out(first + 1)], [3, 3, 4]);
        assert_eq!([out(3 * DAY - 1), out(3 * DAY), out(3 * DAY + 1)], [3, 3, 4]);
    }
}
