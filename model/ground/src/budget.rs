//! How much a reader may make: one limit for all of them, looked at before anything is made.
//!
//! What a question asks for can be far larger than the data: the periods from a member's first day to
//! an `as_of` of the year 294276 are a hundred million days. So whoever lays out a result tells first
//! how many rows it has, and is refused with advice. What is laid out is in the memory of the host,
//! which counts it; this is a limit that does not depend on how much there is.

use crate::error::Error;

/// Rows of one result.
pub const MAX_ROWS: usize = 1 << 25;

/// What they take while they are counted: 512 MB.
pub const MAX_BYTES: usize = 1 << 29;

/// Periods that are numbered from one beginning: 5,700 years of days.
pub const MAX_PERIODS: usize = 1 << 21;

/// What a result is of, and what to do where it is too large.
#[derive(Debug, Clone, Copy)]
pub struct Result {
    /// What it is of.
    pub what: &'static str,
    /// What to type instead.
    pub hint: &'static str,
}

/// A line with a row for every period.
pub const PERIODS: Result = Result {
    what: "the number of periods up to as_of",
    hint: "Take a longer period or an earlier as_of.",
};

/// A table of cohorts by periods.
pub const COHORTS: Result = Result {
    what: "the cohort table (its limit is 33 million cells, and 512 MB)",
    hint: "Take a longer period or an earlier as_of.",
};

impl Result {
    /// May it have so many rows, each of which takes so many bytes while they are counted?
    ///
    /// ```
    /// use model_ground::budget::PERIODS;
    /// assert!(PERIODS.check(1_000_000, 24).is_ok());
    /// assert!(PERIODS.check(1_000_000, 2400).is_err());
    /// assert!(PERIODS.check(usize::MAX, 1).is_err());
    /// ```
    pub fn check(&self, rows: usize, bytes: usize) -> std::result::Result<(), Error> {
        self.check_limit(rows, MAX_ROWS.min(MAX_BYTES / bytes.max(1)))
    }

    /// May it have so many rows, where there is a limit of its own below the one of all?
    pub fn check_limit(&self, rows: usize, limit: usize) -> std::result::Result<(), Error> {
        if rows > limit.min(MAX_ROWS) {
            return Err(self.error());
        }
        Ok(())
    }

    /// The error about a result that is too large.
    #[cold]
    pub fn error(&self) -> Error {
        Error::TooLarge { what: self.what, hint: self.hint }
    }
}
