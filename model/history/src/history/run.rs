//! A run: members with their ticks, sorted and free of duplicates, as compact columns.
//!
//! | column | for each | what |
//! | --- | --- | --- |
//! | members | member | its key (integers as difference to the one before), then its number of ticks − 1 |
//! | ticks | tick | the first of a member as difference to the first of the member before; then gaps − 1 |
//! | counts | tick | events − 1, or 0 for none; the column is empty when no tick has several events |
//! | quiet | tick with an amount and no event | ticks of the run between it and the one before |
//! | amounts | tick | in blocks, see `blocks.rs`; empty when there is none |
//!
//! All numbers but amounts are varints, signed ones in zigzag form. The columns of equal contents are
//! equal.

use super::blocks::{self, BLOCK, NO_AMOUNT};
use super::member::MemberRef;
use crate::error::Error;
use crate::host::{Host, Vec};
use crate::varint::{self, zigzag};
use std::ops::Range;

/// How much is in a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) members: u64,
    pub(crate) ticks: u64,
    pub(crate) events: u64,
}

/// A run that owns its columns, and the writer of one.
#[derive(Debug)]
pub(crate) struct Run<H: Host> {
    pub(crate) totals: Totals,
    pub(crate) columns: [Vec<u8, H>; COLUMNS],
    /// Amounts that do not fill a block yet.
    waiting: Vec<i64, H>,
    /// The number of ticks up to the last one without an event.
    after_quiet: u64,
    previous_key: i64,
    previous_first: i64,
    last_tick: i64,
}

pub(crate) const MEMBERS: usize = 0;
pub(crate) const TICKS: usize = 1;
pub(crate) const COUNTS: usize = 2;
pub(crate) const QUIET: usize = 3;
pub(crate) const AMOUNTS: usize = 4;
pub(crate) const COLUMNS: usize = 5;

impl<H: Host> Run<H> {
    pub(crate) fn new(host: H) -> Self {
        Run {
            totals: Totals::default(),
            columns: std::array::from_fn(|_| Vec::new_in(host.clone())),
            waiting: Vec::new_in(host),
            after_quiet: 0,
            previous_key: 0,
            previous_first: 0,
            last_tick: 0,
        }
    }

    /// A copy of somebody else's columns, to be read only.
    pub(crate) fn copy_of(run: &RunRef<'_>, host: &H) -> Self {
        let mut copy = Run::new(host.clone());
        copy.totals = run.totals;
        for (to, from) in copy.columns.iter_mut().zip(run.columns) {
            to.extend_from_slice(from);
        }
        copy
    }

    pub(crate) fn bytes(&self) -> usize {
        self.columns.iter().map(|c| c.len()).sum()
    }

