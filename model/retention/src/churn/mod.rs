//! The churn ledger: who is in, who left, who came and who came back, period by period.
//!
//! A member is *in* at the end of period P if it was active in any of P − gap + 1 … P, or if its last
//! event lies less than a silence before that end (in the running period: before the end of `as_of`).
//! It churned in P if it was in at the end of P − 1 and is not at the end of P. In every row
//!
//! ```text
//! closing = opening − churned + new + reactivated,   retained = opening − churned
//! ```

mod compare;
pub mod groups;
mod growth;
mod lapse;
mod members;
pub mod memberships;
pub mod pair;
#[cfg(test)]
mod tests;

pub use compare::{Stratum, StratumComparison, compare};
pub use growth::{Growth, growth};
pub use lapse::Lapse;
pub(crate) use lapse::{Outs, Stays};
pub use members::{LedgerChange, LedgerMember, change_of_members};

use crate::axis::Axis;
use crate::calendar::{Period, Zone};
use crate::error::Error;
use crate::history::{Columns, View};
use crate::host::{Host, Pace, Vec};
use crate::numeric::{Estimate, Wilson};
use std::ops::Range;

/// What is asked of a ledger.
#[derive(Debug, Clone, Copy)]
pub struct ChurnQuestion {
    /// The length of a row.
    pub period: Period,
    /// The silence after which a member is out.
    pub lapse: Lapse,
    /// The last day looked at; by default that of the last event.
    pub as_of: Option<i64>,
    /// Probability of the intervals.
    pub confidence: f64,
}

impl ChurnQuestion {
    /// Is it one that can be answered of some history?
    pub fn check(&self) -> Result<(), Error> {
        self.lapse.check()?;
        Wilson::new(self.confidence).map(|_| ())
    }
}

/// A row of the ledger: one period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LedgerPeriod {
    /// First day of the period.
    pub period_start: i64,
    /// Members in at its beginning.
    pub opening: u64,
    /// Members in at its end, and at no end before.
    pub new: u64,
    /// Members that were out and are in again.
    pub reactivated: u64,
    /// Members in at the beginning and at the end.
    pub retained: u64,
    /// Members in at the beginning and not at the end.
    pub churned: u64,
    /// Members in at its end.
    pub closing: u64,
    /// Retained / opening; none in the running period, or where nobody could leave.
    pub retention_rate: Option<f64>,
    /// (Closing − new) / opening: the textbooks' customer retention rate.
    pub crr: Option<f64>,
    /// Churned / opening, with its interval.
    pub churn_rate: Option<Estimate>,
    /// Does a silence that ends with it begin before the history, so that it cannot be seen?
    pub truncated: bool,
    /// Has it ended?
    pub complete: bool,
}

/// The movements of members, counted by period.
#[derive(Debug)]
pub struct Movements<H: Host> {
    outs: Outs<H>,
    new: Vec<u64, H>,
    reactivated: Vec<u64, H>,
    /// And in one place more, those who are not out by the last period.
    churned: Vec<u64, H>,
}

impl<H: Host> Movements<H> {
    /// Nobody has moved yet.
    pub fn new<Z: Zone>(axis: &Axis<'_, Z, H>, lapse: Lapse, host: &H) -> Result<Self, Error> {
        let (outs, periods) = (Outs::new(lapse, axis, host)?, axis.len);
        let zeros = |len| {
            let mut counts = Vec::new_in(host.clone());
            counts.resize(len, 0);
            counts
        };
        let (new, reactivated, churned) = (zeros(periods), zeros(periods), zeros(periods + 1));
        Ok(Movements { outs, new, reactivated, churned })
    }

    /// Counts a member by its ticks, which ascend, and their periods.
    #[inline]
    pub fn count<Z: Zone>(&mut self, periods: &[u32], ticks: &[i64], axis: &mut Axis<'_, Z, H>) {
        match self.outs {
            Outs::Gap(gap) => self.count_periods(periods, gap),
            Outs::Since(_) => self.count_stays(periods, ticks, axis),
        }
    }

