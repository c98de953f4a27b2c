//! What is to come of (M)BG/CNBD-k customers: how many purchases, and what they are worth now.
//!
//! Of a customer whose stages pass at the rate λ and who leaves after a purchase with the probability
//! p, `to_next` stages before the next purchase, the n-th purchase from now takes place with the
//! probability (1 − p)ⁿ⁻¹, and is discounted by yᵐ, y = λ / (λ + δ), over the m stages up to it. Summed
//! over n that is
//!
//! ```text
//! y^to_next / (1 − (1 − p) yᵏ),
//! ```
//!
//! and for k = 1, where all times look alike, within a time t
//!
//! ```text
//! λ (1 − e^−(δ + λp)t) / (δ + λp).
//! ```
//!
//! For k > 1 within a time there is a sum left: a stage discounted by y is one of a process of the rate
//! λ + δ, so that the n-th purchase counts (1 − p)ⁿ⁻¹ yᵐ P(N ≥ m), N ~ Poisson((λ + δ) t).
//!
//! The mean of these over λ ~ Gamma and p ~ Beta is taken by the trapezoidal rule in ln λ and in the
//! logit of p, whose error falls exponentially with the nodes (L. N. Trefethen and J. A. C. Weideman,
//! SIAM Review 56 (2014), 385–458). Parameters are in the weights alone, so derivatives cost little.

use crate::host::Patience;
use crate::numeric::gamma::{ln_gamma, ln_rising};
use crate::numeric::{Real, hypot};

/// Values of λ or of p, with their weights.
type Nodes<T> = Vec<(f64, T)>;

/// The future of a customer that is alive.
#[derive(Debug, Clone, Copy)]
pub(in crate::clv) struct Future<T> {
    /// λ is Gamma with this shape …
    pub shape: T,
    /// … and this rate.
    pub rate: T,
    /// p is Beta with this first parameter …
    pub a: T,
    /// … and this second one.
    pub b: T,
    /// Stages to a purchase.
    pub k: u32,
    /// Stages to the next one: from 1 to k.
    pub to_next: u32,
}

/// Nodes reach to where weights are smaller than this share of the greatest.
const NEGLIGIBLE: f64 = 1e-24;
/// What is discounted by e to this power does not count.
const FOR_EVER: f64 = 45.0;
/// The most purchases that are counted.
const MOST_PURCHASES: usize = 1 << 20;
/// Nodes of one variable; some hundred are usual.
const MOST_NODES: u32 = 1 << 16;

impl<T: Real> Future<T> {
    /// The value of all purchases within `t`, discounted at `delta` > 0 per unit of time.
    pub(in crate::clv) fn value(&self, t: f64, delta: f64) -> T {
        if self.k > 1 && delta * t < FOR_EVER {
            return self.sum_within(t, delta);
        }
        let rates = self.rates(f64::from(self.to_next));
        let fastest = rates.iter().fold(0.0_f64, |most, (rate, _)| most.max(*rate));
        let within = if t.is_finite() { t } else { 0.0 };
        let leaving = self.probabilities(fastest * (1.0 / delta + within), t);
        let mut patience = Patience::new();
        let mut sum = T::of(0.0);
        for (rate, weight) in rates {
            patience.step(leaving.len() as u32);
            let mut mean = T::of(0.0);
            if self.k == 1 {
                for (p, weight) in &leaving {
                    let ends = delta + rate * p;
                    mean = mean + *weight * (rate * -(-ends * t).exp_m1() / ends);
                }
            } else {
                // ln y, and 1 − yᵏ without losing digits where y is near 1.
                let ln_y = -(delta / rate).ln_1p();
                let [next, again] = [self.to_next, self.k].map(|m| (f64::from(m) * ln_y).exp());
                let over = -(f64::from(self.k) * ln_y).exp_m1();
                for (p, weight) in &leaving {
                    mean = mean + *weight * (next / (over + p * again));
                }
            }
            sum = sum + weight * mean;
        }
        sum
    }

    /// The number of purchases within `t` for k = 1: the mean of (1 − (1 + pτ)^−shape) / p, τ = t / rate.
    pub(in crate::clv) fn count(&self, t: f64) -> T {
        let tau = self.rate.recip() * t;
        let reach = (self.shape.value() + 1.0) * tau.value();
        let mut sum = T::of(0.0);
        for (p, weight) in self.probabilities(reach, t) {
            // Where p is this small, it is the limit that counts.
            let purchases = if p * reach < 1e-17 {
                self.shape * tau
            } else {
                -((-(self.shape * (tau * p).ln_1p())).exp_m1()) * (1.0 / p)
            };
            sum = sum + weight * purchases;
        }
        sum
    }

