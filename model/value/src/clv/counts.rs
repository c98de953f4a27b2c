//! What the families share: numbers of events in a time, for a rate that is not known exactly.

use crate::host::Patience;
use crate::numeric::gamma::{ln_gamma, ln_rising_by};
use crate::numeric::real::Real;

/// Most terms of a series. What needs more of them has no answer: it is no number.
const MOST_STAGES: f64 = 1e7;

/// The probabilities of 0, 1, 2 … events within `t` of a Poisson process whose rate is
/// Gamma(shape, base), until what is left of them does not count in the sum that is returned.
pub(super) fn negative_binomial<T: Real>(
    shape: T,
    base: T,
    t: f64,
    mut visit: impl FnMut(T) -> f64,
) {
    let whole = base + t;
    let (z, ln_rest) = (T::of(t) / whole, -((base.recip() * t).ln_1p()));
    let (zv, kv) = (z.value(), shape.value());
    let mean = kv * t / base.value();
    // Where the first term underflows, the sum begins at one that counts.
    let deviation = (mean * whole.value() / base.value()).sqrt();
    let first = (mean - 14.0 * deviation - 60.0).floor().clamp(0.0, MOST_STAGES);
    let mut ln_term = ln_rest * shape;
    if first > 0.0 {
        let ways = ln_rising_by(shape, first as u64) - ln_gamma(first + 1.0);
        ln_term = ln_term + ways + (T::of(t).ln() - whole.ln()) * first;
    }
    let mut term = ln_term.exp();
    let mut n = 0.0;
    let mut patience = Patience::new();
    loop {
        patience.step(2);
        if n < first {
            visit(T::of(0.0));
        } else {
            let sum = visit(term);
            let ratio = zv * (kv + n) / (n + 1.0);
            let rest = term.value() * ratio / (1.0 - ratio) * (n + 2.0);
            if n >= mean && ratio < 1.0 && rest <= 1e-17 * sum {
                return;
            }
            if n > MOST_STAGES {
                visit(T::of(f64::NAN));
                return;
            }
            term = term * (shape + n) * z * (1.0 / (n + 1.0));
        }
        n += 1.0;
    }
}

/// 1 / (1 + e^−x).
pub(super) fn logistic<T: Real>(x: T) -> T {
    if x.value() >= 0.0 {
        ((-x).exp() + 1.0).recip()
    } else {
        let e = x.exp();
        e * (e + 1.0).recip()
    }
}
