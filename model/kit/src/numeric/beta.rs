//! The odds of a beta variable: what the next gap of a gamma process, and the ratio of two rates, are
//! distributed as.

use super::gamma::{ln_gamma, ln_rising};

/// How far a continued fraction goes; it needs about √max(a, b) terms.
const MOST_TERMS: usize = 100_000;
/// Steps of a search that halves or better.
const MOST_STEPS: usize = 200;
/// Stands for a zero in a denominator (Lentz's method).
const TINY: f64 = 1e-300;

/// The distribution of X / (1 − X), X ~ Beta(a, b): the beta prime, and b/a times it the F with 2a and
/// 2b degrees of freedom.
///
/// ```
/// use model_kit::numeric::BetaOdds;
/// let odds = BetaOdds::new(1.0, 1.0); // of a uniform number
/// assert!((odds.above(3.0) - 0.25).abs() < 1e-15);
/// assert!((odds.at_tail(0.25) - 3.0).abs() < 1e-13);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct BetaOdds {
    a: f64,
    b: f64,
    /// ln B(a, b)
    ln_beta: f64,
}

impl BetaOdds {
    /// Both shapes are more than 0.
    pub fn new(a: f64, b: f64) -> Self {
        let (small, large) = (a.min(b), a.max(b));
        BetaOdds { a, b, ln_beta: ln_gamma(small) - ln_rising(large, small) }
    }

    /// The probability of odds of this much or more.
    pub fn above(&self, odds: f64) -> f64 {
        if odds <= 0.0 {
            return 1.0;
        }
        let (x, y) = (odds / (1.0 + odds), 1.0 / (1.0 + odds));
        if y <= 0.0 {
            return 0.0;
        }
        // ln [xᵃ yᵇ / B(a, b)], where y = 1 − x.
        let log = self.a * odds.ln() - (self.a + self.b) * odds.ln_1p() - self.ln_beta;
        let share = log.exp();
        // The fraction converges fast on one side of the mean.
        if x < (self.a + 1.0) / (self.a + self.b + 2.0) {
            (1.0 - share * fraction(self.a, self.b, x) / self.a).clamp(0.0, 1.0)
        } else {
            (share * fraction(self.b, self.a, y) / self.b).clamp(0.0, 1.0)
        }
    }

    /// The odds that are passed with this probability, which lies between 0 and 1.
    pub fn at_tail(&self, probability: f64) -> f64 {
        // By the logarithm of the odds, which any tail may move far.
        let (mut low, mut high) = (-700.0_f64, 700.0_f64);
        let mut at = (self.a / self.b).ln().clamp(-600.0, 600.0);
        for _ in 0..MOST_STEPS {
            let odds = at.exp();
            let miss = self.above(odds) - probability;
            if miss > 0.0 {
                low = at;
            } else {
                high = at;
            }
            let slope = (self.a * at - (self.a + self.b) * odds.ln_1p() - self.ln_beta).exp();
            let step = miss / slope;
            let next = at + step;
            let next = if next > low && next < high { next } else { low + (high - low) / 2.0 };
            if (next - at).abs() <= 1e-14 * at.abs().max(1.0) {
                return next.exp();
            }
            at = next;
        }
        at.exp()
    }
}

/// The continued fraction of the incomplete beta function (NIST Digital Library of Mathematical
/// Functions, 8.17.22), times xᵃ (1 − x)ᵇ / (a B(a, b)) the function itself; by Lentz's method.
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    let not_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / not_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut sum = d;
    for term in 1..MOST_TERMS {
        let m = term as f64;
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / not_zero(1.0 + even * d);
        c = not_zero(1.0 + even / c);
        sum *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / not_zero(1.0 + odd * d);
        c = not_zero(1.0 + odd / c);
        let change = d * c;
        sum *= change;
        if (change - 1.0).abs() < 1e-15 {
            break;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::distribution::{Beta, ContinuousCDF};

    #[test]
    fn agrees_with_statrs_and_with_itself() {
        for (a, b) in
            [(0.3, 0.7), (1.0, 9.0), (2.5, 4.0), (30.0, 7.0), (1.7, 900.0), (400.0, 380.0)]
        {
            let (odds, beta) = (BetaOdds::new(a, b), Beta::new(a, b).unwrap());
            for x in [1e-6, 0.01, 0.2, 0.5, 0.77, 0.99] {
                let above = odds.above(x / (1.0 - x));
                assert!((above - beta.sf(x)).abs() < 1e-9, "{a} {b} {x}: {above} {}", beta.sf(x));
            }
            for tail in [1e-12, 1e-4, 0.025, 0.05, 0.5, 0.95, 0.999] {
                let above = odds.above(odds.at_tail(tail));
                assert!((above / tail - 1.0).abs() < 1e-9, "{a} {b} {tail}: {above}");
            }
        }
    }

    /// Quantiles of F from any table of it: F(0.95; 4, 10) = 3.4780, F(0.99; 2, 20) = 5.8489.
    #[test]
    fn agrees_with_the_tables_of_f() {
        for (d1, d2, tail, f) in [(4.0, 10.0, 0.05, 3.4780), (2.0, 20.0, 0.01, 5.8489)] {
            let found = BetaOdds::new(d1 / 2.0, d2 / 2.0).at_tail(tail) * d2 / d1;
            assert!((found - f).abs() < 5e-5, "{found}");
        }
    }
}
