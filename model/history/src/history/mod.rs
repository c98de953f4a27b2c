//! The history: for every member, the ordered list of ticks at which something happened, with the
//! number of events and the amount of each. A tick may have an amount and no event, such as a refund:
//! activity is events, money is amounts.
//!
//! It is a small log-structured merge tree. Rows land in an inbox, spread by the hash of
//! their member; a full inbox is folded into a sorted, compact run; runs of like size are merged.
//! Reading merges the runs that there are. Every step works on memory that fits the cache, or runs
//! through it in order.

pub(crate) mod blocks;
mod codec;
pub(crate) mod cursor;
mod fold;
pub(crate) mod inbox;
pub(crate) mod member;
pub(crate) mod meta;
pub(crate) mod ranks;
pub(crate) mod row;
pub(crate) mod run;
pub(crate) mod spells;
mod summary;
mod sums;
#[cfg(test)]
mod tests;
mod view;
mod walk;

pub(crate) use codec::Version;
pub use codec::{Flat, canonical};
pub use cursor::Columns;
pub use member::{MemberKind, MemberRef};
pub use meta::{Extent, MAX_FLAT_BYTES, Meta};
pub use run::Timeline;
pub use summary::Summary;
pub use view::View;
pub use walk::Walk;

use crate::calendar::{Clock, Zone};
use crate::error::Error;
use crate::host::{Host, Vec, tell};
use crate::runs::first_to_merge;
use blocks::NO_AMOUNT;
use inbox::Inbox;
use row::Layout;
use run::{Run, RunRef};
use spells::{Content, EventPen, RefundPen, SpellPen, Union};

/// Bytes of rows that may wait in any case.
const FIRST_BUDGET: usize = 12 << 10;
/// After a fold: bytes of rows per tick in runs, so that memory stays in proportion to what the
/// history holds.
const BUDGET_PER_TICK: usize = 8;
/// Rows wait as long as there are no more of them than this per tick of theirs, in hundredths.
const MAX_ROWS_PER_TICK: usize = 140;
/// Runs that are read side by side.
const MAX_RUNS: usize = 8;
/// Runs that hold a tick this much more often than once, in hundredths, are merged.
const MAX_OVERLAP: u64 = 125;
/// Buckets looked at to learn how often that is: one in 32.
const SAMPLE_BUCKETS: u32 = 1 << (member::BUCKET_BITS - 5);

/// A history that takes rows and other histories.
///
/// Whatever fails or unwinds midway, it stays a valid history of the rows before.
#[derive(Debug)]
pub struct History<H: Host> {
    meta: Meta<H>,
    content: Content,
    /// Events that came last, and amounts without an event.
    inbox: Option<Inbox<H>>,
    refunds: Option<Inbox<H>>,
    /// The narrowest layout that has held every row so far.
    layout: Layout,
    /// Largest first.
    runs: Vec<Run<H>, H>,
    host: H,
}

impl<H: Host> History<H> {
    /// A history without events.
    pub fn new(meta: Meta<H>, host: H) -> Self {
        Self::with(meta, Content::Events, host)
    }

    /// A history of spells that has none yet. Of each member it keeps their union.
    ///
    /// While it has one run, the ticks of its extent are those of the run: else they may be those of
    /// spells that are part of others.
    pub(crate) fn of_spells(meta: Meta<H>, host: H) -> Self {
        Self::with(meta, Content::Spells, host)
    }

    fn with(meta: Meta<H>, content: Content, host: H) -> Self {
        let layout = Layout::narrow(meta.kind);
        History {
            meta,
            content,
            inbox: None,
            refunds: None,
            layout,
            runs: Vec::new_in(host.clone()),
            host,
        }
    }

    /// What it is of.
    pub fn meta(&self) -> &Meta<H> {
        &self.meta
    }

