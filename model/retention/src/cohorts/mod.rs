//! Retention: of those who entered, who was active in which period after it?
//!
//! Four small questions, asked of every member in turn, each in a room of its own:
//!
//! | room | question |
//! | --- | --- |
//! | `length` | which period after an entry is a tick in, and which have begun and ended by `as_of`? |
//! | `entries` | when did the member enter, and what did it do after that? |
//! | `modes` | of the cells in which it was active, in which does it count? |
//! | `table`, `curve`, `who` | what becomes of that: a table by cohort, one curve, a list of members |
//!
//! `compare` compares two curves.

mod compare;
mod curve;
mod entries;
mod length;
pub mod memberships;
mod modes;
mod several;
mod table;
#[cfg(test)]
mod tests;
mod who;

pub use compare::{Comparison, compare};
pub use curve::{Curve, CurvePoint, curve};
pub use entries::Subject;
pub use several::{Contrast, GroupCounts, contrasts};
pub use table::{Cell, Table, table};
pub use who::members_of_cell;

use crate::calendar::Period;
use crate::error::Error;
use crate::numeric::Wilson;

/// In which cells a member counts, given those in which it was active.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// In the cells in which it was active.
    On,
    /// In all up to the last one in which it was active.
    OnOrAfter,
    /// From the first one after its own on in which it was active; where the start is something else
    /// than an event, its own is one of them.
    OnOrBefore,
    /// From the one after its own on, as long as it was active in every one.
    Streak,
}

impl Mode {
    /// The mode of a name.
    pub fn parse(name: &str) -> Result<Self, Error> {
        let modes = [
            ("on", Mode::On),
            ("on or after", Mode::OnOrAfter),
            ("on or before", Mode::OnOrBefore),
            ("streak", Mode::Streak),
        ];
        of_name("mode", name, &modes, "on, on or after, on or before, streak")
    }
}

/// What lets a member into a cohort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// Its first event.
    First,
    /// Every period in which it is active.
    Recurring,
    /// Its first tick in another history.
    Starts,
}

impl Entry {
    /// The entry of a name.
    pub fn parse(name: &str) -> Result<Self, Error> {
        let entries =
            [("first", Entry::First), ("recurring", Entry::Recurring), ("starts", Entry::Starts)];
        of_name("entry", name, &entries, "first, recurring, starts")
    }
}

fn of_name<T: Copy>(
    what: &'static str,
    given: &str,
    names: &[(&str, T)],
    valid: &'static str,
) -> Result<T, Error> {
    let found = names.iter().find(|(name, _)| name.eq_ignore_ascii_case(given.trim()));
    let unknown = || Error::unknown(what, given, valid);
    found.map(|(_, value)| *value).ok_or_else(unknown)
}

/// What is asked of a cohort table, a curve or a cell.
#[derive(Debug, Clone, Copy)]
pub struct CohortQuestion<'q> {
    /// The length of the periods after an entry, and of calendar cohorts.
    pub period: Period,
    /// In which cells a member counts.
    pub mode: Mode,
    /// What lets it into a cohort.
    pub entry: Entry,
    /// The last day looked at; by default that of the last event.
    pub as_of: Option<i64>,
    /// Bounds of cells of several periods; by default every period is a cell.
    pub brackets: Option<&'q [i32]>,
    /// Events that make a member active in a cell.
    pub min_events: i32,
    /// Probability of the intervals.
    pub confidence: f64,
}

impl Default for CohortQuestion<'_> {
    fn default() -> Self {
        CohortQuestion {
            period: Period::MONTH,
            mode: Mode::On,
            entry: Entry::First,
            as_of: None,
            brackets: None,
            min_events: 1,
            confidence: 0.95,
        }
    }
}

/// The error of an entry by other events without these.
pub fn no_starts(argument: &str) -> Error {
    Error::bad(
        format!("entry is 'starts', but {argument} is not given"),
        "Give the history of what lets members in, such as starts => (SELECT \
         retention.history_agg(member_id, signed_up_on) FROM members).",
    )
}

impl CohortQuestion<'_> {
    /// Is it one that can be answered of some history, with or without a history of starts?
    pub fn check(&self, has_starts: bool) -> Result<(), Error> {
        Wilson::new(self.confidence)?;
        if self.min_events < 1 {
            return Err(Error::bad(
                format!("min_events {} is not a number of events", self.min_events),
                "Take 1 or more: the events that make a member active in a period.",
            ));
        }
        if has_starts && self.entry != Entry::Starts {
            return Err(Error::bad(
                "starts are given, but entry is not 'starts'",
                "Add entry => 'starts', or leave starts out.",
            ));
        }
        self.brackets.map_or(Ok(()), |bounds| {
            let ascend = bounds.is_sorted_by(|a, b| a < b);
            if ascend && bounds.len() > 1 && bounds[0] >= 0 {
                return Ok(());
            }
            Err(Error::bad(
                "brackets must be two or more ascending period numbers, 0 or greater",
                "Take bounds such as {1,3,7,14}, for the brackets [1, 3), [3, 7) and [7, 14).",
            ))
        })
    }

    fn cells(&self) -> Cells<'_> {
        self.brackets.map_or(Cells::Periods, Cells::Brackets)
    }

    /// Is every tick's first event of a period what counts, and for that period alone?
    fn is_plain(&self) -> bool {
        self.mode == Mode::On && self.min_events == 1 && self.brackets.is_none()
    }
}

/// The columns of a table: single periods, or brackets of several.
#[derive(Debug, Clone, Copy)]
enum Cells<'q> {
    Periods,
    Brackets(&'q [i32]),
}

impl Cells<'_> {
    /// The cell of a period; none outside of all brackets.
    #[inline]
    fn of(self, period: usize) -> Option<usize> {
        match self {
            Cells::Periods => Some(period),
            Cells::Brackets(bounds) => {
                let begun = count(bounds, |bound| bound <= period);
                (1..bounds.len()).contains(&begun).then(|| begun - 1)
            }
        }
    }

    /// Cells that have begun when so many periods have.
    #[inline]
    fn begun(self, periods: usize) -> usize {
        match self {
            Cells::Periods => periods,
            Cells::Brackets(bounds) => count(&bounds[..bounds.len() - 1], |bound| bound < periods),
        }
    }

    /// Cells that have ended when so many periods have.
    #[inline]
    fn ended(self, periods: usize) -> usize {
        match self {
            Cells::Periods => periods,
            Cells::Brackets(bounds) => count(&bounds[1..], |bound| bound <= periods),
        }
    }

    /// The first cell after that of the entry itself.
    #[inline]
    fn after_entry(self) -> usize {
        match self {
            Cells::Periods => 1,
            Cells::Brackets(bounds) => usize::from(bounds[0] == 0),
        }
    }

    /// The number of its first period.
    fn number(self, cell: usize) -> i64 {
        match self {
            Cells::Periods => cell as i64,
            Cells::Brackets(bounds) => i64::from(bounds[cell]),
        }
    }

    /// The cell that has this number.
    fn numbered(self, number: i64) -> Option<usize> {
        let cell = self.of(usize::try_from(number).ok()?)?;
        (self.number(cell) == number).then_some(cell)
    }
}

/// How many of the ascending bounds are such.
fn count(bounds: &[i32], such: impl Fn(usize) -> bool) -> usize {
    bounds.partition_point(|&bound| such(bound as usize))
}

/// Makes counts out of the steps from each to the next.
fn add_up(steps: &mut [u64]) {
    let mut sum = 0u64;
    for step in steps {
        sum = sum.wrapping_add(*step);
        *step = sum;
    }
}
