//! How sure one is of what a model says: the delta method.
//!
//! The estimated parameters have a covariance; the root of it, C = L Lᵀ, says how far a number that
//! depends on them may be off: gᵀ C g = |Lᵀ g|², where g is its gradient.

use crate::numeric::{Dual, cholesky};

/// The covariance of the logarithms of N parameters, and the width of intervals.
pub(super) struct Uncertainty<const N: usize> {
    /// L, by columns.
    root: [[f64; N]; N],
    z: f64,
}

impl<const N: usize> Uncertainty<N> {
    /// None where it is no covariance.
    pub(super) fn new(covariance: &[Vec<f64>], z: f64) -> Option<Self> {
        let factor = cholesky(covariance, |c| c, 0.0)?;
        let at = |row: usize, column: usize| {
            if row < column { 0.0 } else { factor.lower().get(row, column) }
        };
        let root = std::array::from_fn(|column| std::array::from_fn(|row| at(row, column)));
        Some(Uncertainty { root, z })
    }

    /// Parameters whose mean and covariance are the estimated ones: θ ± √N Lᵢ for the columns of the
    /// root (the spherical rule of the third degree).
    pub(super) fn draws(&self, logs: &[f64; N]) -> Vec<[f64; N]> {
        let reach = (N as f64).sqrt();
        let steps = self.root.iter().flat_map(|column| [(column, reach), (column, -reach)]);
        let step = |(column, by): (&[f64; N], f64)| {
            std::array::from_fn(|i| (logs[i] + by * column[i]).clamp(-200.0, 200.0).exp())
        };
        steps.map(step).collect()
    }

    /// By how much a number with this gradient differs at every pair of draws, to the first order.
    #[inline]
    pub(super) fn at_draws(&self, gradient: &[f64; N]) -> [f64; N] {
        let reach = (N as f64).sqrt();
        self.along(gradient).map(|by| reach * by)
    }

    /// Lᵀ g.
    #[inline]
    #[allow(clippy::needless_range_loop)] // a triangle
    fn along(&self, gradient: &[f64; N]) -> [f64; N] {
        let mut along = [0.0; N];
        for i in 0..N {
            for j in i..N {
                along[i] += self.root[i][j] * gradient[j];
            }
        }
        along
    }

    /// The standard error of a number with this gradient.
    #[inline]
    fn error(&self, gradient: &[f64; N]) -> f64 {
        self.along(gradient).iter().map(|by| by * by).sum::<f64>().sqrt()
    }

    /// The interval of a probability, on the scale of the logit, if there is one in numbers.
    pub(super) fn probability(&self, p: Dual<N>) -> Option<(f64, f64)> {
        let (error, spread) = (self.error(&p.g), p.v * (1.0 - p.v));
        if !error.is_finite() {
            return None;
        }
        if spread <= 0.0 || error == 0.0 {
            return Some((p.v, p.v));
        }
        // 1 / (1 + e^−(logit ± by))
        let (odds_against, by) = ((1.0 - p.v) / p.v, (self.z * error / spread).min(700.0).exp());
        Some((1.0 / (1.0 + odds_against * by), 1.0 / (1.0 + odds_against / by)))
    }

    /// The interval of a positive number times a factor, on the scale of the logarithm; `more` is the
    /// variance of the factor's logarithm.
    pub(super) fn positive(&self, number: Dual<N>, factor: f64, more: f64) -> Option<(f64, f64)> {
        let value = number.v * factor;
        if number.v <= 0.0 {
            return Some((value, value));
        }
        let error = self.error(&number.g) / number.v;
        if !error.is_finite() || !more.is_finite() {
            return None;
        }
        let by = (self.z * (error * error + more).sqrt()).min(600.0).exp();
        let (low, high) = (value / by, value * by);
        Some((low.min(high), low.max(high))).filter(|_| low.is_finite() && high.is_finite())
    }
}

/// gᵀ C g.
pub(super) fn quadratic<const N: usize>(gradient: &[f64; N], covariance: &[Vec<f64>]) -> f64 {
    let mut sum = 0.0;
    for (a, row) in gradient.iter().zip(covariance) {
        for (b, c) in gradient.iter().zip(row) {
            sum += a * b * c;
        }
    }
    sum.max(0.0)
}
