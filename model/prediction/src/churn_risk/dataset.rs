//! The rows that a summary makes: every member of the population at every anchor, with what was known then and whether it left.
//! Here too: how a history is replayed.

use super::anchors::{Anchor, Plan};
use super::features::{Events, NAMES};
use super::reason::Reason;
use super::replay::{Example, Past, Replayed, Summary, examples};
use crate::axis::Cut;
use crate::calendar::{Clock, Zone};
use crate::days;
use crate::error::Error;
use crate::history::{Columns, MemberRef, Timeline, View};
use crate::host::{Host, Pace};

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

    fn read(&self, timeline: &Timeline<H>, clock: &mut Clock<H>, past: &mut Events<H>) {
        past.clear();
        let last = self.cut.last_tick;
        for (i, tick) in timeline.ticks().iter().enumerate().take_while(|(_, tick)| **tick <= last)
        {
            let day = clock.first_day(self.zone, *tick);
            let amount = timeline.amount(i).map(|amount| amount as f64);
            past.push(day, timeline.count(i) as f64, amount);
        }
        for (tick, amount) in timeline.refunds().iter().take_while(|(tick, _)| *tick <= last) {
            past.push_refund(clock.first_day(self.zone, *tick), *amount as f64);
        }
    }
}

impl<Z: Zone, H: Host> Replayed for Replay<'_, '_, Z, H> {
    type Past = Events<H>;
    type Host = H;
    const SUMMARY: Summary = Summary::History;
    const NAMES: &'static [(&'static str, Reason)] = &NAMES;

    fn first_day(&self) -> i64 {
        self.cut.first_day
    }

    fn as_of(&self) -> i64 {
        self.cut.as_of
    }

    fn host(&self) -> &H {
        self.view.host()
    }

    fn count_members(&self) -> Result<u64, Error> {
        self.view.count_members()
    }

    fn each(
        &self,
        wanted: impl Fn(&MemberRef<'_>) -> bool,
        mut each: impl FnMut(&MemberRef<'_>, &Events<H>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let host = self.view.host();
        let mut clock = Clock::new(self.view.meta.grain, host.clone());
        let mut past = Events::new(self.has_amounts, host);
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
}

/// Tells `each` every row of the members that are wanted.
pub fn dataset<R: Replayed>(
    replay: &R,
    plan: &Plan,
    wanted: impl Fn(&MemberRef<'_>) -> bool,
    mut each: impl FnMut(&MemberRef<'_>, &Anchor, &Example<<R::Past as Past>::Row>) -> Result<(), Error>,
) -> Result<(), Error> {
    plan.check()?;
    let anchors = plan.anchors(replay.first_day(), replay.as_of(), replay.host());
    replay.each(wanted, |member, past| {
        examples(past, &anchors, plan.population)
            .try_for_each(|row| each(member, &anchors[row.anchor], &row))
    })
}
