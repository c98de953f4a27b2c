//! The ratio of two shares.

use super::{Estimate, Wilson};

/// The ratio of x₁ of n₁ to x₂ of n₂; none without trials, or where nobody succeeded on either side.
/// It and its upper end may be infinite.
///
/// The interval holds every ratio θ that the score test does not reject: with the maximum likelihood
/// estimates p̃₁ = θ p̃₂ under that ratio,
///
/// ```text
/// (x₁ − n₁ p̃₁)² / (n₁ p̃₁ (1 − p̃₁)) + (x₂ − n₂ p̃₂)² / (n₂ p̃₂ (1 − p̃₂))  ≤  z²
/// ```
///
/// P. A. R. Koopman, "Confidence intervals for the ratio of two binomial proportions", Biometrics 40
/// (1984), 513–517. It holds 1 exactly where the test of [`super::Difference`] does not reject.
pub fn ratio(wilson: &Wilson, (x1, n1): (u64, u64), (x2, n2): (u64, u64)) -> Option<Estimate> {
    if n1 == 0 || n2 == 0 || x1 + x2 == 0 || x1 > n1 || x2 > n2 {
        return None;
    }
    let [x1, n1, x2, n2] = [x1, n1, x2, n2].map(|count| count as f64);
    let most = wilson.z() * wilson.z();
    let rejected = |ln_theta: f64| statistic(ln_theta.exp(), (x1, n1), (x2, n2)) > most;
    let estimate = (x1 / n1) / (x2 / n2);
    // The estimate, or a ratio near it where that is 0 or infinite: what the test surely allows.
    let inside = if x1 == 0.0 {
        (0.5 / n1).ln() - (x2 / n2).ln()
    } else if x2 == 0.0 {
        (x1 / n1).ln() - (0.5 / n2).ln()
    } else {
        estimate.ln()
    };
    let end = |outwards: f64| {
        let (mut near, mut step) = (inside, outwards);
        while !rejected(near + step) {
            near += step;
            step *= 2.0;
            if step.abs() > 1e3 {
                return None;
            }
        }
        let mut far = near + step;
        for _ in 0..80 {
            let middle = (near + far) / 2.0;
            if rejected(middle) { far = middle } else { near = middle }
        }
        Some(((near + far) / 2.0).exp())
    };
    Some(Estimate {
        value: estimate,
        low: if x1 == 0.0 { 0.0 } else { end(-0.5).unwrap_or(0.0) },
        high: if x2 == 0.0 { f64::INFINITY } else { end(0.5).unwrap_or(f64::INFINITY) },
    })
}

/// Koopman's statistic of a ratio: Pearson's χ² of both samples.
fn statistic(theta: f64, (x1, n1): (f64, f64), (x2, n2): (f64, f64)) -> f64 {
    // p̃₁ is the smaller root of (n₁ + n₂) p² − (θ (n₁ + x₂) + x₁ + n₂) p + θ (x₁ + x₂).
    let (a, b, c) = (n1 + n2, theta * (n1 + x2) + x1 + n2, theta * (x1 + x2));
    let p1 = (2.0 * c / (b + (b * b - 4.0 * a * c).max(0.0).sqrt())).min(1.0).min(theta);
    chi_square(x1, n1, p1) + chi_square(x2, n2, p1 / theta)
}

fn chi_square(x: f64, n: f64, p: f64) -> f64 {
    let missed = x - n * p;
    if missed == 0.0 { 0.0 } else { missed * missed / (n * p * (1.0 - p)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFERENCE: [(u64, u64, u64, u64, f64, f64); 7] = [
        (36, 40, 16, 80, 2.9395691922149965, 7.15222343486603),
        (18, 20, 8, 40, 2.4997418545658823, 8.67829787928692),
        (5, 56, 1, 29, 0.43268917056325745, 16.440831977922027),
        (300, 4000, 150, 3000, 1.2408955310561762, 1.8141891736980578),
        (2, 7, 6, 7, 0.0937556283579669, 0.9069136875510164),
        (10, 10, 3, 20, 2.7745495528356625, 19.095358937595748),
        (1, 1000, 9, 900, 0.016396169247109432, 0.6085625383517598),
    ];

    /// statsmodels 0.14, confint_proportions_2indep(x1, n1, x2, n2, method="score", compare="ratio",
    /// correction=False).
    #[test]
    fn agrees_with_statsmodels() {
        let wilson = Wilson::new(0.95).unwrap();
        for (x1, n1, x2, n2, low, high) in REFERENCE {
            let found = ratio(&wilson, (x1, n1), (x2, n2)).unwrap();
            assert!((found.low / low - 1.0).abs() < 1e-6, "{x1}/{n1} {x2}/{n2}: {found:?}");
            assert!((found.high / high - 1.0).abs() < 1e-6, "{x1}/{n1} {x2}/{n2}: {found:?}");
        }
    }

    #[test]
    fn holds_one_where_the_test_of_the_difference_does_not_reject() {
        let wilson = Wilson::new(0.95).unwrap();
        for (x1, x2) in (0..=20).flat_map(|x1| (0..=30).map(move |x2| (x1, x2))) {
            let Some(found) = ratio(&wilson, (x1, 20), (x2, 30)) else {
                assert_eq!((x1, x2), (0, 0));
                continue;
            };
            let test = wilson.difference((x1 as f64 / 20.0, 20.0), (x2 as f64 / 30.0, 30.0));
            let holds = found.low <= 1.0 && 1.0 <= found.high;
            assert_eq!(holds, test.p_value >= 0.05, "{x1} {x2} {found:?} {test:?}");
            assert!(found.low <= found.value && found.value <= found.high);
        }
    }

    #[test]
    fn without_trials_or_successes_there_is_none() {
        let wilson = Wilson::new(0.95).unwrap();
        assert_eq!(ratio(&wilson, (0, 5), (0, 9)), None);
        assert_eq!(ratio(&wilson, (0, 0), (3, 9)), None);
        assert_eq!(ratio(&wilson, (7, 5), (3, 9)), None);
        let all = ratio(&wilson, (5, 5), (0, 9)).unwrap();
        assert!(all.value.is_infinite() && all.high.is_infinite() && all.low > 1.0);
    }
}
