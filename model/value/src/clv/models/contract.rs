//! Contracts: shifted-beta-geometric and beta-discrete-Weibull. Who leaves says so, at the end of a
//! period.
//!
//! A member stays for another period with a probability of its own: 1 − θ, θ ~ Beta(α, β). In the
//! beta-discrete-Weibull model the probability of staying t periods is (1 − θ)^(t^c), so that leaving
//! becomes likelier (c > 1) or rarer (c < 1) with time. Of a member, `age` is the number of periods
//! paid, and x is 1 if it left at their end.
//!
//! P. Fader and B. Hardie, "How to Project Customer Retention", Journal of Interactive Marketing 21
//! (2007), 76–90; P. Fader, B. Hardie, Y. Liu, J. Davin and T. Steenburgh, "'How to Project Customer
//! Retention' Revisited: The Role of Duration Dependence", Journal of Interactive Marketing 43 (2018),
//! 1–16; P. Fader and B. Hardie, "Customer-Base Valuation in a Contractual Setting", Marketing Science
//! 29 (2010), 85–93.

use crate::clv::{Customer, Purchases};
use crate::host::Patience;
use crate::numeric::gamma::{ln_rising, ln_rising_by};
use crate::numeric::real::Real;

/// The parameters.
#[derive(Debug, Clone, Copy)]
pub struct Contract<T> {
    /// First parameter of the probabilities of leaving.
    pub alpha: T,
    /// Second parameter of the probabilities of leaving.
    pub beta: T,
    /// How leaving changes with time; none where it does not.
    pub c: Option<T>,
}

/// The most periods that are looked at.
const MOST: f64 = 1e6;

impl<T: Real> Contract<T> {
    /// t^c
    fn power(&self, t: f64) -> T {
        match self.c {
            Some(c) if t > 0.0 => (c * t.ln()).exp(),
            _ => T::of(t),
        }
    }

    /// ln Γ(β + n) / Γ(β) · Γ(α + β) / Γ(α + β + n), as the quotients of the smaller of n and α: those
    /// of the larger one are large, and nearly cancel.
    fn ln_staying(&self, beta: T, n: T) -> T {
        let (step, by) =
            if n.value() < self.alpha.value() { (n, self.alpha) } else { (self.alpha, n) };
        ln_rising(beta, step) - ln_rising(beta + by, step)
    }

    /// ln P(staying t periods).
    fn ln_survivor(&self, t: f64) -> T {
        if self.c.is_none() {
            let n = t as u64;
            return ln_rising_by(self.beta, n) - ln_rising_by(self.alpha + self.beta, n);
        }
        self.ln_staying(self.beta, self.power(t))
    }

    /// ln P(staying another period | stayed t − 1).
    fn ln_renewal(&self, t: f64) -> T {
        if self.c.is_none() {
            return ((self.beta + (t - 1.0)) / (self.alpha + self.beta + (t - 1.0))).ln();
        }
        let (before, more) = (self.power(t - 1.0), self.power(t) - self.power(t - 1.0));
        self.ln_staying(self.beta + before, more)
    }
}

impl<T: Real> Purchases<T> for Contract<T> {
    type PerCount = bool;

    fn per_count(&self, x: f64) -> bool {
        x > 0.0
    }

    fn ln_likelihood(&self, left: &bool, c: Customer) -> T {
        if !left {
            return self.ln_survivor(c.age);
        }
        let leaving = match self.c {
            None => (self.alpha / (self.alpha + self.beta + (c.age - 1.0))).ln(),
            Some(_) => (-(self.ln_renewal(c.age).exp_m1())).ln(),
        };
        self.ln_survivor(c.age - 1.0) + leaving
    }

    /// Contracts tell.
    fn p_alive(&self, c: Customer) -> T {
        T::of(if c.x > 0.0 { 0.0 } else { 1.0 })
    }

    fn stays(&self, c: Customer, t: f64) -> T {
        let (from, to) = (c.age.floor(), (c.age + t).floor());
        (self.ln_survivor(to) - self.ln_survivor(from)).exp()
    }

    fn expected(&self, c: Customer, t: f64) -> T {
        self.discounted(c, t, 0.0)
    }

    fn discounted(&self, c: Customer, t: f64, rate: f64) -> T {
        let from = c.age.floor();
        let (mut alive, mut sum, mut factor) = (T::of(1.0), T::of(0.0), 1.0);
        let mut patience = Patience::new();
        for i in 1..=t.floor().min(MOST) as u64 {
            patience.step(16);
            alive = alive * self.ln_renewal(from + i as f64).exp();
            factor *= (-rate).exp();
            sum = sum + alive * factor;
            if factor * alive.value() < 1e-18 {
                return sum;
            }
        }
        if t > MOST { T::of(f64::NAN) } else { sum }
    }

    fn distribution(&self, c: Customer, t: f64, most: usize) -> Vec<f64> {
        let from = c.age.floor();
        let last = t.floor().min(MOST) as usize;
        let mut alive = 1.0;
        let mut out = Vec::new();
        let mut patience = Patience::new();
        for y in 0..=last.min(most) {
            patience.step(16);
            let next = if y == last {
                0.0
            } else {
                alive * self.ln_renewal(from + y as f64 + 1.0).exp().value()
            };
            out.push(alive - next);
            alive = next;
            if alive < 1e-17 {
                break;
            }
        }
        out
    }
}
