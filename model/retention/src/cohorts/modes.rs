//! Modes: of the cells in which a member was active, in which does it count?

use super::{Cells, CohortQuestion, Entry, Mode};
use crate::error::Malformed;
use std::ops::Range;

/// What a member did from its entry on, in steps: each is in one period after the entry, and one
/// period may have several. Only what is asked of a step is looked up.
pub(super) trait Steps {
    /// On to the next step: its period, if there is one.
    fn next_period(&mut self) -> Result<Option<usize>, Malformed>;

    /// The events of the present step.
    fn events(&self) -> u64;

    /// Its amount; none if no event of it had one.
    fn amount(&self) -> Option<i128>;

    /// The next amount without an event that is not before the entry, and its period. They are asked for
    /// once there are no more steps.
    fn next_refund(&mut self) -> Result<Option<(usize, i128)>, Malformed>;
}

/// Records in which cells a member counts, and what it spent.
///
/// In a plain question (see [`CohortQuestion`]) cells come one by one, else as ranges.
pub(super) trait Marks {
    fn point(&mut self, cell: usize);
    fn range(&mut self, cells: Range<usize>);
    fn amount(&mut self, cell: usize, amount: i128);
}

/// Counts by cell: of a plain question as they are, else as steps from each cell to the next.
pub(super) struct Tally<'t> {
    pub(super) counts: &'t mut [u64],
    pub(super) amounts: &'t mut [i128],
    /// Cells from this one on are not counted.
    pub(super) end: usize,
}

impl Marks for Tally<'_> {
    #[inline]
    fn point(&mut self, cell: usize) {
        if cell < self.end
            && let Some(count) = self.counts.get_mut(cell)
        {
            *count += 1;
        }
    }

    #[inline]
    fn range(&mut self, cells: Range<usize>) {
        let end = cells.end.min(self.end);
        if cells.start < end
            && let Some(step) = self.counts.get_mut(cells.start)
        {
            *step = step.wrapping_add(1);
            if let Some(step) = self.counts.get_mut(end) {
                *step = step.wrapping_sub(1);
            }
        }
    }

    #[inline]
    fn amount(&mut self, cell: usize, amount: i128) {
        if cell < self.end
            && let Some(sum) = self.amounts.get_mut(cell)
        {
            *sum += amount;
        }
    }
}

impl<A: Marks, B: Marks> Marks for (A, B) {
    #[inline]
    fn point(&mut self, cell: usize) {
        self.0.point(cell);
        self.1.point(cell);
    }

    #[inline]
    fn range(&mut self, cells: Range<usize>) {
        self.0.range(cells.clone());
        self.1.range(cells);
    }

    #[inline]
    fn amount(&mut self, cell: usize, amount: i128) {
        self.0.amount(cell, amount);
        self.1.amount(cell, amount);
    }
}

/// The rules by which the steps of a member become marks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules<'q> {
    pub(super) mode: Mode,
    pub(super) cells: Cells<'q>,
    pub(super) min_events: u64,
    /// Is the start something else than an event, so that events of its own period count as returns?
    pub(super) starts_elsewhere: bool,
}

impl<'q> Rules<'q> {
    pub(super) fn of(question: &'q CohortQuestion<'_>) -> Self {
        Rules {
            mode: question.mode,
            cells: question.cells(),
            min_events: u64::from(question.min_events.unsigned_abs()),
            starts_elsewhere: question.entry == Entry::Starts,
        }
    }

    /// Follows a member from its entry on; `cells` of them have begun.
    #[inline(always)] // the loop that all the time goes into
    pub(super) fn follow<const PLAIN: bool, M: Marks>(
        self,
        mut steps: impl Steps,
        cells: usize,
        marks: &mut M,
    ) -> Result<(), Malformed> {
        let begin = match self.mode {
            Mode::OnOrBefore if self.starts_elsewhere => 0,
            _ => self.cells.after_entry(),
        };
        let mut activity = Activity::new(self.mode, begin);
        let (mut current, mut events) = (usize::MAX, 0u64);
        while let Some(period) = steps.next_period()? {
            let cell = if PLAIN {
                period
            } else {
                let Some(cell) = self.cells.of(period) else { continue };
                cell
            };
            if cell != current {
                (current, events) = (cell, 0);
                if PLAIN {
                    marks.point(cell);
                }
            }
            if !PLAIN {
                let before = events;
                events = events.saturating_add(steps.events());
                if before < self.min_events && events >= self.min_events {
                    activity.active(cell, marks);
                }
            }
            if let Some(amount) = steps.amount() {
                marks.amount(cell, amount);
            }
        }
        if !PLAIN {
            activity.done(cells, marks);
        }
        while let Some((period, amount)) = steps.next_refund()? {
            if let Some(cell) = self.cells.of(period) {
                marks.amount(cell, amount);
            }
        }
        Ok(())
    }
}

/// A member's active cells as they come, in order, and what a mode has to remember of them.
#[derive(Debug)]
struct Activity {
    mode: Mode,
    /// The first cell that the mode looks at: mostly the one after that of the entry.
    begin: usize,
    first: Option<usize>,
    last: Option<usize>,
    /// The cell that would lengthen a streak.
    next: usize,
}

impl Activity {
    fn new(mode: Mode, begin: usize) -> Self {
        Activity { mode, begin, first: None, last: None, next: begin }
    }

    #[inline]
    fn active(&mut self, cell: usize, marks: &mut impl Marks) {
        match self.mode {
            Mode::On => marks.range(cell..cell + 1),
            Mode::OnOrAfter => self.last = Some(cell),
            // The cell of the entry is a question of its own.
            Mode::OnOrBefore | Mode::Streak if cell < self.begin => marks.range(cell..cell + 1),
            Mode::OnOrBefore => self.first = self.first.or(Some(cell)),
            Mode::Streak if cell == self.next => self.next += 1,
            Mode::Streak => {}
        }
    }

    #[inline]
    fn done(self, cells: usize, marks: &mut impl Marks) {
        match self.mode {
            Mode::On => {}
            Mode::OnOrAfter => marks.range(0..self.last.map_or(0, |last| last + 1)),
            Mode::OnOrBefore => marks.range(self.first.unwrap_or(cells)..cells),
            Mode::Streak => marks.range(self.begin..self.next),
        }
    }
}
