//! A row of members with covariates: its times, and the values of its covariates.

use crate::error::Error;
use crate::survival::{Leaving, Time};

/// Covariates whose covariances are kept.
pub(super) const MAX_COVARIATES: usize = 500;

/// A row without its covariates: a member, or a stretch of its time.
#[derive(Debug, Clone, Copy)]
pub struct CoxObservation<'n> {
    /// How long it was there, from its beginning on.
    pub duration: f64,
    /// Did it leave then? Otherwise it was still there.
    pub churned: bool,
    /// The time from which it was seen; none if from the beginning.
    pub entry: Option<f64>,
    /// Those whose hazards have a baseline of their own.
    pub stratum: Option<&'n [u8]>,
    /// For how many members it stands; none if rows have no weights.
    pub weight: Option<i64>,
    /// Whose time it is; none if each row is a member.
    pub id: Option<&'n [u8]>,
}

impl CoxObservation<'_> {
    /// One member, seen from the beginning.
    pub fn new(duration: f64, churned: bool) -> Self {
        CoxObservation { duration, churned, entry: None, stratum: None, weight: None, id: None }
    }
}

/// The covariates of a row.
#[derive(Debug, Clone, Copy)]
pub enum Covariates<'a> {
    /// Numbers, the same in all rows.
    Numbers(&'a [f64]),
    /// Values with names, in the same order in all rows.
    Named(&'a [(&'a [u8], Value<'a>)]),
}

/// The value of a covariate in a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// A number.
    Number(f64),
    /// One of some categories, by name.
    Text(&'a [u8]),
    /// Yes or no.
    Flag(bool),
    /// Missing.
    Null,
}

impl Value<'_> {
    pub(super) fn kind(self) -> Option<Kind> {
        match self {
            Value::Number(_) => Some(Kind::Number),
            Value::Text(_) => Some(Kind::Text),
            Value::Flag(_) => Some(Kind::Flag),
            Value::Null => None,
        }
    }
}

/// What a covariate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Text,
    Flag,
}

/// A member's own times, and where its covariates are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member {
    pub(super) leaving: Leaving,
    /// 0: seen from the beginning.
    pub(super) entry: Time,
    pub(super) weight: u64,
    /// From 1; 0: of none.
    pub(super) stratum: u32,
    pub(super) id: u32,
    /// Its place among those that came.
    pub(super) row: u32,
}

impl Member {
    pub(super) fn row(&self) -> usize {
        self.row as usize
    }
}

pub(super) fn not_finite(given: String) -> Error {
    Error::OutOfRange {
        what: "covariate",
        given,
        hint: "Covariates are finite: leave other rows out with FILTER or WHERE.",
    }
}

pub(super) fn too_many_covariates() -> Error {
    Error::TooLarge {
        what: "the number of covariates (its limit is 500, each value of a category but one counting)",
        hint: "Take fewer covariates, or join rare values into one, such as 'other'.",
    }
}
