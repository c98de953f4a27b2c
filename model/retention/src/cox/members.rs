//! Members with their covariates: what a regression is fitted to.

use super::columns::Columns;
use super::row::{
    Covariates, CoxObservation, MAX_COVARIATES, Member, Value, not_finite, too_many_covariates,
};
use crate::error::Error;
use crate::host::{Host, Pace, Vec};
use crate::names::Names;
use crate::survival::{Leaving, Time, add_members, entry_time};
use std::cmp::Ordering;

/// Members, in the order in which they came.
#[derive(Debug)]
pub struct Members<H: Host> {
    members: Vec<Member, H>,
    /// Row by row; of a category, its number.
    covariates: Vec<f64, H>,
    width: usize,
    /// None where covariates have no names, or there is no row yet.
    columns: Option<Columns<H>>,
    strata: Names<H>,
    ids: Names<H>,
    weights: u64,
    has_weights: bool,
    has_ids: bool,
    /// Rows that do not count since something is missing.
    incomplete: u64,
}

impl<H: Host> Members<H> {
    /// Nobody yet.
    pub fn new(host: H) -> Self {
        Members {
            members: Vec::new_in(host.clone()),
            covariates: Vec::new_in(host.clone()),
            width: 0,
            columns: None,
            strata: Names::new(&host),
            ids: Names::new(&host),
            weights: 0,
            has_weights: false,
            has_ids: false,
            incomplete: 0,
        }
    }

    /// A member seen from `entry` (by default, from the beginning) for `duration`: it left then, or
    /// is still there.
    pub fn push(
        &mut self,
        duration: f64,
        churned: bool,
        covariates: &[f64],
        entry: Option<f64>,
    ) -> Result<(), Error> {
        let row = CoxObservation { entry, ..CoxObservation::new(duration, churned) };
        self.push_row(&row, Covariates::Numbers(covariates))
    }

    /// A row: a member, several that are alike, or a stretch of the time of one.
    ///
    /// Where a covariate is missing the row does not count: see [`Members::left_out`].
    pub fn push_row(
        &mut self,
        row: &CoxObservation<'_>,
        covariates: Covariates<'_>,
    ) -> Result<(), Error> {
        let time = Time::new("duration", row.duration)?;
        let entry = entry_time(row.entry, time)?.unwrap_or(Time::ZERO);
        let weights = add_members(self.weights, row.weight.unwrap_or(1))?;
        let is_first = self.members.is_empty();
        let Ok(number) = u32::try_from(self.members.len()) else {
            return Err(too_many_rows());
        };
        if !is_first && self.has_weights != row.weight.is_some() {
            return Err(given_in_some("weight"));
        }
        if !is_first && self.has_ids != row.id.is_some() {
            return Err(given_in_some("id"));
        }
        let is_whole = match covariates {
            Covariates::Numbers(numbers) => self.push_numbers(numbers).map(|()| true),
            Covariates::Named(values) => self.push_named(values),
        };
        if !is_whole? {
            return Ok(());
        }
        let stratum = match row.stratum {
            None => 0,
            Some(name) => self.strata.number(name).ok_or_else(too_many_rows)? + 1,
        };
        let id = match row.id {
            None => 0,
            Some(name) => self.ids.number(name).ok_or_else(too_many_rows)?,
        };
        (self.has_weights, self.has_ids) = (row.weight.is_some(), row.id.is_some());
        let weight = weights - self.weights;
        self.weights = weights;
        let leaving = Leaving::new(time, row.churned);
        self.members.push(Member { leaving, entry, weight, stratum, id, row: number });
        Ok(())
    }

    fn push_numbers(&mut self, numbers: &[f64]) -> Result<(), Error> {
        if self.columns.is_some() {
            return Err(mixed());
        }
        if self.members.is_empty() {
            if numbers.is_empty() {
                return Err(Error::bad("there are no covariates", "Give an array of one or more."));
            }
            if numbers.len() > MAX_COVARIATES {
                return Err(too_many_covariates());
            }
            self.width = numbers.len();
        }
        if numbers.len() != self.width {
            return Err(Error::bad(
                format!("{} covariates after rows of {}", numbers.len(), self.width),
                "All rows of one model need the same covariates, in the same order.",
            ));
        }
        for (i, value) in numbers.iter().enumerate() {
            if !value.is_finite() {
                return Err(not_finite(format!("{value} (number {})", i + 1)));
            }
        }
        self.covariates.extend_from_slice(numbers);
        Ok(())
    }

