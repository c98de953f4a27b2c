//! An estimate with its interval.

use super::Share;

/// A number that was estimated, and the interval that holds the true one with some confidence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// The lower end of its interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl From<(f64, f64, f64)> for Estimate {
    fn from((value, low, high): (f64, f64, f64)) -> Self {
        Estimate { value, low, high }
    }
}

impl From<Share> for Estimate {
    fn from(share: Share) -> Self {
        Estimate { value: share.rate, low: share.low, high: share.high }
    }
}
