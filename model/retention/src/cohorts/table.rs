//! The cohort table: entries by the period in which they were made, and the cells after it.

use super::entries::{Ground, Sink, Subject};
use super::length::{Length, Span, Start};
use super::modes::{Marks, Tally};
use super::{CohortQuestion, Entry, add_up};
use crate::axis::Axis;
use crate::budget::COHORTS;
use crate::calendar::{Period, Zone};
use crate::error::Error;
use crate::history::{Columns, Timeline};
use crate::host::{Host, Pace, Vec};
use crate::numeric::{Estimate, Wilson};

/// A cell of the table: one cohort, so many periods after its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// First day of the cohort's period; of elapsed periods, the day of the entry.
    pub cohort: i64,
    /// Periods since the cohort's own, which is 0; of a bracket, its first period.
    pub period_number: i64,
    /// Members of the cohort.
    pub members: u64,
    /// Those whose period has ended by `as_of`.
    pub eligible: u64,
    /// Eligible members that count.
    pub retained: u64,
    /// Retained / eligible, with its interval.
    pub rate: Option<Estimate>,
    /// Members that count so far, running periods included.
    pub active: u64,
    /// What the cohort spent in it, in millionths; none if the history has no amounts.
    pub amount: Option<i128>,
    /// Has the period ended for every member?
    pub complete: bool,
}

/// One cohort while it is counted.
#[derive(Debug)]
struct Row<H: Host> {
    members: u64,
    /// Cells that have ended, where they end for all members at once.
    ended: usize,
    active: Vec<u64, H>,
    amounts: Vec<i128, H>,
    /// Where cells end for each member by itself: whose cell had ended, in steps from cell to cell,
    /// and who of them counts.
    eligible: Vec<u64, H>,
    retained: Vec<u64, H>,
}

/// A cohort table: counted, and ready to be read cell by cell.
#[derive(Debug)]
pub struct Table<'z, 'q, Z, H: Host> {
    axis: Axis<'z, Z, H>,
    question: CohortQuestion<'q>,
    wilson: Wilson,
    /// By place; those without members have no cells.
    rows: Vec<Row<H>, H>,
    has_amounts: bool,
    /// Do cells end for each member by itself?
    by_member: bool,
}

/// The cohort table of a subject; none if nobody can have entered. There is a cohort for every
/// period, or day, in which a member entered.
pub fn table<'z, 'q, Z: Zone, H: Host>(
    subject: Subject<'z, Z, H>,
    question: &CohortQuestion<'q>,
    host: H,
) -> Result<Option<Table<'z, 'q, Z, H>>, Error> {
    check_days(question)?;
    let Some(mut ground) = Ground::new(subject, question, host.clone())? else {
        return Ok(None);
    };
    let mut table = Rows {
        rows: Vec::with_capacity_in(ground.axis.len, host.clone()),
        cells: 0,
        has_amounts: subject.has_amounts(),
        host: host.clone(),
    };
    table.rows.resize_with(ground.axis.len, || Row::empty(&host));
    let by_member = match question.period {
        Period::Hours(_) => true,
        // Who enters again keeps the days of its own start: two of one cohort need not have the same.
        Period::Months(_) => question.entry == Entry::Recurring,
        Period::Calendar(_) | Period::Days(_) => false,
    };
    if ground.asks_the_usual(subject, question) {
        ground.count_the_usual(subject, &mut table)?;
    } else if by_member {
        ground.follow(subject, question, &mut ByMember(&mut table))?;
    } else {
        ground.follow(subject, question, &mut Together(&mut table))?;
    }
    for row in &mut table.rows {
        if row.members > 0 {
            host.poll();
            add_up(&mut row.eligible);
            if !question.is_plain() {
                add_up(&mut row.active);
                add_up(&mut row.retained);
            }
        }
    }
    let Rows { rows, has_amounts, .. } = table;
    let wilson = Wilson::new(question.confidence)?;
    let (axis, question) = (ground.axis, *question);
    Ok(Some(Table { axis, question, wilson, rows, has_amounts, by_member }))
}

/// A cohort is a day at the shortest, and a member enters each of them once.
pub(super) fn check_days(question: &CohortQuestion<'_>) -> Result<(), Error> {
    if question.entry == Entry::Recurring && matches!(question.period, Period::Hours(_)) {
        return Err(Error::bad(
            "with periods of hours, entry 'recurring' enters a cohort more than once a day",
            "Take periods of days, or pool the entries with retention_curve.",
        ));
    }
    Ok(())
}

/// The rows of a table that is being counted.
struct Rows<H: Host> {
    rows: Vec<Row<H>, H>,
    cells: usize,
    has_amounts: bool,
    host: H,
}

impl<H: Host> Row<H> {
    /// A member was active in these periods, which ascend from that of its entry on.
    #[inline]
    fn count(&mut self, periods: &[u32], timeline: &Timeline<H>) {
        let Some(&entry) = periods.first() else { return };
        let mut before = u32::MAX;
        if self.amounts.is_empty() || !timeline.has_amounts() {
            for &period in periods {
                self.active[(period - entry) as usize] += u64::from(period != before);
                before = period;
            }
            return;
        }
        for (&period, amount) in periods.iter().zip(timeline.money()) {
            let cell = (period - entry) as usize;
            self.active[cell] += u64::from(period != before);
            self.amounts[cell] += i128::from(amount);
            before = period;
        }
    }

    /// An amount without an event, so many periods after the entry.
    #[cold]
    fn refund(&mut self, period: usize, amount: i64) {
        if let Some(sum) = self.amounts.get_mut(period) {
            *sum += i128::from(amount);
        }
    }

