//! Journeys: for every member the ordered list of what it did: instants, exact to the microsecond, each
//! with the name of an event and the number of identical rows.
//!
//! They are built as histories are (see `history/mod.rs`): rows land in the inbox of a history, spread by
//! the hash of their member; a full inbox is folded into a sorted, compact run; reading merges the runs
//! that there are. A row is the member's key and one number of 64 bits, instant and name together, which
//! sorts as both do: 12 bytes of a member that is a small integer.
//!
//! | file | what |
//! | --- | --- |
//! | `form.rs` | an event as one number in a row of the inbox |
//! | `fold.rs` | from rows to a run |
//! | `run.rs`, `cursor.rs` | a run in its columns: written and read |
//! | `view.rs` | several runs as one list of members |
//! | `rewrite.rs` | runs made of runs: merged, or of a part |
//! | `codec.rs`, `fault.rs` | the bytes; limits, and what is said of them |
//! | `part.rs`, `histories.rs`, `names.rs` | what is made of journeys, and what is in them |

mod codec;
mod cursor;
mod fault;
mod fold;
mod form;
mod histories;
mod names;
mod part;
mod rewrite;
mod run;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod unit;
mod view;

pub use codec::{Flat, MARK};
pub use cursor::Path;
pub use fault::{BEYOND, EARLIEST, MAX_NAMES, different_zones, malformed};
pub use histories::history_of_events;
pub use names::{Tally, event_of, events_of, tally};
pub use part::part_of;
pub use view::{View, Walk};

use crate::calendar::Grain;
use crate::error::Error;
use crate::history::inbox::{Inbox, Part};
use crate::history::meta::Extent;
use crate::history::row::Layout;
use crate::history::{MAX_FLAT_BYTES, MemberKind, MemberRef, Meta};
use crate::host::{Host, Vec, tell};
use crate::runs::first_to_merge;
use fault::{of_journeys, too_large, too_many_names};
use form::Form;
use model_kit::names::Names;
use run::Run;

/// Bytes of rows that may wait in any case.
const FIRST_BUDGET: usize = 12 << 10;
/// After a fold: bytes of rows per event in runs, so that memory stays in proportion to what there is.
const BUDGET_PER_EVENT: usize = 8;
/// Rows wait as long as there are no more of them than this per different one, in hundredths.
const MAX_ROWS_PER_EVENT: usize = 140;
/// Runs that are read side by side.
const MAX_RUNS: usize = 8;

/// Journeys that take rows and other journeys.
///
/// Whatever fails or unwinds midway, they stay valid journeys of the rows before.
#[derive(Debug)]
pub struct Journeys<H: Host> {
    meta: Meta<H>,
    /// Every name that was given, by number.
    names: Names<H>,
    inbox: Option<Inbox<H>>,
    form: Form,
    /// The narrowest layout that has held every row so far.
    layout: Layout,
    /// Largest first.
    runs: Vec<Run<H>, H>,
    host: H,
}

impl<H: Host> Journeys<H> {
    /// Journeys of nobody, on the calendar of a zone; of none if its name is empty.
    pub fn new(kind: MemberKind, zone: &str, host: H) -> Self {
        // Instants are kept as they are; no grain applies.
        Self::of_meta(Meta::new(kind, Grain::Second, zone, host.clone()), host)
    }

    /// Journeys of nobody, to which others can be added.
    pub fn like(view: &View<'_, H>, host: H) -> Self {
        Self::of_meta(view.meta.empty(host.clone()), host)
    }

    fn of_meta(meta: Meta<H>, host: H) -> Self {
        let layout = Layout { tick: 2, ..Layout::narrow(meta.kind) };
        Journeys {
            meta,
            names: Names::new(&host),
            inbox: None,
            form: Form::WIDE,
            layout,
            runs: Vec::new_in(host.clone()),
            host,
        }
    }

    /// The type of the members.
    pub fn kind(&self) -> MemberKind {
        self.meta.kind
    }

    /// Adds an event: whose, when, and what.
    #[inline(always)] // once a row
    pub fn push(&mut self, member: MemberRef<'_>, at: i64, event: &[u8]) -> Result<(), Error> {
        let code = self.names.number(event).unwrap_or(u32::MAX);
        if let Some(inbox) = &mut self.inbox
            && let Some((tick, amount)) = self.form.write(at, code)
            && inbox.push(member, tick, at, amount)
        {
            return Ok(());
        }
        self.push_slowly(member, at, code)
    }

    /// Adds an event for which there is no room yet.
    #[cold]
    fn push_slowly(&mut self, member: MemberRef<'_>, at: i64, code: u32) -> Result<(), Error> {
        if code as usize >= MAX_NAMES {
            return Err(too_many_names());
        }
        loop {
            self.make_room(member, at, code)?;
            if let (Some(inbox), Some((tick, amount))) =
                (&mut self.inbox, self.form.write(at, code))
                && inbox.push(member, tick, at, amount)
            {
                return Ok(());
            }
        }
    }

