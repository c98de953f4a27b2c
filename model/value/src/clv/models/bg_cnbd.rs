//! BG/NBD, MBG/NBD, BG/CNBD-k and MBG/CNBD-k: customers who may leave after a purchase.
//!
//! While alive a customer goes through the stages of a Poisson process of rate λ ~ Gamma(r, α), and
//! buys at every k-th stage: the times between purchases are Erlang(k, λ). After each repeat purchase
//! (and, in the modified models, after the first one too) the customer leaves for ever with
//! probability p ~ Beta(a, b). With k = 1 the purchases are Poisson.
//!
//! P. Fader, B. Hardie and K. L. Lee, "'Counting Your Customers' the Easy Way", Marketing Science 24
//! (2005), 275–284; E. Batislam, M. Denizel and A. Filiztekin, "Empirical Validation and Comparison of
//! Models for Customer Base Analysis", International Journal of Research in Marketing 24 (2007),
//! 201–209; M. Platzer and T. Reutterer, "Ticking Away the Moments", Marketing Science 35 (2016),
//! 779–799; T. Reutterer, M. Platzer and N. Schröder, "Leveraging Purchase Regularity for Predicting
//! Customer Behavior the Easy Way", International Journal of Research in Marketing 38 (2021), 194–215.
//!
//! The papers write expectations with Gauss's hypergeometric function. Here they are sums of positive
//! terms: over the number of stages that would pass if nobody left, which is negative binomial, of the
//! purchases that are made before leaving. Nothing cancels, and a = 1 is no special case.

use crate::clv::bg_many::{self, PerCount};
use crate::clv::counts::{logistic, negative_binomial};
use crate::clv::future::Future;
use crate::clv::models::purchases::ln_likelihood_of_each;
use crate::clv::sample::Sample;
use crate::clv::{Customer, Purchases};
use crate::host::{Host, Pace};
use crate::numeric::gamma::{ln_gamma, ln_rising_by};
use crate::numeric::real::Real;

/// The parameters.
#[derive(Debug, Clone, Copy)]
pub struct BgCnbd<T> {
    /// Shape of the rates.
    pub r: T,
    /// Rate of the rates.
    pub alpha: T,
    /// First parameter of the probabilities of leaving.
    pub a: T,
    /// Second parameter of the probabilities of leaving.
    pub b: T,
    /// Stages to a purchase.
    pub k: u32,
    /// May one leave after the first purchase (the modified models)?
    pub modified: bool,
}

/// Terms of a series from which an integral is shorter.
const MOST_TERMS: f64 = 400.0;

impl<T: Real> BgCnbd<T> {
    /// Chances to leave so far.
    fn chances(&self, x: f64) -> f64 {
        x + f64::from(u8::from(self.modified))
    }

    /// ln of (left with the last purchase)/(stayed then).
    fn ln_left(&self, x: f64) -> T {
        (self.a / (self.b + (self.chances(x) - 1.0).max(0.0))).ln()
    }

    /// ln of (alive)/(α + age)^−(r + kx), over the stages since the last purchase.
    fn ln_stages_since(&self, stages: T, c: Customer) -> T {
        let mut sum = T::of(1.0);
        if self.k > 1 {
            let mut term = T::of(1.0);
            let ratio = (self.alpha + c.age).recip() * (c.age - c.t_x);
            for j in 1..self.k {
                let j = f64::from(j);
                term = term * (stages + (j - 1.0)) * ratio * (1.0 / j);
                sum = sum + term;
            }
        }
        sum.ln()
    }

    /// Weights of the stages since the last purchase, given that the customer is alive.
    fn weights(&self, c: Customer) -> Vec<T> {
        let stages = self.r + f64::from(self.k) * c.x;
        let ratio = (self.alpha + c.age).recip() * (c.age - c.t_x);
        let mut weights = vec![T::of(1.0)];
        let mut sum = T::of(1.0);
        for j in 1..self.k as usize {
            let term = weights[j - 1] * (stages + (j as f64 - 1.0)) * ratio * (1.0 / j as f64);
            weights.push(term);
            sum = sum + term;
        }
        let scale = sum.recip();
        weights.iter().map(|w| *w * scale).collect()
    }

    /// What comes, if it is alive `j` stages after its last purchase.
    fn future(&self, c: Customer, j: u32) -> Future<T> {
        Future {
            shape: self.r + (f64::from(self.k) * c.x + f64::from(j)),
            rate: self.alpha + c.age,
            a: self.a,
            b: self.b + self.chances(c.x),
            k: self.k,
            to_next: self.k - j,
        }
    }

    /// The stages that pass in `t`, for one that is alive, `j` stages after its last purchase: calls
    /// back with P(so many purchases would be possible), how many are expected of them, and P(not
    /// having left after all of them), until what is left of the sum that is returned does not count.
    fn over_stages(&self, c: Customer, j: u32, t: f64, mut visit: impl FnMut(T, T, T) -> f64) {
        let shape = self.r + (f64::from(self.k) * c.x + f64::from(j));
        let (a, b) = (self.a, self.b + self.chances(c.x));
        let (mut made, mut stayed, mut possible) = (T::of(0.0), T::of(1.0), 0.0);
        let mut to_next = self.k - j + 1;
        negative_binomial(shape, self.alpha + c.age, t, |probability| {
            to_next -= 1;
            if to_next == 0 {
                made = made + stayed;
                stayed = stayed * (b + possible) / (a + b + possible);
                possible += 1.0;
                to_next = self.k;
            }
            visit(probability, made, stayed)
        });
    }

