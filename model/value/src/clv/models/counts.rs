//! What the families share: numbers of events in a time, for a rate that is not known exactly.

use crate::host::Patience;
use crate::numeric::gamma::{ln_gamma, ln_rising_by, stirling_error};
use crate::numeric::real::Real;

/// Most terms of a series. What needs more of them has no answer: it is no number.
const MOST_STAGES: f64 = 1e7;

/// The probabilities of 0, 1, 2 … events within `t` of a Poisson process whose rate is
/// Gamma(shape, base), until what is left of them does not count in the sum that is returned.
pub(in crate::clv) fn negative_binomial<T: Real>(
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

/// The probability of n events within a time, of a process like that of [`negative_binomial`], as a
/// function of this time. It keeps its digits where n is large.
///
/// C. Loader, "Fast and Accurate Computation of Binomial Probabilities" (2000): n events and the shape k
/// are compared with what they would be if n were expected, and Stirling's formula has no large terms.
#[derive(Debug, Clone, Copy)]
pub(in crate::clv) struct CountProbability {
    shape: f64,
    base: f64,
    n: f64,
    /// What does not depend on the time.
    ways: f64,
}

impl CountProbability {
    pub(in crate::clv) fn new(shape: f64, base: f64, n: f64) -> Self {
        let all = shape + n;
        let error = stirling_error(all) - stirling_error(shape) - stirling_error(n.max(1.0));
        let ways = (shape / (all * n * std::f64::consts::TAU)).sqrt() * error.exp();
        CountProbability { shape, base, n, ways }
    }

    pub(in crate::clv) fn within(&self, t: f64) -> f64 {
        let CountProbability { shape, base, n, ways } = *self;
        if n == 0.0 {
            return (-shape * (t / base).ln_1p()).exp();
        }
        let all = shape + n;
        let expected = |part: f64| all * (part / (base + t));
        ways * (-deviance(shape, expected(base)) - deviance(n, expected(t))).exp()
    }
}

/// x ln (x / m) + m − x.
fn deviance(x: f64, m: f64) -> f64 {
    let difference = x - m;
    if difference.abs() >= 0.1 * (x + m) {
        return x * (x / m).ln() - difference;
    }
    // The series of the logarithm, in which nothing cancels.
    let v = difference / (x + m);
    let (mut sum, mut term) = (difference * v, 2.0 * x * v);
    for j in 1..20 {
        term *= v * v;
        let next = sum + term / f64::from(2 * j + 1);
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}

/// All probabilities of numbers of events within a time, 0 to `most` of them, but for those that are
/// negligible: from the most probable number down, and from there up.
pub(in crate::clv) fn count_probabilities(
    shape: f64,
    base: f64,
    t: f64,
    most: usize,
    patience: &mut Patience,
    mut each: impl FnMut(usize, f64),
) {
    /// The sum of those that are left out, on either side.
    const NEGLIGIBLE: f64 = 1e-20;
    let q = t / (base + t);
    let first = (((shape - 1.0) * t / base) as usize).min(most);
    let at_first = CountProbability::new(shape, base, first as f64).within(t);
    each(first, at_first);
    // Do those that come after this one count, of which each is at most `ratio` times the one before?
    let goes_on = |term: f64, ratio: f64| {
        term > 0.0 && (ratio >= 1.0 || term * ratio > NEGLIGIBLE * (1.0 - ratio))
    };
    let (mut n, mut term) = (first, at_first);
    while n > 0 {
        patience.step(2);
        let ratio = n as f64 / (q * (shape + n as f64 - 1.0));
        if !goes_on(term, ratio) {
            break;
        }
        (n, term) = (n - 1, term * ratio);
        each(n, term);
    }
    (n, term) = (first, at_first);
    while n < most {
        patience.step(2);
        let ratio = q * (shape + n as f64) / (n as f64 + 1.0);
        if !goes_on(term, ratio) {
            break;
        }
        (n, term) = (n + 1, term * ratio);
        each(n, term);
    }
}

/// 1 / (1 + e^−x).
pub(in crate::clv) fn logistic<T: Real>(x: T) -> T {
    if x.value() >= 0.0 {
        ((-x).exp() + 1.0).recip()
    } else {
        let e = x.exp();
        e * (e + 1.0).recip()
    }
}