    /// The value as a sum over the purchases.
    fn sum_within(&self, t: f64, delta: f64) -> T {
        let (mut worths, mut patience): (Vec<T>, _) = (Vec::new(), Patience::new());
        let shape = self.shape.value();
        let fastest = (shape + 8.0 * shape.sqrt() + 40.0) / self.rate.value();
        for (rate, weight) in self.rates(f64::from(self.to_next).max(fastest * t)) {
            let y = rate / (rate + delta);
            let [mut worth, again] = [self.to_next, self.k].map(|m| y.powi(m as i32));
            let mean = (rate + delta) * t;
            if !mean.is_finite() {
                return T::of(f64::NAN);
            }
            let reached = Reached::new(mean, &mut patience);
            let (mut stage, mut n) = (f64::from(self.to_next), 0);
            loop {
                patience.step(4);
                let here = worth * reached.at(stage);
                if n == worths.len() {
                    worths.push(T::of(0.0));
                }
                worths[n] = worths[n] + weight * here;
                if here <= NEGLIGIBLE * worths[0].value() {
                    break;
                }
                if n >= MOST_PURCHASES {
                    return T::of(f64::NAN);
                }
                (worth, stage, n) = (worth * again, stage + f64::from(self.k), n + 1);
            }
        }
        let (mut stays, mut sum) = (T::of(1.0), T::of(0.0));
        for (possible, worth) in (0..).map(f64::from).zip(worths) {
            sum = sum + stays * worth;
            stays = stays * (self.b + possible) / (self.a + self.b + possible);
        }
        sum
    }

    /// Nodes in ln λ. As λ goes to zero, so does what is asked of it, which changes with λ as Gamma's
    /// distribution of a shape up to `stages` does.
    fn rates(&self, stages: f64) -> Nodes<T> {
        let shape = self.shape.value();
        // The rate in units of its value: 1, with its derivatives.
        let scale = self.rate * (1.0 / self.rate.value());
        let step = step_for(|omega| ln_share(shape + stages, omega));
        let constant = self.shape * scale.ln() - ln_gamma(self.shape);
        let node = |z: f64| {
            let weight = (constant + self.shape * z - scale * z.exp()).exp() * step;
            (z.exp() / self.rate.value(), weight)
        };
        let centre = (shape + 1.0).ln();
        let (mut nodes, mut patience) = (vec![node(centre)], Patience::new());
        let most = nodes[0].1.value() * centre.exp();
        for direction in [-step, step] {
            for i in 1..MOST_NODES {
                patience.step(16);
                let z = centre + direction * f64::from(i);
                let (rate, weight) = node(z);
                nodes.push((rate, weight));
                if weight.value() * z.exp() <= NEGLIGIBLE * most {
                    break;
                }
            }
        }
        nodes
    }

    /// Nodes in the logit of p. What is asked of p changes where p is of the size of 1 / `reach` or more.
    fn probabilities(&self, reach: f64, t: f64) -> Nodes<T> {
        let (a, b) = (self.a, self.b);
        let (av, bv) = (a.value(), b.value());
        // Within a time, e^−λpt falls as doubly as Gamma's density does.
        let of_b = |omega| if t.is_finite() { 0.0 } else { ln_share(bv, omega) };
        let step = step_for(|omega| ln_share(av, omega) + of_b(omega));
        let ln_beta = ln_gamma(a) - ln_rising(b, a);
        let node = |v: f64| {
            // ln p and ln (1 − p) of p = 1 / (1 + e^−v)
            let ln_q = -(v.max(0.0) + (-v.abs()).exp().ln_1p());
            let ln_p = ln_q + v;
            (ln_p.exp(), (a * ln_p + b * ln_q - ln_beta).exp() * step)
        };
        let centre = (av / bv).ln();
        let (mut nodes, mut patience) = (vec![node(centre)], Patience::new());
        let most = nodes[0].1.value();
        for (direction, decay, end, reach) in [(-step, a, 0.0, reach), (step, b, 1.0, 0.0)] {
            for i in 1..MOST_NODES {
                patience.step(16);
                let v = centre + direction * f64::from(i);
                let (p, weight) = node(v);
                nodes.push((p, weight));
                if weight.value() * reach.max(1.0) <= NEGLIGIBLE * most {
                    break;
                }
                if direction * v > 0.0 && (-v.abs()).exp() * (reach + av + bv + 2.0) < 1e-17 {
                    // From here on p is what it ends at, and weights fall geometrically, perhaps slowly.
                    nodes.push((end, weight * (decay * step).exp_m1().recip()));
                    break;
                }
            }
        }
        nodes
    }
}

/// P(N ≥ m) of a Poisson number.
struct Reached {
    /// The m below which it is 1.
    first: f64,
    /// That of `first` and on; 0 beyond.
    from_first: Vec<f64>,
}

