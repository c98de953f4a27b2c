//! NBD, Pareto/NBD and Gamma-Gompertz/NBD: customers whose lifetime does not depend on their purchases.
//!
//! While alive a customer buys in a Poisson process of rate λ ~ Gamma(r, α); a lifetime with the
//! survivor function S and the hazard h ends it. The likelihood of x purchases, the last at t_x, by
//! one observed up to `age` is
//!
//! ```text
//! Γ(r + x)/Γ(r) αʳ [ (α + age)^−(r+x) S(age) + ∫ from t_x to age of (α + y)^−(r+x) h(y) S(y) dy ]
//! ```
//!
//! D. Schmittlein, D. Morrison and R. Colombo, "Counting Your Customers: Who Are They and What Will
//! They Do Next?", Management Science 33 (1987), 1–24; P. Fader and B. Hardie, "A Note on Deriving the
//! Pareto/NBD Model and Related Expressions" (2005); A. Bemmaor and N. Glady, "Modeling Purchasing
//! Behavior with Sudden 'Death': A Flexible Customer Lifetime Model", Management Science 58 (2012),
//! 1012–1021; A. Ehrenberg, "The Pattern of Consumer Purchases", Applied Statistics 8 (1959), 26–41.
//!
//! The papers write the integral with Gauss's hypergeometric function, in two cases and with
//! cancellation between them. Here it is integrated: the integrand is positive and smooth, and the
//! rule is good to the last digits. The same lines then serve every lifetime.
//!
//! | room | what it holds |
//! | --- | --- |
//! | this one | what the models say of customers |
//! | `kinds` | the lifetimes |
//! | `integral` | the integral over the time at which a customer may have left |
//! | `counts` | the number of purchases, if the lifetime may end before the time does |
//! | `many` | the likelihood of many customers at once |

mod counts;
mod integral;
mod kinds;
mod many;

pub use integral::{LifetimeNbd, PerCount};
pub use kinds::{Forever, Gompertz, Lifetime, Pareto};

use crate::clv::counts::logistic;
use crate::clv::models::purchases::ln_likelihood_of_each;
use crate::clv::sample::Sample;
use crate::clv::{Customer, Purchases};
use crate::host::{Host, Pace};
use crate::numeric::real::Real;
use integral::{Limits, NEGLIGIBLE, SumOfExp, panels};

impl<T: Real, L: Lifetime<T>> LifetimeNbd<T, L> {
    /// ln ∫ from t_x to age of ((α + y)/(α + age))^−shape h(y) S(y) / S(age) dy: the odds against being
    /// alive. None if the interval is empty.
    fn ln_odds(&self, shape: T, c: Customer) -> Option<T> {
        if !L::ENDS || c.t_x >= c.age {
            return None;
        }
        let k = shape.value();
        let top = self.ln_integrand(k, c.t_x).v;
        let mut sum = SumOfExp::NONE;
        self.integrate(k, c.t_x, c.age, |weight, at| sum.add(weight * (at.v - top).exp(), at));
        let mut of_sum = sum.ln();
        of_sum.v += top;
        let integral = self.function_of(shape, &of_sum);
        let alive = self.life.ln_survivor(c.age) - shape * (self.alpha + c.age).ln();
        Some(integral - alive)
    }

    /// ∫ from 0 to t of e^−δτ S(age + τ)/S(age) dτ.
    fn time_left(&self, age: f64, t: f64, rate: f64) -> T {
        if rate == 0.0
            && let Some(time) = self.life.time_left(age, t)
        {
            return time;
        }
        let at_age = self.life.ln_survivor(age);
        let end = if rate > 0.0 { t.min(NEGLIGIBLE / rate) } else { t.min(1e9) };
        let mut sum = T::of(0.0);
        let ln_value = |at: f64| self.life.ln_survivor(age + at) - at_age - rate * at;
        let singularity = (self.life.singularity() + age).max(f64::MIN_POSITIVE);
        let limits = Limits { singularity, longest: self.life.longest_stretch() };
        let height = |at| ln_value(at).value();
        panels(0.0, end, limits, height, |at, weight| sum = sum + ln_value(at).exp() * weight);
        sum
    }
}

impl<T: Real, L: Lifetime<T>> Purchases<T> for LifetimeNbd<T, L> {
    type PerCount = PerCount<T>;

    fn per_count(&self, x: f64) -> PerCount<T> {
        LifetimeNbd::per_count(self, x)
    }

    fn ln_likelihood(&self, per: &PerCount<T>, c: Customer) -> T {
        let alive =
            per.constant + self.life.ln_survivor(c.age) - per.shape * (self.alpha + c.age).ln();
        match self.ln_odds(per.shape, c) {
            Some(odds) => alive + odds.ln_add_exp(T::of(0.0)),
            None => alive,
        }
    }

    fn ln_likelihood_of_all<H: Host>(&self, sample: &Sample<H>) -> T {
        if L::ENDS {
            return many::ln_likelihood(self, sample);
        }
        ln_likelihood_of_each(self, sample.by_count(), &mut Pace::new(sample.host()))
    }

    fn p_alive(&self, c: Customer) -> T {
        match self.ln_odds(self.r + c.x, c) {
            Some(odds) => logistic(-odds),
            None => T::of(1.0),
        }
    }

    fn stays(&self, c: Customer, t: f64) -> T {
        (self.life.ln_survivor(c.age + t) - self.life.ln_survivor(c.age)).exp()
    }

    fn expected(&self, c: Customer, t: f64) -> T {
        self.discounted(c, t, 0.0)
    }

    fn discounted(&self, c: Customer, t: f64, rate: f64) -> T {
        (self.r + c.x) / (self.alpha + c.age) * self.time_left(c.age, t, rate)
    }

    fn distribution(&self, c: Customer, t: f64, most: usize) -> Vec<f64> {
        counts::distribution(self, c, t, most)
    }

    fn exactly(&self, c: Customer, t: f64, n: usize) -> f64 {
        counts::exactly(self, c, t, n)
    }
}
