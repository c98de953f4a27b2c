//! Who moved from which segment to which between two days.

use super::score::{Plan, Scorer};
use crate::calendar::Zone;
use crate::error::Error;
use crate::history::View;
use crate::host::{Host, Pace, Vec};

/// The two days and what to score with.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// The first day.
    pub from: i64,
    /// The second.
    pub to: i64,
    /// Score each day with its own cut points, rather than both with the first day's.
    pub own_cuts: bool,
}

impl Migration {
    /// Two days in their order.
    pub fn new(from: Option<i64>, to: Option<i64>, own_cuts: bool) -> Result<Self, Error> {
        let (Some(from), Some(to)) = (from, to) else {
            return Err(Error::bad("from_date and to_date must be given", "Take two days."));
        };
        if from > to {
            return Err(Error::bad("from_date is after to_date", "Take the earlier day first."));
        }
        Ok(Migration { from, to, own_cuts })
    }
}

/// Members that went one way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SegmentFlow {
    /// The place of their segment at the first day; none: they were no members yet.
    pub from: Option<usize>,
    /// The place of their segment at the second day.
    pub to: usize,
    /// How many.
    pub members: u64,
    /// Their share of those that came from there.
    pub share: f64,
    /// Their amounts up to the first day, in millionths.
    pub from_revenue: Option<i128>,
    /// … and up to the second.
    pub to_revenue: Option<i128>,
}

/// The flows that somebody is in, by the order of the map's segments.
pub fn migration<H: Host>(
    view: &View<'_, H>,
    zone: &impl Zone,
    plan: &Plan,
    between: Migration,
    host: H,
) -> Result<Vec<SegmentFlow, H>, Error> {
    plan.check_keeps_ties("a migration")?;
    let before = plan.measure(view, zone, Some(between.from), &host)?;
    let after = plan.measure(view, zone, Some(between.to), &host)?;
    // With nobody there at the first day, there are no cut points of it.
    let own = between.own_cuts || before.present == 0;
    let from_scale = plan.scale(&before, &host);
    let to_scale = if own { plan.scale(&after, &host) } else { from_scale.clone() };
    let has_amounts = after.has_amounts();
    let from_scorer = Scorer::new(plan, from_scale, has_amounts, &host)?;
    let to_scorer = Scorer::new(plan, to_scale, has_amounts, &host)?;

    let columns = plan.map.segments.len().max(1);
    // A row for every segment at the first day, and one for who was not there.
    let mut flows = Vec::new_in(host.clone());
    flows.resize((columns + 1) * columns, (0u64, 0i128, 0i128));
    let mut pace = Pace::new(&host);
    for i in 0..after.len() {
        pace.step(1);
        let Some(values) = after.get(i) else { continue };
        let (_, to) = to_scorer.of(i, &values);
        let from = before.get(i).map(|values| from_scorer.of(i, &values).1.unwrap_or(0));
        let flow = &mut flows[from.unwrap_or(columns) * columns + to.unwrap_or(0)];
        flow.0 += 1;
        flow.1 += from.map_or(0, |_| before.revenue(i));
        flow.2 += after.revenue(i);
    }
    let mut rows = Vec::new_in(host.clone());
    for (from, to_flows) in flows.chunks(columns).enumerate() {
        let all: u64 = to_flows.iter().map(|flow| flow.0).sum();
        for (to, &(members, from_revenue, to_revenue)) in to_flows.iter().enumerate() {
            if members > 0 {
                rows.push(SegmentFlow {
                    from: (from < columns).then_some(from),
                    to,
                    members,
                    share: members as f64 / all as f64,
                    from_revenue: has_amounts.then_some(from_revenue),
                    to_revenue: has_amounts.then_some(to_revenue),
                });
            }
        }
    }
    Ok(rows)
}
