//! Early warning: is this silence unusual for this member? One closed form for each, no fit.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `rhythm` | how members space their days, and the bound of a silence |
//! | `trend` | the last stretch against the one before |
//! | `check` | how often the bound is passed by those who do come back |

mod check;
mod rhythm;
#[cfg(test)]
mod tests;
mod trend;

pub use check::{FalseAlarms, check};
pub use trend::Trend;

use crate::axis::Cut;
use crate::calendar::{Clock, Grain, Stretch, Zone};
use crate::check::confidence;
use crate::days;
use crate::error::Error;
use crate::history::{Columns, MemberRef, Timeline, View};
use crate::host::{Host, Pace, Vec};
pub use rhythm::CommonRhythm;
use rhythm::{Gaps, Rhythm};
use trend::Exact;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct OverdueQuestion {
    /// Members with fewer gaps have no bound.
    pub min_gaps: i32,
    /// The last day looked at; by default that of the last event.
    pub as_of: Option<i64>,
    /// The stretch whose activity is held against that of the one before.
    pub within: Stretch,
    /// 1 − this is the share of gaps that are to pass the bound, and the confidence of the trend's interval.
    pub confidence: f64,
    /// What the members of this and other histories have in common. None: of this one.
    pub common: Option<CommonRhythm>,
}

impl OverdueQuestion {
    /// Is it one that can be answered of some history?
    pub fn check(&self) -> Result<(), Error> {
        confidence(self.confidence)?;
        if self.min_gaps < 1 {
            return Err(Error::bad(
                format!("min_gaps {} is no number of gaps", self.min_gaps),
                "Take 1 or more: the gaps between active days that a member must have to be judged by.",
            ));
        }
        self.common.map_or(Ok(()), |common| common.check())
    }
}

/// A member's silence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OverdueMember {
    /// The day of its last event.
    pub last_day: i64,
    /// The days since.
    pub silent_days: i64,
    /// Gaps between its active days.
    pub gaps: u64,
    /// Their mean, in days; none without a gap.
    pub usual_gap: Option<f64>,
    /// What is known with gaps enough.
    pub silence: Option<Silence>,
    /// Its active days in the last stretch, against the one before.
    pub trend: Trend,
    /// The same of amounts; none without any, or if the stretch before has none or less.
    pub amount_trend: Option<f64>,
}

/// How unusual a silence is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Silence {
    /// The last day on which it is not overdue.
    pub due_by: i64,
    /// The probability that a gap of this member is as long, or longer.
    pub p_silence: f64,
    /// Is it later than `due_by`?
    pub overdue: bool,
}

/// A member as it is counted in the walk.
#[derive(Debug, Clone, Copy)]
struct Counted {
    /// None: it has no event by `as_of`.
    last: Option<i64>,
    gaps: u32,
    /// From the first to the last active day.
    days: u32,
    /// Active days in the last stretch and in the one before.
    active: (u32, u32),
    /// The days of the stretch before since its first event, which is not one of those.
    before: u32,
    amounts: (f64, f64),
}

/// The days that are looked at.
#[derive(Debug, Clone, Copy)]
struct Stretches {
    as_of: i64,
    /// The last days before the last stretch, and before the one before.
    bounds: (i64, i64),
}

/// Turns the ticks of members into their active days.
struct ActiveDays<'z, Z, H: Host> {
    zone: &'z Z,
    clock: Clock<H>,
    last_tick: i64,
    days: Vec<i64, H>,
}

impl<Z: Zone, H: Host> ActiveDays<'_, Z, H> {
    /// Its distinct days up to `as_of`, ascending.
    #[inline]
    fn of<'a>(&'a mut self, ticks: &'a [i64]) -> &'a [i64] {
        let seen = &ticks[..ticks.partition_point(|tick| *tick <= self.last_tick)];
        if self.clock.grain() == Grain::Day {
            return seen;
        }
        self.days.clear();
        for tick in seen {
            let day = self.clock.first_day(self.zone, *tick);
            if self.days.last() != Some(&day) {
                self.days.push(day);
            }
        }
        &self.days
    }

    fn day(&mut self, tick: i64) -> i64 {
        self.clock.first_day(self.zone, tick)
    }
}

/// The walk's beginning: the days of a history that knows them, and how far it is looked at.
fn begin<'z, Z: Zone, H: Host>(
    view: &View<'_, H>,
    zone: &'z Z,
    as_of: Option<i64>,
    host: &H,
) -> Result<(ActiveDays<'z, Z, H>, Cut), Error> {
    let (clock, cut) = days::cut(view, zone, as_of, host)?;
    let days = Vec::new_in(host.clone());
    Ok((ActiveDays { zone, clock, last_tick: cut.last_tick, days }, cut))
}