    /// Makes a larger inbox, or folds the rows in it: where they repeat the same events, or where one
    /// that is to come takes a wider row.
    fn make_room(&mut self, member: MemberRef<'_>, at: i64, code: u32) -> Result<(), Error> {
        let form = match &self.inbox {
            Some(_) => self.form.holding(at, code),
            None => Form::narrow(at, self.names.len()),
        };
        let amount = form.write(at, code).map_or(0, |(_, amount)| amount);
        let layout = self.layout.with(member, i64::MAX, amount);
        if let Some(inbox) = &self.inbox
            && (inbox.layout, self.form) == (layout, form)
            && !inbox.has_long_text()
        {
            let rows: usize = inbox.sample().map(|part| part.count()).sum();
            let scratch = self.host.scratch();
            let folded = self.fold(inbox, || inbox.sample(), &scratch)?;
            if rows * 100 <= folded.totals.events as usize * MAX_ROWS_PER_EVENT {
                self.inbox.as_mut().map(Inbox::enlarge);
                return Ok(());
            }
        }
        self.settle()?;
        // Times of the next rows are probably near this one.
        self.form = if form == Form::WIDE { form } else { Form::narrow(at, self.names.len()) };
        self.layout = layout;
        self.inbox = Some(Inbox::new(self.meta.kind, layout, self.budget(), &self.host));
        Ok(())
    }

    /// Bytes of rows that may wait.
    fn budget(&self) -> usize {
        let events: u64 = self.runs.iter().map(|run| run.totals.events).sum();
        FIRST_BUDGET.max(usize::try_from(events).unwrap_or(0).saturating_mul(BUDGET_PER_EVENT))
    }

    fn fold<'a, P: Iterator<Item = Part<'a, H>>>(
        &self,
        inbox: &'a Inbox<H>,
        parts: impl Fn() -> P,
        host: &H,
    ) -> Result<Run<H>, Error> {
        fold::fold(inbox, self.meta.kind, self.form, &self.names, parts, host)
    }

    /// Folds the rows that came last, so that [`Self::view`] shows everything.
    pub fn settle(&mut self) -> Result<(), Error> {
        let Some(full) = self.inbox.as_ref().filter(|inbox| !inbox.is_empty()) else {
            return Ok(());
        };
        let (run, extent) = (self.fold(full, || full.parts(), &self.host)?, full.extent);
        self.runs.reserve(1);
        self.inbox = None;
        self.meta.widen(in_time(extent));
        self.add_run(run);
        self.tidy()
    }

    fn add_run(&mut self, run: Run<H>) {
        let place = self.runs.partition_point(|r| r.totals.events > run.totals.events);
        self.runs.insert(place, run);
    }

    /// Merges runs where there are too many.
    fn tidy(&mut self) -> Result<(), Error> {
        if self.runs.len() > MAX_RUNS {
            let first = first_to_merge(self.runs.iter().map(Run::bytes), self.runs.len());
            self.merge_last(self.runs.len() - first)?;
        }
        let bytes = |runs: &[Run<H>]| runs.iter().map(Run::bytes).sum::<usize>();
        if self.runs.len() > 1 && bytes(&self.runs) > MAX_FLAT_BYTES {
            self.merge_last(self.runs.len())?;
        }
        if bytes(&self.runs) + self.names.bytes() > MAX_FLAT_BYTES {
            return Err(too_large());
        }
        Ok(())
    }

    /// Makes the last `count` runs one.
    fn merge_last(&mut self, count: usize) -> Result<(), Error> {
        let keep = self.runs.len().saturating_sub(count);
        let run = {
            let (view, numbers) = self.view_of(&self.runs[keep..]);
            rewrite::merged(&view, numbers, &self.host)?
        };
        self.runs.truncate(keep);
        self.add_run(run);
        Ok(())
    }

    /// Adds all events of other journeys, of the same zone and type of members.
    pub fn absorb(&mut self, other: &View<'_, H>) -> Result<(), Error> {
        self.meta.check_same(other.meta).map_err(of_journeys)?;
        let Some(extent) = other.meta.extent else {
            return Ok(());
        };
        let mut numbers = Vec::with_capacity_in(other.names.len(), self.host.scratch());
        for name in &other.names {
            let number = self.names.number(name).filter(|number| (*number as usize) < MAX_NAMES);
            numbers.push(number.ok_or_else(too_many_names)?);
        }
        let mut copies = Vec::with_capacity_in(other.runs.len(), self.host.clone());
        copies.extend(other.runs.iter().map(|run| Run::copy_of(run, &numbers, &self.host)));
        self.runs.reserve(copies.len());
        self.meta.widen(extent);
        for run in copies {
            self.add_run(run);
        }
        self.tidy()
    }

    /// Makes it one run: the only form with the canonical columns of its content.
    pub fn compact(&mut self) -> Result<(), Error> {
        self.settle()?;
        if self.runs.len() > 1 {
            let events: u64 = self.runs.iter().map(|run| run.totals.events).sum();
            tell(|| format!("journeys: merging {} parts, {events} events", self.runs.len()));
            self.merge_last(self.runs.len())?;
        }
        Ok(())
    }

    /// Its content, without the rows since the last [`Self::settle`].
    pub fn view(&self) -> View<'_, H> {
        self.view_of(&self.runs).0
    }

    /// Some of the runs, and the numbers of the names in them.
    fn view_of<'a>(&'a self, runs: &'a [Run<H>]) -> (View<'a, H>, Vec<u32, H>) {
        View::of_runs(&self.meta, &self.names, runs, self.host.scratch())
    }
}

/// What an inbox says of ticks, of which journeys have none.
fn in_time(extent: Extent) -> Extent {
    Extent { low: extent.first, high: extent.last, ..extent }
}
