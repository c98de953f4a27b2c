//! The rows of a funnel: counts, rates and times, by period and step.

use super::entries::{Cut, Entered, entered};
use super::question::{FunnelQuestion, Mode};
use super::steps::Steps;
use super::times::quartiles;
use crate::budget;
use crate::calendar::Zone;
use crate::error::Error;
use crate::host::{Host, Vec};
use crate::journeys::View;
use crate::numeric::{Estimate, Wilson};
use crate::radix;
use crate::units::{Units, periods};

/// A table of periods by steps.
const FUNNEL: budget::Result = budget::Result {
    what: "the funnel (its limit is 33 million rows, and 512 MB)",
    hint: "Take a longer period or an earlier as_of.",
};

/// A step of a funnel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FunnelRow {
    /// The first day of the period; none without periods.
    pub period_start: Option<i64>,
    /// The number of the step, from 0.
    pub step: usize,
    /// Members that entered.
    pub members: u64,
    /// Those whose window has ended.
    pub eligible: u64,
    /// Of these, who reached the step.
    pub reached: u64,
    /// Their share; none if nobody is eligible.
    pub rate: Option<Estimate>,
    /// Their share of those that reached the step before; none if nobody did.
    pub step_rate: Option<f64>,
    /// The time since the step before by which a quarter, half, three quarters have reached this one, in
    /// microseconds.
    pub times: [Option<i64>; 3],
}

/// The counts of a funnel.
#[derive(Debug)]
pub struct FunnelTable<H: Host> {
    steps: usize,
    /// The step before each, of those that can not be left out.
    before: std::vec::Vec<usize>,
    units: Option<(Units, i64)>,
    /// Of each period, who entered and who is eligible.
    entered: Vec<(u64, u64), H>,
    /// Of each period and step, who is eligible and reached it.
    reached: Vec<u64, H>,
    /// Period and step, and how long it took or has taken: see [`quartiles`].
    waits: Vec<(u32, u64), H>,
    wilson: Wilson,
}

/// Counts.
pub fn funnel<H: Host>(
    view: &View<'_, H>,
    zone: &impl Zone,
    steps: &Steps<H>,
    question: &FunnelQuestion,
    host: H,
) -> Result<FunnelTable<H>, Error> {
    let cut = Cut::new(view, zone, question)?;
    let (mut len, mut units) = (0, None);
    if let Some(cut) = &cut {
        (len, units) = match cut.units {
            None => (usize::from(cut.first_day <= cut.as_of), None),
            Some(of) => {
                let len = periods(of, cut.first_day, cut.as_of)?;
                (len, Some((of, of.of_day(cut.first_day))))
            }
        };
    }
    FUNNEL.check(len.saturating_mul(steps.len()), 8)?;
    let mut table = FunnelTable {
        steps: steps.len(),
        before: (0..steps.len())
            .map(|step| match question.mode {
                Mode::AnyOrder => step.saturating_sub(1),
                _ => steps.needed_before(step),
            })
            .collect(),
        units,
        entered: Vec::new_in(host.clone()),
        reached: Vec::new_in(host.clone()),
        waits: Vec::new_in(host.clone()),
        wilson: Wilson::new(question.confidence)?,
    };
    table.entered.resize(len, (0, 0));
    table.reached.resize(len * steps.len(), 0);
    let last = cut.map_or(0, |cut| cut.last);
    entered(view, zone, steps, question, |_, entered| {
        table.count(entered, last, steps);
        Ok(())
    })?;
    let mut other = Vec::new_in(host);
    radix::sort_by_all(&mut table.waits, &mut other, |(cell, wait)| {
        [*cell, (wait >> 32) as u32, *wait as u32]
    });
    Ok(table)
}

impl<H: Host> FunnelTable<H> {
    fn count(&mut self, member: &Entered, last: i64, steps: &Steps<H>) {
        let period = match self.units {
            Some((_, origin)) => usize::try_from(member.unit - origin).unwrap_or(usize::MAX),
            None => 0,
        };
        let Some((members, eligible)) = self.entered.get_mut(period) else { return };
        *members += 1;
        *eligible += u64::from(member.is_eligible);
        for step in 0..self.steps {
            let cell = period * self.steps + step;
            let at = member.reached[step];
            self.reached[cell] += u64::from(member.is_eligible && at.is_some());
            let Some(before) = member.reached[self.before[step]].filter(|_| step > 0) else {
                continue;
            };
            let seen = member.end.min(last).min(before.saturating_add(steps.within[step]));
            let wait = at.unwrap_or(seen).saturating_sub(before).max(0) as u64;
            self.waits.push((cell as u32, wait << 1 | u64::from(at.is_none())));
        }
    }

    /// The rows.
    pub fn rows(&self) -> impl Iterator<Item = FunnelRow> {
        let mut waits = &self.waits[..];
        let cells = 0..self.entered.len() * self.steps;
        cells.map(move |cell| {
            let (period, step) = (cell / self.steps, cell % self.steps);
            let own = waits.partition_point(|wait| wait.0 as usize <= cell);
            let (here, after) = waits.split_at(own);
            waits = after;
            let (members, eligible) = self.entered[period];
            let reached = self.reached[cell];
            let before = if step == 0 {
                eligible
            } else {
                self.reached[period * self.steps + self.before[step]]
            };
            FunnelRow {
                period_start: self
                    .units
                    .map(|(units, origin)| units.first_day(origin + period as i64)),
                step,
                members,
                eligible,
                reached,
                rate: self.wilson.share(reached, eligible),
                step_rate: (before > 0).then(|| reached as f64 / before as f64),
                times: quartiles(here.iter().map(|wait| wait.1)),
            }
        })
    }
}
