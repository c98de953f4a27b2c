//! The score interval of a share.

use super::estimate::Estimate;
use super::normal;
use crate::error::Error;

/// Wilson's score interval for the share of `successes` among `trials`.
///
/// ```text
/// centre = (p + z²/2n) / (1 + z²/n),   half width = z/(1 + z²/n) · √(p(1 − p)/n + z²/4n²)
/// ```
///
/// E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", Journal of
/// the American Statistical Association 22 (1927), 209–212.
///
/// ```
/// use model_kit::numeric::Wilson;
/// let (low, high) = Wilson::new(0.95)?.interval(1, 10);
/// assert!((low - 0.017_876_213_095_072_904).abs() < 1e-12);
/// assert!((high - 0.404_150_026_795_238_5).abs() < 1e-12);
/// # Ok::<(), model_ground::error::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Wilson {
    z: f64,
}

impl Wilson {
    /// Intervals that hold the true share with this probability.
    pub fn new(confidence: f64) -> Result<Self, Error> {
        let z = normal::two_sided(confidence)?;
        Ok(Wilson { z })
    }

    /// How many standard errors an interval reaches to either side of a normal estimate.
    pub fn z(&self) -> f64 {
        self.z
    }

    /// The lower and the upper end. `trials` must not be 0, nor less than `successes`.
    pub fn interval(&self, successes: u64, trials: u64) -> (f64, f64) {
        let share = self.share_of(successes as f64 / trials as f64, trials as f64);
        (share.low, share.high)
    }

    /// The share of `successes` among `trials`; none without trials.
    pub fn share(&self, successes: u64, trials: u64) -> Option<Estimate> {
        (trials > 0).then(|| self.share_of(successes as f64 / trials as f64, trials as f64))
    }

    /// The share of counts that a caller made, which need not be whole; none without trials.
    pub fn share_of_counts(&self, successes: f64, trials: f64) -> Result<Option<Estimate>, Error> {
        if !(successes >= 0.0 && successes <= trials && trials.is_finite()) {
            return Err(Error::bad(
                format!("{successes} of {trials} is not a share"),
                "Successes are a count from 0 to the number of trials.",
            ));
        }
        Ok((trials > 0.0).then(|| self.share_of(successes / trials, trials)))
    }

    /// The interval of a rate between 0 and 1 that was seen in so many trials, more than 0.
    pub fn share_of(&self, rate: f64, trials: f64) -> Estimate {
        let (n, p) = (trials, rate);
        let z2 = self.z * self.z;
        let scale = 1.0 + z2 / n;
        let centre = (p + z2 / (2.0 * n)) / scale;
        let half = self.z / scale * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
        // Where none or all succeed, that end is exactly 0 or 1.
        let low = if p <= 0.0 { 0.0 } else { (centre - half).max(0.0) };
        let high = if p >= 1.0 { 1.0 } else { (centre + half).min(1.0) };
        Estimate { value: rate, low, high }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where none or all succeed, the interval has a closed form: from or to z² / (n + z²) of the end.
    #[test]
    fn agrees_with_the_formula_at_its_ends() {
        let z: f64 = 1.959_963_984_540_054;
        let wilson = Wilson::new(0.95).unwrap();
        for n in [1u64, 7, 1000] {
            let edge = z * z / (n as f64 + z * z);
            let (low, high) = wilson.interval(0, n);
            assert!(low == 0.0 && (high - edge).abs() < 1e-14);
            let (low, high) = wilson.interval(n, n);
            assert!(high == 1.0 && (low - (1.0 - edge)).abs() < 1e-14);
        }
    }

    #[test]
    fn only_probabilities_are_taken() {
        for confidence in [0.0, 1.0, -1.0, 95.0, f64::NAN] {
            assert!(Wilson::new(confidence).is_err());
        }
    }
}