/// Tells `found` every member with an event by `as_of`, in the order of the history.
pub fn overdue<H: Host, Z: Zone>(
    view: &View<'_, H>,
    zone: &Z,
    question: &OverdueQuestion,
    host: H,
    mut found: impl FnMut(&MemberRef<'_>, OverdueMember),
) -> Result<(), Error> {
    question.check()?;
    let (mut active, cut) = begin(view, zone, question.as_of, &host)?;
    let bound = question.within.before(cut.as_of);
    let stretches = Stretches { as_of: cut.as_of, bounds: (bound, question.within.before(bound)) };
    let has_amounts = view.has_amounts();
    let room = view.members().and_then(|members| usize::try_from(members).ok()).unwrap_or(0);
    let mut members: Vec<Counted, H> = Vec::with_capacity_in(room, host.clone());
    let mut gaps = Gaps::new(&host);
    let mut pace = Pace::new(&host);
    let mut walk = view.walk_over(Columns { counts: false, amounts: has_amounts })?;
    while let Some((_, timeline)) = walk.next_member()? {
        pace.step(1 + timeline.ticks().len());
        let days = active.of(timeline.ticks());
        gaps.count(days);
        let mut counted = stretches.count(days);
        if has_amounts {
            counted.amounts = stretches.amounts(timeline, &counted, &mut active);
        }
        members.push(counted);
    }
    let common = question.common.or_else(|| gaps.common(&host));
    let mut rhythm = common.map(|common| Rhythm::new(common, question.confidence, &host));
    let mut exact = Exact::new(question.confidence, &host);
    let mut next = members.iter();
    let mut walk = view.walk_over(Columns::TICKS)?;
    walk.each_name(|member| {
        pace.step(100);
        if let Some(counted) = next.next()
            && let Some(last) = counted.last
        {
            let of = stretches.judge(last, counted, question.min_gaps, rhythm.as_mut(), &mut exact);
            found(member, of);
        }
        Ok(())
    })
}

/// What the members of a history have in common, as of a day: none if nobody came twice.
pub fn common_rhythm<H: Host, Z: Zone>(
    view: &View<'_, H>,
    zone: &Z,
    as_of: Option<i64>,
    host: H,
) -> Result<Option<CommonRhythm>, Error> {
    let (mut active, _) = begin(view, zone, as_of, &host)?;
    pooled(view, &mut active, &host)
}

/// The same of days that are known.
fn pooled<H: Host, Z: Zone>(
    view: &View<'_, H>,
    active: &mut ActiveDays<'_, Z, H>,
    host: &H,
) -> Result<Option<CommonRhythm>, Error> {
    let mut gaps = Gaps::new(host);
    let mut pace = Pace::new(host);
    let mut walk = view.walk_over(Columns::TICKS)?;
    while let Some((_, timeline)) = walk.next_member()? {
        pace.step(1 + timeline.ticks().len());
        gaps.count(active.of(timeline.ticks()));
    }
    Ok(gaps.common(host))
}

/// A number of days, in 32 bits: the calendar has fewer than 2³⁰.
fn days_between(from: i64, to: i64) -> u32 {
    u32::try_from(to.saturating_sub(from)).unwrap_or(0)
}

impl Stretches {
    /// The days of a member that matter.
    #[inline]
    fn count(&self, days: &[i64]) -> Counted {
        let (Some(&first), Some(&last)) = (days.first(), days.last()) else {
            return Counted {
                last: None,
                gaps: 0,
                days: 0,
                active: (0, 0),
                before: 0,
                amounts: (0.0, 0.0),
            };
        };
        // The first day is when it began; what it says of the rate is nothing.
        let (recent, earlier) = self.bounds;
        let from = earlier.max(first);
        let later = days.partition_point(|day| *day <= recent);
        let since = days[..later].partition_point(|day| *day <= from);
        Counted {
            last: Some(last),
            gaps: days.len() as u32 - 1,
            days: days_between(first, last),
            active: ((days.len() - later) as u32, (later - since) as u32),
            before: days_between(from, recent),
            amounts: (0.0, 0.0),
        }
    }

    /// What a member spent in the last stretch and in the one before, as far as it is counted.
    fn amounts<Z: Zone, H: Host>(
        &self,
        timeline: &Timeline<H>,
        counted: &Counted,
        active: &mut ActiveDays<'_, Z, H>,
    ) -> (f64, f64) {
        let recent = self.bounds.0;
        let from = recent.saturating_sub(i64::from(counted.before));
        let last_tick = active.last_tick;
        let seen = timeline.ticks().partition_point(|tick| *tick <= last_tick);
        let mut sums = (0i128, 0i128);
        let mut add = |tick: i64, amount: i64| {
            let day = active.day(tick);
            if day > recent {
                sums.0 += i128::from(amount);
            } else if day > from {
                sums.1 += i128::from(amount);
            }
            day > from
        };
        // From the last one back: what is long past is not looked at.
        for (i, tick) in timeline.ticks()[..seen].iter().enumerate().rev() {
            if !add(*tick, timeline.amount(i).unwrap_or(0)) {
                break;
            }
        }
        let refunds = timeline.refunds();
        let seen = refunds.partition_point(|(tick, _)| *tick <= last_tick);
        for (tick, amount) in refunds[..seen].iter().rev() {
            if !add(*tick, *amount) {
                break;
            }
        }
        (sums.0 as f64, sums.1 as f64)
    }

    #[inline]
    fn judge<H: Host>(
        &self,
        last: i64,
        counted: &Counted,
        min_gaps: i32,
        rhythm: Option<&mut Rhythm<H>>,
        exact: &mut Exact<H>,
    ) -> OverdueMember {
        let silent_days = self.as_of.saturating_sub(last);
        let (gaps, days) = (u64::from(counted.gaps), u64::from(counted.days));
        let is_known = i64::from(counted.gaps) >= i64::from(min_gaps);
        let silence = rhythm.filter(|_| is_known).map(|rhythm| {
            let due_by = last.saturating_add(rhythm.usual(gaps, days).floor() as i64);
            let p_silence = rhythm.beyond(gaps, days, silent_days.unsigned_abs());
            Silence { due_by, p_silence, overdue: self.as_of > due_by }
        });
        let stretches = (days_between(self.bounds.0, self.as_of), counted.before);
        let (spent, spent_before) = counted.amounts;
        let scale = f64::from(stretches.1) / f64::from(stretches.0);
        OverdueMember {
            last_day: last,
            silent_days,
            gaps,
            usual_gap: (gaps > 0).then(|| days as f64 / gaps as f64),
            silence,
            trend: exact.trend(counted.active, stretches),
            amount_trend: (spent_before > 0.0 && stretches.1 > 0)
                .then(|| spent / spent_before * scale),
        }
    }
}
