//! What members have been worth so far, and the simple formula for what one may be worth.

use crate::amount::{divide, share};
use crate::axis::Axis;
use crate::calendar::{Clock, Grain, Period, Zone};
use crate::check;
use crate::churn::{Lapse, Ledger, Movements};
use crate::error::Error;
use crate::history::View;
use crate::host::{Host, Pace, Vec};
use crate::rfm::check_days;
use std::ops::Range;

/// What is asked of a summary.
#[derive(Debug, Clone, Copy)]
pub struct ValueQuestion {
    /// The period in which churn and order frequency are measured.
    pub period: Period,
    /// The silence after which a member is out.
    pub lapse: Lapse,
    /// The last day looked at; by default that of the last event.
    pub as_of: Option<i64>,
    /// Profit per unit of revenue.
    pub margin: f64,
    /// Are the purchases of one day one order?
    pub distinct_days: bool,
}

/// The summary. Amounts are in millionths, none if the history has no amounts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ValueSummary {
    /// Members with an event; the money of others is not in it.
    pub members: u64,
    /// Events, or days with any.
    pub orders: u64,
    /// The sum of the amounts, with events and without.
    pub revenue: Option<i128>,
    /// Revenue / orders.
    pub aov: Option<i128>,
    /// Orders / members.
    pub orders_per_member: f64,
    /// The share of members with two or more orders.
    pub repurchase_rate: f64,
    /// Churned / opening, over all complete periods of the ledger.
    pub churn_rate: Option<f64>,
    /// 1 / churn rate, in periods; none where nobody churned.
    pub lifespan: Option<f64>,
    /// Revenue × margin / members.
    pub historic_clv: Option<i128>,
    /// Revenue per order × orders per active member and complete period × lifespan × margin.
    pub formula_clv: Option<i128>,
}

/// Summarises a history; none if it begins after `as_of`.
pub fn summary<H: Host>(
    view: &View<'_, H>,
    zone: &impl Zone,
    question: &ValueQuestion,
    host: H,
) -> Result<Option<ValueSummary>, Error> {
    check::share("margin", question.margin)?;
    check_days(view.meta.grain, question.distinct_days)?;
    let mut axis = Axis::new(view.meta, zone, question.period, question.as_of, &host)?;
    let mut movements = Movements::new(&axis, question.lapse, &host)?;
    let mut clock = Clock::new(view.meta.grain, host.clone());
    // Only the last period can be running.
    let complete_periods =
        axis.len - usize::from(axis.len > 0 && !axis.is_complete(axis.len as i64 - 1));
    let (mut members, mut repeaters, mut orders, mut orders_in_complete) = (0u64, 0u64, 0u64, 0u64);
    // Members by complete period in which they were active.
    let mut active = 0u64;
    let mut revenue = 0i128;
    let mut pace = Pace::new(&host);
    let mut walk = view.walk()?;
    let mut periods = Vec::new_in(host.clone());
    while let Some((_, timeline)) = walk.next_member()? {
        pace.step(1 + timeline.ticks().len());
        axis.periods(timeline.ticks(), &mut periods)?;
        movements.count(&periods, timeline.ticks(), &mut axis);
        // Only the last ones of a member can be in the running period.
        let running = periods.iter().rev().take_while(|p| **p as usize >= complete_periods).count();
        let mut orders_of = |ticks: Range<usize>| match question.distinct_days {
            false => timeline.total_count(ticks),
            true if view.meta.grain == Grain::Day => ticks.len() as u64,
            true => {
                let days = timeline.ticks().get(ticks).unwrap_or_default().iter();
                days_of(days.map(|tick| clock.first_day(zone, *tick)))
            }
        };
        let complete = orders_of(0..periods.len() - running);
        let own = complete.saturating_add(orders_of(periods.len() - running..periods.len()));
        active += active_periods(&periods[..periods.len() - running]);
        orders_in_complete = orders_in_complete.saturating_add(complete);
        if own > 0 {
            revenue += timeline.total_amount(0..periods.len()) + timeline.refunded(axis.last_tick);
        }
        orders = orders.saturating_add(own);
        members += u64::from(own > 0);
        repeaters += u64::from(own > 1);
    }
    if members == 0 {
        return Ok(None);
    }

    let ledger = Ledger::new(axis, movements, 0.95)?;
    let (mut opening, mut churned) = (0u64, 0u64);
    for row in ledger.rows().filter(|row| row.complete) {
        opening += row.opening;
        churned += row.churned;
    }
    let churn_rate = (opening > 0).then(|| churned as f64 / opening as f64);
    let lifespan = churn_rate.filter(|rate| *rate > 0.0).map(|rate| 1.0 / rate);
    let revenue = view.has_amounts().then_some(revenue);
    let aov = revenue.and_then(|revenue| divide(revenue, i128::from(orders)));
    let formula_clv = match (revenue, lifespan) {
        (Some(revenue), Some(lifespan)) if active > 0 => {
            let order_value = revenue as f64 / orders as f64;
            let frequency = orders_in_complete as f64 / active as f64;
            Some((order_value * frequency * lifespan * question.margin).round() as i128)
        }
        _ => None,
    };
    Ok(Some(ValueSummary {
        members,
        orders,
        revenue,
        aov,
        orders_per_member: orders as f64 / members as f64,
        repurchase_rate: repeaters as f64 / members as f64,
        churn_rate,
        lifespan,
        historic_clv: revenue.and_then(|revenue| share(revenue, question.margin, members)),
        formula_clv,
    }))
}

/// How many days there are among these, which ascend.
fn days_of(days: impl Iterator<Item = i64>) -> u64 {
    let mut before = None;
    days.filter(|day| before.replace(*day) != Some(*day)).count() as u64
}

/// How many different periods there are among these, which ascend.
fn active_periods(periods: &[u32]) -> u64 {
    let changes = periods.windows(2).filter(|pair| pair[0] != pair[1]).count() as u64;
    changes + u64::from(!periods.is_empty())
}