    /// The same as [`Stays`], without branches that can not be predicted.
    #[inline]
    fn count_periods(&mut self, periods: &[u32], gap: usize) {
        let Some((&first, later)) = periods.split_first() else {
            return;
        };
        self.new[first as usize] += 1;
        let mut out_from = (first as usize).saturating_add(gap);
        // The last place is for those who are never out.
        let never = self.churned.len() - 1;
        for &period in later {
            let period = period as usize;
            let returns = u64::from(period > out_from);
            self.churned[out_from.min(never)] += returns;
            self.reactivated[period] += returns;
            out_from = period.saturating_add(gap);
        }
        self.churned[out_from.min(never)] += 1;
    }

    fn count_stays<Z: Zone>(&mut self, periods: &[u32], ticks: &[i64], axis: &mut Axis<'_, Z, H>) {
        let Movements { outs, new, reactivated, churned } = self;
        let never = churned.len() - 1;
        let mut arrivals = new;
        for stay in stays(periods, ticks, outs, axis) {
            arrivals[stay.start] += 1;
            churned[stay.end.min(never)] += 1;
            arrivals = &mut *reactivated;
        }
    }
}

/// The textbooks' customer retention rate: who is there at the end without those who are new, by who was
/// there at the beginning. Who came back is in it, so that it can pass 1.
fn crr(closing: u64, new: u64, opening: u64) -> f64 {
    (closing as f64 - new as f64) / opening as f64
}

/// The stays of a member by its ticks, which ascend, and their periods.
pub(crate) fn stays<'s, Z: Zone, H: Host>(
    periods: &'s [u32],
    ticks: &'s [i64],
    outs: &'s Outs<H>,
    axis: &'s mut Axis<'_, Z, H>,
) -> impl Iterator<Item = Range<usize>> {
    Stays::new(periods.iter().zip(ticks).map(|(&period, &tick)| {
        let period = period as usize;
        (period, outs.after(period, || axis.day_of_tick(tick)))
    }))
}

/// A ledger: counted, and ready to be read row by row.
#[derive(Debug)]
pub struct Ledger<'z, Z, H: Host> {
    axis: Axis<'z, Z, H>,
    movements: Movements<H>,
    wilson: Wilson,
}

/// The ledger of a history: a row for every period from the first event to `as_of`.
pub fn ledger<'z, H: Host, Z: Zone>(
    view: &View<'_, H>,
    zone: &'z Z,
    question: &ChurnQuestion,
    host: H,
) -> Result<Ledger<'z, Z, H>, Error> {
    let wilson = Wilson::new(question.confidence)?;
    let mut axis = Axis::new(view.meta, zone, question.period, question.as_of, &host)?;
    let mut movements = Movements::new(&axis, question.lapse, &host)?;
    let mut pace = Pace::new(&host);
    let mut walk = view.walk_over(Columns::TICKS)?;
    let mut periods = Vec::new_in(host.clone());
    while let Some((_, timeline)) = walk.next_member()? {
        pace.step(1 + timeline.ticks().len());
        axis.periods(timeline.ticks(), &mut periods)?;
        movements.count(&periods, timeline.ticks(), &mut axis);
    }
    Ok(Ledger { axis, movements, wilson })
}

impl<'z, Z: Zone, H: Host> Ledger<'z, Z, H> {
    /// The ledger of movements that were counted on an axis.
    pub fn new(
        axis: Axis<'z, Z, H>,
        movements: Movements<H>,
        confidence: f64,
    ) -> Result<Self, Error> {
        Ok(Ledger { axis, movements, wilson: Wilson::new(confidence)? })
    }

    /// Its rows, by period.
    pub fn rows(&self) -> impl Iterator<Item = LedgerPeriod> {
        let moves = &self.movements;
        let truncated = moves.outs.truncated(self.axis.first_day(0));
        (0..self.axis.len).scan(0, move |before, period| {
            let opening = *before;
            let (new, reactivated, churned) =
                (moves.new[period], moves.reactivated[period], moves.churned[period]);
            let retained = opening - churned;
            let closing = retained + new + reactivated;
            *before = closing;
            let complete = self.axis.is_complete(period as i64);
            let rated = complete && opening > 0;
            Some(LedgerPeriod {
                period_start: self.axis.first_day(period as i64),
                opening,
                new,
                reactivated,
                retained,
                churned,
                closing,
                retention_rate: rated.then(|| retained as f64 / opening as f64),
                crr: rated.then(|| crr(closing, new, opening)),
                churn_rate: self.wilson.share(churned, opening).filter(|_| rated),
                truncated: period < truncated,
                complete,
            })
        })
    }
}
