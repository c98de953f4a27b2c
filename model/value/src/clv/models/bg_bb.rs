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

use crate::clv::{Customer, Purchases};
use crate::host::Patience;
use crate::numeric::gamma::ln_rising_by;
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

/// The most opportunities that are looked at.
const MOST: f64 = 1e6;
/// Opportunities up to which the probabilities of all numbers of purchases are looked at together.
const MOST_AT_ONCE: f64 = 1e4;

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

impl<T: Real> BgBb<T> {
    /// After how many of the next opportunities one leaves, or that it is the last, with the
    /// probabilities.
    fn ends(&self, c: Customer, last: usize) -> impl Iterator<Item = (usize, f64)> {
        let mut before = 0.0;
        self.survivors(c).take(last + 1).enumerate().map(move |(j, alive)| {
            let alive = alive.value();
            let there = std::mem::replace(&mut before, alive);
            let ends = match j {
                0 if last == 0 => alive,
                0 => 0.0,
                _ if j == last => there,
                _ => there - alive,
            };
            (j, ends)
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
        let mut patience = Patience::new();
        while i < age - t_x {
            patience.step(4);
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
        let mut patience = Patience::new();
        for alive in self.survivors(c).take(last) {
            patience.step(4);
            factor *= (-rate).exp();
            sum = sum + alive * factor;
            if factor < 1e-18 {
                return buys * sum;
            }
        }
        if t > MOST { T::of(f64::NAN) } else { buys * sum }
    }

    fn distribution(&self, c: Customer, t: f64, most: usize) -> Vec<f64> {
        let Some(last) = Some(t.floor()).filter(|last| *last <= MOST_AT_ONCE) else {
            return Vec::new();
        };
        let mut patience = Patience::new();
        let mut out = vec![0.0; most.min(last as usize) + 1];
        let bought = LnBought::new(self, c, last as usize);
        for (j, ends) in self.ends(c, last as usize) {
            patience.step(4 * j as u32);
            for (y, p) in out.iter_mut().enumerate().take(j + 1) {
                *p += ends * bought.of(y, j).exp();
            }
        }
        out
    }

    fn exactly(&self, c: Customer, t: f64, n: usize) -> f64 {
        let last = t.floor().min(MOST) as usize;
        let mut patience = Patience::new();
        let bought = LnBought::new(self, c, last);
        let terms = self.ends(c, last).filter(|(j, _)| n <= *j).map(|(j, ends)| {
            patience.step(4);
            ends * bought.of(n, j).exp()
        });
        terms.sum()
    }
}

/// Logarithms of P(y purchases at the next j opportunities | alive at them).
struct LnBought {
    /// ln (a)ₙ / n!, ln (b)ₙ / n!, ln (a + b)ₙ / n!
    rising: [Vec<f64>; 3],
}

impl LnBought {
    fn new<T: Real>(model: &BgBb<T>, c: Customer, last: usize) -> Self {
        let (a, b) = (model.alpha.value() + c.x, model.beta.value() + c.age - c.x);
        let mut patience = Patience::new();
        let rising = [a, b, a + b].map(|z| {
            let mut sum = 0.0;
            let factor = |n: usize| {
                patience.step(4);
                let ln_rising = sum;
                let n = n as f64;
                sum += ((z + n) / (n + 1.0)).ln();
                ln_rising
            };
            (0..=last).map(factor).collect()
        });
        LnBought { rising }
    }

    fn of(&self, y: usize, j: usize) -> f64 {
        let [a, b, both] = &self.rising;
        a[y] + b[j - y] - both[j]
    }
}
