//! BG/BB: customers who may buy at each of a number of opportunities (a yearly event, a monthly
//! mailing), and may leave between two of them.
//!
//! While alive a customer buys at an opportunity with probability p ~ Beta(α, β), and before each it
//! leaves for ever with probability θ ~ Beta(γ, δ). Times count opportunities: `age` is their number,
//! t_x the last one with a purchase. As in the paper, P(alive) is that of being alive at the next one.
//!
//! P. Fader, B. Hardie and J. Shang, "Customer-Base Analysis in a Discrete-Time Noncontractual
//! Setting", Marketing Science 29 (2010), 1086–1108. The paper's expectation has a quotient that loses
//! its digits near γ = 1; here it is the sum over the opportunities.

use super::{Customer, Purchases};
use crate::numeric::gamma::{ln_gamma, ln_rising_by};
use crate::numeric::real::Real;

/// The parameters.
#[derive(Debug, Clone, Copy)]
pub struct BgBb<T> {
    /// First parameter of the probabilities of buying.
    pub alpha: T,
    /// Second parameter of the probabilities of buying.
    pub beta: T,
    /// First parameter of the probabilities of leaving.
    pub gamma: T,
    /// Second parameter of the probabilities of leaving.
    pub delta: T,
}

/// Opportunities beyond which nobody looks.
const MOST: f64 = 1e6;

/// What is wrong where [`is_possible`] says no.
pub(super) const IMPOSSIBLE: &str = "times are no whole numbers of opportunities up to a million, or there are more purchases than these";
/// What to do then.
pub(super) const COUNT: &str = "In bg/bb, age is the number of opportunities, t_x the last one with a purchase, and x the number \
                                of those with a purchase.";

/// Is this what can happen at opportunities?
pub(super) fn is_possible(c: &Customer) -> bool {
    c.t_x.fract() == 0.0
        && c.age.fract() == 0.0
        && c.age <= MOST
        && c.x <= c.t_x
        && (c.x > 0.0 || c.t_x == 0.0)
}

impl<T: Real> BgBb<T> {
    /// ln of P(x purchases at the first n opportunities | alive at them).
    fn ln_bought(&self, x: f64, n: f64) -> T {
        ln_rising_by(self.alpha, x as u64) + ln_rising_by(self.beta, (n - x) as u64)
            - ln_rising_by(self.alpha + self.beta, n as u64)
    }

    /// ln P(alive at n opportunities).
    fn ln_alive(&self, n: f64) -> T {
        ln_rising_by(self.delta, n as u64) - ln_rising_by(self.gamma + self.delta, n as u64)
    }

    /// P(alive at the opportunity after the i-th from now | alive at the next).
    fn survivors(&self, c: Customer) -> impl Iterator<Item = T> {
        let (delta, both) = (self.delta, self.gamma + self.delta);
        let mut alive = T::of(1.0);
        let mut n = c.age + 1.0;
        std::iter::from_fn(move || {
            let now = alive;
            alive = alive * (delta + n) / (both + n);
            n += 1.0;
            Some(now)
        })
    }
}

impl<T: Real> Purchases<T> for BgBb<T> {
    type PerCount = f64;

    fn per_count(&self, x: f64) -> f64 {
        x
    }

    fn ln_likelihood(&self, _: &f64, c: Customer) -> T {
        let Customer { x, t_x, age } = c;
        let alive = self.ln_bought(x, age) + self.ln_alive(age);
        if t_x >= age {
            return alive;
        }
        // Left right after the (t_x + i)-th opportunity
        let mut term = T::of(1.0);
        let mut sum = T::of(0.0);
        let (mut i, both, all) = (0.0, self.alpha + self.beta, self.gamma + self.delta);
        while i < age - t_x {
            sum = sum + term;
            let n = t_x + i;
            term = term * (self.beta + (n - x)) / (both + n) * (self.delta + n) / (all + (n + 1.0));
            i += 1.0;
        }
        let left = self.ln_bought(x, t_x) + self.ln_alive(t_x) + (self.gamma / (all + t_x)).ln();
        alive.ln_add_exp(left + sum.ln())
    }

    fn p_alive(&self, c: Customer) -> T {
        let next = self.ln_bought(c.x, c.age) + self.ln_alive(c.age + 1.0);
        (next - self.ln_likelihood(&c.x, c)).exp()
    }

    fn stays(&self, c: Customer, t: f64) -> T {
        let last = t.floor().min(MOST) as usize;
        self.survivors(c).nth(last).unwrap_or(T::of(0.0))
    }

    fn expected(&self, c: Customer, t: f64) -> T {
        self.discounted(c, t, 0.0)
    }

    fn discounted(&self, c: Customer, t: f64, rate: f64) -> T {
        let buys = (self.alpha + c.x) / (self.alpha + self.beta + c.age);
        let last = t.floor().min(MOST) as usize;
        let mut sum = T::of(0.0);
        let mut factor = 1.0;
        for alive in self.survivors(c).take(last) {
            factor *= (-rate).exp();
            sum = sum + alive * factor;
            if factor < 1e-18 {
                break;
            }
        }
        buys * sum
    }

    fn distribution(&self, c: Customer, t: f64, most: usize) -> Vec<f64> {
        let (a, b) = (self.alpha.value() + c.x, self.beta.value() + c.age - c.x);
        let last = t.floor().min(1e4) as usize;
        let mut out = vec![0.0; last.min(most) + 1];
        let survivors: Vec<f64> =
            self.survivors(c).take(last + 1).map(|alive| alive.value()).collect();
        // After the j-th opportunity one leaves, or it is the last.
        for j in 0..=last {
            let ends = match j {
                _ if j == last => survivors[j.saturating_sub(1)],
                0 => 0.0,
                _ => survivors[j - 1] - survivors[j],
            };
            for (y, p) in out.iter_mut().enumerate().take(j + 1) {
                let (n, k) = (j as f64, y as f64);
                let ways = ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0);
                let bought = ln_rising_by(a, y as u64) + ln_rising_by(b, (j - y) as u64)
                    - ln_rising_by(a + b, j as u64);
                *p += ends * (ways + bought).exp();
            }
        }
        out
    }
}
