//! Gamma-Gamma: the value of a purchase.
//!
//! The values of a customer's purchases are Gamma(p, ν) around the customer's own mean, and ν is
//! Gamma(q, γ) among customers, independent of how often they buy. The mean z̄ of x purchases has the
//! density
//!
//! ```text
//! 1 / (z̄ B(px, q)) · (γ / (γ + x z̄))^q · (x z̄ / (γ + x z̄))^px
//! ```
//!
//! P. Fader, B. Hardie and K. L. Lee, "RFM and CLV: Using Iso-value Curves for Customer Base
//! Analysis", Journal of Marketing Research 42 (2005), 415–430; P. Fader and B. Hardie, "The
//! Gamma-Gamma Model of Monetary Value" (2013).
//!
//! The model knows positive values only: customers whose mean is zero or negative are left out of the
//! fit, and are counted.

use crate::clv::sample::Sample;
use crate::host::{Host, Pace};
use crate::numeric::gamma::{ln_gamma, ln_rising};
use crate::numeric::newton::Local;
use crate::numeric::{Jet, Real};

/// The papers' names of the parameters.
pub const NAMES: [&str; 3] = ["p", "q", "gamma"];

/// What is known of spending before any model.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Facts {
    /// Customers with repeat purchases of a positive mean value.
    pub customers: f64,
    /// Customers whose mean is zero or negative.
    pub excluded: f64,
    /// The correlation of the number of purchases with their mean value, if there is one: the model
    /// takes it as 0.
    pub correlation: Option<f64>,
}

/// What is expected of the next purchase of a customer with `x` repeat purchases of this mean value.
/// None where it is infinite: a new customer's, if q ≤ 1.
pub fn expected<T: Real>(&[p, q, gamma]: &[T; 3], x: f64, mean: f64) -> Option<T> {
    let weight = p * x + q - 1.0;
    (weight.value() > 0.0).then(|| p * (gamma + x * mean.max(0.0)) / weight)
}

/// The facts of a settled sample.
pub fn facts<H: Host>(sample: &Sample<H>) -> Facts {
    let spends = sample.spends();
    let positive = || spends.iter().filter(|s| s.mean > 0.0);
    let mut pace = Pace::new(sample.host());
    let (mut n, mut x, mut z) = (0.0, 0.0, 0.0);
    for s in positive() {
        pace.step(1);
        n += 1.0;
        x += s.x;
        z += s.mean;
    }
    let (x, z) = (x / n, z / n);
    let (mut xx, mut xz, mut zz) = (0.0, 0.0, 0.0);
    for s in positive() {
        pace.step(1);
        xx += (s.x - x) * (s.x - x);
        xz += (s.x - x) * (s.mean - z);
        zz += (s.mean - z) * (s.mean - z);
    }
    let correlation = Some(xz / (xx * zz).sqrt()).filter(|r| r.is_finite());
    Facts { customers: n, excluded: spends.len() as f64 - n, correlation }
}

/// The log-likelihood with its derivatives. Customers with the same x differ in one term only, whose
/// derivatives are summed as numbers.
pub(in crate::clv) fn local<H: Host>(sample: &Sample<H>, at: &[f64]) -> Local {
    let [p, q, gamma] = Jet::exp_of(&[at[0], at[1], at[2]]);
    let ln_gamma_q = ln_gamma(q);
    let mut pace = Pace::new(sample.host());
    let mut total = Jet::<3>::of(0.0);
    for same in sample.spends().chunk_by(|left, right| left.x == right.x) {
        let x = same[0].x;
        let (mut n, mut ln_means) = (0.0, 0.0);
        // Σ ln (x z̄ + γ), with its derivatives by ln γ
        let (mut ln_sums, mut first, mut second) = (0.0, 0.0, 0.0);
        for s in same.iter().filter(|s| s.mean > 0.0) {
            pace.step(8);
            n += 1.0;
            ln_means += s.mean.ln();
            let sum = x * s.mean + gamma.v;
            ln_sums += sum.ln();
            let share = gamma.v / sum;
            first += share;
            second += share * (1.0 - share);
        }
        let mut sums = Jet::<3>::of(ln_sums);
        sums.g[2] = first;
        sums.h[2][2] = second;
        let px = p * x;
        total = total
            + (ln_rising(px, q) - ln_gamma_q + q * gamma.ln() + px * x.ln()) * n
            + px * ln_means
            - (px + q) * sums
            - ln_means;
    }
    Local {
        value: total.v,
        gradient: total.g.to_vec(),
        hessian: total.h.map(|row| row.to_vec()).to_vec(),
    }
}
