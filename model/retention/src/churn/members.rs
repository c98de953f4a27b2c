//! Which members a row of the ledger counts.

use super::{Outs, Question, stays};
use crate::axis::Axis;
use crate::calendar::Zone;
use crate::error::Error;
use crate::history::{Columns, MemberRef, View};
use crate::host::{Host, Pace, Vec};

/// What happened to a member in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is in for the first time.
    New,
    /// It was out and is in again.
    Reactivated,
    /// It was in and is out.
    Churned,
}

impl Change {
    /// The column of the ledger that counts it.
    pub fn name(self) -> &'static str {
        match self {
            Change::New => "new",
            Change::Reactivated => "reactivated",
            Change::Churned => "churned",
        }
    }
}

/// Tells `found` every member that is counted as new, reactivated or churned in the row that begins
/// on this day. There is nobody in a period before the first event or after `as_of`.
pub fn change_of_members<H: Host, Z: Zone>(
    view: &View<'_, H>,
    zone: &Z,
    question: &Question,
    period_start: i64,
    host: H,
    mut found: impl FnMut(MemberRef<'_>, Change) -> Result<(), Error>,
) -> Result<(), Error> {
    question.check()?;
    let mut axis = Axis::new(view.meta, zone, question.period, question.as_of, &host)?;
    let Some(row) = axis.row_of(period_start)? else {
        return Ok(());
    };
    let outs = Outs::new(question.lapse, &axis, &host)?;
    let mut pace = Pace::new(&host);
    let mut walk = view.walk_over(Columns::TICKS)?;
    let mut periods = Vec::new_in(host.clone());
    while let Some((member, timeline)) = walk.next_member()? {
        pace.step(1 + timeline.ticks().len());
        axis.periods(timeline.ticks(), &mut periods)?;
        // What comes later does not matter to this row.
        periods.truncate(periods.partition_point(|period| *period as usize <= row));
        let mut change = None;
        let mut arrival = Change::New;
        for stay in stays(&periods, timeline.ticks(), &outs, &mut axis) {
            if stay.start == row {
                change = Some(arrival);
            } else if stay.end == row {
                change = Some(Change::Churned);
            }
            arrival = Change::Reactivated;
        }
        if let Some(change) = change {
            found(member, change)?;
        }
    }
    Ok(())
}
