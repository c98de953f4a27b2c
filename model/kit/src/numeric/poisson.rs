//! The exact interval of a rate of events.

use super::{Estimate, normal};
use crate::error::Error;
use statrs::distribution::{ContinuousCDF, Gamma};

/// From this count on, quantiles of the gamma distribution are computed from those of the normal one, with
/// corrections: to the last digits, and in constant time. The loops of statrs grow with the root of the count.
const MANY: u64 = 10_000;

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
    /// How many standard deviations from the mean of a normal distribution the tails begin.
    z: f64,
}

impl Poisson {
    /// Intervals that hold the true rate with this probability.
    pub fn new(confidence: f64) -> Result<Self, Error> {
        let z = normal::two_sided(confidence)?;
        Ok(Poisson { tail: (1.0 - confidence) / 2.0, z })
    }

    /// The rate of `count` events in an exposure, which must be more than 0.
    pub fn rate(&self, count: u64, exposure: f64) -> Estimate {
        Estimate::new(count as f64 / exposure, self.interval(count, exposure))
    }

    /// The lower and the upper end of the rate per unit of exposure, which must be more than 0.
    pub fn interval(&self, count: u64, exposure: f64) -> (f64, f64) {
        if count >= MANY {
            let count = count as f64;
            let (low, high) = (large_quantile(count, -self.z), large_quantile(count + 1.0, self.z));
            return (low / exposure, high / exposure);
        }
        // The quantile of a gamma distribution of a shape of 1 or more, which is always one.
        let quantile =
            |shape: f64, p: f64| Gamma::new(shape, 1.0).map_or(shape, |gamma| gamma.inverse_cdf(p));
        // The largest number below 1 in place of 1 itself, whose quantile is infinite.
        let upper = (1.0 - self.tail).min(1.0 - f64::EPSILON / 2.0);
        let low = if count == 0 { 0.0 } else { quantile(count as f64, self.tail) };
        let high = quantile(count as f64 + 1.0, upper);
        (low / exposure, high / exposure)
    }
}