impl Reached {
    fn new(mean: f64, patience: &mut Patience) -> Self {
        let spread = 14.0 * mean.sqrt() + 60.0;
        let first = (mean - spread).floor().max(0.0);
        // Those of single numbers, which are then added up from the last: none is lost.
        let mut from_first = Vec::new();
        let (mut n, mut probability) = (first, first * mean.ln() - mean - ln_gamma(first + 1.0));
        if first == 0.0 {
            probability = -mean;
        }
        probability = probability.exp();
        while n <= mean + spread && from_first.len() < MOST_PURCHASES {
            patience.step(2);
            from_first.push(probability);
            n += 1.0;
            probability *= mean / n;
        }
        let mut sum = 0.0;
        for probability in from_first.iter_mut().rev() {
            sum += *probability;
            *probability = sum;
        }
        Reached { first, from_first }
    }

    #[inline]
    fn at(&self, m: f64) -> f64 {
        if m < self.first {
            return 1.0;
        }
        self.from_first.get((m - self.first) as usize).copied().unwrap_or(0.0)
    }
}

/// ln |Γ(z + iω)| / Γ(z), by Stirling's formula: what the frequency ω has of Gamma's density in ln λ, and, as
/// a sum of two, of Beta's in the logit of p.
fn ln_share(z: f64, omega: f64) -> f64 {
    (z - 0.5) * hypot(omega / z, 1.0).ln() - omega * (omega / z).atan()
}

/// The distance of nodes at which the trapezoidal rule is exact but for a negligible share.
fn step_for(ln_share: impl Fn(f64) -> f64) -> f64 {
    const EXACT: f64 = -34.0;
    let mut omega = 8.0;
    while ln_share(omega) > EXACT && omega < 1e6 {
        omega *= 1.05;
    }
    std::f64::consts::TAU / omega
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clv::bg_cnbd::BgCnbd;
    use crate::clv::{Customer, Purchases};
    use crate::numeric::Dual;

    const FUTURES: [([f64; 4], u32, u32); 6] = [
        ([0.24, 4.4, 0.79, 2.43], 1, 1),
        ([0.24, 43.4, 0.03, 1.0], 1, 1),
        ([30.0, 20.0, 40.0, 900.0], 1, 1),
        ([5.0, 1.0, 6.0, 0.05], 1, 1),
        ([81.33, 41.81, 0.42, 41.79], 2, 2),
        ([0.6, 5.0, 0.5, 3.0], 7, 3),
    ];

    fn future<T: Real>(of: [T; 4], k: u32, to_next: u32) -> Future<T> {
        let [shape, rate, a, b] = of;
        Future { shape, rate, a, b, k, to_next }
    }

    /// Both ways to the same value, and to its derivatives: the sum needs no p, the integral no time.
    #[test]
    fn sums_and_integrals_agree() {
        for (parameters, k, to_next) in FUTURES {
            let future = future(Dual::<4>::exp_of(&parameters.map(f64::ln)), k, to_next);
            for (t, delta) in [(1e4, 0.02), (1e3, 0.5), (52.0, 0.002), (0.1, 0.01)] {
                if k > 1 && delta * t < FOR_EVER {
                    continue;
                }
                let (sum, integral) = (future.sum_within(t, delta), future.value(t, delta));
                let close = |a: f64, b: f64| (a - b).abs() <= 1e-11 * sum.v;
                assert!(close(sum.v, integral.v), "{future:?} {t} {delta}: {sum:?} {integral:?}");
                let all = (0..4).all(|i| close(sum.g[i], integral.g[i]));
                assert!(all, "{future:?} {t} {delta}: {sum:?} {integral:?}");
            }
        }
    }

    /// At a discount of nearly nothing it is the number of purchases, which is computed otherwise.
    #[test]
    fn without_a_discount_purchases_are_counted() {
        for (parameters, k, _) in FUTURES {
            let [r, alpha, a, b] = parameters;
            let model = BgCnbd { r, alpha, a, b, k, modified: false };
            for t in [0.01, 1.0, 52.0, 520.0] {
                let expected: f64 = model.expected(Customer::NEW, t);
                let value: f64 = model.discounted(Customer::NEW, t, 1e-13);
                assert!(
                    (value / expected - 1.0).abs() < 1e-10,
                    "{model:?} {t}: {value} {expected}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_number_says_so() {
        let future = future([1e300, 1e-300, 0.5, 2.0], 2, 2);
        assert!(future.value(1.0, 0.1).is_nan());
    }

    /// By mpmath: Gauss's function for the mean over p, quadrature over λ, weights of the stages.
    #[test]
    fn agrees_with_mpmath() {
        let model = BgCnbd { r: 1.33, alpha: 2.81, a: 0.42, b: 0.79, k: 2, modified: true };
        for (x, t_x, age, digits) in
            [(3.0, 20.0, 25.0, 5.239_506_504_270_479), (40.0, 38.0, 39.0, 37.811_831_809_859_88)]
        {
            let c = Customer { x, t_x, age };
            let value: f64 = model.discounted(c, f64::INFINITY, 0.02);
            assert!((value / digits - 1.0).abs() < 1e-12, "{c:?}: {value}");
        }
    }
}
