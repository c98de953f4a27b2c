//! What every model of purchases can tell.

use crate::clv::alike::Alike;
use crate::clv::customer::Customer;
use crate::clv::sample::Sample;
use crate::host::{Host, Pace};
use crate::numeric::Real;

/// A model of purchases with its parameters.
///
/// Likelihoods are densities of the times of the purchases, so that those of different models
/// compare. Everything about the future is given that the customer is alive now.
pub trait Purchases<T: Real>: Sized {
    /// What depends on the number of purchases alone.
    type PerCount;

    /// What the likelihoods of customers with `x` repeat purchases have in common.
    fn per_count(&self, x: f64) -> Self::PerCount;

    /// The logarithm of a customer's likelihood.
    fn ln_likelihood(&self, per: &Self::PerCount, c: Customer) -> T;

    /// Σ ln(likelihood) of the customers of a settled sample.
    fn ln_likelihood_of_all<H: Host>(&self, sample: &Sample<H>) -> T {
        ln_likelihood_of_each(self, sample.by_count(), &mut Pace::new(sample.host()))
    }

    /// P(alive) at its age.
    fn p_alive(&self, c: Customer) -> T;

    /// P(alive `t` later).
    fn stays(&self, c: Customer, t: f64) -> T;

    /// Expected purchases within `t`.
    fn expected(&self, c: Customer, t: f64) -> T;

    /// The same with each purchase discounted continuously: ∫ e^−δτ dE(τ). `t` may be infinite.
    fn discounted(&self, c: Customer, t: f64, rate: f64) -> T;

    /// P(0), P(1) … purchases within `t`; not further than `most`, or than counts.
    fn distribution(&self, c: Customer, t: f64, most: usize) -> Vec<f64>;

    /// P(exactly n purchases within `t`).
    fn exactly(&self, c: Customer, t: f64, n: usize) -> f64 {
        self.distribution(c, t, n).get(n).copied().unwrap_or(0.0)
    }
}

/// Σ ln(likelihood), customer by customer.
pub(in crate::clv) fn ln_likelihood_of_each<'s, T: Real, M: Purchases<T>, H: Host>(
    model: &M,
    customers: impl IntoIterator<Item = Alike<'s>>,
    pace: &mut Pace<'_, H>,
) -> T {
    let mut total = T::of(0.0);
    for alike in customers {
        let per_count = model.per_count(alike.x());
        // Sums of sums lose fewer digits.
        for block in alike.blocks(256) {
            let mut sum = T::of(0.0);
            for group in block.groups() {
                pace.step(64);
                sum = sum + model.ln_likelihood(&per_count, group.customer) * group.count;
            }
            total = total + sum;
        }
    }
    total
}
