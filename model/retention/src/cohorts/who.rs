//! The members of a cell of the cohort table.

use super::CohortQuestion;
use super::entries::{Ground, Sink, Subject};
use super::length::Span;
use super::modes::Marks;
use super::table::check_days;
use crate::calendar::{Period, Zone, date_text};
use crate::error::Error;
use crate::history::MemberRef;
use crate::host::Host;
use std::ops::Range;

/// Calls back with the members that the cell of a cohort and a period number counts as active.
pub fn members_of_cell<Z: Zone, H: Host>(
    subject: Subject<'_, Z, H>,
    question: &CohortQuestion<'_>,
    (cohort, period_number): (i64, i64),
    host: H,
    tell: impl FnMut(MemberRef<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    check_days(question)?;
    question.check(subject.starts.is_some())?;
    if let Period::Calendar(unit) = question.period
        && unit.first_day(unit.of_day(cohort)) != cohort
    {
        return Err(Error::bad(
            format!("cohort {} is not the first day of a {}", date_text(cohort), unit),
            "Take a value of the column cohort of cohorts().",
        ));
    }
    let Some(cell) = question.cells().numbered(period_number) else {
        return Err(Error::bad(
            match question.brackets {
                None => format!("period_number {period_number} is not 0 or greater"),
                Some(_) => format!("no bracket begins with period {period_number}"),
            },
            "Take a value of the column period_number of cohorts().",
        ));
    };
    let Some(mut ground) = Ground::new(subject, question, host)? else {
        return Ok(());
    };
    let Some(place) = ground.axis.place_of(cohort) else {
        return Ok(());
    };
    ground.follow(subject, question, &mut Search { place, cell, is_in: false, tell })
}

/// The search for a cell's members.
struct Search<F> {
    place: usize,
    cell: usize,
    /// Does the cell count the present member?
    is_in: bool,
    tell: F,
}

impl<F: FnMut(MemberRef<'_>) -> Result<(), Error>> Sink for Search<F> {
    type Marks<'s>
        = Look<'s>
    where
        Self: 's;

    fn enter(
        &mut self,
        place: usize,
        _: Span,
        _: impl FnOnce() -> Span,
    ) -> Result<Option<Look<'_>>, Error> {
        let is_asked = place == self.place;
        Ok(is_asked.then_some(Look { cell: self.cell, is_in: &mut self.is_in }))
    }

    fn leave(&mut self, member: MemberRef<'_>) -> Result<(), Error> {
        if std::mem::take(&mut self.is_in) { (self.tell)(member) } else { Ok(()) }
    }
}

/// A look at one cell.
struct Look<'s> {
    cell: usize,
    is_in: &'s mut bool,
}

impl Marks for Look<'_> {
    fn point(&mut self, cell: usize) {
        *self.is_in |= cell == self.cell;
    }

    fn range(&mut self, cells: Range<usize>) {
        *self.is_in |= cells.contains(&self.cell);
    }

    fn amount(&mut self, _: usize, _: i128) {}
}
