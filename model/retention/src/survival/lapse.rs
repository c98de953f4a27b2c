//! The first lapse of the members of a history.

use super::course::{Course, Exit};
use crate::axis::Axis;
use crate::calendar::{Period, Zone};
use crate::churn::check_gap;
use crate::error::Error;
use crate::history::View;
use crate::host::{Host, Pace, Vec};

/// Which lapses are looked for: those of the churn ledger.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// The unit of tenure.
    pub period: Period,
    /// Periods of silence after which a member is out.
    pub gap: i32,
    /// The last day looked at; by default that of the last event.
    pub as_of: Option<i64>,
}

impl Question {
    /// Is it one that can be answered of some history?
    pub fn check(&self) -> Result<(), Error> {
        check_gap(self.gap).map(|_| ())
    }
}

/// The time from the period of the first event to that of the first lapse, in periods.
///
/// A member lapses in the period in which the churn ledger first counts it as churned: `gap` periods
/// after the last active one before a silence of that length. Whether it lapses in the running period
/// is not known yet, so who has not lapsed before is last seen in the last period that has ended, or
/// in its first one.
pub fn first_lapses<H: Host, Z: Zone>(
    view: &View<'_, H>,
    zone: &Z,
    question: &Question,
    host: H,
) -> Result<Course<H>, Error> {
    let gap = check_gap(question.gap)?;
    let mut axis = Axis::new(view.meta, zone, question.period, question.as_of, &host)?;
    // Periods that have ended. The running one is the last, if any is.
    let ended = match axis.len.checked_sub(1) {
        Some(last) if !axis.is_complete(last as i64) => last,
        _ => axis.len,
    };
    let mut exits: Vec<Exit, H> = Vec::with_capacity_in(axis.len, host.clone());
    exits.extend((0..axis.len).map(|tenure| Exit { time: tenure as f64, events: 0, censored: 0 }));
    let mut pace = Pace::new(&host);
    let mut walk = view.walk()?;
    while let Some((_, timeline)) = walk.next_member()? {
        let mut span: Option<(usize, usize)> = None;
        let mut ticks = 1;
        for &tick in timeline.ticks() {
            ticks += 1;
            let Some(period) = axis.period(tick)? else { break };
            match &mut span {
                None => span = Some((period, period)),
                Some((_, last)) if period - *last <= gap => *last = period,
                Some(_) => break,
            }
        }
        pace.step(ticks);
        let Some((first, last)) = span else { continue };
        let lapse = last.saturating_add(gap);
        let churned = lapse < ended;
        let end = if churned { lapse } else { ended.saturating_sub(1).max(first) };
        exits[end - first].add(churned, 1);
    }
    exits.retain(|exit| exit.events + exit.censored > 0);
    Ok(Course::new(exits, Vec::new_in(host)))
}
