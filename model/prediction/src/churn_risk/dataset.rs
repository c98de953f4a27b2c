//! The rows that a history makes: every member of the population at every anchor, with what was known then and whether it left.

use super::anchors::{Anchor, Plan, Population};
use super::features::{Features, Past};
use crate::axis::Cut;
use crate::calendar::{Clock, Zone};
use crate::days;
use crate::error::Error;
use crate::history::{Columns, MemberRef, Timeline, View};
use crate::host::{Host, Pace};

/// What a unit of money is counted in.
pub const MILLIONTHS: f64 = 1e6;

/// A history that is looked at up to a day, member by member.
#[derive(Debug)]
pub struct Replay<'v, 'z, Z, H: Host> {
    view: &'v View<'v, H>,
    zone: &'z Z,
    /// The days that there are.
    pub cut: Cut,
    has_amounts: bool,
}

impl<'v, 'z, Z: Zone, H: Host> Replay<'v, 'z, Z, H> {
    /// Of a history that knows its days.
    pub fn new(view: &'v View<'v, H>, zone: &'z Z, as_of: Option<i64>) -> Result<Self, Error> {
        let (_, cut) = days::cut(view, zone, as_of, view.host())?;
        Ok(Replay { view, zone, cut, has_amounts: view.has_amounts() })
    }

    /// Tells `each` every member with an event by `as_of`.
    pub fn each(
        &self,
        wanted: impl Fn(&MemberRef<'_>) -> bool,
        mut each: impl FnMut(&MemberRef<'_>, &Past<H>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let host = self.view.host();
        let mut clock = Clock::new(self.view.meta.grain, host.clone());
        let mut past = Past::new(self.has_amounts, host);
        let mut pace = Pace::new(host);
        let mut walk = self.view.walk_over(Columns { counts: true, amounts: self.has_amounts })?;
        while let Some((member, timeline)) = walk.next_member()? {
            pace.step(1 + 4 * timeline.ticks().len());
            if !wanted(&member) {
                continue;
            }
            self.read(timeline, &mut clock, &mut past);
            if !past.days().is_empty() {
                each(&member, &past)?;
            }
        }
        Ok(())
    }

    fn read(&self, timeline: &Timeline<H>, clock: &mut Clock<H>, past: &mut Past<H>) {
        past.clear();
        let last = self.cut.last_tick;
        for (i, tick) in timeline.ticks().iter().enumerate().take_while(|(_, tick)| **tick <= last)
        {
            let day = clock.first_day(self.zone, *tick);
            let amount = timeline.amount(i).map(|amount| amount as f64 / MILLIONTHS);
            past.push(day, timeline.count(i) as f64, amount);
        }
        for (tick, amount) in timeline.refunds().iter().take_while(|(tick, _)| *tick <= last) {
            past.push_refund(clock.first_day(self.zone, *tick), *amount as f64 / MILLIONTHS);
        }
    }
}

/// A row to learn from.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    /// The number of the anchor, from the oldest, 0.
    pub anchor: usize,
    /// What was known of the member then.
    pub features: Features,
    /// Was there no event in the horizon after it?
    pub churned: bool,
}

/// The rows of a member, by anchor.
pub fn examples<'a, H: Host>(
    past: &'a Past<H>,
    anchors: &'a [Anchor],
    population: Population,
) -> impl Iterator<Item = Example> + 'a {
    anchors.iter().enumerate().filter_map(move |(number, anchor)| {
        let last = past.last(anchor)?;
        if population == Population::Active && !anchor.is_active(last) {
            return None;
        }
        let features = past.features(anchor)?;
        Some(Example { anchor: number, features, churned: !past.returns(anchor) })
    })
}

/// Tells `each` every row of the members that are wanted.
pub fn dataset<H: Host, Z: Zone>(
    view: &View<'_, H>,
    zone: &Z,
    plan: &Plan,
    wanted: impl Fn(&MemberRef<'_>) -> bool,
    mut each: impl FnMut(&MemberRef<'_>, &Anchor, &Example) -> Result<(), Error>,
) -> Result<(), Error> {
    plan.check()?;
    let replay = Replay::new(view, zone, plan.as_of)?;
    let anchors = plan.anchors(replay.cut.first_day, replay.cut.as_of, view.host());
    replay.each(wanted, |member, past| {
        examples(past, &anchors, plan.population)
            .try_for_each(|row| each(member, &anchors[row.anchor], &row))
    })
}
