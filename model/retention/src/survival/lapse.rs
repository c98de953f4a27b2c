//! The first lapse of the members of a history.

use super::course::{Course, Exit};
use crate::axis::Axis;
use crate::calendar::{Period, Zone};
use crate::churn::{Lapse, Outs, stays};
use crate::error::Error;
use crate::history::View;
use crate::host::{Host, Pace, Vec};
use std::ops::Range;

/// Which lapses are looked for: those of the churn ledger.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// The unit of tenure.
    pub period: Period,
    /// The silence after which a member is out.
    pub lapse: Lapse,
    /// The last day looked at; by default that of the last event.
    pub as_of: Option<i64>,
}

impl Question {
    /// Is it one that can be answered of some history?
    pub fn check(&self) -> Result<(), Error> {
        self.lapse.check()
    }
}

/// The time from the first period at whose end a member is in, that of its first event unless it is
/// silent again by then, to that of the first lapse, in periods.
///
/// A member lapses in the period in which the churn ledger first counts it as churned. Whether it lapses in the running period
/// is not known yet, so who has not lapsed before is last seen in the last period that has ended, or
/// in its first one.
pub fn first_lapses<H: Host, Z: Zone>(
    view: &View<'_, H>,
    zone: &Z,
    question: &Question,
    host: H,
) -> Result<Course<H>, Error> {
    let mut axis = Axis::new(view.meta, zone, question.period, question.as_of, &host)?;
    let outs = Outs::new(question.lapse, &axis, &host)?;
    // Periods that have ended. The running one is the last, if any is.
    let ended = match axis.len.checked_sub(1) {
        Some(last) if !axis.is_complete(last as i64) => last,
        _ => axis.len,
    };
    let mut exits: Vec<Exit, H> = Vec::with_capacity_in(axis.len, host.clone());
    exits.extend((0..axis.len).map(|tenure| Exit { time: tenure as f64, events: 0, censored: 0 }));
    let mut pace = Pace::new(&host);
    let mut walk = view.walk()?;
    let mut periods = Vec::new_in(host.clone());
    while let Some((_, timeline)) = walk.next_member()? {
        pace.step(1 + timeline.ticks().len());
        axis.periods(timeline.ticks(), &mut periods)?;
        let stay = stays(&periods, timeline.ticks(), &outs, &mut axis).next();
        let Some(Range { start: first, end: lapse }) = stay else { continue };
        let churned = lapse < ended;
        let end = if churned { lapse } else { ended.saturating_sub(1).max(first) };
        exits[end - first].add(churned, 1);
    }
    exits.retain(|exit| exit.events + exit.censored > 0);
    Ok(Course::new(exits, Vec::new_in(host)))
}
