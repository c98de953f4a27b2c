//! Customer lifetime value: probability models of how often customers buy, for how long, and for how
//! much, fitted to what is known of them and read for what is to be expected.
//!
//! | room | what it holds |
//! | --- | --- |
//! | [`customers`] | what is known of customers: of every member of a history ([`summary`]), and to fit to ([`sample`]: those that are alike are one) |
//! | [`models`] | customers who may leave after a purchase ([`bg_cnbd`]: BG/NBD, MBG/NBD, (M)BG/CNBD-k), who have a lifetime of their own ([`lifetime`]: NBD, Pareto/NBD, Gamma-Gompertz/NBD), who buy at opportunities ([`bg_bb`]), who have a [`contract`] (sBG, BdW); what a purchase is worth ([`spend`]: Gamma-Gamma); all by name ([`family`]) |
//! | [`fitting`] | maximum likelihood ([`fit`]), with [`covariates`], to tables ([`aggregate`], [`survivors`]), to memberships ([`tenure`]); a fitted [`model`] as JSON |
//! | [`answers`] | what a fitted model expects of a customer ([`score`] with intervals, [`scalar`]), what it expected against what happened ([`backtest`]), and what to look at before it is trusted ([`diagnostics`]) |
//!
//! Each knows only those above it.
//!
//! A model's likelihood and expectations are written once, for numbers that carry their derivatives
//! ([`crate::numeric::Real`]): fits are Newton's on exact Hessians, intervals use exact gradients. The
//! likelihood of very many customers is that of each added up; where a model knows a shorter way, with
//! what they have in common, tests hold it to the same.

pub mod answers;
pub mod customers;
pub mod fitting;
pub mod models;

pub use answers::question::ScoreQuestion;
pub use answers::{backtest, diagnostics, scalar, score};
pub use customers::customer::Customer;
pub use customers::{sample, summary};
pub use fitting::{aggregate, covariates, fit, model, survivors, tenure};
pub use models::purchases::Purchases;
pub use models::{bg_bb, bg_cnbd, contract, family, lifetime, spend};

use answers::question;
use customers::{alike, customer};
use models::{bg_many, counts, future};

#[cfg(test)]
mod testing {
    use super::family::Family;
    use super::models::purchases::ln_likelihood_of_each;
    use super::sample::Sample;
    use super::{Customer, Purchases};
    use crate::host::{Host, Pace};
    use crate::numeric::Jet;

    /// At the ends of what there is.
    pub(super) const CUSTOMERS: [Customer; 8] = [
        Customer::NEW,
        Customer { x: 0.0, t_x: 0.0, age: 1e4 },
        Customer { x: 1.0, t_x: 0.0, age: 0.0 },
        Customer { x: 1.0, t_x: 1e-9, age: 1e4 },
        Customer { x: 5.0, t_x: 20.0, age: 20.0 },
        Customer { x: 5.0, t_x: 20.0, age: 20.000_001 },
        Customer { x: 3000.0, t_x: 39.0, age: 39.0 },
        Customer { x: 3000.0, t_x: 1.0, age: 1e4 },
    ];

    /// Is the likelihood of all customers, with its derivatives, the sum of those of each?
    pub(super) fn likelihoods_agree<const N: usize, F: Family<N>, H: Host>(
        family: &F,
        parameters: &[f64; N],
        sample: &Sample<H>,
    ) {
        let model = family.with(&Jet::exp_of(&parameters.map(f64::ln)));
        let all = model.ln_likelihood_of_all(sample);
        let each = ln_likelihood_of_each(&model, sample.by_count(), &mut Pace::new(sample.host()));
        let size =
            each.g.iter().chain(each.h.iter().flatten()).fold(each.v.abs(), |most, slope| {
                assert!(slope.is_finite(), "{parameters:?}: {each:?}");
                most.max(slope.abs())
            });
        let agree =
            |a: f64, b: f64| assert!((a - b).abs() <= 1e-12 * size, "{parameters:?}: {a} {b}");
        agree(all.v, each.v);
        for i in 0..N {
            agree(all.g[i], each.g[i]);
            for j in 0..N {
                agree(all.h[i][j], each.h[i][j]);
            }
        }
    }
}
