//! A history as its readers see it.

use super::cursor::Columns;
use super::meta::Meta;
use super::run::{AMOUNTS, QUIET, RunRef};
use super::walk::Walk;
use crate::calendar::{Clock, Zone};
use crate::error::Error;
use crate::host::{Host, Pace, Vec};

/// A history that can be read: settled, and borrowed from wherever it is.
#[derive(Debug)]
pub struct View<'a, H: Host> {
    /// What it is of.
    pub meta: &'a Meta<H>,
    pub(super) runs: Vec<RunRef<'a>, H>,
    pub(super) host: H,
}

impl<'a, H: Host> View<'a, H> {
    /// Its members that have an event, with their timelines, in the order of histories.
    pub fn walk(&self) -> Result<Walk<'a, H>, Error> {
        self.walk_over(Columns::ALL)
    }

    /// The same, with only some columns of their timelines.
    pub fn walk_over(&self, columns: Columns) -> Result<Walk<'a, H>, Error> {
        Walk::new(self.meta.kind, &self.runs, columns, &self.host)
    }

    /// Where it is kept.
    pub fn host(&self) -> &H {
        &self.host
    }

    /// The day of the last event, on the calendar of its zone.
    pub fn last_day(&self, zone: &impl Zone) -> Option<i64> {
        let mut clock = Clock::new(self.meta.grain, self.host().clone());
        Some(self.meta.extent?.days(&mut clock, zone).1)
    }

    /// Does any event have an amount?
    pub fn has_amounts(&self) -> bool {
        self.runs.iter().any(|run| !run.columns[AMOUNTS].is_empty())
    }

    /// Has some tick an amount and no event?
    fn has_quiet(&self) -> bool {
        self.runs.iter().any(|run| !run.columns[QUIET].is_empty())
    }

    /// The number of members that have an event, where it is known without a walk: in a history of one
    /// run, every tick of which has one.
    pub fn members(&self) -> Option<u64> {
        match self.runs.as_slice() {
            [one] if !self.has_quiet() => Some(one.totals.members),
            _ => None,
        }
    }

    /// The number of members that have an event, counted.
    pub fn count_members(&self) -> Result<u64, Error> {
        let mut pace = Pace::new(&self.host);
        let (mut walk, mut members) = (self.walk_over(Columns::TICKS)?, 0);
        while let Some((_, timeline)) = walk.next_member()? {
            pace.step(1 + timeline.ticks().len());
            members += 1;
        }
        Ok(members)
    }

    /// The number of events.
    pub fn events(&self) -> u64 {
        self.runs.iter().fold(0, |sum, run| sum.saturating_add(run.totals.events))
    }
}
