//! Which members a row of the ledger counts.

use super::{ChurnQuestion, Outs, stays};
use crate::axis::Axis;
use crate::calendar::Zone;
use crate::error::Error;
use crate::history::{MemberRef, View};
use crate::host::{Host, Pace, Vec};

/// What happened to a member in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerChange {
    /// It is in for the first time.
    New,
    /// It was out and is in again.
    Reactivated,
    /// It was in and still is.
    Retained,
    /// It was in and is out.
    Churned,
}

impl LedgerChange {
    /// The column of the ledger that counts it.
    pub fn name(self) -> &'static str {
        match self {
            LedgerChange::New => "new",
            LedgerChange::Reactivated => "reactivated",
            LedgerChange::Retained => "retained",
            LedgerChange::Churned => "churned",
        }
    }
}

/// A member in a row of the ledger, as it is known at the end of its period, or at `as_of`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerMember {
    /// The column that counts it.
    pub change: LedgerChange,
    /// The day of its last event.
    pub last_day: i64,
    /// The days since.
    pub silent_days: i64,
    /// What it has spent so far, in millionths; none if none of its events had an amount.
    pub amount: Option<i128>,
}

/// Tells `found` every member that is counted as new, reactivated, retained or churned in the row that
/// begins on this day. There is nobody in a period before the first event or after `as_of`.
pub fn change_of_members<H: Host, Z: Zone>(
    view: &View<'_, H>,
    zone: &Z,
    question: &ChurnQuestion,
    period_start: i64,
    host: H,
    mut found: impl FnMut(MemberRef<'_>, LedgerMember) -> Result<(), Error>,
) -> Result<(), Error> {
    question.check()?;
    let mut axis = Axis::new(view.meta, zone, question.period, question.as_of, &host)?;
    let Some(row) = axis.row_of(period_start)? else {
        return Ok(());
    };
    let end = (axis.first_day(row as i64 + 1) - 1).min(axis.as_of);
    let outs = Outs::new(question.lapse, &axis, &host)?;
    let mut pace = Pace::new(&host);
    let mut walk = view.walk()?;
    let mut periods = Vec::new_in(host.clone());
    while let Some((member, timeline)) = walk.next_member()? {
        pace.step(1 + timeline.ticks().len());
        axis.periods(timeline.ticks(), &mut periods)?;
        // What comes later does not matter to this row.
        periods.truncate(periods.partition_point(|period| *period as usize <= row));
        let mut change = None;
        let mut arrival = LedgerChange::New;
        for stay in stays(&periods, timeline.ticks(), &outs, &mut axis) {
            if stay.start == row {
                change = Some(arrival);
            } else if stay.end == row {
                change = Some(LedgerChange::Churned);
            } else if stay.contains(&row) {
                change = Some(LedgerChange::Retained);
            }
            arrival = LedgerChange::Reactivated;
        }
        let last = periods.len().checked_sub(1).and_then(|last| timeline.ticks().get(last));
        if let Some((change, &last)) = change.zip(last) {
            let last_day = axis.day_of_tick(last);
            let spent = (0..periods.len()).filter_map(|i| timeline.amount(i));
            let amount =
                spent.fold(None, |sum, amount| Some(sum.unwrap_or(0i128) + i128::from(amount)));
            found(member, LedgerMember { change, last_day, silent_days: end - last_day, amount })?;
        }
    }
    Ok(())
}
