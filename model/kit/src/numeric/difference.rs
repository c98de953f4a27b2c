//! The difference of two shares.

use super::hypot;
use super::normal;
use super::wilson::Wilson;

/// A difference of two rates, with its interval and the p-value of there being none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// Second rate − first rate.
    pub difference: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// Of the two-sided test that the rates are the same.
    pub p_value: f64,
}

impl Wilson {
    /// The second rate − the first, each as a rate and its trials, with interval and p-value.
    ///
    /// The interval combines Wilson's of the two rates p with ends l and u,
    ///
    /// ```text
    /// d − √((p₂ − l₂)² + (u₁ − p₁)²)   to   d + √((u₂ − p₂)² + (p₁ − l₁)²),   d = p₂ − p₁
    /// ```
    ///
    /// R. G. Newcombe, "Interval estimation for the difference between independent proportions:
    /// comparison of eleven methods", Statistics in Medicine 17 (1998), 873–890, method 10. The test is
    /// the score test with the pooled rate, which is Pearson's χ² of the two by two table without
    /// continuity correction.
    pub fn difference(&self, (p1, n1): (f64, f64), (p2, n2): (f64, f64)) -> Difference {
        let (first, second) = (self.share_of(p1, n1), self.share_of(p2, n2));
        let difference = p2 - p1;
        let below = hypot(p2 - second.low, first.high - p1);
        let above = hypot(second.high - p2, p1 - first.low);
        let pooled = (p1 * n1 + p2 * n2) / (n1 + n2);
        let variance = pooled * (1.0 - pooled) * (1.0 / n1 + 1.0 / n2);
        // Where nobody or everybody succeeded on both sides, nothing speaks against equality.
        let p_value = if difference == 0.0 || variance <= 0.0 {
            1.0
        } else {
            normal::beyond(difference / variance.sqrt())
        };
        Difference {
            difference,
            low: (difference - below).max(-1.0),
            high: (difference + above).min(1.0),
            p_value,
        }
    }
}

/// Of trials that come in clusters (each member's are alike): how many independent ones would tell
/// as much?
///
/// ```text
/// n / deff,   deff = Σᵢ (xᵢ − p mᵢ)² / (n p (1 − p)) · k/(k − 1) · (n − 1)/n
/// ```
///
/// for k clusters of mᵢ trials with xᵢ successes, n = Σ mᵢ, p = Σ xᵢ / n; `residual` is the sum. It
/// is the ratio of the variance between clusters to that of simple random sampling (L. Kish, "Survey
/// Sampling", 1965), by which J. N. K. Rao and A. J. Scott, "A simple method for the analysis of
/// clustered binary data", Biometrics 48 (1992), 577–585, divide counts. Where each cluster is one
/// trial it is 1. There are never more than n, and where the data do not tell (all or none succeed,
/// one cluster), the clusters are taken for the trials.
pub fn effective_trials(successes: u64, trials: u64, clusters: u64, residual: f64) -> f64 {
    let (n, k) = (trials as f64, clusters as f64);
    if clusters == trials {
        return n;
    }
    if successes == 0 || successes == trials || clusters < 2 {
        return k;
    }
    let p = successes as f64 / n;
    let design_effect = residual / (n * p * (1.0 - p)) * k / (k - 1.0) * (n - 1.0) / n;
    if design_effect > 1.0 { n / design_effect } else { n }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Newcombe (1998), table II, method 10: intervals at 95% for p1 − p2.
    #[test]
    fn agrees_with_the_published_intervals() {
        let wilson = Wilson::new(0.95).unwrap();
        for (x1, n1, x2, n2, low, high) in [
            (56.0, 70.0, 48.0, 80.0, 0.0524, 0.3339),
            (9.0, 10.0, 3.0, 10.0, 0.1705, 0.8090),
            (6.0, 7.0, 2.0, 7.0, 0.0582, 0.8062),
            (5.0, 56.0, 0.0, 29.0, -0.0381, 0.1926),
            (0.0, 10.0, 0.0, 20.0, -0.1611, 0.2775),
            (0.0, 10.0, 0.0, 10.0, -0.2775, 0.2775),
            (10.0, 10.0, 0.0, 20.0, 0.6791, 1.0000),
            (10.0, 10.0, 0.0, 10.0, 0.6075, 1.0000),
        ] {
            let found = wilson.difference((x2 / n2, n2), (x1 / n1, n1));
            assert!((found.low - low).abs() < 6e-5, "{x1}/{n1} {x2}/{n2}: {found:?}");
            assert!((found.high - high).abs() < 6e-5, "{x1}/{n1} {x2}/{n2}: {found:?}");
        }
    }

    #[test]
    fn single_trials_are_their_own_clusters() {
        assert_eq!(effective_trials(3, 10, 10, 0.0), 10.0);
        assert_eq!(effective_trials(0, 10, 4, 0.0), 4.0);
        assert_eq!(effective_trials(4, 10, 1, 0.0), 1.0);
        // Two members, of whom one always and one never succeeds: two trials, not ten.
        let twins = effective_trials(5, 10, 2, 2.0 * 2.5 * 2.5);
        assert!((twins - 10.0 / (12.5 / 2.5 * 2.0 * 0.9)).abs() < 1e-12);
    }
}
