//! What will be observed: an interval of the purchases themselves.
//!
//! A customer who has left buys nothing; one who has not buys as its model says. Both, P(alive) and
//! the distribution of the purchases, depend on parameters that are not known exactly, and are
//! averaged together over 2N of them that have the estimated mean and covariance. The purchases of
//! those who are alive depend on x and age alone, and are remembered; P(alive) differs from customer to
//! customer, and is taken to be linear in the logarithms of the parameters on the scale of the logit.

use super::uncertainty::Uncertainty;
use crate::clv::{Customer, Purchases};
use crate::host::{Host, Vec};
use crate::numeric::Dual;

/// Purchases beyond which a distribution is not followed.
const MOST_PURCHASES: usize = 1 << 20;

/// How many purchases will be observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PredictedPurchases {
    /// The smallest number that is not exceeded with a probability of a half or more.
    pub median: u64,
    /// The ends of an interval that holds it with the confidence, or more.
    pub low: u64,
    /// …
    pub high: u64,
}

/// P(more than so many purchases | alive), at every draw of the parameters: up and down along each
/// direction.
pub(super) type Spread<const N: usize> = [[f64; N]; 2];

/// P(more than 0, 1, 2 … purchases within `t` | alive), until it is the tail of an interval, even for
/// those who certainly are. Empty where that is too far.
pub(super) fn distribution<const N: usize, M: Purchases<f64>, H: Host>(
    draws: &[M],
    c: Customer,
    t: f64,
    tail: f64,
    host: &H,
) -> Vec<Spread<N>, H> {
    let mut spreads: Vec<Spread<N>, H> = Vec::new_in(host.clone());
    if draws.is_empty() {
        return spreads;
    }
    let mut lengths = [[0; N]; 2];
    for i in 0..2 * N {
        // A single one stands for all.
        let (direction, column) = (i % 2, i / 2);
        if i > 0 && draws.len() == 1 {
            spreads.iter_mut().for_each(|spread| spread[direction][column] = spread[0][0]);
            lengths[direction][column] = lengths[0][0];
            continue;
        }
        host.poll();
        let one = draws[i].distribution(c, t, MOST_PURCHASES);
        if spreads.len() < one.len() {
            spreads.resize(one.len(), [[0.0; N]; 2]);
        }
        let mut beyond = 1.0;
        for (spread, p) in spreads.iter_mut().zip(&one) {
            beyond -= p;
            spread[direction][column] = f64::max(beyond, 0.0);
        }
        lengths[direction][column] = one.len();
    }
    let mean = |spread: &Spread<N>| spread.as_flattened().iter().sum::<f64>() / (2 * N) as f64;
    let enough = spreads.iter().position(|spread| mean(spread) <= tail);
    let is_cut = lengths.as_flattened().iter().any(|&len| len > MOST_PURCHASES);
    match enough {
        Some(last) => spreads.truncate(last + 1),
        None if is_cut => spreads.clear(),
        None => {}
    }
    spreads.shrink_to_fit();
    spreads
}

/// The median of the purchases, and an interval that holds what will be observed with at least the
/// confidence.
#[inline]
pub(super) fn predict<const N: usize>(
    spreads: &[Spread<N>],
    p_alive: Dual<N>,
    uncertainty: Option<&Uncertainty<N>>,
    tail: f64,
) -> Option<PredictedPurchases> {
    if spreads.is_empty() {
        return None;
    }
    // P(alive) at every draw, as weights that would add up to one.
    let mut alive = [[p_alive.v; N]; 2];
    let spread = p_alive.v * (1.0 - p_alive.v);
    if let Some(uncertainty) = uncertainty.filter(|_| spread > 0.0) {
        let odds_against = (1.0 - p_alive.v) / p_alive.v;
        let steps = uncertainty.at_draws(&p_alive.g);
        for (i, step) in steps.iter().enumerate() {
            let by = (step / spread).clamp(-700.0, 700.0).exp();
            alive[0][i] = by / (by + odds_against);
            alive[1][i] = 1.0 / (1.0 + odds_against * by);
        }
    }
    let weight = 1.0 / (2 * N) as f64;
    let (mut low, mut median) = (None, None);
    for (y, spread) in (0..).zip(spreads) {
        let mut beyond = 0.0;
        for i in 0..N {
            beyond += alive[0][i] * spread[0][i] + alive[1][i] * spread[1][i];
        }
        beyond *= weight;
        if low.is_none() && 1.0 - beyond > tail {
            low = Some(y);
        }
        if median.is_none() && beyond <= 0.5 {
            median = Some(y);
        }
        if beyond <= tail {
            let (low, median) = (low.unwrap_or(y), median.unwrap_or(y));
            return Some(PredictedPurchases { median, low, high: y });
        }
    }
    let high = spreads.len() as u64 - 1;
    Some(PredictedPurchases { median: median.unwrap_or(high), low: low.unwrap_or(high), high })
}