    pub(crate) fn as_ref(&self) -> RunRef<'_> {
        let [members, ticks, counts, quiet, amounts] = &self.columns;
        RunRef { totals: self.totals, columns: [members, ticks, counts, quiet, amounts] }
    }

    /// The next member, in order, with `ticks` ticks to follow.
    #[inline]
    pub(crate) fn member(&mut self, member: MemberRef<'_>, ticks: usize) {
        self.totals.members += 1;
        let column = &mut self.columns[MEMBERS];
        put_key(column, member, &mut self.previous_key);
        varint::put(column, ticks as u64 - 1);
    }

    /// A tick of the member just begun: its first, or a later one. Without an event it has an amount.
    #[inline(always)]
    pub(crate) fn tick_of_member(
        &mut self,
        later: bool,
        tick: i64,
        count: u64,
        amount: i64,
    ) -> Result<(), Error> {
        let gap = if later {
            (tick.wrapping_sub(self.last_tick) as u64).wrapping_sub(1)
        } else {
            zigzag(tick.wrapping_sub(std::mem::replace(&mut self.previous_first, tick)))
        };
        self.last_tick = tick;
        varint::put(&mut self.columns[TICKS], gap);
        if count > 1 || !self.columns[COUNTS].is_empty() {
            self.count(count.saturating_sub(1));
        }
        if count == 0 {
            self.quiet();
        }
        if amount != NO_AMOUNT || self.has_amounts() {
            self.amount(amount);
        }
        self.totals.ticks += 1;
        self.totals.events = match self.totals.events.checked_add(count) {
            Some(events) => events,
            None => return Err(Error::Malformed("more events than can be counted")),
        };
        Ok(())
    }

    /// A value of the column that stands for zeros until its first other value.
    #[inline(always)]
    fn count(&mut self, value: u64) {
        let ticks = self.totals.ticks as usize;
        let column = &mut self.columns[COUNTS];
        if column.is_empty() {
            zeros(column, ticks);
        }
        varint::put(column, value);
    }

    #[cold]
    fn quiet(&mut self) {
        varint::put(&mut self.columns[QUIET], self.totals.ticks - self.after_quiet);
        self.after_quiet = self.totals.ticks + 1;
    }

    fn has_amounts(&self) -> bool {
        !(self.waiting.is_empty() && self.columns[AMOUNTS].is_empty())
    }

    /// The amount of a tick, or none.
    #[inline(always)]
    fn amount(&mut self, amount: i64) {
        if self.waiting.len() == BLOCK || self.waiting.is_empty() {
            self.make_room();
        }
        self.waiting.push(amount);
    }

    /// Writes the block that is full; before the first amount, those of the ticks without.
    #[inline(never)]
    fn make_room(&mut self) {
        if self.has_amounts() {
            blocks::put(&mut self.columns[AMOUNTS], &self.waiting);
            self.waiting.clear();
            return;
        }
        self.waiting.reserve_exact(BLOCK);
        let (full, rest) = (self.totals.ticks / BLOCK as u64, self.totals.ticks as usize % BLOCK);
        for _ in 0..full {
            blocks::put(&mut self.columns[AMOUNTS], &[NO_AMOUNT; BLOCK]);
        }
        self.waiting.resize(rest, NO_AMOUNT);
    }

    /// The run with all that was written.
    pub(crate) fn finished(mut self) -> Self {
        if !self.waiting.is_empty() {
            blocks::put(&mut self.columns[AMOUNTS], &self.waiting);
            self.waiting = Vec::new_in(self.waiting.allocator().clone());
        }
        self
    }
}

/// Writes the key of a member: an integer as difference to the one before.
#[inline]
pub(crate) fn put_key<H: Host>(column: &mut Vec<u8, H>, member: MemberRef<'_>, previous: &mut i64) {
    match member {
        MemberRef::Int(key) => {
            varint::put(column, zigzag(key.wrapping_sub(*previous)));
            *previous = key;
        }
        MemberRef::Uuid(key) => column.extend_from_slice(&key.to_be_bytes()),
        MemberRef::Text(key) => {
            varint::put(column, key.len() as u64);
            column.extend_from_slice(key);
        }
    }
}

#[cold]
fn zeros<H: Host>(column: &mut Vec<u8, H>, count: usize) {
    column.resize(count, 0);
}

/// A run to be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunRef<'a> {
    pub(crate) totals: Totals,
    pub(crate) columns: [&'a [u8]; COLUMNS],
}

/// The ticks of one member, ascending, with their events and amounts.
///
/// A tick has an event at least: activity is events. What was paid or given back without one, such as
/// a refund, stands apart.
#[derive(Debug)]
pub struct Timeline<H: Host> {
    pub(crate) ticks: Vec<i64, H>,
    /// Empty: one event each.
    pub(crate) counts: Vec<u64, H>,
    /// Empty: no amounts.
    pub(crate) amounts: Vec<i64, H>,
    /// Are there ticks without an event among them, whose count is 0? Readers see none of those.
    pub(super) has_quiet: bool,
    /// The ticks without an event, with their amounts, ascending.
    refunds: Vec<(i64, i64), H>,
}

