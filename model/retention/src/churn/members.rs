//! Which members a row of the ledger counts.

use super::{Arrival, Question, Standing, check_gap};
use crate::axis::Axis;
use crate::calendar::Zone;
use crate::error::Error;
use crate::history::{Columns, MemberRef, View};
use crate::host::{Host, Pace};

/// What happened to a member in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was active for the first time.
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
    let gap = check_gap(question.gap)?;
    let mut axis = Axis::new(view.meta, zone, question.period, question.as_of, &host)?;
    let Some(row) = axis.row_of(period_start)? else {
        return Ok(());
    };
    let mut pace = Pace::new(&host);
    let mut walk = view.walk_over(Columns::TICKS)?;
    while let Some((member, timeline)) = walk.next_member()? {
        pace.step(1 + timeline.ticks().len());
        let mut standing = Standing::new(gap);
        let mut change = None;
        for &tick in timeline.ticks() {
            let Some(period) = axis.period(tick)?.filter(|period| *period <= row) else {
                break;
            };
            match standing.active(period) {
                Arrival::New if period == row => change = Some(Change::New),
                Arrival::Returns if period == row => change = Some(Change::Reactivated),
                _ => {}
            }
        }
        if standing.out_from == Some(row) {
            change = Some(Change::Churned);
        }
        if let Some(change) = change {
            found(member, change)?;
        }
    }
    Ok(())
}
