//! Covariates with names, as rows bring them: numbers, texts, yes and no.

use super::row::{Kind, MAX_COVARIATES, Member, Value, not_finite, too_many_covariates};
use super::terms::{Terms, other_kind, quoted};
use crate::error::Error;
use crate::host::{Host, Pace, Vec};
use crate::names::Names;

/// The covariates of all rows: those of the first one.
#[derive(Debug)]
pub(super) struct Columns<H: Host> {
    names: Names<H>,
    columns: Vec<Column<H>, H>,
}

#[derive(Debug)]
struct Column<H: Host> {
    /// None as long as every value is missing.
    kind: Option<Kind>,
    /// The categories of a text.
    values: Names<H>,
    /// Rows that are left out for it.
    missing: u64,
}

impl<H: Host> Columns<H> {
    pub(super) fn new(values: &[(&[u8], Value<'_>)], host: &H) -> Result<Self, Error> {
        if values.is_empty() {
            return Err(Error::bad("there are no covariates", "Give an object with one or more."));
        }
        if values.len() > MAX_COVARIATES {
            return Err(too_many_covariates());
        }
        let mut names = Names::new(host);
        let mut columns = Vec::with_capacity_in(values.len(), host.clone());
        for (name, _) in values {
            names.number(name);
            columns.push(Column { kind: None, values: Names::new(host), missing: 0 });
        }
        if names.len() != columns.len() {
            return Err(Error::bad("a covariate is there twice", "Give each one once."));
        }
        Ok(Columns { names, columns })
    }

    /// Appends the values of a row, as numbers. False, and nothing is appended, if one is missing.
    pub(super) fn add(
        &mut self,
        values: &[(&[u8], Value<'_>)],
        out: &mut Vec<f64, H>,
    ) -> Result<bool, Error> {
        self.check_names(values)?;
        let missing = values.iter().position(|(_, value)| *value == Value::Null);
        if let Some(column) = missing.and_then(|place| self.columns.get_mut(place)) {
            column.missing += 1;
            return Ok(false);
        }
        // Nothing is taken back where a value is wrong: that ends the fit.
        for ((name, value), column) in values.iter().zip(&mut self.columns) {
            match (column.kind, value.kind()) {
                (Some(known), Some(kind)) if kind != known => return Err(other_kind(name, known)),
                (None, kind) => column.kind = kind,
                _ => {}
            }
            out.push(column.number(name, *value)?);
        }
        Ok(true)
    }

    /// Has a row the covariates of the first one?
    fn check_names(&self, values: &[(&[u8], Value<'_>)]) -> Result<(), Error> {
        let known = || (0..self.names.len()).map(|number| self.names.get(number));
        if known().eq(values.iter().map(|(name, _)| *name)) {
            return Ok(());
        }
        let hint = "All rows of one model need the same covariates; where a value is not known, give \
                    null: such rows are left out, and counted in a NOTICE.";
        if let Some(name) = known().find(|name| values.iter().all(|value| value.0 != *name)) {
            return Err(Error::bad(
                format!("covariate {} is missing in a row", quoted(name)),
                hint,
            ));
        }
        let other = values.iter().find(|(name, _)| known().all(|known| known != *name));
        let other = other.map_or_else(String::new, |(name, _)| quoted(name));
        Err(Error::bad(format!("covariate {other} is in some rows only"), hint))
    }

    /// The covariates and how many rows are left out for each.
    pub(super) fn missing(&self) -> impl Iterator<Item = (String, u64)> {
        let columns = self.columns.iter().enumerate();
        columns.map(|(number, column)| (quoted(self.names.get(number)), column.missing))
    }
}

impl<H: Host> Column<H> {
    /// A value as a number: of a category, the one that it was first seen with.
    fn number(&mut self, name: &[u8], value: Value<'_>) -> Result<f64, Error> {
        match value {
            Value::Number(number) if number.is_finite() => Ok(number),
            Value::Number(number) => Err(not_finite(format!("{number} ({})", quoted(name)))),
            Value::Flag(flag) => Ok(f64::from(u8::from(flag))),
            Value::Text(text) => match self.values.number(text) {
                Some(number) if number as usize <= MAX_COVARIATES => Ok(f64::from(number)),
                _ => Err(Error::bad(
                    format!("covariate {} has more than {MAX_COVARIATES} values", quoted(name)),
                    "A text is a category here. Leave out what tells members apart, give numbers as \
                     numbers, and join rare values into one, such as 'other'.",
                )),
            },
            Value::Null => Ok(f64::NAN),
        }
    }
}

/// Covariates as numbers, so many of each row.
pub(super) struct Expansion<H: Host> {
    pub(super) terms: Terms<H>,
    pub(super) numbers: Vec<f64, H>,
    pub(super) width: usize,
}

/// A covariate with one number for each member, or several.
#[derive(Debug)]
enum Shape<H: Host> {
    /// The number itself.
    Number,
    /// The indicators of all categories but the base: for each one its place, from 1; the base has 0.
    Indicators { places: Vec<usize, H>, width: usize },
}

impl<H: Host> Columns<H> {
    /// The covariates in the order of their names, and the numbers that they are of each row:
    /// categories become indicators of all but the most frequent one.
    pub(super) fn expand(
        &self,
        rows: &[Member],
        covariates: &[f64],
        host: &H,
    ) -> Result<Expansion<H>, Error> {
        let mut terms = Terms::new(host);
        let mut shapes = Vec::with_capacity_in(self.columns.len(), host.clone());
        let (order, mut width) = (self.names.sorted(), 0);
        for &number in &order {
            let (name, place) = (self.names.get(number as usize), number as usize);
            let column = &self.columns[place];
            let shape = match column.kind {
                Some(Kind::Number) | None => {
                    terms.push_number(name);
                    Shape::Number
                }
                Some(Kind::Flag) => {
                    let counts = self.counts(rows, covariates, place, 2);
                    let base = counts[1] > counts[0];
                    terms.push_flag(name, base);
                    let mut places = Vec::new_in(host.clone());
                    places.extend([usize::from(base), usize::from(!base)]);
                    Shape::Indicators { places, width: if counts.contains(&0) { 0 } else { 1 } }
                }
                Some(Kind::Text) => {
                    let counts = self.counts(rows, covariates, place, column.values.len());
                    let mut values = column.values.sorted();
                    // Of the most frequent ones, the first.
                    let base = (0..values.len()).rev().max_by_key(|&i| counts[values[i] as usize]);
                    values[..=base.unwrap_or(0)].rotate_right(1);
                    terms.push_text(name, values.iter().map(|&i| column.values.get(i as usize)));
                    Shape::Indicators {
                        width: values.len() - 1,
                        places: crate::names::inverse(&values).iter().map(|&i| i as usize).fold(
                            Vec::with_capacity_in(values.len(), host.clone()),
                            |mut places, place| {
                                places.push(place);
                                places
                            },
                        ),
                    }
                }
            };
            match &shape {
                Shape::Indicators { width: 0, .. } => return Err(constant(name)),
                Shape::Indicators { width: more, .. } => width += more,
                Shape::Number => width += 1,
            }
            shapes.push((place, shape));
        }
        if width > MAX_COVARIATES {
            return Err(too_many_covariates());
        }
        let numbers = self.numbers(rows, covariates, &shapes, width, host);
        Ok(Expansion { terms, numbers, width })
    }

    fn numbers(
        &self,
        rows: &[Member],
        covariates: &[f64],
        shapes: &[(usize, Shape<H>)],
        width: usize,
        host: &H,
    ) -> Vec<f64, H> {
        let mut pace = Pace::new(host);
        let mut out = Vec::with_capacity_in(rows.len() * width, host.clone());
        for row in covariates.chunks_exact(self.columns.len()) {
            pace.step(width);
            for (place, shape) in shapes {
                match shape {
                    Shape::Number => out.push(row[*place]),
                    Shape::Indicators { places, width } => {
                        let begin = out.len();
                        out.resize(begin + width, 0.0);
                        if let Some(i) = places[row[*place] as usize].checked_sub(1) {
                            out[begin + i] = 1.0;
                        }
                    }
                }
            }
        }
        out
    }

    /// How many members have each category.
    fn counts(
        &self,
        rows: &[Member],
        covariates: &[f64],
        column: usize,
        categories: usize,
    ) -> Vec<u64, H> {
        let host = self.columns.allocator().scratch();
        let mut pace = Pace::new(&host);
        let mut counts = Vec::new_in(host.clone());
        counts.resize(categories, 0u64);
        let numbers = covariates.iter().skip(column).step_by(self.columns.len());
        for (number, row) in numbers.zip(rows) {
            pace.step(1);
            counts[*number as usize] += row.weight;
        }
        counts
    }
}

fn constant(name: &[u8]) -> Error {
    Error::bad(
        format!("covariate {} is constant", quoted(name)),
        "It has the same value in all rows: leave it out.",
    )
}