    /// Expected purchases within `t` from stage `j`, if alive: Σ P(n stages) Σᵢ P(stays i times).
    fn expected_from(&self, c: Customer, j: u32, t: f64) -> T {
        let mut sum = T::of(0.0);
        self.over_stages(c, j, t, |probability, made, _| {
            sum = sum + probability * made;
            sum.value()
        });
        sum
    }
}

impl<T: Real> Purchases<T> for BgCnbd<T> {
    type PerCount = PerCount<T>;

    fn per_count(&self, x: f64) -> PerCount<T> {
        let n = x as u64;
        let chances = self.chances(x) as u64;
        let stages = u64::from(self.k) * n;
        let k = ln_gamma(f64::from(self.k)) * x;
        PerCount {
            constant: ln_rising_by(self.r, stages) + self.r * self.alpha.ln() - k
                + ln_rising_by(self.b, chances)
                - ln_rising_by(self.a + self.b, chances),
            ln_left: self.ln_left(x),
            stages: self.r + stages as f64,
            may_have_left: chances > 0,
        }
    }

    fn ln_likelihood(&self, per: &PerCount<T>, c: Customer) -> T {
        let mut alive = -(per.stages * (self.alpha + c.age).ln());
        if self.k > 1 {
            alive = alive + self.ln_stages_since(per.stages, c);
        }
        if !per.may_have_left {
            return per.constant + alive;
        }
        let left = per.ln_left - per.stages * (self.alpha + c.t_x).ln();
        per.constant + alive.ln_add_exp(left)
    }

    fn ln_likelihood_of_all<H: Host>(&self, sample: &Sample<H>) -> T {
        if self.k > 1 {
            return ln_likelihood_of_each(self, sample.by_count(), &mut Pace::new(sample.host()));
        }
        bg_many::ln_likelihood(sample, self.alpha, |x| self.per_count(x))
    }

    fn p_alive(&self, c: Customer) -> T {
        if self.chances(c.x) == 0.0 {
            return T::of(1.0);
        }
        // (left) / (alive)
        let stages = self.r + f64::from(self.k) * c.x;
        let mut odds =
            self.ln_left(c.x) + stages * ((self.alpha + c.age) / (self.alpha + c.t_x)).ln();
        if self.k > 1 {
            odds = odds - self.ln_stages_since(stages, c);
        }
        logistic(-odds)
    }

    fn stays(&self, c: Customer, t: f64) -> T {
        let mut sum = T::of(0.0);
        for (j, weight) in (0..).zip(self.weights(c)) {
            let mut from_here = T::of(0.0);
            self.over_stages(c, j, t, |probability, _, stayed| {
                from_here = from_here + probability * stayed;
                from_here.value()
            });
            sum = sum + weight * from_here;
        }
        sum
    }

    fn expected(&self, c: Customer, t: f64) -> T {
        if t <= 0.0 {
            return T::of(0.0);
        }
        if self.k == 1 {
            let z = t / (self.alpha.value() + c.age + t);
            let mean = (self.r.value() + c.x) * z;
            let terms = (mean + 6.0 * mean.sqrt() + 37.0) / (1.0 - z);
            return if terms > MOST_TERMS {
                self.future(c, 0).count(t)
            } else {
                self.expected_from(c, 0, t)
            };
        }
        let mut sum = T::of(0.0);
        for (j, weight) in (0..).zip(self.weights(c)) {
            sum = sum + weight * self.expected_from(c, j, t);
        }
        sum
    }

    fn discounted(&self, c: Customer, t: f64, rate: f64) -> T {
        if rate == 0.0 {
            return self.expected(c, t);
        }
        let value = |(j, weight): (u32, T)| weight * self.future(c, j).value(t, rate);
        (0..).zip(self.weights(c)).map(value).fold(T::of(0.0), |sum, of| sum + of)
    }

    fn distribution(&self, c: Customer, t: f64, most: usize) -> Vec<f64> {
        // P(so many purchases would be possible)
        let mut of_count: Vec<f64> = Vec::new();
        for (j, weight) in (0..).zip(self.weights(c)) {
            let (mut stage, mut total) = (j as usize, 0.0);
            self.over_stages(c, j, t, |probability, _, _| {
                let count = stage / self.k as usize;
                stage += 1;
                if count > most {
                    return f64::INFINITY;
                }
                if of_count.len() <= count {
                    of_count.push(0.0);
                }
                of_count[count] += weight.value() * probability.value();
                total += probability.value();
                total
            });
        }
        let (a, b) = (self.a.value(), self.b.value() + self.chances(c.x));
        let (mut at_least, mut stayed) = (1.0_f64, 1.0);
        let mut out = Vec::with_capacity(of_count.len());
        for (y, possible) in of_count.iter().enumerate() {
            let before = stayed;
            if y > 0 {
                stayed *= (b + y as f64 - 1.0) / (a + b + y as f64 - 1.0);
            }
            // Bought y times and stayed, or left with the y-th though more was possible.
            out.push(possible * stayed + at_least.max(0.0) * (before - stayed));
            at_least -= possible;
        }
        out
    }
}
