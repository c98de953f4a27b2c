//! An estimate with its interval.

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

impl Estimate {
    /// An estimate and the ends of its interval.
    pub fn new(value: f64, (low, high): (f64, f64)) -> Self {
        Estimate { value, low, high }
    }
}