impl<H: Host> Timeline<H> {
    pub(crate) fn new(host: &H) -> Self {
        Timeline {
            ticks: Vec::new_in(host.clone()),
            counts: Vec::new_in(host.clone()),
            amounts: Vec::new_in(host.clone()),
            has_quiet: false,
            refunds: Vec::new_in(host.clone()),
        }
    }

    /// Sets the ticks without an event apart.
    #[inline(always)]
    pub(super) fn part(&mut self) {
        if self.has_quiet || !self.refunds.is_empty() {
            self.part_slowly();
        }
    }

    #[cold]
    fn part_slowly(&mut self) {
        self.refunds.clear();
        let mut kept = 0;
        for i in 0..self.ticks.len() {
            let (tick, count) = (self.ticks[i], self.count(i));
            let amount = self.amounts.get(i).copied();
            if count == 0 {
                self.refunds.extend(amount.map(|amount| (tick, amount)));
                continue;
            }
            self.ticks[kept] = tick;
            if let Some(place) = self.counts.get_mut(kept) {
                *place = count;
            }
            if let (Some(place), Some(amount)) = (self.amounts.get_mut(kept), amount) {
                *place = amount;
            }
            kept += 1;
        }
        self.ticks.truncate(kept);
        self.counts.truncate(kept);
        self.amounts.truncate(kept);
        self.has_quiet = false;
    }

    /// Amounts without an event, such as refunds, with their ticks, ascending.
    #[inline]
    pub fn refunds(&self) -> &[(i64, i64)] {
        &self.refunds
    }

    /// The sum of the amounts without an event up to a tick.
    #[inline]
    pub fn refunded(&self, last_tick: i64) -> i128 {
        let seen = self.refunds.iter().take_while(|(tick, _)| *tick <= last_tick);
        seen.map(|(_, amount)| i128::from(*amount)).sum()
    }

    /// The ticks, ascending.
    #[inline]
    pub fn ticks(&self) -> &[i64] {
        &self.ticks
    }

    /// The number of events at the `i`-th tick.
    #[inline]
    pub fn count(&self, i: usize) -> u64 {
        self.counts.get(i).copied().unwrap_or(1)
    }

    /// The number of events at some of the ticks.
    #[inline]
    pub fn total_count(&self, ticks: Range<usize>) -> u64 {
        match self.counts.get(ticks.clone()) {
            Some(counts) => counts.iter().fold(0, |sum, count| sum.saturating_add(*count)),
            None => ticks.len() as u64,
        }
    }

    /// What was spent at some of the ticks: with their events.
    #[inline]
    pub fn total_amount(&self, ticks: Range<usize>) -> i128 {
        let amounts = self.amounts.get(ticks).unwrap_or_default();
        amounts
            .iter()
            .filter(|amount| **amount != NO_AMOUNT)
            .map(|amount| i128::from(*amount))
            .sum()
    }

    /// The amounts of the ticks; nothing if there are none at all.
    #[inline]
    pub fn amounts(&self) -> impl Iterator<Item = Option<i64>> {
        self.amounts.iter().map(|amount| (*amount != NO_AMOUNT).then_some(*amount))
    }

    /// Has it any amounts?
    #[inline]
    pub fn has_amounts(&self) -> bool {
        !self.amounts.is_empty()
    }

    /// What was spent at each tick, nothing where no event had an amount; nothing at all if there are
    /// none.
    #[inline]
    pub fn money(&self) -> impl Iterator<Item = i64> {
        self.amounts.iter().map(|amount| if *amount == NO_AMOUNT { 0 } else { *amount })
    }

    /// The amount of the `i`-th tick; none if no event of it had one.
    #[inline]
    pub fn amount(&self, i: usize) -> Option<i64> {
        self.amounts.get(i).copied().filter(|a| *a != NO_AMOUNT)
    }
}
