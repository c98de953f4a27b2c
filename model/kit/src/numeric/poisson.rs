//! The exact interval of a rate of events.

use super::Estimate;
use crate::error::Error;
use statrs::distribution::{ContinuousCDF, Gamma};

/// The exact interval for the rate of events that happen independently of each other.
///
/// ```text
/// lower end: the rate at which `count` events or more have the probability (1 − confidence) / 2,
/// upper end: the rate at which `count` events or fewer have it
/// ```
///
/// F. Garwood, "Fiducial Limits for the Poisson Distribution", Biometrika 28 (1936), 437–442.
///
/// ```
/// use model_kit::numeric::Poisson;
/// let (low, high) = Poisson::new(0.95)?.interval(10, 2.5);
/// assert!((low - 4.795_388_9 / 2.5).abs() < 1e-7);
/// assert!((high - 18.390_356 / 2.5).abs() < 1e-6);
/// # Ok::<(), model_ground::error::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Poisson {
    /// The probability of each tail.
    tail: f64,
}

impl Poisson {
    /// Intervals that hold the true rate with this probability.
    pub fn new(confidence: f64) -> Result<Self, Error> {
        super::Wilson::new(confidence)?;
        Ok(Poisson { tail: (1.0 - confidence) / 2.0 })
    }

    /// The rate of `count` events in an exposure, which must be more than 0.
    pub fn rate(&self, count: u64, exposure: f64) -> Estimate {
        Estimate::new(count as f64 / exposure, self.interval(count, exposure))
    }

    /// The lower and the upper end of the rate per unit of exposure, which must be more than 0.
    pub fn interval(&self, count: u64, exposure: f64) -> (f64, f64) {
        // The quantile of a gamma distribution of a shape of 1 or more, which is always one.
        let quantile =
            |shape: f64, p: f64| Gamma::new(shape, 1.0).map_or(shape, |gamma| gamma.inverse_cdf(p));
        // The number before 1 in place of 1 itself, whose quantile is infinite.
        let upper = (1.0 - self.tail).min(1.0 - f64::EPSILON / 2.0);
        let low = if count == 0 { 0.0 } else { quantile(count as f64, self.tail) };
        let high = quantile(count as f64 + 1.0, upper);
        (low / exposure, high / exposure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts, and the ends of `poisson.test(count)$conf.int` at 95 %, from R 4.2.2.
    const R: [(u64, f64, f64); 9] = [
        (0, 0.0, 3.688_879_454_113_935_4),
        (1, 0.025_317_807_984_289_876, 5.571_643_390_938_899),
        (2, 0.242_209_278_543_964_87, 7.224_687_667_723_958),
        (7, 2.814_363_051_519_866_3, 14.422_675_361_702_378),
        (10, 4.795_388_696_132_433_5, 18.390_356_042_017_78),
        (100, 81.363_991_250_923_15, 121.626_793_792_426_37),
        (12_345, 12_128.180_907_899_08, 12_564.722_206_913_333),
        (1_000_000, 998_040.983_340_293_9, 1_001_961.911_945_432_2),
        (10_000_000, 9_993_802.996_884_268, 10_006_199.897_731_498),
    ];

    #[test]
    fn agrees_with_r() {
        let interval = Poisson::new(0.95).unwrap();
        for (count, low, high) in R {
            let (l, h) = interval.interval(count, 1.0);
            assert!((l - low).abs() <= 1e-9 * low.max(1.0), "{count}: {l} {low}");
            assert!((h - high).abs() <= 1e-9 * high.max(1.0), "{count}: {h} {high}");
        }
    }

    #[test]
    fn is_finite_whatever_the_confidence() {
        for confidence in [1e-300, 0.5, 1.0 - f64::EPSILON / 2.0] {
            for count in [0, 1, 1_000_000] {
                let (low, high) = Poisson::new(confidence).unwrap().interval(count, 0.001);
                assert!(
                    0.0 <= low && low <= high && high.is_finite(),
                    "{confidence} {count}: {low} {high}"
                );
            }
        }
    }
}
