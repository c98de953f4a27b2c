//! The normal distribution, as intervals and tests use it.

use crate::check;
use crate::error::Error;
use statrs::distribution::{ChiSquared, ContinuousCDF, Normal};

/// The z of two-sided intervals that hold the true value with this probability: 1.96 for 0.95.
pub fn two_sided(confidence: f64) -> Result<f64, Error> {
    let confidence = check::confidence(confidence)?;
    Ok(-Normal::standard().inverse_cdf((1.0 - confidence) / 2.0))
}

/// The probability that a standard normal value is at least as far from zero as `z`.
pub fn beyond(z: f64) -> f64 {
    (2.0 * Normal::standard().sf(z.abs())).min(1.0)
}

/// The probability that a chi-square value with `df` degrees of freedom is at least this; none
/// without freedom.
pub fn chi_square_tail(statistic: f64, df: usize) -> Option<f64> {
    let distribution = ChiSquared::new(df as f64).ok()?;
    // statrs halves it, and takes the logarithm of that: of nothing where it is the least number.
    Some(if statistic < 1e-300 { 1.0 } else { distribution.sf(statistic) })
}
