//! The number of purchases of customers whose lifetime may end before the time in question does.
//!
//! A lifetime ends at τ with the density f(τ) of those that have lasted so far, and after t with the
//! probability S(t). Until then, purchases are negative binomial:
//!
//! ```text
//! P(n) = S(t) NB(n | t) + ∫ from 0 to t of f(τ) NB(n | τ) dτ
//! ```
//!
//! NB(n | τ) is a bump in τ that is the narrower the better the customer's rate is known. On the scale
//! φ = 2 √k asinh √(τ / base), k the shape of the rates, all bumps are about one wide, whatever n is (it is
//! the one on which a negative binomial number has the same variance everywhere). So there are panels of
//! a few units of φ, and as many as that takes.

use super::integral::{LifetimeNbd, Limits, panel_from};
use super::kinds::Lifetime;
use crate::clv::Customer;
use crate::clv::counts::{CountProbability, count_probabilities};
use crate::host::Patience;
use crate::numeric::{Real, asinh};

/// Units of φ to a panel.
const PANEL: f64 = 5.0;
/// The share of lifetimes that last longer and does not count.
const NEGLIGIBLE: f64 = 1e-20;

/// Calls back with times until which the customer buys, and their probabilities as weights.
fn endings<T: Real, L: Lifetime<T>>(
    model: &LifetimeNbd<T, L>,
    c: Customer,
    t: f64,
    mut each: impl FnMut(f64, f64),
) {
    let at_age = model.life.ln_survivor(c.age).value();
    let survivor = |at: f64| (model.life.ln_survivor(c.age + at).value() - at_age).exp();
    each(t, survivor(t));
    if !L::ENDS {
        return;
    }
    let ln_density = |at: f64| {
        let y = c.age + at;
        (model.life.ln_survivor(y) + model.life.ln_hazard(y)).value() - at_age
    };
    let (shape, base) = (model.r.value() + c.x, model.alpha.value() + c.age);
    let unit = 0.5 / shape.sqrt();
    // Where a panel that begins at `low` ends, for the bumps.
    let end_of_panel = |low: f64| {
        let root = (asinh((low / base).sqrt()) + PANEL * unit).sinh();
        base * root * root
    };
    let singularity = model.singularity() + c.age;
    let longest = model.life.longest_stretch();
    let mut low = (0.0, ln_density(0.0));
    let mut patience = Patience::new();
    while low.0 < t && survivor(low.0) > NEGLIGIBLE {
        patience.step(256);
        let longest = longest.min(end_of_panel(low.0) - low.0);
        let limits = Limits { singularity, longest };
        let node = |at: f64, weight: f64| each(at, weight * ln_density(at).exp());
        match panel_from(low, t, limits, ln_density, node) {
            Some(high) => low = high,
            None => return,
        }
    }
}

/// P(0), P(1) … purchases within `t` of a customer who is alive, not further than `most`.
pub(super) fn distribution<T: Real, L: Lifetime<T>>(
    model: &LifetimeNbd<T, L>,
    c: Customer,
    t: f64,
    most: usize,
) -> Vec<f64> {
    let (shape, base) = (model.r.value() + c.x, model.alpha.value() + c.age);
    let mut out: Vec<f64> = Vec::new();
    let mut patience = Patience::new();
    endings(model, c, t, |until, weight| {
        count_probabilities(shape, base, until, most, &mut patience, |n, probability| {
            if out.len() <= n {
                out.resize(n + 1, 0.0);
            }
            out[n] += weight * probability;
        });
    });
    out
}

/// P(exactly n purchases within `t`).
pub(super) fn exactly<T: Real, L: Lifetime<T>>(
    model: &LifetimeNbd<T, L>,
    c: Customer,
    t: f64,
    n: usize,
) -> f64 {
    let (shape, base) = (model.r.value() + c.x, model.alpha.value() + c.age);
    let probability = CountProbability::new(shape, base, n as f64);
    let mut sum = 0.0;
    endings(model, c, t, |until, weight| sum += weight * probability.within(until));
    sum
}
