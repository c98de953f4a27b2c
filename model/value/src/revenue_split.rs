//! The revenue of each period, from members who are new in it and from those who came before.

use crate::axis::Axis;
use crate::calendar::{Period, Zone};
use crate::error::Error;
use crate::history::View;
use crate::host::{Host, Pace, Vec};

/// The revenue of one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeriodRevenue {
    /// First day of the period.
    pub period_start: i64,
    /// Members active in it for the first time ever.
    pub new_members: u64,
    /// Members active in it who had been active in an earlier one.
    pub returning_members: u64,
    /// Amounts of the first, in millionths.
    pub from_new: i128,
    /// Amounts of the others.
    pub from_returning: i128,
    /// Has the period ended?
    pub complete: bool,
}

impl PeriodRevenue {
    /// All of it.
    pub fn revenue(&self) -> i128 {
        self.from_new + self.from_returning
    }

    /// The share that comes from returning members; none where there is no revenue. Refunds may take
    /// it out of 0 to 1.
    pub fn returning_share(&self) -> Option<f64> {
        (self.revenue() != 0).then(|| self.from_returning as f64 / self.revenue() as f64)
    }
}

/// A row for every period from that of the first event to that of `as_of`.
pub fn revenue_split<H: Host, Z: Zone>(
    view: &View<'_, H>,
    zone: &Z,
    period: Period,
    as_of: Option<i64>,
    host: H,
) -> Result<Vec<PeriodRevenue, H>, Error> {
    let mut axis = Axis::new(view.meta, zone, period, as_of, &host)?;
    let mut rows = Vec::with_capacity_in(axis.len, host.clone());
    rows.extend((0..axis.len as i64).map(|period| PeriodRevenue {
        period_start: axis.first_day(period),
        new_members: 0,
        returning_members: 0,
        from_new: 0,
        from_returning: 0,
        complete: axis.is_complete(period),
    }));
    let mut pace = Pace::new(&host);
    let mut walk = view.walk()?;
    let mut periods = Vec::new_in(host.clone());
    while let Some((_, timeline)) = walk.next_member()? {
        pace.step(1 + timeline.ticks().len());
        axis.periods(timeline.ticks(), &mut periods)?;
        let mut first = None;
        let mut counted = None;
        for (i, &period) in periods.iter().enumerate() {
            let Some(row) = rows.get_mut(period as usize) else { break };
            let is_event = timeline.count(i) > 0;
            if is_event && first.is_none() {
                first = Some(period);
            }
            let is_new = first == Some(period);
            if is_event && counted != Some(period) {
                counted = Some(period);
                let members =
                    if is_new { &mut row.new_members } else { &mut row.returning_members };
                *members += 1;
            }
            let revenue = if is_new { &mut row.from_new } else { &mut row.from_returning };
            *revenue += i128::from(timeline.amount(i).unwrap_or(0));
        }
        // Money without an event is that of a member who came before, if one did.
        for &(tick, amount) in timeline.refunds() {
            let (Some(first), Some(period)) = (first, axis.period(tick)?) else { break };
            let Some(row) = rows.get_mut(period) else { break };
            let is_new = period <= first as usize;
            let revenue = if is_new { &mut row.from_new } else { &mut row.from_returning };
            *revenue += i128::from(amount);
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{DAY, Grain, Utc};
    use crate::history::{History, MemberKind, MemberRef, Meta};
    use crate::host::{Global, testing::stops};

    fn history(rows: &[(i64, i64, Option<i64>)]) -> History<Global> {
        let mut history = History::new(Meta::new(MemberKind::Int, Grain::Day, "", Global), Global);
        for &(member, day, amount) in rows {
            history.push(MemberRef::Int(member), day, day * DAY, amount).unwrap();
        }
        history.settle().unwrap();
        history
    }

    #[test]
    fn money_of_the_first_period_is_that_of_new_members() {
        // Member 1: twice in January, once in March. Member 2: in February, and in March a refund.
        let rows = [
            (1, 0, Some(10)),
            (1, 20, Some(5)),
            (2, 40, Some(7)),
            (1, 65, Some(3)),
            (2, 70, Some(-2)),
        ];
        let history = history(&rows);
        let split = revenue_split(&history.view(), &Utc, Period::MONTH, Some(85), Global).unwrap();
        let told: std::vec::Vec<_> = split
            .iter()
            .map(|r| (r.new_members, r.returning_members, r.from_new, r.from_returning, r.complete))
            .collect();
        assert_eq!(told, [(1, 0, 15, 0, true), (1, 0, 7, 0, true), (0, 2, 0, 1, false)]);
        assert_eq!(split[2].returning_share(), Some(1.0));
    }

    #[test]
    fn refunds_are_money_of_their_member_and_nobodys_activity() {
        let mut history = history(&[(1, 0, Some(10)), (2, 40, Some(7))]);
        for (member, day, amount) in
            [(1, 20, -5), (1, 45, -2), (2, 41, -1), (3, 42, -9), (2, 70, -3)]
        {
            history.push_amount(MemberRef::Int(member), day, day * DAY, amount).unwrap();
        }
        history.settle().unwrap();
        let split = revenue_split(&history.view(), &Utc, Period::MONTH, None, Global).unwrap();
        let told: std::vec::Vec<_> = split
            .iter()
            .map(|r| (r.new_members, r.returning_members, r.from_new, r.from_returning))
            .collect();
        assert_eq!(told, [(1, 0, 5, 0), (1, 0, 6, -2), (0, 0, 0, -3)]);
    }

    #[test]
    fn loops_poll() {
        let rows: std::vec::Vec<_> = (0..20_000).map(|m| (m, m % 90, Some(1))).collect();
        let history = history(&rows);
        let view = history.view();
        assert!(stops(|| revenue_split(&view, &Utc, Period::MONTH, None, Global)));
    }
}