    fn empty(host: &H) -> Self {
        Row {
            members: 0,
            ended: 0,
            active: Vec::new_in(host.clone()),
            amounts: Vec::new_in(host.clone()),
            eligible: Vec::new_in(host.clone()),
            retained: Vec::new_in(host.clone()),
        }
    }
}

impl<H: Host> Rows<H> {
    /// One more member of a cohort.
    #[inline]
    fn enter(
        &mut self,
        place: usize,
        by_member: bool,
        rows: impl FnOnce() -> Span,
    ) -> Result<&mut Row<H>, Error> {
        if self.rows[place].members == 0 {
            self.begin(place, by_member, rows())?;
        }
        let row = &mut self.rows[place];
        row.members += 1;
        Ok(row)
    }

    #[cold]
    fn begin(&mut self, place: usize, by_member: bool, cells: Span) -> Result<(), Error> {
        self.cells = self.cells.saturating_add(cells.begun);
        let amounts = if self.has_amounts { size_of::<i128>() } else { 0 };
        let counts = if by_member { 3 } else { 1 } * size_of::<u64>();
        COHORTS.check(self.cells, amounts + counts)?;
        self.host.poll();
        let row = &mut self.rows[place];
        row.ended = cells.ended;
        row.active.resize(cells.begun, 0);
        row.amounts.resize(if self.has_amounts { cells.begun } else { 0 }, 0);
        if by_member {
            row.eligible.resize(cells.begun, 0);
            row.retained.resize(cells.begun, 0);
        }
        Ok(())
    }
}

impl<Z: Zone, H: Host> Ground<'_, Z, H> {
    /// Is it the question that is asked most: members by their first calendar period, and in which
    /// of those since they were active?
    fn asks_the_usual(&self, subject: Subject<'_, Z, H>, question: &CohortQuestion<'_>) -> bool {
        question.is_plain()
            && question.entry == Entry::First
            && matches!(question.period, Period::Calendar(_))
            && subject.events.is_some()
    }

    /// Counts it, as [`Ground::follow`] would.
    fn count_the_usual(
        &mut self,
        subject: Subject<'_, Z, H>,
        rows: &mut Rows<H>,
    ) -> Result<(), Error> {
        let Some((view, _)) = subject.events else { return Ok(()) };
        let (mut pace, units) = (Pace::new(&self.host), self.units());
        let mut periods = Vec::new_in(self.host.clone());
        let mut walk = view.walk_over(Columns::AMOUNTS)?;
        while let Some((_, timeline)) = walk.next_member()? {
            pace.step(1 + timeline.ticks().len());
            self.axis.periods(timeline.ticks(), &mut periods)?;
            let Some(&entry) = periods.first() else { continue };
            let start = Start::new(0, i64::from(entry));
            let row = rows.enter(entry as usize, false, || units.span(start))?;
            row.count(&periods, timeline);
            for &(tick, amount) in timeline.refunds() {
                let Some(period) = self.axis.period(tick)? else { break };
                if let Some(since) = period.checked_sub(entry as usize) {
                    row.refund(since, amount);
                }
            }
        }
        Ok(())
    }
}

/// Cells that end for all members of a cohort at once.
struct Together<'t, H: Host>(&'t mut Rows<H>);

impl<H: Host> Sink for Together<'_, H> {
    type Marks<'s>
        = Tally<'s>
    where
        Self: 's;

    #[inline]
    fn enter(
        &mut self,
        place: usize,
        cells: Span,
        rows: impl FnOnce() -> Span,
    ) -> Result<Option<Tally<'_>>, Error> {
        let row = self.0.enter(place, false, rows)?;
        Ok(Some(Tally { counts: &mut row.active, amounts: &mut row.amounts, end: cells.begun }))
    }
}

/// Cells that end for each member by itself.
struct ByMember<'t, H: Host>(&'t mut Rows<H>);

impl<H: Host> Sink for ByMember<'_, H> {
    type Marks<'s>
        = (Tally<'s>, Tally<'s>)
    where
        Self: 's;

    fn enter(
        &mut self,
        place: usize,
        cells: Span,
        rows: impl FnOnce() -> Span,
    ) -> Result<Option<Self::Marks<'_>>, Error> {
        let row = self.0.enter(place, true, rows)?;
        Tally { counts: &mut row.eligible, amounts: &mut [], end: cells.ended }
            .range(0..cells.ended);
        let all = Tally { counts: &mut row.active, amounts: &mut row.amounts, end: cells.begun };
        let ended = Tally { counts: &mut row.retained, amounts: &mut [], end: cells.ended };
        Ok(Some((all, ended)))
    }
}

impl<Z: Zone, H: Host> Table<'_, '_, Z, H> {
    /// Its cells, by cohort and period: dense from each cohort's own period to that of `as_of`.
    pub fn cells(&self) -> impl Iterator<Item = Cell> {
        let cells = self.question.cells();
        (0..).zip(&self.rows).flat_map(move |(place, row)| {
            row.active.iter().enumerate().map(move |(i, &active)| {
                let (eligible, retained) = if self.by_member {
                    (row.eligible[i], row.retained[i])
                } else if i < row.ended {
                    (row.members, active)
                } else {
                    (0, 0)
                };
                Cell {
                    cohort: self.axis.first_day(place),
                    period_number: cells.number(i),
                    members: row.members,
                    eligible,
                    retained,
                    rate: self.wilson.share(retained, eligible),
                    active,
                    amount: self.has_amounts.then(|| row.amounts[i]),
                    complete: eligible == row.members,
                }
            })
        })
    }
}