    /// Adds an event: the tick, and the instant itself, of which only the earliest and latest are
    /// remembered.
    #[inline(always)] // once a row
    pub fn push(
        &mut self,
        member: MemberRef<'_>,
        tick: i64,
        at: i64,
        amount: Option<i64>,
    ) -> Result<(), Error> {
        let amount = amount.unwrap_or(NO_AMOUNT);
        if let Some(inbox) = &mut self.inbox
            && inbox.push(member, tick, at, amount)
        {
            return Ok(());
        }
        self.push_slowly(member, tick, at, amount)
    }

    /// Adds two events at once, each a tick and an instant: whatever happens, none is there without
    /// the other.
    pub(crate) fn push_both(
        &mut self,
        member: MemberRef<'_>,
        events: [(i64, i64); 2],
    ) -> Result<(), Error> {
        loop {
            if self.inbox.as_mut().is_some_and(|inbox| inbox.push_both(member, events)) {
                return Ok(());
            }
            let [first, last] = events.map(|event| event.0);
            let layout = self.layout.with(member, first, NO_AMOUNT);
            self.make_room(layout.with(member, last, NO_AMOUNT))?;
        }
    }

    /// Adds an event for which there is no room yet.
    #[cold]
    fn push_slowly(
        &mut self,
        member: MemberRef<'_>,
        tick: i64,
        at: i64,
        amount: i64,
    ) -> Result<(), Error> {
        loop {
            self.make_room(self.layout.with(member, tick, amount))?;
            if self.inbox.as_mut().is_some_and(|inbox| inbox.push(member, tick, at, amount)) {
                return Ok(());
            }
        }
    }

    /// Makes a larger inbox, or folds the rows in it: where they repeat the same ticks, or where
    /// one that is to come takes a wider layout.
    fn make_room(&mut self, layout: Layout) -> Result<(), Error> {
        if let Some(inbox) = &self.inbox
            && inbox.layout == layout
            && !inbox.has_long_text()
        {
            let rows: usize = inbox.sample().map(|part| part.count()).sum();
            let scratch = self.host.scratch();
            let (folded, _) = self.fold(inbox, true, inbox.sample(), &scratch)?;
            if rows * 100 <= folded.totals.ticks as usize * MAX_ROWS_PER_TICK {
                self.inbox.as_mut().map(Inbox::enlarge);
                return Ok(());
            }
        }
        self.settle_rows(true)?;
        self.layout = layout;
        self.inbox = Some(Inbox::new(self.meta.kind, layout, self.budget(), &self.host));
        Ok(())
    }

    /// Bytes of rows that may wait.
    fn budget(&self) -> usize {
        let ticks: u64 = self.runs.iter().map(|run| run.totals.ticks).sum();
        FIRST_BUDGET.max(usize::try_from(ticks).unwrap_or(0).saturating_mul(BUDGET_PER_TICK))
    }

    /// Adds an amount without an event, such as a refund.
    #[cold] // for the sake of events
    pub fn push_amount(
        &mut self,
        member: MemberRef<'_>,
        tick: i64,
        at: i64,
        amount: i64,
    ) -> Result<(), Error> {
        loop {
            if let Some(inbox) = &mut self.refunds
                && inbox.push(member, tick, at, amount)
            {
                return Ok(());
            }
            let layout = match &self.refunds {
                Some(inbox) => inbox.layout,
                None => Layout::narrow(self.meta.kind),
            };
            self.settle_rows(false)?;
            let layout = layout.with(member, tick, amount);
            self.refunds = Some(Inbox::new(self.meta.kind, layout, self.budget(), &self.host));
        }
    }

    /// Folds the rows that came last, so that [`Self::view`] shows everything.
    pub fn settle(&mut self) -> Result<(), Error> {
        self.settle_rows(true)?;
        self.settle_rows(false)
    }

    /// Folds the events that came last, or the amounts without.
    fn settle_rows(&mut self, are_events: bool) -> Result<(), Error> {
        let inbox = if are_events { &self.inbox } else { &self.refunds };
        let Some(full) = inbox.as_ref().filter(|inbox| !inbox.is_empty()) else {
            return Ok(());
        };
        let (run, extent) = self.fold(full, are_events, full.parts(), &self.host)?;
        self.runs.reserve(1);
        *(if are_events { &mut self.inbox } else { &mut self.refunds }) = None;
        self.meta.widen(extent);
        self.add_run(run);
        self.tidy(true)
    }

