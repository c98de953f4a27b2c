//! Scores of recency, frequency and monetary value, and the cells that they are.

use crate::error::Error;

/// Scores have up to three digits.
pub(crate) const MAX_BINS: usize = 100;

/// The number of bins, checked.
pub fn bins(bins: i32) -> Result<usize, Error> {
    match usize::try_from(bins) {
        Ok(bins) if (2..=MAX_BINS).contains(&bins) => Ok(bins),
        _ => Err(Error::bad(
            format!("bins {bins} is not a number of bins"),
            "Take 2 to 100: scores run from 1 to it.",
        )),
    }
}

/// The scores of a member, from 1, the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Score {
    /// Of recency.
    pub r: u8,
    /// Of frequency.
    pub f: u8,
    /// Of monetary value, if there are amounts.
    pub m: Option<u8>,
}

impl Score {
    /// Its place among all scores of so many bins.
    #[inline]
    pub fn cell(self, bins: usize) -> usize {
        let rf = (usize::from(self.r) - 1) * bins + usize::from(self.f) - 1;
        self.m.map_or(rf, |m| rf * bins + usize::from(m) - 1)
    }

    /// How many there are.
    pub fn cells(bins: usize, monetary: bool) -> usize {
        bins * bins * if monetary { bins } else { 1 }
    }

    /// The score at a place.
    pub(crate) fn at(cell: usize, bins: usize, monetary: bool) -> Self {
        let digit = |number: usize| (number % bins) as u8 + 1;
        let (rf, m) = if monetary { (cell / bins, Some(digit(cell))) } else { (cell, None) };
        Score { r: digit(rf / bins), f: digit(rf), m }
    }

    /// As text: '543', or '10-9-3' where bins pass nine.
    ///
    /// ```
    /// use model_value::rfm::Score;
    /// assert_eq!(Score { r: 5, f: 4, m: Some(3) }.text(5), "543");
    /// assert_eq!(Score { r: 10, f: 9, m: None }.text(10), "10-9");
    /// ```
    pub fn text(self, bins: usize) -> String {
        let between = if bins > 9 { "-" } else { "" };
        let m = self.m.map_or(String::new(), |m| format!("{between}{m}"));
        format!("{}{between}{}{m}", self.r, self.f)
    }
}