    /// False if a value is missing.
    fn push_named(&mut self, values: &[(&[u8], Value<'_>)]) -> Result<bool, Error> {
        let columns = match &mut self.columns {
            Some(columns) => columns,
            None if !self.members.is_empty() => return Err(mixed()),
            none => none.insert(Columns::new(values, self.covariates.allocator())?),
        };
        self.width = values.len();
        columns.add(values, &mut self.covariates)
    }

    /// A row without duration, outcome or covariates.
    pub fn leave_out(&mut self) {
        self.incomplete += 1;
    }

    /// How many rows do not count since something is missing, as a sentence; none if all do.
    pub fn left_out(&self) -> Option<String> {
        let missing = self.columns.iter().flat_map(Columns::missing);
        let mut left_out = self.incomplete;
        let mut of = std::vec::Vec::new();
        if self.incomplete > 0 {
            of.push(format!("{} without duration, outcome or covariates", self.incomplete));
        }
        for (name, count) in missing.filter(|missing| missing.1 > 0) {
            left_out += count;
            of.push(format!("{count} without {name}"));
        }
        let rows = left_out + self.members.len() as u64;
        (left_out > 0).then(|| format!("{left_out} of {rows} rows are left out: {}", of.join(", ")))
    }

    /// Is there nobody?
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// How many members there are: who has several rows is one.
    ///
    /// Rows of one member must not overlap, and nothing comes after it left.
    pub(super) fn count(&self) -> Result<u64, Error> {
        if !self.has_ids {
            return Ok(self.weights);
        }
        let host = self.members.allocator().scratch();
        let mut pace = Pace::new(&host);
        let mut rows = Vec::with_capacity_in(self.members.len(), host.clone());
        rows.extend_from_slice(&self.members);
        rows.sort_unstable_by_key(|row: &Member| {
            pace.step(1);
            (row.id, row.entry, row.leaving)
        });
        let mut members = 0;
        for rows in rows.chunk_by(|a, b| a.id == b.id) {
            members += rows.first().map_or(0, |row| row.weight);
            for (row, next) in rows.iter().zip(rows.iter().skip(1)) {
                pace.step(1);
                self.check_sequence(row, next)?;
            }
        }
        Ok(members)
    }

    fn check_sequence(&self, row: &Member, next: &Member) -> Result<(), Error> {
        let id = String::from_utf8_lossy(self.ids.get(row.id as usize));
        let id = crate::json::shorten(&id);
        let end = row.leaving.time();
        if next.entry < end {
            let (from, until) = (next.entry.value(), end.value());
            return Err(Error::bad(
                format!("member {id} is there twice between {from} and {until}"),
                "The rows of one id are stretches of its time, each from its entry until its \
                 duration: let every one begin where the one before ends.",
            ));
        }
        if row.leaving.churned() {
            return Err(Error::bad(
                format!("member {id} leaves at {} and has a row after it", end.value()),
                "Of the rows of one id only the last one may have churned true; who may leave \
                 several times has an id for each.",
            ));
        }
        if row.weight != next.weight {
            return Err(Error::bad(
                format!("member {id} has rows of weight {} and {}", row.weight, next.weight),
                "All rows of one id need the same weight.",
            ));
        }
        Ok(())
    }

    /// Covariates and their names as the model will have them: categories are indicators.
    pub(super) fn columns(&self) -> Option<&Columns<H>> {
        self.columns.as_ref()
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn strata(&self) -> &Names<H> {
        &self.strata
    }

    pub(super) fn rows(&self) -> &[Member] {
        &self.members
    }

    /// The covariates as they came, row by row.
    pub(super) fn numbers(&self) -> &[f64] {
        &self.covariates
    }
}

/// Members with covariates that are all numbers, by stratum and time.
pub(super) struct Expanded<H: Host> {
    /// By stratum (0 the nameless one, then in the order of their names) and time, those who left
    /// first; equal ones by what else tells them apart, so that sums do not depend on the order of
    /// rows.
    pub(super) members: Vec<Member, H>,
    covariates: Vec<f64, H>,
    pub(super) width: usize,
}

impl<H: Host> Expanded<H> {
    /// `covariates` has `width` numbers of each member, in the order in which they came.
    pub(super) fn new(data: &Members<H>, covariates: Vec<f64, H>, width: usize, host: H) -> Self {
        let mut pace = Pace::new(&host);
        let places = crate::names::inverse(&data.strata.sorted());
        let mut members = Vec::with_capacity_in(data.members.len(), host.clone());
        for member in &data.members {
            pace.step(1);
            let stratum = member.stratum.checked_sub(1);
            let stratum = stratum.map_or(0, |number| places[number as usize] + 1);
            members.push(Member { stratum, ..*member });
        }
        let mut expanded = Expanded { members, covariates, width };
        let mut members = std::mem::replace(&mut expanded.members, Vec::new_in(host.clone()));
        members.sort_unstable_by(|a, b| {
            pace.step(1);
            let pairs = || expanded.row(a).iter().zip(expanded.row(b));
            a.stratum
                .cmp(&b.stratum)
                .then_with(|| a.leaving.cmp(&b.leaving))
                .then_with(|| a.entry.cmp(&b.entry))
                .then_with(|| {
                    let orders = pairs().map(|(a, b)| a.total_cmp(b));
                    orders.into_iter().find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
                })
                .then_with(|| a.weight.cmp(&b.weight))
        });
        expanded.members = members;
        expanded
    }

    pub(super) fn row(&self, member: &Member) -> &[f64] {
        let start = member.row() * self.width;
        &self.covariates[start..start + self.width]
    }
}

fn given_in_some(what: &str) -> Error {
    Error::bad(
        format!("{what} is NULL in some rows and given in others"),
        "Give it in all rows or in none: leave the others out with FILTER, or take coalesce.",
    )
}

fn mixed() -> Error {
    Error::bad(
        "some rows have covariates with names and some without",
        "Give all of them as jsonb, or all as float8[].",
    )
}

fn too_many_rows() -> Error {
    Error::TooLarge {
        what: "the number of rows (its limit is four billion)",
        hint: "Fit the model to a sample.",
    }
}