    /// The run of some parts of the inbox, and where it begins and ends.
    fn fold<'a>(
        &self,
        inbox: &'a Inbox<H>,
        are_events: bool,
        parts: impl Iterator<Item = inbox::Part<'a, H>>,
        host: &H,
    ) -> Result<(Run<H>, Extent), Error> {
        let (kind, extent) = (self.meta.kind, inbox.extent);
        match self.content {
            _ if !are_events => {
                let run = fold::fold(inbox, kind, parts, &mut RefundPen::default(), host)?;
                Ok((run, extent))
            }
            Content::Events => {
                let run = fold::fold(inbox, kind, parts, &mut EventPen::default(), host)?;
                Ok((run, extent))
            }
            Content::Spells => {
                let mut pen = SpellPen::new();
                let run = fold::fold(inbox, kind, parts, &mut pen, host)?;
                Ok((run, pen.extent(extent)))
            }
        }
    }

    /// The history of one run that somebody has written, and where it begins and ends.
    pub(crate) fn of_run(mut meta: Meta<H>, run: Run<H>, extent: Extent, host: H) -> Self {
        meta.extent = Some(extent);
        let mut history = History::new(meta, host);
        history.runs.push(run.finished());
        history
    }

    fn add_run(&mut self, run: Run<H>) {
        let place = self.runs.partition_point(|r| r.totals.ticks > run.totals.ticks);
        self.runs.insert(place, run);
    }

    /// Merges runs where there are too many, or where they hold the same ticks over and over.
    fn tidy(&mut self, sample: bool) -> Result<(), Error> {
        if self.runs.len() > MAX_RUNS {
            let first = first_to_merge(self.runs.iter().map(Run::bytes), self.runs.len());
            self.merge_last(self.runs.len() - first)?;
        }
        let bytes: usize = self.runs.iter().map(Run::bytes).sum();
        if self.runs.len() > 1
            && (bytes > MAX_FLAT_BYTES || sample && self.overlap()? > MAX_OVERLAP)
        {
            self.merge_last(self.runs.len())?;
        }
        if self.runs.iter().map(Run::bytes).sum::<usize>() > MAX_FLAT_BYTES {
            return Err(meta::too_large());
        }
        Ok(())
    }

    /// How often the runs hold a tick, in hundredths; estimated from some of the buckets.
    fn overlap(&self) -> Result<u64, Error> {
        let spells = self.content == Content::Spells;
        let columns = if spells { Columns::ALL } else { Columns::TICKS };
        let mut walk = self.view().walk_over(columns)?;
        let mut distinct = 0;
        while walk.peek().is_some_and(|(bucket, _)| bucket < SAMPLE_BUCKETS) {
            if let Some((_, timeline)) = walk.next_entry()? {
                distinct +=
                    if spells { Union::ticks(timeline)? } else { timeline.ticks().len() } as u64;
            }
        }
        let held: u64 = walk.taken();
        Ok((held * 100).checked_div(distinct).unwrap_or(100))
    }

    /// The run of the members that a walk over runs of this history still has, and where a history of
    /// it alone begins and ends.
    fn copy(&self, walk: &mut Walk<'_, H>) -> Result<(Run<H>, Option<Extent>), Error> {
        let extent = self.meta.extent;
        match self.content {
            Content::Events => {
                Ok((walk::copy(walk, &mut EventPen::default(), &self.host)?, extent))
            }
            Content::Spells => {
                let mut pen = SpellPen::new();
                let run = walk::copy(walk, &mut pen, &self.host)?;
                Ok((run, extent.map(|extent| pen.extent(extent))))
            }
        }
    }

    /// Makes the last `count` runs one.
    fn merge_last(&mut self, count: usize) -> Result<(), Error> {
        let keep = self.runs.len().saturating_sub(count);
        let (run, extent) = {
            let scratch = self.host.scratch();
            let refs = run_refs(&self.runs[keep..], &scratch);
            let mut walk = Walk::new(self.meta.kind, &refs, Columns::ALL, &scratch)?;
            self.copy(&mut walk)?
        };
        self.runs.truncate(keep);
        if keep == 0 {
            self.meta.extent = extent;
        }
        self.add_run(run);
        Ok(())
    }

    /// Adds all events of another history of the same grain, zone and type of members.
    pub fn absorb(&mut self, other: &View<'_, H>) -> Result<(), Error> {
        self.meta.check_same(other.meta)?;
        let Some(extent) = other.meta.extent else {
            return Ok(());
        };
        let mut copies = Vec::with_capacity_in(other.runs.len(), self.host.clone());
        copies.extend(other.runs.iter().map(|run| Run::copy_of(run, &self.host)));
        self.runs.reserve(copies.len());
        for run in copies {
            self.add_run(run);
        }
        self.meta.widen(extent);
        self.tidy(false)
    }

    /// Adds the spells of another history, which need not be unions yet.
    pub(crate) fn absorb_spells(&mut self, other: &View<'_, H>) -> Result<(), Error> {
        self.meta.check_same(other.meta)?;
        let Some(extent) = other.meta.extent else {
            return Ok(());
        };
        let mut pen = SpellPen::new();
        let run = walk::copy(&mut other.walk()?, &mut pen, &self.host)?;
        self.runs.reserve(1);
        self.meta.widen(pen.extent(extent));
        self.add_run(run);
        self.tidy(false)
    }

    /// Makes it one run: the only form with the canonical columns of its content.
    pub fn compact(&mut self) -> Result<(), Error> {
        self.settle()?;
        if self.runs.len() > 1 {
            let ticks: u64 = self.runs.iter().map(|run| run.totals.ticks).sum();
            tell(|| format!("history: merging {} parts, {ticks} ticks", self.runs.len()));
            self.merge_last(self.runs.len())?;
        }
        Ok(())
    }

    /// Its content, without the rows since the last [`Self::settle`].
    pub fn view(&self) -> View<'_, H> {
        let scratch = self.host.scratch();
        View { meta: &self.meta, runs: run_refs(&self.runs, &scratch), host: scratch }
    }

    /// The part of a history that `keep_member` and `keep_tick` want; none if nothing is left.
    ///
    /// The first and the last event are then known to their ticks only: they are where they were,
    /// or at the begin of the first and the end of the last tick that is left.
    pub fn part_of(
        view: &View<'_, H>,
        zone: &impl Zone,
        host: H,
        keep_member: impl FnMut(MemberRef<'_>) -> bool,
        mut keep_tick: impl FnMut(i64) -> bool,
    ) -> Result<Option<Self>, Error> {
        let (mut low, mut high) = (i64::MAX, i64::MIN);
        let keep = |tick: i64| {
            let kept = keep_tick(tick);
            if kept {
                (low, high) = (low.min(tick), high.max(tick));
            }
            kept
        };
        let run = walk::rewrite(&mut view.walk()?, &host, keep_member, keep)?;
        let (Some(whole), true) = (view.meta.extent, run.totals.members > 0) else {
            return Ok(None);
        };
        let mut clock = Clock::new(view.meta.grain, host.clone());
        let first = whole.first.max(clock.start(zone, low));
        let last = whole.last.min(clock.end(zone, high)).max(first);
        let mut part = History::new(view.meta.empty(host.clone()), host);
        part.meta.extent = Some(Extent { first, last, low, high });
        part.runs.push(run);
        Ok(Some(part))
    }
}

fn run_refs<'a, H: Host>(runs: &'a [Run<H>], host: &H) -> Vec<RunRef<'a>, H> {
    let mut refs = Vec::with_capacity_in(runs.len(), host.clone());
    refs.extend(runs.iter().map(Run::as_ref));
    refs
}