/// The quantile of gamma's distribution of a large shape where the normal one has it at z.
///
/// E. Cornish and R. Fisher's expansion in powers of 1/√shape, as H. Goldberg and H. Levine give it for
/// chi-square: Annals of Mathematical Statistics 17 (1946), 216–225.
fn large_quantile(shape: f64, z: f64) -> f64 {
    let (w, z2) = (1.0 / shape.sqrt(), z * z);
    let corrections = [
        (z2 - 1.0) / 3.0,
        z * (z2 - 7.0) / 36.0,
        -(z2 * (3.0 * z2 + 7.0) - 16.0) / 810.0,
        z * (z2 * (9.0 * z2 + 256.0) - 433.0) / 38_880.0,
        (z2 * (z2 * (12.0 * z2 - 243.0) - 923.0) + 1472.0) / 204_120.0,
        -z * (z2 * (z2 * (3753.0 * z2 + 4353.0) - 289_517.0) - 289_717.0) / 146_966_400.0,
    ];
    let sum = corrections.iter().rev().fold(0.0, |sum, term| sum * w + term);
    shape + (z * shape.sqrt() + sum)
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

    /// Counts, confidence, and the ends from mpmath: poisson_interval.py in tests/data. Where the exact
    /// quantile changes to the expansion, in the tail of one in two thousand million, and at the end of 64 bits.
    const MPMATH: [(u64, f64, f64, f64); 24] = [
        (10_000, 0.5, 9_932.370_564_904_188, 10_068.269_434_814_592),
        (10_000, 0.95, 9_804.952_467_260_184, 10_197.951_624_661_473),
        (10_000, 0.999_999_999, 9_401.115_263_997_679, 10_624.130_782_677_224),
        (12_345, 0.5, 12_269.878_172_431_4, 12_420.761_489_560_271),
        (12_345, 0.95, 12_128.180_907_899_08, 12_564.722_206_913_333),
        (12_345, 0.999_999_999, 11_678.256_845_957_443, 13_036.986_355_175_974),
        (1_000_000, 0.5, 999_325.328_684_587_1, 1_000_675.308_276_969_8),
        (1_000_000, 0.95, 998_040.983_340_293_9, 1_001_961.911_945_432_2),
        (1_000_000, 0.999_999_999, 993_902.692_936_541_3, 1_006_122.526_702_639_6),
        (1_000_000_007, 0.5, 999_978_677.579_550_7, 1_000_021_337.057_084_2),
        (1_000_000_007, 0.95, 999_938_028.443_711, 1_000_061_988.450_625_9),
        (1_000_000_007, 0.999_999_999, 999_806_822.593_239_4, 1_000_193_216.623_452_5),
        (10_000_000_000_000, 0.5, 9_999_997_867_075.95, 10_000_002_132_924.688),
        (10_000_000_000_000, 0.95, 9_999_993_802_050.625, 10_000_006_197_952.27),
        (10_000_000_000_000, 0.999_999_999, 9_999_980_680_360.686, 10_000_019_319_664.53),
        (9_007_199_254_740_992, 0.5, 9_007_199_190_727_688.0, 9_007_199_318_754_296.0),
        (9_007_199_254_740_992, 0.95, 9_007_199_068_728_130.0, 9_007_199_440_753_856.0),
        (9_007_199_254_740_992, 0.999_999_999, 9_007_198_674_919_696.0, 9_007_199_834_562_314.0),
        (1_000_000_000_000_000_000, 0.5, 999_999_999_325_510_272.0, 1_000_000_000_674_489_728.0),
        (1_000_000_000_000_000_000, 0.95, 999_999_998_040_035_968.0, 1_000_000_001_959_964_032.0),
        (
            1_000_000_000_000_000_000,
            0.999_999_999,
            999_999_993_890_589_824.0,
            1_000_000_006_109_410_176.0,
        ),
        (
            18_446_744_073_709_551_615,
            0.5,
            18_446_744_070_812_639_232.0,
            18_446_744_076_606_464_000.0,
        ),
        (
            18_446_744_073_709_551_615,
            0.95,
            18_446_744_065_291_571_200.0,
            18_446_744_082_127_532_032.0,
        ),
        (
            18_446_744_073_709_551_615,
            0.999_999_999,
            18_446_744_047_469_834_240.0,
            18_446_744_099_949_268_992.0,
        ),
    ];

    #[test]
    fn large_counts_agree_with_mpmath() {
        for (count, confidence, low, high) in MPMATH {
            let (l, h) = Poisson::new(confidence).unwrap().interval(count, 1.0);
            // Of the width, not only of the ends.
            let tolerance = 1e-11 * (count as f64).sqrt() + 4.0 * f64::EPSILON * high;
            assert!((l - low).abs() <= tolerance, "{count} {confidence}: {l} {low}");
            assert!((h - high).abs() <= tolerance, "{count} {confidence}: {h} {high}");
        }
    }

    /// On both sides of the count from which the expansion is taken.
    #[test]
    fn the_expansion_follows_the_exact_quantiles() {
        for confidence in [0.01, 0.5, 0.95, 0.999, 1.0 - 1e-6] {
            let interval = Poisson::new(confidence).unwrap();
            for count in [MANY - 2, MANY - 1, MANY, MANY + 1] {
                let (low, high) = interval.interval(count, 1.0);
                let expanded = [
                    large_quantile(count as f64, -interval.z),
                    large_quantile(count as f64 + 1.0, interval.z),
                ];
                assert!(
                    (low / expanded[0] - 1.0).abs() < 1e-11,
                    "{count} {confidence}: {low} {expanded:?}"
                );
                assert!(
                    (high / expanded[1] - 1.0).abs() < 1e-11,
                    "{count} {confidence}: {high} {expanded:?}"
                );
            }
        }
    }

    #[test]
    fn is_finite_whatever_the_confidence() {
        for confidence in [1e-300, 0.5, 1.0 - f64::EPSILON / 2.0] {
            for count in [0, 1, 9_999, 1_000_000, u64::MAX] {
                let (low, high) = Poisson::new(confidence).unwrap().interval(count, 0.001);
                assert!(
                    0.0 <= low && low <= high && high.is_finite(),
                    "{confidence} {count}: {low} {high}"
                );
            }
        }
    }
}
